"""Who could sit where on a roster, as arrays: entrants in groups → places → kinds of mentors → sessions.

A place is (session, level), a kind the mentors of a session who cover the same levels. An entrant is a pupil who could
have a seat; those who could sit in the same places are one group, since flows cannot tell them apart.
"""

from dataclasses import dataclass

import numpy as np

from matcher.groups.facts import Facts, Flags, Ints, Slices, slices
from matcher.groups.rooms import ANY_LEVEL, Rooms

Kind = frozenset[str]


@dataclass(frozen=True, slots=True)
class Seats:
    """The network of one roster. Sessions, kinds, places, groups and entrants are numbered 0, 1, ..

    `session[i]`: session i by index of the problem, with `room[i]` seats and at least `least[i]` pupils;
    `kind[k]`: its (session number, levels), with room for `kind_room[k]` pupils;
    `place[j]`: its (session by index of the problem, level), where kinds `teaches` may teach;
    `entrant[e]`: the pupil, in queue order; `is_fixed[e]`; `choices`: their places, best first; of group `group[e]`,
    which has `group_places`.
    """

    session: tuple[int, ...]
    room: Ints
    least: Ints
    kind: tuple[tuple[int, Kind], ...]
    kind_session: Ints
    kind_room: Ints
    place: tuple[tuple[int, str], ...]
    teaches: Slices
    entrant: Ints
    is_fixed: Flags
    choices: Slices
    group: Ints
    group_places: Slices


def seats(facts: Facts, rooms: Rooms) -> Seats:
    """The network of the roster whose rooms these are."""
    number = {s: i for i, s in enumerate(rooms.open)}
    kinds = tuple((number[s], kind) for s in rooms.open for kind in sorted(rooms.kinds[s], key=sorted))
    kind_number = {kind: k for k, kind in enumerate(kinds)}
    place, table, is_fixed, entrant = _places(facts, rooms)
    taught = [[kind_number[number[s], kind] for kind in rooms.teaches(s, level)] for s, level in place]
    group_places, group = _groups(table, len(place))
    return Seats(
        session=rooms.open,
        room=np.array([facts.sessions[s].seats for s in rooms.open], dtype=np.int64),
        least=np.array([facts.min_pupils[s] for s in rooms.open], dtype=np.int64),
        kind=kinds,
        kind_session=np.array([i for i, _ in kinds], dtype=np.int64),
        kind_room=np.array([rooms.room_of(rooms.open[i], kind) for i, kind in kinds], dtype=np.int64),
        place=place,
        teaches=slices(taught, map(len, taught)),
        entrant=entrant,
        is_fixed=is_fixed,
        choices=_rows(table),
        group=group,
        group_places=group_places,
    )


def _places(facts: Facts, rooms: Rooms) -> tuple[tuple[tuple[int, str], ...], Ints, Flags, Ints]:
    """The places where somebody may sit; for each entrant, in queue order, the places (-1: none), who is fixed, who."""
    queue = np.array(facts.queue, dtype=np.int64)
    fixed = np.zeros(len(queue), dtype=bool)
    fixed[list(facts.fixed_seat)] = True
    names = [ANY_LEVEL, *sorted({pupil.level for pupil in facts.pupils})]
    level_number = {name: n for n, name in enumerate(names)}
    level = np.fromiter((level_number[pupil.level] for pupil in facts.pupils), dtype=np.int64, count=len(queue))
    level[fixed] = 0
    sessions, rank = facts.choice_table.of(queue)
    keys = sessions * len(names) + level[queue][rank]
    found, index = np.unique(keys, return_inverse=True)
    wanted = [(int(key) // len(names), names[int(key) % len(names)]) for key in found]
    taught = np.fromiter((s in rooms.kinds and bool(rooms.teaches(s, name)) for s, name in wanted), bool, len(wanted))
    renumbered = np.where(taught, np.cumsum(taught) - 1, -1)[index]
    first = np.concatenate([[0], np.cumsum(np.bincount(rank, minlength=len(queue)))])
    column = np.arange(len(rank)) - first[rank]
    table = np.full((len(queue), int(column.max(initial=-1)) + 1), -1, dtype=np.int64)
    table[rank, column] = renumbered
    enters = fixed[queue] | (table >= 0).any(axis=1)
    place = tuple(pair for pair, able in zip(wanted, taught, strict=True) if able)
    return place, table[enters], fixed[queue][enters], queue[enters]


def _groups(table: Ints, places: int) -> tuple[Slices, Ints]:
    """The distinct sets of places (rows of the table), and which of them each row is."""
    rows = np.sort(table, axis=1)
    code = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        code = np.unique(code * (places + 1) + column + 1, return_inverse=True)[1]
    first = np.unique(code, return_index=True)[1]
    return _rows(rows[first]), code


def _rows(table: Ints) -> Slices:
    """The numbers of each row that are not -1."""
    inside = table >= 0
    return Slices(np.concatenate([[0], np.cumsum(inside.sum(axis=1))]), table[inside])
