"""A school orders a visit without signing in: the form, a look over it, the receipt, and the link in the mail."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, json, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.domain.enums import LinkPurpose, RequestState
from api.domain.ids import new_id
from api.edge import public_forms
from api.edge.access import current_actor, public
from api.edge.session import read_session
from api.errors import AppError, NotFound
from api.i18n import gettext as _
from api.models.programmes import Season
from api.models.visits import Request
from api.queries import schools as catalogue
from api.queries.season_now import shown_season
from api.services import links
from api.services.follow_up import messages
from api.services.repeats import Answer, once
from api.services.schools import order as orders
from api.web.asked import asked_text
from api.web.school.order_form import DAYS, FORM, KEPT, OrderForm

pages = Blueprint("order", __name__)
RECEIPT = "order_receipt"


@pages.get("/bestill")
@public
def show() -> str:
    """The form; `rollemodell` in the address names somebody of the catalogue."""
    session = read_session()
    named = asked_text("rollemodell")
    return form_page(OrderForm(session, {"invited": named} if catalogue.entry(session, named) else {}))


@pages.post("/bestill")
@public
def send() -> Response | str | tuple[str, int]:
    """step: `check` looks over what was typed, `change` goes back to the form, `send` orders."""
    session = read_session()
    form, step = OrderForm(session), request.form.get("step")
    season = season_of(session, form)
    if step == "change":
        return form_page(form)
    given = form.read(season)
    if form.faults:
        return form_page(form), 422
    if step != "send":
        return render_template("school/check.html", form=form, kept=KEPT, days=given["options"])
    checked = public_forms.check(FORM, mail=form.of("email"))
    if checked.again:
        return form_page(form, checked.again), 422
    try:
        with transaction() as writing:

            def make() -> Answer:
                made = orders.order(
                    writing,
                    given,
                    previous_id=form.of("previous"),
                    invited_id=form.of("invited"),
                    actor=current_actor(),
                    by_mail=checked.by_mail,
                )
                mail = form.of("email") if made.state is RequestState.UNCONFIRMED else ""
                return Answer(201, {}, json.dumps([made.reference, made.answer_on.isoformat(), mail]))

            answer = once(writing, owner="order", key=_key(form), asked=given, make=make)
    except NotFound:
        raise
    except AppError as error:
        again = " ".join([error.sentence, error.remedy or "", *(fault.sentence for fault in error.errors)])
        return form_page(form, again), 422
    cookie[RECEIPT] = json.loads(answer.body)
    return redirect(url_for("order.receipt"), 303)


@pages.get("/bestill/kvittering")
@public
def receipt() -> Response | str:
    if RECEIPT not in cookie:
        return redirect(url_for("order.show"))
    reference, answer_on, mail = cookie[RECEIPT]
    return render_template(
        "school/receipt.html", reference=reference, answer_on=date.fromisoformat(answer_on), mail=mail
    )


@pages.get("/bestilling/bekreft/<secret>")
@public
def look(secret: str) -> str | tuple[str, int]:
    """Changes nothing: mail scanners follow links."""
    session = read_session()
    try:
        token = links.find(session, secret, LinkPurpose.CONFIRM_REQUEST)
    except links.LinkExpired as old:
        return _over(session, old.token.object_id)
    return render_template("school/confirm.html", secret=secret, order=session.get(Request, token.object_id))


@pages.post("/bestilling/bekreft/<secret>")
@public
def confirm(secret: str) -> Response | tuple[str, int]:
    """Twice, or too late: says how the order stands."""
    with transaction() as session:
        try:
            made = orders.confirm(session, links.find(session, secret, LinkPurpose.CONFIRM_REQUEST))
        except links.LinkExpired as old:
            return _over(session, old.token.object_id)
        address = links.address_of(messages.request_link(session, made))
    return redirect(address, 303)


def _over(session: Session, request_id: str) -> tuple[str, int]:
    order = session.get(Request, request_id)
    known = order is not None and order.state not in (RequestState.UNCONFIRMED, RequestState.CANCELLED)
    return render_template("school/link_over.html", confirmed=known), 410


def season_of(session: Session, form: OrderForm) -> Season:
    """The season of the first day in the form, else the one that is under way or next. Raises NotFound."""
    days = sorted(form.of(name) for name in DAYS if form.of(name))
    try:
        day = date.fromisoformat(days[0]) if days else None
    except ValueError:
        day = None
    found = shown_season(session)
    if day is not None:
        held = select(Season).where(Season.starts_on <= day, Season.ends_on >= day)
        found = session.scalars(held.order_by(Season.starts_on, Season.id).limit(1)).first() or found
    if found is None:
        raise NotFound(_("There is no season to order in yet."))
    return found


def form_page(form: OrderForm, again: str | None = None, *, changes: str | None = None) -> str:
    """The form as it stands. changes: the secret of the order that it changes."""
    session = read_session()
    form.typed["key"] = _key(form)
    return render_template(
        "school/order.html",
        form=form,
        again=again,
        changes=changes,
        season=season_of(session, form),
        topics=catalogue.topics(session),
        days=DAYS,
        named=catalogue.entry(session, form.of("invited")),
    )


def _key(form: OrderForm) -> str:
    """What the form is known by: sent twice it is one order. A key that is none is left aside."""
    try:
        return str(UUID(form.of("key")))
    except ValueError:
        return new_id()
