"""From columns to a plan in the format's own words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from matcher.control import versions
from matcher.eligibility import RoleModelFacts
from matcher.plan import AssignedRoleModel, BoundSource, Certificate, Conflict, Goal, UnservedRequest, Visit, VisitPlan
from matcher.problem import Mode, VisitProblem, problem_sha256
from matcher.visits.model import Flags, Model

_MODES: tuple[Mode, ...] = ("physical", "digital")


def certificate(
    sources: Mapping[str, BoundSource], *, seed: int, settings: Mapping[str, Any], seconds: float
) -> Certificate:
    """How the plan came about, with the settings and limits to repeat; the judge has not spoken yet."""
    return Certificate(
        bound_source=dict(sources), seconds=seconds, seed=seed, settings=dict(settings), versions=versions()
    )


def infeasible_plan(
    problem: VisitProblem, found: tuple[Conflict, ...], *, seed: int, settings: Mapping[str, Any], seconds: float
) -> VisitPlan:
    """The answer where fixed visits contradict each other: no visits, and which of them do."""
    return VisitPlan(
        problem_sha256=problem_sha256(problem),
        status="infeasible",
        visits=(),
        goals=(),
        unserved=(),
        certificate=certificate({}, seed=seed, settings=settings, seconds=seconds),
        conflicts=found,
    )


def plan_of(
    problem: VisitProblem,
    facts: RoleModelFacts,
    model: Model,
    assigned: Flags,
    goals: Sequence[Goal],
    sources: Mapping[str, BoundSource],
    *,
    seed: int,
    settings: Mapping[str, Any],
    seconds: float,
    sha256: str,
) -> VisitPlan:
    """The plan in which the fixed visits stand and exactly these candidates take part; `sha256`: the problem's."""
    visits = [*_fixed_visits(problem, facts), *_chosen_visits(problem, facts, model, assigned)]
    served = {visit.request for visit in visits}
    return VisitPlan(
        problem_sha256=sha256,
        status="optimal" if all(goal.gap == 0 for goal in goals) else "feasible",
        visits=tuple(sorted(visits, key=lambda visit: (visit.start, visit.request))),
        goals=tuple(goals),
        unserved=tuple(UnservedRequest(request=r.id, reasons=()) for r in problem.requests if r.id not in served),
        certificate=certificate(sources, seed=seed, settings=settings, seconds=seconds),
    )


def _fixed_visits(problem: VisitProblem, facts: RoleModelFacts) -> list[Visit]:
    numbers = {request.id: r for r, request in enumerate(problem.requests)}
    people = {identifier: i for i, identifier in enumerate(facts.ids)}
    return [
        _visit(problem, facts, numbers[f.request], f.option, f.mode, [people[person] for person in f.role_models])
        for f in problem.fixed
    ]


def _chosen_visits(problem: VisitProblem, facts: RoleModelFacts, model: Model, assigned: Flags) -> list[Visit]:
    people = defaultdict(list)
    for candidate in np.flatnonzero(assigned).tolist():
        people[int(model.candidates.unit[candidate])].append(int(model.candidates.role_model[candidate]))
    units = model.units
    return [
        _visit(problem, facts, int(units.request[unit]), int(units.option[unit]), _MODES[units.mode[unit]], who)
        for unit, who in people.items()
    ]


def _visit(
    problem: VisitProblem, facts: RoleModelFacts, number: int, option: int, mode: Mode, people: Sequence[int]
) -> Visit:
    request = problem.requests[number]
    lessons = request.options[option].lessons
    physical = mode == "physical"
    members = sorted((facts.ids[i], facts.minutes(i, request.school) if physical else 0) for i in people)
    return Visit(
        request=request.id,
        option=option,
        start=lessons[0].start,
        end=lessons[-1].end,
        mode=mode,
        role_models=tuple(AssignedRoleModel(id=identifier, travel_minutes=travel) for identifier, travel in members),
    )
