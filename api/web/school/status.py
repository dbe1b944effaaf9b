"""A school's page about its order, by the link in its mails: how it stands, what is next, what it may do."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import LinkPurpose, RequestState, Side
from api.domain.transitions import Party
from api.edge import public_forms
from api.edge.access import public
from api.edge.session import read_session
from api.errors import InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext, number
from api.mail import calendar
from api.models.follow_up import Alternative
from api.models.visits import Request
from api.queries import follow_up as reads
from api.services import links
from api.services.change import By
from api.services.follow_up import messages, steps, visits
from api.services.schools import alternatives
from api.services.schools import order as orders
from api.web.school import order_words
from api.web.school.status_view import Next, status_of
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
    found = status_of(session, order_of(session, secret))
    return render_template(
        "school/status.html",
        secret=secret,
        order=found.order,
        status=found,
        questions=[(code, _(QUESTIONS[code])) for code in steps.QUESTIONS[Side.SCHOOL]],
        spoken=lambda codes: order_words.listed([order_words.language(code) for code in codes]),
        State=RequestState,
        Next=Next,
    )


@pages.get("/bestilling/status/<secret>/ark")
@public
def sheet(secret: str) -> str:
    """One page to print: who comes, when, where, and what to prepare."""
    session = read_session()
    found = status_of(session, order_of(session, secret))
    if not found.is_settled:
        raise NotFound(_("There is no such visit."))
    return render_template("school/sheet.html", secret=secret, order=found.order, status=found)


@pages.get("/bestilling/status/<secret>/kalender.ics")
@public
def in_calendar(secret: str) -> Response:
    """The visit as a file that a calendar opens."""
    session = read_session()
    found = status_of(session, order_of(session, secret))
    if found.visit is None or not found.is_settled:
        raise NotFound(_("There is no such visit."))
    name = _("Visit by a role model")
    event = replace(calendar.event_of(messages.calendar_of(found.visit)), summary=name)
    response = make_response(calendar.feed(name, [event], at=clock.now()))
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=treffpunkt.ics"
    return response


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


@pages.post("/bestilling/status/<secret>/<any(klar, holdt, sporsmal, evaluering, etterlyst):step>")
@public
def take_step(secret: str, step: str) -> Response:
    """klar: we are ready. etterlyst: nobody has called. holdt: the visit was held. sporsmal: what the class wonders.
    evaluering: four answers.
    """
    with transaction() as session:
        visit = reads.told_visit(session, order_of(session, secret).id)
        if visit is None:
            raise NotFound(_("There is no such visit."))
        if step == "klar":
            steps.ready(session, visit.id, SCHOOL)
        elif step == "holdt":
            visits.mark_held(session, visit.id, SCHOOL)
        elif step == "etterlyst":
            steps.not_called(session, visit.id)
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


def _back(secret: str, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("order_status.show", secret=secret), 303)


def order_of(session: Session, secret: str) -> Request:
    """The order of a link. Raises NotFound, links.LinkExpired."""
    found = session.get(Request, links.find(session, secret, LinkPurpose.REQUEST).object_id)
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def _lines(given: str) -> str:
    """Text of several lines without characters that no row can hold. Raises InvalidInput."""
    text = given.replace("\r\n", "\n")
    if any(not (one.isprintable() or one == "\n") for one in text):
        raise InvalidInput(_("The text holds characters that cannot be written."), field="questions")
    return text
