"""Meetings of a campus with their mentors, and how many pupils are expected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from api.domain.enums import DutyState, MeetingState, MembershipState, Presence
from api.models.group_life import Attendance, Duty
from api.models.groups import GroupSession, Meeting, Mentor, Room
from api.models.people import Person
from api.models.pupils import Membership
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A mentor at a meeting."""

    id: str
    version: int
    mentor_id: str
    name: str
    phone: str
    state: DutyState
    substitute: bool


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A meeting with its people. told: pupils who have said that they are not coming. room: its name, "" for none."""

    meeting: Meeting
    group: GroupSession
    duties: tuple[DutyRow, ...]
    pupils: int
    told: int
    room: str

    @property
    def expected(self) -> int:
        """Pupils who have not told that they are not coming."""
        return max(0, self.pupils - self.told)

    @property
    def is_held(self) -> bool:
        """Whether it is not cancelled."""
        return self.meeting.state is not MeetingState.CANCELLED

    @property
    def away(self) -> tuple[DutyRow, ...]:
        """Mentors who are away."""
        return tuple(one for one in self.duties if one.state is DutyState.AWAY)

    @property
    def missing(self) -> int:
        """How many of them nobody has stepped in for."""
        steps_in = sum(one.substitute and one.state in (DutyState.PLANNED, DutyState.PRESENT) for one in self.duties)
        return max(0, len(self.away) - steps_in)

    def each(self, more: int = 0) -> int | None:
        """Pupils a mentor, rounded up, with so many mentors more; None without a mentor."""
        mentors = self.adults + more
        return -(-self.expected // mentors) if mentors else None

    @property
    def adults(self) -> int:
        return sum(one.state in (DutyState.PLANNED, DutyState.PRESENT) for one in self.duties)


def meeting_rows(session: Session, meetings: Sequence[Meeting]) -> list[MeetingRow]:
    """Meetings with their mentors and what pupils have told, in the given order."""
    ids = [one.id for one in meetings]
    groups = {
        one.id: one
        for one in session.scalars(
            select(GroupSession)
            .options(joinedload(GroupSession.room))
            .where(GroupSession.id.in_({one.session_id for one in meetings}))
        )
    }
    held_in = select(Room.id, Room.name).where(Room.id.in_({one.room_id for one in meetings}))
    rooms = dict(session.execute(held_in).all())
    duties: defaultdict[str, list[DutyRow]] = defaultdict(list)
    for duty, name, phone in session.execute(
        select(Duty, Person.name, Person.phone)
        .join(Mentor, Duty.mentor_id == Mentor.id)
        .join(Person, Mentor.person_id == Person.id)
        .where(Duty.meeting_id.in_(ids), Duty.state != DutyState.WITHDRAWN)
        .order_by(by_name(Person.name), Duty.id)
    ):
        row = DutyRow(duty.id, duty.version, duty.mentor_id, name, phone or "", duty.state, duty.substitute)
        duties[duty.meeting_id].append(row)
    told = Counter(
        session.scalars(
            select(Attendance.meeting_id).where(Attendance.meeting_id.in_(ids), Attendance.presence == Presence.TOLD)
        )
    )
    pupils = seated(session, list(groups))
    return [
        MeetingRow(
            one,
            groups[one.session_id],
            tuple(duties[one.id]),
            pupils[one.session_id],
            told[one.id],
            rooms.get(one.room_id or "", ""),
        )
        for one in meetings
    ]


def with_away(session: Session, site_id: str, now: datetime, until: datetime) -> list[Meeting]:
    """Planned meetings of a site that end after now and begin before `until`, with a mentor away, soonest first."""
    away = select(Duty.meeting_id).where(Duty.state == DutyState.AWAY)
    return list(
        session.scalars(
            select(Meeting)
            .join(GroupSession, Meeting.session_id == GroupSession.id)
            .where(GroupSession.site_id == site_id, Meeting.state == MeetingState.PLANNED, Meeting.id.in_(away))
            .where(Meeting.ends_at > now, Meeting.starts_at < until)
            .order_by(Meeting.starts_at, Meeting.id)
        )
    )


def meeting_page(
    session: Session, site_id: str, asked: Window, now: datetime, *, past: bool = False
) -> tuple[Page[Meeting], list[MeetingRow]]:
    """The meetings of a site that are not over, or that are, a page at a time, with their people."""
    statement = select(Meeting).join(GroupSession).where(GroupSession.site_id == site_id)
    statement = statement.where(Meeting.ends_at <= now) if past else statement.where(Meeting.ends_at > now)
    order = (Meeting.starts_at.desc(), Meeting.id) if past else (Meeting.starts_at, Meeting.id)
    found = page_of(session, statement, asked, {"time": order})
    return found, meeting_rows(session, found.items)


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
