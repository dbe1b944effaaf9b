"""Whole plans: an integer program over some columns of the model."""

from dataclasses import dataclass

import numpy as np

from matcher.control import Stop
from matcher.visits.model import Ints, Model, Values
from matcher.visits.program import IntegerProgram

SHARE_OF_TIME = 0.3
"""Of the time left, what one integer program may take where time is limited."""


@dataclass(frozen=True)
class Whole:
    """What an integer program found: a plan or None, and the most that any plan over these columns can gain or None.

    `possible` is False where it was proven that there is no plan at all over these columns.
    """

    values: Values | None
    bound: int | None
    possible: bool = True


def solve_whole(
    model: Model, gain: Ints, columns: Ints, taken: Ints, *, seed: int, stop: Stop, nodes: int | None
) -> Whole:
    """The plan over `columns` that gains most, with all of `taken` in it. Raises Stopped when the stop comes first.

    `nodes` of the search tree end it early, repeatably, and so does its share of a time limit: the goals to come get
    their turn too. Then the bound may be above what the plan gains.
    """
    model.separate(columns)
    if _misses_an_equation(model, columns):
        return Whole(None, None, possible=False)
    found = _program(model, gain, columns, taken).solve(
        stop, seed=seed, nodes=nodes, seconds=SHARE_OF_TIME * stop.remaining()
    )
    bound = int(np.floor(found.bound + 1e-6)) if np.isfinite(found.bound) else None
    if found.values is None:
        return Whole(None, bound, found.possible)
    assigned = np.zeros(len(model.candidates.unit), dtype=np.bool_)
    inside = columns < len(assigned)
    assigned[columns[inside]] = found.values[inside] > 0.5
    plan = model.complete(assigned)
    return Whole(plan if model.is_valid(plan) else None, bound)


def _misses_an_equation(model: Model, columns: Ints) -> bool:
    """Is there an equation that these columns do not reach, and that nothing does not keep?"""
    unmet = model.tight & (model.limit != 0)
    unmet[model.entries_of(columns)[0]] = False
    return bool(unmet.any())


def _program(model: Model, gain: Ints, columns: Ints, taken: Ints) -> IntegerProgram:
    """The model over these columns; lazy rows with one entry are left out, as they cannot bind."""
    low = model.fixed_to_one.copy()
    low[taken] = True
    row, column, coefficient = model.entries_of(columns)
    present = np.bincount(row, minlength=model.rows)
    wanted = (present > 0) & ~(model.lazy & (present < 2))
    rows = np.flatnonzero(wanted)
    inside = wanted[row]
    position = np.full(model.columns, -1)
    position[columns] = np.arange(len(columns))
    return IntegerProgram(
        gain=gain[columns],
        low=low[columns],
        row_low=np.where(model.tight[rows], model.limit[rows], -np.inf),
        row_high=model.limit[rows].astype(np.float64),
        entries=(np.searchsorted(rows, row[inside]), position[column[inside]], coefficient[inside]),
    )
