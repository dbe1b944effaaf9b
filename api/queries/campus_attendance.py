"""Who is expected at a meeting, who was marked, and who could come by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    EntryState,
    Presence,
)
from api.models.group_life import Attendance
from api.models.groups import GroupSession, Meeting
from api.models.people import Person
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries.campus_people import shown_name


@dataclass(frozen=True, slots=True)
class PupilRow:
    """A pupil on an attendance list. own: of this mentor's contact pupils. untold: absences without a word so far."""

    entry_id: str
    membership_id: str | None
    name: str
    level_id: str
    own: bool
    walk_in: bool
    presence: Presence | None
    untold: int


def attendance_list(session: Session, meeting: Meeting, group: GroupSession, mentor_id: str | None) -> list[PupilRow]:
    """Who is expected or was marked at a meeting: own pupils first, then the others, then who came by."""
    day = clock.to_oslo(meeting.starts_at).date()
    marks = {
        row.entry_id: row for row in session.scalars(select(Attendance).where(Attendance.meeting_id == meeting.id))
    }
    seats = {
        row.entry_id: row
        for row in session.scalars(select(Membership).where(Membership.session_id == group.id))
        if row.from_date <= day and (row.to_date is None or day <= row.to_date)
    }
    untold = Counter(
        session.scalars(
            select(Attendance.entry_id)
            .join(Meeting, Attendance.meeting_id == Meeting.id)
            .where(
                Meeting.session_id == group.id,
                Meeting.starts_at < meeting.starts_at,
                Attendance.presence == Presence.NOT_TOLD,
            )
        )
    )
    rows = []
    for entry_id, name, protected, number, level_id in session.execute(
        select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number, Entry.level_id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Entry.id.in_(seats.keys() | marks.keys()))
    ):
        seat, mark = seats.get(entry_id), marks.get(entry_id)
        rows.append(
            PupilRow(
                entry_id=entry_id,
                membership_id=seat.id if seat else None,
                name=shown_name(name, protected, number, entry_id),
                level_id=level_id,
                own=seat is not None and mentor_id is not None and seat.mentor_id == mentor_id,
                walk_in=seat is None,
                presence=mark.presence if mark else None,
                untold=untold[entry_id],
            )
        )
    return sorted(rows, key=lambda row: (row.walk_in, not row.own, row.name.casefold(), row.entry_id))


def could_walk_in(session: Session, group: GroupSession, meeting: Meeting) -> list[tuple[str, str]]:
    """Who waits with this session among the choices and is not on the list: (entry id, name)."""
    on_list = select(Attendance.entry_id).where(Attendance.meeting_id == meeting.id)
    rows = session.execute(
        select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number)
        .join(EntryChoice, EntryChoice.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(EntryChoice.session_id == group.id, Entry.state == EntryState.WAITING, Entry.id.not_in(on_list))
    )
    named = [(entry_id, shown_name(name, hidden, number, entry_id)) for entry_id, name, hidden, number in rows]
    return sorted(named, key=lambda one: (one[1].casefold(), one[0]))
