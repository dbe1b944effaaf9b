"""The judge of visit plans at the edges of its rules, and what it says there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from matcher.check import check
from matcher.plan import VisitPlan
from tests.matcher import broken_visit_plans
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import Data, held, lesson, visit_data, visits


@pytest.mark.parametrize(
    "person",
    [
        {"grades": [9, 13]},
        {"grades": [8, 9]},
        {"lat": 60.0, "max_travel_minutes": 18},
        {"free": [lesson(18, "08:30", "09:15")]},
        {"max_lessons": 1},
        {"max_per_day": 1, "max_per_week": 1, "max_per_term": 1},
    ],
    ids=str,
)
def test_nothing_is_broken_at_the_edge(person: Data) -> None:
    data = visit_data()
    data["role_models"][0] |= person
    problem = visits(data)
    assert check(problem, visit_plan(problem, [held(problem, "q0", "r0")])) == []


OTHERWISE: dict[str, Callable[[VisitPlan], VisitPlan]] = {
    "option: request 'q0' has no option 1": lambda plan: changed(plan, option=1),
    "option: the visit of 'q0' is not at the time of its option 0": lambda plan: changed(
        plan, start=datetime(2027, 1, 18, 8)
    ),
    "order: visits are not in order, each once": lambda plan: replace(plan, visits=plan.visits[::-1]),
}


def changed(plan: VisitPlan, **changes: object) -> VisitPlan:
    first, second = plan.visits
    return replace(plan, visits=(replace(first, **changes), second))


@pytest.mark.parametrize("said", OTHERWISE)
def test_visit_otherwise_than_asked_is_told_in_one_line(said: str) -> None:
    problem, plan = broken_visit_plans.good()
    assert [f"{code}: {message}" for code, message in check(problem, OTHERWISE[said](plan))] == [said]


def test_goals_of_another_problem_or_too_few_are_told() -> None:
    problem, plan = broken_visit_plans.good()
    names = "priority, reserved, schools, first_visits, classes, days_waited, wishes, travel_minutes, spread"
    assert check(problem, replace(plan, goals=())) == [("goals", f"goals are none; should be {names}")]
    few = replace(plan, goals=plan.goals[:2])
    assert check(problem, few) == [("goals", f"goals are priority, reserved; should be {names}")]
    bare = replace(plan, certificate=replace(plan.certificate, bound_source={}))
    assert check(problem, bare) == [("goals", "certificate.bound_source does not name each goal once")]
    other, its = replace(plan, problem_sha256="f" * 64), plan.problem_sha256[:12]
    assert check(problem, other) == [("wrong_problem", f"the plan names problem 'ffffffffffff', this is '{its}'")]


def test_request_served_twice_is_told() -> None:
    problem, plan = broken_visit_plans.good()
    twice = replace(plan, visits=(plan.visits[0], *plan.visits))
    assert ("count", "request 'q0' is served 2 times") in check(problem, twice)


def test_unserved_requests_stand_in_the_order_of_the_problem() -> None:
    problem = visits(visit_data())
    plan = visit_plan(problem, [])
    said = "unserved requests are not in the order of the problem"
    assert check(problem, replace(plan, unserved=plan.unserved[::-1])) == [("order", said)]


def test_each_refusal_that_is_passed_over_is_told() -> None:
    problem, plan = broken_visit_plans.r0_takes_both(
        visit_data() | {"refused": [{"role_model": "r0", "request": q} for q in ("q0", "q1")]}
    )
    said = [f"role model 'r0' refused the visit of '{q}'" for q in ("q0", "q1")]
    assert check(problem, plan) == [("refused", message) for message in said]


@pytest.mark.parametrize("fixed", [("q0",), ("q1",), ("q0", "q1")])
def test_too_little_time_to_travel_is_allowed_only_between_two_fixed_visits(fixed: tuple[str, ...]) -> None:
    data = visit_data()
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "09:15", "10:00")]}]
    data["fixed"] = [{"request": q, "option": 0, "mode": "physical", "role_models": ["r0"]} for q in fixed]
    problem = visits(data)
    plan = visit_plan(problem, [held(problem, q, "r0", fixed=q in fixed) for q in ("q0", "q1")])
    said = "role model 'r0' has 0 minutes from 'q0' to 'q1' and needs 13"
    assert check(problem, plan) == ([] if len(fixed) == 2 else [("travel", said)])
