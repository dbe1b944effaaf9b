"""The staged solve: the same optimum by every path, and good plans with true bounds whenever it is stopped."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from matcher.check import check
from matcher.control import Progress, Settings, Stop, no_progress
from matcher.eligibility import RoleModelFacts
from matcher.plan import VisitPlan
from matcher.problem import FixedVisit, VisitProblem
from matcher.visits import stage
from matcher.visits.candidates import find_candidates, room
from matcher.visits.model import Model
from matcher.visits.nearby import nearby
from matcher.visits.relaxation import Relaxation, RelaxationFailedError
from matcher.visits.running import Stopped, run
from matcher.visits.solve import solve
from tests.benchmarks.instances_visits import season
from tests.matcher.small_problems import lesson, visit_data, visits


def crowded(seed: int) -> VisitProblem:
    """A season in which many requests ask for two or three people, so that relaxations are seldom whole."""
    problem = season(40, 20, seed, scarce=seed % 2 == 0)
    requests = tuple(replace(r, role_models=1 + (seed + n) % 3) for n, r in enumerate(problem.requests))
    people = tuple(
        replace(p, max_per_day=1 + n % 3, max_travel_minutes=3 * p.max_travel_minutes)
        for n, p in enumerate(problem.role_models)
    )
    return replace(problem, requests=requests, role_models=people)


def solved(problem: VisitProblem, stop: Stop | None = None, settings: Settings | None = None) -> VisitPlan:
    return solve(problem, stop=stop or Stop(), seed=1, settings=settings or Settings(), on_progress=no_progress)


def broken(problem: VisitProblem, plan: VisitPlan) -> set[str]:
    """Codes of what the judge finds, but for reasons, which are not given yet."""
    return {violation.code for violation in check(problem, plan)} - {"unserved"}


@pytest.mark.parametrize("seed", range(6))
def test_optimum_is_the_same_without_any_relaxation(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = crowded(seed)
    plan = solved(problem)

    def fail(*_: object) -> None:
        raise RelaxationFailedError

    monkeypatch.setattr(Relaxation, "solve", fail)
    by_integers = solved(problem)
    assert plan.status == by_integers.status == "optimal"
    assert [goal.value for goal in plan.goals] == [goal.value for goal in by_integers.goals]
    assert "branch_and_bound" in by_integers.certificate.bound_source.values()
    assert broken(problem, plan) == broken(problem, by_integers) == set()


@pytest.fixture(scope="module")
def best() -> VisitPlan:
    return solved(crowded(2))


@pytest.mark.parametrize("events", [1, 5, 9, 12, 16, 20])
def test_stopped_plan_is_valid_and_its_bounds_are_true(best: VisitPlan, events: int) -> None:
    problem = crowded(2)
    stop, heard = Stop(), []

    def listen(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == events:
            stop.request()

    plan = solve(problem, stop=stop, seed=1, settings=Settings(), on_progress=listen)
    assert broken(problem, plan) == set()
    for goal, optimal in zip(plan.goals, best.goals, strict=True):
        assert goal.bound >= optimal.value if goal.sense == "max" else goal.bound <= optimal.value
        if goal.value != optimal.value:
            break


def test_stopped_plan_has_no_room_left_for_an_unserved_request() -> None:
    problem = season(60, 45, 3)
    stop = Stop(0)
    plan = solved(problem, stop)
    assert plan.status == "feasible"
    assert len(plan.visits) > len(problem.requests) // 3


def test_limit_of_nodes_is_repeatable_and_never_invalid() -> None:
    problem = crowded(1)
    settings = Settings(deterministic_limit=1)
    first, second = solved(problem, settings=settings), solved(problem, settings=settings)
    assert first.goals == second.goals
    assert first.visits == second.visits
    assert broken(problem, first) == set()


def test_fixed_visit_stands_and_its_role_model_is_taken() -> None:
    problem = season(60, 45, 1)
    free = solved(problem)
    visit = next(v for v in free.visits if v.mode == "physical")
    other = next(p for p in problem.role_models if p.id != visit.role_models[0].id)
    fixed = FixedVisit(request=visit.request, option=visit.option, mode="digital", role_models=(other.id,))
    pinned = replace(problem, fixed=(fixed,))
    plan = solved(pinned)
    held = next(v for v in plan.visits if v.request == visit.request)
    assert (held.mode, [p.id for p in held.role_models]) == ("digital", [other.id])
    assert plan.status == "optimal"
    assert broken(pinned, plan) == set()


def test_problem_without_requests_gives_an_empty_optimal_plan() -> None:
    problem = replace(season(5, 3, 1), requests=())
    plan = solved(problem)
    assert (plan.status, plan.visits, plan.unserved) == ("optimal", (), ())
    assert {goal.value for goal in plan.goals} == {0}


def test_problem_without_role_models_serves_nobody_and_is_optimal() -> None:
    problem = replace(season(5, 3, 1), role_models=())
    plan = solved(problem)
    assert (plan.status, plan.visits, len(plan.unserved)) == ("optimal", (), 5)


def test_stage_asks_the_integer_program_only_where_the_relaxation_is_not_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("an integer program was asked")

    monkeypatch.setattr(stage, "solve_whole", never)
    single = season(30, 30, 1)
    single = replace(
        single,
        requests=tuple(replace(r, role_models=1) for r in single.requests),
        role_models=tuple(replace(p, max_per_day=1) for p in single.role_models),
    )
    assert solved(single).status == "optimal"


def triangle() -> VisitProblem:
    """Three visits for two of three people who come once: half of each in a relaxation, one of them in a plan."""
    data = visit_data()
    request, person = data["requests"][0], data["role_models"][1]
    times = [{"lessons": [lesson(18, start, end)]} for start, end in (("08:30", "09:15"), ("10:30", "11:15"))]
    data["requests"] = [
        {**request, "id": f"q{n}", "topics": [f"t{n}"], "role_models": 2, "classes": 2, "options": times}
        for n in range(3)
    ]
    data["role_models"] = [
        {**person, "id": f"r{n}", "topics": [f"t{n}", f"t{(n + 1) % 3}"], "max_per_term": 1} for n in range(3)
    ]
    return visits(data)


def test_fractional_number_of_visits_by_two_is_split_into_two_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the two cases did not settle it")

    monkeypatch.setattr(stage.Stage, "_complete", never)
    plan = solved(triangle())
    assert plan.status == "optimal"
    assert {goal.name: goal.value for goal in plan.goals}["classes"] == 2
    assert plan.certificate.bound_source["classes"] == "branch_and_bound"
    assert broken(triangle(), plan) == set()


@pytest.mark.parametrize("most", [1, 5])
def test_nearby_opens_a_fractional_request_and_keeps_what_is_far(most: int) -> None:
    problem = season(60, 45, 2, scarce=True)
    model = Model(*find_candidates(problem, RoleModelFacts(problem), room(problem, ())))
    request = model.units.request[model.candidates.unit]
    plan = np.zeros(len(request), dtype=np.bool_)
    plan[np.unique(request, return_index=True)[1][::2]] = True
    values = model.complete(plan).astype(np.float64)
    split = int(request[np.flatnonzero(plan)[0]])
    values[: len(plan)][plan & (request == split)] = 0.5
    columns, kept = nearby(model, values, most)
    served = set(request[plan].tolist())
    still = set(request[kept].tolist())
    assert split not in still
    assert still < served
    assert len(served - still) <= most
    assert set(np.flatnonzero(request == split)) | set(kept) <= set(columns)


def test_run_gives_up_on_a_call_that_does_not_listen() -> None:
    stop, release = Stop(), threading.Event()

    def deaf(_: object) -> bool:
        stop.request()
        return release.wait(30)

    with pytest.raises(Stopped):
        run(stop, deaf)
    release.set()


def test_run_hands_on_what_the_call_raises() -> None:
    def wrong(_: object) -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        run(Stop(), wrong)
