"""The reader of public instances, on small ones written here: what it solves is what enumeration finds."""

from itertools import product
from pathlib import Path

import pytest

from tests.benchmarks import public

ASSIGNMENT = """2
2 3  6 9 4  5 7 8  3 4 2  2 5 4  6 6
2 2  1 8  7 2  1 1  1 1  1 1
"""
LOCATION = """2 2
10 7.5  12 3
4 1.25 8
6 9 2.5
"""


def best_assignment(*, maximize: bool) -> float:
    gain, resource, capacity = ((6, 9, 4), (5, 7, 8)), ((3, 4, 2), (2, 5, 4)), (6, 6)
    totals = [
        sum(gain[i][j] for j, i in enumerate(agents))
        for agents in product(range(2), repeat=3)
        if all(sum(resource[i][j] for j, a in enumerate(agents) if a == i) <= capacity[i] for i in range(2))
    ]
    return max(totals) if maximize else min(totals)


@pytest.mark.parametrize(("name", "maximize"), [("gap1", True), ("gapa", False)])
def test_assignment_is_solved_to_the_enumerated_best(tmp_path: Path, name: str, maximize: bool) -> None:
    (tmp_path / f"{name}.txt").write_text(ASSIGNMENT, encoding="ascii")
    first, second = public.instances(tmp_path / f"{name}.txt")
    assert (first.name, second.name) == (f"{name}-1", f"{name}-2")
    assert public.solved(first, 20.0) == (best_assignment(maximize=maximize), best_assignment(maximize=maximize))
    assert public.solved(second, 20.0)[0] == (15.0 if maximize else 3.0)


def test_location_opens_what_pays(tmp_path: Path) -> None:
    (tmp_path / "cap1.txt").write_text(LOCATION, encoding="ascii")
    (instance,) = public.instances(tmp_path / "cap1.txt")
    value, bound = public.solved(instance, 20.0)
    both_from_the_second = 3 + 8 + 2.5
    assert (value, bound) == pytest.approx((both_from_the_second, both_from_the_second))


@pytest.mark.parametrize(
    ("published", "status"), [("gap1-1,22\ngap1-2,15\n", 0), ("gap1-1,21\n", 1), ("gap1-1,23\n", 1)]
)
def test_a_contradiction_to_what_is_published_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], published: str, status: int
) -> None:
    (tmp_path / "gap1.txt").write_text(ASSIGNMENT, encoding="ascii")
    (tmp_path / "published.csv").write_text(published, encoding="utf-8")
    assert best_assignment(maximize=True) == 22
    assert public.main([str(tmp_path), "--seconds", "20"]) == status
    assert "gap1-1" in capsys.readouterr().out
