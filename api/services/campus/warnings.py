"""What a campus is warned of by itself: thin evenings, thin rosters, meetings nobody marked; and mentors' reminders."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from api import clock
from api.domain.enums import (
    DutyState,
    EntryState,
    ExceptionState,
    MeetingState,
    MembershipState,
    Presence,
    SessionState,
)
from api.domain.programme_rules import GroupRules
from api.models.follow_up import ExceptionItem
from api.models.group_life import Attendance, Duty
from api.models.groups import GroupSession, Meeting
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, EntryChoice, Membership
from api.queries.campus_rules import rules_now
from api.services import outbox
from api.services.campus import stand_ins, telling
from api.services.follow_up import exceptions

FILLED = "filled"
_REMINDER_SPAN = timedelta(days=4)


def due_underfilled(session: Session, now: datetime) -> list[str]:
    """Sessions whose line is to be raised (they begin soon with too few pupils) or closed (they have enough)."""
    found = []
    for group, first in session.execute(
        select(GroupSession, func.min(Meeting.starts_at))
        .join(Meeting, Meeting.session_id == GroupSession.id)
        .where(GroupSession.state == SessionState.ACTIVE, Meeting.state != MeetingState.CANCELLED)
        .group_by(GroupSession.id)
        .order_by(GroupSession.id)
    ):
        rules = rules_now(session, group.programme_id)
        near = now <= first <= now + timedelta(weeks=rules.underfilled_weeks)
        thin = stand_ins.pupils_expected(session, group) < least_pupils(group, rules)
        if (near and thin) != _has_line(session, "underfilled", group.id) and (near or not thin):
            found.append(group.id)
    return found


def do_underfilled(session: Session, session_id: str, now: datetime) -> None:
    """Raises or closes the line about one session; harmless twice."""
    group = session.get(GroupSession, session_id)
    if group is None or session_id not in due_underfilled(session, now):
        return
    rules = rules_now(session, group.programme_id)
    seated, least = stand_ins.pupils_expected(session, group), least_pupils(group, rules)
    if seated >= least:
        exceptions.resolve_lines(session, group.id, "underfilled", resolution=FILLED)
        return
    waiting = waiting_for(session, group)
    first = session.scalar(
        select(func.min(Meeting.starts_at)).where(
            Meeting.session_id == group.id, Meeting.state != MeetingState.CANCELLED
        )
    )
    exceptions.raise_line(
        session,
        "underfilled",
        group.id,
        reason={"code": "underfilled", "seated": seated, "least": least, "waiting": waiting},
        remedy={"code": "send_offers" if waiting else "cancel_session"},
        season_id=group.season_id,
        site_id=group.site_id,
        due_on=clock.to_oslo(first).date() if first else None,
    )


def due_thin_rosters(session: Session, now: datetime) -> list[str]:
    """Meetings within the mentors' notice with fewer adults than they need, of which no line tells."""
    on_duty = aliased(Duty)
    present = (
        select(func.count(on_duty.id))
        .where(on_duty.meeting_id == Meeting.id, on_duty.state.in_((DutyState.PLANNED, DutyState.PRESENT)))
        .scalar_subquery()
    )
    found = []
    for meeting, group, adults in session.execute(
        select(Meeting, GroupSession, present)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(
            Meeting.state == MeetingState.PLANNED, Meeting.starts_at > now, GroupSession.state == SessionState.ACTIVE
        )
        .order_by(Meeting.starts_at, Meeting.id)
    ):
        rules = rules_now(session, group.programme_id)
        if meeting.starts_at > now + timedelta(days=rules.mentor_notice_days):
            continue
        thin = adults < max(group.min_mentors, rules.min_mentors) and stand_ins.pupils_expected(session, group) > 0
        if thin and not _has_line(session, "too_few_mentors", meeting.id):
            found.append(meeting.id)
    return found


def do_thin_roster(session: Session, meeting_id: str, now: datetime) -> None:
    """Raises the line about one meeting; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is not None and meeting_id in due_thin_rosters(session, now):
        stand_ins.watch(session, meeting, session.get_one(GroupSession, meeting.session_id))


def due_not_marked(session: Session, now: datetime) -> list[str]:
    """Meetings whose day is over and where nobody has been marked as there, of which no line tells."""
    midnight = clock.at_local(clock.to_oslo(now).date(), time())
    here = select(Attendance.meeting_id).where(Attendance.presence == Presence.HERE)
    seated = select(Membership.session_id).where(Membership.state == MembershipState.ACTIVE)
    told = select(ExceptionItem.object_id).where(ExceptionItem.kind == "not_marked")
    return list(
        session.scalars(
            select(Meeting.id)
            .where(
                Meeting.state == MeetingState.PLANNED,
                Meeting.ends_at < midnight,
                Meeting.id.not_in(here),
                Meeting.id.not_in(told),
                Meeting.session_id.in_(seated),
            )
            .order_by(Meeting.ends_at, Meeting.id)
        )
    )


def do_not_marked(session: Session, meeting_id: str, now: datetime) -> None:
    """Raises the line about one meeting; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None or meeting_id not in due_not_marked(session, now):
        return
    group = session.get_one(GroupSession, meeting.session_id)
    exceptions.raise_line(
        session,
        "not_marked",
        meeting.id,
        reason={
            "code": "not_marked",
            "starts_at": meeting.starts_at.isoformat(),
            "pupils": stand_ins.pupils_expected(session, group),
        },
        remedy={"code": "mark_attendance"},
        season_id=group.season_id,
        site_id=group.site_id,
        due_on=clock.to_oslo(now).date(),
    )


def due_reminders(session: Session, now: datetime) -> list[str]:
    """Duties at meetings that begin within `mentor_remind_hours`, of which the mentor has not been reminded."""
    reminded = select(OutboxMessage.about_id).where(
        OutboxMessage.about_kind == "duty", OutboxMessage.kind == "mentor.reminder"
    )
    found = []
    for duty, meeting, group in session.execute(
        select(Duty, Meeting, GroupSession)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(
            Duty.state == DutyState.PLANNED,
            Duty.id.not_in(reminded),
            Meeting.state == MeetingState.PLANNED,
            Meeting.starts_at > now,
            Meeting.starts_at < now + _REMINDER_SPAN,
        )
        .order_by(Meeting.starts_at, Duty.id)
    ):
        hours = rules_now(session, group.programme_id).mentor_remind_hours
        if meeting.starts_at <= now + timedelta(hours=hours) and duty.mentor.person.email:
            found.append(duty.id)
    return found


def do_remind(session: Session, duty_id: str, now: datetime) -> None:
    """Reminds one mentor of one meeting; harmless twice."""
    duty = session.get(Duty, duty_id)
    if duty is None or duty_id not in due_reminders(session, now):
        return
    group = session.get_one(GroupSession, duty.meeting.session_id)
    values = telling.meeting_values(session, duty.meeting, group) | {
        "pupils": stand_ins.pupils_expected(session, group)
    }
    outbox.write(
        session,
        "mentor.reminder",
        duty.mentor.person,
        values,
        about=("duty", duty.id),
        links={"mentor": telling.mentor_link(session, duty.mentor, group.season_id)},
        calendar=telling.event_of(session, duty.meeting, group).values(),
        dedupe=f"remind:{duty.id}:{duty.meeting.starts_at.isoformat()}",
    )


def waiting_for(session: Session, group: GroupSession) -> int:
    """How many wait in the queue with the session among their choices."""
    return (
        session.scalar(
            select(func.count())
            .select_from(EntryChoice)
            .join(Entry, EntryChoice.entry_id == Entry.id)
            .where(EntryChoice.session_id == group.id, Entry.state == EntryState.WAITING)
        )
        or 0
    )


def least_pupils(group: GroupSession, rules: GroupRules) -> int:
    """How many pupils a session needs to be held."""
    return max(group.min_pupils, rules.min_pupils)


def _has_line(session: Session, kind: str, about: str) -> bool:
    return (
        session.scalar(
            select(ExceptionItem.id).where(
                ExceptionItem.kind == kind,
                ExceptionItem.object_id == about,
                ExceptionItem.state == ExceptionState.OPEN,
            )
        )
        is not None
    )
