"""From a local decision to the whole plan: everything that did not change is taken over as it stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from matcher.plan import AssignedRoleModel, Goal, UnservedRequest, Visit, VisitPlan
from matcher.problem import Mode, VisitProblem
from matcher.visits.repair_land import Key, Land
from matcher.visits.repair_local import Decided
from matcher.visits.repair_report import Causes, moved_and_dropped

_MODES: tuple[Mode, ...] = ("physical", "digital")


def changed_visits(land: Land, decided: Decided) -> dict[str, Visit | None]:
    """For each request whose visit is not as it was: its visit now, or None."""
    requests = land.problem.requests
    return {
        requests[request].id: _visit(land, request, columns) if columns else None
        for request, columns in decided.columns.items()
        if columns != _before(land, request)
    }


def _before(land: Land, request: int) -> tuple[int, ...]:
    visit = land.visit_of.get(request)
    return () if visit is None else land.standing[visit].columns


def _visit(land: Land, request: int, columns: Sequence[int]) -> Visit:
    unit = land.unit[columns[0]]
    option = int(land.units.option[unit])
    lessons = land.problem.requests[request].options[option].lessons
    members = sorted((land.facts.ids[land.who[column]], land.minutes[column]) for column in columns)
    return Visit(
        request=land.problem.requests[request].id,
        option=option,
        start=lessons[0].start,
        end=lessons[-1].end,
        mode=_MODES[int(land.units.mode[unit])],
        role_models=tuple(AssignedRoleModel(id=identifier, travel_minutes=minutes) for identifier, minutes in members),
    )


def recounted(land: Land, goals: Sequence[Goal], decided: Decided) -> tuple[int, int, int]:
    """The values of `wishes`, `travel_minutes` and `spread`, from those of the plan before and what changed."""
    wishes, travel, spread = (goal.value for goal in goals)
    owners: Counter[Key] = Counter()
    for request, columns in decided.columns.items():
        for sign, visit in ((-1, _before(land, request)), (1, columns)):
            wishes += sign * (
                sum(land.wishes[c] for c in visit) + sum(land.is_preferred[land.unit[c]] for c in visit[:1])
            )
            travel += sign * sum(land.minutes[c] for c in visit)
            for column in visit:
                for key in land.limits_of(column):
                    if key.code in ("term", "quota"):
                        owners[key] += sign
    for key, more in owners.items():
        had = land.load.used(key)
        spread += (had + more) ** 2 - had**2
    return wishes, travel, spread


def plan_with(plan: VisitPlan, changed: VisitProblem, visits: Mapping[str, Visit | None], causes: Causes) -> VisitPlan:
    """The plan in which these requests are served otherwise or not at all; goals and certificate are as before."""
    held = [visit for visit in plan.visits if visit.request not in visits]
    held += [visit for visit in visits.values() if visit is not None]
    served = {visit.request for visit in held}
    still = {request.id for request in changed.requests}
    moved, dropped = moved_and_dropped(plan.visits, held, causes, still)
    return replace(
        plan,
        visits=tuple(sorted(held, key=lambda visit: (visit.start, visit.request))),
        unserved=tuple(UnservedRequest(request=r.id, reasons=()) for r in changed.requests if r.id not in served),
        moved=moved,
        dropped=dropped,
    )
