"""A season that rolls on: event after event on the repaired plan, judged each time, visits confirmed on the way."""

import random
from dataclasses import replace

import pytest

from matcher.check import check
from matcher.plan import VisitPlan
from matcher.problem import FixedVisit, VisitProblem, problem_sha256
from matcher.visits.repair import repair_visits
from tests.benchmarks.instances_visits import season
from tests.matcher.random_changes import random_visit_changes
from tests.matcher.test_repair_visits_prepared import MOVE_FOR, quick

NOT_REPAIRS = {"unserved"}
"""Reasons are given by matcher.repair, after the repair."""


def with_one_confirmed(rng: random.Random, problem: VisitProblem, plan: VisitPlan) -> tuple[VisitProblem, VisitPlan]:
    """A visit of the plan is fixed in the problem: it does not move from here on."""
    fixed = {visit.request for visit in problem.fixed}
    open_to = [visit for visit in plan.visits if visit.request not in fixed]
    if not open_to:
        return problem, plan
    visit = rng.choice(open_to)
    people = tuple(person.id for person in visit.role_models)
    held = FixedVisit(request=visit.request, option=visit.option, mode=visit.mode, role_models=people)
    confirmed = replace(problem, fixed=(*problem.fixed, held))
    return confirmed, replace(plan, problem_sha256=problem_sha256(confirmed))


def roll(events: int, anew_every: int) -> None:
    """Every plan is judged; now and then a new solve of the same problem reaches the same goals and no better."""
    rng = random.Random("rolling")
    problem = season(40, 40, 5)
    plan = quick(problem)
    for event in range(events):
        changes = random_visit_changes(rng, problem, plan, 1)
        problem, plan = repair_visits(problem, plan, changes)
        assert {violation.code for violation in check(problem, plan)} <= NOT_REPAIRS
        assert [goal.gap for goal in plan.goals[:MOVE_FOR]] == [0] * MOVE_FOR
        if event % anew_every == 0:
            anew = quick(problem)
            assert [goal.value for goal in plan.goals[:MOVE_FOR]] == [goal.value for goal in anew.goals[:MOVE_FOR]]
        if event % 3 == 0:
            problem, plan = with_one_confirmed(rng, problem, plan)


def test_rolling_season_keeps_every_rule() -> None:
    roll(9, 4)


@pytest.mark.long
def test_rolling_season_of_a_thousand_events_keeps_every_rule() -> None:
    roll(1000, 5)
