"""What mentors hold already in sessions that a problem does not know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import time

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api.domain.enums import LockKind, SessionState
from api.models.bookings import Booking
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

    A mentor holds a session where a person has locked them to it, where they are booked for a meeting of it, or where
    they teach a pupil who sits in it. known: the sessions of the problem, which count by themselves.
    """
    holds = union(
        select(Lock.mentor_id.label("mentor_id"), Lock.session_id.label("session_id")).where(
            Lock.kind == LockKind.MENTOR
        ),
        select(Membership.mentor_id, Membership.session_id).where(Membership.to_date.is_(None)),
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


def overlap(session: m.Session, other: Held) -> bool:
    """Whether a session of the problem meets at the time of another one."""
    return session.weekday == other.weekday and session.start < other.end and other.start < session.end
