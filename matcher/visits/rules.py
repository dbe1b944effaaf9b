"""The rules of a visit plan as rows: each rule is one function that adds its rows; its docstring is the inequality.

What a pair alone can break (mode, topic, grade, distance, free, lessons, reserved, refused) never becomes a column
(matcher/eligibility.py), nor does an option or mode that the request does not name (code `option`). Rows that can never
bind are left out, and those of `overlap` and `travel` are made for the days on which something breaks them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.travel import Place, TravelTimes
from matcher.visits.candidates import Room
from matcher.visits.model import Entries, Flags, Ints, Model


class Group(NamedTuple):
    """Candidates that share a limit: of each a key, the group of each key (or -1), of each group limit and content.

    The keys are the days of role models, the same array for all limits.
    `content` is the most that the limits inside the group allow; where it is not above the limit no row is needed.
    """

    key: NDArray[np.int32]
    of_key: Ints
    limit: Ints
    content: Ints


@dataclass(frozen=True)
class Surroundings:
    """What rules need beside the model: limits by rule code, schools as places by index, travel times."""

    limits: dict[str, Group]
    schools: tuple[Place, ...]
    times: TravelTimes


def limit_groups(model: Model, left: Room) -> dict[str, Group]:
    """Day, week, term and quota as nested groups: days in weeks, weeks in the term, people in companies."""
    c = model.candidates
    days, day_of_unit = np.unique(model.units.day, return_inverse=True)
    key = c.role_model.astype(np.int64) * len(days) + day_of_unit[c.unit]
    inside = np.bincount(key, minlength=len(left.per_term) * len(days))
    present = np.flatnonzero(inside)
    number = np.zeros(len(inside), dtype=np.int32)
    number[present] = np.arange(len(present))
    day_of, group, reach = number[key], np.arange(len(present)), inside[present]
    who, when = present // max(1, len(days)), days[present % max(1, len(days))]
    levels: tuple[tuple[str, Callable[[Ints], Ints], Callable[[Ints, Ints], Ints]], ...] = (
        ("day", lambda day: day, lambda who, day: left.per_day[who] - _used(left.day_used, who, day)),
        ("week", lambda day: (day - 1) // 7, lambda who, week: left.per_week[who] - _used(left.week_used, who, week)),
        ("term", np.zeros_like, lambda who, _: left.per_term[who]),
    )
    groups = {}
    for code, period_of, limit_of in levels:
        period = period_of(when)
        base = int(period.max(initial=0)) + 1
        keys, outer = np.unique(who * base + period, return_inverse=True)
        who, when = keys // base, keys % base
        limit = np.maximum(0, limit_of(who, when))
        content = np.bincount(outer, weights=reach, minlength=len(keys)).astype(np.int64)
        group, reach = outer[group], np.minimum(limit, content)
        groups[code] = Group(day_of, group, limit, content)
    sizes = np.bincount(left.company[who] + 1, weights=reach, minlength=len(left.quota) + 1).astype(np.int64)
    groups["quota"] = Group(day_of, left.company[present // max(1, len(days))], left.quota, sizes[1:])
    return groups


def _used(used: Mapping[tuple[int, int], int], who: Ints, when: Ints) -> Ints:
    if not used:
        return np.zeros_like(who)
    return np.array([used.get(key, 0) for key in zip(who.tolist(), when.tolist(), strict=True)], dtype=np.int64)


def _limit_rows(model: Model, around: Surroundings, code: str) -> None:
    key, group, limit, content = around.limits[code]
    binding = limit < content
    number = np.where(binding, np.cumsum(binding) - 1, -1)
    model.add_rows(code, limit[binding], each=(key, np.append(number, -1)[group], 1))


def count(model: Model, _: Surroundings) -> None:
    """Served at most once, by exactly the number of distinct people asked for.

    For each request: Σ assigned over its units for one person + Σ held over its other units ≤ 1.
    For each unit for k ≥ 2 people: Σ assigned = k · held, and assigned ≤ held for each of its candidates.
    """
    u, unit = model.units, model.candidates.unit
    requests = np.unique(u.request)
    row_of_unit = np.searchsorted(requests, u.request)
    single = np.where(u.size == 1, row_of_unit, -1)
    held = model.held_column[model.many]
    parts: list[Entries] = [(row_of_unit[model.many], held, 1)]
    rows = model.add_rows("count", np.ones_like(requests), parts, each=(unit, single, 1), local=True)
    model.served_row[requests] = rows
    group_of_unit = np.where(u.size > 1, np.cumsum(u.size > 1) - 1, -1)
    parts = [(np.arange(len(held)), held, -u.size[model.many])]
    model.add_rows("count", np.zeros_like(held), parts, each=(unit, group_of_unit, 1), local=True, tight=True)
    members = np.flatnonzero(u.size[unit] > 1)
    number = np.full(len(unit), -1, dtype=np.int32)
    number[members] = np.arange(len(members))
    parts = [(np.arange(len(members)), model.held_column[unit[members]], -1)]
    own = np.append(np.arange(len(members)), -1)
    rows = model.add_rows("count", np.zeros_like(members), parts, each=(number, own, 1), local=True)
    model.together_row[members] = rows


def day(model: Model, around: Surroundings) -> None:
    """For each role model and date: Σ assigned ≤ max_per_day - fixed engagements of that date."""
    _limit_rows(model, around, "day")


def week(model: Model, around: Surroundings) -> None:
    """For each role model and ISO week: Σ assigned ≤ max_per_week - fixed engagements of that week."""
    _limit_rows(model, around, "week")


def term(model: Model, around: Surroundings) -> None:
    """For each role model: Σ assigned ≤ max_per_term - fixed engagements."""
    _limit_rows(model, around, "term")


def quota(model: Model, around: Surroundings) -> None:
    """For each company with a quota: Σ assigned of its role models ≤ quota - their fixed engagements."""
    _limit_rows(model, around, "quota")


def overlap(model: Model, around: Surroundings) -> None:
    """For each role model and set of engagements of a date that all take place at one moment: Σ assigned ≤ 1."""

    def cliques(same_day: Ints) -> list[frozenset[int]]:
        unit = model.candidates.unit[same_day]
        start, end = model.units.start[unit], model.units.end[unit]
        at_once = {frozenset(same_day[(start <= moment) & (moment < end)].tolist()) for moment in set(start.tolist())}
        return [c for c in at_once if len(c) > 1 and not any(c < other for other in at_once)]

    _separated_by_day(model, around, "overlap", lambda a, b: _at_once(model, a, b), cliques)


def travel(model: Model, around: Surroundings) -> None:
    """For each role model and set of engagements of a date, no two of which leave time to travel: Σ assigned ≤ 1.

    Two physical engagements leave time when the gap ≥ minutes from school to school. Every pair without time stands
    in one of the sets; overlapping pairs join where they fit.
    """
    minutes: dict[tuple[int, int], int] = {}

    def late(a: Ints, b: Ints) -> Flags:
        return _late(model, around, minutes, a, b)

    def cliques(same_day: Ints) -> list[frozenset[int]]:
        size = len(same_day)
        first, second = np.repeat(same_day, size), np.tile(same_day, size)
        too_late = late(first, second).reshape(size, size)
        request = model.units.request[model.candidates.unit[same_day]]
        clash = too_late | _at_once(model, first, second).reshape(size, size) | (request[:, None] == request[None, :])
        uncovered = set(zip(*(side.tolist() for side in np.nonzero(np.triu(too_late))), strict=True))
        found = []
        while uncovered:
            clique = list(min(uncovered))
            for other in range(size):
                if other not in clique and clash[other, clique].all():
                    clique.append(other)
            uncovered -= {(a, b) for a in clique for b in clique}
            found.append(frozenset(same_day[clique].tolist()))
        return found

    _separated_by_day(model, around, "travel", late, cliques)


def _separated_by_day(
    model: Model,
    around: Surroundings,
    code: str,
    clash: Callable[[Ints, Ints], Flags],
    cliques: Callable[[Ints], list[frozenset[int]]],
) -> None:
    """All rows of a person's day are made as soon as somebody asks about two candidates of that day that clash."""
    group, _, limit, content = around.limits["day"]
    wide = (limit > 1) & (content > 1)
    members = np.flatnonzero(wide[group]) if len(group) else np.zeros(0, dtype=np.int64)
    members = members[np.argsort(group[members], kind="stable")]
    starts = np.searchsorted(group[members], np.arange(len(wide) + 1))
    done = np.zeros(len(wide), dtype=np.bool_)

    def separate(candidates: Ints) -> None:
        asked = candidates[wide[group[candidates]] & ~done[group[candidates]]]
        asked = asked[np.argsort(group[asked], kind="stable")]
        days = np.unique([day for a, b in _pairs(asked, group) for day in group[a[clash(a, b)]].tolist()])
        if not len(days):
            return
        days = days.astype(np.int64)
        done[days] = True
        _at_most_one(model, code, [c for day in days for c in cliques(members[starts[day] : starts[day + 1]])])

    model.separators.append(separate)


def _pairs(candidates: Ints, group: NDArray[np.int32]) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of candidates of one group, in batches; the candidates are sorted by group."""
    apart = 1
    while apart < len(candidates):
        same = np.flatnonzero(group[candidates[apart:]] == group[candidates[:-apart]])
        if not len(same):
            return
        yield candidates[same], candidates[same + apart]
        apart += 1


def _at_once(model: Model, a: Ints, b: Ints) -> Flags:
    """Do the engagements of these pairs of candidates overlap?"""
    u, first, second = model.units, model.candidates.unit[a], model.candidates.unit[b]
    together = (u.start[first] < u.end[second]) & (u.start[second] < u.end[first])
    apart: Flags = together & (a != b)
    return apart


def _late(model: Model, around: Surroundings, minutes: dict[tuple[int, int], int], a: Ints, b: Ints) -> Flags:
    """Are these pairs of candidates physical, of two requests, one after the other with too little time between?"""
    u, unit = model.units, model.candidates.unit
    swap = u.start[unit[b]] < u.start[unit[a]]
    first, second = unit[np.where(swap, b, a)], unit[np.where(swap, a, b)]
    late: Flags = (u.mode[first] == 0) & (u.mode[second] == 0) & (u.end[first] <= u.start[second])
    late &= u.request[first] != u.request[second]
    for pair in np.flatnonzero(late).tolist():
        key = (int(u.school[first[pair]]), int(u.school[second[pair]]))
        if key not in minutes:
            minutes[key] = around.times.minutes(around.schools[key[0]], around.schools[key[1]])
        late[pair] = u.start[second[pair]] - u.end[first[pair]] < minutes[key]
    return late


def _at_most_one(model: Model, code: str, cliques: list[frozenset[int]]) -> None:
    ordered = sorted(sorted(clique) for clique in cliques)
    row = np.repeat(np.arange(len(ordered)), [len(clique) for clique in ordered])
    column = np.array([candidate for clique in ordered for candidate in clique], dtype=np.int64)
    model.add_rows(code, np.ones(len(ordered), dtype=np.int64), [(row, column, 1)], lazy=True)


RULES = (count, day, week, term, quota, overlap, travel)
"""Every rule that needs rows; the function's name is the rule's code."""
