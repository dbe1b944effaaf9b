"""The linear relaxation of a stage, by column generation: a small program that grows by what the prices ask for."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from ortools.math_opt.python import mathopt

from matcher.control import Stop
from matcher.visits.bound import Proof
from matcher.visits.model import Flags, Floats, Ints, Model
from matcher.visits.running import Stopped, run

TOLERANCE = 1e-6
ROUNDING = 4
"""Surplus, in units of 1 / scale, that rounding the prices alone can make."""


class RelaxationFailedError(RuntimeError):
    """The linear program could not be solved though nobody stopped it."""


@dataclass(frozen=True)
class Fractional:
    """A solution of the relaxation: value of each column, price of each row, gain."""

    values: Floats
    prices: Floats
    gain: float


class Relaxation:
    """A linear program over some columns of the model; others are 0, and lazy rows outside it are not asked for."""

    def __init__(self, model: Model, gain: Floats, columns: Ints) -> None:
        self._model = model
        self._program = mathopt.Model()
        self._program.objective.is_maximize = True
        self._variables: dict[int, mathopt.Variable] = {}
        self._rows: dict[int, mathopt.LinearConstraint] = {}
        self._gain = gain
        self.active = np.zeros(model.columns, dtype=np.bool_)
        self.add(columns)
        self._solver = mathopt.IncrementalSolver(self._program, mathopt.SolverType.GLOP)
        self._solved = False

    def add(self, columns: Ints) -> None:
        """Take these columns in, with every row of theirs that is not lazy."""
        model = self._model
        fresh = columns[~self.active[columns]]
        self.active[fresh] = True
        for column, low, worth in zip(
            fresh.tolist(), model.fixed_to_one[fresh].tolist(), self._gain[fresh].tolist(), strict=True
        ):
            upper = 1.0 if column >= model.first_extra else float("inf")
            variable = self._program.add_variable(lb=float(low), ub=upper)
            self._program.objective.set_linear_coefficient(variable, worth)
            self._variables[column] = variable
        entries = model.entries_of_columns(fresh)
        rows = model.table.row[entries]
        for row in np.unique(rows[~model.lazy[rows]]).tolist():
            self._row(row)
        self._fill(entries)

    def _row(self, row: int) -> bool:
        """Make sure that the row is in the program; True when it is new."""
        if row in self._rows:
            return False
        limit = float(self._model.limit[row])
        low = limit if self._model.tight[row] else -float("inf")
        self._rows[row] = self._program.add_linear_constraint(lb=low, ub=limit)
        return True

    def _fill(self, entries: Ints) -> None:
        table = self._model.table
        for row, column, coefficient in zip(
            table.row[entries].tolist(),
            table.column[entries].tolist(),
            table.coefficient[entries].tolist(),
            strict=True,
        ):
            constraint = self._rows.get(row)
            if constraint is not None:
                constraint.set_coefficient(self._variables[column], coefficient)

    def add_broken_rows(self, values: Floats) -> int:
        """Take in the lazy rows that these values break; how many there were."""
        model = self._model
        lazy = np.flatnonzero(model.lazy)
        if not len(lazy):
            return 0
        broken = lazy[(model.activity(values)[lazy] > model.limit[lazy] + TOLERANCE)]
        fresh = [row for row in broken.tolist() if self._row(row)]
        entries = np.flatnonzero(np.isin(model.table.row, fresh))
        self._fill(entries[self.active[model.table.column[entries]]])
        return len(fresh)

    def set_gain(self, gain: Floats) -> None:
        """Change what the columns gain; the next solve starts where the last one ended."""
        self._gain = gain
        for column, variable in self._variables.items():
            self._program.objective.set_linear_coefficient(variable, float(gain[column]))

    def solve(self, stop: Stop) -> Fractional:
        """The optimum over the columns taken in. Raises Stopped when the stop comes first."""
        first = not self._solved
        algorithm = mathopt.LPAlgorithm.DUAL_SIMPLEX if first else mathopt.LPAlgorithm.PRIMAL_SIMPLEX
        remaining = stop.remaining()
        parameters = mathopt.SolveParameters(
            lp_algorithm=algorithm,
            presolve=mathopt.Emphasis.OFF,
            time_limit=timedelta(seconds=remaining) if remaining < 1e6 else None,
        )
        result = run(stop, lambda interrupter: self._solver.solve(params=parameters, interrupter=interrupter))
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            if stop.expired:
                raise Stopped
            raise RelaxationFailedError(f"relaxation ended as {result.termination.reason}")
        self._solved = True
        columns, variables = list(self._variables), list(self._variables.values())
        rows, constraints = list(self._rows), list(self._rows.values())
        values, prices = np.zeros(self._model.columns), np.zeros(self._model.rows)
        values[columns] = result.variable_values(variables)
        prices[rows] = result.dual_values(constraints)
        return Fractional(values, prices, result.objective_value())


def columns_asked_for(model: Model, proof: Proof, prices: Floats, active: Flags, most: int) -> Ints:
    """Columns that would raise the relaxation's gain: the best `most` candidates of each request, and held columns.

    A request asks when its best unit is worth more than the price that its row has in the program.
    """
    paid = np.zeros(model.units.requests, dtype=np.int64)
    with_row = np.flatnonzero(model.served_row >= 0)
    paid[with_row] = np.rint(prices[model.served_row[with_row]] * proof.scale)
    unit = model.candidates.unit
    surplus = (proof.best - paid)[model.units.request[unit]] - proof.if_one[: len(unit)]
    asked = np.flatnonzero((surplus > ROUNDING) & ~active[: len(unit)])
    request = model.units.request[unit[asked]]
    asked = asked[np.lexsort((asked, -surplus[asked], request))]
    request = model.units.request[unit[asked]]
    first = np.searchsorted(request, request)
    chosen = asked[np.arange(len(asked)) - first < most]
    held = np.unique(model.held_column[unit[chosen]])
    return np.concatenate([chosen, held[held >= 0]])
