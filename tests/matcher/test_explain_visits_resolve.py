"""Smallest changes of whole seasons against a full solve of the changed problem."""

import random
from itertools import takewhile
from typing import Any

import pytest

from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.solve import solve
from tests.benchmarks.instances_visits import season
from tests.matcher import brute_force_changes as brute_force
from tests.matcher.brute_force_changes import Changed
from tests.matcher.full_resolve import can_serve_all

Found = dict[str, Any]

EARLIER = 4
"""Of the changes that come before the answer, how many are tried for each request; of those that are not, too."""


def check_answers(problem: VisitProblem, plan: VisitPlan, sample: int, rng: random.Random) -> int:
    """Apply what is said to the problem and solve it whole; likewise some of what comes before. Returns how many."""
    requests = {request.id: request for request in problem.requests}
    served = {visit.request for visit in plan.visits}
    chosen = rng.sample(plan.unserved, min(sample, len(plan.unserved)))
    for item in chosen:
        found, wanted = item.smallest_change, served | {item.request}
        changes = list(brute_force.every_change(problem, requests[item.request]))
        if found is not None:
            assert any(can_serve_all(changed(), wanted) for said, changed in changes if said == found), found
        for said, changed in rng.sample(before := _before(changes, found), min(EARLIER, len(before))):
            assert not can_serve_all(changed(), wanted), (item.request, found, said)
    return len(chosen)


def _before(changes: list[tuple[Found, Changed]], found: Found | None) -> list[tuple[Found, Changed]]:
    """The changes tried before this one. Limits have no order of amounts: any one may be named."""
    kind = None if found is None else found["kind"]
    stop = "limit" if kind == "limit" else None
    return list(takewhile(lambda entry: entry[0] != found and entry[0]["kind"] != stop, changes))


def test_some_changes_of_a_small_season() -> None:
    problem = season(60, 45, 4, scarce=True)
    plan = solve(problem)
    assert isinstance(plan, VisitPlan)
    check_answers(problem, plan, 2, random.Random(1))


@pytest.mark.long
def test_two_hundred_changes_of_seasons_as_large_as_the_demo() -> None:
    checked, seed = 0, 0
    while checked < 200:
        seed += 1
        problem = season(240, 180, seed, scarce=seed % 2 == 0)
        plan = solve(problem)
        assert isinstance(plan, VisitPlan)
        assert all(item.smallest_change != {"kind": "unknown"} for item in plan.unserved)
        checked += check_answers(problem, plan, 25, random.Random(seed))
