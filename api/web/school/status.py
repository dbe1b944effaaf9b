"""A school's page about its order, by the link in its mails: how it stands, what is next, what it may do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import LinkPurpose, RequestState, Side, VisitState
from api.domain.transitions import Party
from api.edge import public_forms
from api.edge.access import public
from api.edge.session import read_session
from api.errors import InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext, number
from api.models.follow_up import Alternative, Evaluation
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services import links
from api.services.change import By
from api.services.follow_up import messages, steps, visits
from api.services.schools import alternatives
from api.services.schools import order as orders
from api.web.words import QUESTIONS

pages = Blueprint("order_status", __name__)
SCHOOL = By(Party.SCHOOL)
FORM = "order-link"


@pages.errorhandler(links.LinkExpired)
def too_late(_error: Exception) -> tuple[str, int]:
    secret = (request.view_args or {}).get("secret")
    return render_template("school/link_over.html", confirmed=False, secret=secret), 410


@pages.get("/bestilling/status/<secret>")
@public
def show(secret: str) -> str:
    session = read_session()
    order = order_of(session, secret)
    visit = reads.told_visit(session, order.id)
    return render_template(
        "school/status.html",
        secret=secret,
        order=order,
        visit=visit,
        people=messages.people_values(session, visit)["people"] if visit else [],
        verified=reads.is_verified(session, order),
        role_models_ready=visit is not None and all(one.ready_at for one in visit.role_models),
        begun=visit is not None and visit.starts_at <= clock.now(),
        evaluation=_evaluation(session, visit),
        questions=[(code, _(QUESTIONS[code])) for code in steps.QUESTIONS[Side.SCHOOL]],
        today=clock.today(),
        alternatives=alternatives.open_alternatives(session, order.id) if order.state is RequestState.DECLINED else [],
        timeline=_timeline(order, visit),
        State=RequestState,
        VisitState=VisitState,
    )


@pages.get("/bestilling/status/<secret>/avlys")
@public
def ask_cancel(secret: str) -> str:
    """Asks once more: others get the time."""
    return render_template("school/cancel.html", secret=secret, order=order_of(read_session(), secret))


@pages.post("/bestilling/status/<secret>/avlys")
@public
def cancel(secret: str) -> Response:
    with transaction() as session:
        visits.cancel_request(session, order_of(session, secret), SCHOOL)
    return _back(secret, _("The order is cancelled."))


@pages.post("/bestilling/status/<secret>/<any(klar, holdt, sporsmal, evaluering):step>")
@public
def take_step(secret: str, step: str) -> Response:
    """klar: we are ready. holdt: the visit was held. sporsmal: what the class wonders. evaluering: four answers."""
    with transaction() as session:
        visit = reads.told_visit(session, order_of(session, secret).id)
        if visit is None:
            raise NotFound(_("There is no such visit."))
        if step == "klar":
            steps.ready(session, visit.id, SCHOOL)
        elif step == "holdt":
            visits.mark_held(session, visit.id, SCHOOL)
        elif step == "sporsmal":
            steps.ask_questions(session, visit.id, _lines(request.form.get("questions", "")), SCHOOL)
        else:
            answers = {code: int(value) for code, value in request.form.items() if value in set("12345")}
            steps.evaluate(session, visit.id, Side.SCHOOL, answers)
    return _back(secret, _("Thank you. We have noted it."))


@pages.post("/bestilling/status/<secret>/alternativ/<uuid:alternative_id>")
@public
def choose(secret: str, alternative_id: UUID) -> Response:
    """One of the alternatives; one that has just been lost says so, and the others are still there."""
    with transaction() as session:
        order = order_of(session, secret)
        wanted = session.get(Alternative, str(alternative_id))
        if wanted is None or wanted.request_id != order.id:
            raise NotFound(_("There is no such alternative."))
        visit = alternatives.choose(session, wanted.id, SCHOOL)
        left = len(alternatives.open_alternatives(session, order.id))
    if visit is not None:
        return _back(secret, _("Thank you. We ask the role model now."))
    said = ngettext(
        "It was just taken. One is left.", "It was just taken. %(count)s are left.", left, count=number(left)
    )
    flash(said if left else _("It was just taken, and none is left."), "warning")
    return redirect(url_for("order_status.show", secret=secret), 303)


@pages.post("/bestilling/status/<secret>/lenke")
@public
def new_link(secret: str) -> Response | tuple[str, int]:
    """A new link to the address that the order has, also from a link that is over."""
    with transaction() as session:
        try:
            order = order_of(session, secret)
        except links.LinkExpired as old:
            order = session.get_one(Request, old.token.object_id)
        mail = order.contact.email if order.contact else None
        if public_forms.check(FORM, mail=mail).again is None:
            orders.send_link(session, order)
    return redirect(url_for("own_orders.sent"), 303)


def _timeline(order: Request, visit: Visit | None) -> list[tuple[str, datetime | None]]:
    """What has happened and what is to come, in order, with when it did."""
    told = [(_("Ordered"), order.submitted_at), (_("Answer"), order.answered_at)]
    if visit is None or order.state is not RequestState.VISIT:
        return told
    called = [one.called_at for one in visit.role_models if one.called_at]
    ready = [one.ready_at for one in visit.role_models if one.ready_at]
    return [
        *told,
        (_("The role model has called"), min(called, default=None)),
        (_("You are ready"), visit.school_ready_at),
        (_("The role model is ready"), max(ready) if len(ready) == len(visit.role_models) and ready else None),
        (_("The visit was held"), visit.school_held_at),
    ]


def _back(secret: str, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("order_status.show", secret=secret), 303)


def order_of(session: Session, secret: str) -> Request:
    """The order of a link. Raises NotFound, links.LinkExpired."""
    found = session.get(Request, links.find(session, secret, LinkPurpose.REQUEST).object_id)
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def _evaluation(session: Session, visit: Visit | None) -> Evaluation | None:
    if visit is None:
        return None
    return session.scalar(select(Evaluation).where(Evaluation.visit_id == visit.id, Evaluation.side == Side.SCHOOL))


def _lines(given: str) -> str:
    """Text of several lines without characters that no row can hold. Raises InvalidInput."""
    text = given.replace("\r\n", "\n")
    if any(not (one.isprintable() or one == "\n") for one in text):
        raise InvalidInput(_("The text holds characters that cannot be written."), field="questions")
    return text
