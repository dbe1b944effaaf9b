"""Whom the strict queue keeps on a roster: the queue is halved at each place, by one maximum flow for each round.

Minimum sizes need no thought here. Sets of pupils who can be seated are a matroid's; the queue, taken one by one, keeps
one that cannot grow, and by Mendelsohn and Dulmage's theorem such a set can be seated with all minimum sizes met
whenever anybody can meet them (fixed pupils are kept first).

Let the first k of the queue flow. What cannot reach the end in the residual graph is full: a set of sessions, kinds,
places and pupils that nobody leaves and, from k on, nobody enters, whoever follows. All others of the first k are
seated, outside. So the network falls in two that no longer touch:

- what is full: who of the first k is kept there? Exactly as many as its flow, its quota;
- the rest: who of those after k is kept there, on top of all of the first k who are not in the full part?

Each part is halved again by a k of its own, until its quota is all or nothing. All parts of one round are one flow, and
a round is linear in what is still open, so that the whole is some ten to twenty maximum flows. Seated pupils of a part
stay in its flow, since they may have to move.
"""

from collections.abc import Sequence

import numpy as np
from ortools.graph.python import max_flow

from matcher.groups.facts import Flags, Ints
from matcher.groups.seats import Seats

START, END = 0, 1
DECIDED = -1
"""The part of nodes that matter no more."""


def kept(net: Seats) -> Flags | None:
    """For each entrant, whether the queue keeps them; None when the fixed ones cannot all be seated."""
    halving = _Halving(net)
    while len(halving.who):
        if not halving.halve():
            return None
    return halving.kept


def reaches_end(arcs: Sequence[tuple[Ints, Ints, Ints]]) -> tuple[Ints, Ints]:
    """A maximum flow from START to END: from which nodes its residual graph leads to END, and the flow of each arc.

    `arcs`: (tails, heads, capacities), each three of one length.
    """
    tails, heads, capacities = (np.concatenate(column) for column in zip(*arcs, strict=True))
    solver = max_flow.SimpleMaxFlow()
    numbers = solver.add_arcs_with_capacity(tails, heads, capacities)
    if solver.solve(START, END) != solver.OPTIMAL:
        raise OverflowError("the seats of all sessions are too many to count")
    return np.array(solver.get_sink_side_min_cut(), dtype=np.int64), solver.flows(numbers)


class _Halving:
    """The open parts: which nodes and entrants are in which part, who is kept for sure, and how many more will be.

    `who`: the entrants of open parts in queue order, each in part `part`, `sure` once kept. `quota[i]`: how many of the
    others of part i are kept; None before the first flow has told it.
    """

    def __init__(self, net: Seats) -> None:
        self._net = net
        self.kept = net.is_fixed.copy()
        self.who = np.arange(len(net.group))
        self._part = np.zeros(len(self.who), dtype=np.int64)
        self._sure = net.is_fixed.copy()
        self._parts = 1
        self._quota: Ints | None = None
        self._session_part = np.zeros(len(net.session), dtype=np.int64)
        self._kind_part = np.zeros(len(net.kind), dtype=np.int64)
        self._place_part = np.zeros(len(net.place), dtype=np.int64)
        self._room = net.room.copy()
        self._ends = np.zeros(len(net.kind), dtype=bool)
        """Kinds whose room is set aside in a session of another part."""
        self._arc_kind, self._arc_place = net.teaches.of(np.arange(len(net.place)))

    def halve(self) -> bool:
        """One round; False when the fixed pupils cannot all be seated."""
        net = self._net
        tested = self._first_half()
        ways = net.group_places.start[1:].size
        keys, key, count = np.unique(
            self._part[tested] * ways + net.group[self.who[tested]], return_inverse=True, return_counts=True
        )
        outside, flow = self._flow(keys // ways, keys % ways, count)
        places = 2 + len(net.session) + len(net.kind)
        groups = places + len(net.place)
        group_is_out = outside[groups:]
        is_out = np.zeros(len(self.who), dtype=bool)
        is_out[tested] = group_is_out[key]
        is_out[~tested] = self._finds_way(np.flatnonzero(~tested), outside[places:groups])
        settled = self._sure & ~is_out
        quota_full = np.bincount(keys[~group_is_out] // ways, flow[~group_is_out], self._parts).astype(np.int64)
        quota_full -= self._count(settled)
        if (quota_full < 0).any():
            return False
        seated = tested & is_out & ~self._sure
        quota_rest = (
            np.zeros_like(quota_full) if self._quota is None else self._quota - quota_full - self._count(seated)
        )
        self._sure |= seated
        self.kept[self.who[seated]] = True
        self._split(tested, is_out, np.stack([quota_full, quota_rest], axis=1).ravel(), outside)
        return True

    def _count(self, entrants: Flags) -> Ints:
        """How many of these entrants each part has."""
        return np.bincount(self._part[entrants], minlength=self._parts)

    def _first_half(self) -> Flags:
        """Who flows in this round: the sure, and the first of the others of each part, about as many as will be kept.

        At least a quarter of them and at most three quarters; all of them in the first round.
        """
        tested = self._sure.copy()
        others = np.flatnonzero(~self._sure)
        part = self._part[others]
        size = np.bincount(part, minlength=self._parts)
        limit = size
        if self._quota is not None:
            limit = np.minimum(np.clip(self._quota, (size + 3) // 4, size - size // 4), size - 1)
        order = np.argsort(part, kind="stable")
        rank = np.empty(len(others), dtype=np.int64)
        rank[order] = np.arange(len(others)) - np.repeat(np.cumsum(size) - size, size)
        tested[others] = rank < limit[part]
        return tested

    def _flow(self, part: Ints, group: Ints, count: Ints) -> tuple[Flags, Ints]:
        """A maximum flow of `count` entrants of each (part, group): what can reach the end, and how many of each flow.

        Nodes: start, end, sessions, kinds, places, then the (part, group).
        """
        net = self._net
        kind_node = 2 + len(net.session)
        place_node = kind_node + len(net.kind)
        node = place_node + len(net.place) + np.arange(len(part))
        places, owner = net.group_places.of(group)
        way = self._place_part[places] == part[owner]
        taught = (self._place_part != DECIDED)[self._arc_place]
        taught &= self._place_part[self._arc_place] == self._kind_part[self._arc_kind]
        kinds = np.flatnonzero(self._kind_part != DECIDED)
        sessions = np.flatnonzero(self._session_part != DECIDED)
        after_kind = np.where(self._ends[kinds], END, 2 + net.kind_session[kinds])
        plenty = len(self.who)
        arcs = (
            (np.zeros_like(node), node, count),
            (node[owner[way]], place_node + places[way], np.full(way.sum(), plenty)),
            (place_node + self._arc_place[taught], kind_node + self._arc_kind[taught], np.full(taught.sum(), plenty)),
            (kind_node + kinds, after_kind, net.kind_room[kinds]),
            (2 + sessions, np.ones_like(sessions), self._room[sessions]),
        )
        reaching, flow = reaches_end(arcs)
        outside = np.zeros(place_node + len(net.place) + len(part), dtype=bool)
        outside[reaching] = True
        return outside, flow[: len(part)]

    def _finds_way(self, entrants: Ints, place_is_out: Flags) -> Flags:
        """Which of these (indices into `who`) have a place of their part that is not full."""
        places, owner = self._net.group_places.of(self._net.group[self.who[entrants]])
        way = place_is_out[places] & (self._place_part[places] == self._part[entrants][owner])
        return np.bincount(owner[way], minlength=len(entrants)) > 0

    def _split(self, tested: Flags, is_out: Flags, quota: Ints, outside: Flags) -> None:
        """Each part i becomes 2i, what is full, and 2i + 1, the rest; those with nothing left to ask are closed."""
        net = self._net
        first = 2
        out = []
        for size in (len(net.session), len(net.kind), len(net.place)):
            out.append(outside[first : first + size])
            first += size
        cut = (self._kind_part != DECIDED) & ~self._ends & ~out[1] & out[0][net.kind_session]
        np.subtract.at(self._room, net.kind_session[cut], net.kind_room[cut])
        self._ends |= cut
        part = 2 * self._part + is_out
        asking = ~self._sure & (tested | is_out)
        asked = np.bincount(part[asking], minlength=len(quota))
        self.kept[self.who[asking & (quota >= asked)[part]]] = True
        is_open = (quota > 0) & (quota < asked)
        number = np.append(np.where(is_open, np.cumsum(is_open) - 1, DECIDED), DECIDED)
        self._session_part, self._kind_part, self._place_part = (
            number[np.where(old == DECIDED, len(quota), 2 * old + is_outside)]
            for old, is_outside in zip((self._session_part, self._kind_part, self._place_part), out, strict=True)
        )
        stays = (self._sure | asking) & is_open[part]
        self.who, self._sure, self._part = self.who[stays], self._sure[stays], number[part[stays]]
        self._quota, self._parts = quota[is_open], int(is_open.sum())
