"""Invitations that nobody answers: reminded, then counted as no; and profiles that rest after two silent weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import invitation_clock, is_silence_episode, monday_of
from api.domain.enums import InvitationState, LinkPurpose, ProfileState, RefusalScope, VisitState
from api.models.follow_up import Invitation, SilenceEpisode
from api.models.role_models import RoleModel
from api.models.visits import Visit
from api.queries import follow_up as reads
from api.queries.letters_left import is_heard, is_late, left_at
from api.services import links, outbox
from api.services.change import SYSTEM, move
from api.services.deadlines_moved import begin_anew, extend_links
from api.services.follow_up import arrange, invitations, messages, repair, turn
from api.services.follow_up.messages import LINK_LASTS_AFTER

ASKING = ("invitation_asked", "invitation_direct")


def due_reminders(session: Session, now: datetime) -> list[str]:
    """Open invitations with a reminder whose time has come."""
    rows = session.scalars(
        select(Invitation)
        .where(Invitation.state == InvitationState.SENT, Invitation.answer_by > now)
        .order_by(Invitation.answer_by, Invitation.id)
    )
    due = [one for one in rows if one.reminders < _reminders_due(session, one, now)]
    return [one.id for one in _heard(session, due)]


def do_reminder(session: Session, invitation_id: str, now: datetime) -> None:
    """Reminds once, also where two reminders have become due; nothing when it is answered or reminded already."""
    turn.take(session)
    invitation = session.get_one(Invitation, invitation_id)
    due = _reminders_due(session, invitation, now)
    over = invitation.answer_by is None or invitation.answer_by <= now
    if invitation.state is not InvitationState.SENT or over or invitation.reminders >= due:
        return
    if not _heard(session, [invitation]):
        return
    invitation.reminders = due
    session.flush()
    dedupe = f"reminder:{invitation.id}:{due}"
    messages.tell_role_model(session, "invitation_reminder", invitation, dedupe=dedupe)


def _reminders_due(session: Session, invitation: Invitation, now: datetime) -> int:
    if invitation.sent_at is None:
        return 0
    visit = invitation.visit
    rules = reads.rules_of(session, visit.request.programme_id)
    due = invitation_clock(invitation.sent_at, visit.starts_at, rules, reads.holidays(session))
    return sum(reminder <= now for reminder in due.reminders)


def due_silences(session: Session, now: datetime) -> list[str]:
    """Invitations whose time to answer is over, and queued ones whose turn did not come before the visit.

    One whose mail has not left, or left late and waits for its new deadline, is not over before its visit begins.
    """
    over = list(
        session.scalars(
            select(Invitation)
            .join(Visit, Invitation.visit_id == Visit.id)
            .where(
                ((Invitation.state == InvitationState.SENT) & (Invitation.answer_by <= now))
                | (
                    (Invitation.state == InvitationState.QUEUED)
                    & (Visit.starts_at <= now)
                    & Visit.state.in_((VisitState.PLANNED, VisitState.CONFIRMED))
                )
            )
            .order_by(func.coalesce(Invitation.answer_by, Visit.starts_at), Invitation.id)
        )
    )
    heard = {one.id for one in _heard(session, over)}
    return [one.id for one in over if one.id in heard or one.visit.starts_at <= now]


def due_late(session: Session, now: datetime) -> list[str]:
    """Open invitations whose mail left so late that the time to answer begins anew."""
    waiting = session.scalars(
        select(Invitation)
        .join(Visit, Invitation.visit_id == Visit.id)
        .where(Invitation.state == InvitationState.SENT, Visit.starts_at > now)
        .order_by(Invitation.id)
    ).all()
    left = left_at(session, "invitation", [one.id for one in waiting], ASKING)
    return [one.id for one in waiting if is_late(left.get(one.id), one.sent_at)]


def do_late(session: Session, invitation_id: str, now: datetime) -> None:
    """The time to answer counts from when the mail left; the links last as long. Nothing when it is answered."""
    turn.take(session)
    if invitation_id not in due_late(session, now):
        return
    invitation = session.get_one(Invitation, invitation_id)
    left = left_at(session, "invitation", [invitation_id], ASKING)[invitation_id]
    assert left is not None
    visit = invitation.visit
    rules = reads.rules_of(session, visit.request.programme_id)
    answer_by = invitation_clock(left, visit.starts_at, rules, reads.holidays(session)).answer_by
    begin_anew(session, invitation, {"sent_at": left, "answer_by": answer_by, "reminders": 0}, InvitationState.SENT)
    extend_links(session, LinkPurpose.INVITATION, "invitation", invitation_id, answer_by)


def _heard(session: Session, asked: Sequence[Invitation]) -> list[Invitation]:
    """Those whose deadline counts from when their mail left, or who get none."""
    left = left_at(session, "invitation", [one.id for one in asked], ASKING)
    return [one for one in asked if is_heard(left, one.id, one.sent_at)]


def do_silence(session: Session, invitation_id: str, now: datetime) -> None:
    """Silence counts as no; nothing when it was answered meanwhile.

    Effects, in order: the invitation expires; the role model hears kindly that somebody else is asked; the silent week
    is kept, and the second pauses the profile; the rest as after a no to this request.
    """
    turn.take(session)
    if invitation_id not in due_silences(session, now):
        return
    invitation = session.get_one(Invitation, invitation_id)
    if invitation.state is InvitationState.QUEUED:
        arrange.withdraw(session, invitation, SYSTEM, now)
        arrange.remove_person(session, invitation.visit, invitation.role_model_id)
        repair.repair_visit(session, invitation.visit_id, now, turn_of=invitation.turn + 1)
        return
    move(session, invitation, "expire", SYSTEM, when=Invitation.answer_by <= now)
    _keep_episode(session, invitation)
    outbox.withdraw(session, "invitation", invitation.id)
    messages.tell_role_model(session, "invitation_expired", invitation)
    invitations.keep_no(session, invitation.visit, invitation.role_model_id, RefusalScope.REQUEST)
    invitations.after_no(session, invitation, now)
    _pause_if_silent(session, invitation.role_model, now)


def _keep_episode(session: Session, invitation: Invitation) -> None:
    assert invitation.sent_at is not None
    assert invitation.answer_by is not None
    if not _heard(session, [invitation]):
        return
    first, last = (clock.to_oslo(moment).date() for moment in (invitation.sent_at, invitation.answer_by))
    off = reads.days_off(session, invitation.role_model_id, invitation.visit.request.school_id, first, last)
    away_until = invitation.role_model.away_until
    week = monday_of(last)
    counts = is_silence_episode(invitation.sent_at, invitation.answer_by, reads.holidays(session), off, away_until)
    known = select(SilenceEpisode.id).where(
        SilenceEpisode.role_model_id == invitation.role_model_id, SilenceEpisode.week == week
    )
    if counts and session.scalar(known) is None:
        session.add(SilenceEpisode(role_model_id=invitation.role_model_id, week=week, invitation_id=invitation.id))
        session.flush()


def _pause_if_silent(session: Session, role_model: RoleModel, now: datetime) -> None:
    """Pauses a profile with so many silent weeks since it was last confirmed as the rules say; one click brings it
    back: confirming or resuming the profile sets confirmed_at.
    """
    statement = select(func.count()).select_from(SilenceEpisode).where(SilenceEpisode.role_model_id == role_model.id)
    if role_model.confirmed_at is not None:
        statement = statement.where(SilenceEpisode.created_at > role_model.confirmed_at)
    newest = session.scalar(
        select(Invitation)
        .where(Invitation.role_model_id == role_model.id)
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
        .limit(1)
    )
    assert newest is not None
    rules = reads.rules_of(session, newest.visit.request.programme_id)
    if role_model.state is not ProfileState.ACTIVE or (session.scalar(statement) or 0) < rules.pause_after:
        return
    move(session, role_model, "pause", SYSTEM)
    link = links.issue(
        session,
        LinkPurpose.PROFILE,
        "role_model",
        role_model.id,
        expires_at=now + LINK_LASTS_AFTER,
        person_id=role_model.person_id,
    )
    outbox.write(
        session, "profile_paused", role_model.person, about=("role_model", role_model.id), links={"profile": link}
    )
    for queued in reads.queued_for(session, role_model.id):
        arrange.withdraw(session, queued, SYSTEM, now)
        arrange.remove_person(session, queued.visit, role_model.id)
        repair.repair_visit(session, queued.visit_id, now, turn_of=queued.turn)
