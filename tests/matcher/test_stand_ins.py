"""Stand-ins against enumeration: the probability over all who may be silent, and the choice over all choices."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, product

import pytest

from matcher.control import Settings, Stop
from matcher.plan import Visit, VisitPlan
from matcher.problem import VisitProblem
from matcher.solve import solve
from matcher.visits.stand_ins import Reserve, StandIns, plan_stand_ins
from tests.matcher.brute_force_visits import Held, VisitEnumeration
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import lesson, visit_data, visits

CHANCES = (0.0, 0.1, 0.25, 0.5)


def solved(problem: VisitProblem) -> VisitPlan:
    plan = solve(problem, stop=Stop(30), seed=1, settings=Settings(workers=1))
    assert isinstance(plan, VisitPlan)
    return plan


def expected_share(plan: VisitPlan, reserves: Sequence[Reserve], chance: Mapping[str, Fraction]) -> Fraction:
    """By playing out every case of who is silent: the expected share of visits that hold."""
    people = sorted({p.id for v in plan.visits for p in v.role_models} | {r.role_model for r in reserves})
    total = Fraction(0)
    for flags in product((False, True), repeat=len(people)):
        silent = {person for person, flag in zip(people, flags, strict=True) if flag}
        weight = Fraction(1)
        for person in people:
            weight *= chance[person] if person in silent else 1 - chance[person]
        missing = {v.request: len(silent & {p.id for p in v.role_models}) for v in plan.visits}
        held = sum(count == 0 for count in missing.values())
        for reserve in reserves:
            if reserve.role_model not in silent:
                held += any(missing[request] == 1 for request in reserve.visits)
        total += weight * held
    return total / len(plan.visits)


def as_held(problem: VisitProblem, visit: Visit) -> Held:
    request = next(r for r in problem.requests if r.id == visit.request)
    fixed = any(item.request == visit.request for item in problem.fixed)
    return Held(request, visit.option, visit.mode, tuple(p.id for p in visit.role_models), fixed)


def duties(problem: VisitProblem, plan: VisitPlan) -> list[Reserve]:
    """Every reserve that could be named, by the rules of the enumeration."""
    enumeration = VisitEnumeration(problem)
    standing = [as_held(problem, visit) for visit in plan.visits]
    found = []
    for person in problem.role_models:
        able = [
            held
            for held in standing
            if person.id not in held.people
            and enumeration.may_meet(person, held.request, held.option, held.mode)
            and enumeration.fits(held._replace(people=(person.id,), fixed=False), standing)
        ]
        for day in sorted({held.start.date() for held in able}):
            here = [held for held in able if held.start.date() == day]
            for size in range(1, 4):
                for some in combinations(here, size):
                    found.append(Reserve(person.id, day, tuple(held.request.id for held in some)))
    return found


def allowed(problem: VisitProblem, plan: VisitPlan, reserves: Sequence[Reserve]) -> bool:
    """One reserve a visit, one duty a person and date, and limits kept whatever happens."""
    named = Counter(chain.from_iterable(reserve.visits for reserve in reserves))
    if any(count > 1 for count in named.values()):
        return False
    if len({(reserve.role_model, reserve.date) for reserve in reserves}) < len(reserves):
        return False
    enumeration = VisitEnumeration(problem)
    standing = [as_held(problem, visit) for visit in plan.visits]
    for reserve in reserves:
        first = next(held for held in standing if held.request.id == reserve.visits[0])
        duty = first._replace(people=(reserve.role_model,), fixed=False)
        if not enumeration.fits(duty, [held for held in standing if held.request.id != first.request.id]):
            return False
        standing.append(duty)
    return True


def all_choices(problem: VisitProblem, plan: VisitPlan) -> Iterator[tuple[Reserve, ...]]:
    possible = duties(problem, plan)
    for size in range(len(plan.visits) + 1):
        for some in combinations(possible, size):
            if allowed(problem, plan, some):
                yield some


def check_choice(seed: int) -> bool:
    """Compare with enumeration; False where there are too many choices to enumerate."""
    problem = random_visit_problem(seed)
    plan = solved(problem)
    if not plan.visits or len(duties(problem, plan)) > 14:
        return False
    rng = random.Random(f"stand-ins-{seed}")
    silence = {person.id: rng.choice(CHANCES) for person in problem.role_models}
    chance = {person: Fraction(str(value)) for person, value in silence.items()}
    share = rng.choice((0.7, 0.9, 0.95))
    found = plan_stand_ins(problem, plan, silence=silence, share=share)
    outcomes = [
        (expected_share(plan, some, chance), len({reserve.role_model for reserve in some}))
        for some in all_choices(problem, plan)
    ]
    highest = max(value for value, _ in outcomes)
    wanted = min(highest, Fraction(str(share)))
    fewest = min(count for value, count in outcomes if value >= wanted)
    best = max(value for value, count in outcomes if value >= wanted and count == fewest)
    assert allowed(problem, plan, found.reserves)
    assert found.proven
    assert found.reached == (highest >= Fraction(str(share)))
    assert (found.people, found.share) == (fewest, pytest.approx(float(best), abs=1e-7))
    assert found.share == pytest.approx(float(expected_share(plan, found.reserves, chance)), abs=1e-12)
    assert found.share_without == pytest.approx(float(expected_share(plan, (), chance)), abs=1e-12)
    return True


def test_choices_are_the_best_of_all() -> None:
    assert sum(check_choice(seed) for seed in range(12)) >= 4


@pytest.mark.long
def test_choices_are_the_best_of_all_long() -> None:
    assert sum(check_choice(seed) for seed in range(12, 212)) >= 80


def one_day() -> tuple[VisitProblem, VisitPlan]:
    """Three visits of one morning by three people, and a fourth who could stand in for each."""
    data = visit_data()
    person = data["role_models"][1] | {"max_per_day": 1}
    data["requests"] = [
        data["requests"][0] | {"id": f"q{n}", "options": [{"lessons": [lesson(18, "08:30", "09:15")]}]}
        for n in range(3)
    ]
    data["role_models"] = [{**person, "id": f"r{n}"} for n in range(4)]
    problem = visits(data)
    return problem, solved(problem)


def stand_ins(share: float, **chances: float) -> StandIns:
    problem, plan = one_day()
    free = ({f"r{n}" for n in range(4)} - {p.id for v in plan.visits for p in v.role_models}).pop()
    return plan_stand_ins(problem, plan, silence={free: chances["reserve"]}, rate=chances["rate"], share=share)


def test_one_reserve_stands_by_for_several_visits_of_a_date() -> None:
    found = stand_ins(0.95, rate=0.1, reserve=0.0)
    assert [len(reserve.visits) for reserve in found.reserves] == [3]
    assert found.share_without == pytest.approx(0.9)
    assert found.share == pytest.approx(0.9 + (1 - 0.9**3) / 3)
    assert found.reached


def test_share_out_of_reach_is_said() -> None:
    found = stand_ins(0.999, rate=0.1, reserve=0.0)
    assert not found.reached
    assert found.people == 1


def test_nobody_is_kept_where_nobody_is_silent() -> None:
    found = stand_ins(0.95, rate=0.0, reserve=0.5)
    assert (found.reserves, found.share, found.reached) == ((), 1.0, True)


def test_chance_beyond_one_is_refused() -> None:
    problem, plan = one_day()
    with pytest.raises(ValueError, match=r"r0: 1\.5 is no chance"):
        plan_stand_ins(problem, plan, silence={"r0": 1.5})


def test_plan_without_visits_needs_nobody() -> None:
    problem = replace(visits(visit_data()), role_models=())
    found = plan_stand_ins(problem, solved(problem))
    assert (found.people, found.share, found.reached) == (0, 1.0, True)
