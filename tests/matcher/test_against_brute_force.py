"""The solvers against plain enumeration on small random problems: every goal's value and bound, and the status."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from matcher.control import Settings, Stop
from matcher.plan import Goal, GroupPlan, VisitPlan
from matcher.problem import GroupProblem, VisitProblem
from matcher.solve import solve
from tests.matcher import broken_visit_plans
from tests.matcher.brute_force_groups import GroupEnumeration
from tests.matcher.brute_force_visits import GOALS, Vector, VisitEnumeration, best, true_bounds
from tests.matcher.plans import visit_plan
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import held

ENOUGH = 30.0
"""Seconds that no small problem needs."""


def false_bounds(goals: Sequence[Goal], vectors: set[Vector]) -> list[str]:
    """Names of goals whose bound some valid plan beats that reaches the stated values of the goals before."""
    names = [(goal.name, goal.sense) for goal in goals]
    truth = true_bounds(names, vectors, tuple(goal.value for goal in goals))
    rows = zip(goals, truth, strict=True)
    return [g.name for g, best_value in rows if (best_value - g.bound) * (1 if g.sense == "max" else -1) > 0]


def check_visits(problem: VisitProblem, plan: VisitPlan) -> None:
    enumeration = VisitEnumeration(problem)
    vectors = {enumeration.values(held) for held in enumeration.plans()}
    if not vectors:
        assert plan.status == "infeasible"
        assert plan.conflicts
        return
    assert tuple(goal.value for goal in plan.goals) == best(GOALS, vectors)
    assert [goal.gap for goal in plan.goals] == [0] * len(GOALS)
    assert plan.status == "optimal"
    assert plan.certificate.judge == "ok"


def check_groups(problem: GroupProblem, plan: GroupPlan) -> None:
    enumeration = GroupEnumeration(problem)
    outcomes = enumeration.outcomes()
    if not outcomes:
        assert plan.status == "infeasible"
        assert plan.conflicts
        return
    assert plan.certificate.judge == "ok"
    vectors = {values for values, _ in outcomes.values()}
    roster_goals = plan.goals[: len(enumeration.goals)]
    assert false_bounds(roster_goals, vectors) == []
    if problem.rules.placement == "most_served":
        assert plan.status == "optimal"
    if plan.status == "optimal":
        assert tuple(goal.value for goal in roster_goals) == best(enumeration.goals, vectors)
    roster = frozenset((m.id, listed.session) for listed in plan.sessions for m in listed.mentors)
    outcome = outcomes[roster][1]
    choices, continuity = plan.goals[-2:]
    assert (choices.value, choices.bound) == (enumeration.choices(outcome),) * 2
    most = enumeration.continuity(enumeration.seating(roster, outcome))
    assert (continuity.value, continuity.bound) == (most, most)


def solve_visits(seed: int) -> None:
    problem = random_visit_problem(seed)
    plan = solve(problem, stop=Stop(ENOUGH), seed=seed, settings=Settings(workers=1))
    assert isinstance(plan, VisitPlan)
    check_visits(problem, plan)


def solve_groups(seed: int) -> None:
    problem = random_group_problem(seed)
    plan = solve(problem, stop=Stop(ENOUGH), seed=seed, settings=Settings(workers=1))
    assert isinstance(plan, GroupPlan)
    check_groups(problem, plan)


@pytest.mark.parametrize("seed", range(100))
def test_visits_reach_the_enumerated_optimum(seed: int) -> None:
    solve_visits(seed)


@pytest.mark.parametrize("seed", range(100))
def test_groups_reach_the_enumerated_optimum(seed: int) -> None:
    solve_groups(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 2100))
def test_visits_reach_the_enumerated_optimum_long(seed: int) -> None:
    solve_visits(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 2100))
def test_groups_reach_the_enumerated_optimum_long(seed: int) -> None:
    solve_groups(seed)


def test_worse_plan_with_a_false_bound_is_caught_by_enumeration() -> None:
    problem, _ = broken_visit_plans.good()
    enumeration = VisitEnumeration(problem)
    vectors = {enumeration.values(plan) for plan in enumeration.plans()}
    worse = visit_plan(problem, [held(problem, "q0", "r0")])
    assert false_bounds(worse.goals, vectors) == ["schools", "first_visits", "classes", "days_waited", "spread"]
    honest = [
        replace(g, bound=b)
        for g, b in zip(
            worse.goals, true_bounds(GOALS, vectors, enumeration.values([held(problem, "q0", "r0")])), strict=True
        )
    ]
    assert false_bounds(honest, vectors) == []
