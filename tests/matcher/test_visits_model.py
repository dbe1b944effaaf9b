"""Rows, goals and bounds of the visit model hold for every plan: held against the judge and against the definition."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from matcher.check import check
from matcher.check_visits import VisitFacts, recount
from matcher.control import Stop
from matcher.eligibility import RoleModelFacts
from matcher.problem import FixedVisit, VisitProblem, problem_sha256
from matcher.visits.bound import no_prices, prove, scale_for, settle
from matcher.visits.candidates import find_candidates, fixed_engagements, room
from matcher.visits.goals import GOALS, Season
from matcher.visits.integer import solve_whole
from matcher.visits.model import Flags, Model, Values, ranges
from matcher.visits.result import plan_of
from matcher.visits.rules import RULES, Surroundings, limit_groups
from tests.benchmarks.instances_visits import season
from tests.matcher.random_visits import busy_day, random_visit_problem

SEEDS = range(20)


class Built:
    """A problem's model with all rows and goals, before any goal is solved."""

    def __init__(self, problem: VisitProblem) -> None:
        facts = RoleModelFacts(problem)
        self.problem = problem
        self.season = Season(problem, facts, room(problem, fixed_engagements(problem)))
        self.model = Model(*find_candidates(problem, facts, self.season.left))
        schools = tuple(facts.school_place(school.id) for school in problem.schools)
        around = Surroundings(limit_groups(self.model, self.season.left), schools, facts.times)
        for rule in RULES:
            rule(self.model, around)
        self.goals = [goal(self.model, self.season) for goal in GOALS]

    def gain(self, number: int) -> np.ndarray:
        """Gain of each column for one goal, with room for the columns of later goals."""
        gain = np.zeros(self.model.columns, dtype=np.int64)
        gain[: len(self.goals[number].gain)] = self.goals[number].gain
        return gain

    def gains_by_a_flip(self, values: Values) -> list[int]:
        """Columns of goals that say more of this plan than is so, and yet break no row, once their value is changed."""
        step = 1 - 2 * values
        says_more = np.any([self.gain(number) * step > 0 for number in range(len(self.goals))], axis=0)
        extra = np.arange(self.model.columns) >= self.model.first_extra
        found = []
        for column in np.flatnonzero(says_more & extra).tolist():
            flipped = values.copy()
            flipped[column] += step[column]
            found += [column] * self.model.is_valid(flipped)
        return found

    def random_choices(self, rng: random.Random, count: int) -> Iterator[Flags]:
        """Some requests, each in one unit with the right number of people, whether or not they fit together.

        In one of four, few requests, one of which is in two units or has any number of people.
        """
        units, unit_of = self.model.units, self.model.candidates.unit
        requests = sorted(set(units.request.tolist()))
        for_many = sorted(set(units.request[self.model.many].tolist()))
        for _ in range(count):
            chosen = np.zeros(len(unit_of), dtype=np.bool_)
            odd = rng.choice(rng.choice((requests, for_many or requests))) if requests and rng.random() < 0.25 else None
            for request in requests:
                if request == odd or rng.random() < (0.7 if odd is None else 0.2):
                    of_request = np.flatnonzero(units.request == request).tolist()
                    two = request == odd and len(of_request) > 1 and rng.random() < 0.5
                    for unit in rng.sample(of_request, 1 + two):
                        people = np.flatnonzero(unit_of == unit).tolist()
                        right = request != odd or two
                        chosen[rng.sample(people, int(units.size[unit]) if right else rng.randint(1, len(people)))] = (
                            True
                        )
            yield chosen

    def random_plans(self, rng: random.Random, count: int) -> Iterator[Flags]:
        """Random choices that keep every row; the empty one at least."""
        yield np.zeros(len(self.model.candidates.unit), dtype=np.bool_)
        for chosen in self.random_choices(rng, count):
            if self.model.is_valid(self.model.complete(chosen)):
                yield chosen


def half_fixed(seed: int) -> VisitProblem:
    """A problem where about half of the visits of some plan are fixed."""
    problem = replace(random_visit_problem(seed), fixed=())
    built, rng = Built(problem), random.Random(seed)
    most = max(built.random_plans(rng, 40), key=lambda chosen: int(chosen.sum()))
    plan = plan_of(
        problem,
        built.season.facts,
        built.model,
        most,
        [],
        {},
        seed=0,
        settings={},
        seconds=0,
        sha256=problem_sha256(problem),
    )
    fixed = tuple(
        FixedVisit(
            request=visit.request,
            option=visit.option,
            mode=visit.mode,
            role_models=tuple(person.id for person in visit.role_models),
        )
        for visit in plan.visits
        if rng.random() < 0.5
    )
    return replace(problem, fixed=fixed)


def in_pairs(seed: int) -> VisitProblem:
    """A problem of requests for two, with as many people again to choose from."""
    problem = random_visit_problem(seed)
    again = tuple(replace(person, id=f"{person.id} too") for person in problem.role_models)
    return replace(
        problem,
        travel=replace(problem.travel, matrix=None),
        requests=tuple(replace(request, role_models=2) for request in problem.requests),
        role_models=(*problem.role_models, *again),
        fixed=(),
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [random_visit_problem, busy_day, half_fixed, in_pairs])
def test_rows_and_goals_are_those_of_the_judge(seed: int, make: Callable[[int], VisitProblem]) -> None:
    built = Built(make(seed))
    verdicts = set()
    for chosen in built.random_choices(random.Random(seed), 25):
        facts, problem = built.season.facts, built.problem
        plan = plan_of(
            problem, facts, built.model, chosen, [], {}, seed=0, settings={}, seconds=0, sha256=problem_sha256(problem)
        )
        codes = {violation.code for violation in check(problem, plan)} - {"goals", "unserved"}
        values = built.model.complete(chosen)
        accepted = built.model.is_valid(values)
        assert accepted == (not codes), codes
        reached = [(g.name, g.sense, g.value(int((built.gain(n) * values).sum()))) for n, g in enumerate(built.goals)]
        assert not accepted or reached == recount(VisitFacts(problem, plan))
        assert not accepted or not built.gains_by_a_flip(values)
        verdicts.add(accepted)
    assert verdicts


def test_random_choices_hold_both_verdicts() -> None:
    built = Built(season(30, 6, 1, scarce=True))
    verdicts = {
        built.model.is_valid(built.model.complete(chosen)) for chosen in built.random_choices(random.Random(1), 40)
    }
    sparse = np.zeros(len(built.model.candidates.unit), dtype=np.bool_)
    assert verdicts | {built.model.is_valid(built.model.complete(sparse))} == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_bound_under_any_prices_is_above_the_best_plan(seed: int) -> None:
    built, rng = Built(random_visit_problem(seed)), np.random.default_rng(seed)
    number = seed % len(GOALS)
    gain, everything = built.gain(number), np.arange(built.model.columns)
    best = solve_whole(built.model, gain, everything, everything[:0], seed=1, stop=Stop(), nodes=None)
    assert best.values is not None
    most = int((gain * best.values).sum())
    for _ in range(10):
        prices = rng.normal(0, 3, built.model.rows) * (rng.random(built.model.rows) < 0.5)
        assert prove(built.model, gain, scale_for(gain), prices).whole >= most
    assert prove(built.model, gain, scale_for(gain), no_prices(built.model)).whole >= most


@pytest.mark.parametrize("seed", SEEDS)
def test_settling_keeps_every_plan_of_that_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for number in range(len(GOALS)):
        built = Built(random_visit_problem(seed))
        plans = list(built.random_plans(random.Random(seed), 20))
        gain = built.gain(number)
        gained = [int((gain * built.model.complete(plan)).sum()) for plan in plans]
        prices = np.abs(rng.normal(0, 2, built.model.rows)) * (rng.random(built.model.rows) < 0.3)
        proof = prove(built.model, gain, scale_for(gain), prices)
        exact = settle(built.model, proof, max(gained))
        for plan, value in zip(plans, gained, strict=True):
            kept = built.model.is_valid(built.model.complete(plan))
            assert kept or value < max(gained)
            assert not (exact and kept) or value == max(gained)


def test_scale_leaves_room_for_large_gains() -> None:
    assert scale_for(np.array([3, 1])) == 720720
    assert scale_for(np.full(1000, 1 << 44)) == 1


def test_ranges_joins_them_and_skips_empty_ones() -> None:
    assert ranges(np.array([2, 5, 7]), np.array([4, 5, 9])).tolist() == [2, 3, 7, 8]
    assert ranges(np.array([3]), np.array([3])).tolist() == []
