"""The visit model as arrays: columns, rows and what is already decided about them.

Columns, all 0 or 1, in this order:
- `assigned` (one for each candidate): this role model takes part in this unit, a request in one option and one mode;
- `held` (one for each unit that asks for two or more people): the unit takes place. Units for one person need none:
  their candidates say it themselves;
- extra columns of goals: `visited` (a school has a visit), `counted` (somebody has an n-th engagement).

Rows are "Σ coefficient · column ≤ right-hand side" in whole numbers; a row marked tight is an equation.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matcher.visits.candidates import Candidates, Units

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Entries = tuple[Ints, Ints, Ints | int]
"""Rows, columns and coefficients of some entries of a table; one coefficient may stand for all."""

Values = Ints
"""A plan as columns: one value, 0 or 1, for each column of the model."""


def no_ints() -> Ints:
    """An empty array of whole numbers."""
    return np.zeros(0, dtype=np.int64)


@dataclass
class Table:
    """A sparse matrix in coordinates; entry e stands in row[e] and column[e]."""

    row: Ints = field(default_factory=no_ints)
    column: Ints = field(default_factory=no_ints)
    coefficient: Ints = field(default_factory=no_ints)

    def extend(self, row: Ints, column: Ints, coefficient: Ints | int) -> None:
        """Append entries; a single coefficient is repeated."""
        self.row = np.concatenate([self.row, row])
        self.column = np.concatenate([self.column, column])
        self.coefficient = np.concatenate([self.coefficient, np.broadcast_to(coefficient, row.shape)])


class Model:
    """Columns, rows, and decisions proven on the way (dead and fixed columns, tight rows)."""

    def __init__(self, candidates: Candidates, units: Units) -> None:
        self.candidates = candidates
        self.units = units
        self.many = np.flatnonzero(units.size > 1)
        held = np.full(len(units.size), -1, dtype=np.int64)
        held[self.many] = len(candidates.unit) + np.arange(len(self.many))
        self.held_column = held
        self.first_extra = len(candidates.unit) + len(self.many)
        self.columns = self.first_extra
        self.alive = np.ones(self.columns, dtype=np.bool_)
        self.fixed_to_one = np.zeros(self.columns, dtype=np.bool_)
        self.table = Table()
        self.limit = no_ints()
        self.codes: list[str] = []
        self.local = np.zeros(0, dtype=np.bool_)
        self.lazy = np.zeros(0, dtype=np.bool_)
        self.tight = np.zeros(0, dtype=np.bool_)
        self.served_row = np.full(units.requests, -1, dtype=np.int64)
        self.together_row = np.full(len(candidates.unit), -1, dtype=np.int64)
        self.visited = no_ints()
        self.visited_school = no_ints()
        self.followers: list[Callable[[Values], None]] = []
        self._by_column: tuple[Ints, Ints] | None = None
        self._by_row: tuple[Ints, Ints] | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.limit)

    @property
    def serving(self) -> tuple[Ints, Ints]:
        """The columns one of which is 1 exactly when a request is served, and the unit of each."""
        single = np.flatnonzero(self.units.size[self.candidates.unit] == 1)
        columns = np.concatenate([single, self.held_column[self.many]])
        return columns, np.concatenate([self.candidates.unit[single], self.many])

    def add_columns(self, count: int) -> Ints:
        """Add `count` extra columns and return their numbers."""
        added = np.arange(self.columns, self.columns + count)
        self.columns += count
        self.alive = np.concatenate([self.alive, np.ones(count, dtype=np.bool_)])
        self.fixed_to_one = np.concatenate([self.fixed_to_one, np.zeros(count, dtype=np.bool_)])
        self._by_column = None
        return added

    def add_rows(
        self,
        code: str,
        limit: Ints | Sequence[int],
        entries: Sequence[Entries],
        *,
        local: bool = False,
        lazy: bool = False,
        tight: bool = False,
    ) -> Ints:
        """Add one row for each limit and return their numbers; entries are (row counted from 0, column, coefficient).

        `local` rows tie the columns of one request together; bounds are computed over requests, so they carry no price.
        `lazy` rows enter a relaxation only when it breaks them.
        """
        limits = np.asarray(limit, dtype=np.int64)
        first = self.rows
        count = len(limits)
        for row, column, coefficient in entries:
            self.table.extend(row + first, column, coefficient)
        self.limit = np.concatenate([self.limit, limits])
        self.codes += [code] * count
        self.local = np.concatenate([self.local, np.full(count, local)])
        self.lazy = np.concatenate([self.lazy, np.full(count, lazy)])
        self.tight = np.concatenate([self.tight, np.full(count, tight)])
        self._by_column = self._by_row = None
        return first + np.arange(count)

    @contextmanager
    def tentatively(self) -> Iterator[None]:
        """What is decided inside (dead and fixed columns, tight rows) is forgotten at the end."""
        kept = (self.alive.copy(), self.fixed_to_one.copy(), self.tight.copy(), self.lazy.copy())
        try:
            yield
        finally:
            self.alive, self.fixed_to_one, self.tight, self.lazy = kept

    def entries_of_columns(self, columns: Ints) -> Ints:
        """Numbers of the table's entries that stand in these columns."""
        if self._by_column is None:
            self._by_column = _sorted_by(self.table.column, self.columns)
        order, starts = self._by_column
        return order[ranges(starts[columns], starts[columns + 1])]

    def entries_of_rows(self, rows: Ints) -> Ints:
        """Numbers of the table's entries that stand in these rows."""
        if self._by_row is None:
            self._by_row = _sorted_by(self.table.row, self.rows)
        order, starts = self._by_row
        return order[ranges(starts[rows], starts[rows + 1])]

    def activity(self, values: Ints | Floats) -> Floats:
        """Left-hand side of every row under these values."""
        products = self.table.coefficient * values[self.table.column]
        sums: Floats = np.bincount(self.table.row, weights=products, minlength=self.rows).astype(np.float64)
        return sums

    def priced(self, prices: Ints) -> Ints:
        """For each column, Σ over rows of price · coefficient, exact in whole numbers."""
        total = np.zeros(self.columns, dtype=np.int64)
        used = prices[self.table.row] != 0
        np.add.at(total, self.table.column[used], prices[self.table.row[used]] * self.table.coefficient[used])
        return total

    def complete(self, assigned: Flags) -> Values:
        """All columns of the plan in which exactly these candidates take part; the other columns follow from them."""
        values = np.zeros(self.columns, dtype=np.int64)
        values[: len(assigned)] = assigned
        taking_part = np.bincount(self.candidates.unit[assigned], minlength=len(self.units.size))
        values[self.held_column[self.many]] = taking_part[self.many] > 0
        for follow in self.followers:
            follow(values)
        return values

    def is_valid(self, values: Values) -> bool:
        """Do these values keep every row, dead and fixed column?"""
        activity = self.activity(values)
        kept = bool(np.all(activity <= self.limit)) and bool(np.all(activity[self.tight] == self.limit[self.tight]))
        return kept and not np.any(values[~self.alive]) and bool(np.all(values[self.fixed_to_one] == 1))


def _sorted_by(key: Ints, size: int) -> tuple[Ints, Ints]:
    """Order of the entries by key, and where each key starts in it (one more at the end)."""
    order = np.argsort(key, kind="stable")
    return order, np.searchsorted(key[order], np.arange(size + 1))


def ranges(starts: Ints, ends: Ints) -> Ints:
    """start..end of each pair, joined; empty ranges allowed."""
    lengths = ends - starts
    if not lengths.sum():
        return no_ints()
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return offsets + np.arange(lengths.sum())
