"""Which requests got a visit in a plan: by municipality, way to role models, size of the school, mode, first visit.

Read after a plan. Nothing here is imported by what makes problems or plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.equality import Line, compare
from api.models.places import Municipality, School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.visits import Request
from api.queries.equality import NOT_GIVEN, SIZES
from api.queries.stories import VisitFacts, visit_facts

WAYS = ((15, "1_minutes"), (30, "2_minutes"), (60, "3_minutes"), (10**9, "4_minutes"))
"""Minutes from the nearest home of a role model who comes to schools: up to the figure."""

FIRST, AGAIN = "first", "again"


@dataclass(frozen=True, slots=True)
class VisitReport:
    """The comparison by each of the five, in the order of a page."""

    municipality: list[Line]
    way: list[Line]
    school_size: list[Line]
    mode: list[Line]
    first_visit: list[Line]


def visit_report(session: Session, plan_id: str) -> VisitReport:
    """Every request of the plan, in one query once the plan's facts are kept. Raises NotFound."""
    facts = visit_facts(session, plan_id)
    rows = _requests(session, plan_id)
    ways = _ways(facts, {row.school_id for row in rows})
    return VisitReport(
        compare(((row.municipality, row.has_visit) for row in rows), gather=True, of_people=False),
        compare(((ways[row.school_id], row.has_visit) for row in rows), of_people=False),
        compare(((_size(row.pupils), row.has_visit) for row in rows), of_people=False),
        compare(((row.mode.value, row.has_visit) for row in rows), of_people=False),
        compare(((_first(facts, row.id), row.has_visit) for row in rows), of_people=False),
    )


def _requests(session: Session, plan_id: str) -> Sequence[Any]:
    visit = select(PlanVisit.request_id).where(PlanVisit.plan_id == plan_id)
    without = select(PlanUnserved.request_id).where(PlanUnserved.plan_id == plan_id)
    statement = (
        select(
            Request.id,
            Request.school_id,
            Request.mode,
            School.pupils,
            Municipality.name.label("municipality"),
            Request.id.in_(visit).label("has_visit"),
        )
        .join(School, Request.school_id == School.id)
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(Request.id.in_(visit) | Request.id.in_(without.where(PlanUnserved.request_id.is_not(None))))
    )
    return session.execute(statement).all()


def _ways(facts: VisitFacts, schools: set[str]) -> dict[str, str]:
    """How far the nearest role model who comes to schools lives, for each school; unknown to the plan: not given."""
    people = facts.story.facts
    comes = people.offers_mode["physical"]
    found = dict.fromkeys(schools, NOT_GIVEN)
    with facts.mutex:
        for school in schools & people.schools.keys() if comes.any() else ():
            nearest = int(people.minutes_to(school)[comes].min())
            found[school] = next(name for most, name in WAYS if nearest <= most)
    return found


def _size(pupils: int | None) -> str:
    return NOT_GIVEN if pupils is None else next(name for most, name in SIZES if pupils < most)


def _first(facts: VisitFacts, request_id: str) -> str:
    if not facts.knows(request_id):
        return NOT_GIVEN
    return FIRST if request_id in facts.first_visits else AGAIN
