"""What chance would give a group, against counting all draws; small numbers hidden."""

from itertools import combinations

import pytest

from api.domain.equality import OTHERS, Line, compare, interval


def interval_by_counting(group: int, served: int, asked: int) -> tuple[int, int]:
    """The same from every single draw."""
    hits = [sum(one < group for one in draw) for draw in combinations(range(asked), served)]
    share = {k: hits.count(k) / len(hits) for k in range(asked + 1)}
    possible = sorted(set(hits))
    least = max(k for k in possible if sum(share[j] for j in range(k)) <= 0.025)
    most = min(k for k in possible if sum(share[j] for j in range(k + 1, asked + 1)) <= 0.025)
    return least, most


@pytest.mark.parametrize(("served", "asked"), [(0, 6), (1, 6), (5, 10), (9, 12), (12, 12), (4, 13)])
def test_interval_is_that_of_all_draws(served: int, asked: int) -> None:
    for group in range(asked + 1):
        assert interval(group, served, asked) == interval_by_counting(group, served, asked)


def test_interval_of_a_nation_is_narrow() -> None:
    assert interval(2000, 3000, 4000) == (1473, 1527)


def pupils(**groups: tuple[int, int]) -> list[tuple[str, bool]]:
    """(served, waiting) by group, one pupil at a time."""
    return [
        (group, has_place)
        for group, (served, waiting) in groups.items()
        for has_place in [True] * served + [False] * waiting
    ]


def test_group_that_chance_would_seldom_give_is_outside() -> None:
    low, high = compare(pupils(a=(20, 80), b=(80, 20)))
    assert low == Line("a", 100, 20, 50.0, 43, 57)
    assert low.is_outside
    assert high.is_outside
    even, _ = compare(pupils(a=(48, 52), b=(52, 48)))
    assert not even.is_outside


def test_small_numbers_are_hidden_and_so_is_what_gives_them_away() -> None:
    lines = {line.group: line for line in compare(pupils(a=(3, 40), b=(30, 40), c=(60, 40), d=(2, 1)))}
    assert lines["a"].served is None
    assert not lines["a"].is_outside
    assert (lines["d"].asked, lines["d"].served, lines["d"].expected) == (None, None, None)
    assert sum(line.served is None for line in lines.values()) >= 3


def test_nothing_is_shown_where_the_sums_would_give_it_away() -> None:
    assert {line.asked for line in compare(pupils(a=(2, 30), b=(0, 30)))} == {None}


def test_small_groups_are_counted_together() -> None:
    lines = compare(pupils(a=(10, 15), b=(6, 6), c=(7, 9)), gather=True)
    assert [(line.group, line.asked) for line in lines] == [("a", 25), (OTHERS, 28)]


def test_nobody_asked() -> None:
    assert compare([]) == []
