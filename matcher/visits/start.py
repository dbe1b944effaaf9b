"""A plan by hand: where a solve starts, and what fills a plan that was stopped early."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from matcher.problem import VisitProblem
from matcher.visits.candidates import Room, week_of
from matcher.visits.model import Flags, Model
from matcher.visits.rules import Surroundings


class Diary:
    """Who is engaged where: answers whether a candidate still fits, by the same limits as the rows."""

    def __init__(self, model: Model, around: Surroundings, left: Room) -> None:
        c, u = model.candidates, model.units
        self._who, self._unit = c.role_model, c.unit
        self._start, self._end, self._day = u.start.tolist(), u.end.tolist(), u.day.tolist()
        self._school, self._physical = u.school.tolist(), (u.mode == 0).tolist()
        self._around, self._left = around, left
        self._term, self._quota = left.per_term.tolist(), left.quota.tolist()
        self._company = left.company.tolist()
        self.full = left.per_term <= 0
        """Role models whose term has no room left."""
        self._days, self._weeks = Counter(left.day_used), Counter(left.week_used)
        self._taken: dict[tuple[int, int], list[int]] = defaultdict(list)

    def fits(self, candidate: int) -> bool:
        """May the candidate be added to what is taken?"""
        who, unit = int(self._who[candidate]), int(self._unit[candidate])
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
        who, unit = int(self._who[candidate]), int(self._unit[candidate])
        day = self._day[unit]
        self._term[who] -= sign
        self.full[who] = self._term[who] <= 0
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


class HandRule:
    """Plans as people do: requests in a fair order, each takes the nearest people who are still free.

    Promised anew first; then one request for each school without a visit; then all others; among these, schools without
    a visit in 12 months, larger visits and longer waiting go first.
    """

    def __init__(self, problem: VisitProblem, model: Model, around: Surroundings, left: Room) -> None:
        self._problem, self._model, self._around, self._left = problem, model, around, left
        self._starts = np.searchsorted(model.candidates.unit, np.arange(len(model.units.size) + 1))
        self._units: dict[int, list[int]] = defaultdict(list)
        for unit, request in enumerate(model.units.request.tolist()):
            self._units[request].append(unit)
        visits = {school.id: school.visits_last_12_months for school in problem.schools}
        requests = problem.requests
        self._order = sorted(
            self._units,
            key=lambda r: (visits[requests[r].school] > 0, -requests[r].classes, requests[r].submitted),
        )

    def standing(self, visits: Iterable[Sequence[int]]) -> Flags:
        """Candidates of these visits as far as they fit together, in their order."""
        diary = Diary(self._model, self._around, self._left)
        assigned = np.zeros(len(self._model.candidates.unit), dtype=np.bool_)
        for columns in visits:
            if len(columns) == len(_enough(diary, columns, len(columns))):
                assigned[columns] = True
        return assigned

    def filled(self, assigned: Flags) -> Flags:
        """These candidates and what fits beside them."""
        problem, units = self._problem, self._model.units
        diary = Diary(self._model, self._around, self._left)
        chosen = assigned.copy()
        for candidate in np.flatnonzero(assigned).tolist():
            diary.take(candidate)
        served = set(units.request[self._model.candidates.unit[assigned]].tolist())
        visited = {problem.requests[r].school for r in served}
        fixed = {visit.request for visit in problem.fixed}
        visited |= {r.school for r in problem.requests if r.id in fixed}
        promised = [r for r in self._order if problem.requests[r].priority]
        for requests, only_new_schools in ((promised, False), (self._order, True), (self._order, False)):
            for r in requests:
                school = problem.requests[r].school
                if r in served or (only_new_schools and school in visited):
                    continue
                if people := self._people(diary, r):
                    chosen[people] = True
                    served.add(r)
                    visited.add(school)
        return chosen

    def _people(self, diary: Diary, request: int) -> list[int]:
        """Candidates of the first unit of the request that still finds enough people, now taken; or none."""
        candidates = self._model.candidates
        for unit in self._units[request]:
            here = np.arange(self._starts[unit], self._starts[unit + 1])
            here = here[~diary.full[candidates.role_model[here]]]
            nearest = here[np.argsort(candidates.minutes[here], kind="stable")]
            if people := _enough(diary, nearest.tolist(), int(self._model.units.size[unit])):
                return people
        return []


def _enough(diary: Diary, candidates: Sequence[int], size: int) -> list[int]:
    """The first `size` candidates that fit together, taken; or none, and nothing is taken."""
    people: list[int] = []
    for candidate in candidates:
        if diary.fits(candidate):
            diary.take(candidate)
            people.append(candidate)
            if len(people) == size:
                return people
    for candidate in reversed(people):
        diary.take(candidate, -1)
    return []
