"""A school changes its order while it is open, or orders once more like last year."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.domain.enums import RequestState
from api.edge.access import public
from api.edge.session import read_session
from api.errors import AppError, Conflict, NotFound
from api.i18n import gettext as _
from api.models.visits import Request
from api.services import links, requests
from api.web.school import order_words
from api.web.school.order import begin_anew, days_of
from api.web.school.order_form import ROWS, OrderForm, posted, values_of
from api.web.school.status import order_of, too_late
from api.web.words import grade

pages = Blueprint("order_change", __name__)
pages.register_error_handler(links.LinkExpired, too_late)
A_YEAR = timedelta(weeks=52)  # the same weekday
FIXED = ("season", "school", "contact")


@pages.get("/bestilling/status/<secret>/endre")
@public
def show(secret: str) -> str:
    session = read_session()
    return _page(OrderForm.of_request(session, _open(session, secret)), secret)


@pages.post("/bestilling/status/<secret>/endre")
@public
def keep(secret: str) -> Response | tuple[str, int] | str:
    """What was typed takes the place of what the order asked for; school and contact stay."""
    session = read_session()
    order = _open(session, secret)
    was = OrderForm.of_request(session, order)
    form = OrderForm(session, {**values_of(order), **posted("when"), **posted("wishes"), "school": order.school_id})
    if request.form.get("step") == "weeks":
        return _page(form, secret)
    days = days_of(form)
    given = form.read_when(days.season, {} if form.days == was.days else days.closed) | form.read_choices()
    if form.faults:
        return _page(form, secret), 422
    wanted = {name: value for name, value in given.items() if name not in FIXED}
    if (form.days, form.first_lesson, form.lessons) == (was.days, was.first_lesson, was.lessons):
        del wanted["options"]
    try:
        with transaction() as writing:
            requests.change_open(writing, _open(writing, secret), wanted)
    except NotFound:
        raise
    except AppError as error:
        return _page(form, secret, order_words.sentence(error)), 422
    flash(_("The order is changed."), "success")
    return redirect(url_for("order_status.show", secret=secret), 303)


@pages.post("/bestilling/status/<secret>/igjen")
@public
def again(secret: str) -> Response:
    """Begins a new order, filled in like this one, on the days a year on that are in a season."""
    with transaction() as session:
        order = order_of(session, secret)
        begin_anew(session, values_of(order, A_YEAR) | {"previous": order.id})
    return redirect(url_for("order.show"), 303)


def _page(form: OrderForm, secret: str, again: str | None = None) -> str:
    session = read_session()
    return render_template(
        "school/change.html",
        form=form,
        secret=secret,
        again=again,
        days=days_of(form),
        rows=ROWS,
        offered_grades=[(one, grade(one)) for one in form.offered_grades],
        starts=order_words.starts(form.of("starts")),
        come=order_words.come,
        span=order_words.week_span,
        **order_words.wishes_of(session, form),
    )


def _open(session: Session, secret: str) -> Request:
    order = order_of(session, secret)
    if order.state is not RequestState.OPEN:
        raise Conflict(
            _("The request is past planning and cannot be changed."),
            remedy=_("Make a new one, or ask the coordinator."),
        )
    return order
