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
        self._in_program = np.zeros(model.rows, dtype=np.bool_)
        self._present = np.zeros(model.rows, dtype=np.bool_)
        self._reach = np.zeros(model.rows, dtype=np.int64)
        self.add(columns)
        self._solver = mathopt.IncrementalSolver(self._program, mathopt.SolverType.GLOP)
        self._basis: mathopt.Basis | None = None
        self._elastic: list[mathopt.Variable] = []
        self._dual = True

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
        self._fill(entries[self._in_program[rows]])
        self._present[rows] = True
        np.add.at(self._reach, rows, np.maximum(0, model.table.coefficient[entries]))
        self._admit(np.flatnonzero(self._present & ~self._in_program & self._wanted()))

    def _wanted(self) -> Flags:
        """Rows to have from the start: equations, a request's one row, and unless lazy what active columns could break.

        Columns have no upper limit of their own but for extra ones: it is the request's row that keeps them at 1.
        """
        model = self._model
        wanted = model.tight | (~model.lazy & (self._reach > model.limit))
        wanted[model.served_row[model.served_row >= 0]] = True
        return wanted

    def _admit(self, rows: Ints) -> None:
        """Take these rows in, with their entries of active columns."""
        model = self._model
        for row, limit, tight in zip(
            rows.tolist(), model.limit[rows].tolist(), model.tight[rows].tolist(), strict=True
        ):
            low = float(limit) if tight else -float("inf")
            self._rows[row] = self._program.add_linear_constraint(lb=low, ub=float(limit))
        self._in_program[rows] = True
        entries = model.entries_of_rows(rows)
        self._fill(entries[self.active[model.table.column[entries]]])

    def _fill(self, entries: Ints) -> None:
        table = self._model.table
        numbers = (table.row[entries].tolist(), table.column[entries].tolist(), table.coefficient[entries].tolist())
        for row, column, coefficient in zip(*numbers, strict=True):
            self._rows[row].set_coefficient(self._variables[column], coefficient)

    def add_broken_rows(self, values: Floats) -> int:
        """Take in the rows outside the program that these values break; how many there were."""
        model = self._model
        broken = np.flatnonzero(~self._in_program & (model.activity(values) > model.limit + TOLERANCE))
        self._admit(broken)
        return len(broken)

    def add_elastic(self, rows: Ints, penalty: float) -> None:
        """Take in rows that the model got since; to break one costs `penalty` a unit, so a solution always exists.

        Prices of these rows are at most `penalty`; bounds hold with them as with any prices.
        """
        fresh = self._model.rows - len(self._in_program)
        none = np.zeros(fresh, dtype=np.bool_)
        self._in_program, self._present = np.append(self._in_program, none), np.append(self._present, none)
        self._reach = np.append(self._reach, np.zeros(fresh, dtype=np.int64))
        self._admit(rows)
        for row in rows.tolist():
            given = self._program.add_variable(lb=0.0)
            self._program.objective.set_linear_coefficient(given, -penalty)
            self._rows[row].set_coefficient(given, -1.0)
            self._elastic.append(given)

    def renew_limits(self, rows: Ints) -> None:
        """Limits of these rows changed in the model."""
        for row in rows.tolist():
            self._rows[row].upper_bound = float(self._model.limit[row])
        self._dual = True

    def set_gain(self, gain: Floats) -> None:
        """Change what the columns gain; the next solve starts where the last one ended."""
        self._gain = gain
        for column, variable in self._variables.items():
            self._program.objective.set_linear_coefficient(variable, float(gain[column]))

    def _extended_basis(self) -> mathopt.Basis | None:
        """The last optimal basis, with new columns at 0 and new rows slack."""
        basis = self._basis
        if basis is None:
            return None
        for variable in (*self._variables.values(), *self._elastic):
            basis.variable_status.setdefault(variable, mathopt.BasisStatus.AT_LOWER_BOUND)
        for row in self._rows.values():
            basis.constraint_status.setdefault(row, mathopt.BasisStatus.BASIC)
        return basis

    def solve(self, stop: Stop) -> Fractional:
        """The optimum over the columns taken in. Raises Stopped when the stop comes first."""
        algorithm = mathopt.LPAlgorithm.DUAL_SIMPLEX if self._dual else mathopt.LPAlgorithm.PRIMAL_SIMPLEX
        remaining = stop.remaining()
        parameters = mathopt.SolveParameters(
            lp_algorithm=algorithm,
            presolve=mathopt.Emphasis.OFF,
            time_limit=timedelta(seconds=remaining) if remaining < 1e6 else None,
        )
        start = mathopt.ModelSolveParameters(initial_basis=self._extended_basis())
        result = run(
            stop,
            lambda interrupter: self._solver.solve(params=parameters, model_params=start, interrupter=interrupter),
        )
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            if stop.expired:
                raise Stopped
            raise RelaxationFailedError(f"relaxation ended as {result.termination.reason}")
        self._dual = False
        self._basis = result.solutions[0].basis
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
