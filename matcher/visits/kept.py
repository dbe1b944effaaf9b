"""What a solve leaves for problems near its own: where its relaxations ended, and the prices that proved its goals.

Columns and rows of two models are the same where what they stand for has the same ids: a request, an option, a mode
and a role model make a candidate, and a row is known by the candidates in it. All of it only says where to look: a
column or row that is matched wrongly or not at all costs steps of the simplex method, and any prices prove a bound.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from matcher.problem import VisitProblem
from matcher.visits.grown import numbers
from matcher.visits.model import Extra, Flags, Floats, Ints, Level, Model, no_ints


class Basis(NamedTuple):
    """Where a linear program ended: its columns and rows, by their numbers in the model, and which are basic."""

    columns: Ints
    column_status: Ints
    rows: Ints
    row_status: Ints


@dataclass
class Kept:
    """A solved problem; bases and prices by the name of the (first) goal they belong to."""

    problem: VisitProblem
    model: Model
    assigned: Flags
    bases: dict[str, Basis] = field(default_factory=dict)
    prices: dict[str, Floats] = field(default_factory=dict)


class Match:
    """What was kept of one problem, in the columns and rows of another one's model."""

    def __init__(self, kept: Kept, problem: VisitProblem, model: Model) -> None:
        self._kept, self._new = kept, model
        old, before = kept.model, kept.problem
        self._number = {
            "request": numbers(before.requests, problem.requests),
            "role_model": numbers(before.role_models, problem.role_models),
            "company": numbers(before.companies, problem.companies),
            "school": numbers(before.schools, problem.schools),
        }
        options = 1 + max(int(units.option.max(initial=0)) for units in (old.units, model.units))
        units = model.units
        self._unit = _find(
            (units.request * options + units.option) * 2 + units.mode,
            (self._number["request"][old.units.request] * options + old.units.option) * 2 + old.units.mode,
        )
        self._people = len(problem.role_models)
        self._candidates = model.candidates.unit * np.int64(self._people) + model.candidates.role_model
        self._matched: tuple[int, Ints] | None = None
        used = [basis.columns for basis in kept.bases.values()]
        self._used = np.unique(np.concatenate([np.flatnonzero(kept.assigned), *used]))
        wanted = _cliques(old)
        told = [basis.rows for basis in kept.bases.values()] + [np.flatnonzero(p) for p in kept.prices.values()]
        self._wanted = wanted & np.isin(np.arange(old.rows), np.concatenate([no_ints(), *told]))

    def columns(self, old: Ints) -> Ints:
        """The columns that stand for the same, -1 where there is none."""
        before, found = self._kept.model, np.full(len(old), -1)
        c, count = before.candidates, len(before.candidates.unit)
        is_candidate, is_held = old < count, (count <= old) & (old < before.first_extra)
        one = old[is_candidate]
        unit, person = self._unit[c.unit[one]], self._number["role_model"][c.role_model[one]]
        found[is_candidate] = _find(self._candidates, np.where(person < 0, -1, unit * self._people + person))
        held = np.flatnonzero(is_held)
        unit = self._unit[before.many[old[held] - count]]
        found[held[unit >= 0]] = self._new.held_column[unit[unit >= 0]]
        now = {extra.kind: extra for extra in self._new.extras}
        for extra in before.extras:
            mine = (extra.first <= old) & (old < extra.first + len(extra.owner))
            if extra.kind in now:
                found[mine] = self._extra(extra, now[extra.kind], old[mine] - extra.first)
        return found

    def _extra(self, before: Extra, now: Extra, place: Ints) -> Ints:
        steps = 1 + int(max(before.step.max(initial=0), now.step.max(initial=0)))
        owner = self._number[before.kind][before.owner[place]]
        at = _find(now.owner * steps + now.step, owner * steps + before.step[place])
        return np.where((owner < 0) | (at < 0), -1, now.first + at)

    def visits(self) -> list[list[int]]:
        """Candidates of each visit of the plan that was kept, where all of them are still there."""
        before = np.flatnonzero(self._kept.assigned)
        unit, now = self._kept.model.candidates.unit[before], self.columns(before)
        found: dict[int, list[int]] = defaultdict(list)
        for number, candidate in zip(unit.tolist(), now.tolist(), strict=True):
            found[number].append(candidate)
        return [columns for columns in found.values() if min(columns) >= 0]

    def rows(self) -> Ints:
        """Of each row before the row that is known by the same candidates, -1 where none is."""
        if self._matched is None or self._matched[0] != self._new.rows:
            rows = self._match_rows()
            self._matched = self._new.rows, rows
        return self._matched[1]

    def _match_rows(self) -> Ints:
        before, new = self._kept.model, self._new
        row = np.full(before.rows, -1)
        used = self._used[self._used < len(before.candidates.unit)]
        now = self.columns(used)
        used, now = used[now >= 0], now[now >= 0]
        requests = self._number["request"]
        served = np.flatnonzero((before.served_row >= 0) & (requests >= 0))
        row[before.served_row[served]] = new.served_row[requests[served]]
        for level, other in _pairs(before.levels, new.levels):
            mine = level.of(used)
            row[mine[mine >= 0]] = other.of(now)[mine >= 0]
        self._match_by_extra(row)
        self._match_cliques(row, used, now)
        return row

    def _match_by_extra(self, row: Ints) -> None:
        """Rows in which an extra column stands, if it stands in one only."""
        columns = self._used[self._used >= self._kept.model.first_extra]
        now = self.columns(columns)
        mine, theirs = _only_row(self._kept.model, columns[now >= 0]), _only_row(self._new, now[now >= 0])
        both = (mine >= 0) & (theirs >= 0)
        row[mine[both]] = theirs[both]

    def _match_cliques(self, row: Ints, used: Ints, now: Ints) -> None:
        """Rows between engagements of one person that a basis or prices name, by the matched candidates in them."""
        inside = np.zeros(self._kept.model.columns, dtype=np.bool_)
        for rows, columns, _ in self._kept.model.table.all():
            inside[columns[self._wanted[rows]]] = True
        used, now = used[inside[used]], now[inside[used]]
        self._new.separate(now)
        known = {members: r for r, members in _members(self._new, _cliques(self._new), now, now)}
        for r, members in _members(self._kept.model, self._wanted, used, now):
            row[r] = known.get(members, -1)

    def basis(self, name: str) -> Basis | None:
        """Where the relaxation of the chapter ended, as far as it is matched."""
        kept = self._kept.bases.get(name)
        if kept is None:
            return None
        columns, rows = self.columns(kept.columns), self.rows()[kept.rows]
        return Basis(
            columns[columns >= 0], kept.column_status[columns >= 0], rows[rows >= 0], kept.row_status[rows >= 0]
        )

    def prices(self, name: str) -> Floats | None:
        """The prices that proved this goal."""
        kept = self._kept.prices.get(name)
        if kept is None:
            return None
        row = self.rows()
        prices = np.zeros(self._new.rows)
        priced = np.flatnonzero(kept)
        priced = priced[row[priced] >= 0]
        prices[row[priced]] = kept[priced]
        return prices


def _find(sorted_keys: Ints, keys: Ints) -> Ints:
    """Where each key stands in the others, -1 where it does not."""
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == keys, at, -1) if len(sorted_keys) else np.full(len(keys), -1)


def _pairs(before: Sequence[Level], now: Sequence[Level]) -> Iterator[tuple[Level, Level]]:
    """Levels of the same code, the first with the first and so on."""
    of_code: dict[str, list[Level]] = defaultdict(list)
    for level in now:
        of_code[level.code].append(level)
    for level in before:
        if of_code[level.code]:
            yield level, of_code[level.code].pop(0)


def _only_row(model: Model, columns: Ints) -> Ints:
    """The row of each of these columns, -1 where there are more or none."""
    row, column, _ = model.entries_of(columns)
    found = np.full(model.columns, -1)
    found[column] = row
    found[np.flatnonzero(np.bincount(column, minlength=model.columns) != 1)] = -1
    return found[columns]


def _cliques(model: Model) -> Flags:
    """Which rows are those of `overlap` and `travel`."""
    return np.array([code in ("overlap", "travel") for code in model.codes], dtype=np.bool_)


def _members(
    model: Model, wanted: Flags, candidates: Ints, names: Ints
) -> Iterator[tuple[int, tuple[str, frozenset[int]]]]:
    """Each of the wanted rows with its code and those of these candidates that stand in it, by name."""
    name = np.full(model.columns, -1)
    name[candidates] = names
    members: dict[int, list[int]] = defaultdict(list)
    for row, column, _ in model.table.all():
        inside = wanted[row] & (name[column] >= 0)
        for r, one in zip(row[inside].tolist(), name[column[inside]].tolist(), strict=True):
            members[r].append(one)
    for r, those in members.items():
        yield r, (model.codes[r], frozenset(those))
