"""The seats of a finished plan as a residual network: who could sit where, and who behind would pay for it.

Nodes: each pupil without a fixed seat, each place (session, level), each desk (session, kind of mentor), each room (an
open session), and END. An arc a → b of capacity c > 0 says that c more units may flow from a to b: a pupil to another
of their choices, a place to the pupils who sit there (they may give way), a place to the desks that cover its level, a
desk or a room on to the room or END while there is space, and back along what flows. A path from a place to END seats
one more pupil there; a path to a pupil seats one there and unseats that pupil. Minimum sizes need no arcs: neither path
takes a pupil from any session's count. Needs no solver; the size is linear in the pupils' choices.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from matcher.groups.facts import Facts
from matcher.groups.rooms import ANY_LEVEL, Rooms, Standing, placement_of

END = 0
UNLIMITED = 1 << 40


class SeatGraph:
    """The residual network of one plan.

    `moves`: served pupils may change to another of their choices to make way (`most_served`); without it they keep
    their session or lose the seat (`queue_first`, where those ahead have chosen for good). `residual[a][b]` is the
    capacity of a → b, above 0.
    """

    def __init__(self, facts: Facts, plan: Standing, *, moves: bool) -> None:
        self.facts = facts
        self.seat = plan.seat
        self.rooms = Rooms(facts, plan.roster)
        self.residual: list[dict[int, int]] = [{}]
        self.levels = sorted({pupil.level for pupil in facts.pupils})
        self.place: dict[tuple[int, str], int] = {}
        self.room: dict[int, int] = {}
        self.desk: dict[tuple[int, frozenset[str]], int] = {}
        self._add_rooms(plan)
        self.first_pupil = len(self.residual)
        self.residual += ({} for _ in facts.pupils)
        for p in facts.queue:
            self._add_pupil(p, moves=moves)

    def _node(self) -> int:
        self.residual.append({})
        return len(self.residual) - 1

    def _add_rooms(self, plan: Standing) -> None:
        taught = placement_of(self.facts, plan.roster, plan.seat, plan.contact).taught
        at_desk: Counter[tuple[int, frozenset[str]]] = Counter()
        for (s, _, kind), amount in taught.items():
            at_desk[s, kind] += amount
        inside = Counter(plan.seat.values())
        for s in self.rooms.open:
            room = self.room[s] = self._node()
            self._arc(room, END, self.facts.sessions[s].seats - inside[s])
            for kind in sorted(self.rooms.kinds[s], key=sorted):
                desk = self.desk[s, kind] = self._node()
                self._arc(desk, room, self.rooms.room_of(s, kind) - at_desk[s, kind])
                self._arc(room, desk, at_desk[s, kind])
            for level in (*self.levels, ANY_LEVEL):
                place = self.place[s, level] = self._node()
                for kind in self.rooms.teaches(s, level):
                    self._arc(place, self.desk[s, kind], UNLIMITED)
        for (s, level, kind), amount in taught.items():
            self._arc(self.desk[s, kind], self.place[s, level], amount)

    def _add_pupil(self, p: int, *, moves: bool) -> None:
        if p in self.facts.fixed_seat:
            return
        here = self.place[self.seat[p], self.facts.pupils[p].level] if p in self.seat else END
        if here != END:
            self._arc(here, self.node(p), 1)
        if here == END or moves:
            for place in self.options(p):
                if place != here:
                    self._arc(self.node(p), place, 1)

    def _arc(self, a: int, b: int, capacity: int) -> None:
        if capacity > 0:
            self.residual[a][b] = capacity

    def node(self, p: int) -> int:
        """The node of a pupil."""
        return self.first_pupil + p

    def options(self, p: int) -> list[int]:
        """The places of the pupil's choices that are open and within reach, best first, taught or not."""
        level = self.facts.pupils[p].level
        return [self.place[s, level] for s, _ in self.facts.within_reach[p] if s in self.room]

    @cached_property
    def before(self) -> list[list[int]]:
        """For each node those with an arc to it, in the plan as it is."""
        found: list[list[int]] = [[] for _ in self.residual]
        for a, after in enumerate(self.residual):
            for b in after:
                found[b].append(a)
        return found

    @cached_property
    def cut_off(self) -> list[int]:
        """For each node the last position of a served pupil it reaches; n where it reaches END, -1 for none.

        A pupil at position k who may sit at a place gets a seat by it exactly when k < its cut-off: somebody at a
        position above k, or nobody, pays. Spread backwards from END, then from the served, the last in the queue first.
        """
        cut_off = [-1] * len(self.residual)
        self._spread(END, len(self.facts.queue), cut_off)
        for position in range(len(self.facts.queue) - 1, -1, -1):
            p = self.facts.queue[position]
            if p in self.seat and p not in self.facts.fixed_seat:
                self._spread(self.node(p), position, cut_off)
        return cut_off

    def _spread(self, start: int, value: int, label: list[int]) -> None:
        if label[start] >= 0:
            return
        label[start] = value
        waiting = [start]
        while waiting:
            for node in self.before[waiting.pop()]:
                if label[node] < 0:
                    label[node] = value
                    waiting.append(node)

    def takes(self, s: int, level: str, position: int) -> bool:
        """A pupil of the level at this position would get a seat if the open session were one of their choices."""
        return any(self.cut_off[self.desk[s, kind]] > position for kind in self.rooms.teaches(s, level))

    def takers(self, level: str, position: int) -> list[int]:
        """The open sessions that take a pupil of the level at this position, those that take more of them first."""
        cut_offs, sessions = self._takers[level]
        return sessions[: bisect_left(cut_offs, -position)]

    @cached_property
    def _takers(self) -> dict[str, tuple[list[int], list[int]]]:
        """For each level the sessions where it is taught and their cut-offs, negative and ascending."""
        found = {}
        for level in self.levels:
            kinds = {s: self.rooms.teaches(s, level) for s in self.room}
            ranked = sorted((-max(self.cut_off[self.desk[s, kind]] for kind in kinds[s]), s) for s in kinds if kinds[s])
            found[level] = ([cut_off for cut_off, _ in ranked], [s for _, s in ranked])
        return found

    def reach(self, starts: Iterable[int]) -> set[int]:
        """All nodes that can be reached from these, themselves included."""
        found = set(starts)
        waiting = list(found)
        while waiting:
            fresh = self.residual[waiting.pop()].keys() - found
            found |= fresh
            waiting += fresh
        return found

    def push(self, path: list[int]) -> None:
        """One unit along a path; the same path reversed takes it back."""
        for a, b in pairwise(path):
            self.residual[a][b] -= 1
            if not self.residual[a][b]:
                del self.residual[a][b]
            self.residual[b][a] = self.residual[b].get(a, 0) + 1
