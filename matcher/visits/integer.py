"""Whole plans: an integer program over some columns of the model."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from ortools.math_opt.python import mathopt

from matcher.control import Stop
from matcher.visits.model import Flags, Ints, Model, Values
from matcher.visits.running import Stopped, run

NOTHING = (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED)
"""Columns are bounded, so neither leaves room for a plan."""
SHARE_OF_TIME = 0.3
"""Of the time left, what one integer program may take where time is limited."""
ENTRIES_AT_ONCE = 100_000
"""A program is written down this many coefficients at a time, so that a stop is heard meanwhile."""


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
    program, variables = _program(model, gain, columns, taken, stop)
    limit = SHARE_OF_TIME * stop.remaining()
    parameters = mathopt.SolveParameters(
        random_seed=seed,
        node_limit=nodes,
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=0.5,
        time_limit=timedelta(seconds=limit) if limit < 1e6 else None,
    )
    result = run(stop, lambda _: mathopt.solve(program, mathopt.SolverType.HIGHS, params=parameters))
    if result.termination.reason in NOTHING:
        return Whole(None, None, possible=False)
    bound = None
    dual = result.termination.objective_bounds.dual_bound
    if np.isfinite(dual):
        bound = int(np.floor(dual + 1e-6))
    if not result.has_primal_feasible_solution():
        return Whole(None, bound)
    assigned = np.zeros(len(model.candidates.unit), dtype=np.bool_)
    candidates = columns[columns < len(assigned)]
    values = result.variable_values([variables[column] for column in candidates.tolist()])
    assigned[candidates] = np.array(values) > 0.5
    plan = model.complete(assigned)
    return Whole(plan if model.is_valid(plan) else None, bound)


def _program(
    model: Model, gain: Ints, columns: Ints, taken: Ints, stop: Stop
) -> tuple[mathopt.Model, dict[int, mathopt.Variable]]:
    program = mathopt.Model()
    program.objective.is_maximize = True
    low = model.fixed_to_one.copy()
    low[taken] = True
    variables = {}
    for column, least, worth in zip(columns.tolist(), low[columns].tolist(), gain[columns].tolist(), strict=True):
        variables[column] = program.add_integer_variable(lb=float(least), ub=1.0)
        program.objective.set_linear_coefficient(variables[column], float(worth))
    entries = model.entries_of_columns(columns)
    table = model.table
    rows = table.row[entries]
    present = np.bincount(rows, minlength=model.rows)
    wanted = (present > 0) & ~(model.lazy & (present < 2))
    constraints = {
        row: program.add_linear_constraint(lb=float(limit) if tight else -float("inf"), ub=float(limit))
        for row, limit, tight in _picked(model, wanted)
    }
    for kept in np.array_split(entries[wanted[rows]], 1 + len(entries) // ENTRIES_AT_ONCE):
        if stop.expired:
            raise Stopped
        numbers = (table.row[kept].tolist(), table.column[kept].tolist(), table.coefficient[kept].tolist())
        for row, column, coefficient in zip(*numbers, strict=True):
            constraints[row].set_coefficient(variables[column], float(coefficient))
    return program, variables


def _picked(model: Model, wanted: Flags) -> list[tuple[int, int, bool]]:
    rows = np.flatnonzero(wanted)
    return list(zip(rows.tolist(), model.limit[rows].tolist(), model.tight[rows].tolist(), strict=True))
