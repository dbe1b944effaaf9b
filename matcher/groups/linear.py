"""A linear model as columns and rows of numbers, and the exact-in-doubles bound that any prices of its rows prove."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
Terms = Mapping[int, float]
"""Coefficients by column."""

INFINITE = math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """lower ≤ Σ coefficient * column ≤ upper."""

    terms: Terms
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Entries:
    """The coefficients of all rows: row, column and value of each, by row and then by column."""

    row: Indices
    column: Indices
    value: Values


@dataclass(frozen=True, slots=True)
class Program:
    """A model and an objective as arrays, columns and rows numbered from 0."""

    lower: Values
    upper: Values
    integer: Flags
    entries: Entries
    row_lower: Values
    row_upper: Values
    objective: Values
    maximize: bool

    def proto(self) -> model_pb2.ModelProto:
        """The program in OR-Tools' own format."""
        model = model_pb2.ModelProto()
        model.variables.ids.extend(range(len(self.lower)))
        model.variables.lower_bounds.extend(self.lower.tolist())
        model.variables.upper_bounds.extend(self.upper.tolist())
        model.variables.integers.extend(self.integer.tolist())
        model.objective.maximize = self.maximize
        paid = np.flatnonzero(self.objective)
        model.objective.linear_coefficients.ids.extend(paid.tolist())
        model.objective.linear_coefficients.values.extend(self.objective[paid].tolist())
        model.linear_constraints.ids.extend(range(len(self.row_lower)))
        model.linear_constraints.lower_bounds.extend(self.row_lower.tolist())
        model.linear_constraints.upper_bounds.extend(self.row_upper.tolist())
        model.linear_constraint_matrix.row_ids.extend(self.entries.row.tolist())
        model.linear_constraint_matrix.column_ids.extend(self.entries.column.tolist())
        model.linear_constraint_matrix.coefficients.extend(self.entries.value.tolist())
        return model

    def held(self, free: Flags, columns: Values) -> "Program":
        """The program of the `free` columns while all others keep their value in `columns`; rows without any go."""
        inside = free[self.entries.column]
        touched = np.zeros(len(self.row_lower), dtype=bool)
        touched[self.entries.row[inside]] = True
        outside = ~inside & touched[self.entries.row]
        amounts = self.entries.value[outside] * columns[self.entries.column[outside]]
        given = np.bincount(self.entries.row[outside], weights=amounts, minlength=len(self.row_lower))[touched]
        row_number, column_number = np.cumsum(touched) - 1, np.cumsum(free) - 1
        return Program(
            lower=self.lower[free],
            upper=self.upper[free],
            integer=self.integer[free],
            entries=Entries(
                row_number[self.entries.row[inside]],
                column_number[self.entries.column[inside]],
                self.entries.value[inside],
            ),
            row_lower=self.row_lower[touched] - given,
            row_upper=self.row_upper[touched] - given,
            objective=self.objective[free],
            maximize=self.maximize,
        )

    def proven_bound(self, prices: Values) -> float:
        """A bound of the objective that holds whatever the prices are; the best dual prices give the best bound.

        Maximising c x over lower ≤ A x ≤ upper, l ≤ x ≤ u: for any row prices y,
        c x = y A x + (c - y A) x ≤ Σ_rows max(y lower, y upper) + Σ_columns max((c - y A) l, (c - y A) u).
        """
        sign = 1.0 if self.maximize else -1.0
        y = sign * prices
        no_side = ((y > 0) & np.isinf(self.row_upper)) | ((y < 0) & np.isinf(self.row_lower))
        y = np.where(no_side, 0.0, y)
        amounts = self.entries.value * y[self.entries.row]
        priced = np.bincount(self.entries.column, weights=amounts, minlength=len(self.lower))
        reduced = sign * self.objective - priced
        side = np.where(y > 0, self.row_upper, np.where(y < 0, self.row_lower, 0.0))
        bound = float(np.dot(y, side)) + float(np.sum(np.maximum(reduced * self.lower, reduced * self.upper)))
        return sign * bound


class LinearModel:
    """Columns with bounds (finite), some integer, and rows. An objective is given when it is solved."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[bool] = []
        self.rows: list[Row] = []
        self._written: list[Entries] = []
        self._rows_written = 0

    def column(self, lower: float, upper: float, *, integer: bool = False) -> int:
        """A new column; returns its number."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.lower) - 1

    def row(self, terms: Terms, *, at_least: float = -INFINITE, at_most: float = INFINITE) -> None:
        """A new row: at_least ≤ Σ coefficient * column ≤ at_most."""
        self.rows.append(Row(terms, at_least, at_most))

    def with_rows(self, rows: Iterable[Row]) -> "LinearModel":
        """The same columns, and these rows besides the present ones."""
        longer = LinearModel()
        longer.lower, longer.upper, longer.integer = self.lower, self.upper, self.integer
        longer._written, longer._rows_written = [self._entries()], len(self.rows)
        longer.rows = [*self.rows, *rows]
        return longer

    def program(self, objective: Terms, *, maximize: bool) -> Program:
        """The model with an objective, as arrays."""
        cost = np.zeros(len(self.lower))
        for column, value in objective.items():
            cost[column] += value
        return Program(
            lower=np.array(self.lower),
            upper=np.array(self.upper),
            integer=np.array(self.integer, dtype=bool),
            entries=self._entries(),
            row_lower=np.array([row.lower for row in self.rows]),
            row_upper=np.array([row.upper for row in self.rows]),
            objective=cost,
            maximize=maximize,
        )

    def _entries(self) -> Entries:
        """The coefficients of all rows; those of rows already written once are kept."""
        new = self.rows[self._rows_written :]
        sizes = [len(row.terms) for row in new]
        rows = np.repeat(np.arange(self._rows_written, len(self.rows), dtype=np.intp), sizes)
        columns = np.fromiter((column for row in new for column in row.terms), dtype=np.intp, count=sum(sizes))
        values = np.fromiter((value for row in new for value in row.terms.values()), dtype=float, count=sum(sizes))
        order = np.lexsort((columns, rows))
        self._written.append(Entries(rows[order], columns[order], values[order]))
        self._rows_written = len(self.rows)
        if len(self._written) > 1:
            parts = self._written
            self._written = [
                Entries(
                    np.concatenate([part.row for part in parts]),
                    np.concatenate([part.column for part in parts]),
                    np.concatenate([part.value for part in parts]),
                )
            ]
        return self._written[0]


def total(*parts: Mapping[int, Any]) -> dict[int, float]:
    """The sum of linear terms."""
    found: dict[int, float] = {}
    for part in parts:
        for column, value in part.items():
            found[column] = found.get(column, 0.0) + value
    return found
