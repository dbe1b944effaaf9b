"""Whom a plan of visits keeps in reserve: who stands by on which date, for which of its visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.places import School
from api.models.plan_rows import PlanVisit
from api.models.planning import Plan, Run
from api.models.visits import Request
from api.queries import people_and_topics
from api.queries.visit_plan import Assigned


@dataclass(frozen=True, slots=True)
class StandsFor:
    """A visit that somebody stands by for."""

    visit_id: str
    school: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Reserve:
    """A role model kept free on a date; called in the order of the visits."""

    person: Assigned
    day: date
    visits: tuple[StandsFor, ...]


@dataclass(frozen=True, slots=True)
class StandIns:
    """people in reserve; shares of the plan's visits that are expected to be held, 0 to 1, without and with them.

    reached: as many visits as were wanted. proven: not with fewer people, or, where it is out of reach, no more visits.
    """

    people: int
    share_without: float
    share: float
    reached: bool
    proven: bool
    reserves: tuple[Reserve, ...]


def stand_ins(session: Session, plan_id: str) -> StandIns | None:
    """In three queries; None where they were not worked out, or are no longer kept.

    What has left the plan since it was solved is left out, and those who stand by for nothing else.
    """
    kept: dict[str, Any] | None = session.scalar(
        select(Run.stand_ins).join(Plan, Plan.run_id == Run.id).where(Plan.id == plan_id)
    )
    if kept is None:
        return None
    rows: Sequence[Any] = session.execute(
        select(PlanVisit.id, PlanVisit.request_id, PlanVisit.starts_at, PlanVisit.ends_at, School.name)
        .join(Request, PlanVisit.request_id == Request.id)
        .join(School, Request.school_id == School.id)
        .where(PlanVisit.plan_id == plan_id)
    ).all()
    visits = {row.request_id: StandsFor(row.id, row.name, row.starts_at, row.ends_at) for row in rows}
    people = people_and_topics.role_models(session, {one["role_model"] for one in kept["reserves"]})
    reserves = []
    for one in kept["reserves"]:
        those = sorted((visits[v] for v in one["visits"] if v in visits), key=lambda visit: visit.starts_at)
        if those and one["role_model"] in people:
            reserves.append(Reserve(people[one["role_model"]], date.fromisoformat(one["date"]), tuple(those)))
    shares = {name: kept[name] for name in ("people", "share_without", "share", "reached", "proven")}
    return StandIns(**shares, reserves=tuple(reserves))
