"""On a fixed roster everything is exact: who is served, where they sit, and the bounds that say so."""

import random

import pytest

from matcher.check_queue import Residual, Room, Seated, Waiting, better_choices
from matcher.control import Stop
from matcher.fields import InvalidProblem
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts, overlap
from matcher.groups.first import first_roster
from matcher.groups.fixed_roster import on_roster, only_roster, stands_of
from matcher.groups.placement import place
from matcher.groups.roster import Roster, is_valid
from matcher.plan import GroupPlan
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.matcher.queue_by_weights import kept_by_weights
from tests.matcher.random_groups import random_group_problem
from tests.matcher.test_against_brute_force import check_groups


def some_rosters(facts: Facts, seed: int, count: int) -> list[Roster]:
    """Rosters of mentors who keep their own limits, sessions with too few of them left closed; by chance."""
    rng = random.Random(seed)
    rosters = []
    for _ in range(count):
        here: list[list[int]] = [[] for _ in facts.sessions]
        for m, stands in enumerate(facts.stands):
            held: list[int] = []
            for s in rng.sample(stands, len(stands)):
                clash = any(overlap(facts.sessions[s], facts.sessions[t]) for t in held)
                if len(held) < facts.mentors[m].max_sessions and not clash:
                    held.append(s)
                    here[s].append(m)
        rosters.append(Roster(tuple(tuple(m) if len(m) >= facts.min_mentors[s] else () for s, m in enumerate(here))))
    return rosters


def compared(facts: Facts, roster: Roster) -> bool:
    """True when the roster has a placement; the served are those of the weights."""
    placement = place(facts, roster)
    expected = kept_by_weights(facts, roster)
    assert (placement is None) == (expected is None)
    if placement is not None:
        assert set(placement.seat) == expected
        assert all(s in dict(facts.choices[p]) for p, s in placement.seat.items())
    return placement is not None


@pytest.mark.parametrize("block", range(10))
def test_served_are_those_of_the_weights_on_small_problems(block: int) -> None:
    valid = 0
    for seed in range(20 * block, 20 * block + 20):
        facts = Facts(random_group_problem(seed))
        valid += sum(compared(facts, roster) for roster in some_rosters(facts, seed, 4))
    assert valid


@pytest.mark.parametrize(("pupils", "mentors"), [(600, 30), (600, 60), (1200, 60)])
def test_served_are_those_of_the_weights_on_a_season(pupils: int, mentors: int) -> None:
    facts = Facts(national(5, pupils=pupils, mentors=mentors))
    assert compared(facts, first_roster(facts))
    for roster in some_rosters(facts, 5, 2):
        compared(facts, roster)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_served_are_those_of_the_weights_on_a_national_season(seed: int) -> None:
    facts = Facts(national(seed, mentors=(330, 170)[seed % 2]))
    assert compared(facts, first_roster(facts))


@pytest.mark.parametrize("block", range(10))
def test_a_settled_roster_is_solved_as_enumeration_says(block: int) -> None:
    solved = 0
    for seed in range(10 * block, 10 * block + 10):
        problem = random_group_problem(seed)
        facts = Facts(problem)
        for roster in some_rosters(facts, seed, 4):
            if is_valid(facts, roster) and place(facts, roster) is not None:
                stands = [(facts.mentors[m].id, facts.sessions[s].id) for m, s in roster.stands()]
                settled = on_roster(problem, stands)
                plan = solve(settled)
                assert isinstance(plan, GroupPlan)
                assert plan.status != "infeasible"
                check_groups(settled, plan)
                solved += 1
    assert solved >= 4


@pytest.mark.parametrize("placement", ["most_served", "queue_first"])
@pytest.mark.parametrize("seed", range(2))
def test_solved_on_its_own_roster_a_season_is_the_same(seed: int, placement: str) -> None:
    problem = national(seed, pupils=300, mentors=26, placement=placement)
    plan = solve(problem, stop=Stop(1.0))
    assert isinstance(plan, GroupPlan)
    again = solve(on_roster(problem, stands_of(plan)))
    assert isinstance(again, GroupPlan)
    assert again.sessions == plan.sessions
    assert [(item.pupil, item.ahead) for item in again.unserved] == [(item.pupil, item.ahead) for item in plan.unserved]
    assert [goal.value for goal in again.goals] == [goal.value for goal in plan.goals]
    proven = [goal.name for goal in again.goals if goal.gap == 0]
    assert proven[-4:] == ["short_hours", "extra_shifts", "choices", "continuity"]
    if placement == "most_served":
        assert again.status == "optimal"


def test_nobody_on_the_roster_serves_nobody() -> None:
    problem = on_roster(national(1, pupils=30, mentors=4), [])
    plan = solve(problem)
    assert plan.status == "optimal"
    assert isinstance(plan, GroupPlan)
    assert plan.sessions == ()
    assert len(plan.unserved) == 30


def test_a_problem_with_a_choice_of_rosters_has_no_only_one() -> None:
    problem = national(1, pupils=30, mentors=4)
    assert only_roster(Facts(problem)) is None
    stands = [(mentor.id, mentor.sessions[0]) for mentor in problem.mentors]
    roster = only_roster(Facts(on_roster(problem, stands)))
    assert roster is not None
    assert sum(map(len, roster.mentors)) == len(stands)


def test_a_roster_of_strangers_is_refused() -> None:
    with pytest.raises(InvalidProblem, match="nobody"):
        on_roster(national(1, pupils=30, mentors=4), [("nobody", "nowhere")])


@pytest.mark.parametrize("seed", range(3))
def test_the_judge_finds_each_better_choice_that_a_plain_search_finds(seed: int) -> None:
    problem = national(seed, pupils=600, mentors=55)
    facts, rng = Facts(problem), random.Random(seed)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert placement is not None
    contact = contacts(facts, roster, placement.seat)
    rooms = [
        Room(
            facts.sessions[s].id,
            facts.sessions[s].seats,
            facts.sessions[s].ratio,
            facts.min_pupils[s],
            {facts.mentors[m].id: facts.levels[m] for m in roster.mentors[s]},
        )
        for s in roster.open_sessions
    ]
    line: list[Seated | Waiting] = []
    for p in rng.sample(facts.queue, len(facts.queue)):
        pupil, choices = facts.pupils[p], tuple(facts.sessions[s].id for s, _ in facts.choices[p] if roster.mentors[s])
        if p in placement.seat:
            session, mentor = facts.sessions[placement.seat[p]].id, facts.mentors[contact[p]].id
            line.append(Seated(pupil.id, pupil.level, choices, session, mentor, fixed=False))
    found = list(better_choices(rooms, line))
    assert found
    graph, expected = Residual(rooms, line), []
    for entry in reversed(line):
        assert isinstance(entry, Seated)
        better = entry.choices[: entry.choices.index(entry.session)]
        reached = {graph.place(choice, entry.level) for choice in better}
        waiting = list(reached)
        while waiting:
            fresh = graph.after[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        if graph.place(entry.session, entry.level) in reached:
            expected.append(entry.pupil)
        graph.let_move(entry)
    assert found == expected
