"""Where the visits of a plan are, for the map and the list beside it: by municipality, or school by school in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from api.models.places import Municipality, School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.visits import Request
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

SORTS = ("name", "visits", "classes", "unserved")


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A municipality or a school. classes: of the visits. lat, lon: the school's, or the middle of its schools'."""

    id: str
    name: str
    lat: float
    lon: float
    visits: int
    classes: int
    unserved: int


def municipality_page(session: Session, plan_id: str, asked: Window) -> Page[PlaceRow]:
    """One page of the municipalities with requests in the plan, in two queries."""
    return _page(session, _places(plan_id, Municipality), Municipality, asked)


def school_page(session: Session, plan_id: str, municipality_id: str, asked: Window) -> Page[PlaceRow]:
    """One page of the schools of a municipality with requests in the plan, in two queries."""
    statement = _places(plan_id, School).where(School.municipality_id == municipality_id)
    return _page(session, statement, School, asked)


def municipality_points(session: Session, plan_id: str) -> Sequence[PlaceRow]:
    """Every municipality with requests in the plan, the busiest first, in one query."""
    return _points(session, _places(plan_id, Municipality))


def school_points(session: Session, plan_id: str, municipality_id: str) -> Sequence[PlaceRow]:
    """Every school of a municipality with requests in the plan, in one query."""
    return _points(session, _places(plan_id, School).where(School.municipality_id == municipality_id))


def municipality_names(session: Session, plan_id: str) -> list[tuple[str, str]]:
    """(id, name) of the municipalities with requests in the plan, by name, in one query."""
    asked = _asked(plan_id)
    rows = session.execute(
        select(Municipality.id, Municipality.name)
        .where(Municipality.id.in_(select(School.municipality_id).join(asked, asked.c.school_id == School.id)))
        .order_by(by_name(Municipality.name), Municipality.id)
    )
    return [(row.id, row.name) for row in rows]


def _asked(plan_id: str) -> Any:
    """School, classes and whether a visit comes, for each request the plan decides on."""
    served = (
        select(Request.school_id, Request.classes, literal(1).label("visit"))
        .join(PlanVisit, PlanVisit.request_id == Request.id)
        .where(PlanVisit.plan_id == plan_id)
    )
    unserved = (
        select(Request.school_id, Request.classes, literal(0).label("visit"))
        .join(PlanUnserved, PlanUnserved.request_id == Request.id)
        .where(PlanUnserved.plan_id == plan_id)
    )
    return union_all(served, unserved).subquery("asked")


def _places(plan_id: str, place: type[Municipality] | type[School]) -> Select[Any]:
    asked = _asked(plan_id)
    return (
        select(
            place.id,
            place.name,
            func.avg(School.lat).label("lat"),
            func.avg(School.lon).label("lon"),
            func.sum(asked.c.visit).label("visits"),
            func.sum(asked.c.visit * asked.c.classes).label("classes"),
            func.sum(1 - asked.c.visit).label("unserved"),
        )
        .select_from(asked)
        .join(School, asked.c.school_id == School.id)
        .join(Municipality, School.municipality_id == Municipality.id)
        .group_by(place.id, place.name)
    )


def _page(
    session: Session, statement: Select[Any], place: type[Municipality] | type[School], asked: Window
) -> Page[PlaceRow]:
    columns = statement.selected_columns
    sorts = {
        "name": (place.name, place.id),
        **{key: (columns[key], place.name, place.id) for key in ("visits", "classes", "unserved")},
    }
    return page_of(session, statement, asked, sorts).map(_place_row)


def _points(session: Session, statement: Select[Any]) -> Sequence[PlaceRow]:
    columns = statement.selected_columns
    busiest = statement.order_by((columns.visits + columns.unserved).desc(), columns.name, columns.id)
    return [_place_row(row) for row in session.execute(busiest)]


def _place_row(row: Any) -> PlaceRow:
    return PlaceRow(row.id, row.name, row.lat, row.lon, int(row.visits), int(row.classes), int(row.unserved))
