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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.visits.candidates import Candidates, Units

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Entries = tuple[Ints, Ints, Ints | int]
"""Rows, columns and coefficients of some entries of a table; one coefficient may stand for all."""

Values = NDArray[np.int8]
"""A plan as columns: one value, 0 or 1, for each column of the model."""

CHUNK = 1 << 16
"""Candidates whose prices are worked out at a time."""


def no_ints() -> Ints:
    """An empty array of whole numbers."""
    return np.zeros(0, dtype=np.int64)


class Level(NamedTuple):
    """Rows of one code of which each candidate stands in one at most: `row` of its `key`, or -1 for none."""

    code: str
    key: NDArray[Any]
    row: NDArray[np.int32]
    coefficient: int
    local: bool
    rows: slice

    def of(self, candidates: Ints) -> Ints:
        """The row of each of these candidates, or -1."""
        rows: Ints = self.row[self.key[candidates]].astype(np.int64)
        return rows


class Extra(NamedTuple):
    """Extra columns of one kind: whose each of them is, by number, and the how manieth of theirs."""

    kind: str
    first: int
    owner: Ints
    step: Ints


class Table:
    """A sparse matrix in coordinates, by column; entries may be added at any time.

    It is kept in blocks, each at least twice as long as the next, so that adding a few entries sorts only a few.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[Ints, Ints, Ints]] = []

    def extend(self, entries: Sequence[tuple[Ints, Ints, Ints]]) -> None:
        """Add entries: rows, columns, coefficients."""
        parts = [part for part in entries if len(part[0])]
        if not parts:
            return
        while self._blocks and len(self._blocks[-1][0]) < 2 * sum(len(part[0]) for part in parts):
            parts.append(self._blocks.pop())
        row, column, coefficient = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = np.lexsort((row, column))
        self._blocks.append((row[order], column[order], coefficient[order]))

    def all(self) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Rows, columns and coefficients, block by block."""
        return iter(self._blocks)

    def of_columns(self, columns: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
        """The entries that stand in these columns, block by block."""
        for row, column, coefficient in self._blocks:
            found = ranges(np.searchsorted(column, columns), np.searchsorted(column, columns, side="right"))
            yield row[found], column[found], coefficient[found]


class Model:
    """Columns, rows, and decisions proven on the way (dead and fixed columns, tight rows)."""

    def __init__(self, candidates: Candidates, units: Units, names: tuple[Ints, Ints] | None = None) -> None:
        """`names`: a number for each request and role model that other problems share, for the sake of `noise`."""
        self._names = names
        self.candidates = candidates
        self.units = units
        self.request_of = units.request.astype(np.int32)[candidates.unit]
        self.for_one = (units.size == 1)[candidates.unit]
        self.for_many = np.flatnonzero(~self.for_one)
        self.many = np.flatnonzero(units.size > 1)
        held = np.full(len(units.size), -1, dtype=np.int64)
        held[self.many] = len(candidates.unit) + np.arange(len(self.many))
        self.held_column = held
        self.first_extra = len(candidates.unit) + len(self.many)
        self.columns = self.first_extra
        self.alive = np.ones(self.columns, dtype=np.bool_)
        self.fixed_to_one = np.zeros(self.columns, dtype=np.bool_)
        self.extras: list[Extra] = []
        self.levels: list[Level] = []
        self.table = Table()
        self.limit = no_ints()
        self.codes: list[str] = []
        self.local = np.zeros(0, dtype=np.bool_)
        self.lazy = np.zeros(0, dtype=np.bool_)
        self.tight = np.zeros(0, dtype=np.bool_)
        self.served_row = np.full(units.requests, -1, dtype=np.int64)
        self.together_row = np.full(len(candidates.unit), -1, dtype=np.int32)
        self.visited = no_ints()
        self.visited_school = no_ints()
        self.followers: list[Callable[[Values], None]] = []
        self.separators: list[Callable[[Ints], None]] = []

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.limit)

    def noise(self, seed: int) -> NDArray[np.uint64]:
        """A random number below 2³² for each candidate; it depends on nothing but the seed and what the names are.

        So ties are broken alike in problems that are near each other.
        """
        units, unit, person = self.units, self.candidates.unit, self.candidates.role_model.astype(np.int64)
        of_request, of_person = (None, None) if self._names is None else self._names
        request = units.request if of_request is None else of_request[units.request]
        key = _mixed(_mixed(request + (seed << 32)) + (units.option * 2 + units.mode).astype(np.uint64))
        mixed = _mixed(key[unit] + (person if of_person is None else of_person[person]).astype(np.uint64))
        return mixed >> np.uint64(32)

    def add_columns(self, kind: str, owner: Ints, step: Ints | None = None) -> Ints:
        """Add an extra column for each owner (and step) and return their numbers."""
        count = len(owner)
        self.extras.append(Extra(kind, self.columns, owner, np.zeros_like(owner) if step is None else step))
        added = np.arange(self.columns, self.columns + count)
        self.columns += count
        self.alive = np.concatenate([self.alive, np.ones(count, dtype=np.bool_)])
        self.fixed_to_one = np.concatenate([self.fixed_to_one, np.zeros(count, dtype=np.bool_)])
        return added

    def add_rows(
        self,
        code: str,
        limit: Ints | Sequence[int],
        entries: Sequence[Entries] = (),
        *,
        each: tuple[NDArray[Any], NDArray[Any], int] | None = None,
        local: bool = False,
        lazy: bool = False,
        tight: bool = False,
    ) -> Ints:
        """Add one row for each limit and return their numbers; entries are (row counted from 0, column, coefficient).

        `each`: a key for every candidate, the row for every key (counted from 0, or -1 for none), and the coefficient.
        `local` rows tie the columns of one request together; bounds are computed over requests, so they carry no price.
        `lazy` rows enter a relaxation only when it breaks them.
        """
        limits = np.asarray(limit, dtype=np.int64)
        first = self.rows
        count = len(limits)
        if each is not None and count:
            row = np.where(each[1] < 0, -1, each[1] + first).astype(np.int32)
            self.levels.append(Level(code, each[0], row, each[2], local, slice(first, first + count)))
        self.table.extend(
            [(row + first, column, np.broadcast_to(np.int64(factor), row.shape)) for row, column, factor in entries]
        )
        self.limit = np.concatenate([self.limit, limits])
        self.codes += [code] * count
        self.local = np.concatenate([self.local, np.full(count, local)])
        self.lazy = np.concatenate([self.lazy, np.full(count, lazy)])
        self.tight = np.concatenate([self.tight, np.full(count, tight)])
        return first + np.arange(count)

    @contextmanager
    def tentatively(self) -> Iterator[None]:
        """What is decided inside (dead and fixed columns, tight rows) is forgotten at the end."""
        kept = (self.alive.copy(), self.fixed_to_one.copy(), self.tight.copy(), self.lazy.copy())
        try:
            yield
        finally:
            rows = slice(len(kept[2]), None)
            self.alive, self.fixed_to_one = kept[:2]
            self.tight = np.concatenate([kept[2], np.zeros_like(self.tight[rows])])
            self.lazy = np.concatenate([kept[3], self.lazy[rows]])

    def entries_of(self, columns: Ints) -> tuple[Ints, Ints, Ints]:
        """Rows, columns and coefficients of all entries that stand in these columns."""
        candidates = columns[columns < len(self.candidates.unit)]
        parts = list(self.table.of_columns(columns))
        for level in self.levels:
            row = level.of(candidates)
            inside = row >= 0
            parts.append((row[inside], candidates[inside], np.full(int(inside.sum()), level.coefficient)))
        if not parts:
            return no_ints(), no_ints(), no_ints()
        row, column, coefficient = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return row, column, coefficient

    def activity(self, values: NDArray[Any]) -> Floats:
        """Left-hand side of every row under these values."""
        row, column, coefficient = self.entries_of(np.flatnonzero(values))
        sums: Floats = np.bincount(row, weights=coefficient * values[column], minlength=self.rows).astype(np.float64)
        return sums

    def separate(self, columns: Ints) -> None:
        """Have every row of the rules between engagements of one person (overlap, travel) that these columns break."""
        candidates = columns[columns < len(self.candidates.unit)]
        for separator in self.separators:
            separator(candidates)

    def take_prices(self, net: Ints, prices: Ints) -> None:
        """Take from each column, in place, Σ over rows of price · coefficient, in whole numbers.

        Candidates go through in chunks that stay in the processor's cache: there may be millions.
        """
        padded = np.append(prices, 0)
        of_key: dict[int, tuple[NDArray[Any], Ints]] = {}
        for level in self.levels:
            if not level.local and prices[level.rows].any():
                priced = level.coefficient * padded[level.row]
                if id(level.key) in of_key:
                    priced += of_key[id(level.key)][1]
                of_key[id(level.key)] = level.key, priced
        for first in range(0, len(self.candidates.unit), CHUNK):
            chunk = slice(first, min(first + CHUNK, len(self.candidates.unit)))
            for key, priced in of_key.values():
                net[chunk] -= priced.take(key[chunk])
        for row, column, coefficient in self.table.all():
            used = np.flatnonzero(prices[row])
            np.subtract.at(net, column[used], prices[row[used]] * coefficient[used])

    def complete(self, assigned: Flags) -> Values:
        """All columns of the plan in which exactly these candidates take part; the other columns follow from them."""
        values = np.zeros(self.columns, dtype=np.int8)
        values[: len(assigned)] = assigned
        taking_part = np.bincount(self.candidates.unit[assigned], minlength=len(self.units.size))
        values[self.held_column[self.many]] = taking_part[self.many] > 0
        for follow in self.followers:
            follow(values)
        return values

    def is_valid(self, values: Values) -> bool:
        """Do these values keep every row, dead and fixed column?"""
        self.separate(np.flatnonzero(values))
        activity = self.activity(values)
        kept = bool(np.all(activity <= self.limit)) and bool(np.all(activity[self.tight] == self.limit[self.tight]))
        return kept and not np.any(values[~self.alive]) and bool(np.all(values[self.fixed_to_one] == 1))


def _mixed(numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): each number to one that looks random."""
    x = numbers.astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def ranges(starts: Ints, ends: Ints) -> Ints:
    """start..end of each pair, joined; empty ranges allowed."""
    lengths = ends - starts
    if not lengths.sum():
        return no_ints()
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return offsets + np.arange(lengths.sum())
