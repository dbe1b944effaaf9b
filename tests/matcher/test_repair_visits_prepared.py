"""Prepared repairs: what enumeration, and a repair over the whole season, find; and when they need no whole season."""

import random
from dataclasses import replace
from typing import Any

import pytest

from matcher.changes import Limits, Unavailable, VisitChanges
from matcher.control import Progress, Settings, Stop, no_progress
from matcher.plan import VisitPlan
from matcher.problem import Refusal, VisitProblem, problem_sha256
from matcher.visits import repair_prepared
from matcher.visits.digest import Digest
from matcher.visits.repair import repair_visits
from matcher.visits.repair_prepared import PreparedRepair
from matcher.visits.solve import solve
from tests.benchmarks.instances_visits import season
from tests.matcher.random_changes import decline, random_visit_changes
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.test_repair_visits import MOVE_FOR, assert_honest, assert_told, fewest_moved, judged, solved


class WholeSeasonError(Exception):
    """The repair asked for a repair over the whole season."""


def never(*_: object, **__: object) -> None:
    raise WholeSeasonError


def quick(problem: VisitProblem) -> VisitPlan:
    return solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def taking_away(rng: random.Random, problem: VisitProblem, plan: VisitPlan) -> VisitChanges:
    """One or two changes that only take away: refusals, time, a lower limit."""
    changes = VisitChanges(refused=(decline(rng, rng.choice(plan.visits)),))
    if rng.random() < 0.3:
        visit = rng.choice(plan.visits)
        away = Unavailable(role_model=visit.role_models[0].id, start=visit.start, end=visit.end)
        changes = replace(changes, unavailable=(away,))
    if rng.random() < 0.3:
        person = rng.choice(problem.role_models)
        name = rng.choice(("max_per_day", "max_per_week", "max_per_term", "max_lessons"))
        lower = Limits(role_model=person.id, **{name: max(0, getattr(person, name) - 1)})
        changes = replace(changes, limits=(lower,))
    return changes


def check_nearby(seed: int) -> bool:
    """Compare a prepared repair with enumeration; False where it took the whole season."""
    problem = random_visit_problem(seed)
    plan = solved(problem)
    if not plan.visits:
        return False
    changes = taking_away(random.Random(f"prepared-{seed}"), problem, plan)
    try:
        changed, repaired = PreparedRepair(problem, plan).repair(changes)
    except WholeSeasonError:
        return False
    assert judged(changed, repaired) == set()
    top, moved, rest = fewest_moved(plan, changed)
    values = tuple(goal.value for goal in repaired.goals)
    assert (values[:MOVE_FOR], values[MOVE_FOR:]) == (top, rest)
    assert repaired.certificate.settings["moved"] == {"value": moved, "bound": moved}
    assert_honest(changed, repaired)
    assert_told(changed, plan, repaired, changes)
    return True


def test_small_repairs_nearby_are_what_enumeration_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_prepared, "repair_visits", never)
    assert sum(check_nearby(seed) for seed in range(24)) >= 4


@pytest.mark.long
def test_small_repairs_nearby_are_what_enumeration_finds_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_prepared, "repair_visits", never)
    assert sum(check_nearby(seed) for seed in range(24, 1024)) >= 160


def crowded(seed: int) -> VisitProblem:
    """A season whose people come twice a day and whose requests ask for one to three of them."""
    problem = season(40, 40, seed, scarce=seed % 2 == 0)
    requests = tuple(replace(r, role_models=1 + (n % 5 == 0) + (n % 10 == 0)) for n, r in enumerate(problem.requests))
    people = tuple(
        replace(p, max_per_day=1 + n % 3, max_travel_minutes=2 * p.max_travel_minutes)
        for n, p in enumerate(problem.role_models)
    )
    return replace(problem, requests=requests, role_models=people)


def check_against_whole_season(seed: int, events: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Compare prepared repairs with repairs over the whole season and new solves; how many took the whole season."""
    calls: list[object] = []

    def counting(*arguments: Any, **named: Any) -> tuple[VisitProblem, VisitPlan]:
        calls.append(arguments)
        return repair_visits(*arguments, **named)

    monkeypatch.setattr(repair_prepared, "repair_visits", counting)
    problem = crowded(seed)
    plan = quick(problem)
    prepared = PreparedRepair(problem, plan)
    for event in range(events):
        rng = random.Random(f"season-{seed}-{event}")
        changes = random_visit_changes(rng, problem, plan, 2) if event % 2 else taking_away(rng, problem, plan)
        heard: list[Progress] = []
        changed, repaired = prepared.repair(changes, on_progress=heard.append)
        _, whole = repair_visits(problem, plan, changes)
        assert judged(changed, repaired) == set()
        assert [goal.value for goal in repaired.goals] == [goal.value for goal in whole.goals]
        assert repaired.certificate.settings["moved"] == whole.certificate.settings["moved"]
        anew = quick(changed)
        assert [goal.value for goal in repaired.goals[:MOVE_FOR]] == [goal.value for goal in anew.goals[:MOVE_FOR]]
        for goal, best in zip(repaired.goals[: MOVE_FOR + 1], anew.goals, strict=False):
            assert goal.bound >= best.value
        assert heard
    return len(calls)


def test_prepared_repair_is_what_the_whole_season_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < check_against_whole_season(1, 6, monkeypatch) < 6


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 27))
def test_prepared_repair_is_what_the_whole_season_finds_long(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_against_whole_season(seed, 20, monkeypatch) < 20


def test_digest_is_that_of_the_problem_after_every_change() -> None:
    problem = season(30, 20, 1)
    plan = quick(problem)
    digest = Digest(problem)
    assert digest.of(problem) == problem_sha256(problem)
    for event in range(12):
        changes = random_visit_changes(random.Random(f"digest-{event}"), problem, plan)
        changed, _ = repair_visits(problem, plan, changes, stop=Stop(0))
        assert digest.of(changed) == problem_sha256(changed)
    with pytest.raises(ValueError, match="make a digest for this problem"):
        digest.of(replace(problem, today=problem.today.replace(day=1)))


def test_unproven_plan_is_repaired_over_the_whole_season(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = season(30, 20, 1, scarce=True)
    plan = solve(problem, stop=Stop(0), seed=1, settings=Settings(), on_progress=no_progress)
    monkeypatch.setattr(repair_prepared, "repair_visits", never)
    visit = plan.visits[0]
    changes = VisitChanges(refused=(Refusal(role_model=visit.role_models[0].id, request=visit.request),))
    with pytest.raises(WholeSeasonError):
        PreparedRepair(problem, plan).repair(changes)
