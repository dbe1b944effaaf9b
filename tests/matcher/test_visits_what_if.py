"""What-if of visits: values of a fresh solve whatever changed, and what is kept of the first solve is really used."""

import random
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from matcher.changes_visits import apply_visits
from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.eligibility import RoleModelFacts
from matcher.plan import VisitPlan
from matcher.problem import Refusal, VisitProblem
from matcher.visits import grown
from matcher.visits.candidates import find_candidates, fixed_engagements, room
from matcher.visits.frame import Frame
from matcher.visits.program import LinearProgram
from matcher.visits.what_if import PreparedVisits
from matcher.what_if import prepare
from tests.benchmarks.instances_visits import season
from tests.matcher.brute_force_visits import GOALS, VisitEnumeration, best
from tests.matcher.random_changes import random_visit_changes
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.test_visits_solve import crowded, solved

Change = Callable[[random.Random, VisitProblem], VisitProblem]


def request_more(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    place = rng.randint(0, len(problem.requests))
    more = replace(rng.choice(problem.requests), id="one-more")
    return replace(problem, requests=(*problem.requests[:place], more, *problem.requests[place:]))


def person_more(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    if problem.travel.matrix is not None:
        return problem
    place = rng.randint(0, len(problem.role_models))
    more = replace(rng.choice(problem.role_models), id="one-more")
    return replace(problem, role_models=(*problem.role_models[:place], more, *problem.role_models[place:]))


def request_fewer(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    gone = rng.choice(problem.requests).id
    return replace(
        problem,
        requests=tuple(request for request in problem.requests if request.id != gone),
        refused=tuple(refusal for refusal in problem.refused if refusal.request != gone),
        fixed=tuple(visit for visit in problem.fixed if visit.request != gone),
    )


def person_fewer(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    gone = rng.choice(problem.role_models).id
    return replace(
        problem,
        role_models=tuple(person for person in problem.role_models if person.id != gone),
        refused=tuple(refusal for refusal in problem.refused if refusal.role_model != gone),
        fixed=tuple(visit for visit in problem.fixed if gone not in visit.role_models),
    )


def as_in_repairs(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    """Refusals, time, limits, requests: one to three of them."""
    plan = solved(problem)
    return apply_visits(problem, random_visit_changes(rng, problem, plan)) if plan.visits else problem


def school_elsewhere(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    first, *rest = problem.schools
    return replace(problem, schools=(*rest, replace(first, lat=round(first.lat + rng.uniform(-0.1, 0.1), 4))))


def nothing_fixed(_: random.Random, problem: VisitProblem) -> VisitProblem:
    return replace(problem, fixed=())


def refusals_more(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    """Everybody refuses one request, and one person one school."""
    request, school = rng.choice(problem.requests).id, rng.choice(problem.requests).school
    more = tuple(Refusal(role_model=person.id, request=request) for person in problem.role_models)
    more += (Refusal(role_model=rng.choice(problem.role_models).id, school=school),)
    return replace(problem, refused=(*problem.refused, *more))


CHANGES: tuple[Change, ...] = (
    request_more, person_more, request_fewer, person_fewer, as_in_repairs, school_elsewhere, nothing_fixed,
    refusals_more,
)  # fmt: skip


def prepared(problem: VisitProblem) -> PreparedVisits:
    return PreparedVisits(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def again(first: PreparedVisits, problem: VisitProblem) -> VisitPlan:
    return first.solve(problem, stop=Stop(), on_progress=no_progress)


def values(plan: VisitPlan) -> tuple[int, ...]:
    return tuple(goal.value for goal in plan.goals)


def check_small(seed: int) -> None:
    problem = random_visit_problem(seed)
    first = prepared(problem)
    for change in CHANGES:
        changed = change(random.Random(f"what-if-{seed}"), problem)
        plan, fresh = again(first, changed), solved(changed)
        assert plan.status == fresh.status
        assert values(plan) == values(fresh)
        assert [goal.gap for goal in plan.goals] == [goal.gap for goal in fresh.goals]
        assert not {violation.code for violation in check(changed, plan)} - {"unserved"}


@pytest.mark.parametrize("seed", [*range(6), pytest.param(104, id="nothing left in the problem near by")])
def test_small_problems_near_by_have_the_values_of_a_fresh_solve(seed: int) -> None:
    check_small(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6, 506))
def test_small_problems_near_by_have_the_values_of_a_fresh_solve_long(seed: int) -> None:
    check_small(seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_request_more_is_what_enumeration_finds(seed: int) -> None:
    problem = random_visit_problem(seed)
    changed = request_more(random.Random(seed), problem)
    enumeration = VisitEnumeration(changed)
    every = {enumeration.values(held) for held in enumeration.plans()}
    assert values(again(prepared(problem), changed)) == best(GOALS, every)


def check_season(problem: VisitProblem, seed: int) -> None:
    first = prepared(problem)
    for change in (request_more, person_more, request_fewer, person_fewer):
        changed = change(random.Random(f"season-{seed}"), problem)
        plan = again(first, changed)
        assert plan.status == "optimal"
        assert values(plan) == values(solved(changed))
        assert not {violation.code for violation in check(changed, plan)} - {"unserved"}


def test_seasons_near_by_have_the_values_of_a_fresh_solve() -> None:
    check_season(season(50, 40, 0, scarce=True), 0)
    check_season(crowded(1), 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_seasons_near_by_have_the_values_of_a_fresh_solve_long(seed: int) -> None:
    check_season(season(240, 180, seed, scarce=seed % 2 == 0), seed)
    check_season(crowded(seed), seed)


@pytest.mark.parametrize("scarce", [False, True])
def test_the_same_season_needs_no_linear_program(scarce: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan and prices of the first solve prove all nine goals, also where the ids come in another order."""
    problem = season(80, 60, 3, scarce=scarce)
    first = prepared(problem)
    shuffled = replace(problem, requests=problem.requests[::-1], role_models=problem.role_models[::-1])

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a linear program was solved")

    monkeypatch.setattr(LinearProgram, "solve", never)
    for near in (problem, shuffled):
        plan = again(first, near)
        assert plan.status == "optimal"
        assert values(plan) == values(first.plan)


def test_a_relaxation_near_by_starts_at_its_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without prices each chapter starts from the basis that was kept, and asks for no more columns."""
    problem = season(80, 60, 3, scarce=True)
    first = prepared(problem)
    assert first._kept is not None
    first._kept.prices.clear()
    added: list[int] = []
    add = LinearProgram.add_columns

    def counting(self: LinearProgram, low: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        added.append(len(low))
        return add(self, low, *rest)

    monkeypatch.setattr(LinearProgram, "add_columns", counting)
    assert values(again(first, problem)) == values(first.plan)
    kept = sum(len(basis.columns) for basis in first._kept.bases.values())
    assert kept > 0
    assert sum(added) <= 1.1 * kept


@pytest.mark.parametrize("seed", range(8))
def test_candidates_that_grew_are_those_found_afresh(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grown, "MOST_ANEW", 9.0)
    problem = random_visit_problem(seed)
    frame = Frame(problem)
    for change in CHANGES:
        changed = change(random.Random(f"grown-{seed}"), problem)
        facts = RoleModelFacts(changed)
        afresh = find_candidates(changed, facts, room(changed, fixed_engagements(changed)))
        near = Frame(changed, frame)
        for one, other in zip((near.candidates, near.units), afresh, strict=True):
            for field in fields(one):
                assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), (change, field.name)


def test_prepared_plans_are_judged_and_of_their_kind() -> None:
    problem = season(30, 20, 1, scarce=True)
    first = prepare(problem, settings=Settings(workers=1))
    plan = first.solve(request_more(random.Random(1), problem))
    assert first.plan.certificate.judge == plan.certificate.judge == "ok"
    assert isinstance(plan, VisitPlan)
    assert {str(item.smallest_change) for item in plan.unserved} == {"{'kind': 'unknown'}"}
