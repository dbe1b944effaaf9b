"""The smallest change for every unserved request: it serves, nothing smaller does, and null means that nothing does."""

import random
from collections import Counter

import pytest

from matcher.control import Stop
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.smallest_change import with_smallest_changes
from tests.matcher import brute_force_changes as brute_force
from tests.matcher.plans import visit_plan
from tests.matcher.random_visits import random_visit_problem


def changes_agree(problem: VisitProblem, plan: VisitPlan) -> Counter[str]:
    """Compare each answer with every change tried out; returns how often each kind was the answer."""
    requests = {request.id: request for request in problem.requests}
    served = {visit.request for visit in plan.visits}
    kinds: Counter[str] = Counter()
    for item in with_smallest_changes(problem, plan, Stop()).unserved:
        found, request = item.smallest_change, requests[item.request]
        expected = brute_force.smallest_change(problem, served, request)
        if found is not None and found["kind"] == "limit":
            assert expected is not None
            assert expected["kind"] == "limit"
            assert brute_force.serves(problem, served, request, found)
        else:
            assert found == expected, (request.id, served)
        kinds["none" if found is None else found["kind"]] += 1
    return kinds


@pytest.mark.parametrize("seed", range(40))
def test_each_smallest_change_is_the_first_that_serves(seed: int) -> None:
    problem = random_visit_problem(seed)
    plan = visit_plan(problem, brute_force.some_plan(problem, random.Random(seed)))
    changes_agree(problem, plan)
