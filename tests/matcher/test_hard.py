"""Problems made to hurt end in time with a judged plan, or say what contradicts what; each in its own process."""

import multiprocessing
import random
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from matcher.control import Stop
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.solve import solve
from tests.matcher.hard_problems import FAMILIES

LIMIT = 10.0
EACH = 19
QUICK = ("groups_with_huge_numbers",)
CASES = [
    pytest.param(
        make,
        seed,
        marks=() if make.__name__ in QUICK and seed == 0 else pytest.mark.long,
        id=f"{make.__name__}-{seed}",
    )
    for make in FAMILIES
    for seed in range(EACH)
]
START = 20.0
"""Seconds that a fresh process may take to import what it needs on a busy machine."""


def _solve(answer: Connection, make: Callable[[random.Random], Problem], seed: int) -> None:
    problem = make(random.Random(seed))
    started = time.monotonic()
    plan = solve(problem, stop=Stop(LIMIT), seed=1)
    answer.send((plan, time.monotonic() - started))


def solved_in_time(make: Callable[[random.Random], Problem], seed: int) -> tuple[Plan, float]:
    """The plan and its seconds; fails where the process is still at work long after twice the limit."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_solve, args=(theirs, make, seed))
    child.start()
    theirs.close()
    try:
        assert ours.poll(2 * LIMIT + START), f"{make.__name__} {seed} hangs"
        plan, seconds = ours.recv()
    finally:
        child.kill()
        child.join()
    return plan, seconds


@pytest.mark.parametrize(("make", "seed"), CASES)
def test_hard_problem_ends_in_time_with_a_judged_plan(make: Callable[[random.Random], Problem], seed: int) -> None:
    plan, seconds = solved_in_time(make, seed)
    assert seconds <= 2 * LIMIT
    assert plan.certificate.judge == "ok"
    if plan.status == "infeasible":
        assert plan.conflicts
    else:
        assert plan.status in ("optimal", "feasible")
        assert plan.goals


def test_contradictions_are_among_them_and_are_named() -> None:
    found = [solve(make(random.Random(seed))).status for make in (FAMILIES[0], FAMILIES[6]) for seed in range(6)]
    assert "infeasible" in found[:6]
    assert "infeasible" in found[6:]
