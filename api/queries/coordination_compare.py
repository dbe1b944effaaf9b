"""Two plans side by side: goals, and what changes for whom from the first to the second."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from api.domain.enums import Mode, RunKind, Sense
from api.domain.permissions import Action, Actor, reach
from api.errors import InvalidInput, NotFound
from api.i18n import gettext
from api.models.groups import GroupSession, Site
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import PlanSeat, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.queries import seasons
from api.queries.names import by_name
from api.queries.paging import Page

LOST, GAINED, MOVED, PEOPLE = "lost", "gained", "moved", "people"
CHANGES = (LOST, GAINED, MOVED, PEOPLE)
MOST_PLANS = 30
RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class GoalPair:
    """A goal in both plans; None where a plan does not have it."""

    name: str
    sense: Sense
    before: int | None
    before_bound: int | None
    after: int | None
    after_bound: int | None

    @property
    def is_better(self) -> bool | None:
        """Whether the second plan's value is the better one; None where they are equal or one is missing."""
        if self.before is None or self.after is None or self.before == self.after:
            return None
        return (self.after > self.before) == (self.sense is Sense.MAX)


@dataclass(frozen=True, slots=True)
class Held:
    """A request's visit in one plan."""

    starts_at: datetime
    mode: Mode
    role_models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitChange:
    """What becomes of a request. names: by role model, empty without the right to them."""

    change: str
    request: str
    reference: str
    school: str
    before: Held | None
    after: Held | None
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class SiteChange:
    """How many pupils a site gains, loses, and moves within itself; and which (entries)."""

    site: str
    name: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """counts: of each kind of change, of requests or pupils. visits or sites, by the kind of plan."""

    kind: RunKind
    before: Plan
    after: Plan
    goals: Sequence[GoalPair]
    counts: dict[str, int]
    visits: Page[VisitChange] | None
    sites: Sequence[SiteChange] | None


def plans_to_compare(session: Session, season_id: str, kind: RunKind) -> list[Plan]:
    """The newest usable plans of a season, newest first, at most 30; one query."""
    statement = (
        select(Plan)
        .where(Plan.season_id == season_id, Plan.kind == kind, Plan.status.in_(seasons.USABLE))
        .order_by(Plan.created_at.desc(), Plan.id.desc())
        .limit(MOST_PLANS)
    )
    return list(session.scalars(statement))


def compare(
    session: Session, actor: Actor, before_id: str, after_id: str, *, number: int = 1, size: int = 25
) -> Comparison:
    """What changes from one plan to another of its kind and season, in at most nine queries.

    number, size: which page of the changed requests. Raises NotFound for a plan that is not there or not the actor's
    to see, InvalidInput for two that cannot be compared.
    """
    found = session.scalars(
        select(Plan).where(Plan.id.in_((before_id, after_id))).options(selectinload(Plan.goals))
    ).all()
    by_id = {plan.id: plan for plan in found if plan.status in seasons.USABLE and _may_see(actor, plan)}
    if before_id not in by_id or after_id not in by_id:
        raise NotFound(gettext("There is no such plan."))
    before, after = by_id[before_id], by_id[after_id]
    if (before.kind, before.season_id) != (after.kind, after.season_id):
        raise InvalidInput(
            gettext("These two plans are of different kinds or seasons."),
            field="with",
            remedy=gettext("Choose two plans of the same season, both for visits or both for study groups."),
        )
    pairs = goals(before, after)
    if before.kind is RunKind.VISIT:
        counts, visits = _visits(session, actor, before_id, after_id, number, size)
        return Comparison(before.kind, before, after, pairs, counts, visits, None)
    sites = _sites(session, actor, before_id, after_id)
    counts = {
        LOST: sum(len(one.lost) for one in sites),
        GAINED: sum(len(one.gained) for one in sites),
        MOVED: sum(len(one.moved) for one in sites),
    }
    return Comparison(before.kind, before, after, pairs, counts, None, sites)


def _may_see(actor: Actor, plan: Plan) -> bool:
    right = Action.SEE_VISIT_PLANS if plan.kind is RunKind.VISIT else Action.SEE_GROUP_PLANS
    return bool(reach(actor, right)) and bool(reach(actor, Action.SEE_GOALS))


def goals(before: Plan, after: Plan) -> list[GoalPair]:
    """The goals of two plans side by side, in the first one's order."""
    first, second = ({goal.name: goal for goal in plan.goals} for plan in (before, after))
    return [
        GoalPair(
            name,
            (first.get(name) or second[name]).sense,
            first[name].value if name in first else None,
            first[name].bound if name in first else None,
            second[name].value if name in second else None,
            second[name].bound if name in second else None,
        )
        for name in dict.fromkeys([*first, *second])
    ]


def _visits(
    session: Session, actor: Actor, before_id: str, after_id: str, number: int, size: int
) -> tuple[dict[str, int], Page[VisitChange]]:
    held = _held(session, (before_id, after_id))
    first, second = held[before_id], held[after_id]
    changes = [
        (CHANGES.index(kind), request, kind)
        for request in first.keys() | second.keys()
        if (kind := _kind(first.get(request), second.get(request))) is not None
    ]
    changes.sort()
    shown = changes[(number - 1) * size : number * size]
    labels = _labels(session, [request for _, request, _ in shown])
    people = {
        person
        for _, request, _ in shown
        for visit in (first.get(request), second.get(request))
        if visit
        for person in visit.role_models
    }
    names = _names(session, people) if reach(actor, Action.SEE_NAMES).everywhere else {}
    rows = [
        VisitChange(kind, request, *labels[request], first.get(request), second.get(request), names)
        for _, request, kind in shown
    ]
    counted = Counter(kind for _, _, kind in changes)
    return {kind: counted[kind] for kind in CHANGES}, Page(rows, len(changes), number, size, "change", False)


def changed_requests(session: Session, before_id: str, after_id: str) -> set[str]:
    """Requests of the second plan whose visit is another than in the first, or new; two queries."""
    held = _held(session, (before_id, after_id))
    return {one for one, visit in held[after_id].items() if _kind(held[before_id].get(one), visit) is not None}


def _kind(before: Held | None, after: Held | None) -> str | None:
    if before is None:
        return GAINED
    if after is None:
        return LOST
    if (before.starts_at, before.mode) != (after.starts_at, after.mode):
        return MOVED
    return PEOPLE if before.role_models != after.role_models else None


def _held(session: Session, plans: Sequence[str]) -> dict[str, dict[str, Held]]:
    people: defaultdict[str, list[str]] = defaultdict(list)
    for visit_id, role_model_id in session.execute(
        select(PlanVisitRoleModel.plan_visit_id, PlanVisitRoleModel.role_model_id)
        .join(PlanVisit, PlanVisit.id == PlanVisitRoleModel.plan_visit_id)
        .where(PlanVisit.plan_id.in_(plans))
        .order_by(PlanVisitRoleModel.role_model_id)
    ):
        people[visit_id].append(role_model_id)
    held: dict[str, dict[str, Held]] = {plan: {} for plan in plans}
    for row in session.execute(
        select(PlanVisit.plan_id, PlanVisit.id, PlanVisit.request_id, PlanVisit.starts_at, PlanVisit.mode).where(
            PlanVisit.plan_id.in_(plans)
        )
    ):
        held[row.plan_id][row.request_id] = Held(row.starts_at, row.mode, tuple(people[row.id]))
    return held


def _labels(session: Session, requests: Sequence[str]) -> dict[str, tuple[str, str]]:
    rows = session.execute(
        select(Request.id, Request.reference, School.name).join(School).where(Request.id.in_(requests))
    )
    return {row.id: (row.reference, row.name) for row in rows}


def _names(session: Session, people: set[str]) -> dict[str, str]:
    rows = session.execute(select(RoleModel.id, Person.name).join(Person).where(RoleModel.id.in_(people)))
    return {row.id: row.name for row in rows}


def _sites(session: Session, actor: Actor, before_id: str, after_id: str) -> list[SiteChange]:
    """Sites in reach where something changes. Who changes site is lost by one and gained by the other."""
    where = reach(actor, Action.SEE_GROUP_PLANS)
    seats: dict[str, dict[str, Any]] = {before_id: {}, after_id: {}}
    statement = (
        select(PlanSeat.plan_id, PlanSeat.entry_id, PlanSeat.session_id, GroupSession.site_id)
        .join(GroupSession, GroupSession.id == PlanSeat.session_id)
        .where(PlanSeat.plan_id.in_((before_id, after_id)))
    )
    for row in session.execute(statement):
        seats[row.plan_id][row.entry_id] = row
    first, second = seats[before_id], seats[after_id]
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry in sorted(first.keys() | second.keys()):
        old, new = first.get(entry), second.get(entry)
        if old is not None and new is not None and old.site_id == new.site_id:
            if old.session_id != new.session_id:
                found[new.site_id][MOVED].append(entry)
            continue
        if old is not None:
            found[old.site_id][LOST].append(entry)
        if new is not None:
            found[new.site_id][GAINED].append(entry)
    names = session.execute(select(Site.id, Site.name).where(Site.id.in_(found)).order_by(by_name(Site.name), Site.id))
    return [
        SiteChange(row.id, row.name, *(tuple(found[row.id][kind]) for kind in (GAINED, LOST, MOVED)))
        for row in names
        if where.covers(row.id)
    ]
