"""Who may move where without harm: the residual graph of a placement, and choices taken in queue order on it.

Nodes: a place (session, level), a kind of mentor in a session, a session, and END. An arc a → b says that one more unit
may flow from a to b: a free pupil at a place may go to another of their places; a place uses a kind that covers its
level; a kind has room; a session has seats; and back along what flows, a session's minimum kept. Placing one more
pupil at b and taking one away at a is possible exactly when a path leads from b to a.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from matcher.control import Stop
from matcher.groups.facts import Facts
from matcher.groups.rooms import Placement, Rooms
from matcher.groups.roster import Roster
from matcher.groups.seats import seats

END = 0


class Reseating:
    """A placement that changes one pupil at a time.

    Free pupils may be moved to make way, settled ones not. With `may_leave` a free pupil may also lose the seat or get
    one (END is where those without a seat are); without it, who is served stays served.
    """

    def __init__(self, facts: Facts, roster: Roster, placement: Placement, *, may_leave: bool) -> None:
        self.facts = facts
        self.rooms = Rooms(facts, roster)
        self.seat = dict(placement.seat)
        self._may_leave = may_leave
        net = self._net = seats(facts, self.rooms)
        self._entrant = np.full(len(facts.pupils), -1, dtype=np.int64)
        self._entrant[net.entrant] = np.arange(len(net.entrant))
        self._place_node = {place: 1 + j for j, place in enumerate(net.place)}
        first_kind = 1 + len(net.place)
        first_session = first_kind + len(net.kind)
        self._first_kind, self._first_session = first_kind, first_session
        self._session_of = [-1, *(s for s, _ in net.place), *(net.session[i] for i, _ in net.kind), *net.session]
        self._session_node = [-1] * first_kind + (first_session + net.kind_session).tolist()
        self._covers: list[list[int]] = [[] for _ in range(first_kind)]
        self._covered: list[list[int]] = [[] for _ in range(first_session)]
        self._kinds: list[list[int]] = [[] for _ in range(first_session + len(net.session))]
        self._capacity = [0] * first_kind + net.kind_room.tolist() + net.room.tolist()
        self._least = [0] * first_session + net.least.tolist()
        self._load = [0] * (first_session + len(net.session))
        self._flow: list[dict[int, int]] = [{} for _ in range(first_session)]
        self._add_flow(placement)
        self._free = bytearray(len(facts.pupils))
        self._at = [END] * len(facts.pupils)
        self._riders: list[dict[int, list[int]]] = [{} for _ in range(first_kind)]
        self._from: list[dict[int, None]] = [{} for _ in range(first_kind)]
        for p in facts.queue:
            self._enter(p)
        self._label = [0] * len(self._session_of)
        self._labels = 0

    def _add_flow(self, placement: Placement) -> None:
        kinds, places = self._net.teaches.of(np.arange(len(self._net.place)))
        for k, j in zip((kinds + self._first_kind).tolist(), (places + 1).tolist(), strict=True):
            self._covers[j].append(k)
            self._covered[k].append(j)
        node = {}
        for k, (i, kind) in enumerate(self._net.kind, start=self._first_kind):
            self._kinds[self._session_node[k]].append(k)
            node[self._net.session[i], kind] = k
        for (s, level, kind), amount in placement.taught.items():
            if amount:
                k = node[s, kind]
                self._flow[k][self._place_node[s, level]] = amount
                self._load[k] += amount
                self._load[self._session_node[k]] += amount

    def _enter(self, p: int) -> None:
        if p in self.seat:
            self._at[p] = self._place_node[self.seat[p], self.rooms.level(p)]
        if p not in self.facts.fixed_seat and (self._may_leave or p in self.seat):
            self._free[p] = True
            self._offer(p, self._at[p])

    def _offer(self, p: int, here: int) -> None:
        """The pupil, who is here, may ride from here to each of their other places."""
        for there in self._ways(p):
            if there != here:
                self._riders[here].setdefault(there, []).append(p)
                self._from[there][here] = None

    def _ways(self, p: int) -> list[int]:
        return [*self.places(p), END] if self._may_leave else self.places(p)

    def places(self, p: int) -> list[int]:
        """The nodes of the pupil's choices with a mentor for their level, best first."""
        entrant = self._entrant[p]
        if entrant < 0:
            return []
        start, values = self._net.choices.start, self._net.choices.values
        nodes: list[int] = (values[start[entrant] : start[entrant + 1]] + 1).tolist()
        return nodes

    def place(self, p: int) -> int:
        """The node where the pupil is; END without a seat."""
        return self._at[p]

    def settle(self, p: int) -> None:
        """From now on the pupil stays where they are."""
        self._free[p] = False

    def _rider(self, a: int, b: int) -> int | None:
        """A free pupil at place a (or END) who may go to b; who has left or settled is forgotten here."""
        riders = self._riders[a].get(b)
        if riders is None:
            return None
        while riders:
            if self._free[riders[-1]] and self._at[riders[-1]] == a:
                return riders[-1]
            riders.pop()
        del self._riders[a][b]
        del self._from[b][a]
        return None

    def neighbours(self, node: int) -> Iterator[int]:
        """Where one more unit at this node may go."""
        if node < self._first_kind:
            yield from [b for b in [*self._riders[node]] if self._rider(node, b) is not None]
            if node == END:
                yield from (s for s in self._all_sessions() if self._load[s] > self._least[s])
            else:
                yield from self._covers[node]
        elif node < self._first_session:
            if self._load[node] < self._capacity[node]:
                yield self._session_node[node]
            yield from (place for place, amount in self._flow[node].items() if amount)
        else:
            if self._load[node] < self._capacity[node]:
                yield END
            yield from (kind for kind in self._kinds[node] if self._load[kind])

    def before(self, node: int) -> Iterator[int]:
        """From where one more unit at this node may come: those that have it among their neighbours."""
        if node < self._first_kind:
            yield from [a for a in [*self._from[node]] if self._rider(a, node) is not None]
            if node == END:
                yield from (s for s in self._all_sessions() if self._load[s] < self._capacity[s])
            else:
                yield from (kind for kind in self._covers[node] if self._flow[kind].get(node))
        elif node < self._first_session:
            yield from self._covered[node]
            if self._load[node]:
                yield self._session_node[node]
        else:
            if self._load[node] > self._least[node]:
                yield END
            yield from (kind for kind in self._kinds[node] if self._load[kind] < self._capacity[kind])

    def _all_sessions(self) -> range:
        return range(self._first_session, len(self._session_of))

    def move(self, p: int, s: int) -> bool:
        """Put a free pupil in an open session they may sit in, others making way; False when that cannot be."""
        return self.move_to(p, self._place_node[s, self.rooms.level(p)])

    def move_to(self, p: int, there: int) -> bool:
        """`move`, to the node of one of the pupil's places."""
        here = self._at[p]
        if here == there:
            return True
        if self._label[here] != self._label[there]:
            return False
        path = self._path(there, here)
        if path is None:
            return False
        riders = [self._rider(a, b) if max(a, b) < self._first_kind else None for a, b in pairwise(path)]
        for (a, b), rider in zip(pairwise(path), riders, strict=True):
            if rider is None:
                self._push(a, b)
            else:
                self._carry(rider, b)
        self._carry(p, there)
        return True

    def _path(self, start: int, goal: int) -> list[int] | None:
        """A short path between two nodes of one label, within it; None, and a finer label, when there is none.

        A label holds whole strongly connected components. Moving along a cycle of one keeps it, settling a pupil can
        only split it; so labels stay right, and what was reached in vain is a part that can be told apart.

        The search runs from both sides, the narrower front first, so that a part that is told apart was looked at
        no longer than its other side. END has arcs from and to a great many sessions and is never looked through: when
        both sides reach it they have met.
        """
        ahead: dict[int, int] = {start: start}
        behind: dict[int, int] = {goal: goal}
        fronts = [start] if start != END else [], [goal] if goal != END else []
        while True:
            forward = self._is_forward(fronts, END in ahead, END in behind)
            known, other = (ahead, behind) if forward else (behind, ahead)
            front = fronts[not forward]
            if not front:
                self._labels += 1
                for node in known:
                    self._label[node] = self._labels
                return None
            met = self._widen(front, known, other, forward=forward)
            if met is not None:
                return [*_trace(ahead, met)[::-1], *_trace(behind, met)[1:]]

    @staticmethod
    def _is_forward(fronts: tuple[list[int], list[int]], end_ahead: bool, end_behind: bool) -> bool:
        """Which side to widen: the narrower, but not one that has nothing left to look through but END."""
        if not fronts[0] and end_ahead:
            return False
        if not fronts[1] and end_behind:
            return True
        return len(fronts[0]) <= len(fronts[1])

    def _widen(self, front: list[int], known: dict[int, int], other: dict[int, int], *, forward: bool) -> int | None:
        """Goes one step on from the whole front, within the label; the node where the other side is met, if any."""
        label, within = self._label, self._label[front[0]]
        fresh = []
        for node in front:
            for after in self.neighbours(node) if forward else self.before(node):
                if label[after] == within and after not in known:
                    known[after] = node
                    if after in other:
                        return after
                    if after != END:
                        fresh.append(after)
        front[:] = fresh
        return None

    def _push(self, a: int, b: int) -> None:
        """One unit more from a to b along an arc that no pupil rides."""
        if 0 < a < self._first_kind:
            self._flow[b][a] = self._flow[b].get(a, 0) + 1
        elif 0 < b < self._first_kind:
            self._flow[a][b] -= 1
        elif b == END or self._first_kind <= a < self._first_session:
            self._load[a] += 1
        else:
            self._load[b] -= 1

    def _carry(self, p: int, there: int) -> None:
        self._at[p] = there
        if there == END:
            del self.seat[p]
        else:
            self.seat[p] = self._session_of[there]
        self._offer(p, there)


def _trace(came: dict[int, int], node: int) -> list[int]:
    """The way back from a node to where its side began."""
    path = [node]
    while came[path[-1]] != path[-1]:
        path.append(came[path[-1]])
    return path


def take_choices(facts: Facts, roster: Roster, placement: Placement, stop: Stop | None = None) -> dict[int, int]:
    """`most_served`: in queue order each served pupil gets the best choice that leaves everyone served seated.

    Those ahead keep what they got. Returns the session of each served pupil. When `stop` comes, those who have not had
    their turn sit wherever there is room.
    """
    return _in_queue_order(facts, roster, placement, stop or Stop(), may_leave=False)


def take_seats(facts: Facts, roster: Roster, placement: Placement) -> dict[int, int]:
    """`queue_first`: in queue order each gets the best choice that some valid placement still allows.

    Valid: all rules, minimum sizes too, fixed pupils seated, those ahead in the sessions they got. Who finds none
    gets no seat. Returns the session of each served pupil. `placement` is any valid one.
    """
    return _in_queue_order(facts, roster, placement, Stop(), may_leave=True)


def _in_queue_order(
    facts: Facts, roster: Roster, placement: Placement, stop: Stop, *, may_leave: bool
) -> dict[int, int]:
    graph = Reseating(facts, roster, placement, may_leave=may_leave)
    for p in facts.queue:
        if p not in facts.fixed_seat and (may_leave or p in graph.seat):
            if stop.expired:
                break
            any(graph.move_to(p, there) for there in graph.places(p))
            graph.settle(p)
    return graph.seat


def out_of_turn(facts: Facts, roster: Roster, placement: Placement) -> int:
    """How many the queue, gone through again by the choice rule, would treat otherwise; 0 in every plan."""
    if facts.problem.rules.placement != "queue_first":
        return passed_over(facts, roster, placement)
    again = take_seats(facts, roster, placement)
    return sum(placement.seat.get(p) != again.get(p) for p in facts.queue)


def passed_over(facts: Facts, roster: Roster, placement: Placement) -> int:
    """How many without a seat could have one if those behind them in the queue had to give way; 0 in every plan.

    All served ahead stay seated, perhaps elsewhere. Found by spreading backwards from END and from the places of the
    served, the last in the queue first: at a pupil's turn, what is reached is what only those behind would pay for.
    """
    graph = Reseating(facts, roster, placement, may_leave=False)
    reached: set[int] = set()

    def spread(start: int) -> None:
        waiting = [start] if start not in reached else []
        reached.update(waiting)
        while waiting:
            fresh = [node for node in graph.before(waiting.pop()) if node not in reached]
            reached.update(fresh)
            waiting.extend(fresh)

    spread(END)
    count = 0
    for p in reversed(facts.queue):
        if p not in placement.seat:
            count += any(place in reached for place in graph.places(p))
        elif p not in facts.fixed_seat:
            spread(graph.place(p))
    return count
