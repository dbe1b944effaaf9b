"""What leaves when: approvals at their time, invitations when it is the person's turn.

Nothing of an approval is in the outbox before it is sent, so undoing it has nothing to catch up with.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import invitation_clock, object_by
from api.domain.enums import ApprovalState, InvitationKind, InvitationState, ProfileState, RunKind, VisitState
from api.models.follow_up import Invitation, PlanApproval
from api.models.planning import Plan
from api.models.role_models import RoleModel
from api.models.visits import Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM, By, move
from api.services.follow_up import arrange, messages, outcome, turn

TO_BE = (VisitState.PLANNED, VisitState.CONFIRMED)


def due_sends(session: Session, now: datetime) -> list[str]:
    """Visits of approvals whose time has come, as "approval request": each is sent in its own transaction."""
    rows = session.scalars(
        select(PlanApproval)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.VISIT, _is_due(now))
        .order_by(PlanApproval.send_at, PlanApproval.id)
    )
    return [f"{row.id} {request_id}" for row in rows for request_id in unsent(row)]


def do_send(session: Session, part: str, now: datetime) -> None:
    """Sends one visit of an approval; nothing when it was sent, or the approval undone, meanwhile. part: as in
    `due_sends`.

    Effects, in order: with the first visit the approval is sent; then as `send_visit`.
    """
    approval_id, request_id = part.split()
    turn.take(session)
    approval = session.scalar(select(PlanApproval).where(PlanApproval.id == approval_id, _is_due(now)))
    if approval is None or request_id not in unsent(approval):
        return
    if approval.state is ApprovalState.APPROVED:
        begin_sending(session, approval, request_id, SYSTEM, now)
    else:
        send_visit(session, approval, request_id, now)


def begin_sending(session: Session, approval: PlanApproval, request_id: str, who: By, now: datetime) -> None:
    """The approval is sent, and can no longer be undone: one visit of it now, the others by the job.

    Raises IllegalStep when it is sent or undone already.
    """
    turn.take(session)
    move(session, approval, "send", who, values={"sent_at": now})
    send_visit(session, approval, request_id, now)


def send_visit(session: Session, approval: PlanApproval, request_id: str, now: datetime) -> None:
    """Sends one visit of an approval, if it is still to be.

    Effects, in order: the visit counts as sent; agreement people are told and may object from now on; the others are
    asked, as many as each may have open; the school hears yes, or that we are asking.
    """
    approval.sent_items = [*approval.sent_items, request_id]
    session.flush()
    for visit in visits_of(session, approval.id, request_id):
        announce(session, visit, now)


def unsent(approval: PlanApproval) -> list[str]:
    """The requests of an approval that are still to be sent, by time. None of one that was sent whole."""
    if approval.state is ApprovalState.SENT and not approval.sent_items:
        return []
    sent = set(approval.sent_items)
    return [request_id for request_id in approval.items if request_id not in sent]


def _is_due(now: datetime) -> ColumnElement[bool]:
    waited = (PlanApproval.state == ApprovalState.APPROVED) & (PlanApproval.send_at <= now)
    return waited | (PlanApproval.state == ApprovalState.SENT)


def visits_of(session: Session, approval_id: str, request_id: str | None = None) -> list[Visit]:
    """Visits of an approval that are to be, by time; of one request if it is given."""
    asked = select(Invitation.visit_id).where(Invitation.approval_id == approval_id)
    statement = select(Visit).where(Visit.id.in_(asked), Visit.state.in_(TO_BE))
    if request_id is not None:
        statement = statement.where(Visit.request_id == request_id)
    return list(session.scalars(statement.order_by(Visit.starts_at, Visit.id)))


def announce(session: Session, visit: Visit, now: datetime, *, changed: str | None = None) -> None:
    """After people have joined a visit: it is confirmed if nobody is to be asked, and everyone hears who should.

    changed: what is new to a school that was told of the visit before: person, time, digital or fewer. Nothing is told
    before the visit's approval is sent.
    """
    outcome.settle(session, visit, now)
    if reads.waiting_approval(session, visit.id) is not None:
        return
    told_now = set()
    for invitation in reads.live_invitations(session, visit.id):
        if invitation.kind is InvitationKind.NOTICE and not arrange.is_told(invitation):
            tell_notice(session, invitation, now)
            told_now.add(invitation.id)
        elif invitation.state is InvitationState.QUEUED:
            send_turns(session, invitation.role_model_id, now)
    if visit.state is VisitState.CONFIRMED:
        outcome.tell_confirmed(session, visit, now, changed=changed, but=told_now)
    else:
        outcome.tell_asking(session, visit, changed=changed)


def tell_notice(session: Session, invitation: Invitation, now: datetime) -> None:
    """Tells an agreement person of a visit; the time to object begins."""
    visit = invitation.visit
    rules = reads.rules_of(session, visit.request.programme_id)
    invitation.sent_at = now
    invitation.answer_by = object_by(now, rules, reads.holidays(session))
    session.flush()
    is_sure = visit.state is VisitState.CONFIRMED
    more = messages.contact_values(visit.request) if is_sure else {"contact": None}
    messages.tell_role_model(session, "invitation_notice", invitation, more=more, with_calendar=is_sure)


def send_turns(session: Session, role_model_id: str, now: datetime) -> int:
    """Sends a role model's queued invitations, earliest visit first, as many as may be open. Returns how many.

    None to somebody who is not active, and none for a visit in the time away.
    """
    sent = 0
    for invitation in reads.queued_for(session, role_model_id):
        if not _may_leave(invitation, now):
            continue
        rules = reads.rules_of(session, invitation.visit.request.programme_id)
        if reads.open_count(session, role_model_id) >= rules.open_invitations:
            break
        due = invitation_clock(now, invitation.visit.starts_at, rules, reads.holidays(session))
        move(session, invitation, "send", SYSTEM, values={"sent_at": now, "answer_by": due.answer_by})
        direct = invitation.kind is InvitationKind.DIRECT
        messages.tell_role_model(session, "invitation_direct" if direct else "invitation_asked", invitation)
        sent += 1
    return sent


def may_be_asked(role_model: RoleModel, visit: Visit) -> bool:
    """Whether a role model is asked at all, and is not away on the day of this visit."""
    away = role_model.away_until
    there = away is None or away < clock.to_oslo(visit.starts_at).date()
    return role_model.state is ProfileState.ACTIVE and there


def _may_leave(invitation: Invitation, now: datetime) -> bool:
    return invitation.visit.starts_at > now and may_be_asked(invitation.role_model, invitation.visit)


def due_turns(session: Session, now: datetime) -> list[str]:
    """Role models with a queued invitation that may leave."""
    people = session.scalars(
        select(Invitation.role_model_id)
        .outerjoin(PlanApproval, Invitation.approval_id == PlanApproval.id)
        .where(
            Invitation.state == InvitationState.QUEUED,
            (PlanApproval.id.is_(None)) | (PlanApproval.state == ApprovalState.SENT),
        )
        .distinct()
        .order_by(Invitation.role_model_id)
    ).all()
    return [one for one in people if _has_turn(session, one, now)]


def do_turn(session: Session, role_model_id: str, now: datetime) -> None:
    """Sends what a role model may have now."""
    turn.take(session)
    send_turns(session, role_model_id, now)


def _has_turn(session: Session, role_model_id: str, now: datetime) -> bool:
    queued = [one for one in reads.queued_for(session, role_model_id) if _may_leave(one, now)]
    if not queued:
        return False
    rules = reads.rules_of(session, queued[0].visit.request.programme_id)
    return reads.open_count(session, role_model_id) < rules.open_invitations
