"""The judge and plain enumeration agree on small random problems: what is valid, what is fair, what is counted."""

import random
from itertools import combinations

import pytest

from matcher.check import check
from matcher.problem import GroupProblem, VisitProblem
from tests.matcher.brute_force_groups import GroupEnumeration, Outcome, Roster
from tests.matcher.brute_force_visits import GOALS, Held, VisitEnumeration, best, true_bounds
from tests.matcher.plans import group_plan, visit_plan
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem

BATCHES = [range(start, start + 20) for start in range(0, 100, 20)]


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_judge_accepts_the_best_visit_plan(seeds: range) -> None:
    for seed in seeds:
        problem = random_visit_problem(seed)
        enumeration = VisitEnumeration(problem)
        found = {plan: enumeration.values(plan) for plan in enumeration.plans()}
        if not found:
            continue
        winner = best(GOALS, set(found.values()))
        assert true_bounds(GOALS, set(found.values()), winner) == winner
        held = next(plan for plan, values in found.items() if values == winner)
        assert check(problem, visit_plan(problem, held)) == [], seed


def key(held: tuple[Held, ...]) -> frozenset[tuple[object, ...]]:
    return frozenset((h.request.id, h.option, h.mode, h.people) for h in held)


def any_visits(problem: VisitProblem, rng: random.Random) -> tuple[Held, ...]:
    """Visits that keep the fixed ones, the asked numbers and little else."""
    enumeration = VisitEnumeration(problem)
    held = list(enumeration.fixed)
    for request in enumeration.open_requests:
        people = list(combinations(sorted(enumeration.people), request.role_models))
        for _ in range(20):
            option, mode = rng.randrange(len(request.options)), rng.choice(("physical", "digital"))
            chosen = Held(request, option, mode, rng.choice(people), False)
            eligible = all(enumeration.may_meet(enumeration.people[p], request, option, mode) for p in chosen.people)
            if rng.random() < 0.5 and (eligible or rng.random() < 0.02):
                held.append(chosen)
                break
    return tuple(held)


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_judge_and_enumeration_agree_on_which_visit_plans_are_valid(seeds: range) -> None:
    verdicts = set()
    for seed in seeds:
        problem = random_visit_problem(seed)
        valid = {key(plan) for plan in VisitEnumeration(problem).plans()}
        rng = random.Random(seed)
        for _ in range(10):
            held = any_visits(problem, rng)
            violations = check(problem, visit_plan(problem, held))
            verdicts.add(violations == [])
            assert (violations == []) == (key(held) in valid), (seed, violations)
    assert verdicts == {True, False}


def whole_values(
    enumeration: GroupEnumeration, roster: Roster, outcome: Outcome, seats: dict[str, tuple[str, str]]
) -> tuple[int, ...]:
    roster_values = enumeration.roster_values(roster, outcome)
    return (*roster_values, enumeration.choices(outcome), enumeration.continuity(seats))


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_judge_accepts_what_every_roster_serves(seeds: range) -> None:
    for seed in seeds:
        problem = random_group_problem(seed)
        enumeration = GroupEnumeration(problem)
        for roster, (_, outcome) in list(enumeration.outcomes().items())[:20]:
            seats = enumeration.seating(roster, outcome)
            values = whole_values(enumeration, roster, outcome, seats)
            assert check(problem, group_plan(problem, roster, seats, values)) == [], seed


def any_seats(problem: GroupProblem, roster: Roster, rng: random.Random) -> dict[str, tuple[str, str]]:
    """Seats that keep level, choice and distance and little else."""
    enumeration = GroupEnumeration(problem)
    seats = {}
    for pupil in rng.sample(enumeration.queue, len(enumeration.queue)):
        fixed = enumeration.fixed_seats.get(pupil.id)
        ways = [
            (session, mentor)
            for mentor, session in sorted(roster)
            if session == fixed
            or (
                fixed is None
                and session in enumeration.eligible[pupil.id]
                and pupil.level in enumeration.mentors[mentor].levels
            )
        ]
        room = [
            (session, mentor)
            for session, mentor in ways
            if list(seats.values()).count((session, mentor)) < enumeration.sessions[session].ratio
            and sum(s == session for s, _ in seats.values()) < enumeration.sessions[session].seats
        ]
        if room and (fixed is not None or rng.random() < 0.95):
            seats[pupil.id] = rng.choice(room)
    return seats


def is_valid(problem: GroupProblem, roster: Roster, seats: dict[str, tuple[str, str]]) -> bool:
    """Keeps minimum sizes and fixed seats, which any_seats may miss."""
    enumeration = GroupEnumeration(problem)
    taken = [session for session, _ in seats.values()]
    return all(pupil in seats for pupil in enumeration.fixed_seats) and all(
        taken.count(session) >= max(1, enumeration.sessions[session].min_pupils) for _, session in roster
    )


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_judge_and_enumeration_agree_on_who_is_passed_over(seeds: range) -> None:
    verdicts = set()
    for seed in seeds:
        problem = random_group_problem(seed)
        enumeration = GroupEnumeration(problem)
        rng = random.Random(seed)
        for roster, (_, fair) in list(enumeration.outcomes().items())[:10]:
            for _ in range(5):
                seats = any_seats(problem, roster, rng)
                if not is_valid(problem, roster, seats):
                    continue
                given = [seats[pupil.id][0] if pupil.id in seats else None for pupil in enumeration.queue]
                right = [slot.session if slot else None for slot in fair.slots]
                values = [0] * (len(enumeration.goals) + 2)
                codes = {v.code for v in check(problem, group_plan(problem, roster, seats, values))}
                if problem.rules.placement == "queue_first":
                    agrees = given == right
                else:
                    agrees = [s is None for s in given] == [s is None for s in right]
                verdicts.add(agrees)
                assert ("passed_over" not in codes) == agrees, seed
                assert codes <= {"passed_over", "goals"}, seed
    assert verdicts == {True, False}


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_judge_and_enumeration_agree_on_choices_in_queue_order(seeds: range) -> None:
    for seed in seeds:
        problem = random_group_problem(seed)
        enumeration = GroupEnumeration(problem)
        rng = random.Random(seed)
        for roster, (values, fair) in list(enumeration.outcomes().items())[:10]:
            for _ in range(5):
                seats = any_seats(problem, roster, rng)
                given = [seats[pupil.id][0] if pupil.id in seats else None for pupil in enumeration.queue]
                right = [slot.session if slot else None for slot in fair.slots]
                if [s is None for s in given] != [s is None for s in right] or not is_valid(problem, roster, seats):
                    continue
                if problem.rules.placement == "queue_first" and given != right:
                    continue
                ranks = [
                    pupil.choices.index(session)
                    for pupil, session in zip(enumeration.queue, given, strict=True)
                    if session in pupil.choices
                ]
                whole = (*values, sum(ranks), enumeration.continuity(seats))
                codes = {v.code for v in check(problem, group_plan(problem, roster, seats, whole))}
                assert codes == (set() if given == right else {"goals"}), seed
