"""Which mentors take a new stand, exactly: the best seats with every stand that could be are an upper bound.

Where the mentors whom these seats ask for can be found, nothing is better. Else one mentor does or does not stand in
one session, and both cases are looked at, each with its own bound, unless it promises no more than the best found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from matcher.control import Stop
from matcher.groups.facts import overlap
from matcher.groups.repair_seats import Kind, Saved, SeatFlow

Value = tuple[int, ...]
Stand = tuple[int, int]
MOST_STEPS, MOST_UNITS = 2000, 400
"""How long to look for mentors for one set of seats, and for how many; beyond it cases are split as if nobody were."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The best seats found: all mentors' stands, and what was read of them; a bound of `value`."""

    stands: Mapping[int, frozenset[int]]
    value: Value
    bound: Value
    seat: Mapping[str, str]
    released: frozenset[int]


class Reader(Protocol):
    """Rates and reads the seats as they are."""

    def value(self) -> Value:
        """More is better."""

    def seat(self) -> Mapping[str, str]:
        """Who sits where."""

    def released(self) -> frozenset[int]:
        """Fixed pupils who lost their seat."""


class Chooser:
    """Looks for the best stands on one state of the seats."""

    def __init__(self, seats: SeatFlow, reader: Reader, stop: Stop) -> None:
        self.seats = seats
        self.reader = reader
        self.stop = stop
        self.best: Choice | None = None
        self.cases = 0
        self.is_cut = False
        self.ceiling: Value = ()

    def run(self) -> Choice | None:
        """The best choice; None when no choice reaches every minimum size. The seats are left as they were."""
        seats = self.seats
        start = seats.save()
        self.ceiling = self.reader.value()
        other_cases: list[tuple[Saved, Stand]] = []
        while True:
            contested = self._look()
            if contested is not None:
                other_cases.append((seats.save(), contested))
                self._stand(*contested)
            elif other_cases:
                before, stand = other_cases.pop()
                seats.restore(before)
                self._deny(*stand)
            else:
                break
        seats.restore(start)
        if self.best is None or not self.is_cut:
            return self.best
        return replace(self.best, bound=self.ceiling)

    def _look(self) -> Stand | None:
        """Keep this case's seats when they can be had and are the best; a stand to be decided when they cannot."""
        seats = self.seats
        self.cases += 1
        if seats.too_small():
            return None
        value = self.reader.value()
        if self.best is not None and value <= self.best.value:
            return None
        stands = self._found()
        if stands is not None:
            all_stands = dict(enumerate(seats.stands)) | stands
            self.best = Choice(all_stands, value, value, self.reader.seat(), self.reader.released())
            return None
        if self.best is not None and self.stop.expired:
            self.is_cut = True
            return None
        return self._contested()

    def _stand(self, m: int, s: int) -> None:
        seats = self.seats
        was_held = seats.is_held[s]
        seats.is_held[s] = True
        seats.set_stands({m: seats.stands[m] | {s}})
        if not was_held:
            seats.refit([s])

    def _deny(self, m: int, s: int) -> None:
        """Neither this mentor nor one who is just like them."""
        seats = self.seats
        alike = [
            t
            for t in range(len(seats.stands))
            if seats.free[t] == seats.free[m] and self._kind(t) == self._kind(m) and self._left(t) == self._left(m)
        ]
        seats.denied |= {(t, s) for t in alike}
        seats.set_stands({t: seats.stands[t] for t in alike})

    def _kind(self, m: int) -> Kind:
        return self.seats.facts.levels[m]

    def _left(self, m: int) -> int:
        return self.seats.mentors[m].max_sessions - len(self.seats.stands[m])

    def _found(self) -> dict[int, frozenset[int]] | None:
        """New stands that the seats presume, and all that an open session needs to have enough mentors."""
        seats = self.seats
        asked = seats.mentors_asked()
        more: Counter[int] = Counter()
        for (s, _), count in asked.items():
            more[s] += count
        units: list[tuple[int, Kind | None]] = [key for key, count in asked.items() for _ in range(count)]
        for s, is_held in enumerate(seats.is_held):
            if is_held or more[s]:
                if seats.taken(s) < seats.facts.min_pupils[s]:
                    return None
                units += [(s, None)] * (seats.mentors_lacking(s) - more[s])
        return _Finder(seats, units).stands()

    def _contested(self) -> Stand | None:
        """A free mentor and a session that the seats ask for: whom they ask for most, and nobody else could be.

        Deciding them first changes the bound soonest. None when a session that is to be held needs mentors and nobody
        is left.
        """
        seats = self.seats
        asked = seats.mentors_asked()
        lacking = {s for s, is_held in enumerate(seats.is_held) if is_held and seats.mentors_lacking(s) > 0}
        free = [(m, s) for m, sessions in enumerate(seats.free) for s in sessions]
        able = Counter((s, self._kind(m)) for m, s in free)
        some = [(m, s) for m, s in free if (s, self._kind(m)) in asked] or [(m, s) for m, s in free if s in lacking]

        def share(m: int, s: int) -> float:
            key = s, self._kind(m)
            return asked[key] / able[key]

        def worth(stand: Stand) -> tuple[float, ...]:
            m, s = stand
            return (sum(share(m, t) for t in seats.free[m]) / self._left(m), share(m, s), -m, -s)

        return max(some, key=worth, default=None)


class _Finder:
    """Finds a mentor for every unit (session, kind or any kind), by trying."""

    def __init__(self, seats: SeatFlow, units: list[tuple[int, Kind | None]]) -> None:
        self._seats = seats
        self._levels = seats.facts.levels
        self._by_session: dict[int, list[int]] = defaultdict(list)
        for m, sessions in enumerate(seats.free):
            for s in sessions:
                self._by_session[s].append(m)
        self._new: dict[int, set[int]] = defaultdict(set)
        self._steps = 0
        self._units = sorted(units, key=lambda unit: (unit[1] is None, len(list(self._able(*unit))), unit[0]))

    def stands(self) -> dict[int, frozenset[int]] | None:
        if len(self._units) > MOST_UNITS or not self._assign(0):
            return None
        return {m: self._seats.stands[m] | sessions for m, sessions in self._new.items() if sessions}

    def _able(self, s: int, kind: Kind | None) -> Iterator[int]:
        return (m for m in self._by_session[s] if kind is None or self._levels[m] == kind)

    def _assign(self, number: int) -> bool:
        if number == len(self._units):
            return True
        self._steps += 1
        s, kind = self._units[number]
        for m in self._able(s, kind):
            if self._steps > MOST_STEPS:
                return False
            if self._may_add(m, s):
                self._new[m].add(s)
                if self._assign(number + 1):
                    return True
                self._new[m].discard(s)
        return False

    def _may_add(self, m: int, s: int) -> bool:
        seats, new = self._seats, self._new[m]
        return (
            s not in new
            and len(seats.stands[m]) + len(new) < seats.mentors[m].max_sessions
            and not any(overlap(seats.sessions[s], seats.sessions[t]) for t in new)
        )
