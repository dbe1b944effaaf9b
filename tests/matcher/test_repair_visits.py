"""Repaired visit plans: judged, as good as a new solve down to `days_waited`, and moving no more than brute force."""

import random
from dataclasses import replace

import pytest

from matcher.changes import Limits, VisitChanges
from matcher.check import check
from matcher.control import Settings, Stop
from matcher.explain import with_reasons
from matcher.plan import VisitPlan
from matcher.problem import FixedVisit, Refusal, VisitProblem
from matcher.solve import solve
from matcher.visits.repair import repair_visits
from tests.matcher.brute_force_visits import GOALS, Held, VisitEnumeration, best
from tests.matcher.random_changes import random_visit_changes
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import visit_data, visits

MOVE_FOR = 6
"""Goals down to `days_waited`."""


def solved(problem: VisitProblem) -> VisitPlan:
    plan = solve(problem, stop=Stop(30), seed=1, settings=Settings(workers=1))
    assert isinstance(plan, VisitPlan)
    return plan


def judged(problem: VisitProblem, plan: VisitPlan) -> set[str]:
    """Codes of what the judge finds once reasons are given."""
    explained = with_reasons(problem, plan)
    assert isinstance(explained, VisitPlan)
    return {violation.code for violation in check(problem, explained)}


def as_held(visit: Held) -> tuple[object, ...]:
    return (visit.request.id, visit.option, visit.mode, visit.people)


def fewest_moved(plan: VisitPlan, problem: VisitProblem) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """By enumeration: best values down to `days_waited`, fewest moved among these, best rest among those."""
    enumeration = VisitEnumeration(problem)
    still = {request.id for request in problem.requests} - {fixed.request for fixed in problem.fixed}
    was = {
        (v.request, v.option, v.mode, tuple(person.id for person in v.role_models))
        for v in plan.visits
        if v.request in still
    }
    outcomes = {
        (enumeration.values(held), len(was - {as_held(visit) for visit in held})) for held in enumeration.plans()
    }
    top = best(GOALS[:MOVE_FOR], {values[:MOVE_FOR] for values, _ in outcomes})
    moved = min(count for values, count in outcomes if values[:MOVE_FOR] == top)
    rest = {values[MOVE_FOR:] for values, count in outcomes if values[:MOVE_FOR] == top and count == moved}
    return top, moved, best(GOALS[MOVE_FOR:], rest)


def check_repair(seed: int) -> None:
    problem = random_visit_problem(seed)
    plan = solved(problem)
    rng = random.Random(f"repair-{seed}")
    changes = random_visit_changes(rng, problem, plan)
    changed, repaired = repair_visits(problem, plan, changes)
    assert judged(changed, repaired) == set()
    if repaired.status == "infeasible":
        assert VisitEnumeration(changed).is_infeasible
        return
    top, moved, rest = fewest_moved(plan, changed)
    values = tuple(goal.value for goal in repaired.goals)
    assert values[:MOVE_FOR] == top
    assert [goal.gap for goal in repaired.goals[:MOVE_FOR]] == [0] * MOVE_FOR
    assert repaired.certificate.settings["moved"] == {"value": moved, "bound": moved}
    assert values[MOVE_FOR:] == rest
    assert_honest(changed, repaired)
    assert_told(changed, plan, repaired, changes)


def assert_honest(problem: VisitProblem, plan: VisitPlan) -> None:
    """No plan that reaches the values before a goal is beyond the goal's bound."""
    enumeration = VisitEnumeration(problem)
    left = {enumeration.values(held) for held in enumeration.plans()}
    for n, goal in enumerate(plan.goals):
        sign = 1 if goal.sense == "max" else -1
        assert max(sign * values[n] for values in left) <= sign * goal.bound
        left = {values for values in left if sign * values[n] >= sign * goal.value}


def assert_told(problem: VisitProblem, before: VisitPlan, after: VisitPlan, changes: VisitChanges) -> None:
    """`moved` and `dropped` are exactly the differences, and what nothing forces makes way."""
    now = {visit.request: visit for visit in after.visits}
    still = {request.id for request in problem.requests}
    differ = [v for v in before.visits if v.request in still and now.get(v.request) != v]
    told = {item.id: item for item in (*after.moved, *after.dropped)}
    assert set(told) == {visit.request for visit in differ}
    assert [item.id for item in after.moved] == sorted(i for i in told if i in now)
    assert [item.id for item in after.dropped] == sorted(i for i in told if i not in now)
    if not changes.refused and not changes.unavailable and not changes.limits:
        assert {item.cause for item in told.values()} <= {"makes_way"}


@pytest.mark.parametrize("seed", range(30))
def test_small_repairs_are_what_enumeration_finds(seed: int) -> None:
    check_repair(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30, 1030))
def test_small_repairs_are_what_enumeration_finds_long(seed: int) -> None:
    check_repair(seed)


def test_nothing_changed_moves_nothing() -> None:
    problem = random_visit_problem(5)
    plan = solved(problem)
    changed, repaired = repair_visits(problem, plan, VisitChanges())
    assert changed == problem
    assert repaired.visits == plan.visits
    assert (repaired.moved, repaired.dropped) == ((), ())


def test_refusal_releases_a_fixed_visit_and_moves_it() -> None:
    problem = visits(visit_data())
    plan = solved(problem)
    first = plan.visits[0]
    who, other = first.role_models[0].id, {"r0": "r1", "r1": "r0"}[first.role_models[0].id]
    held = tuple(
        FixedVisit(request=v.request, option=v.option, mode=v.mode, role_models=(v.role_models[0].id,))
        for v in plan.visits
    )
    pinned = replace(problem, fixed=held)
    changes = VisitChanges(refused=(Refusal(role_model=who, request=first.request),))
    changed, repaired = repair_visits(pinned, solved(pinned), changes)
    assert [visit.request for visit in changed.fixed] == [plan.visits[1].request]
    assert [(item.id, item.to.role_models, item.cause) for item in repaired.moved] == [
        (first.request, (other,), "refused")
    ]
    assert judged(changed, repaired) == set()


def test_lowered_limit_moves_one_of_its_visits_and_says_so() -> None:
    data = visit_data()
    data["role_models"][1]["max_per_term"] = 1
    problem = visits(data)
    plan = solved(problem)
    changes = VisitChanges(limits=(Limits(role_model="r0", max_per_term=0),))
    changed, repaired = repair_visits(problem, plan, changes)
    assert len(repaired.visits) == 1
    assert {item.cause for item in (*repaired.moved, *repaired.dropped)} == {"limits"}
    assert judged(changed, repaired) == set()
