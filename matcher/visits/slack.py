"""Who could give way to whom, were engagements a network: a test that is quick and errs on one side only.

Network: request → (role model, day) → (role model, week) → role model → company → end, with what the limits leave as
capacities. Overlap and travel within a day are left out, and a request for k people may have them on different days: so
every valid plan is a flow. A flow serves one more request only where the end can be reached from it in the residual
network (its arcs with room left, and those in use backwards). Where it cannot, no plan serves all who are served now
and that request: this is the proof of "no".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from matcher.visits.candidates import Ints, week_of
from matcher.visits.model import Flags
from matcher.visits.standing import Standing


class Pair(NamedTuple):
    """A role model who could take part in a request on a day."""

    request: int
    role_model: int
    day: int


class Reach(NamedTuple):
    """A set of nodes: a flag for each request, (role model, day), (role model, week), role model and company."""

    request: Flags
    day: Flags
    week: Flags
    person: Flags
    company: Flags

    @property
    def size(self) -> int:
        """How many nodes it has."""
        return sum(int(flags.sum()) for flags in self)


class Slack:
    """The residual network of a plan."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        request, person, day = standing.table
        self.requests, self.people = len(standing.problem.requests), standing.facts.count
        self._base = int(day.max(initial=0)) + 1
        self._pair_request = request
        self._days, self._pair_day = np.unique(person * self._base + day, return_inverse=True)
        self._day_person = self._days // self._base
        weeks = week_of_many(self._days % self._base)
        self._weeks, self._day_week = np.unique(self._day_person * self._base + weeks, return_inverse=True)
        self._week_person = self._weeks // self._base
        self._company = standing.company
        movable = standing.movable
        seats = [place.role_model * self._base + place.slot.day for place in movable]
        self._seat_request = np.array([place.request for place in movable], dtype=np.int64)
        self._seat_day = np.searchsorted(self._days, np.array(seats, dtype=np.int64))
        self._loads()
        self.to_end = self._backwards()

    def _loads(self) -> None:
        room_of = self._standing.room_of
        self._load_day = np.bincount(self._seat_day, minlength=len(self._days))
        self._load_week = np.bincount(self._day_week, self._load_day, len(self._weeks)).astype(np.int64)
        self._load_person = np.bincount(self._week_person, self._load_week, self.people).astype(np.int64)
        employed = np.flatnonzero(self._company >= 0)
        companies = len(self._standing.quota)
        load = np.bincount(self._company[employed], self._load_person[employed], companies).astype(np.int64)
        self._open_company = load < self._standing.quota
        days = zip(self._day_person.tolist(), (self._days % self._base).tolist(), strict=True)
        self._open_day = self._load_day < np.array([room_of("max_per_day", p, d) for p, d in days], dtype=np.int64)
        weeks = zip(self._week_person.tolist(), (self._weeks % self._base).tolist(), strict=True)
        self._open_week = self._load_week < np.array([room_of("max_per_week", p, w) for p, w in weeks], dtype=np.int64)
        terms = [room_of("max_per_term", p) for p in range(self.people)]
        self._open_person = self._load_person < np.array(terms, dtype=np.int64)

    def _nothing(self) -> Reach:
        sizes = (self.requests, len(self._days), len(self._weeks), self.people, len(self._open_company))
        return Reach(*(np.zeros(size, dtype=np.bool_) for size in sizes))

    def _backwards(self) -> Reach:
        """The nodes from which the end can be reached."""
        to = self._nothing()
        size = -1
        employed = self._company >= 0
        while size < to.size:
            size = to.size
            to.company[:] |= self._open_company
            to.company[self._company[employed & to.person & (self._load_person > 0)]] = True
            to.person[:] |= self._open_person & (~employed | np.append(to.company, False)[self._company])
            to.person[self._week_person[to.week & (self._load_week > 0)]] = True
            to.week[:] |= self._open_week & to.person[self._week_person]
            to.week[self._day_week[to.day & (self._load_day > 0)]] = True
            to.day[:] |= self._open_day & to.week[self._day_week]
            to.day[self._seat_day[to.request[self._seat_request]]] = True
            to.request[self._pair_request[to.day[self._pair_day]]] = True
        return to

    def forwards(self, number: int, more: Sequence[Pair] = (), widened: int = -1) -> Reach:
        """The nodes that can be reached from a request.

        `more`: pairs beside those of the problem; `widened`: a role model all of whose limits count as not reached.
        """
        seen = self._nothing()
        seen.request[number] = True
        size = -1
        employed = self._company >= 0
        open_day, open_week = self._open_day.copy(), self._open_week.copy()
        open_person = self._open_person.copy()
        if widened >= 0:
            open_day |= self._day_person == widened
            open_week |= self._week_person == widened
            open_person[widened] = True
        while size < seen.size:
            size = seen.size
            self._follow(seen, more)
            seen.day[self._pair_day[seen.request[self._pair_request]]] = True
            seen.week[self._day_week[seen.day & open_day]] = True
            seen.person[self._week_person[seen.week & open_week]] = True
            seen.company[self._company[seen.person & open_person & employed]] = True
            seen.person[:] |= employed & np.append(seen.company, False)[self._company] & (self._load_person > 0)
            seen.week[:] |= seen.person[self._week_person] & (self._load_week > 0)
            seen.day[:] |= seen.week[self._day_week] & (self._load_day > 0)
            seen.request[self._seat_request[seen.day[self._seat_day]]] = True
        return seen

    def _follow(self, seen: Reach, more: Sequence[Pair]) -> None:
        """Mark what the further pairs of the requests seen lead to: the day, or what it is part of where it is new."""
        followed = [pair for pair in more if seen.request[pair.request]]
        people = np.array([pair.role_model for pair in followed], dtype=np.int64)
        days = np.array([pair.day for pair in followed], dtype=np.int64)
        by_day = _find(self._days, people * self._base + days)
        by_week = _find(self._weeks, people * self._base + week_of_many(days))
        seen.day[by_day[by_day >= 0]] = True
        seen.week[by_week[(by_day < 0) & (by_week >= 0)]] = True
        seen.person[people[by_week < 0]] = True

    def pairs_of(self, requests: Flags) -> tuple[Ints, Ints, Ints]:
        """Request, role model and day of every pair of these requests, each once."""
        chosen = requests[self._pair_request]
        keys = np.unique(self._pair_request[chosen] * len(self._days) + self._pair_day[chosen])
        day = keys % max(1, len(self._days))
        return keys // max(1, len(self._days)), self._day_person[day], self._days[day] % self._base

    def takes(self, people: Ints, day: int) -> Flags:
        """Could each of these role models take one engagement more on the day, by this test?"""
        flags = np.zeros(len(people), dtype=np.bool_)
        week = week_of(day)
        by_week = _find(self._weeks, people * self._base + week)
        by_day = _find(self._days, people * self._base + day)
        for i, person in enumerate(people.tolist()):
            if by_day[i] >= 0:
                flags[i] = self.to_end.day[by_day[i]]
            elif self._standing.room_of("max_per_day", person, day) > 0:
                if by_week[i] >= 0:
                    flags[i] = self.to_end.week[by_week[i]]
                else:
                    flags[i] = self.to_end.person[person] and self._standing.room_of("max_per_week", person, week) > 0
        return flags

    @property
    def takers(self) -> Flags:
        """Role models who could take one engagement more on some day, by this test."""
        some = self.to_end.person.copy()
        some[self._week_person[self.to_end.week]] = True
        some[self._day_person[self.to_end.day]] = True
        return some

    def widened(self, seen: Reach, needed: int) -> dict[str, Flags]:
        """For each limit, the role models with whom one more could help a request that reaches these nodes.

        `needed`: how many of its people have to come by way of the limit.
        """
        employed = self._company >= 0
        beyond_person = ~employed | np.append(self.to_end.company, False)[self._company]
        people = np.arange(self.people)
        return {
            "max_per_day": self._both(self._day_person, seen.day, self.to_end.week[self._day_week], needed),
            "max_per_week": self._both(self._week_person, seen.week, self.to_end.person[self._week_person], needed),
            "max_per_term": self._both(people, seen.person, beyond_person, needed),
        }

    def _both(self, owner: Ints, tail: Flags, head: Flags, needed: int) -> Flags:
        """Role models so many of whose arcs begin, and so many of whose arcs end, at such a node."""
        tails = np.bincount(owner[tail], minlength=self.people)
        heads = np.bincount(owner[head], minlength=self.people)
        return (tails >= needed) & (heads >= needed)


def week_of_many(days: Ints) -> Ints:
    """ISO week numbers of day numbers, as `week_of` says them."""
    return (days - 1) // 7


def _find(keys: Ints, wanted: Ints) -> Ints:
    """Where each wanted key stands in the sorted keys, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)
