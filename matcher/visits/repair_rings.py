"""Which visits to decide anew around a change: ring by ring, each wide enough for so many moved visits.

Take a plan that reaches the values with as few visits moved as can be, and one of its moved visits. Put back as it was
it would break something, or one visit fewer would do: it blocks a candidate that another request now takes, or is
beyond a lowered limit, or it moves to make up for reserved supply lost by others. So plans with m visits moved lie
inside the m-th ring: ring 0 are the requests without a visit, and each ring adds the visits that block candidates of
the ring before, those beyond a limit, and, where reserved supply could be lost, those who could bring some.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from matcher.visits.model import Flags
from matcher.visits.repair_land import Key, Land, Limits, Load

MOST_COLUMNS = 800
"""Rings with more candidates than this are no smaller work than the whole season."""


class Ring(NamedTuple):
    """Requests to decide anew with their candidates, what stands besides, and the visits moved up to which it is exact.

    `exact` None: nothing lies outside, whatever moves.
    """

    choices: dict[int, list[int]]
    load: Load
    exact: int | None


class Rings:
    """The rings around one change."""

    def __init__(
        self, land: Land, limits: Limits, gone: Flags, without: frozenset[int], closed: frozenset[int], lowered: bool
    ) -> None:
        """`gone`: candidates that are no more; `without`: visits that cannot stand; `closed`: requests withdrawn.

        `lowered`: a limit may be lower than before.
        """
        self._land, self._limits, self._gone = land, limits, gone
        self._without = without
        self._open = [r for r in land.idle if r not in closed] + [land.standing[v].request for v in without]
        self._load = self._without_visits(land.load, without)
        self._columns = {r: land.columns_of(r, gone) for r in self._open}
        self._found: dict[int, list[frozenset[int]]] = {}
        self._beyond = frozenset(self._beyond_limits()) if lowered else frozenset()

    def __iter__(self) -> Iterator[Ring]:
        """Rings from the narrowest on, until nothing lies outside or there are too many candidates."""
        if not self._beyond:
            yield self._ring(frozenset(), 0)
            yield self._first_ring()
        visits: frozenset[int] = frozenset()
        exact = 0
        while True:
            wider = visits | self._beyond | self._blockers(visits) | self._suppliers(visits)
            exact += 1
            if exact > 1 or self._beyond:
                ring = self._ring(wider, None if wider == visits else exact)
                if sum(len(columns) for columns in ring.choices.values()) > MOST_COLUMNS:
                    return
                yield ring
            if wider == visits:
                return
            visits = wider

    def _ring(self, visits: frozenset[int], exact: int | None) -> Ring:
        """Everybody without a visit and these visits, with all candidates that fit beside what stands."""
        land = self._land
        load = self._without_visits(self._load, visits)
        choices = {}
        for request in (*self._open, *(land.standing[v].request for v in visits)):
            columns = self._columns_of(request)
            if visits:
                choices[request] = [c for c in columns if not land.obstacles(c, load, self._limits)]
            else:
                choices[request] = [c for c in columns if not self._obstacles(c)]
        return Ring(choices, load, exact)

    def _first_ring(self) -> Ring:
        """For one moved visit x: candidates that fit once x is gone, and for x what fits beside everybody else."""
        land = self._land
        choices: dict[int, list[int]] = {}
        in_the_way = set(self._suppliers(frozenset()).union(*self._crowds(self._open)))
        for request in self._open:
            choices[request] = []
            for column in self._columns_of(request):
                groups = self._obstacles(column)
                one_of = frozenset.intersection(*groups) if groups else frozenset()
                in_the_way |= one_of
                if one_of or not groups:
                    choices[request].append(column)
        added = sum(int(land.units.size[land.unit[columns[0]]]) for columns in choices.values() if columns)
        for visit in in_the_way:
            own = land.standing[visit]
            others = [column for column in self._columns_of(own.request) if column not in own.columns]
            others = [c for c in others if all(visit in group for group in self._obstacles(c))]
            choices[own.request] = [*own.columns, *self._not_outdone(others, added)]
        return Ring(choices, self._without_visits(self._load, frozenset(in_the_way)), 1)

    def _not_outdone(self, columns: list[int], added: int) -> list[int]:
        """Candidates of one moved visit without those that some better one always can stand in for.

        Each of the `added` people of other requests takes the place of candidates of one person and company at most. So
        where more better ones than that differ in person and company from each other, one of them is free.
        """
        land = self._land
        if any(land.units.size[land.unit[column]] > 1 for column in columns):
            return columns
        worth = {c: (land.wishes[c] + land.is_preferred[land.unit[c]], -land.minutes[c]) for c in columns}
        kept: list[int] = []
        better: list[int] = []
        for column in sorted(columns, key=lambda c: (worth[c], land.reserved[c]), reverse=True):
            ahead = [b for b in better if worth[b] > worth[column] and land.reserved[b] >= land.reserved[column]]
            if len(ahead) <= added:
                kept.append(column)
            if self._differs(column, better):
                better.append(column)
        return kept

    def _differs(self, column: int, others: Iterable[int]) -> bool:
        """Has the candidate another person and another company than each of these?"""
        land = self._land
        person, company = land.who[column], land.company[land.who[column]]
        companies = {land.company[land.who[other]] for other in others} - {-1}
        return all(person != land.who[other] for other in others) and company not in companies

    def _columns_of(self, request: int) -> list[int]:
        if request not in self._columns:
            self._columns[request] = self._land.columns_of(request, self._gone)
        return self._columns[request]

    def _blockers(self, visits: frozenset[int]) -> frozenset[int]:
        """Visits that block candidates of the requests without a visit or of these visits, alone or several at once."""
        requests = [*self._open, *(self._land.standing[v].request for v in visits)]
        alone = (group for r in requests for column in self._columns_of(r) for group in self._obstacles(column))
        return frozenset().union(*alone, *self._crowds(requests))

    def _obstacles(self, column: int) -> list[frozenset[int]]:
        """Groups of visits that still stand, of each of which one has to go before the candidate fits."""
        if column not in self._found:
            groups = self._land.obstacles(column, self._load, self._limits)
            self._found[column] = [group - self._without for group in groups]
        return self._found[column]

    def _crowds(self, requests: Iterable[int]) -> Iterator[frozenset[int]]:
        """For each limit that candidates of two or more could break together: the visits that use it."""
        land, load, limits = self._land, self._load, self._limits
        adding: dict[Key, set[tuple[int, int]]] = defaultdict(set)
        for request in requests:
            for column in self._columns_of(request):
                for key in land.limits_of(column):
                    adding[key].add((request, land.who[column]))
        for key, pairs in adding.items():
            most = limits.most(key)
            if len(pairs) > 1 and most is not None and load.used(key) + len(pairs) > most:
                yield frozenset(land.users_of(key)) - self._without

    def _suppliers(self, visits: frozenset[int]) -> frozenset[int]:
        """Visits that could bring reserved supply, where these visits or those that cannot stand bring some."""
        land = self._land
        brought = (land.reserved[c] for v in (*visits, *self._without) for c in land.standing[v].columns)
        return land.suppliers - self._without if any(brought) else frozenset()

    def _beyond_limits(self) -> Iterator[int]:
        """Visits of people and companies whose engagements are more than a limit allows."""
        land = self._land
        for v, visit in enumerate(land.standing):
            if v not in self._without:
                keys = {key for column in visit.columns for key in land.limits_of(column)}
                mosts = ((self._limits.most(key), self._load.used(key)) for key in keys)
                if any(most is not None and used > most for most, used in mosts):
                    yield v

    def _without_visits(self, load: Load, visits: frozenset[int]) -> Load:
        """The load without these visits."""
        land, left = self._land, load.copy()
        for visit in visits:
            for column in land.standing[visit].columns:
                person = land.who[column]
                left.add(person, land.company[person], land.spans[visit], -1)
        return left
