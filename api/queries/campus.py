"""The weekly sessions of a campus: who sits there, who is offered a seat, who stands in it, who waits for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import (
    EntryState,
    ExceptionState,
    MeetingState,
    MembershipState,
    OfferState,
    SessionState,
)
from api.domain.permissions import Reach
from api.models.follow_up import ExceptionItem
from api.models.group_life import MentorAssignment, SeatOffer
from api.models.groups import GroupSession, Meeting, Mentor, Site
from api.models.people import Person
from api.models.programmes import Level, Season
from api.models.pupils import Entry, EntryChoice, Membership
from api.queries.campus_meetings import MeetingRow, meeting_rows, seated
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of


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
    def seats(self) -> int:
        """The most pupils, by session and room."""
        return min(self.group.seats, self.group.room.seats) if self.group.room else self.group.seats


def season_of(session: Session, site_id: str | None = None) -> Season | None:
    """The season under way or next to come, else the last one. site_id: rather one in which that site has evenings."""
    ahead = select(Season).where(Season.ends_on >= clock.today()).order_by(Season.starts_on, Season.id).limit(1)
    if site_id is not None:
        held = select(GroupSession.season_id).where(
            GroupSession.site_id == site_id, GroupSession.state == SessionState.ACTIVE
        )
        own = session.scalars(ahead.where(Season.id.in_(held))).first()
        if own is not None:
            return own
    last = select(Season).order_by(Season.starts_on.desc(), Season.id).limit(1)
    return session.scalars(ahead).first() or session.scalars(last).first()


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site in a season: its evenings, who sits there, and the open lines of its leader's list."""

    site: Site
    sessions: int
    pupils: int
    lines: int


def site_rows(session: Session, sites: Sequence[Site], season_id: str) -> list[SiteRow]:
    """These sites in a season, in the given order."""
    ids = [one.id for one in sites]
    groups = Counter(
        session.scalars(
            select(GroupSession.site_id).where(
                GroupSession.site_id.in_(ids),
                GroupSession.season_id == season_id,
                GroupSession.state == SessionState.ACTIVE,
            )
        )
    )
    pupils = session.execute(
        select(GroupSession.site_id, func.count(Membership.id))
        .join(Membership, Membership.session_id == GroupSession.id)
        .where(GroupSession.site_id.in_(ids), GroupSession.season_id == season_id)
        .where(Membership.state == MembershipState.ACTIVE)
        .group_by(GroupSession.site_id)
    )
    lines = session.execute(
        select(ExceptionItem.site_id, func.count())
        .where(ExceptionItem.site_id.in_(ids), ExceptionItem.state == ExceptionState.OPEN)
        .group_by(ExceptionItem.site_id)
    )
    seated, open_lines = dict(pupils.all()), dict(lines.all())
    return [SiteRow(one, groups[one.id], seated.get(one.id, 0), open_lines.get(one.id, 0)) for one in sites]


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


def active_sessions(session: Session, site_id: str, season_id: str) -> list[GroupSession]:
    """The sessions of a site in a season that are held, by weekday and time."""
    return list(
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


def week(session: Session, site_id: str, season_id: str, monday: date) -> list[SessionRow]:
    """The active sessions of a site in a season, each with its meeting of the week, in a fixed number of queries."""
    groups = active_sessions(session, site_id, season_id)
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


def session_row(session: Session, group: GroupSession) -> SessionRow:
    """One session as a card, without a week."""
    return _card(group, _Counts.read(session, [group]), None)


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
            .order_by(by_name(Person.name))
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
            seated(session, ids),
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
