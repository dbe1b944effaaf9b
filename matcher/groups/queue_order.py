"""Who may move where without harm: the residual graph of a placement, and choices taken in queue order on it.

Nodes: a place (session, level), a kind of mentor in a session, a session, and END. An arc a → b says that one more unit
may flow from a to b: a free pupil at a place may go to another of their places; a place uses a kind that covers its
level; a kind has room; a session has seats; and back along what flows, a session's minimum kept. Placing one more
pupil at b and taking one away at a is possible exactly when a path leads from b to a.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import pairwise

from matcher.groups.components import components
from matcher.groups.facts import Facts
from matcher.groups.rooms import Placement, Rooms
from matcher.groups.roster import Roster

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
        self._number: dict[object, int] = {None: END}
        self.session_of: list[int] = [END]
        self._covers: dict[int, list[int]] = {}
        self._session: dict[int, int] = {}
        self._kinds: dict[int, list[int]] = {}
        self._flow: dict[int, dict[int, int]] = defaultdict(dict)
        self._load: dict[int, int] = defaultdict(int)
        self._capacity: dict[int, int] = {}
        self._least: dict[int, int] = {}
        self._free_at: dict[int, dict[int, None]] = defaultdict(dict)
        self._ways: dict[int, dict[int, int]] = defaultdict(dict)
        self._places: dict[int, list[int]] = {}
        self._add_sessions()
        self._add_flow(placement)
        for p in facts.queue:
            if p not in facts.fixed_seat and (may_leave or p in self.seat):
                self._free(p, may_leave=may_leave)
        self._label: list[int] = []
        self._labels = 0

    def _node(self, key: object, s: int) -> int:
        number = self._number.setdefault(key, len(self.session_of))
        if number == len(self.session_of):
            self.session_of.append(s)
        return number

    def _place_node(self, s: int, level: str) -> int:
        node = self._node((s, level), s)
        if node not in self._covers:
            self._covers[node] = [self._node((s, kind), s) for kind in self.rooms.teaches(s, level)]
        return node

    def _add_sessions(self) -> None:
        for s in self.rooms.open:
            session = self._node(s, s)
            self._capacity[session] = self.facts.sessions[s].seats
            self._least[session] = self.facts.min_pupils[s]
            self._kinds[session] = []
            for kind in sorted(self.rooms.kinds[s], key=sorted):
                node = self._node((s, kind), s)
                self._capacity[node] = self.rooms.room_of(s, kind)
                self._session[node] = session
                self._kinds[session].append(node)

    def _add_flow(self, placement: Placement) -> None:
        for (s, level, kind), amount in placement.taught.items():
            if amount:
                node = self._node((s, kind), s)
                self._flow[node][self._place_node(s, level)] = amount
                self._load[node] += amount
                self._load[self._session[node]] += amount

    def _free(self, p: int, *, may_leave: bool) -> None:
        level = self.rooms.level(p)
        places = [self._place_node(s, level) for s in self.rooms.may_sit(p)]
        self._places[p] = [*places, END] if may_leave else places
        self._set_free(p, self.place(p))

    def place(self, p: int) -> int:
        """The node where the pupil is; END without a seat."""
        return self._place_node(self.seat[p], self.rooms.level(p)) if p in self.seat else END

    def _set_free(self, p: int, here: int) -> None:
        self._free_at[here][p] = None
        ways = self._ways[here]
        for there in self._places[p]:
            if there != here:
                ways[there] = ways.get(there, 0) + 1

    def settle(self, p: int) -> None:
        """From now on the pupil stays where they are."""
        here = self.place(p)
        del self._free_at[here][p]
        ways = self._ways[here]
        for there in self._places[p]:
            if there != here:
                ways[there] -= 1
                if not ways[there]:
                    del ways[there]

    def neighbours(self, node: int) -> Iterator[int]:
        """Where one more unit at this node may go."""
        yield from self._ways[node]
        if node == END:
            yield from (session for session, least in self._least.items() if self._load[session] > least)
        elif node in self._covers:
            yield from self._covers[node]
        elif node in self._kinds:
            if self._load[node] < self._capacity[node]:
                yield END
            yield from (kind for kind in self._kinds[node] if self._load[kind])
        else:
            if self._load[node] < self._capacity[node]:
                yield self._session[node]
            yield from (place for place, amount in self._flow[node].items() if amount)

    def move(self, p: int, s: int) -> bool:
        """Put a free pupil in an open session they may sit in, others making way; False when that cannot be."""
        here, there = self.place(p), self._place_node(s, self.rooms.level(p))
        if here == there:
            return True
        if not self._label:
            self._label = components(len(self.session_of), self.neighbours)
            self._labels = max(self._label)
        if self._label[here] != self._label[there]:
            return False
        path = self._path(there, here)
        if path is None:
            return False
        riders = [self._rider(a, b) for a, b in pairwise(path)]
        for (a, b), rider in zip(pairwise(path), riders, strict=True):
            self._push(a, b, rider)
        self._carry(p, here, there)
        return True

    def _path(self, start: int, goal: int) -> list[int] | None:
        """A shortest path between two nodes of one label, within it; None, and a finer label, when there is none.

        A label holds whole strongly connected components. Moving along a cycle of one keeps it, settling a pupil can
        only split it; so labels stay right, and what was reached in vain is a part that can be told apart.
        """
        label = self._label
        within = label[start]
        came: dict[int, int] = {start: start}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for after in self.neighbours(node):
                if label[after] == within and after not in came:
                    came[after] = node
                    if after == goal:
                        path = [goal]
                        while path[-1] != start:
                            path.append(came[path[-1]])
                        return path[::-1]
                    waiting.append(after)
        self._labels += 1
        for node in came:
            label[node] = self._labels
        return None

    def _rider(self, a: int, b: int) -> int | None:
        """The free pupil who goes from place a to place b, the last in the queue of them; None for other arcs."""
        if b not in self._ways[a]:
            return None
        return max((q for q in self._free_at[a] if b in self._places[q]), key=self.facts.position.__getitem__)

    def _push(self, a: int, b: int, rider: int | None) -> None:
        if rider is not None:
            self._carry(rider, a, b)
        elif a in self._covers:
            self._flow[b][a] = self._flow[b].get(a, 0) + 1
        elif b in self._covers:
            self._flow[a][b] -= 1
        elif a in self._session and self._session[a] == b:
            self._load[a] += 1
        elif b in self._session:
            self._load[b] -= 1
        elif b == END:
            self._load[a] += 1
        else:
            self._load[b] -= 1

    def _carry(self, p: int, here: int, there: int) -> None:
        self.settle(p)
        if there == END:
            del self.seat[p]
        else:
            self.seat[p] = self.session_of[there]
        self._set_free(p, there)


def take_choices(facts: Facts, roster: Roster, placement: Placement) -> dict[int, int]:
    """`most_served`: in queue order each served pupil gets the best choice that leaves everyone served seated.

    Those ahead keep what they got. Returns the session of each served pupil.
    """
    return _in_queue_order(facts, roster, placement, may_leave=False)


def take_seats(facts: Facts, roster: Roster, placement: Placement) -> dict[int, int]:
    """`queue_first`: in queue order each gets the best choice that some valid placement still allows.

    Valid: all rules, minimum sizes too, fixed pupils seated, those ahead in the sessions they got. Who finds none
    gets no seat. Returns the session of each served pupil. `placement` is any valid one.
    """
    return _in_queue_order(facts, roster, placement, may_leave=True)


def _in_queue_order(facts: Facts, roster: Roster, placement: Placement, *, may_leave: bool) -> dict[int, int]:
    graph = Reseating(facts, roster, placement, may_leave=may_leave)
    for p in facts.queue:
        if p not in facts.fixed_seat and (may_leave or p in graph.seat):
            for s in graph.rooms.may_sit(p):
                if graph.move(p, s):
                    break
            graph.settle(p)
    return graph.seat


def passed_over(facts: Facts, roster: Roster, placement: Placement) -> int:
    """How many without a seat could have one if those behind them in the queue had to give way; 0 in every plan.

    All served ahead stay seated, perhaps elsewhere. Found by spreading backwards from END and from the places of the
    served, the last in the queue first: at a pupil's turn, what is reached is what only those behind would pay for.
    """
    graph = Reseating(facts, roster, placement, may_leave=False)
    before: dict[int, list[int]] = defaultdict(list)
    places = {p: [graph._place_node(s, graph.rooms.level(p)) for s in graph.rooms.may_sit(p)] for p in facts.queue}
    for node in range(len(graph.session_of)):
        for after in graph.neighbours(node):
            before[after].append(node)
    reached: set[int] = set()

    def spread(start: int) -> None:
        waiting = [start] if start not in reached else []
        reached.update(waiting)
        while waiting:
            fresh = [node for node in before[waiting.pop()] if node not in reached]
            reached.update(fresh)
            waiting.extend(fresh)

    spread(END)
    count = 0
    for p in reversed(facts.queue):
        if p not in placement.seat:
            count += any(place in reached for place in places[p])
        elif p not in facts.fixed_seat:
            spread(graph.place(p))
    return count
