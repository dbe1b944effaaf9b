"""Which schools the visits reach: who ordered, who had a visit and when, who never had one; by municipality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestState, SchoolStatus, VisitState
from api.domain.school_days import months_before
from api.models.companies import Agreement, agreement_municipality
from api.models.places import Municipality, School
from api.models.programmes import Season, VisitWeek
from api.models.visits import Request, Visit
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

RECENT_MONTHS = 12
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # what never was sorts before all that was
ORDERED = (RequestState.OPEN, RequestState.VISIT, RequestState.DECLINED)
COMING = (VisitState.PLANNED, VisitState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality with visit weeks or agreements. schools: open ones. ordered, visited: of these, in the season.

    never: without a visit that was ever held. In every count a school counts once.
    """

    id: str
    name: str
    weeks: Sequence[VisitWeek]
    schools: int
    ordered: int
    visited: int
    never: int

    @property
    def not_ordered(self) -> int:
        return self.schools - self.ordered

    @property
    def share(self) -> float:
        """Of its schools, how many had a visit: 0 to 1."""
        return self.visited / self.schools if self.schools else 0.0


@dataclass(frozen=True, slots=True)
class Reached:
    """A school and its visits. last, next: of visits held, and to come. recent: visits held in the last 12 months."""

    id: str
    name: str
    municipality_id: str
    municipality: str
    lowest_grade: int | None
    highest_grade: int | None
    last: datetime | None
    next: datetime | None
    recent: int
    ordered: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """Open schools in all, and of these: with a visit in the last 12 months, with one ever, and with one to come."""

    schools: int
    recent: int
    ever: int
    coming: int

    @property
    def never(self) -> int:
        return self.schools - self.ever


@dataclass(frozen=True, slots=True)
class Filter:
    """municipality: its id. visits: never, not_recent, recent, or "" for all. text: a part of the school's name."""

    municipality: str = ""
    visits: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TownCoverage:
    """A municipality's open schools and how many of them the visits reach."""

    id: str
    name: str
    schools: int
    recent: int
    ever: int

    @property
    def never(self) -> int:
        return self.schools - self.ever


def towns(session: Session, season: Season, municipality_id: str = "") -> list[Town]:
    """Municipalities with visit weeks or agreements in a season, by name; four queries."""
    weeks: defaultdict[str, list[VisitWeek]] = defaultdict(list)
    for week in session.scalars(
        select(VisitWeek).where(VisitWeek.season_id == season.id).order_by(VisitWeek.monday, VisitWeek.id)
    ):
        weeks[week.municipality_id].append(week)
    named = session.scalars(
        select(agreement_municipality.c.municipality_id)
        .join(Agreement, agreement_municipality.c.agreement_id == Agreement.id)
        .where(Agreement.season_id == season.id)
        .distinct()
    )
    wanted = {*weeks, *named} if not municipality_id else {municipality_id}
    ordered, visited, ever = ordered_in(season.id), held_in(season.id), _held_ever()
    rows = session.execute(
        select(
            Municipality.id,
            Municipality.name,
            func.count(School.id),
            _count_if(School.id.in_(ordered)),
            _count_if(School.id.in_(visited)),
            _count_if(School.id.not_in(ever)),
        )
        .outerjoin(School, and_(School.municipality_id == Municipality.id, School.status == SchoolStatus.ACTIVE))
        .where(Municipality.id.in_(wanted))
        .group_by(Municipality.id, Municipality.name)
        .order_by(by_name(Municipality.name), Municipality.id)
    )
    return [
        Town(id_, name, weeks[id_], schools, int(asked), int(held), int(never) if schools else 0)
        for id_, name, schools, asked, held, never in rows
    ]


def coverage(session: Session, wanted: Filter) -> Coverage:
    """The figures above the list; one query."""
    row = session.execute(
        select(
            func.count(School.id),
            _count_if(School.id.in_(_held_since())),
            _count_if(School.id.in_(_held_ever())),
            _count_if(School.id.in_(_coming())),
        ).where(*_conditions(Filter(wanted.municipality)))
    ).one()
    return Coverage(*(int(value or 0) for value in row))


def schools(session: Session, asked: Window, wanted: Filter, season_id: str = "") -> Page[Reached]:
    """Open schools with their visits. Sorts: name, municipality, last, recent; two queries."""
    last, ahead, recent, ordered = last_visit(), next_visit(), _recent(), School.id.in_(ordered_in(season_id))
    statement = (
        select(
            School.id,
            School.name,
            School.municipality_id,
            Municipality.name.label("town"),
            School.lowest_grade,
            School.highest_grade,
            last.label("last"),
            ahead.label("next"),
            recent.label("recent"),
            ordered.label("ordered"),
        )
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(*_conditions(wanted))
    )
    columns = {
        "name": (School.name, School.id),
        "municipality": (Municipality.name, School.name, School.id),
        "last": (func.coalesce(last, LONG_AGO), School.id),
        "recent": (recent, School.name, School.id),
    }
    return page_of(session, statement, asked, columns).map(_reached)


def town_coverage(session: Session, asked: Window) -> Page[TownCoverage]:
    """Municipalities with open schools. Sorts: name, schools, recent, never; two queries."""
    recent, ever = _count_if(School.id.in_(_held_since())), _count_if(School.id.in_(_held_ever()))
    statement = (
        select(
            Municipality.id,
            Municipality.name,
            func.count(School.id).label("schools"),
            recent.label("recent"),
            ever.label("ever"),
        )
        .join(School, School.municipality_id == Municipality.id)
        .where(School.status == SchoolStatus.ACTIVE)
        .group_by(Municipality.id, Municipality.name)
    )
    columns = {
        "name": (Municipality.name, Municipality.id),
        "schools": (func.count(School.id), Municipality.id),
        "recent": (recent, Municipality.id),
        "never": (func.count(School.id) - ever, Municipality.id),
    }
    page = page_of(session, statement, asked, columns)
    return page.map(lambda row: TownCoverage(row.id, row.name, row.schools, int(row.recent), int(row.ever)))


def municipalities(session: Session) -> list[tuple[str, str]]:
    """Municipalities that have an open school: id and name, by name."""
    rows = session.execute(
        select(Municipality.id, Municipality.name)
        .where(
            Municipality.id.in_(select(School.municipality_id).where(School.status == SchoolStatus.ACTIVE).distinct())
        )
        .order_by(by_name(Municipality.name), Municipality.id)
    )
    return [(row.id, row.name) for row in rows]


def _reached(row: Any) -> Reached:
    return Reached(
        row.id,
        row.name,
        row.municipality_id,
        row.town,
        row.lowest_grade,
        row.highest_grade,
        row.last,
        row.next,
        int(row.recent),
        bool(row.ordered),
    )


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [School.status == SchoolStatus.ACTIVE]
    if wanted.municipality:
        asked.append(School.municipality_id == wanted.municipality)
    if wanted.text:
        asked.append(School.name.icontains(wanted.text, autoescape=True))
    match wanted.visits:
        case "never":
            asked.append(School.id.not_in(_held_ever()))
        case "not_recent":
            asked.append(School.id.not_in(_held_since()))
        case "recent":
            asked.append(School.id.in_(_held_since()))
    return asked


def _since() -> datetime:
    return clock.at_local(months_before(clock.today(), RECENT_MONTHS), datetime.min.time())


def _visits(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(Request.school_id).join(Visit, Visit.request_id == Request.id).where(*conditions)


def _held_ever() -> Select[Any]:
    return _visits(Visit.state == VisitState.HELD)


def _held_since() -> Select[Any]:
    return _visits(Visit.state == VisitState.HELD, Visit.starts_at >= _since())


def held_in(season_id: str) -> Select[Any]:
    """Ids of schools with a visit held in a season."""
    return _visits(Visit.state == VisitState.HELD, Request.season_id == season_id)


def _coming() -> Select[Any]:
    return _visits(Visit.state.in_(COMING), Visit.starts_at > clock.now())


def ordered_in(season_id: str) -> Select[Any]:
    """Ids of schools with a request in a season."""
    return select(Request.school_id).where(Request.season_id == season_id, Request.state.in_(ORDERED))


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _of_school(value: Any, *conditions: ColumnElement[bool]) -> Any:
    return (
        select(value)
        .select_from(Visit)
        .join(Request, Visit.request_id == Request.id)
        .where(Request.school_id == School.id, *conditions)
        .correlate(School)
        .scalar_subquery()
    )


def last_visit() -> Any:
    """A school's last visit that was held, beside a row of School."""
    return _of_school(func.max(Visit.starts_at), Visit.state == VisitState.HELD)


def next_visit() -> Any:
    """A school's next visit that is to be, beside a row of School."""
    return _of_school(func.min(Visit.starts_at), Visit.state.in_(COMING), Visit.starts_at > clock.now())


def _recent() -> Any:
    return _of_school(func.count(Visit.id), Visit.state == VisitState.HELD, Visit.starts_at >= _since())
