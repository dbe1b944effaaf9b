"""No hidden count can be worked out: a linear solver is given every shown number and asked for each hidden one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.linear_solver import pywraplp

from api.domain.suppression import LEAST, SPREAD, TOTAL, Place, hidden_in_list, hidden_in_table, known_sum

COUNTS = st.one_of(st.integers(0, 8), st.integers(0, 60), st.integers(0, 900))


def all_cells(table: Mapping[str, Mapping[str, int]]) -> dict[Place, int]:
    """The counts of a table with all its sums."""
    columns = next(iter(table.values())).keys()
    cells: dict[Place, int] = {(row, column): table[row][column] for row in table for column in columns}
    cells |= {(TOTAL, column): sum(table[row][column] for row in table) for column in columns}
    cells |= {(row, TOTAL): sum(table[row].values()) for row in table}
    cells[TOTAL, TOTAL] = sum(sum(counts.values()) for counts in table.values())
    return cells


def possible(cells: dict[Place, int], hidden: frozenset[Place], asked: Place) -> tuple[float, float]:
    """The lowest and the highest value a reader finds possible, who knows that what is hidden is at least 1."""
    found = []
    for sense in (-1, 1):
        solver = pywraplp.Solver.CreateSolver("GLOP")
        value = {
            place: solver.NumVar(*((1, 10_000) if place in hidden else (count, count)), str(place))
            for place, count in cells.items()
        }
        rows, columns = ({place[axis] for place in cells} for axis in (0, 1))
        for row in rows:
            solver.Add(sum(value[row, column] for column in columns if column is not TOTAL) == value[row, TOTAL])
        for column in columns:
            solver.Add(sum(value[row, column] for row in rows if row is not TOTAL) == value[TOTAL, column])
        solver.Maximize(sense * value[asked])
        assert solver.Solve() == pywraplp.Solver.OPTIMAL
        found.append(value[asked].solution_value())
    return found[0], found[1]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    columns = [f"c{n}" for n in range(draw(st.integers(1, 3)))]
    return {f"r{n}": {column: draw(COUNTS) for column in columns} for n in range(draw(st.integers(1, 6)))}


@settings(max_examples=120, deadline=None)
@given(tables())
def test_no_hidden_count_of_a_table_can_be_worked_out(table: dict[str, dict[str, int]]) -> None:
    cells, hidden = all_cells(table), hidden_in_table(table)
    assert {place for place, count in cells.items() if 0 < count < LEAST} <= hidden
    assert all(cells[place] for place in hidden)
    for place in hidden:
        lowest, highest = possible(cells, hidden, place)
        assert highest - lowest >= SPREAD - 1e-6, (place, table)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), COUNTS, min_size=1))
def test_no_hidden_count_of_a_list_can_be_worked_out(counts: dict[str, int]) -> None:
    hidden = hidden_in_list(counts)
    assert {key for key, count in counts.items() if 0 < count < LEAST} <= hidden
    if TOTAL in hidden or not hidden:
        return
    unknown = sum(counts[key] for key in hidden if key is not None)
    assert len(hidden) >= 2
    assert unknown - (len(hidden) - 1) >= LEAST


@settings(max_examples=100, deadline=None)
@given(tables())
def test_nothing_is_hidden_without_a_small_count(table: dict[str, dict[str, int]]) -> None:
    large = {row: {column: count + LEAST for column, count in counts.items()} for row, counts in table.items()}
    assert hidden_in_table(large) == frozenset()
    assert hidden_in_list({row: sum(counts.values()) for row, counts in large.items()}) == frozenset()


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 40, "b": 50}, set()),
        ({"a": 0, "b": 50}, set()),
        ({"a": 3, "b": 50, "c": 9}, {"a", "c"}),
        ({"a": 1, "b": 1, "c": 50, "d": 60}, {"a", "b", "c"}),
        ({"a": 3}, {"a", TOTAL}),
        ({"a": 3, "b": 0}, {"a", "b", TOTAL} - {"b"}),
        ({}, set()),
    ],
)
def test_the_smallest_others_are_hidden(counts: dict[str, int], hidden: set[str | None]) -> None:
    assert hidden_in_list(counts) == hidden


def test_a_second_site_is_hidden_where_the_first_could_be_worked_out() -> None:
    """Two stood without a place at Gjøvik: with what applied and the sum shown, one more site has to go."""
    table = {
        "gjøvik": {"offered": 86, "left": 2},
        "narvik": {"offered": 52, "left": 9},
        "oslo": {"offered": 371, "left": 115},
    }
    assert hidden_in_table(table) == {(site, column) for site in ("gjøvik", "narvik") for column in ("offered", "left")}


def test_what_is_hidden_is_added_to_nothing() -> None:
    assert (known_sum([1, 2]), known_sum([1, None]), known_sum([])) == (3, None, 0)
