"""Whom one more mentor in a session would serve under `most_served`, on the plan's roster with its open sessions.

The mentor covers every level. The queue is gone through again: whoever reaches the new mentor in the residual network
is kept when from the session's room END is reached, or somebody behind them, who then gives way (that takes a session
with all seats taken and a level that nobody could teach there). Who reaches the new mentor in vain does so ever
after, and so does every node of the search (the greedy way in a matroid of flows): no node is searched in vain twice.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.groups.seat_graph import END, UNLIMITED, SeatGraph

Steps = dict[int, int]
"""For each node from which a goal can be reached, how many steps away it was when nobody had moved."""


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
        self._waiting = [p for p in graph.facts.queue if p not in graph.seat]
        self._asked = graph.reach(graph.node(p) for p in self._waiting)

    def gain(self, s: int) -> Gain:
        """What the queue would keep and lose with the mentor in this open session."""
        graph = self._graph
        places = [graph.place[s, level] for level in graph.levels]
        starts = [place for place in places if place in self._asked]
        if not starts or graph.cut_off[graph.room[s]] < 0:
            return NOBODY
        new = len(graph.residual)
        steps = self._steps_to(starts) | {new: 0}
        last = graph.cut_off[graph.room[s]]
        asking = [p for p in self._waiting if graph.node(p) in steps and graph.facts.position[p] < last]
        graph.residual.append({graph.room[s]: graph.facts.sessions[s].ratio})
        for place in places:
            graph.residual[place][new] = UNLIMITED
        paths = self._paths(asking, new, graph.room[s], steps) if asking else []
        for path in reversed(paths):
            graph.push(path[::-1])
        for place in places:
            del graph.residual[place][new]
        graph.residual.pop()
        ends = [path[-1] - graph.first_pupil for path in paths if path[-1] != END]
        return Gain(tuple(path[0] - graph.first_pupil for path in paths), tuple(ends))

    def _steps_to(self, starts: Iterable[int]) -> Steps:
        """Nodes that somebody without a seat reaches and from which one of the starts is reached; these have 1."""
        steps = dict.fromkeys(starts, 1)
        waiting = deque(steps)
        while waiting:
            node = waiting.popleft()
            for earlier in self._graph.before[node]:
                if earlier not in steps and earlier in self._asked:
                    steps[earlier] = steps[node] + 1
                    waiting.append(earlier)
        return steps

    def _paths(self, asking: Iterable[int], new: int, room: int, steps: Steps) -> list[list[int]]:
        """The paths pushed, one for each pupil kept, in queue order."""
        graph, paths = self._graph, []
        rest = self._way_on(room)
        for p in asking:
            if graph.facts.position[p] < self._value(rest):
                path = self._path(graph.node(p), new, steps)
                if path:
                    paths.append([*path, *rest])
                    graph.push(paths[-1])
                    if room not in graph.residual[new]:
                        break
                    rest = self._way_on(room)
        return paths

    def _value(self, path: list[int]) -> int:
        """The position that a path's end pays with: n at END, -1 where there is no path."""
        position, first = self._graph.facts.position, self._graph.first_pupil
        return -1 if not path else len(position) if path[-1] == END else position[path[-1] - first]

    def _way_on(self, room: int) -> list[int]:
        """A shortest path from the room to END, else to the served pupil last in the queue; empty without any."""
        graph = self._graph
        came = {room: room}
        waiting = deque(came)
        while waiting and END not in came:
            node = waiting.popleft()
            for after in graph.residual[node]:
                if after not in came:
                    came[after] = node
                    waiting.append(after)
        found = (node - graph.first_pupil for node in came if 0 <= node - graph.first_pupil < len(graph.facts.pupils))
        last = max(found, key=graph.facts.position.__getitem__, default=None)
        if END in came:
            path = [END]
        elif last is not None:
            path = [graph.node(last)]
        else:
            return []
        while path[-1] != room:
            path.append(came[path[-1]])
        return path[::-1]

    def _path(self, start: int, goal: int, steps: Steps) -> list[int]:
        """A path, the nodes nearest to the goal first; empty, and what was searched forgotten, where there is none."""
        seen = {start}
        path = [start]
        rest = [self._nearest_last(start, steps)]
        while path:
            if not rest[-1]:
                path.pop()
                rest.pop()
                continue
            node = rest[-1].pop()
            if node == goal:
                return [*path, goal]
            if node not in seen:
                seen.add(node)
                path.append(node)
                rest.append(self._nearest_last(node, steps))
        for node in seen:
            del steps[node]
        return []

    def _nearest_last(self, node: int, steps: Steps) -> list[int]:
        return sorted(steps.keys() & self._graph.residual[node].keys(), key=steps.__getitem__, reverse=True)
