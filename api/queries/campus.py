"""What the pages and programs of a campus read: its week, its meetings, its mentors, its attendance.

A pupil has a first name here, and a protected one a number; see `shown_name`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import (
    DutyState,
    EntryState,
    ExceptionState,
    MeetingState,
    MembershipState,
    OfferState,
    Presence,
    SessionState,
)
from api.domain.permissions import Reach
from api.i18n import gettext as _
from api.models.follow_up import ExceptionItem
from api.models.group_life import Attendance, Clearance, Duty, ExamBlock, MentorAssignment, SeatOffer
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.models.programmes import Level, Season
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries.paging import Page, Window, page_of
from api.queries.protected import unnamed


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


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A weekly session as a card: who sits there, who is offered a seat, who stands in it, who waits for it."""

    group: GroupSession
    pupils: int
    offers: int
    mentors: tuple[str, ...]
    waiting: int
    meetings: int
    meeting: MeetingRow | None = None

    @property
    def capacity(self) -> int:
        """Seats that the mentors there are can serve."""
        return min(self.group.seats, len(self.mentors) * self.group.ratio)

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.pupils - self.offers)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open line of the site's list. who, phone: whom to call; a protected pupil is a number and has none."""

    line: ExceptionItem
    what: str
    who: str
    phone: str
    pupil: str = ""
    calls: tuple[tuple[datetime, str], ...] = field(default=())


def shown_name(name: str, protected: bool, number: int | None, entry_id: str) -> str:
    """A pupil's first name; "Pupil 412" for a protected one, by lottery number or else the end of the id."""
    if protected:
        return _("Pupil %(number)s", number=number if number is not None else entry_id[-6:])
    return name.split()[0]


def season_of(session: Session) -> Season | None:
    """The season under way or next to come, else the last one."""
    ahead = select(Season).where(Season.ends_on >= clock.today()).order_by(Season.starts_on, Season.id).limit(1)
    last = select(Season).order_by(Season.starts_on.desc(), Season.id).limit(1)
    return session.scalars(ahead).first() or session.scalars(last).first()


def session_page(
    session: Session, where: Reach, asked: Window, *, site: str | None = None, season: str | None = None
) -> Page[GroupSession]:
    """The sessions of the sites in reach. Sorts: weekday, created."""
    statement = select(GroupSession)
    if not where.everywhere:
        statement = statement.where(GroupSession.site_id.in_(where.scopes))
    if site is not None:
        statement = statement.where(GroupSession.site_id == site)
    if season is not None:
        statement = statement.where(GroupSession.season_id == season)
    return page_of(
        session,
        statement,
        asked,
        {
            "weekday": (GroupSession.weekday, GroupSession.starts, GroupSession.id),
            "created": (GroupSession.created_at, GroupSession.id),
        },
    )


def mentor_page(session: Session, where: Reach, asked: Window, *, site: str | None = None) -> Page[Mentor]:
    """The mentors of the sites in reach. Sorts: name, created."""
    statement = (
        select(Mentor)
        .join(Person, Mentor.person_id == Person.id)
        .options(joinedload(Mentor.person), selectinload(Mentor.levels), selectinload(Mentor.sessions))
    )
    if not where.everywhere:
        statement = statement.where(Mentor.site_id.in_(where.scopes))
    if site is not None:
        statement = statement.where(Mentor.site_id == site)
    return page_of(
        session,
        statement,
        asked,
        {"name": (Person.name, Mentor.id), "created": (Mentor.created_at, Mentor.id)},
    )


def mentor(session: Session, mentor_id: str) -> Mentor:
    """A mentor with everything that is shown of them."""
    return session.scalars(
        select(Mentor)
        .options(joinedload(Mentor.person), selectinload(Mentor.levels), selectinload(Mentor.sessions))
        .where(Mentor.id == mentor_id)
        .execution_options(populate_existing=True)
    ).one()


def week(session: Session, site_id: str, season_id: str, monday: date) -> list[SessionRow]:
    """The active sessions of a site in a season, each with its meeting of the week, in a fixed number of queries."""
    groups = list(
        session.scalars(
            select(GroupSession)
            .options(joinedload(GroupSession.room))
            .where(
                GroupSession.site_id == site_id,
                GroupSession.season_id == season_id,
                GroupSession.state == SessionState.ACTIVE,
            )
            .order_by(GroupSession.weekday, GroupSession.starts, GroupSession.id)
        )
    )
    start = clock.at_local(monday, datetime.min.time())
    end = clock.at_local(monday + timedelta(days=7), datetime.min.time())
    meetings = session.scalars(
        select(Meeting)
        .where(Meeting.session_id.in_([one.id for one in groups]), Meeting.starts_at >= start, Meeting.starts_at < end)
        .order_by(Meeting.starts_at)
    ).all()
    rows = {row.meeting.session_id: row for row in meeting_rows(session, meetings)}
    counts = _Counts.read(session, groups)
    return [_card(one, counts, rows.get(one.id)) for one in groups]


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
    pupils = _seated(session, list(groups))
    return [
        MeetingRow(one, groups[one.session_id], tuple(duties[one.id]), pupils[one.session_id], told[one.id])
        for one in meetings
    ]


def meetings_of(session: Session, session_id: str) -> list[MeetingRow]:
    """All meetings of a session, in order."""
    rows = session.scalars(select(Meeting).where(Meeting.session_id == session_id).order_by(Meeting.starts_at)).all()
    return meeting_rows(session, rows)


def session_row(session: Session, group: GroupSession) -> SessionRow:
    """One session as a card, without a week."""
    return _card(group, _Counts.read(session, [group]), None)


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


def waiting_by_level(session: Session, site_id: str, season_id: str) -> list[tuple[Level, int, int]]:
    """Who waits with a session of the site among the choices: level, how many, of these with one here as the first."""
    first = func.min(EntryChoice.rank)
    inner = (
        select(Entry.id, Entry.level_id, first.label("best"))
        .join(EntryChoice, EntryChoice.entry_id == Entry.id)
        .join(GroupSession, EntryChoice.session_id == GroupSession.id)
        .where(
            GroupSession.site_id == site_id,
            GroupSession.season_id == season_id,
            GroupSession.state == SessionState.ACTIVE,
            Entry.state == EntryState.WAITING,
        )
        .group_by(Entry.id, Entry.level_id)
        .subquery()
    )
    counted: defaultdict[str, list[int]] = defaultdict(list)
    for level_id, best in session.execute(select(inner.c.level_id, inner.c.best)):
        counted[level_id].append(best)
    levels = session.scalars(select(Level).where(Level.id.in_(counted)).order_by(Level.position, Level.code))
    return [(level, len(counted[level.id]), counted[level.id].count(1)) for level in levels]


def troubles(session: Session, site_id: str) -> list[Trouble]:
    """The open lines of a site, nearest first, each with whom to call."""
    lines = session.scalars(
        select(ExceptionItem)
        .options(joinedload(ExceptionItem.person), joinedload(ExceptionItem.calls))
        .where(ExceptionItem.site_id == site_id, ExceptionItem.state == ExceptionState.OPEN)
        .order_by(ExceptionItem.due_on, ExceptionItem.id)
    ).unique()
    return [_trouble(session, line) for line in lines]


def clearances(session: Session, mentor_ids: Sequence[str]) -> dict[str, Clearance]:
    """The newest certificate seen of each mentor."""
    rows = session.scalars(
        select(Clearance).where(Clearance.mentor_id.in_(list(mentor_ids))).order_by(Clearance.seen_on, Clearance.id)
    )
    return {row.mentor_id: row for row in rows}


def exam_blocks(session: Session, mentor_id: str) -> list[ExamBlock]:
    """The mentor's days away for exams that are not over."""
    return list(
        session.scalars(
            select(ExamBlock)
            .where(ExamBlock.mentor_id == mentor_id, ExamBlock.to_date >= clock.today())
            .order_by(ExamBlock.from_date)
        )
    )


def duties_of(session: Session, mentor_id: str, since: datetime) -> list[tuple[Duty, Meeting, GroupSession]]:
    """A mentor's duties at meetings that end after `since`, withdrawn ones left out, by time."""
    rows = session.execute(
        select(Duty, Meeting, GroupSession)
        .join(Meeting, Duty.meeting_id == Meeting.id)
        .join(GroupSession, Meeting.session_id == GroupSession.id)
        .where(Duty.mentor_id == mentor_id, Duty.state != DutyState.WITHDRAWN, Meeting.ends_at > since)
        .order_by(Meeting.starts_at, Duty.id)
    )
    return [(duty, meeting, group) for duty, meeting, group in rows]


def pupils_of(session: Session, session_id: str) -> list[tuple[str, str | None, bool]]:
    """Who sits in a session: (name, contact mentor's id, whether the name is a number)."""
    rows = session.execute(
        select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number, Membership.mentor_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(Membership.session_id == session_id, Membership.state == MembershipState.ACTIVE)
    )
    return sorted((shown_name(name, hidden, number, one), mentor, hidden) for one, name, hidden, number, mentor in rows)


@dataclass(frozen=True, slots=True)
class _Counts:
    seated: Counter[str]
    offers: Counter[str]
    waiting: Counter[str]
    meetings: Counter[str]
    mentors: dict[str, list[str]]

    @classmethod
    def read(cls, session: Session, groups: Sequence[GroupSession]) -> _Counts:
        ids = [one.id for one in groups]
        mentors: defaultdict[str, list[str]] = defaultdict(list)
        for session_id, name in session.execute(
            select(MentorAssignment.session_id, Person.name)
            .join(Mentor, MentorAssignment.mentor_id == Mentor.id)
            .join(Person, Mentor.person_id == Person.id)
            .where(MentorAssignment.session_id.in_(ids), MentorAssignment.to_date.is_(None))
            .order_by(Person.name)
        ):
            mentors[session_id].append(name)
        offers = select(SeatOffer.session_id).where(SeatOffer.session_id.in_(ids), SeatOffer.state == OfferState.OPEN)
        waiting = (
            select(EntryChoice.session_id)
            .join(Entry, EntryChoice.entry_id == Entry.id)
            .where(EntryChoice.session_id.in_(ids), Entry.state == EntryState.WAITING)
        )
        meetings = select(Meeting.session_id).where(
            Meeting.session_id.in_(ids), Meeting.state != MeetingState.CANCELLED
        )
        return cls(
            _seated(session, ids),
            Counter(session.scalars(offers)),
            Counter(session.scalars(waiting)),
            Counter(session.scalars(meetings)),
            mentors,
        )


def _card(group: GroupSession, counts: _Counts, meeting: MeetingRow | None) -> SessionRow:
    return SessionRow(
        group,
        counts.seated[group.id],
        counts.offers[group.id],
        tuple(counts.mentors.get(group.id, ())),
        counts.waiting[group.id],
        counts.meetings[group.id],
        meeting,
    )


def _seated(session: Session, session_ids: Sequence[str]) -> Counter[str]:
    return Counter(
        session.scalars(
            select(Membership.session_id).where(
                Membership.session_id.in_(list(session_ids)), Membership.state == MembershipState.ACTIVE
            )
        )
    )


def _trouble(session: Session, line: ExceptionItem) -> Trouble:
    person = None if unnamed(session, [line.person_id]) else line.person
    pupil = ""
    if line.kind == "absent":
        row = session.execute(
            select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number)
            .join(Membership, Membership.entry_id == Entry.id)
            .join(Pupil, Entry.pupil_id == Pupil.id)
            .join(Person, Pupil.person_id == Person.id)
            .where(Membership.id == line.object_id)
        ).one_or_none()
        if row is not None:
            pupil = shown_name(row.name, row.protected, row.lottery_number, row.id)
    return Trouble(
        line,
        line.kind,
        person.name if person else "",
        (person.phone or "") if person else "",
        pupil,
        tuple((call.at, call.outcome.value) for call in line.calls),
    )
