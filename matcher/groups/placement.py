"""Seats on a fixed roster: one min-cost flow that serves the strict queue, minimum sizes as lower bounds.

pupil → (session, level) → (session, kind of mentor) → session → end, where a kind is a set of levels covered, and
pupil → end for those who stay without a seat. Serving a pupil pays n - position. The sets of pupils that can be
served together with the minimum sizes kept are the bases and independent sets of a matroid (flows with bounds), so
the best sum of these weights is the set that the queue, taken one by one, would keep, and it is as large as any.
Among its seatings the flow takes the one with the best choices in all, from where choices in queue order are near.
"""

import numpy as np
from ortools.graph.python import min_cost_flow

from matcher.groups.facts import Facts
from matcher.groups.rooms import Placement, Rooms
from matcher.groups.roster import Roster


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
    network = Network()
    end = network.node()
    session_node = {s: network.node() for s in rooms.open}
    kind_node = {(s, kind): network.node() for s in rooms.open for kind in sorted(rooms.kinds[s], key=sorted)}
    for s, node in session_node.items():
        minimum = facts.min_pupils[s]
        if facts.sessions[s].seats < minimum:
            return None
        network.supply[node] = -minimum
        network.arc(node, end, facts.sessions[s].seats - minimum)
    for (s, kind), node in kind_node.items():
        network.arc(node, session_node[s], rooms.room_of(s, kind))
    sits: list[tuple[int, int, int]] = []
    teaches: list[tuple[int, int, str, frozenset[str]]] = []
    level_node: dict[tuple[int, str], int] = {}
    dominant = 5 * len(facts.pupils)
    for p in facts.queue:
        sessions = rooms.may_sit(p)
        if not sessions and p not in facts.fixed_seat:
            continue
        pupil = network.node(1)
        index = dict(facts.choices[p])
        for s in sessions:
            key = (s, rooms.level(p))
            if key not in level_node:
                level_node[key] = network.node()
                for kind in rooms.teaches(*key):
                    arc = network.arc(level_node[key], kind_node[s, kind], rooms.room_of(s, kind))
                    teaches.append((arc, s, key[1], kind))
            sits.append((network.arc(pupil, level_node[key], 1, index[s] - dominant * facts.weight(p)), p, s))
        if p not in facts.fixed_seat:
            network.arc(pupil, end, 1)
    network.supply[end] = -sum(network.supply)
    flows = network.flows()
    if flows is None:
        return None
    seat = {p: s for arc, p, s in sits if flows[arc]}
    return Placement(seat, {(s, level, kind): flows[arc] for arc, s, level, kind in teaches})
