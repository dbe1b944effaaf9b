"""Which counts of people are hidden, so that nobody is found in a table: small ones, and those that give them away.

A count from 1 to 4 is hidden. Where it could be worked out from the sums beside it, further counts are hidden, the
smallest that do, until a reader who knows every shown number, the rules here, and that a hidden count is at least 1
is left with at least five possible values for each of them. Zero is shown. A sum counts as a cell like the others and
is hidden last.

Counts must not be shown in two tables of which one is a part of the other: add only what is shown (`known_sum`).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LEAST = 5  # the smallest count of people that is shown
SPREAD = LEAST - 1  # how far apart the lowest and the highest possible value of a hidden count are, at least
TOTAL = None  # the key of a sum among rows or columns

Key = str | None
Place = tuple[Key, Key]
Vertex = tuple[str, Key]
NO_END = 10**9


def is_small(count: int) -> bool:
    """Whether a count of people is hidden for its own sake."""
    return 0 < count < LEAST


def hidden_in_list(counts: Mapping[str, int]) -> frozenset[Key]:
    """The keys to hide of a list whose sum is shown beside it; TOTAL among them when the sum has to go, too.

    counts: 0 and up.
    """
    total = sum(counts.values())
    hidden: set[Key] = {key for key, count in counts.items() if is_small(count)}
    if is_small(total):
        return frozenset({*hidden, TOTAL})
    if not hidden:
        return frozenset()
    rest = sorted((count, key) for key, count in counts.items() if count and key not in hidden)
    sum_hidden = sum(counts[key] for key in hidden if key is not None)
    for count, key in rest:
        if len(hidden) >= 2 and sum_hidden - len(hidden) >= SPREAD:
            return frozenset(hidden)
        hidden.add(key)
        sum_hidden += count
    if len(hidden) >= 2 and sum_hidden - len(hidden) >= SPREAD:
        return frozenset(hidden)
    return frozenset({*hidden, TOTAL})


def hidden_in_table(table: Mapping[str, Mapping[str, int]]) -> frozenset[Place]:
    """The places (row, column) to hide of a table with the sums of its rows and columns beside it.

    table: rows of counts (0 and up) under the same columns. A place with TOTAL is a sum.
    """
    cells = _with_sums(table)
    hidden = {place for place, count in cells.items() if is_small(count)}
    safe = False
    while not safe:
        safe = True
        for place in sorted(hidden, key=_order):
            more = _needed(cells, hidden, place)
            if more:
                hidden |= more
                safe = False
    return frozenset(hidden)


def known_sum(parts: Iterable[int | None]) -> int | None:
    """The sum of counts of which None is hidden: hidden itself as soon as one of them is."""
    found = 0
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def _with_sums(table: Mapping[str, Mapping[str, int]]) -> dict[Place, int]:
    cells: dict[Place, int] = {}
    for row, counts in table.items():
        for column, count in counts.items():
            for place in ((row, column), (TOTAL, column), (row, TOTAL), (TOTAL, TOTAL)):
                cells[place] = cells.get(place, 0) + count
    return cells


def _order(place: Place) -> tuple[bool, str, bool, str]:
    row, column = place
    return row is None, row or "", column is None, column or ""


@dataclass(slots=True)
class _Arc:
    """A way in which a count may change: towards `end`, by at most `room`. cost: of hiding its place, 0 when hidden."""

    end: Vertex
    room: int
    cost: int
    place: Place
    back: int  # index of the opposite change in the arcs of `end`


def _needed(cells: Mapping[Place, int], hidden: set[Place], place: Place) -> set[Place]:
    """What must be hidden besides, so that this place has enough possible values; empty when it has.

    Each sum is a vertex and each count an edge between two of them: raising a count lowers another one of its row,
    which raises one of that one's column, and so on back to the start. How far it can go is a maximum flow.
    """
    row, column = ("row", place[0]), ("column", place[1])
    room_up, room_down = _rooms(place, cells[place])
    ways = ((column, row, room_up), (row, column, room_down))
    spread = 0
    for start, end, room in ways:
        known = {one: cells[one] for one in hidden}
        spread += _flow(_graph(known, hidden, place), start, end, min(room, SPREAD - spread))[0]
    if spread >= SPREAD:
        return set()
    offers: list[tuple[int, int, set[Place]]] = []
    for start, end, room in ways:
        found, more = _flow(_graph(cells, hidden, place), start, end, min(room, SPREAD))
        if found >= SPREAD:
            offers.append((sum(cells[one] for one in more), len(offers), more))
    return min(offers)[2] if offers else {one for one, count in cells.items() if count} - hidden


def _rooms(place: Place, count: int) -> tuple[int, int]:
    """How far a count may rise and fall; a sum stands on the other side of its equation, so its ways are changed."""
    up, down = NO_END, count - 1
    return (up, down) if (place[0] is TOTAL) == (place[1] is TOTAL) else (down, up)


def _graph(cells: Mapping[Place, int], hidden: set[Place], without: Place) -> dict[Vertex, list[_Arc]]:
    graph: dict[Vertex, list[_Arc]] = {}
    for place, count in cells.items():
        if place == without or not count:
            continue
        row, column = ("row", place[0]), ("column", place[1])
        up, down = _rooms(place, count)
        cost = 0 if place in hidden else count
        ways, ways_back = graph.setdefault(row, []), graph.setdefault(column, [])
        ways.append(_Arc(column, up, cost, place, len(ways_back)))
        ways_back.append(_Arc(row, down, cost, place, len(ways) - 1))
    return graph


def _flow(graph: dict[Vertex, list[_Arc]], start: Vertex, end: Vertex, wanted: int) -> tuple[int, set[Place]]:
    """How much of `wanted` can go from start to end, and the shown places that it goes through."""
    through, more = 0, set[Place]()
    while through < wanted:
        path = _cheapest(graph, start, end)
        if path is None:
            break
        step = min(wanted - through, *(arc.room for arc in path))
        for arc in path:
            if arc.cost:
                more.add(arc.place)
            arc.room -= step
            graph[arc.end][arc.back].room += step
        through += step
    return through, more


def _cheapest(graph: dict[Vertex, list[_Arc]], start: Vertex, end: Vertex) -> Sequence[_Arc] | None:
    """The way on which the least has to be hidden (Dijkstra)."""
    best: dict[Vertex, int] = {start: 0}
    came: dict[Vertex, tuple[Vertex, _Arc]] = {}
    number = 0
    queue: list[tuple[int, int, Vertex]] = [(0, 0, start)]
    while queue:
        cost, _number, here = heapq.heappop(queue)
        if here == end:
            path: deque[_Arc] = deque()
            while here != start:
                here, arc = came[here]
                path.appendleft(arc)
            return path
        for arc in graph.get(here, ()):
            if arc.room > 0 and cost + arc.cost < best.get(arc.end, NO_END):
                best[arc.end] = cost + arc.cost
                came[arc.end] = (here, arc)
                number += 1
                heapq.heappush(queue, (best[arc.end], number, arc.end))
    return None
