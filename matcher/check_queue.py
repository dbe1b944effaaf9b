"""The judge's replay of the queue: who could still be seated, and better, on a given roster.

A valid placement is a flow with bounds: pupil → (session, level) → mentor → session → everyone. Whether a pupil could
have more without taking anything from those ahead is a path in the residual graph of the plan's own flow, in which
those ahead may move as far as the question allows and those behind may move freely. Going through the queue from its
end only ever adds arcs to that graph, so the whole queue is checked on one growing graph. Nodes are numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

EVERYONE = 0
"""The node where all seats come from and all pupils go."""

KEEPS_SEAT = None
"""Stands for the level of fixed pupils, which any mentor of the session covers."""

Level = str | None

BLOCKS = 16
"""In how many parts the queue is asked for better choices; for each the graph is gone through once."""

UNSEEN = -1


class Room(NamedTuple):
    """An open session: capacities, the least number of pupils (at least 1), and the levels of each mentor by id."""

    session: str
    seats: int
    ratio: int
    least: int
    mentors: dict[str, frozenset[str]]


class Seated(NamedTuple):
    """A served pupil: `choices` are open sessions within reach, best first."""

    pupil: str
    level: str
    choices: tuple[str, ...]
    session: str
    mentor: str
    fixed: bool


class Waiting(NamedTuple):
    """A pupil without a seat; `choices` as above."""

    pupil: str
    level: str
    choices: tuple[str, ...]


class Residual:
    """The residual graph of a placement: an arc a → b says that one more unit may flow from a to b."""

    def __init__(self, rooms: Iterable[Room], line: Iterable[Seated | Waiting]) -> None:
        self._numbers: dict[tuple[Level, ...], int] = {}
        self.after: list[set[int]] = [set()]
        self.before: list[set[int]] = [set()]
        line = tuple(line)
        levels = {entry.level for entry in line}
        seated = defaultdict(list)
        for entry in line:
            if isinstance(entry, Seated):
                seated[entry.session].append(entry)
        for room in rooms:
            self._add_room(room, seated[room.session], levels)

    def _add_room(self, room: Room, here: list[Seated], levels: set[str]) -> None:
        whole = self._number((room.session,))
        if len(here) < room.seats:
            self.add(whole, EVERYONE)
        if len(here) > room.least:
            self.add(EVERYONE, whole)
        for mentor, covered in room.mentors.items():
            node = self._number((room.session, "mentor", mentor))
            pupils = [entry for entry in here if entry.mentor == mentor]
            if len(pupils) < room.ratio:
                self.add(node, whole)
            if pupils:
                self.add(whole, node)
            for level in (*(levels & covered), KEEPS_SEAT):
                self.add(self.place(room.session, level), node)
            for entry in pupils:
                self.add(node, self.place(room.session, KEEPS_SEAT if entry.fixed else entry.level))

    def _number(self, key: tuple[Level, ...]) -> int:
        number = self._numbers.setdefault(key, len(self.after))
        if number == len(self.after):
            self.after.append(set())
            self.before.append(set())
        return number

    def place(self, session: str, level: Level) -> int:
        """The node of pupils of a level in a session."""
        return self._number((session, level))

    def add(self, a: int, b: int) -> None:
        """Adds the arc a → b."""
        self.after[a].add(b)
        self.before[b].add(a)

    def let_move(self, entry: Seated) -> None:
        """The pupil may go to any of their choices."""
        here = self.place(entry.session, entry.level)
        for choice in entry.choices:
            if choice != entry.session:
                self.add(here, self.place(choice, entry.level))

    def circles(self, entries: Iterable[Seated]) -> list[int]:
        """For each node a number: the same for a and b when each reaches the other, were these let to move.

        Tarjan's strongly connected components, without recursion.
        """
        moves: dict[int, set[int]] = defaultdict(set)
        for entry in entries:
            moves[self.place(entry.session, entry.level)].update(self.place(c, entry.level) for c in entry.choices)
        found, low, index = ([UNSEEN] * len(self.after) for _ in range(3))
        path: list[int] = []
        clock = 0
        for root in range(len(self.after)):
            calls: list[tuple[int, Iterator[int]]] = [(root, iter(()))] if index[root] == UNSEEN else []
            while calls:
                node, rest = calls[-1]
                if index[node] == UNSEEN:
                    index[node] = low[node] = clock
                    clock += 1
                    path.append(node)
                    rest = iter((*self.after[node], *moves.get(node, ())))
                    calls[-1] = (node, rest)
                for after in rest:
                    if index[after] == UNSEEN:
                        calls.append((after, iter(())))
                        break
                    if found[after] == UNSEEN:
                        low[node] = min(low[node], index[after])
                else:
                    calls.pop()
                    if calls:
                        low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                    while low[node] == index[node] and found[node] == UNSEEN:
                        found[path.pop()] = node
        return found

    def reaches(self, starts: Iterable[int], goal: int) -> bool:
        """There is a path from one of the starts to the goal.

        Looked for from both sides, the smaller front first: "no" is known once one side has nothing left. EVERYONE is
        next to most sessions and is not looked through: when both sides have come to it, they have met.
        """
        ahead, behind = set(starts), {goal}
        before, after = ahead - {EVERYONE}, behind - {EVERYONE}
        while not ahead & behind:
            stuck = (not before and EVERYONE in ahead, not after and EVERYONE in behind)
            if not stuck[0] and (stuck[1] or len(before) <= len(after)):
                if not before:
                    return False
                before = _step(self.after, before) - ahead
                if before & behind:
                    return True
                ahead |= before
                before.discard(EVERYONE)
            else:
                if not after:
                    return False
                after = _step(self.before, after) - behind
                if after & ahead:
                    return True
                behind |= after
                after.discard(EVERYONE)
        return True


def _step(arcs: list[set[int]], front: set[int]) -> set[int]:
    return set().union(*(arcs[node] for node in front))


def _spread(arcs: list[set[int]], starts: Iterable[int], known: set[int]) -> None:
    """Adds to `known` all nodes that can be reached from the starts."""
    waiting = [start for start in starts if start not in known]
    known.update(waiting)
    while waiting:
        fresh = arcs[waiting.pop()] - known
        known |= fresh
        waiting += fresh


def passed_over_pupils(rooms: list[Room], line: list[Seated | Waiting], *, moving: bool = True) -> Iterator[str]:
    """Unserved pupils who could sit if those behind them in the queue had to give way; the last one first.

    All served ahead stay seated, perhaps elsewhere; without `moving` each stays in their session. Empty exactly when
    going through the queue serves those served.
    """
    graph = Residual(rooms, line)
    for entry in line:
        if moving and isinstance(entry, Seated) and not entry.fixed:
            graph.let_move(entry)
    ways_out: set[int] = set()
    _spread(graph.before, [EVERYONE], ways_out)
    for entry in reversed(line):
        if isinstance(entry, Waiting):
            if any(graph.place(choice, entry.level) in ways_out for choice in entry.choices):
                yield entry.pupil
        elif not entry.fixed:
            _spread(graph.before, [graph.place(entry.session, entry.level)], ways_out)


def better_choices(rooms: list[Room], line: list[Seated | Waiting]) -> Iterator[str]:
    """Served pupils who could have a better choice with those ahead in the sessions they have and all served seated.

    Taken in BLOCKS from the end. A way there would be part of a circle in the graph in which all of the block may move
    too, so that most pupils need no search: their better choices lie on no circle with their seat.
    """
    graph = Residual(rooms, line)
    movable = [entry for entry in reversed(line) if isinstance(entry, Seated) and not entry.fixed]
    size = max(1, -(-len(movable) // BLOCKS))
    for first in range(0, len(movable), size):
        block = movable[first : first + size]
        circle = graph.circles(block)
        for entry in block:
            better = entry.choices[: entry.choices.index(entry.session)]
            here = graph.place(entry.session, entry.level)
            starts = [place for choice in better if circle[place := graph.place(choice, entry.level)] == circle[here]]
            if starts and graph.reaches(starts, here):
                yield entry.pupil
            graph.let_move(entry)


def replay_differences(rooms: list[Room], line: list[Seated | Waiting]) -> Iterator[str]:
    """Pupils who could have a better choice, or a seat at all, with only those ahead kept in their sessions."""
    graph = Residual(rooms, line)
    ways_out: set[int] = set()
    _spread(graph.before, [EVERYONE], ways_out)
    for entry in reversed(line):
        if isinstance(entry, Waiting):
            places = [graph.place(choice, entry.level) for choice in entry.choices]
            if any(place in ways_out for place in places):
                yield entry.pupil
            for place in places:
                graph.add(EVERYONE, place)
        elif not entry.fixed:
            if _could_do_better(graph, entry):
                yield entry.pupil
            here = graph.place(entry.session, entry.level)
            graph.let_move(entry)
            graph.add(here, EVERYONE)
            _spread(graph.before, [here], ways_out)


def _could_do_better(graph: Residual, entry: Seated) -> bool:
    better = entry.choices[: entry.choices.index(entry.session)]
    starts = [graph.place(choice, entry.level) for choice in better]
    return bool(starts) and graph.reaches(starts, graph.place(entry.session, entry.level))
