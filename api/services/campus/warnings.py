"""What a campus is warned of by itself: thin evenings, thin rosters, meetings nobody marked; and mentors' reminders."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, Exists, ScalarSelect, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

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
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.pupils import Entry, EntryChoice, Membership
from api.queries.campus_rules import rules_now
from api.services import outbox
from api.services.campus import stand_ins, telling
from api.services.follow_up import exceptions

FILLED = "filled"
_REMINDER_SPAN = timedelta(days=4)


def due_underfilled(session: Session, now: datetime) -> list[str]:
    """Sessions whose line is to be raised (they begin soon with too few pupils) or closed (they have enough)."""
    return _underfilled(session, now)


def do_underfilled(session: Session, session_id: str, now: datetime) -> None:
    """Raises or closes the line about one session; harmless twice."""
    group = session.get(GroupSession, session_id)
    if group is None or not _underfilled(session, now, GroupSession.id == session_id):
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
    return _thin_rosters(session, now)


def do_thin_roster(session: Session, meeting_id: str, now: datetime) -> None:
    """Raises the line about one meeting; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is not None and _thin_rosters(session, now, Meeting.id == meeting_id):
        stand_ins.watch(session, meeting, session.get_one(GroupSession, meeting.session_id))


def due_not_marked(session: Session, now: datetime) -> list[str]:
    """Meetings whose day is over and where nobody has been marked as there, of which no line tells."""
    return _not_marked(session, now)


def do_not_marked(session: Session, meeting_id: str, now: datetime) -> None:
    """Raises the line about one meeting; harmless twice."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None or not _not_marked(session, now, Meeting.id == meeting_id):
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
    return _to_remind(session, now)


def do_remind(session: Session, duty_id: str, now: datetime) -> None:
    """Reminds one mentor of one meeting; harmless twice."""
    duty = session.get(Duty, duty_id)
    if duty is None or not _to_remind(session, now, Duty.id == duty_id):
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


def _underfilled(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """`due_underfilled` of all sessions, or of some: one of many must not look at all the others."""
    found = []
    rules = _Rules(session)
    for group, first, pupils, told in session.execute(
        select(
            GroupSession,
            func.min(Meeting.starts_at),
            _seated(GroupSession.id),
            _told("underfilled", GroupSession.id),
        )
        .join(Meeting, Meeting.session_id == GroupSession.id)
        .where(GroupSession.state == SessionState.ACTIVE, Meeting.state != MeetingState.CANCELLED, *which)
        .group_by(GroupSession.id)
        .order_by(GroupSession.id)
    ):
        numbers = rules.of(group)
        near = now <= first <= now + timedelta(weeks=numbers.underfilled_weeks)
        thin = pupils < least_pupils(group, numbers)
        if (near and thin) != told and (near or not thin):
            found.append(group.id)
    return found


def _thin_rosters(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """`due_thin_rosters` of all meetings, or of some."""
    on_duty = aliased(Duty)
    present = (
        select(func.count(on_duty.id))
        .where(on_duty.meeting_id == Meeting.id, on_duty.state.in_((DutyState.PLANNED, DutyState.PRESENT)))
        .scalar_subquery()
    )
    found = []
    rules = _Rules(session)
    for meeting_id, starts_at, group, adults, pupils in session.execute(
        select(Meeting.id, Meeting.starts_at, GroupSession, present, _seated(GroupSession.id))
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(Meeting.state == MeetingState.PLANNED, Meeting.starts_at > now, *which)
        .where(GroupSession.state == SessionState.ACTIVE, ~_told("too_few_mentors", Meeting.id))
        .order_by(Meeting.starts_at, Meeting.id)
    ):
        numbers = rules.of(group)
        near = starts_at <= now + timedelta(days=numbers.mentor_notice_days)
        if near and pupils and adults < max(group.min_mentors, numbers.min_mentors):
            found.append(meeting_id)
    return found


def _not_marked(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """`due_not_marked` of all meetings, or of some."""
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
                *which,
            )
            .order_by(Meeting.ends_at, Meeting.id)
        )
    )


def _to_remind(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """`due_reminders` of all duties, or of some."""
    reminded = select(OutboxMessage.about_id).where(
        OutboxMessage.about_kind == "duty", OutboxMessage.kind == "mentor.reminder"
    )
    found = []
    rules = _Rules(session)
    for duty_id, starts_at, group in session.execute(
        select(Duty.id, Meeting.starts_at, GroupSession)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .join(Mentor, Duty.mentor_id == Mentor.id)
        .join(Person, Mentor.person_id == Person.id)
        .where(
            Duty.state == DutyState.PLANNED,
            Duty.id.not_in(reminded),
            Meeting.state == MeetingState.PLANNED,
            Meeting.starts_at > now,
            Meeting.starts_at < now + _REMINDER_SPAN,
            Person.email.is_not(None),
            *which,
        )
        .order_by(Meeting.starts_at, Duty.id)
    ):
        if starts_at <= now + timedelta(hours=rules.of(group).mentor_remind_hours):
            found.append(duty_id)
    return found


class _Rules:
    """The rules of each programme, read once a look."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, GroupRules] = {}

    def of(self, group: GroupSession) -> GroupRules:
        if group.programme_id not in self._known:
            self._known[group.programme_id] = rules_now(self._session, group.programme_id)
        return self._known[group.programme_id]


def _seated(session_id: InstrumentedAttribute[str]) -> ScalarSelect[int]:
    """How many sit in a session, beside its row."""
    seats = select(func.count(Membership.id))
    return seats.where(
        Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE
    ).scalar_subquery()


def _told(kind: str, about: InstrumentedAttribute[str]) -> Exists:
    """Whether an open line of this kind tells of a row."""
    return exists().where(
        ExceptionItem.kind == kind, ExceptionItem.object_id == about, ExceptionItem.state == ExceptionState.OPEN
    )
