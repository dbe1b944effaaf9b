"""What mentors hold already, in a problem's sessions and in others, and what their exams leave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LockKind, MeetingState, SessionState
from api.models.bookings import Booking
from api.models.group_life import ExamBlock, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.plan_rows import Lock
from api.models.pupils import Membership
from matcher import problem as m


@dataclass(frozen=True, slots=True)
class Held:
    """A weekly time that a mentor has given away. weekday: 1 Monday to 7; Norwegian wall clock."""

    weekday: int
    start: time
    end: time


def sessions_elsewhere(session: Session, season_id: str, known: Collection[str]) -> defaultdict[str, list[Held]]:
    """Weekly times of the season's other sessions by mentor, in one query.

    A mentor holds a session where a person has locked them to it, where they stand in its roster, where they are booked
    for a meeting of it, or where they teach a pupil who sits in it. known: the sessions of the problem, which count by
    themselves.
    """
    holds = union(
        select(Lock.mentor_id.label("mentor_id"), Lock.session_id.label("session_id")).where(
            Lock.kind == LockKind.MENTOR
        ),
        select(Membership.mentor_id, Membership.session_id).where(Membership.to_date.is_(None)),
        select(MentorAssignment.mentor_id, MentorAssignment.session_id).where(MentorAssignment.to_date.is_(None)),
        select(Mentor.id, Meeting.session_id)
        .join(Booking, Booking.person_id == Mentor.person_id)
        .join(Meeting, Booking.meeting_id == Meeting.id)
        .where(Booking.released_at.is_(None)),
    ).subquery()
    held: defaultdict[str, list[Held]] = defaultdict(list)
    for mentor_id, session_id, weekday, starts, ends in session.execute(
        select(holds.c.mentor_id, GroupSession.id, GroupSession.weekday, GroupSession.starts, GroupSession.ends)
        .join(GroupSession, holds.c.session_id == GroupSession.id)
        .where(
            holds.c.mentor_id.is_not(None),
            GroupSession.season_id == season_id,
            GroupSession.state == SessionState.ACTIVE,
        )
        .order_by(holds.c.mentor_id, GroupSession.id)
    ):
        if session_id not in known:
            held[mentor_id].append(Held(weekday, starts, ends))
    return held


def standing(session: Session, sessions: Collection[str], today: date, notice_days: int) -> set[tuple[str, str]]:
    """(mentor, session) of the live roster that a run leaves alone: their next meeting is closer than the notice.

    Later ones a new plan may change, since nobody has to be asked for it.
    """
    soon = clock.at_local(today + timedelta(days=notice_days), time())
    near = select(Meeting.session_id).where(
        Meeting.session_id.in_(list(sessions)),
        Meeting.state == MeetingState.PLANNED,
        Meeting.starts_at >= clock.at_local(today, time()),
        Meeting.starts_at < soon,
    )
    rows = session.execute(
        select(MentorAssignment.mentor_id, MentorAssignment.session_id).where(
            MentorAssignment.to_date.is_(None), MentorAssignment.session_id.in_(near)
        )
    )
    return {(mentor_id, session_id) for mentor_id, session_id in rows}


def taken_by_exams(session: Session, sessions: Collection[str], today: date) -> set[tuple[str, str]]:
    """(mentor, session) where exams take at least half of the meetings that are still to come."""
    ahead: defaultdict[str, list[date]] = defaultdict(list)
    for session_id, starts_at in session.execute(
        select(Meeting.session_id, Meeting.starts_at).where(
            Meeting.session_id.in_(list(sessions)),
            Meeting.state == MeetingState.PLANNED,
            Meeting.starts_at >= clock.at_local(today, time()),
        )
    ):
        ahead[session_id].append(clock.to_oslo(starts_at).date())
    away: defaultdict[str, list[tuple[date, date]]] = defaultdict(list)
    for mentor_id, first, last in session.execute(
        select(ExamBlock.mentor_id, ExamBlock.from_date, ExamBlock.to_date).where(ExamBlock.to_date >= today)
    ):
        away[mentor_id].append((first, last))
    return {
        (mentor_id, session_id)
        for mentor_id, blocks in away.items()
        for session_id, days in ahead.items()
        if 2 * sum(any(first <= day <= last for first, last in blocks) for day in days) >= len(days)
    }


def overlap(session: m.Session, other: Held) -> bool:
    """Whether a session of the problem meets at the time of another one."""
    return session.weekday == other.weekday and session.start < other.end and other.start < session.end
