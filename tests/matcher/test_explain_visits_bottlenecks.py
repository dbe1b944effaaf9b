"""What one more role model would serve: between the figures given, and exactly where they agree."""

from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from matcher.control import Stop
from matcher.problem import RoleModel, VisitProblem
from matcher.visits import bottlenecks as module
from matcher.visits.bottlenecks import bottlenecks
from tests.matcher import brute_force_changes as brute_force
from tests.matcher.plans import visit_plan


def most_classes(problem: VisitProblem, served: set[str], waiting: list[tuple[str, int]]) -> int:
    """The most classes of the waiting requests that can be served beside those served."""
    sets = (some for size in range(len(waiting) + 1) for some in combinations(waiting, size))
    ranked = sorted(sets, key=lambda some: -sum(classes for _, classes in some))
    return next(
        sum(classes for _, classes in some)
        for some in ranked
        if brute_force.can_serve(problem, served | {identifier for identifier, _ in some})
    )


def check_bottlenecks(seed: int) -> tuple[int, int]:
    """Compare with trying every set; returns how many were exact, and how many there were."""
    problem = brute_force.crowded_problem(seed)
    plan = visit_plan(problem, brute_force.some_plan(problem, Random(seed)))
    served = {visit.request for visit in plan.visits}
    waiting = [r for r in problem.requests if r.id not in served][:6]
    plan = replace(plan, unserved=tuple(u for u in plan.unserved if u.request in {r.id for r in waiting}))
    told = bottlenecks(problem, plan, Stop())
    assert told["complete"]
    need = [(r.id, r.classes) for r in waiting if not brute_force.can_serve(problem, served | {r.id})]
    exact = 0
    for found in told["bottlenecks"][:6]:
        person = module.one_more(problem, found["topic"], found["municipality"])
        wider = with_role_model(problem, person)
        most = most_classes(wider, served, need)
        assert 0 < found["classes"] <= most <= found["at_most"]
        exact += found["classes"] == found["at_most"]
    return exact, len(told["bottlenecks"][:6])


def with_role_model(problem: VisitProblem, person: RoleModel) -> VisitProblem:
    travel = replace(problem.travel, matrix=module.wider_matrix(problem, [person]))
    return replace(problem, role_models=(*problem.role_models, person), travel=travel)


@pytest.mark.parametrize("seed", range(8))
def test_one_more_role_model_serves_what_is_said(seed: int) -> None:
    check_bottlenecks(seed)
