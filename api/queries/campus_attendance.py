"""Who is expected at a meeting, who was marked, and who could come by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, MeetingState, Presence
from api.domain.name_order import name_key
from api.models.group_life import Attendance
from api.models.groups import GroupSession, Meeting
from api.models.people import Person
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries.campus_people import told_apart


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
    """Who is expected or was marked at a meeting of the session: own pupils first, the others, then who came by."""
    return attendance_lists(session, [meeting], mentor_id)[meeting.id]


def attendance_lists(
    session: Session, meetings: Sequence[Meeting], mentor_id: str | None = None
) -> dict[str, list[PupilRow]]:
    """`attendance_list` of several meetings, by meeting, in a fixed number of queries."""
    ids = [one.id for one in meetings]
    groups = {one.session_id for one in meetings}
    marks: defaultdict[str, dict[str, Attendance]] = defaultdict(dict)
    for mark in session.scalars(select(Attendance).where(Attendance.meeting_id.in_(ids))):
        marks[mark.meeting_id][mark.entry_id] = mark
    seats: defaultdict[str, list[Membership]] = defaultdict(list)
    for seat in session.scalars(select(Membership).where(Membership.session_id.in_(groups))):
        seats[seat.session_id].append(seat)
    untold: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for session_id, entry_id, starts_at in session.execute(
        select(Meeting.session_id, Attendance.entry_id, Meeting.starts_at)
        .join(Meeting, Attendance.meeting_id == Meeting.id)
        .where(Meeting.session_id.in_(groups), Meeting.state != MeetingState.CANCELLED)
        .where(Attendance.presence == Presence.NOT_TOLD)
    ):
        untold[session_id, entry_id].append(starts_at)
    entries = {seat.entry_id for several in seats.values() for seat in several}
    entries |= {entry_id for several in marks.values() for entry_id in several}
    pupils = {
        row.id: row
        for row in session.execute(
            select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number, Entry.level_id)
            .join(Pupil, Entry.pupil_id == Pupil.id)
            .join(Person, Pupil.person_id == Person.id)
            .where(Entry.id.in_(entries))
        )
    }
    lists = {}
    for meeting in meetings:
        day = clock.to_oslo(meeting.starts_at).date()
        seated = {
            seat.entry_id: seat
            for seat in seats[meeting.session_id]
            if seat.from_date <= day and (seat.to_date is None or day <= seat.to_date)
        }
        rows = []
        listed = [pupils[one] for one in seated.keys() | marks[meeting.id].keys()]
        names = told_apart({one.id: (one.name, one.protected, one.lottery_number) for one in listed})
        for entry_id in seated.keys() | marks[meeting.id].keys():
            pupil, place, marked = pupils[entry_id], seated.get(entry_id), marks[meeting.id].get(entry_id)
            before = untold[meeting.session_id, entry_id]
            rows.append(
                PupilRow(
                    entry_id=entry_id,
                    membership_id=place.id if place else None,
                    name=names[entry_id],
                    level_id=pupil.level_id,
                    own=place is not None and mentor_id is not None and place.mentor_id == mentor_id,
                    walk_in=place is None,
                    presence=marked.presence if marked else None,
                    untold=sum(moment < meeting.starts_at for moment in before),
                )
            )
        lists[meeting.id] = sorted(rows, key=lambda row: (row.walk_in, not row.own, name_key(row.name), row.entry_id))
    return lists


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
    names = told_apart({entry_id: (name, hidden, number) for entry_id, name, hidden, number in rows})
    return sorted(names.items(), key=lambda one: (name_key(one[1]), one[0]))
