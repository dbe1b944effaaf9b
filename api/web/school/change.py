"""A school changes its order while it is open, or orders once more like last year."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.domain.enums import RequestState
from api.edge.access import public
from api.edge.session import read_session
from api.errors import AppError, Conflict, NotFound
from api.i18n import gettext as _
from api.models.visits import Request
from api.services import requests
from api.web.school.order import form_page, season_of
from api.web.school.order_form import DAYS, OrderForm
from api.web.school.status import order_of

pages = Blueprint("order_change", __name__)
A_YEAR = timedelta(weeks=52)  # the same weekday
FIXED = ("season", "school", "contact")
TIMES = (*DAYS, "starts", "classes", "together")


@pages.get("/bestilling/status/<secret>/endre")
@public
def show(secret: str) -> str:
    session = read_session()
    return form_page(OrderForm.of_request(session, _open(session, secret)), changes=secret)


@pages.post("/bestilling/status/<secret>/endre")
@public
def keep(secret: str) -> Response | tuple[str, int]:
    """What was typed takes the place of what the order asked for; school and contact stay."""
    session = read_session()
    order = _open(session, secret)
    form, was = OrderForm(session), OrderForm.of_request(session, order)
    given = form.read(season_of(session, form))
    if form.faults:
        return form_page(form, changes=secret), 422
    wanted = {name: value for name, value in given.items() if name not in FIXED}
    if [form.of(name) for name in TIMES] == [was.of(name) for name in TIMES]:
        del wanted["options"]
    try:
        with transaction() as writing:
            requests.change_open(writing, _open(writing, secret), wanted)
    except NotFound:
        raise
    except AppError as error:
        again = " ".join([error.sentence, error.remedy or "", *(fault.sentence for fault in error.errors)])
        return form_page(form, again, changes=secret), 422
    flash(_("The order is changed."), "success")
    return redirect(url_for("order_status.show", secret=secret), 303)


@pages.get("/bestilling/status/<secret>/igjen")
@public
def again(secret: str) -> str:
    """The form of a new order, filled in like this one, on the days a year on."""
    session = read_session()
    order = order_of(session, secret)
    form = OrderForm.of_request(session, order, A_YEAR)
    form.typed["previous"] = order.id
    return form_page(form)


def _open(session: Session, secret: str) -> Request:
    order = order_of(session, secret)
    if order.state is not RequestState.OPEN:
        raise Conflict(
            _("The request is past planning and cannot be changed."),
            remedy=_("Make a new one, or ask the coordinator."),
        )
    return order
