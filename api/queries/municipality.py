"""One municipality in a season, for a page that ends in what we ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import AlternativeState, RequestState, SchoolStatus, VisitState, WindowKind
from api.models.follow_up import Alternative
from api.models.places import Municipality, School
from api.models.programmes import Season, VisitWeek, Window
from api.models.visits import Request, Visit
from api.queries import paging, school_reach
from api.queries.paging import Page
from api.queries.school_reach import COMING, ORDERED, Town

WEEK = timedelta(days=7)
HIDDEN_BELOW = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """Schools with the same grades. visited: with a visit held in the season."""

    lowest_grade: int | None
    highest_grade: int | None
    schools: int
    visited: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """A school with requests in the season. pupils: None where they are fewer than 5 or not said.

    answer_on: the first promise among requests that wait. alternatives: other offers the school can choose among.
    """

    id: str
    name: str
    lowest_grade: int | None
    highest_grade: int | None
    classes: int
    pupils: int | None
    last: datetime | None
    next: datetime | None
    answer_on: date | None
    alternatives: int


@dataclass(frozen=True, slots=True)
class Municipal:
    """What a municipality's page shows. met: pupils in visits held, None where fewer than 5.

    week: the visit week under way or next, and week_visits those that are to be, or were, in it. window: the booking
    period under way or next. has_later_week: whether a visit week is set for a later season.
    """

    town: Town
    met: int | None
    week: VisitWeek | None
    week_visits: int
    kinds: Sequence[Kind]
    window: Window | None
    has_later_week: bool


def municipal(session: Session, season: Season, municipality_id: str) -> Municipal | None:
    """The page of a municipality, None for one that is not there; a fixed number of queries."""
    found = school_reach.towns(session, season, municipality_id)
    if not found:
        return None
    town = found[0]
    today = clock.today()
    week = next((one for one in town.weeks if one.monday + WEEK > today), town.weeks[-1] if town.weeks else None)
    return Municipal(
        town,
        _met(session, season.id, municipality_id),
        week,
        _visits_in(session, municipality_id, week) if week else 0,
        _kinds(session, season.id, municipality_id),
        _window(session),
        _has_later_week(session, season, municipality_id),
    )


def ordered(session: Session, season: Season, municipality_id: str, asked: paging.Window) -> Page[Ordered]:
    """The municipality's schools with requests in the season. Sorts: name; two queries."""
    waits = case((Request.state == RequestState.OPEN, Request.answer_on))
    alternatives = (
        select(func.count(Alternative.id))
        .select_from(Alternative)
        .where(Alternative.state == AlternativeState.OPEN, Alternative.request_id == Request.id)
        .correlate(Request)
        .scalar_subquery()
    )
    per_request = (
        select(Request.school_id, Request.classes, Request.pupils, waits.label("waits"), alternatives.label("others"))
        .join(School, Request.school_id == School.id)
        .where(
            Request.season_id == season.id,
            Request.state.in_(ORDERED),
            School.municipality_id == municipality_id,
        )
        .subquery()
    )
    asked_for = (
        select(
            per_request.c.school_id,
            func.sum(per_request.c.classes).label("classes"),
            func.sum(per_request.c.pupils).label("pupils"),
            func.min(per_request.c.waits).label("waits"),
            func.sum(per_request.c.others).label("others"),
        )
        .group_by(per_request.c.school_id)
        .subquery()
    )
    statement = select(
        School.id,
        School.name,
        School.lowest_grade,
        School.highest_grade,
        asked_for.c.classes,
        asked_for.c.pupils,
        asked_for.c.waits,
        asked_for.c.others,
        school_reach.last_visit().label("last"),
        school_reach.next_visit().label("next"),
    ).join(asked_for, asked_for.c.school_id == School.id)
    return paging.page_of(session, statement, asked, {"name": (School.name, School.id)}).map(_ordered)


def visible(pupils: int | None) -> int | None:
    """A count of pupils as it may be shown: None below 5."""
    return None if pupils is None or pupils < HIDDEN_BELOW else pupils


def _ordered(row: Any) -> Ordered:
    return Ordered(
        row.id,
        row.name,
        row.lowest_grade,
        row.highest_grade,
        int(row.classes),
        visible(None if row.pupils is None else int(row.pupils)),
        row.last,
        row.next,
        row.waits,
        int(row.others or 0),
    )


def _met(session: Session, season_id: str, municipality_id: str) -> int | None:
    found = session.scalar(
        select(func.sum(Request.pupils))
        .join(Visit, Visit.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .where(
            Request.season_id == season_id,
            Visit.state == VisitState.HELD,
            School.municipality_id == municipality_id,
        )
    )
    return visible(None if found is None else int(found))


def _visits_in(session: Session, municipality_id: str, week: VisitWeek) -> int:
    starts = clock.at_local(week.monday, datetime.min.time())
    counted = session.scalar(
        select(func.count(Visit.id))
        .join(Request, Visit.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .where(
            School.municipality_id == municipality_id,
            Visit.state.in_((*COMING, VisitState.HELD)),
            Visit.starts_at >= starts,
            Visit.starts_at < clock.at_local(week.monday + WEEK, datetime.min.time()),
        )
    )
    return counted or 0


def _kinds(session: Session, season_id: str, municipality_id: str) -> list[Kind]:
    visited = school_reach.held_in(season_id)
    rows = session.execute(
        select(
            School.lowest_grade,
            School.highest_grade,
            func.count(School.id),
            func.sum(case((School.id.in_(visited), 1), else_=0)),
        )
        .where(School.municipality_id == municipality_id, School.status == SchoolStatus.ACTIVE)
        .group_by(School.lowest_grade, School.highest_grade)
        .order_by(School.lowest_grade, School.highest_grade)
    )
    return [Kind(lowest, highest, count, int(held)) for lowest, highest, count, held in rows]


def _window(session: Session) -> Window | None:
    return session.scalars(
        select(Window)
        .where(Window.kind == WindowKind.REQUEST, Window.closes_at > clock.now())
        .order_by(Window.opens_at, Window.id)
        .limit(1)
    ).first()


def _has_later_week(session: Session, season: Season, municipality_id: str) -> bool:
    later = (
        select(VisitWeek.id)
        .join(Season, VisitWeek.season_id == Season.id)
        .where(and_(VisitWeek.municipality_id == municipality_id, Season.starts_on > season.ends_on))
        .limit(1)
    )
    return session.scalar(later) is not None


def name_of(session: Session, municipality_id: str) -> str | None:
    """What a municipality is called, None for one that is not there."""
    found = session.get(Municipality, municipality_id)
    return found.name if found else None
