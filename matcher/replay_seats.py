"""The auditor's seats: nothing but a roster and the queue, one pupil after the other.

Everything is found anew by paths in a residual graph, in plain Python: neither the solver nor a plan's own seats have a
part in it. Nodes: a place (session, level); the mentors of a session who cover the same levels; a session; NOBODY,
where those without a seat are. An arc a → b: one pupil too many at a is put right by one too many at b.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

ANY_LEVEL = ""
"""The level of fixed pupils, whom any mentor of the session can have; no level of a problem is empty."""


class Place(NamedTuple):
    """Where pupils of one level sit."""

    session: str
    level: str


class Team(NamedTuple):
    """The mentors of a session who cover the same levels."""

    session: str
    levels: frozenset[str]


Node = Place | Team | str | None
"""A session stands for itself; None is NOBODY."""

NOBODY = None


class Room(NamedTuple):
    """An open session: seats, least number of pupils, and how many pupils each team can have."""

    seats: int
    least: int
    teams: dict[Team, int]


class CannotOpen(Exception):
    """The sessions of the roster cannot all have their least number of pupils, or a fixed pupil has no room."""


class Seating:
    """Seats on one roster. A pupil is a filler until `keep` or `settle`: seated to keep a session open, or without a
    seat.

    A filler may lose the seat or get one, a kept pupil may be moved to another of their places, a settled one stays.
    ways: the places where each pupil may sit.
    """

    def __init__(self, rooms: Mapping[str, Room], ways: Mapping[str, tuple[Place, ...]]) -> None:
        self.rooms = rooms
        self.ways = ways
        self.seat: dict[str, Place] = {}
        self._load: Counter[Node] = Counter()
        self._taught: dict[Team, Counter[Place]] = defaultdict(Counter)
        self._fillers = set(ways)
        self._at: dict[Place | None, dict[Place | None, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        self._label: dict[Node, int] = defaultdict(int)
        self._labels = 0
        for pupil in ways:
            self._list(pupil)

    def enter(self, pupil: str, place: Place) -> bool:
        """Seat a pupil without a seat at the place, making room for them; False when nobody can make room."""
        path = self._path(place, NOBODY)
        if path is None:
            return False
        self._unlist(pupil)
        self._follow(path)
        self.seat[pupil] = place
        self._list(pupil)
        return True

    def move(self, pupil: str, place: Place) -> bool:
        """Move a seated pupil to the place, making room for them; False when that is not possible."""
        path = self._path(place, self.seat[pupil])
        if path is None:
            return False
        self._unlist(pupil)
        self._follow(path)
        self.seat[pupil] = place
        self._list(pupil)
        return True

    def fill(self) -> None:
        """Bring fillers until each session has its least number. Raises CannotOpen."""
        for session, room in self.rooms.items():
            while self._load[session] < room.least:
                path = self._path(NOBODY, session)
                if path is None or self._load[session] >= room.seats:
                    raise CannotOpen(f"session {session!r} cannot have the {room.least} pupils that it needs")
                self._follow([*path, NOBODY])

    def keep(self, pupil: str) -> None:
        """The pupil has a seat for good, wherever."""
        self._unlist(pupil)
        self._fillers.discard(pupil)
        self._list(pupil)

    def settle(self, pupil: str) -> None:
        """The pupil stays where they are, or without a seat."""
        self._unlist(pupil)
        self._fillers.discard(pupil)

    def _list(self, pupil: str) -> None:
        """Note where the pupil could go from where they are."""
        here = self.seat.get(pupil)
        for there in self._ways_of(pupil, here):
            self._at[here][there][pupil] = None

    def _unlist(self, pupil: str) -> None:
        here = self.seat.get(pupil)
        for there in self._ways_of(pupil, here):
            self._at[here][there].pop(pupil, None)

    def _ways_of(self, pupil: str, here: Place | None) -> Iterator[Place | None]:
        yield from (place for place in self.ways[pupil] if place != here)
        if here is not None and pupil in self._fillers:
            yield NOBODY

    def _after(self, node: Node) -> Iterator[Node]:
        """Where the arcs of a node lead."""
        if isinstance(node, Team):
            if self._load[node] < self.rooms[node.session].teams[node]:
                yield node.session
            yield from (place for place, pupils in self._taught[node].items() if pupils)
        elif isinstance(node, str):
            if self._load[node] < self.rooms[node].seats:
                yield NOBODY
            yield from (team for team in self.rooms[node].teams if self._load[team])
        else:
            yield from (place for place, pupils in self._at[node].items() if pupils)
            if node is NOBODY:
                yield from (session for session, room in self.rooms.items() if self._load[session] > room.least)
            else:
                yield from (team for team in self.rooms[node.session].teams if covers(team, node.level))

    def _path(self, start: Node, goal: Node) -> list[Node] | None:
        """The shortest path, or None.

        What a search without success has seen never leads out of itself again, as every change turns a cycle around or
        takes arcs away: it gets a label of its own, and searches stay within one label.
        """
        label = self._label[goal]
        if self._label[start] != label:
            return None
        came_from: dict[Node, Node] = {start: start}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for after in self._after(node):
                if after in came_from or self._label[after] != label:
                    continue
                came_from[after] = node
                if after == goal:
                    return _back(came_from, start, goal)
                waiting.append(after)
        self._labels += 1
        self._label.update(dict.fromkeys(came_from, self._labels))
        return None

    def _follow(self, path: list[Node]) -> None:
        for a, b in pairwise(path):
            self._turn(a, b)

    def _turn(self, a: Node, b: Node) -> None:
        """One pupil more flows from a to b, or one less from b to a."""
        if isinstance(a, Place | None) and isinstance(b, Place | None):
            pupil = next(iter(self._at[a][b]))
            self._unlist(pupil)
            if b is NOBODY:
                del self.seat[pupil]
            else:
                self.seat[pupil] = b
            self._list(pupil)
        elif isinstance(a, Place) and isinstance(b, Team):
            self._taught[b][a] += 1
        elif isinstance(a, Team) and isinstance(b, Place):
            self._taught[a][b] -= 1
        elif isinstance(a, Team):
            self._load[a] += 1
        elif isinstance(b, Team):
            self._load[b] -= 1
        elif b is NOBODY:
            self._load[a] += 1
        else:
            self._load[b] -= 1


def covers(team: Team, level: str) -> bool:
    """Whether a mentor of the team can have a pupil of the level."""
    return level == ANY_LEVEL or level in team.levels


def _back(came_from: Mapping[Node, Node], start: Node, goal: Node) -> list[Node]:
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
