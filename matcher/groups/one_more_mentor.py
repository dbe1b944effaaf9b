"""Whom one more mentor in a session would serve under `most_served`, on the plan's roster with its open sessions.

The mentor covers every level. The queue is gone through again: whoever reaches the new mentor in the residual network
is kept when from the session's room END is reached, or somebody behind them, who then gives way (that takes a session
with all seats taken and a level that nobody could teach there). Who reaches the new mentor in vain does so ever
after, and so does every node of the search (the greedy way in a matroid of flows): no node is searched in vain twice.
"""

from dataclasses import dataclass

import numpy as np

from matcher.groups.seat_graph import END, UNLIMITED, SeatGraph
from matcher.groups.ways import FAR, Steps, Ways


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
        self._ways = Ways(graph)
        self._waiting = np.array([p for p in graph.facts.queue if p not in graph.seat], dtype=np.int64)
        self._position = np.array([graph.facts.position[p] for p in self._waiting.tolist()], dtype=np.int64)
        self._asked = np.zeros(len(graph.residual), dtype=np.bool_)
        self._asked[list(graph.reach(graph.node(p) for p in self._waiting.tolist()))] = True

    def gain(self, s: int) -> Gain:
        """What the queue would keep and lose with the mentor in this open session."""
        graph, room = self._graph, self._graph.room[s]
        places = [graph.place[s, level] for level in graph.levels]
        starts = [place for place in places if self._asked[place]]
        if not starts or graph.cut_off[room] < self._position[0]:
            return NOBODY
        steps = self._ways.to_any(starts, self._asked)
        asks = (steps[self._waiting + graph.first_pupil] < FAR) & (self._position < graph.cut_off[room])
        if not asks.any():
            return NOBODY
        new = len(graph.residual)
        graph.residual.append({room: graph.facts.sessions[s].ratio})
        for place in places:
            graph.residual[place][new] = UNLIMITED
        paths = self._paths(self._waiting[asks].tolist(), room, new, steps)
        for path in reversed(paths):
            graph.push(path[::-1])
        for place in places:
            del graph.residual[place][new]
        graph.residual.pop()
        ends = [path[-1] - graph.first_pupil for path in paths if path[-1] != END]
        return Gain(tuple(path[0] - graph.first_pupil for path in paths), tuple(ends))

    def _paths(self, asking: list[int], room: int, new: int, steps: Steps) -> list[list[int]]:
        """The paths pushed, one for each pupil kept, in queue order."""
        graph, position = self._graph, self._graph.facts.position
        goals = _Goals(graph, self._ways, room)
        paths: list[list[int]] = []
        for p in asking:
            if position[p] >= goals.most or room not in graph.residual[new]:
                break
            path, searched = self._ways.path(graph.node(p), new, steps)
            if not path:
                steps[list(searched)] = FAR
            elif goals.find() > position[p]:
                paths.append([*path, *goals.way])
                graph.push(paths[-1])
                goals.use()
        return paths


class _Goals:
    """Who pays for one more pupil in a room: END while it is reached, then the served, the last in the queue first.

    A goal that is reached no more stays so, as paths are pushed only from the room on.
    """

    def __init__(self, graph: SeatGraph, ways: Ways, room: int) -> None:
        self._graph, self._ways, self._room = graph, ways, room
        self.most = graph.cut_off[room]
        self.way: list[int] = []
        self._left: list[int] | None = None

    def find(self) -> int:
        """The position that is paid, n at END and -1 where no goal is left; `way` is the path there."""
        while not self.way and self.most >= 0:
            facts = self._graph.facts
            goal = END if self.most == len(facts.queue) else self._graph.node(facts.queue[self.most])
            self.way, _ = self._ways.path(self._room, goal, self._ways.to(goal))
            if not self.way:
                self._next(self._graph.reach([self._room]))
        return self.most

    def use(self) -> None:
        """The way has been pushed: END may be reached again, a pupil only once."""
        self.way = []
        if self.most < len(self._graph.facts.queue):
            self._next(None)

    def _next(self, still: set[int] | None) -> None:
        """On to the next goal; `still`: the nodes that are reached now, where that is known."""
        graph = self._graph
        if self._left is None:
            reached = self._ways.reached_from(self._room)
            self._left = self._ways.positions(reached[reached >= graph.first_pupil])
        if still is not None:
            queue = graph.facts.queue
            self._left = [position for position in self._left if graph.node(queue[position]) in still]
        while self._left and self._left[-1] >= self.most:
            self._left.pop()
        self.most = self._left[-1] if self._left else -1
