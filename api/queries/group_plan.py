"""A group plan as its pages show it: sessions, sites and the queue, counted in SQL. No pupil has a name here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any, TypeAlias

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from api.domain.enums import EntryState, PriorityReason, SessionState
from api.models.groups import GroupSession, Room, Site
from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession, PlanUnserved
from api.models.programmes import Level
from api.models.pupils import Entry, EntryChoice
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

Statement: TypeAlias = Any  # a select; its columns differ from use to use
SORTS = ("site", "time", "pupils", "free", "waiting")


@dataclass(slots=True)
class SessionRow:
    """A weekly session and what the plan makes of it. waiting: pupils without a place whose first choice it is."""

    id: str
    site_id: str
    site_code: str
    site: str
    room: str | None
    weekday: int
    starts: time
    ends: time
    seats: int
    ratio: int
    target: int
    min_pupils: int
    is_open: bool
    mentors: int
    pupils: int
    waiting: int
    levels: list[str] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        """Pupils there is room and mentors for."""
        return min(self.seats, self.mentors * self.ratio)

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.pupils)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site in a plan. waiting: pupils without a place whose first choice is there."""

    id: str
    code: str
    name: str
    institution: str
    digital: bool
    lat: float
    lon: float
    sessions: int
    mentors: int
    pupils: int
    waiting: int


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A group plan in numbers. by_class: (priority class, with a place, in all)."""

    pupils: int
    entries: int
    sessions: int
    mentors: int
    sites: int
    sites_waiting: int
    by_class: list[tuple[int, int, int]]

    @property
    def waiting(self) -> int:
        return self.entries - self.pupils


@dataclass(frozen=True, slots=True)
class Choice:
    """A session that a pupil would come to."""

    session_id: str
    site: str
    weekday: int
    starts: time


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A pupil without a place, as a number: `position` in the queue from 1. choices: sessions in the pupil's order.

    smallest_change: as in the plan format; None also where a plan does not tell.
    """

    entry_id: str
    position: int
    level: str
    grade: int
    priority_class: int
    priority_reason: PriorityReason
    ahead: int
    reasons: list[dict[str, Any]]
    choices: list[Choice]
    smallest_change: dict[str, Any] | None


def session_page(
    session: Session,
    plan_id: str,
    season_id: str,
    asked: Window,
    site: str = "",
    sites: Collection[str] | None = None,
) -> Page[SessionRow]:
    """One page of a season's sessions as the plan has them, with their levels, in three queries.

    site: only there, "" for all. sites: only at these, None for the whole country.
    """
    counts = _Counts(plan_id)
    columns = {
        "site": (Site.name, GroupSession.weekday, GroupSession.starts, GroupSession.id),
        "time": (GroupSession.weekday, GroupSession.starts, Site.name, GroupSession.id),
        "pupils": (counts.pupils, GroupSession.id),
        "free": (counts.free, GroupSession.id),
        "waiting": (counts.waiting, GroupSession.id),
    }
    statement = counts.sessions(season_id, site)
    if sites is not None:
        statement = statement.where(GroupSession.site_id.in_(sites))
    page = page_of(session, statement, asked, columns).map(_session_row)
    _add_levels(session, plan_id, page.items)
    return page


def sessions_of_site(session: Session, plan_id: str, season_id: str, site: str) -> list[SessionRow]:
    """All sessions of a site through the week, in two queries."""
    statement = _Counts(plan_id).sessions(season_id, site)
    ordered = statement.order_by(GroupSession.weekday, GroupSession.starts, GroupSession.id)
    rows = [_session_row(row) for row in session.execute(ordered)]
    _add_levels(session, plan_id, rows)
    return rows


def site_rows(session: Session, plan_id: str, season_id: str) -> list[SiteRow]:
    """Every site with sessions in the season, by name, in one query."""
    counts = _Counts(plan_id)
    opened = func.sum(case((PlanSession.session_id.is_not(None), 1), else_=0))
    statement = select(
        Site,
        opened.label("sessions"),
        func.sum(counts.mentors).label("mentors"),
        func.sum(counts.pupils).label("pupils"),
        func.sum(counts.waiting).label("waiting"),
    )
    grouped = (
        counts.join(statement)
        .where(GroupSession.season_id == season_id)
        .group_by(Site.id)
        .order_by(by_name(Site.name), Site.id)
    )
    return [
        SiteRow(
            row.Site.id,
            row.Site.code,
            row.Site.name,
            row.Site.institution,
            row.Site.digital,
            row.Site.lat,
            row.Site.lon,
            int(row.sessions),
            int(row.mentors),
            int(row.pupils),
            int(row.waiting),
        )
        for row in session.execute(grouped)
    ]


def figures(session: Session, plan_id: str, sites: Sequence[SiteRow]) -> GroupFigures:
    """The plan in numbers; `sites` are its `site_rows`. Three queries."""
    served = _by_class(session, select(Entry.priority_class).join(PlanSeat).where(PlanSeat.plan_id == plan_id))
    unserved = _by_class(
        session,
        select(Entry.priority_class)
        .join(PlanUnserved, PlanUnserved.entry_id == Entry.id)
        .where(PlanUnserved.plan_id == plan_id),
    )
    mentors = session.scalar(select(func.count(PlanMentor.mentor_id.distinct())).where(PlanMentor.plan_id == plan_id))
    classes = sorted(served.keys() | unserved.keys())
    by_class = [(one, served.get(one, 0), served.get(one, 0) + unserved.get(one, 0)) for one in classes]
    return GroupFigures(
        pupils=sum(served.values()),
        entries=sum(served.values()) + sum(unserved.values()),
        sessions=sum(site.sessions for site in sites),
        mentors=mentors or 0,
        sites=len(sites),
        sites_waiting=sum(site.waiting > 0 for site in sites),
        by_class=by_class,
    )


def waiting_by_level(session: Session, plan_id: str, site_id: str) -> list[tuple[str, str, int]]:
    """Pupils without a place whose first choice is at the site, by level: (level, commonest reason's code, pupils)."""
    statement = _waiting(select(Level.code, PlanUnserved.reasons), plan_id, site_id)
    rows = session.execute(statement.order_by(Level.position, Level.code)).all()
    found: dict[str, dict[str, int]] = {}
    for level, reasons in rows:
        codes = found.setdefault(level, {})
        first = max(reasons, key=lambda reason: reason["count"])["code"] if reasons else "no_choices"
        codes[first] = codes.get(first, 0) + 1
    return [(level, max(codes, key=lambda code: codes[code]), sum(codes.values())) for level, codes in found.items()]


def waiting_page(session: Session, plan_id: str, season_id: str, asked: Window, site_id: str = "") -> Page[WaitingRow]:
    """One page of the pupils without a place, as numbers in queue order, with their choices. Three queries.

    site_id: only those whose first choice is there; "" for the whole country.
    """
    numbered = (
        select(
            Entry.id,
            func.row_number()
            .over(
                order_by=(Entry.priority_class, Entry.joined_on, Entry.lottery_number, Entry.id),
                partition_by=Entry.programme_id,
            )
            .label("position"),
        )
        .where(Entry.season_id == season_id, Entry.state != EntryState.LEFT)
        .subquery()
    )
    shown = (Entry, PlanUnserved, Level.code.label("level"), numbered.c.position)
    statement = _waiting(select(*shown), plan_id, site_id).join(numbered, numbered.c.id == Entry.id)
    page = page_of(
        session,
        statement,
        asked,
        {
            "position": (numbered.c.position, Entry.id),
            "level": (Level.position, Level.code, numbered.c.position, Entry.id),
            "ahead": (PlanUnserved.ahead, numbered.c.position, Entry.id),
        },
    )
    choices = _choices(session, [row.Entry.id for row in page.items])
    return page.map(
        lambda row: WaitingRow(
            row.Entry.id,
            row.position,
            row.level,
            row.Entry.grade,
            row.Entry.priority_class,
            row.Entry.priority_reason,
            row.PlanUnserved.ahead,
            row.PlanUnserved.reasons,
            choices.get(row.Entry.id, []),
            row.PlanUnserved.smallest_change,
        )
    )


def session_places(session: Session, session_ids: Collection[str]) -> dict[str, Choice]:
    """Sessions by id, as a pupil chooses them. One query."""
    rows = session.execute(
        select(GroupSession.id, Site.name, GroupSession.weekday, GroupSession.starts)
        .join(Site, GroupSession.site_id == Site.id)
        .where(GroupSession.id.in_(session_ids))
    )
    return {row[0]: Choice(*row) for row in rows}


def reason_counts(session: Session, plan_id: str) -> list[tuple[str, int]]:
    """How many of the pupils without a place meet each reason in some choice, commonest first. One query."""
    counted: dict[str, int] = {}
    for reasons in session.scalars(select(PlanUnserved.reasons).where(PlanUnserved.plan_id == plan_id)):
        for reason in reasons:
            counted[reason["code"]] = counted.get(reason["code"], 0) + 1
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def site_by_code(session: Session, code: str) -> Site | None:
    """A site by the code in its page's address."""
    return session.scalars(select(Site).where(Site.code == code)).one_or_none()


class _Counts:
    """Pupils, mentors and waiting pupils of each session under one plan, as columns to select and sort by."""

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id
        self._pupils = _per_session(select(PlanSeat.session_id, func.count()).where(PlanSeat.plan_id == plan_id))
        self._mentors = _per_session(select(PlanMentor.session_id, func.count()).where(PlanMentor.plan_id == plan_id))
        self._waiting = _per_session(
            select(EntryChoice.session_id, func.count())
            .join(PlanUnserved, PlanUnserved.entry_id == EntryChoice.entry_id)
            .where(PlanUnserved.plan_id == plan_id, EntryChoice.rank == 1)
        )
        self.pupils = func.coalesce(self._pupils.c.many, 0)
        self.mentors = func.coalesce(self._mentors.c.many, 0)
        self.waiting = func.coalesce(self._waiting.c.many, 0)
        taught = self.mentors * GroupSession.ratio
        self.free = case((taught < GroupSession.seats, taught), else_=GroupSession.seats) - self.pupils

    def join(self, statement: Statement) -> Statement:
        """The statement with site, session and this plan's counts joined."""
        opened = and_(PlanSession.session_id == GroupSession.id, PlanSession.plan_id == self.plan_id)
        statement = statement.select_from(GroupSession).join(Site, GroupSession.site_id == Site.id)
        statement = statement.outerjoin(PlanSession, opened)
        for counted in (self._pupils, self._mentors, self._waiting):
            statement = statement.outerjoin(counted, counted.c.session_id == GroupSession.id)
        return statement

    def sessions(self, season_id: str, site_id: str) -> Statement:
        """One row a session of the season, of one site where it is given."""
        statement = select(
            GroupSession,
            Site.code.label("site_code"),
            Site.name.label("site"),
            Room.name.label("room"),
            PlanSession.session_id.is_not(None).label("is_open"),
            self.mentors.label("mentors"),
            self.pupils.label("pupils"),
            self.waiting.label("waiting"),
        )
        statement = self.join(statement).outerjoin(Room, GroupSession.room_id == Room.id)
        statement = statement.where(GroupSession.season_id == season_id, GroupSession.state == SessionState.ACTIVE)
        return statement.where(GroupSession.site_id == site_id) if site_id else statement


def _per_session(statement: Statement) -> Any:
    session_id, many = statement.selected_columns
    return statement.with_only_columns(session_id, many.label("many")).group_by(session_id).subquery()


def _session_row(row: Any) -> SessionRow:
    held = row.GroupSession
    return SessionRow(
        held.id,
        held.site_id,
        row.site_code,
        row.site,
        row.room,
        held.weekday,
        held.starts,
        held.ends,
        held.seats,
        held.ratio,
        held.target,
        held.min_pupils,
        bool(row.is_open),
        row.mentors,
        row.pupils,
        row.waiting,
    )


def _add_levels(session: Session, plan_id: str, rows: Sequence[SessionRow]) -> None:
    by_id = {row.id: row for row in rows}
    levels = session.execute(
        select(PlanSeat.session_id, Level.code)
        .join(Entry, PlanSeat.entry_id == Entry.id)
        .join(Level, Entry.level_id == Level.id)
        .where(PlanSeat.plan_id == plan_id, PlanSeat.session_id.in_(by_id))
        .group_by(PlanSeat.session_id, Level.code, Level.position)
        .order_by(Level.position, Level.code)
    )
    for session_id, code in levels:
        by_id[session_id].levels.append(code)


def _by_class(session: Session, statement: Statement) -> dict[int, int]:
    counted = statement.add_columns(func.count().label("many")).group_by(Entry.priority_class)
    return {row.priority_class: row.many for row in session.execute(counted)}


def _waiting(statement: Statement, plan_id: str, site_id: str) -> Statement:
    """The statement over pupils without a place; with a site, those whose first choice is there."""
    statement = (
        statement.select_from(PlanUnserved)
        .join(Entry, PlanUnserved.entry_id == Entry.id)
        .join(Level, Entry.level_id == Level.id)
        .where(PlanUnserved.plan_id == plan_id)
    )
    if not site_id:
        return statement
    first = and_(EntryChoice.entry_id == Entry.id, EntryChoice.rank == 1)
    statement = statement.join(EntryChoice, first).join(GroupSession, EntryChoice.session_id == GroupSession.id)
    return statement.where(GroupSession.site_id == site_id)


def _choices(session: Session, entries: Sequence[str]) -> dict[str, list[Choice]]:
    """Each entry's choices, best first."""
    found: dict[str, list[Choice]] = {}
    for row in session.execute(
        select(EntryChoice.entry_id, GroupSession.id, Site.name, GroupSession.weekday, GroupSession.starts)
        .join(GroupSession, EntryChoice.session_id == GroupSession.id)
        .join(Site, GroupSession.site_id == Site.id)
        .where(EntryChoice.entry_id.in_(entries))
        .order_by(EntryChoice.entry_id, EntryChoice.rank)
    ):
        found.setdefault(row.entry_id, []).append(Choice(row.id, row.name, row.weekday, row.starts))
    return found
