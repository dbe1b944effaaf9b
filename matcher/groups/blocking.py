"""Why a pupil has no seat, as a set of places that can be counted again: Hall's condition, not met by one.

From the places of the pupil's choices the residual network of the plan reaches a closed set of places (session,
level). All who sit there stand ahead or are fixed, and under `most_served` none of them may sit anywhere else; the
mentors, or the seats, of each session of the set have room for just as many. So with the pupil there is one too many.
Under `queue_first` those ahead have chosen their sessions for good, and only the sessions are full.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from matcher.groups.rooms import ANY_LEVEL
from matcher.groups.seat_graph import END, SeatGraph


@dataclass(frozen=True, slots=True)
class FullSession:
    """A session of the set: no more than `room` pupils of these levels fit, and as many sit there.

    `limit`: whether the seats bound it, or the mentors who cover some of these levels. `levels` and `kinds` (of
    mentors, by the levels they cover) in a settled order; `pupils` in queue order.
    """

    session: int
    levels: tuple[str, ...]
    limit: Literal["seats", "mentors"]
    kinds: tuple[frozenset[str], ...]
    room: int
    pupils: tuple[int, ...]


def blocking(graph: SeatGraph, p: int) -> tuple[FullSession, ...] | None:
    """The full sessions that keep an unserved pupil out, by session; None when the plan has a seat for them.

    Empty for a pupil without an open choice within reach.
    """
    reached = graph.reach(graph.options(p))
    position, first = graph.facts.position, graph.first_pupil
    last = max((position[q] for q in graph.seat if q + first in reached), default=-1)
    if END in reached or last > position[p]:
        return None
    levels: dict[int, list[str]] = defaultdict(list)
    for (s, level), place in graph.place.items():
        if place in reached:
            levels[s].append(level)
    return tuple(_full(graph, s, tuple(levels[s]), reached) for s in sorted(levels))


def _full(graph: SeatGraph, s: int, levels: tuple[str, ...], reached: set[int]) -> FullSession:
    kinds = [kind for (t, kind), desk in graph.desk.items() if t == s and desk in reached]
    by_seats = graph.room[s] in reached
    pupils = [q for q, seat in graph.seat.items() if seat == s and graph.rooms.level(q) in levels]
    return FullSession(
        session=s,
        levels=tuple(level for level in levels if level != ANY_LEVEL),
        limit="seats" if by_seats else "mentors",
        kinds=tuple(kinds),
        room=graph.facts.sessions[s].seats if by_seats else sum(graph.rooms.room_of(s, kind) for kind in kinds),
        pupils=tuple(sorted(pupils, key=graph.facts.position.__getitem__)),
    )
