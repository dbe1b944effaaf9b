"""A prepared season as a local repair sees it: who may take what, what stands where, what each visit brings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from matcher.eligibility import MODES, RoleModelFacts
from matcher.problem import VisitProblem
from matcher.visits.candidates import Busy, Candidates, Units, week_of
from matcher.visits.model import Flags

FIXED = -1
"""Stands for the visit of an engagement that does not move."""


class Span(NamedTuple):
    """When and where an engagement takes place: day number, minutes since 1970, school; `visit` or FIXED."""

    day: int
    start: int
    end: int
    physical: bool
    school: int
    visit: int


class Standing(NamedTuple):
    """A visit of the plan before that may move: request, unit and candidates, by number."""

    request: int
    unit: int
    columns: tuple[int, ...]


class Key(NamedTuple):
    """A limit: `day` and `week` of a person with the number of the day or week, `term` of a person, `quota`."""

    code: str
    owner: int
    when: int


class Limits:
    """Most engagements of each person a day, a week and in all, and of each company, by number."""

    def __init__(self, problem: VisitProblem) -> None:
        people = problem.role_models
        self._most: dict[str, list[int | None]] = {
            "day": [person.max_per_day for person in people],
            "week": [person.max_per_week for person in people],
            "term": [person.max_per_term for person in people],
            "quota": [company.quota for company in problem.companies],
        }

    def most(self, key: Key) -> int | None:
        """The limit; None for a company without one."""
        return self._most[key.code][key.owner]


class Load:
    """Engagements that stand, counted as limits count them, and by person and day."""

    def __init__(self) -> None:
        self._used: Counter[Key] = Counter()
        self.on: dict[tuple[int, int], tuple[Span, ...]] = {}

    def used(self, key: Key) -> int:
        """Engagements that count in the limit."""
        return self._used[key]

    def add(self, person: int, company: int, span: Span, sign: int = 1) -> None:
        """Add an engagement, or with sign -1 take it away; `company` -1 for none."""
        self._used[Key("day", person, span.day)] += sign
        self._used[Key("week", person, week_of(span.day))] += sign
        self._used[Key("term", person, 0)] += sign
        if company >= 0:
            self._used[Key("quota", company, 0)] += sign
        there = self.on.get((person, span.day), ())
        self.on[person, span.day] = (*there, span) if sign > 0 else tuple(other for other in there if other != span)

    def copy(self) -> "Load":
        """A load of its own that starts as this one."""
        other = Load()
        other._used, other.on = self._used.copy(), dict(self.on)
        return other


class Land:
    """The season before a change: candidates that plans of its best values may use, and the plan's visits.

    `usable`: candidates that some plan with the plan's values down to `days_waited` could use. `idle`: requests without
    a visit that have such candidates. `suppliers`: visits that could be held with reserved supply in another way.
    """

    def __init__(
        self,
        problem: VisitProblem,
        facts: RoleModelFacts,
        candidates: Candidates,
        units: Units,
        usable: Flags,
        standing: Sequence[Standing],
        busy: Iterable[Busy],
    ) -> None:
        self.problem, self.facts, self.candidates, self.units = problem, facts, candidates, units
        self.standing = tuple(standing)
        self.visit_of = {visit.request: v for v, visit in enumerate(standing)}
        numbers = {company.id: i for i, company in enumerate(problem.companies)}
        self.company = [-1 if p.company is None else numbers[p.company] for p in problem.role_models]
        self.who, self.unit = candidates.role_model.tolist(), candidates.unit.tolist()
        self.request = units.request.tolist()
        school = {place.id: i for i, place in enumerate(problem.schools)}
        self.school = [school[request.school] for request in problem.requests]
        self.minutes, self.wishes = candidates.minutes.tolist(), candidates.wishes.tolist()
        self.reserved = candidates.reserved.tolist()
        self._weigh_requests()
        self._minutes: dict[tuple[int, int], int] = {}
        spans = zip(units.day, units.start, units.end, units.mode == 0, units.school, strict=True)
        self.span = [
            Span(int(day), int(start), int(end), bool(physical), int(place), FIXED)
            for day, start, end, physical, place in spans
        ]
        self._first = np.searchsorted(candidates.unit, np.searchsorted(units.request, np.arange(units.requests + 1)))
        self._usable = usable
        none = np.zeros_like(usable)
        fixed = {visit.request for visit in problem.fixed}
        open_to = (r for r, request in enumerate(problem.requests) if request.id not in fixed)
        self.idle = [r for r in open_to if r not in self.visit_of and self.columns_of(r, none)]
        self.suppliers = frozenset(
            v
            for v, visit in enumerate(self.standing)
            if any(self.reserved[c] for c in self.columns_of(visit.request, none) if c not in visit.columns)
        )
        self.load = Load()
        self._visits_of_person: dict[int, list[int]] = defaultdict(list)
        self._visits_of_company: dict[int, list[int]] = defaultdict(list)
        for engagement in busy:
            where = school[engagement.school]
            span = Span(engagement.day, engagement.start, engagement.end, engagement.physical, where, FIXED)
            self.load.add(engagement.role_model, self.company[engagement.role_model], span)
        self.spans = [self.span[visit.unit]._replace(visit=v) for v, visit in enumerate(self.standing)]
        for v, visit in enumerate(self.standing):
            for column in visit.columns:
                person = self.who[column]
                self.load.add(person, self.company[person], self.spans[v])
                self._visits_of_person[person].append(v)
                self._visits_of_company[self.company[person]].append(v)

    def _weigh_requests(self) -> None:
        """What a request, its school and its modes are worth to the goals."""
        requests, schools = self.problem.requests, self.problem.schools
        self.priority = [int(request.priority) for request in requests]
        self.classes = [request.classes for request in requests]
        self.days_waited = [max(0, (self.problem.today - request.submitted).days) for request in requests]
        self.is_first = [int(school.visits_last_12_months == 0) for school in schools]
        modes = zip(self.request, self.units.mode.tolist(), strict=True)
        self.is_preferred = [requests[r].mode == "either" and requests[r].prefers == MODES[mode] for r, mode in modes]
        numbers = {request.id: r for r, request in enumerate(requests)}
        self._visits_of_school = Counter(self.school[visit.request] for visit in self.standing)
        self._visits_of_school.update(self.school[numbers[fixed.request]] for fixed in self.problem.fixed)

    def is_visited(self, school: int) -> bool:
        """Has the school a visit in the plan before?"""
        return self._visits_of_school[school] > 0

    def schools_only_in(self, requests: Iterable[int]) -> set[int]:
        """Schools all of whose visits in the plan before are those of these requests, which all have one."""
        inside = Counter(self.school[request] for request in requests)
        return {school for school, visits in inside.items() if visits == self._visits_of_school[school]}

    def columns_of(self, request: int, gone: Flags) -> list[int]:
        """The request's usable candidates that are not gone."""
        here = np.arange(self._first[request], self._first[request + 1])
        chosen: list[int] = here[self._usable[here] & ~gone[here]].tolist()
        return chosen

    def apart(self, one: Span, other: Span) -> bool:
        """Is there time between the two, travel included where both are physical?"""
        if other.start < one.start:
            one, other = other, one
        minutes = 0
        if one.physical and other.physical:
            key = one.school, other.school
            if key not in self._minutes:
                schools = self.problem.schools
                here, there = (self.facts.school_place(schools[place].id) for place in key)
                self._minutes[key] = self.facts.times.minutes(here, there)
            minutes = self._minutes[key]
        return one.end + minutes <= other.start

    def limits_of(self, column: int) -> Iterator[Key]:
        """The limits in which the candidate's engagement counts."""
        person, day = self.who[column], self.span[self.unit[column]].day
        yield Key("day", person, day)
        yield Key("week", person, week_of(day))
        yield Key("term", person, 0)
        if self.company[person] >= 0:
            yield Key("quota", self.company[person], 0)

    def users_of(self, key: Key) -> list[int]:
        """The visits of the plan before that count in a limit."""
        if key.code == "quota":
            return self._visits_of_company[key.owner]
        mine = self._visits_of_person[key.owner]
        if key.code == "term":
            return mine
        of_day = (lambda day: day) if key.code == "day" else week_of
        return [visit for visit in mine if of_day(self.spans[visit].day) == key.when]

    def obstacles(self, column: int, load: Load, limits: Limits) -> list[frozenset[int]]:
        """Groups of visits of each of which some have to go before the candidate fits; none where it fits.

        An empty group: what stands there does not move. Where the load keeps the limits, one of each group will do.
        """
        person, span = self.who[column], self.span[self.unit[column]]
        clashing = (other for other in load.on.get((person, span.day), ()) if not self.apart(other, span))
        found = [frozenset({other.visit} - {FIXED}) for other in clashing]
        for key in self.limits_of(column):
            most = limits.most(key)
            if most is not None and load.used(key) >= most:
                found.append(frozenset(self.users_of(key)))
        return found
