"""Whom one more mentor in a session would serve under `queue_first`, on the plan's roster with its open sessions.

The queue is gone through again, but only by those whom a change can reach: from the pupil on at whose turn a session
first holds others than in the plan, everybody who may sit there chooses again. Each takes their best choice with a
seat and a mentor; when every session has its least number of pupils in the end, each of these choices was valid at its
time, so this is what `queue_first` gives. When not, minimum sizes decide, and nothing is told.
"""

from collections import Counter
from heapq import heapify, heappop, heappush

from matcher.groups.one_more_mentor import Gain
from matcher.groups.rooms import ANY_LEVEL, Rooms
from matcher.groups.seat_graph import SeatGraph

Kind = frozenset[str]


class _Filling:
    """A session that takes pupils one by one: seats, and a mentor for each level (an augmenting path over kinds)."""

    def __init__(self, rooms: Rooms, s: int, extra: Kind | None = None) -> None:
        self._room = {kind: rooms.room_of(s, kind) for kind in rooms.kinds[s]}
        if extra is not None:
            self._room[extra] = self._room.get(extra, 0) + rooms.facts.sessions[s].ratio
        self._seats = rooms.facts.sessions[s].seats
        self._taught: dict[Kind, Counter[str]] = {kind: Counter() for kind in sorted(self._room, key=sorted)}

    def seat(self, level: str) -> bool:
        """One more pupil of the level sits here; False, and nothing changes, when that cannot be."""
        if not self._seats or not self._teach(level, set()):
            return False
        self._seats -= 1
        return True

    def _teach(self, level: str, tried: set[Kind]) -> bool:
        for kind, taught in self._taught.items():
            if kind not in tried and (level in kind or level == ANY_LEVEL):
                tried.add(kind)
                if self._room[kind]:
                    self._room[kind] -= 1
                    taught[level] += 1
                    return True
                for other in [other for other, amount in taught.items() if amount]:
                    if self._teach(other, tried):
                        taught[other] -= 1
                        taught[level] += 1
                        return True
        return False


class OneMoreMentorQueueFirst:
    """Answers for one plan placed by `queue_first`."""

    def __init__(self, graph: SeatGraph) -> None:
        self._facts, self._rooms, self._seat = graph.facts, graph.rooms, graph.seat
        self._every = frozenset(graph.levels)
        self._interested: dict[int, list[int]] = {s: [] for s in graph.room}
        self._open: dict[int, tuple[int, ...]] = {}
        for position, p in enumerate(self._facts.queue):
            if p not in self._facts.fixed_seat:
                self._open[p] = tuple(s for s, _ in self._facts.within_reach[p] if s in graph.room)
                for s in self._open[p]:
                    self._interested[s].append(position)
        self._fixed = Counter(self._facts.fixed_seat.values())
        self._inside = Counter(self._seat.values())

    def gain(self, s: int) -> Gain | None:
        """What the queue would give and take with the mentor in this open session; None where minimum sizes decide."""
        changed = self._replayed(s)
        inside = self._inside.copy()
        for p, seat in changed.items():
            if p in self._seat:
                inside[self._seat[p]] -= 1
            if seat is not None:
                inside[seat] += 1
        if any(inside[t] < self._facts.min_pupils[t] for t in self._interested):
            return None
        kept = tuple(p for p, seat in changed.items() if p not in self._seat)
        return Gain(kept, tuple(p for p, seat in changed.items() if seat is None))

    def _replayed(self, s: int) -> dict[int, int | None]:
        """The new session (None: no seat) of each pupil for whom it changes, in queue order."""
        fillings = {s: self._filling(s, 0, self._every)}
        turns = list(self._interested[s])
        heapify(turns)
        changed: dict[int, int | None] = {}
        turn = -1
        while turns:
            before, turn = turn, heappop(turns)
            if turn != before:
                p = self._facts.queue[turn]
                seat = self._best(p, turn, fillings, turns)
                if seat != self._seat.get(p):
                    changed[p] = seat
                    if p in self._seat and self._seat[p] not in fillings:
                        self._open_again(self._seat[p], turn, fillings, turns)
        return changed

    def _best(self, p: int, turn: int, fillings: dict[int, _Filling], turns: list[int]) -> int | None:
        """The first choice that takes the pupil. One that holds the same pupils as in the plan answers as in it."""
        level = self._facts.pupils[p].level
        refused = p not in self._seat
        for s in self._open[p]:
            if s in fillings:
                if fillings[s].seat(level):
                    return s
                refused = refused or s == self._seat[p]
            elif s == self._seat.get(p):
                return s
            elif refused and p in self._seat:
                self._open_again(s, turn, fillings, turns)
                if fillings[s].seat(level):
                    return s
        return None

    def _open_again(self, s: int, turn: int, fillings: dict[int, _Filling], turns: list[int]) -> None:
        """From this turn on the session may hold others than in the plan."""
        fillings[s] = self._filling(s, turn, None)
        for later in self._interested[s]:
            if later > turn:
                heappush(turns, later)

    def _filling(self, s: int, turn: int, extra: Kind | None) -> _Filling:
        """The session with its fixed pupils and those of the plan before this turn."""
        filling = _Filling(self._rooms, s, extra)
        levels = [ANY_LEVEL] * self._fixed[s]
        for position in self._interested[s]:
            if position < turn and self._seat.get(self._facts.queue[position]) == s:
                levels.append(self._facts.pupils[self._facts.queue[position]].level)
        for level in levels:
            seated = filling.seat(level)
            assert seated, "the plan seats them"
        return filling
