"""A first plan by hand: requests in a fair order, each takes the nearest people who are still free."""

from collections import Counter, defaultdict

import numpy as np

from matcher.problem import VisitProblem
from matcher.visits.candidates import Room, week_of
from matcher.visits.model import Flags, Ints, Model
from matcher.visits.rules import Surroundings


class Diary:
    """Who is engaged where: answers whether a candidate still fits, by the same limits as the rows."""

    def __init__(self, model: Model, around: Surroundings, left: Room) -> None:
        c, u = model.candidates, model.units
        self._who, self._unit = c.role_model.tolist(), c.unit.tolist()
        self._start, self._end, self._day = u.start.tolist(), u.end.tolist(), u.day.tolist()
        self._school, self._physical = u.school.tolist(), (u.mode == 0).tolist()
        self._around, self._left = around, left
        self._term, self._quota = left.per_term.tolist(), left.quota.tolist()
        self._company = left.company.tolist()
        self._days, self._weeks = Counter(left.day_used), Counter(left.week_used)
        self._taken: dict[tuple[int, int], list[int]] = defaultdict(list)

    def fits(self, candidate: int) -> bool:
        """May the candidate be added to what is taken?"""
        who, unit = self._who[candidate], self._unit[candidate]
        day = self._day[unit]
        company = self._company[who]
        return (
            self._term[who] > 0
            and (company < 0 or self._quota[company] > 0)
            and self._days[who, day] < self._left.per_day[who]
            and self._weeks[who, week_of(day)] < self._left.per_week[who]
            and all(self._apart(unit, other) for other in self._taken[who, day])
        )

    def take(self, candidate: int, sign: int = 1) -> None:
        """Add the candidate, or with sign -1 take the last one added away again."""
        who, unit = self._who[candidate], self._unit[candidate]
        day = self._day[unit]
        self._term[who] -= sign
        if self._company[who] >= 0:
            self._quota[self._company[who]] -= sign
        self._days[who, day] += sign
        self._weeks[who, week_of(day)] += sign
        if sign > 0:
            self._taken[who, day].append(unit)
        else:
            self._taken[who, day].pop()

    def _apart(self, a: int, b: int) -> bool:
        if self._start[a] > self._start[b]:
            a, b = b, a
        minutes = 0
        if self._physical[a] and self._physical[b]:
            schools = self._around.schools
            minutes = self._around.times.minutes(schools[self._school[a]], schools[self._school[b]])
        return bool(self._end[a] + minutes <= self._start[b])


def first_plan(problem: VisitProblem, model: Model, around: Surroundings, left: Room) -> Flags:
    """Candidates of a valid plan: promised anew first, then the largest visits and the longest waiting."""
    diary = Diary(model, around, left)
    chosen = np.zeros(len(model.candidates.unit), dtype=np.bool_)
    order = sorted(
        range(len(problem.requests)),
        key=lambda r: (not problem.requests[r].priority, -problem.requests[r].classes, problem.requests[r].submitted),
    )
    by_request = _units_by_request(model)
    starts = np.searchsorted(model.candidates.unit, np.arange(len(model.units.size) + 1))
    for r in order:
        for unit in by_request.get(r, ()):
            candidates = np.arange(starts[unit], starts[unit + 1])
            nearest = candidates[np.argsort(model.candidates.minutes[candidates], kind="stable")]
            if people := _enough(diary, nearest, int(model.units.size[unit])):
                chosen[people] = True
                break
    return chosen


def _units_by_request(model: Model) -> dict[int, list[int]]:
    units: dict[int, list[int]] = defaultdict(list)
    for unit, request in enumerate(model.units.request.tolist()):
        units[request].append(unit)
    return units


def _enough(diary: Diary, candidates: Ints, size: int) -> list[int]:
    """The first `size` candidates that fit together, taken; or none, and nothing is taken."""
    people: list[int] = []
    for candidate in candidates.tolist():
        if diary.fits(candidate):
            diary.take(candidate)
            people.append(candidate)
            if len(people) == size:
                return people
    for candidate in reversed(people):
        diary.take(candidate, -1)
    return []
