"""The judge's replay of the queue: who could still be seated, and better, on a given roster.

A valid placement is a flow with bounds: pupil → (session, level) → mentor → session → everyone. Whether a pupil could
have more without taking anything from those ahead is a path in the residual graph of the plan's own flow, in which
those ahead may move as far as the question allows and those behind may move freely. Going through the queue from its
end only ever adds arcs to that graph, so the whole queue is checked on one growing graph. Nodes are numbers; a set of
nodes is the bits of an int.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

EVERYONE = 0
"""The node where all seats come from and all pupils go."""

KEEPS_SEAT = None
"""Stands for the level of fixed pupils, which any mentor of the session covers."""

Level = str | None


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
        self.after: list[int] = [0]
        self.before: list[int] = [0]
        line = tuple(line)
        seated = [entry for entry in line if isinstance(entry, Seated)]
        levels = {entry.level for entry in line}
        for room in rooms:
            here = [entry for entry in seated if entry.session == room.session]
            self._add_room(room, here, levels)

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
            self.after.append(0)
            self.before.append(0)
        return number

    def place(self, session: str, level: Level) -> int:
        """The node of pupils of a level in a session."""
        return self._number((session, level))

    def add(self, a: int, b: int) -> None:
        """Adds the arc a → b."""
        self.after[a] |= 1 << b
        self.before[b] |= 1 << a

    def let_move(self, entry: Seated) -> None:
        """The pupil may go to any of their choices."""
        here = self.place(entry.session, entry.level)
        for choice in entry.choices:
            if choice != entry.session:
                self.add(here, self.place(choice, entry.level))

    def reaches(self, starts: Iterable[int], goal: int) -> bool:
        """There is a path from one of the starts to the goal."""
        found = 0
        for start in starts:
            found |= 1 << start
        return bool(_spread(self.after, found, 0, 1 << goal) >> goal & 1)


def _spread(arcs: list[int], fresh: int, known: int, goal: int) -> int:
    """`known` with all nodes that can be reached from `fresh`; may end early once it holds the goal."""
    known |= fresh
    while fresh and not known & goal:
        found = 0
        while fresh:
            lowest = fresh & -fresh
            found |= arcs[lowest.bit_length() - 1]
            fresh ^= lowest
        fresh = found & ~known
        known |= fresh
    return known


def passed_over_pupils(rooms: list[Room], line: list[Seated | Waiting]) -> Iterator[str]:
    """Unserved pupils who could sit if those behind them in the queue had to give way; the last one first.

    All served ahead stay seated, perhaps elsewhere. Empty exactly when going through the queue serves those served.
    """
    graph = Residual(rooms, line)
    for entry in line:
        if isinstance(entry, Seated) and not entry.fixed:
            graph.let_move(entry)
    ways_out = _spread(graph.before, 1 << EVERYONE, 0, 0)
    for entry in reversed(line):
        if isinstance(entry, Waiting):
            if any(ways_out >> graph.place(choice, entry.level) & 1 for choice in entry.choices):
                yield entry.pupil
        elif not entry.fixed:
            place = 1 << graph.place(entry.session, entry.level)
            if not ways_out & place:
                ways_out = _spread(graph.before, place, ways_out, 0)


def better_choices(rooms: list[Room], line: list[Seated | Waiting]) -> Iterator[str]:
    """Served pupils who could have a better choice with those ahead in the sessions they have and all served seated."""
    graph = Residual(rooms, line)
    for entry in reversed(line):
        if isinstance(entry, Seated) and not entry.fixed:
            if _could_do_better(graph, entry):
                yield entry.pupil
            graph.let_move(entry)


def replay_differences(rooms: list[Room], line: list[Seated | Waiting]) -> Iterator[str]:
    """Pupils who could have a better choice, or a seat at all, with only those ahead kept in their sessions."""
    graph = Residual(rooms, line)
    for entry in reversed(line):
        if isinstance(entry, Waiting):
            if graph.reaches([graph.place(choice, entry.level) for choice in entry.choices], EVERYONE):
                yield entry.pupil
            for choice in entry.choices:
                graph.add(EVERYONE, graph.place(choice, entry.level))
        elif not entry.fixed:
            if _could_do_better(graph, entry):
                yield entry.pupil
            graph.let_move(entry)
            graph.add(graph.place(entry.session, entry.level), EVERYONE)


def _could_do_better(graph: Residual, entry: Seated) -> bool:
    better = entry.choices[: entry.choices.index(entry.session)]
    starts = [graph.place(choice, entry.level) for choice in better]
    return bool(starts) and graph.reaches(starts, graph.place(entry.session, entry.level))
