"""Meetings of a campus with their mentors, and how many pupils are expected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import (
    DutyState,
    MembershipState,
    Presence,
)
from api.models.group_life import Attendance, Duty
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.models.pupils import Membership


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A mentor at a meeting."""

    id: str
    version: int
    mentor_id: str
    name: str
    state: DutyState
    substitute: bool


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A meeting with its people. told: pupils who have said that they are not coming."""

    meeting: Meeting
    group: GroupSession
    duties: tuple[DutyRow, ...]
    pupils: int
    told: int

    @property
    def adults(self) -> int:
        return sum(one.state in (DutyState.PLANNED, DutyState.PRESENT) for one in self.duties)


def meeting_rows(session: Session, meetings: Sequence[Meeting]) -> list[MeetingRow]:
    """Meetings with their mentors and what pupils have told, in the given order."""
    ids = [one.id for one in meetings]
    groups = {
        one.id: one
        for one in session.scalars(
            select(GroupSession).where(GroupSession.id.in_({one.session_id for one in meetings}))
        )
    }
    duties: defaultdict[str, list[DutyRow]] = defaultdict(list)
    for duty, name in session.execute(
        select(Duty, Person.name)
        .join(Mentor, Duty.mentor_id == Mentor.id)
        .join(Person, Mentor.person_id == Person.id)
        .where(Duty.meeting_id.in_(ids), Duty.state != DutyState.WITHDRAWN)
        .order_by(Person.name, Duty.id)
    ):
        row = DutyRow(duty.id, duty.version, duty.mentor_id, name, duty.state, duty.substitute)
        duties[duty.meeting_id].append(row)
    told = Counter(
        session.scalars(
            select(Attendance.meeting_id).where(Attendance.meeting_id.in_(ids), Attendance.presence == Presence.TOLD)
        )
    )
    pupils = seated(session, list(groups))
    return [
        MeetingRow(one, groups[one.session_id], tuple(duties[one.id]), pupils[one.session_id], told[one.id])
        for one in meetings
    ]


def meetings_of(session: Session, session_id: str) -> list[MeetingRow]:
    """All meetings of a session, in order."""
    rows = session.scalars(select(Meeting).where(Meeting.session_id == session_id).order_by(Meeting.starts_at)).all()
    return meeting_rows(session, rows)


def seated(session: Session, session_ids: Sequence[str]) -> Counter[str]:
    """How many sit in each of these sessions."""
    return Counter(
        session.scalars(
            select(Membership.session_id).where(
                Membership.session_id.in_(list(session_ids)), Membership.state == MembershipState.ACTIVE
            )
        )
    )
