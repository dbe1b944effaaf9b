"""Who had a seat at the end of the day on which they joined: the queue as it grew, on one roster."""

from itertools import groupby

from matcher.groups.facts import Facts
from matcher.groups.rooms import Standing
from matcher.groups.seat_graph import END, SeatGraph


def seated_when_joined(facts: Facts, plan: Standing) -> frozenset[int]:
    """The pupils whom the strict queue of all who had joined by then kept that day, on this roster.

    Whoever joins is kept when their places reach END, or somebody behind them, the last of whom gives way: inserted
    one by one, the kept are at every moment those whom the queue keeps (an exchange in a matroid). Fixed pupils always
    have their seat. The flow decides under both placement rules.
    """
    fixed = {p: s for p, s in plan.seat.items() if p in facts.fixed_seat}
    graph = SeatGraph(facts, Standing(plan.roster, fixed, {p: plan.contact[p] for p in fixed}), moves=True)
    growing = _Growing(graph)
    seated = set(fixed)
    joining = sorted((facts.pupils[p].joined, facts.position[p], p) for p in range(len(facts.pupils)))
    for _, entries in groupby(joining, key=lambda entry: entry[0]):
        today = [p for _, _, p in entries]
        for p in today:
            growing.join(p)
        seated |= growing.kept.intersection(today)
    return frozenset(seated)


class _Growing:
    """The kept of those who have joined so far.

    `_most[v]`: no pupil at this position or behind gets a seat by node v any more; it only falls as others join.
    """

    def __init__(self, graph: SeatGraph) -> None:
        self._graph = graph
        self._most = [len(graph.facts.queue)] * len(graph.residual)
        self.kept: set[int] = set()

    def join(self, p: int) -> None:
        """The pupil is kept, perhaps in place of somebody behind, or is not."""
        graph, position = self._graph, self._graph.facts.position
        if p in graph.facts.fixed_seat or all(self._most[place] <= position[p] for place in graph.options(p)):
            return
        came = self._searched(graph.node(p))
        goal = END
        if END not in came:
            others = (node - graph.first_pupil for node in came if node >= graph.first_pupil)
            last = max(others, key=position.__getitem__)
            for node in came:
                self._most[node] = min(self._most[node], position[last])
            if last == p:
                return
            self.kept.remove(last)
            goal = graph.node(last)
        self.kept.add(p)
        path = [goal]
        while path[-1] != graph.node(p):
            path.append(came[path[-1]])
        graph.push(path[::-1])

    def _searched(self, start: int) -> dict[int, int]:
        """Each node reached and where it was reached from; ends at END."""
        came = {start: start}
        waiting = [start]
        for node in waiting:
            for after in self._graph.residual[node]:
                if after not in came:
                    came[after] = node
                    if after == END:
                        return came
                    waiting.append(after)
        return came
