"""The public way to a plan: always judged, always explained, the same again."""

import dataclasses
import json
from typing import Any

import pytest

from matcher.control import Progress, Settings, Stop
from matcher.plan import Plan, VisitPlan, load_plan, to_json
from matcher.problem import Fixed, Problem
from matcher.solve import RefusedPlan, solve
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season
from tests.matcher.broken_visit_plans import good, topic
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem

MIDDLE = {
    "visits": lambda: season(60, 45, 1),
    "scarce visits": lambda: season(80, 60, 2, scarce=True),
    "groups": lambda: national(2, pupils=400, mentors=30),
    "groups queue first": lambda: national(2, pupils=400, mentors=30, placement="queue_first"),
}


def everything_but_seconds(plan: Plan) -> dict[str, Any]:
    data = to_json(plan)
    del data["certificate"]["seconds"]
    return data


@pytest.mark.parametrize("name", MIDDLE)
@pytest.mark.parametrize("workers", [1, 2])
def test_same_problem_seed_and_settings_give_the_same_plan(name: str, workers: int) -> None:
    problem = MIDDLE[name]()
    first, second = (solve(problem, seed=5, settings=Settings(workers=workers)) for _ in range(2))
    assert everything_but_seconds(first) == everything_but_seconds(second)
    assert first.certificate.judge == "ok"
    assert load_plan(json.dumps(to_json(first))) == first


@pytest.mark.parametrize("name", MIDDLE)
def test_everyone_unserved_has_reasons(name: str) -> None:
    plan = solve(MIDDLE[name](), stop=Stop(20))
    assert plan.unserved
    assert all(item.reasons for item in plan.unserved)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("make", [random_visit_problem, random_group_problem])
def test_stop_before_the_start_still_gives_a_judged_plan(make: Any, seed: int) -> None:
    problem = make(seed)
    stop = Stop()
    stop.request()
    plan = solve(problem, stop=stop)
    assert plan.certificate.judge == "ok"
    assert plan.status != "unknown" or problem.fixed not in ((), Fixed())


def test_progress_tells_of_every_goal_and_bounds_only_tighten() -> None:
    heard: list[Progress] = []
    plan = solve(season(60, 45, 1), on_progress=heard.append)
    assert {step.goal for step in heard} == {goal.name for goal in plan.goals}
    for goal in plan.goals:
        sign = 1 if goal.sense == "max" else -1
        bounds = [sign * step.bound for step in heard if step.goal == goal.name and step.bound is not None]
        assert bounds == sorted(bounds, reverse=True)
        assert bounds[-1] == sign * goal.bound


def test_plan_that_the_judge_refuses_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, broken = topic()

    def bad_solver(_problem: Problem, **_: Any) -> VisitPlan:
        return broken

    monkeypatch.setattr("matcher.visits.solve.solve", bad_solver)
    with pytest.raises(RefusedPlan, match="topic: ") as refused:
        solve(problem)
    assert [violation.code for violation in refused.value.violations] == ["topic"]
    assert refused.value.plan.certificate.judge == "not judged"


def test_claim_of_the_solver_to_be_judged_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, plan = good()
    boast = dataclasses.replace(plan.certificate, judge="ok")
    wrong = dataclasses.replace(plan, certificate=boast, problem_sha256="0")
    monkeypatch.setattr("matcher.visits.solve.solve", lambda _problem, **_: wrong)
    with pytest.raises(RefusedPlan) as refused:
        solve(problem)
    assert refused.value.plan.certificate.judge == "not judged"
