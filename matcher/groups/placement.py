"""Seats on a fixed roster: those whom the strict queue keeps, seated by one flow, minimum sizes as lower bounds.

groups of pupils → (session, level) → (session, kind of mentor) → session → end, where a kind is a set of levels
covered. Who is kept is found first (served.py), so that the flow has nothing to choose but where they sit.
"""

import numpy as np
from ortools.graph.python import min_cost_flow

from matcher.groups.facts import Facts, Flags, Ints
from matcher.groups.rooms import Placement, Rooms
from matcher.groups.roster import Roster
from matcher.groups.seats import Seats, seats
from matcher.groups.served import kept, reaches_end


class Network:
    """Arcs and supplies collected for one min-cost flow; everything supplied has to arrive."""

    def __init__(self) -> None:
        self.supply: list[int] = []
        self.arcs: list[tuple[int, int, int, int]] = []

    def node(self, supply: int = 0) -> int:
        self.supply.append(supply)
        return len(self.supply) - 1

    def arc(self, tail: int, head: int, capacity: int, cost: int = 0) -> int:
        self.arcs.append((tail, head, capacity, cost))
        return len(self.arcs) - 1

    def flows(self) -> list[int] | None:
        """The flow of each arc; None when the supplies cannot be met."""
        if not self.arcs:
            return [] if not any(self.supply) else None
        solver = min_cost_flow.SimpleMinCostFlow()
        table = np.array(self.arcs, dtype=np.int64)
        arcs = solver.add_arcs_with_capacity_and_unit_cost(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
        solver.set_nodes_supplies(np.arange(len(self.supply)), np.array(self.supply, dtype=np.int64))
        if solver.solve() != solver.OPTIMAL:
            return None
        return [int(flow) for flow in solver.flows(arcs)]


def place(facts: Facts, roster: Roster) -> Placement | None:
    """The seats of the pupils whom the queue keeps on this roster; None when its minimum sizes cannot be met."""
    rooms = Rooms(facts, roster)
    if not facts.fixed_sessions <= set(rooms.open):
        return None
    net = seats(facts, rooms)
    served = kept(net)
    if served is None:
        return None
    flows = _seated(net, served)
    if flows is None:
        return None
    in_place, taught = flows
    arc_kind, arc_place = net.teaches.of(np.arange(len(net.place)))
    used = np.flatnonzero(taught)
    return Placement(
        _one_by_one(facts, net, served, in_place),
        {(*net.place[arc_place[a]], net.kind[arc_kind[a]][1]): int(taught[a]) for a in used},
    )


def _seated(net: Seats, served: Flags) -> tuple[Ints, Ints] | None:
    """How many of each group sit in each of its places, and of each place with each of its kinds; None: not possible.

    A maximum flow in which each session's least number goes straight to the end, and what is more only as far as there
    are served pupils: it is as many as these exactly when all are seated and every minimum is met.
    """
    count = np.bincount(net.group[served], minlength=len(net.group_places.start) - 1)
    more = int(served.sum() - net.least.sum())
    if more < 0 or (net.room < net.least).any():
        return None
    places, owner = net.group_places.of(np.arange(len(count)))
    arc_kind, arc_place = net.teaches.of(np.arange(len(net.place)))
    session = 3 + np.arange(len(net.session))
    kind = 3 + len(session) + np.arange(len(net.kind))
    place_node = 3 + len(session) + len(kind) + np.arange(len(net.place))
    group = 3 + len(session) + len(kind) + len(place_node) + np.arange(len(count))
    arcs = (
        (group[owner], place_node[places], count[owner]),
        (place_node[arc_place], kind[arc_kind], net.kind_room[arc_kind]),
        (np.zeros_like(group), group, count),
        (kind, session[net.kind_session], net.kind_room),
        (session, np.ones_like(session), net.least),
        (session, np.full_like(session, 2), net.room - net.least),
        (np.array([2]), np.array([1]), np.array([more])),
    )
    _, flow = reaches_end(arcs)
    first, second = len(owner), len(owner) + len(arc_kind)
    if flow[second : second + len(group)].sum() < served.sum():
        return None
    return flow[:first], flow[first:second]


def _one_by_one(facts: Facts, net: Seats, served: Flags, in_place: Ints) -> dict[int, int]:
    """The session of each pupil: in queue order the best choice among those that their group has left."""
    left: list[dict[int, int]] = [{} for _ in range(len(net.group_places.start) - 1)]
    places, owner = net.group_places.of(np.arange(len(left)))
    for a in np.flatnonzero(in_place):
        left[owner[a]][net.place[places[a]][0]] = int(in_place[a])
    seat = {}
    for p, group in zip(net.entrant[served].tolist(), net.group[served].tolist(), strict=True):
        here = left[group]
        s = next(s for s, _ in facts.choices[p] if here.get(s))
        here[s] -= 1
        seat[p] = s
    return seat
