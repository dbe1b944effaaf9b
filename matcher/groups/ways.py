"""Paths through the seats of a plan, found by how many steps away a goal was before anybody moved."""

from functools import lru_cache

import numpy as np

from matcher.groups.facts import Flags, Ints, Slices, slices
from matcher.groups.seat_graph import SeatGraph

FAR = 1 << 30
"""More steps than any path has: there is no way."""

CLOSED = FAR + 1
"""A node that no path may use."""

Steps = Ints
"""For each node of the plan as it was, how many steps away a goal was; FAR without a way."""


class Ways:
    """Searches in one residual network, whose arcs as they are when this is made are what steps are counted on."""

    def __init__(self, graph: SeatGraph) -> None:
        self._graph = graph
        self._before = slices(graph.before, map(len, graph.before))
        self._after = slices(graph.residual, map(len, graph.residual))
        self._position = np.array([graph.facts.position[p] for p in range(len(graph.facts.pupils))], dtype=np.int64)
        self.to = lru_cache(maxsize=64)(self._to)

    def _to(self, goal: int) -> Steps:
        """The steps to one goal; the last ones asked for are kept."""
        return self._spread(self._before, [goal], self._far())

    def to_any(self, goals: list[int], within: Flags) -> Steps:
        """The steps to the nearest of these goals from the nodes flagged in `within`, by these nodes alone."""
        return self._spread(self._before, goals, np.where(within, FAR, CLOSED))

    def reached_from(self, start: int) -> Ints:
        """All nodes that were reached from this one, itself included."""
        return np.flatnonzero(self._spread(self._after, [start], self._far()) < FAR)

    def _far(self) -> Steps:
        return np.full(len(self._graph.before), FAR)

    def positions(self, pupils: Ints) -> list[int]:
        """The positions in the queue of these nodes of pupils, ascending."""
        found: list[int] = np.sort(self._position[pupils - self._graph.first_pupil]).tolist()
        return found

    def _spread(self, arcs: Slices, starts: list[int], steps: Steps) -> Steps:
        """Fills in the steps of the nodes that are FAR and have a way."""
        reached = np.array(starts, dtype=np.int64)
        depth = 0
        steps[reached] = 0
        while len(reached):
            depth += 1
            nodes, _ = arcs.of(reached)
            steps[nodes[steps[nodes] == FAR]] = depth
            reached = np.flatnonzero(steps == depth)
        return steps

    def path(self, start: int, goal: int, steps: Steps) -> tuple[list[int], set[int]]:
        """A path in the network as it is now, the nodes nearest to the goal first, and the nodes searched.

        Goes only where `steps` knows a way. Empty when there is none; then nothing searched leads to the goal.
        """
        seen = {start}
        path = [start]
        rest = [self._nearest_last(start, goal, steps)]
        while path:
            if not rest[-1]:
                path.pop()
                rest.pop()
                continue
            node = rest[-1].pop()
            if node == goal:
                return [*path, goal], seen
            if node not in seen:
                seen.add(node)
                path.append(node)
                rest.append(self._nearest_last(node, goal, steps))
        return [], seen

    def _nearest_last(self, node: int, goal: int, steps: Steps) -> list[int]:
        after = self._graph.residual[node]
        if goal in after:
            return [goal]
        known = [(steps[other], other) for other in after if other < len(steps) and steps[other] < FAR]
        return [other for _, other in sorted(known, reverse=True)]
