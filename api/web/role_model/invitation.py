"""A role model on a phone: the invitation by the link in a mail. GET shows, POST answers; an old link is kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import InvitationKind, InvitationState, LinkPurpose, ProfileState, RefusalScope, VisitState
from api.domain.transitions import Party
from api.edge.access import public
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Invitation
from api.models.links import LinkToken
from api.services import change, links
from api.services.follow_up import invitations, messages, steps
from api.services.profiles import own
from api.web.role_model import profile_form as forms
from api.web.role_model import shown
from api.web.role_model.calendar_file import calendar_file

pages = Blueprint("role_model_invitation", __name__)
shown.init(pages)
ROLE_MODEL = change.by(Party.ROLE_MODEL)
OLD_LINK_HELPS = timedelta(days=60)  # so long the page of an old link can still say "ask me again"


@pages.errorhandler(links.LinkExpired)
@pages.errorhandler(invitations.TooLate)
def over(_error: Exception) -> tuple[str, int]:
    secret = str((request.view_args or {})["secret"])
    return _over(read_session(), secret, forms.ProfileForm()), 410


@pages.get("/invitasjon/<secret>")
@public
def show(secret: str) -> str | tuple[str, int]:
    """Five facts, the deadline and two buttons; what has been answered says so. Changes nothing."""
    session = read_session()
    found = _invitation(session, secret)
    told = found.kind is InvitationKind.NOTICE
    if found.state is InvitationState.DECLINED:
        return render_template("role_model/declined.html", invitation=found)
    if found.state is InvitationState.ACCEPTED and not told:
        return render_template("role_model/accepted.html", secret=secret, **_after_yes(session, found))
    if found.state in (InvitationState.SENT, InvitationState.QUEUED, InvitationState.ACCEPTED):
        return render_template("role_model/invitation.html", secret=secret, invitation=found, visit=found.visit)
    return _over(session, secret, forms.ProfileForm())


@pages.post("/invitasjon/<secret>/ja")
@public
def accept(secret: str) -> Response:
    """Yes; a notice, which is yes already, leads on to the visit."""
    with transaction() as session:
        found = invitations.accept(session, _invitation(session, secret).id, ROLE_MODEL)
        if found.kind is InvitationKind.NOTICE:
            flash(_("Thank you. See you there!"), "success")
            link = messages.visit_link(session, found.visit, found.role_model.person_id)
            return redirect(links.address_of(link), 303)
    return redirect(url_for("role_model_invitation.show", secret=secret), 303)


@pages.get("/invitasjon/<secret>/nei")
@public
def ask_scope(secret: str) -> str:
    return _decline(_invitation(read_session(), secret), secret, forms.ProfileForm())


@pages.post("/invitasjon/<secret>/nei")
@public
def decline(secret: str) -> Response:
    """scope: `time`, `request` or `school`; for a visit that was set up by an agreement it is an objection, and after a
    yes it is "cannot come after all".
    """
    said = request.form.get("scope", RefusalScope.TIME)
    if said not in list(RefusalScope):
        raise InvalidInput(_("Choose one of the answers."), field="scope")
    with transaction() as session:
        found = _invitation(session, secret)
        if found.state is not InvitationState.ACCEPTED:
            invitations.decline(session, found.id, RefusalScope(said), ROLE_MODEL)
        elif found.kind is InvitationKind.NOTICE:
            invitations.object_to(session, found.id, ROLE_MODEL)
        else:
            invitations.cannot_come(session, found.id, ROLE_MODEL)
    return redirect(url_for("role_model_invitation.show", secret=secret), 303)


@pages.post("/invitasjon/<secret>/borte")
@public
def away(secret: str) -> Response | tuple[str, int]:
    """Away for a while: what waits for an answer in that time goes to others, and the profile stays."""
    form = forms.typed()
    until = forms.away_until(form)
    if until is None:
        form.faults.setdefault("away_until", _("Give the day until which you are away."))
    if form.faults:
        return _away_again(secret, form), 422
    with transaction() as session:
        own.set_away(session, _token_of(session, secret)[1].role_model, until, ROLE_MODEL)
    flash(_("Thank you. We have noted it."), "success")
    return redirect(url_for("role_model_invitation.show", secret=secret), 303)


@pages.post("/invitasjon/<secret>/spor-igjen")
@public
def ask_again(secret: str) -> Response:
    """The one way back after silence: the profile is right, and may be asked again at once."""
    with transaction() as session:
        role_model = _token_of(session, secret)[1].role_model
        if role_model.state is ProfileState.LEFT:
            raise Conflict(_("This profile has been closed."), remedy=_("Call us if you want to come back."))
        own.confirm(session, role_model, ROLE_MODEL)
    flash(_("Thank you. We ask you again when something suits your profile."), "success")
    return redirect(url_for("role_model_invitation.show", secret=secret), 303)


@pages.get("/invitasjon/<secret>/kalender.ics")
@public
def in_calendar(secret: str) -> Response:
    found = _invitation(read_session(), secret)
    if found.state is not InvitationState.ACCEPTED:
        raise NotFound(_("There is no such visit."))
    return calendar_file(found.visit)


def _invitation(session: Session, secret: str) -> Invitation:
    return _of_token(session, links.find(session, secret, LinkPurpose.INVITATION))


def _of_token(session: Session, token: LinkToken) -> Invitation:
    found = session.get(Invitation, token.object_id)
    if found is None:
        raise NotFound(_("There is no such invitation."))
    return found


def _token_of(session: Session, secret: str) -> tuple[bool, Invitation]:
    """Whether a link is old, and its invitation. Raises NotFound for one that is too old to help."""
    try:
        return False, _invitation(session, secret)
    except links.LinkExpired as old:
        if old.token.expires_at + OLD_LINK_HELPS <= clock.now():
            raise NotFound(_("There is no such invitation.")) from None
        return True, _of_token(session, old.token)


def _after_yes(session: Session, found: Invitation) -> dict[str, Any]:
    visit = found.visit
    waits = visit.state is VisitState.PLANNED
    by: datetime | None = None if waits else steps.call_by(session, visit)
    over_or_gone = visit.state in (VisitState.CANCELLED, VisitState.FELL_THROUGH) or visit.ends_at <= clock.now()
    contact = visit.request.contact
    return {"visit": visit, "waits": waits, "call_by": by, "contact": contact, "done": over_or_gone}


def _decline(found: Invitation, secret: str, form: forms.ProfileForm) -> str:
    cancels = found.state is InvitationState.ACCEPTED
    choices = [
        (RefusalScope.TIME.value, _("Only this day"), _("Please ask me about the same visit on another day")),
        (RefusalScope.REQUEST.value, _("This whole request"), _("Ask me about other schools and classes")),
        (
            RefusalScope.SCHOOL.value,
            _("This school"),
            _("Do not ask me about %(school)s again", school=found.visit.request.school.name),
        ),
    ]
    return render_template(
        "role_model/decline.html", secret=secret, invitation=found, cancels=cancels, choices=choices, form=form
    )


def _away_again(secret: str, form: forms.ProfileForm) -> str:
    session = read_session()
    old, found = _token_of(session, secret)
    waits = not old and found.state in (InvitationState.SENT, InvitationState.QUEUED, InvitationState.ACCEPTED)
    return _decline(found, secret, form) if waits else _over(session, secret, form)


def _over(session: Session, secret: str, form: forms.ProfileForm) -> str:
    """How it ended, by what the invitation has come to; nothing on it says more than the mail did."""
    old, found = _token_of(session, secret)
    answered = found.state in (InvitationState.ACCEPTED, InvitationState.DECLINED, InvitationState.FELL_THROUGH)
    silent = not answered and found.answer_by is not None and found.answer_by <= clock.now()
    role_model = found.role_model
    rests = role_model.state is ProfileState.PAUSED
    confirmed, ended = role_model.confirmed_at, found.answer_by
    back = silent and not rests and confirmed is not None and ended is not None and confirmed >= ended
    return render_template(
        "role_model/over.html",
        secret=secret,
        invitation=found,
        visit=found.visit,
        role_model=role_model,
        State=InvitationState,
        silent=silent,
        rests=rests,
        back=back,
        old=old,
        form=form,
        today=clock.today(),
    )
