"""The rules of a visit plan as rows: each rule is one function that adds its rows; its docstring is the inequality.

What a pair alone can break (mode, topic, grade, distance, free, lessons, reserved, refused) never becomes a column
(matcher/eligibility.py), nor does an option or mode that the request does not name (code `option`). Rows that can never
bind are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matcher.travel import Place, TravelTimes
from matcher.visits.candidates import Room
from matcher.visits.model import Entries, Flags, Ints, Model


class Group(NamedTuple):
    """Candidates that share a limit: the group of each candidate (or -1), and for each group its limit and content.

    `content` is the most that the limits inside the group allow; where it is not above the limit no row is needed.
    """

    of_candidate: Ints
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
    day = model.units.day[c.unit]
    base = int(day.max(initial=0)) + 1
    levels: tuple[tuple[str, Ints, Callable[[Ints, Ints], Ints]], ...] = (
        ("day", day, lambda who, when: left.per_day[who] - _used(left.day_used, who, when)),
        ("week", (day - 1) // 7, lambda who, when: left.per_week[who] - _used(left.week_used, who, when)),
        ("term", np.zeros_like(day), lambda who, _: left.per_term[who]),
    )
    groups = {}
    inner, reach = np.arange(len(day)), np.ones_like(day)
    for code, when, limit_of in levels:
        keys, first, group = np.unique(c.role_model * base + when, return_index=True, return_inverse=True)
        limit = np.maximum(0, limit_of(keys // base, keys % base))
        content = np.bincount(group[inner], weights=reach, minlength=len(keys)).astype(np.int64)
        groups[code] = Group(group, limit, content)
        inner, reach = first, np.minimum(limit, content)
    company = left.company[c.role_model]
    sizes = np.bincount(company[inner] + 1, weights=reach, minlength=len(left.quota) + 1).astype(np.int64)
    groups["quota"] = Group(company, left.quota, sizes[1:])
    return groups


def _used(used: Mapping[tuple[int, int], int], who: Ints, when: Ints) -> Ints:
    if not used:
        return np.zeros_like(who)
    return np.array([used.get(key, 0) for key in zip(who.tolist(), when.tolist(), strict=True)], dtype=np.int64)


def _limit_rows(model: Model, around: Surroundings, code: str) -> None:
    group, limit, content = around.limits[code]
    binding = limit < content
    chosen = np.flatnonzero((group >= 0) & np.append(binding, False)[group])
    number: Ints = np.cumsum(binding) - 1
    row: Ints = number[group[chosen]]
    model.add_rows(code, limit[binding], [(row, chosen, 1)])


def count(model: Model, _: Surroundings) -> None:
    """Served at most once, by exactly the number of distinct people asked for.

    For each request: Σ assigned over its units for one person + Σ held over its other units ≤ 1.
    For each unit for k ≥ 2 people: Σ assigned = k · held, and assigned ≤ held for each of its candidates.
    """
    columns, units = model.serving
    requests = np.unique(model.units.request[units])
    row = np.searchsorted(requests, model.units.request[units])
    model.served_row[requests] = model.add_rows("count", np.ones_like(requests), [(row, columns, 1)], local=True)
    candidates = np.flatnonzero(model.units.size[model.candidates.unit] > 1)
    unit = model.candidates.unit[candidates]
    many = np.arange(len(model.many))
    held = model.held_column[model.many]
    group: Ints = np.searchsorted(model.many, unit).astype(np.int64)
    parts: list[Entries] = [(group, candidates, 1), (many, held, -model.units.size[model.many])]
    model.add_rows("count", np.zeros_like(model.many), parts, local=True, tight=True)
    each = np.arange(len(candidates))
    pairs = [(each, candidates, 1), (each, model.held_column[unit], -1)]
    model.together_row[candidates] = model.add_rows("count", np.zeros_like(candidates), pairs, local=True)


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
    cliques = []
    for same_day in _days_with_choice(around):
        start, end = (
            model.units.start[model.candidates.unit[same_day]],
            model.units.end[model.candidates.unit[same_day]],
        )
        at_once = {frozenset(same_day[(start <= moment) & (moment < end)].tolist()) for moment in set(start.tolist())}
        cliques += [c for c in at_once if len(c) > 1 and not any(c < other for other in at_once)]
    _at_most_one(model, "overlap", cliques)


def travel(model: Model, around: Surroundings) -> None:
    """For each role model and set of engagements of a date, no two of which leave time to travel: Σ assigned ≤ 1.

    Two physical engagements leave time when the gap ≥ minutes from school to school. Every pair without time stands
    in one of the sets; overlapping pairs join where they fit.
    """
    cliques = []
    minutes: dict[tuple[int, int], int] = {}
    for same_day in _days_with_choice(around):
        late, clash = _clashes(model, around, same_day, minutes)
        uncovered = set(zip(*(side.tolist() for side in np.nonzero(np.triu(late))), strict=True))
        while uncovered:
            clique = list(min(uncovered))
            for other in range(len(same_day)):
                if other not in clique and clash[other, clique].all():
                    clique.append(other)
            uncovered -= {(a, b) for a in clique for b in clique}
            cliques.append(frozenset(same_day[clique].tolist()))
    _at_most_one(model, "travel", cliques)


def _days_with_choice(around: Surroundings) -> list[Ints]:
    """Candidates of one role model and date, where the limits leave room for two or more of them."""
    group, limit, content = around.limits["day"]
    wide = np.flatnonzero(((limit > 1) & (content > 1))[group]) if len(group) else group
    order = wide[np.argsort(group[wide], kind="stable")]
    return [part for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(part)]


def _clashes(
    model: Model, around: Surroundings, same_day: Ints, minutes: dict[tuple[int, int], int]
) -> tuple[Flags, Flags]:
    """Pairs without time to travel, and pairs that clash for any reason; both symmetric, by position in same_day."""
    unit = model.candidates.unit[same_day]
    start, end, school = model.units.start[unit], model.units.end[unit], model.units.school[unit]
    physical = model.units.mode[unit] == 0
    size = len(unit)
    late = np.zeros((size, size), dtype=np.bool_)
    overlaps = (start[:, None] < end[None, :]) & (start[None, :] < end[:, None])
    for a, b in np.argwhere(end[:, None] <= start[None, :]).tolist():
        if physical[a] and physical[b]:
            key = (int(school[a]), int(school[b]))
            if key not in minutes:
                minutes[key] = around.times.minutes(around.schools[key[0]], around.schools[key[1]])
            late[a, b] = late[b, a] = start[b] - end[a] < minutes[key]
    same_request = model.units.request[unit][:, None] == model.units.request[unit][None, :]
    late &= ~same_request
    return late, late | overlaps | same_request


def _at_most_one(model: Model, code: str, cliques: list[frozenset[int]]) -> None:
    ordered = sorted(sorted(clique) for clique in cliques)
    row = np.repeat(np.arange(len(ordered)), [len(clique) for clique in ordered])
    column = np.array([candidate for clique in ordered for candidate in clique], dtype=np.int64)
    model.add_rows(code, np.ones(len(ordered), dtype=np.int64), [(row, column, 1)], lazy=True)


RULES = (count, day, week, term, quota, overlap, travel)
"""Every rule that needs rows; the function's name is the rule's code."""
