"""What a run came to, beyond its own row: its plan's status and goals, who ordered it, and conflicts by name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api.domain.enums import PlanStatus, RunKind
from api.models.access import User
from api.models.groups import GroupSession, Site
from api.models.people import Person
from api.models.places import School
from api.models.planning import Plan, PlanGoal, Run
from api.models.programmes import ProgrammeRuleVersion, Season
from api.models.visits import Request
from api.queries import season_now
from api.queries.runs import RunView

_PATH = re.compile(r"([a-z_]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Story:
    """status, goals, conflicts: of the run's plan, None and empty before there is one. classes: priority groups.

    changed: how much of the plan was left out when it was written. queue_first: the programme's choice rule.
    """

    season: str
    ordered_by: str | None
    classes: int
    status: PlanStatus | None
    goals: Sequence[PlanGoal]
    conflicts: Sequence[Any]
    seconds: float
    locks: int
    changed: int = 0
    queue_first: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Things that cannot all stand. code: the broken rule's. places: schools, or sites with their evening."""

    code: str
    places: list[tuple[str, int | None, time | None]]


def story(session: Session, run: RunView) -> Story:
    """The run's surroundings, in at most four queries."""
    season, rules, ordered_by = session.execute(
        select(Season.name, ProgrammeRuleVersion.settings, Person.name)
        .select_from(Run)
        .join(Season, Run.season_id == Season.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .outerjoin(User, Run.requested_by_id == User.id)
        .outerjoin(Person, User.person_id == Person.id)
        .where(Run.id == run.id)
    ).one()
    classes = int(rules.get("classes", 3))
    plan = session.get(Plan, run.plan_id, options=[selectinload(Plan.goals)]) if run.plan_id else None
    if plan is None:
        return Story(season, ordered_by, classes, None, (), (), 0.0, 0)
    seconds = float(plan.certificate.get("seconds", 0.0))
    locks = season_now.locks(session, plan)
    changed, queue_first = len(plan.changed_since), rules.get("placement") == "queue_first"
    return Story(
        season, ordered_by, classes, plan.status, plan.goals, plan.conflicts, seconds, locks, changed, queue_first
    )


def results(session: Session, plan_ids: Sequence[str]) -> dict[str, tuple[PlanStatus, dict[str, int]]]:
    """Status and goal values of some plans, by plan id, in two queries."""
    statuses = session.execute(select(Plan.id, Plan.status).where(Plan.id.in_(plan_ids))).all()
    values: dict[str, dict[str, int]] = {}
    goals = select(PlanGoal.plan_id, PlanGoal.name, PlanGoal.value).where(PlanGoal.plan_id.in_(plan_ids))
    for plan_id, name, value in session.execute(goals):
        values.setdefault(plan_id, {})[name] = value
    return {plan_id: (status, values.get(plan_id, {})) for plan_id, status in statuses}


def conflicts(session: Session, run: RunView, found: Story) -> list[Conflict]:
    """The conflicts of an impossible problem, by the names of schools and sites; empty when there are none."""
    text = session.scalar(select(Run.problem).where(Run.id == run.id)) if found.conflicts else None
    if text is None:
        return []
    problem = json.loads(text)
    read = [(str(one["code"]), [_item(problem, str(path)) for path in one["items"]]) for one in found.conflicts]
    places = _places(session, run.kind, [item for _, items in read for item in items])
    return [Conflict(code, [places[key] for key in map(_key, items) if key in places]) for code, items in read]


def _item(problem: Any, path: str) -> dict[str, Any]:
    """What a path such as `fixed.pupils[3]` points at, {} when it leads nowhere."""
    for name, index in _PATH.findall(path):
        try:
            problem = problem[name] if name else problem[int(index)]
        except (KeyError, IndexError, TypeError):
            return {}
    return problem if isinstance(problem, dict) else {}


def _key(item: dict[str, Any]) -> str:
    """The id of the row that gives an item its name: its request or its session."""
    return str(item.get("request") or item.get("session") or item.get("id") or "")


def _places(
    session: Session, kind: RunKind, items: Sequence[dict[str, Any]]
) -> dict[str, tuple[str, int | None, time | None]]:
    keys = {_key(item) for item in items}
    if kind is RunKind.VISIT:
        schools = select(Request.id, School.name).join(School, Request.school_id == School.id)
        return {row.id: (row.name, None, None) for row in session.execute(schools.where(Request.id.in_(keys)))}
    sessions = select(GroupSession.id, Site.name, GroupSession.weekday, GroupSession.starts).join(
        Site, GroupSession.site_id == Site.id
    )
    found = session.execute(sessions.where(GroupSession.id.in_(keys)))
    return {row.id: (row.name, row.weekday, row.starts) for row in found}
