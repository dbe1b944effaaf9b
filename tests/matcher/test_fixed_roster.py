"""On a fixed roster everything is exact: who is served, where they sit, and the bounds that say so."""

import random

import pytest

from matcher.groups.facts import Facts
from matcher.groups.first import first_roster
from matcher.groups.placement import place
from matcher.groups.roster import Roster
from tests.benchmarks.instances_groups import national
from tests.matcher.queue_by_weights import kept_by_weights
from tests.matcher.random_groups import random_group_problem


def some_rosters(facts: Facts, seed: int, count: int) -> list[Roster]:
    """Rosters of mentors who stand where they can, or not, by chance."""
    rng = random.Random(seed)
    rosters = []
    for _ in range(count):
        here: list[list[int]] = [[] for _ in facts.sessions]
        for m, stands in enumerate(facts.stands):
            for s in stands:
                if rng.random() < 0.7:
                    here[s].append(m)
        rosters.append(Roster(tuple(map(tuple, here))))
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
