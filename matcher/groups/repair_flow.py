"""A cheapest flow that stays cheapest while arcs come, go, grow and shrink. Needs no solver.

Every node has a price, and every arc with room has cost + price(tail) - price(head) ≥ 0: that proves the flow
cheapest (complementary slackness), whatever led to it. Each change of a unit is one search for a cheapest path by these
reduced costs (Dijkstra), which looks only at what is nearer than its goal.
"""

from heapq import heappop, heappush
from typing import NamedTuple


class State(NamedTuple):
    """What a change of the flow changes, to be put back."""

    room: list[int]
    price: list[int]
    nodes: int


class PricedFlow:
    """Arcs come in pairs: `e` forwards and `e ^ 1` back; `room` is what can still flow, so `room[e ^ 1]` flows on e."""

    def __init__(self) -> None:
        self.head: list[int] = []
        self.cost: list[int] = []
        self.room: list[int] = []
        self.price: list[int] = []
        self.leaving: list[list[int]] = []

    def node(self, price: int = 0) -> int:
        """A new node."""
        self.price.append(price)
        self.leaving.append([])
        return len(self.price) - 1

    def arc(self, tail: int, head: int, room: int, cost: int = 0) -> int:
        """A new arc without flow; whoever adds it sees to the prices."""
        e = len(self.head)
        self.head += (head, tail)
        self.cost += (cost, -cost)
        self.room += (room, 0)
        self.leaving[tail].append(e)
        self.leaving[head].append(e + 1)
        return e

    def state(self) -> State:
        """All that `restore` needs."""
        return State(self.room[:], self.price[:], len(self.price))

    def restore(self, state: State) -> None:
        """Back to an earlier state; arcs and nodes that came later are gone."""
        while len(self.head) > len(state.room):
            e = len(self.head) - 2
            self.leaving[self.head[e]].pop()
            self.leaving[self.head[e + 1]].pop()
            del self.head[e:], self.cost[e:]
        del self.leaving[state.nodes :]
        self.room, self.price = state.room[:], state.price[:]

    def flowing(self, e: int) -> int:
        """How much flows on the arc."""
        return self.room[e ^ 1]

    def reduced_cost(self, e: int) -> int:
        """cost + price(tail) - price(head)."""
        return self.cost[e] + self.price[self.head[e ^ 1]] - self.price[self.head[e]]

    def send(self, start: int, goal: int, limit: int | None = None) -> bool:
        """One unit more from start to goal on a cheapest path; False when none is cheaper than `limit` (reduced)."""
        head, cost, room, price, leaving = self.head, self.cost, self.room, self.price, self.leaving
        distance = {start: 0}
        came: dict[int, int] = {}
        settled: list[int] = []
        waiting = [(0, start)]
        ceiling = limit
        found = False
        while waiting:
            so_far, node = heappop(waiting)
            if so_far > distance[node]:
                continue
            if limit is not None and so_far >= limit:
                break
            if node == goal:
                ceiling, found = so_far, True
                break
            settled.append(node)
            base = so_far + price[node]
            for e in leaving[node]:
                if room[e]:
                    after = head[e]
                    far = base + cost[e] - price[after]
                    if after not in distance or far < distance[after]:
                        distance[after] = far
                        came[after] = e
                        heappush(waiting, (far, after))
        assert ceiling is not None, "every unit can go somewhere"
        for node in settled:
            price[node] += distance[node] - ceiling
        while found and goal != start:
            e = came[goal]
            room[e] -= 1
            room[e ^ 1] += 1
            goal = head[e ^ 1]
        return found

    def resize(self, e: int, capacity: int) -> None:
        """The arc's new capacity: what flows too much finds another way, and more flows where that is cheaper."""
        tail, head = self.head[e ^ 1], self.head[e]
        over = self.flowing(e) - capacity
        if over >= 0:
            self.room[e] = 0
            self.room[e ^ 1] = capacity
            for _ in range(over):
                self.send(tail, head)
            return
        while self.flowing(e) < capacity:
            gain = -self.reduced_cost(e)
            if gain <= 0 or not self.send(head, tail, gain):
                break
            self.room[e ^ 1] += 1
        self.room[e] = capacity - self.flowing(e)

    def settle_prices(self) -> None:
        """Prices for a flow that is cheapest already: distances from anywhere, by correcting labels."""
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
