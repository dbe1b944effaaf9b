"""A role model's visit after the yes, by the link in a mail. GET shows, POST acts."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response

from api.db import transaction
from api.domain.enums import InvitationState, LinkPurpose, Side, VisitState
from api.domain.transitions import Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.follow_up import Evaluation, Invitation
from api.models.visits import Visit
from api.services import change, links
from api.services.follow_up import invitations, steps, visits
from api.web.role_model import shown
from api.web.role_model.calendar_file import calendar_file
from api.web.role_model.visit_view import Next, standing
from api.web.words import QUESTIONS

pages = Blueprint("role_model_visits", __name__)
shown.init(pages)
ROLE_MODEL = change.by(Party.ROLE_MODEL)


@pages.errorhandler(links.LinkExpired)
@pages.errorhandler(invitations.TooLate)
def too_late(_error: Exception) -> tuple[str, int]:
    return render_template("role_model/link_over.html"), 410


@pages.get("/besok/ditt/<secret>")
@public
def visit(secret: str) -> str:
    session = read_session()
    found, invited = _visit(session, secret)
    member = next((one for one in found.role_models if one.role_model_id == invited.role_model_id), None)
    evaluation = _evaluation(session, found, invited)
    return render_template(
        "role_model/visit.html",
        secret=secret,
        visit=found,
        member=member,
        status=standing(session, found, member, evaluation),
        contact=found.request.contact if invited.state is InvitationState.ACCEPTED else None,
        evaluation=evaluation,
        questions=[(code, _(QUESTIONS[code])) for code in steps.QUESTIONS[Side.ROLE_MODEL]],
        State=VisitState,
        Next=Next,
    )


@pages.post("/besok/ditt/<secret>/<any(ringt, klar, holdt, kanikke):step>")
@public
def take_step(secret: str, step: str) -> Response:
    """ringt: has called the school. klar: is ready. holdt: it was held. kanikke: cannot come after all."""
    with transaction() as session:
        found, invited = _visit(session, secret)
        if step == "ringt":
            steps.called(session, found.id, invited.role_model_id, ROLE_MODEL)
        elif step == "klar":
            steps.ready(session, found.id, ROLE_MODEL, role_model_id=invited.role_model_id)
        elif step == "holdt":
            visits.mark_held(session, found.id, ROLE_MODEL, role_model_id=invited.role_model_id)
        else:
            invitations.cannot_come(session, invited.id, ROLE_MODEL)
    flash(_("Thank you. We have noted it."), "success")
    return redirect(url_for("role_model_visits.visit", secret=secret), 303)


@pages.get("/besok/ditt/<secret>/kalender.ics")
@public
def in_calendar(secret: str) -> Response:
    return calendar_file(_visit(read_session(), secret)[0])


@pages.get("/besok/ditt/<secret>/kanikke")
@public
def ask_cannot_come(secret: str) -> str:
    """Asks once more: somebody else has to be found."""
    found, _invited = _visit(read_session(), secret)
    return render_template("role_model/cannot_come.html", secret=secret, visit=found)


@pages.post("/besok/ditt/<secret>/evaluering")
@public
def evaluate(secret: str) -> Response:
    answers = {code: int(value) for code, value in request.form.items() if value.isdecimal() and len(value) == 1}
    with transaction() as session:
        found, invited = _visit(session, secret)
        steps.evaluate(session, found.id, Side.ROLE_MODEL, answers, role_model_id=invited.role_model_id)
    flash(_("Thank you for telling us."), "success")
    return redirect(url_for("role_model_visits.visit", secret=secret), 303)


def _visit(session: Session, secret: str) -> tuple[Visit, Invitation]:
    """The visit of a link and the newest invitation to it of the person whom the link was sent to."""
    token = links.find(session, secret, LinkPurpose.VISIT)
    asked = session.scalars(
        select(Invitation)
        .where(Invitation.visit_id == token.object_id)
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
    )
    invited = next((one for one in asked if one.role_model.person_id == token.person_id), None)
    if invited is None:
        raise NotFound(_("There is no such visit."))
    return invited.visit, invited


def _evaluation(session: Session, visit: Visit, invited: Invitation) -> Evaluation | None:
    return session.scalar(
        select(Evaluation).where(Evaluation.visit_id == visit.id, Evaluation.role_model_id == invited.role_model_id)
    )
