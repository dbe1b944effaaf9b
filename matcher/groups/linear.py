"""A linear model as columns and rows of numbers, and the exact-in-doubles bound that any prices of its rows prove."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2

Values = NDArray[np.float64]
Terms = Mapping[int, float]
"""Coefficients by column."""

INFINITE = math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """lower ≤ Σ coefficient * column ≤ upper."""

    terms: Terms
    lower: float
    upper: float


class LinearModel:
    """Columns with bounds (finite), some integer, and rows. An objective is given when it is solved."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[bool] = []
        self.rows: list[Row] = []

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
        longer.rows = [*self.rows, *rows]
        return longer

    def proto(self, objective: Terms, *, maximize: bool) -> model_pb2.ModelProto:
        """The model in OR-Tools' own format, columns and rows numbered as here."""
        model = model_pb2.ModelProto()
        count = len(self.lower)
        model.variables.ids.extend(range(count))
        model.variables.lower_bounds.extend(self.lower)
        model.variables.upper_bounds.extend(self.upper)
        model.variables.integers.extend(self.integer)
        model.objective.maximize = maximize
        for column, value in sorted(objective.items()):
            model.objective.linear_coefficients.ids.append(column)
            model.objective.linear_coefficients.values.append(value)
        model.linear_constraints.ids.extend(range(len(self.rows)))
        model.linear_constraints.lower_bounds.extend(row.lower for row in self.rows)
        model.linear_constraints.upper_bounds.extend(row.upper for row in self.rows)
        rows, columns, values = self._entries()
        model.linear_constraint_matrix.row_ids.extend(rows)
        model.linear_constraint_matrix.column_ids.extend(columns)
        model.linear_constraint_matrix.coefficients.extend(values)
        return model

    def _entries(self) -> tuple[list[int], list[int], list[float]]:
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for number, row in enumerate(self.rows):
            for column, value in sorted(row.terms.items()):
                rows.append(number)
                columns.append(column)
                values.append(value)
        return rows, columns, values

    def proven_bound(self, objective: Terms, prices: Values, *, maximize: bool) -> float:
        """A bound of the objective that holds whatever the prices are; the best dual prices give the best bound.

        Maximising c x over lower ≤ A x ≤ upper, l ≤ x ≤ u: for any row prices y,
        c x = y A x + (c - y A) x ≤ Σ_rows max(y lower, y upper) + Σ_columns max((c - y A) l, (c - y A) u).
        """
        sign = 1.0 if maximize else -1.0
        rows, columns, values = (np.array(part) for part in self._entries())
        cost = np.zeros(len(self.lower))
        for column, value in objective.items():
            cost[column] += sign * value
        y = sign * prices
        lower = np.array([row.lower for row in self.rows])
        upper = np.array([row.upper for row in self.rows])
        y = np.where((y > 0) & np.isinf(upper), 0.0, np.where((y < 0) & np.isinf(lower), 0.0, y))
        priced = np.zeros(len(self.lower))
        if len(rows):
            np.add.at(priced, columns.astype(np.intp), values * y[rows.astype(np.intp)])
        reduced = cost - priced
        side = np.where(y > 0, upper, np.where(y < 0, lower, 0.0))
        total = float(np.dot(y, side))
        total += float(np.sum(np.maximum(reduced * np.array(self.lower), reduced * np.array(self.upper))))
        return sign * total


def total(*parts: Mapping[int, Any]) -> dict[int, float]:
    """The sum of linear terms."""
    found: dict[int, float] = {}
    for part in parts:
        for column, value in part.items():
            found[column] = found.get(column, 0.0) + value
    return found
