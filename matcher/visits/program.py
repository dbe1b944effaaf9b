"""Linear and integer programs as arrays, handed to OR-Tools all at once; a linear one may grow and keeps its basis.

MathOpt's objects are written down one coefficient at a time, which takes longer than to solve them; its messages, which
the same solvers read, take whole arrays.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
)
from ortools.math_opt.core.python import solver as core
from pybind11_abseil.status import StatusNotOk

from matcher.control import Stop
from matcher.visits.running import run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BASIC, AT_LOW = int(solution_pb2.BASIS_STATUS_BASIC), int(solution_pb2.BASIS_STATUS_AT_LOWER_BOUND)
NOTHING = (result_pb2.TERMINATION_REASON_INFEASIBLE, result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED)
"""Columns of an integer program are bounded, so neither leaves room for a solution."""


@dataclass(frozen=True)
class Optimum:
    """The best of a linear program: value of each column, price of each row, and what it gains."""

    values: Floats
    prices: Floats
    gain: float


@dataclass(frozen=True)
class Found:
    """What an integer program came to: the best values or None, a bound on the gain, and whether there can be any."""

    values: Floats | None
    bound: float
    possible: bool = True


class LinearProgram:
    """Made as large as can be, under low ≤ columns ≤ high and low ≤ rows ≤ high; columns and rows count from 0."""

    def __init__(self) -> None:
        empty = model_pb2.ModelProto()
        empty.objective.maximize = True
        self._solver = core.new(parameters_pb2.SOLVER_TYPE_GLOP, empty, parameters_pb2.SolverInitializerProto())
        self._update = model_update_pb2.ModelUpdateProto()
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._column_status = np.zeros(0, dtype=np.int64)
        self._row_status = np.zeros(0, dtype=np.int64)
        self._has_basis = False

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self._column_status)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self._row_status)

    @property
    def basis(self) -> tuple[Ints, Ints]:
        """Status of each column and each row, as MathOpt numbers them."""
        return self._column_status, self._row_status

    def start_from(self, column_status: Ints, row_status: Ints) -> None:
        """Have the next solve start from this basis; as many are basic as there are rows."""
        self._column_status, self._row_status, self._has_basis = column_status, row_status, True

    def add_columns(self, low: Floats, high: Floats, gain: Floats) -> Ints:
        """Add columns, at their low value in the basis, and return their numbers."""
        numbers = np.arange(self.columns, self.columns + len(low))
        _describe(self._update.new_variables, numbers, low, high)
        self._update.new_variables.integers.extend([False] * len(low))
        _extend(self._update.objective_updates.linear_coefficients, numbers, gain)
        at_low = np.full(len(low), AT_LOW)
        self._column_status = np.concatenate([self._column_status, at_low])
        return numbers

    def add_rows(self, low: Floats, high: Floats) -> Ints:
        """Add rows without entries, slack in the basis, and return their numbers."""
        numbers = np.arange(self.rows, self.rows + len(low))
        _describe(self._update.new_linear_constraints, numbers, low, high)
        self._row_status = np.concatenate([self._row_status, np.full(len(low), BASIC)])
        return numbers

    def add_entries(self, rows: Ints, columns: Ints, coefficients: NDArray[Any]) -> None:
        """Write coefficients that were 0."""
        self._entries.append((rows, columns, coefficients.astype(np.float64)))

    def set_gain(self, gain: Floats) -> None:
        """What each column gains from now on."""
        gains = self._update.objective_updates.linear_coefficients
        gains.Clear()
        _extend(gains, np.arange(self.columns), gain)

    def limit_columns(self, columns: Ints, low: Floats, high: Floats) -> None:
        """New limits of these columns, given in order."""
        self.flush()
        _extend(self._update.variable_updates.lower_bounds, columns, low)
        _extend(self._update.variable_updates.upper_bounds, columns, high)

    def limit_rows(self, rows: Ints, low: Floats, high: Floats) -> None:
        """New limits of these rows, given in order."""
        self.flush()
        _extend(self._update.linear_constraint_updates.lower_bounds, rows, low)
        _extend(self._update.linear_constraint_updates.upper_bounds, rows, high)

    def flush(self) -> None:
        """Hand all that was changed to the solver."""
        if self._entries:
            _write(self._update.linear_constraint_matrix_updates, self._entries)
            self._entries = []
        if not self._solver.update(self._update):
            raise RuntimeError("GLOP takes every update of a linear program, and refused one")
        self._update = model_update_pb2.ModelUpdateProto()

    def solve(self, stop: Stop, *, dual: bool) -> Optimum | None:
        """The optimum from the last basis, by the dual or the primal simplex method; None where the solver failed.

        Raises Stopped when the stop comes first.
        """
        self.flush()
        parameters = parameters_pb2.SolveParametersProto(
            presolve=parameters_pb2.EMPHASIS_OFF,
            lp_algorithm=parameters_pb2.LP_ALGORITHM_DUAL_SIMPLEX
            if dual
            else parameters_pb2.LP_ALGORITHM_PRIMAL_SIMPLEX,
        )
        parameters.glop.dual_price_prioritize_norm = True
        _limit_time(parameters, stop.remaining())
        start = model_parameters_pb2.ModelSolveParametersProto()
        if self._has_basis:
            _describe_status(start.initial_basis.variable_status, self._column_status)
            _describe_status(start.initial_basis.constraint_status, self._row_status)
        result = run(
            stop,
            lambda heard: self._solver.solve(parameters, start, None, _NO_CALLBACK(), None, heard.pybind_interrupter),
        )
        if result.termination.reason != result_pb2.TERMINATION_REASON_OPTIMAL:
            return None
        solution = result.solutions[0]
        self._column_status = np.array(solution.basis.variable_status.values, dtype=np.int64)
        self._row_status = np.array(solution.basis.constraint_status.values, dtype=np.int64)
        self._has_basis = True
        return Optimum(
            values=_dense(solution.primal_solution.variable_values, self.columns),
            prices=_dense(solution.dual_solution.dual_values, self.rows),
            gain=float(solution.primal_solution.objective_value),
        )


@dataclass(frozen=True)
class IntegerProgram:
    """Columns are whole, within `low` and 1; rows within their limits; entries are (row, column, coefficient)."""

    gain: NDArray[Any]
    low: NDArray[Any]
    row_low: Floats
    row_high: Floats
    entries: tuple[Ints, Ints, NDArray[Any]]

    def solve(self, stop: Stop, *, seed: int, nodes: int | None, seconds: float) -> Found:
        """The best that HiGHS finds, within `nodes` of the search tree and `seconds`. Raises Stopped."""
        model = model_pb2.ModelProto()
        model.objective.maximize = True
        columns = np.arange(len(self.gain))
        _describe(model.variables, columns, self.low.astype(np.float64), np.ones(len(columns)))
        model.variables.integers.extend([True] * len(columns))
        _extend(model.objective.linear_coefficients, columns, self.gain.astype(np.float64))
        _describe(model.linear_constraints, np.arange(len(self.row_low)), self.row_low, self.row_high)
        row, column, coefficient = self.entries
        _write(model.linear_constraint_matrix, [(row, column, coefficient.astype(np.float64))])
        parameters = parameters_pb2.SolveParametersProto(
            random_seed=seed, node_limit=nodes, relative_gap_tolerance=0.0, absolute_gap_tolerance=0.5
        )
        _limit_time(parameters, seconds)
        start = model_parameters_pb2.ModelSolveParametersProto()
        none = parameters_pb2.SolverInitializerProto()
        try:
            result = run(
                stop,
                lambda _: core.solve(
                    model, parameters_pb2.SOLVER_TYPE_HIGHS, none, parameters, start, None, _NO_CALLBACK(), None, None
                ),
                listens=False,
            )
        except StatusNotOk:  # HiGHS gives up by itself, seldom: nothing found, nothing proven
            return Found(None, np.inf)
        if result.termination.reason in NOTHING:
            return Found(None, -np.inf, possible=False)
        bound = float(result.termination.objective_bounds.dual_bound)
        if not result.solutions or not result.solutions[0].HasField("primal_solution"):
            return Found(None, bound)
        return Found(_dense(result.solutions[0].primal_solution.variable_values, len(columns)), bound)


_NO_CALLBACK = callback_pb2.CallbackRegistrationProto


def _limit_time(parameters: Any, seconds: float) -> None:
    if seconds < 1e6:
        parameters.time_limit.FromNanoseconds(int(seconds * 1e9))


def _describe(message: Any, numbers: Ints, low: Floats, high: Floats) -> None:
    message.ids.extend(numbers.tolist())
    message.lower_bounds.extend(low.tolist())
    message.upper_bounds.extend(high.tolist())


def _describe_status(message: Any, status: Ints) -> None:
    message.ids.extend(range(len(status)))
    message.values.extend(status.tolist())


def _extend(message: Any, numbers: Ints, values: Floats) -> None:
    message.ids.extend(numbers.tolist())
    message.values.extend(values.tolist())


def _write(message: Any, parts: list[tuple[Ints, Ints, Floats]]) -> None:
    """Entries of a matrix, by row and column as the message wants them."""
    row, column, coefficient = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((column, row))
    message.row_ids.extend(row[order].tolist())
    message.column_ids.extend(column[order].tolist())
    message.coefficients.extend(coefficient[order].tolist())


def _dense(message: Any, size: int) -> Floats:
    """A sparse vector as an array."""
    values = np.zeros(size)
    values[np.fromiter(message.ids, dtype=np.int64, count=len(message.ids))] = np.fromiter(
        message.values, dtype=np.float64, count=len(message.values)
    )
    return values
