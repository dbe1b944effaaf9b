"""Whom one more mentor in a session would serve under `most_served`, on the plan's roster with its open sessions.

The mentor covers every level. The queue is gone through again: whoever reaches the new mentor in the residual network
is kept when from the session's room END is reached, or somebody behind them, who then gives way (that takes a session
with all seats taken and a level that nobody could teach there). Who reaches the new mentor in vain does so ever
after, and so does every node of the search (the greedy way in a matroid of flows): no node is searched in vain twice.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from matcher.groups.facts import Ints, slices
from matcher.groups.seat_graph import END, UNLIMITED, SeatGraph

FAR = 1 << 30
"""More steps than any path has: there is no way, or a search in vain has closed it."""


@dataclass(frozen=True, slots=True)
class Gain:
    """`kept`: pupils without a seat who would get one, in queue order; `lost`: pupils who would lose theirs."""

    kept: tuple[int, ...]
    lost: tuple[int, ...]

    @property
    def more(self) -> int:
        """How many more would be served in all."""
        return len(self.kept) - len(self.lost)


NOBODY = Gain((), ())


class OneMoreMentor:
    """Answers for one plan placed by `most_served`."""

    def __init__(self, graph: SeatGraph) -> None:
        self._graph = graph
        self._waiting = np.array([p for p in graph.facts.queue if p not in graph.seat], dtype=np.int64)
        self._position = np.array([graph.facts.position[p] for p in self._waiting.tolist()], dtype=np.int64)
        asked = graph.reach(graph.node(p) for p in self._waiting.tolist())
        before = [[earlier for earlier in graph.before[node] if earlier in asked] for node in range(len(graph.before))]
        self._before = slices(before, map(len, before))
        self._asked = asked

    def gain(self, s: int) -> Gain:
        """What the queue would keep and lose with the mentor in this open session."""
        graph, room = self._graph, self._graph.room[s]
        places = [graph.place[s, level] for level in graph.levels]
        steps = self._steps_to([place for place in places if place in self._asked])
        asks = (steps[self._waiting + graph.first_pupil] < FAR) & (self._position < graph.cut_off[room])
        if not asks.any():
            return NOBODY
        new = len(graph.residual)
        graph.residual.append({room: graph.facts.sessions[s].ratio})
        for place in places:
            graph.residual[place][new] = UNLIMITED
        paths = self._paths(self._waiting[asks].tolist(), room, [*steps.tolist(), 0])
        for path in reversed(paths):
            graph.push(path[::-1])
        for place in places:
            del graph.residual[place][new]
        graph.residual.pop()
        ends = [path[-1] - graph.first_pupil for path in paths if path[-1] != END]
        return Gain(tuple(path[0] - graph.first_pupil for path in paths), tuple(ends))

    def _steps_to(self, starts: list[int]) -> Ints:
        """For each node that somebody without a seat reaches the steps to the nearest start, FAR without a way."""
        steps = np.full(len(self._graph.residual), FAR)
        reached = np.array(starts, dtype=np.int64)
        depth = 1
        while len(reached):
            steps[reached] = depth
            depth += 1
            earlier, _ = self._before.of(reached)
            reached = np.unique(earlier[steps[earlier] == FAR])
        return steps

    def _paths(self, asking: Iterable[int], room: int, steps: list[int]) -> list[list[int]]:
        """The paths pushed, one for each pupil kept, in queue order."""
        graph, position = self._graph, self._graph.facts.position
        new, last, rest = len(steps) - 1, graph.cut_off[room], list[int]()
        paths: list[list[int]] = []
        for p in asking:
            if position[p] >= last:
                break
            path = self._to_new(graph.node(p), new, steps)
            if path and not rest:
                rest, last = self._way_on(room, last)
            if path and position[p] < last:
                paths.append([*path, *rest])
                rest = []
                graph.push(paths[-1])
                if room not in graph.residual[new]:
                    break
        return paths

    def _way_on(self, room: int, most: int) -> tuple[list[int], int]:
        """A shortest path from the room to END, else to the served pupil last in the queue, and the position it pays.

        n is paid at END, -1 on no path at all. It is known to pay `most` at most.
        """
        graph, facts = self._graph, self._graph.facts
        goal = END if most == len(facts.queue) else graph.node(facts.queue[most])
        came = {room: room}
        waiting = deque(came)
        while waiting and goal not in came:
            node = waiting.popleft()
            for after in graph.residual[node]:
                if after not in came:
                    came[after] = node
                    waiting.append(after)
        if goal not in came:
            pupils = (node - graph.first_pupil for node in came if node >= graph.first_pupil)
            most = max((facts.position[p] for p in pupils if p < len(facts.pupils)), default=-1)
            if most < 0:
                return [], -1
            goal = graph.node(facts.queue[most])
        path = [goal]
        while path[-1] != room:
            path.append(came[path[-1]])
        return path[::-1], most

    def _to_new(self, start: int, new: int, steps: list[int]) -> list[int]:
        """A path to the new mentor, the nodes nearest to it first; empty, and what was searched closed, without one."""
        seen = {start}
        path = [start]
        rest = [self._nearest_last(start, steps)]
        while path:
            if not rest[-1]:
                path.pop()
                rest.pop()
                continue
            node = rest[-1].pop()
            if node == new:
                return [*path, new]
            if node not in seen:
                seen.add(node)
                path.append(node)
                rest.append(self._nearest_last(node, steps))
        for node in seen:
            steps[node] = FAR
        return []

    def _nearest_last(self, node: int, steps: list[int]) -> list[int]:
        open_ways = [after for after in self._graph.residual[node] if steps[after] < FAR]
        return sorted(open_ways, key=steps.__getitem__, reverse=True)
