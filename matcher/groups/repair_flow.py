"""A cheapest flow that stays cheapest while arcs come, go, grow and shrink. Needs no solver.

Every node has a price, and every arc with room has cost + price(tail) - price(head) ≥ 0: that proves the flow
cheapest (complementary slackness), whatever led to it. Each change of a unit is one search for a cheapest path by these
reduced costs (Dijkstra from both ends), which looks only at what is nearer than where the two meet.
"""

from heapq import heappop, heappush
from typing import NamedTuple


class State(NamedTuple):
    """A moment to come back to."""

    changes: int
    price: list[int]
    nodes: int
    arcs: int


class PricedFlow:
    """Arcs come in pairs: `e` forwards and `e ^ 1` back; `room` is what can still flow, so `room[e ^ 1]` flows on e.

    `usable[node]` are the arcs with room that leave the node, `coming[node]` those that come to it.
    """

    def __init__(self) -> None:
        self.head: list[int] = []
        self.tail: list[int] = []
        self.cost: list[int] = []
        self.room: list[int] = []
        self.price: list[int] = []
        self.leaving: list[list[int]] = []
        self.usable: list[list[int]] = []
        self.coming: list[list[int]] = []
        self._changes: list[tuple[int, int]] = []

    def node(self, price: int = 0) -> int:
        """A new node."""
        self.price.append(price)
        self.leaving.append([])
        self.usable.append([])
        self.coming.append([])
        return len(self.price) - 1

    def arc(self, tail: int, head: int, room: int, cost: int = 0) -> int:
        """A new arc without flow; whoever adds it sees to the prices."""
        e = len(self.head)
        self.head += (head, tail)
        self.tail += (tail, head)
        self.cost += (cost, -cost)
        self.room += (room, 0)
        self.leaving[tail].append(e)
        self.leaving[head].append(e + 1)
        if room:
            self.usable[tail].append(e)
            self.coming[head].append(e)
        return e

    def set_room(self, e: int, room: int) -> None:
        """Change how much can still flow on one of a pair of arcs."""
        before = self.room[e]
        if before != room:
            self._changes.append((e, before))
            self.room[e] = room
            if not before:
                self.usable[self.tail[e]].append(e)
                self.coming[self.head[e]].append(e)
            elif not room:
                self.usable[self.tail[e]].remove(e)
                self.coming[self.head[e]].remove(e)

    def state(self) -> State:
        """All that `restore` needs."""
        return State(len(self._changes), self.price[:], len(self.price), len(self.head))

    def restore(self, state: State) -> None:
        """Back to an earlier state, as if nothing had been since; arcs and nodes that came later are gone."""
        touched: set[int] = set()
        while len(self._changes) > state.changes:
            e, self.room[e] = self._changes.pop()
            touched.update(self.head[e & ~1 : (e | 1) + 1])
        while len(self.head) > state.arcs:
            ends = self.head[-2:]
            for end in ends:
                self.leaving[end].pop()
            touched.update(ends)
            del self.head[-2:], self.tail[-2:], self.cost[-2:], self.room[-2:]
        del self.leaving[state.nodes :], self.usable[state.nodes :], self.coming[state.nodes :]
        self.price = state.price[:]
        for node in touched:
            if node < state.nodes:
                self._list_arcs(node)

    def _list_arcs(self, node: int) -> None:
        self.usable[node] = [e for e in self.leaving[node] if self.room[e]]
        self.coming[node] = [e ^ 1 for e in self.leaving[node] if self.room[e ^ 1]]

    def flowing(self, e: int) -> int:
        """How much flows on the arc."""
        return self.room[e ^ 1]

    def reduced_cost(self, e: int) -> int:
        """cost + price(tail) - price(head)."""
        return self.cost[e] + self.price[self.tail[e]] - self.price[self.head[e]]

    def send(self, start: int, goal: int, limit: int | None = None) -> bool:
        """One unit more from start to goal on a cheapest path; False when none is cheaper than `limit` (reduced).

        Prices after it, for distances f from the start and b to the goal, and radii F + B = the length of the path:
        price + min(f, F) - min(b, B), and as much for all less F - B, so that only nodes that were looked at change.
        """
        there, back = _Side(self, start, forwards=True), _Side(self, goal, forwards=False)
        length, middle = limit, -1
        while there.waits and back.waits and (length is None or there.radius + back.radius < length):
            side, other = (there, back) if there.work <= back.work else (back, there)
            known, found = other.distance, side.distance
            for node in side.expand():
                if node in known:
                    total = found[node] + known[node]
                    if length is None or total < length:
                        length, middle = total, node
        assert length is not None, "every unit can go somewhere"
        radius = 0 if there.waits and not back.waits else min(there.radius, length) if there.waits else length
        there.reprice(radius)
        back.reprice(length - radius)
        if middle < 0:
            return False
        for e in [*there.path(middle), *back.path(middle)]:
            self.set_room(e, self.room[e] - 1)
            self.set_room(e ^ 1, self.room[e ^ 1] + 1)
        return True

    def resize(self, e: int, capacity: int) -> None:
        """The arc's new capacity: what flows too much finds another way, and more flows where that is cheaper."""
        tail, head = self.tail[e], self.head[e]
        over = self.flowing(e) - capacity
        if over >= 0:
            self.set_room(e, 0)
            self.set_room(e ^ 1, capacity)
            for _ in range(over):
                self.send(tail, head)
            return
        while self.flowing(e) < capacity:
            gain = -self.reduced_cost(e)
            if gain <= 0 or not self.send(head, tail, gain):
                break
            self.set_room(e ^ 1, self.flowing(e) + 1)
        self.set_room(e, capacity - self.flowing(e))

    def close(self, e: int) -> None:
        """Nothing flows on the arc and nothing can."""
        self.set_room(e, 0)
        self.set_room(e ^ 1, 0)

    def settle_prices(self) -> None:
        """Prices for a cheapest flow put into `room` by hand: distances from anywhere, by correcting labels."""
        price = [0] * len(self.price)
        waiting = [(0, node) for node in range(len(price))]
        while waiting:
            so_far, node = heappop(waiting)
            if so_far > price[node]:
                continue
            for e in self.leaving[node]:
                if self.room[e] and so_far + self.cost[e] < price[self.head[e]]:
                    price[self.head[e]] = so_far + self.cost[e]
                    heappush(waiting, (so_far + self.cost[e], self.head[e]))
        self.price = price
        for node in range(len(price)):
            self._list_arcs(node)


class _Side:
    """A search from one end: `distance` by reduced cost, `radius` up to which every node is settled.

    `waits`: there is a node left to settle. `work`: what it will have taken to settle the next node too;
    the side with less goes on.
    """

    def __init__(self, flow: PricedFlow, end: int, *, forwards: bool) -> None:
        self._flow = flow
        self._forwards = forwards
        self._arcs = flow.usable if forwards else flow.coming
        self.distance = {end: 0}
        self.settled: list[int] = []
        self.radius = 0
        self.waits = True
        self.work = _work(self._arcs[end])
        self._via: dict[int, int] = {}
        self._near = [end]
        self._far: list[tuple[int, int]] = []

    def expand(self) -> list[int]:
        """Settle the nearest node, whose distance is `radius`; returns the nodes that got nearer by it."""
        node = self._near.pop()
        radius, distance, near, via = self.radius, self.distance, self._near, self._via
        cost, price = self._flow.cost, self._flow.price
        self.settled.append(node)
        ends, sign = (self._flow.head, 1) if self._forwards else (self._flow.tail, -1)
        base = radius + sign * price[node]
        found = []
        for e in self._arcs[node]:
            after = ends[e]
            length = base + cost[e] - price[after] if sign > 0 else base + cost[e] + price[after]
            known = distance.get(after)
            if known is None or length < known:
                distance[after] = length
                via[after] = e
                found.append(after)
                if length == radius:
                    near.append(after)
                else:
                    heappush(self._far, (length, after))
        if not near:
            self._go_on()
        if near:
            self.work += _work(self._arcs[near[-1]])
        return found

    def _go_on(self) -> None:
        """To the next distance at which a node waits."""
        distance, far = self.distance, self._far
        while far:
            radius, node = heappop(far)
            if radius == distance[node]:
                self.radius = radius
                self._near.append(node)
                return
        self.waits = False

    def reprice(self, radius: int) -> None:
        """The prices of the nodes within the radius, so that the way there costs nothing any more."""
        price, sign = self._flow.price, 1 if self._forwards else -1
        for node in self.settled:
            if self.distance[node] < radius:
                price[node] += sign * (self.distance[node] - radius)

    def path(self, node: int) -> list[int]:
        """The arcs between this end and a node."""
        back, via = self._flow.tail if self._forwards else self._flow.head, self._via
        arcs = []
        while node in via:
            arcs.append(via[node])
            node = back[via[node]]
        return arcs


def _work(arcs: list[int]) -> int:
    """Looking at n arcs and sorting what they lead to."""
    return len(arcs) * len(arcs).bit_length()
