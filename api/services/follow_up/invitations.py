"""Answers of role models: yes, no with a scope, an objection, and "cannot come after all"; and direct invitations.

Each answer is one conditional UPDATE: of an accept and an expiry exactly one wins. A no and a silence go the same way:
the person's time is given back, the no is kept so that nobody is asked twice, and the repair finds the next.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationKind, InvitationState, RefusalScope, VisitState
from api.domain.permissions import Action, Actor, may
from api.domain.transitions import IllegalStep, Party
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Invitation
from api.models.role_models import RoleModel
from api.models.visits import Refusal, Request, Visit
from api.queries import follow_up as reads
from api.services import outbox
from api.services.change import SYSTEM, By, by, move
from api.services.follow_up import arrange, exceptions, outcome, repair, sending, turn
from api.services.follow_up.candidates import Around, best_for


class TooLate(Conflict):
    """The time to answer is over; somebody else is asked. Nothing is held against the one who was late."""

    default_code = "invitation_over"


def accept(session: Session, invitation_id: str, who: By, now: datetime | None = None) -> Invitation:
    """The role model says yes. A second yes is as good as the first.

    Effects, in order: the invitation is accepted; when that was the last yes the visit is confirmed and both sides are
    told, with names, contact details and a calendar entry; the role model's next queued invitation leaves.
    Raises NotFound, and TooLate when it has expired or was taken back.
    """
    now = now or clock.now()
    turn.take(session)
    invitation = _sendable(session, invitation_id)
    if invitation.state is InvitationState.ACCEPTED:
        return invitation
    in_time = Invitation.answer_by.is_(None) | (Invitation.answer_by > now)
    _answer(session, invitation, "accept", who, {"answered_at": now}, in_time)
    if outcome.settle(session, invitation.visit, now):
        outcome.tell_confirmed(session, invitation.visit, now)
    sending.send_turns(session, invitation.role_model_id, now)
    return invitation


def decline(
    session: Session,
    invitation_id: str,
    scope: RefusalScope,
    who: By,
    now: datetime | None = None,
) -> Invitation:
    """The role model says no: to this time, this request or this school. A second no is as good as the first.

    A no to the school is a no to its other invitations that wait for an answer, too.

    Effects, in order: the invitation is declined; the no is kept; the time is given back; the repair finds the next
    and tells the school; after two in a row the coordinator gets a line; the role model's next invitation leaves.
    Raises NotFound, and TooLate when it has expired or was taken back.
    """
    now = now or clock.now()
    turn.take(session)
    invitation = _sendable(session, invitation_id)
    if invitation.state is InvitationState.DECLINED:
        return invitation
    values = {"answered_at": now, "decline_scope": scope}
    _answer(session, invitation, "decline", who, values, None)
    also = _pending_at_school(session, invitation) if scope is RefusalScope.SCHOOL else []
    for other in also:
        _answer(session, other, "decline", who, values, None)
    keep_no(session, invitation.visit, invitation.role_model_id, scope)
    for one in (invitation, *also):
        after_no(session, one, now)
    return invitation


def object_to(session: Session, invitation_id: str, who: By, now: datetime | None = None) -> Invitation:
    """An agreement person objects to a visit that was set up for them, in the hours given for it.

    Effects as `decline`, for this time. Raises NotFound, and TooLate when the time to object is over.
    """
    now = now or clock.now()
    turn.take(session)
    invitation = _sendable(session, invitation_id)
    if invitation.kind is not InvitationKind.NOTICE:
        raise NotFound(_("There is no such invitation."))
    if invitation.state is InvitationState.DECLINED:
        return invitation
    in_time = Invitation.answer_by.is_(None) | (Invitation.answer_by > now)
    values = {"answered_at": now, "decline_scope": RefusalScope.TIME}
    if invitation.answer_by is not None and invitation.answer_by <= now:
        raise TooLate(
            _("The time to object is over."), remedy=_("Say that you cannot come after all, or call us about it.")
        )
    _answer(session, invitation, "object", who, values, in_time)
    keep_no(session, invitation.visit, invitation.role_model_id, RefusalScope.TIME)
    after_no(session, invitation, now)
    return invitation


def cannot_come(session: Session, invitation_id: str, who: By, now: datetime | None = None) -> Invitation:
    """A role model who said yes cannot come after all. Once is fine: nothing is counted.

    Effects as `decline`, for this time; a visit that was sure is to be confirmed again. Raises NotFound, Conflict when
    the visit has begun, TooLate when there was no yes to take back.
    """
    now = now or clock.now()
    turn.take(session)
    invitation = _sendable(session, invitation_id)
    if invitation.state is InvitationState.FELL_THROUGH:
        return invitation
    if invitation.visit.starts_at <= now or invitation.visit.state is VisitState.HELD:
        raise Conflict(_("The visit has begun."), remedy=_("Call the school."))
    _answer(session, invitation, "fall_through", who, {"answered_at": now}, None)
    keep_no(session, invitation.visit, invitation.role_model_id, RefusalScope.TIME)
    after_no(session, invitation, now)
    return invitation


def after_no(session: Session, invitation: Invitation, now: datetime) -> None:
    """What follows every no and every silence, once it is kept; see `decline`."""
    visit = invitation.visit
    arrange.remove_person(session, visit, invitation.role_model_id)
    repair.repair_visit(session, visit.id, now, turn_of=invitation.turn + 1)
    repair.escalate(session, visit.id, now)
    sending.send_turns(session, invitation.role_model_id, now)


def _pending_at_school(session: Session, invitation: Invitation) -> list[Invitation]:
    """The role model's other invitations to the same school that wait for an answer."""
    return list(
        session.scalars(
            select(Invitation)
            .join(Visit, Invitation.visit_id == Visit.id)
            .join(Request, Visit.request_id == Request.id)
            .where(
                Invitation.role_model_id == invitation.role_model_id,
                Invitation.state.in_((InvitationState.QUEUED, InvitationState.SENT)),
                Request.school_id == invitation.visit.request.school_id,
                Invitation.id != invitation.id,
            )
            .order_by(Visit.starts_at, Invitation.id)
        )
    )


def keep_no(session: Session, visit: Visit, role_model_id: str, scope: RefusalScope) -> None:
    """Keeps a no, so that the person is not asked again for what it covers."""
    parts: dict[RefusalScope, dict[str, Any]] = {
        RefusalScope.TIME: {"starts_at": visit.starts_at},
        RefusalScope.REQUEST: {"request_id": visit.request_id},
        RefusalScope.SCHOOL: {"school_id": visit.request.school_id},
    }
    session.add(Refusal(role_model_id=role_model_id, scope=scope, **parts[scope]))
    session.flush()


def invite_directly(
    session: Session, request: Request, role_model_id: str, who: By, now: datetime | None = None
) -> Invitation:
    """A school asks a role model whom it has named, for one of its request's times.

    Effects, in order: the request is served and remembers whom it named; a planned visit at the best time of those at
    which the person could come, with others where the request asks for several; the invitations leave when it is each
    person's turn. Raises NotFound, Conflict when the person could not come at any of the times, IllegalStep when the
    request has a visit or is past.
    """
    now = now or clock.now()
    turn.take(session)
    session.refresh(request)
    if session.get(RoleModel, role_model_id) is None:
        raise NotFound(_("There is no such role model."), field="role_model")
    around = Around.read(session, request, today=clock.to_oslo(now).date())
    found = best_for(session, request, including=role_model_id, around=around)
    if found is None:
        raise Conflict(
            _("This role model cannot come at any of the times."),
            code="cannot_come",
            field="role_model",
            remedy=_("Choose other times, or let us find somebody."),
        )
    request.invited_id = role_model_id
    visit = arrange.new_visit(session, request, found, who)
    named = [one for one in found.people if one.role_model_id == role_model_id]
    [invitation] = arrange.add_people(session, visit, named, who, direct=True)
    others = [one for one in found.people if one.role_model_id != role_model_id]
    if others:
        arrange.add_people(session, visit, others, SYSTEM)
    exceptions.resolve_lines(session, request.id, "nobody_found", now=now)
    sending.announce(session, visit, now)
    return invitation


def own_invitation(session: Session, actor: Actor, invitation_id: str) -> tuple[Invitation, By]:
    """The invitation for the role model it is for, or for the coordination on the phone; and as whom they act.

    Raises NotFound for everyone else.
    """
    found = session.get(Invitation, invitation_id)
    is_own = found is not None and actor.person_id is not None and found.role_model.person_id == actor.person_id
    if found is not None and is_own and not actor.read_only:
        return found, by(Party.ROLE_MODEL, actor)
    if found is None or not may(actor, Action.HANDLE_EXCEPTIONS) or not may(actor, Action.SEE_ROLE_MODELS):
        raise NotFound(_("There is no such invitation."))
    return found, by(Party.COORDINATION, actor)


def _sendable(session: Session, invitation_id: str) -> Invitation:
    """The invitation as it is now. One whose approval can still be undone is not there yet."""
    found = session.scalar(
        select(Invitation).where(Invitation.id == invitation_id).execution_options(populate_existing=True)
    )
    if found is None or (not arrange.is_told(found) and reads.waiting_approval(session, found.visit_id)):
        raise NotFound(_("There is no such invitation."))
    return found


def _answer(session: Session, invitation: Invitation, event: str, who: By, values: dict[str, Any], when: Any) -> None:
    try:
        move(session, invitation, event, who, when=when, values=values)
    except IllegalStep as error:
        raise TooLate(
            _("The time to answer is over, and we have asked somebody else. That is quite all right."),
            remedy=_("Confirm your profile if you want to be asked again."),
        ) from error
    outbox.withdraw(session, "invitation", invitation.id)
