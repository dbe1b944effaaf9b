"""Who could visit whom: every (request, option, mode, role model) with no pair rule or fixed visit against it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import MODES, Engagement, RememberedRules, RoleModelFacts, minute_of, modes_of
from matcher.plan import Conflict
from matcher.problem import Request, VisitProblem

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """Requests in one option and one mode, as arrays: indices into the problem, minutes since 1970, day numbers."""

    requests: int
    request: Ints
    option: Ints
    mode: Ints
    size: Ints
    school: Ints
    start: Ints
    end: Ints
    day: Ints


@dataclass(frozen=True)
class Candidates:
    """One entry for each role model who may take part in a unit; what the pair is worth to the goals goes with it.

    Sorted by unit. There may be millions, so each array has the smallest type of whole numbers that holds it.
    """

    unit: NDArray[Any]
    role_model: NDArray[Any]
    minutes: NDArray[Any]
    wishes: NDArray[Any]
    reserved: NDArray[Any]


class Busy(NamedTuple):
    """An engagement of a fixed visit; indices of person and visit, minutes since 1970, day number, id of the school."""

    role_model: int
    visit: int
    start: int
    end: int
    day: int
    physical: bool
    school: str


@dataclass(frozen=True)
class Room:
    """What limits leave beside the fixed visits, never below 0; weeks go from Monday to Sunday as in ISO 8601."""

    per_day: Ints
    per_week: Ints
    per_term: Ints
    quota: Ints
    company: Ints
    busy: tuple[Busy, ...]
    day_used: Counter[tuple[int, int]]
    week_used: Counter[tuple[int, int]]

    def of(self, people: Sequence[int]) -> "Room":
        """The same for these role models alone, numbered as given."""
        number = {person: i for i, person in enumerate(people)}
        return replace(
            self,
            per_day=self.per_day[people],
            per_week=self.per_week[people],
            per_term=self.per_term[people],
            company=self.company[people],
            busy=tuple(b._replace(role_model=number[b.role_model]) for b in self.busy if b.role_model in number),
            day_used=Counter({(number[p], day): n for (p, day), n in self.day_used.items() if p in number}),
            week_used=Counter({(number[p], week): n for (p, week), n in self.week_used.items() if p in number}),
        )

    def used_up(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """For days, and for weeks: the role models whom fixed visits leave no room in them."""
        days: dict[int, list[int]] = defaultdict(list)
        weeks: dict[int, list[int]] = defaultdict(list)
        for (person, day), used in self.day_used.items():
            if used >= self.per_day[person]:
                days[day].append(person)
        for (person, week), used in self.week_used.items():
            if used >= self.per_week[person]:
                weeks[week].append(person)
        return days, weeks


NO_QUOTA = 1 << 40


def week_of(day: int) -> int:
    """Number of the ISO week of a day number (date.toordinal): day 1 is a Monday."""
    return (day - 1) // 7


def fixed_engagements(problem: VisitProblem) -> tuple[Busy, ...]:
    """Every engagement of the fixed visits."""
    requests = {request.id: request for request in problem.requests}
    people = {person.id: i for i, person in enumerate(problem.role_models)}
    engagements = []
    for number, visit in enumerate(problem.fixed):
        request = requests[visit.request]
        lessons = request.options[visit.option].lessons
        start, end, day = minute_of(lessons[0].start), minute_of(lessons[-1].end), lessons[0].start.toordinal()
        rest = (number, start, end, day, visit.mode == "physical", request.school)
        engagements += [Busy(people[person], *rest) for person in visit.role_models]
    return tuple(engagements)


def conflicts(busy: tuple[Busy, ...]) -> tuple[Conflict, ...]:
    """Pairs of fixed visits that put one person in two places at once: no valid plan holds both."""
    by_person = defaultdict(list)
    for engagement in busy:
        by_person[engagement.role_model].append(engagement)
    pairs = {
        (min(a.visit, b.visit), max(a.visit, b.visit))
        for engagements in by_person.values()
        for a, b in combinations(engagements, 2)
        if a.start < b.end and b.start < a.end
    }
    return tuple(Conflict(code="overlap", items=(f"fixed[{a}]", f"fixed[{b}]")) for a, b in sorted(pairs))


def room(problem: VisitProblem, busy: tuple[Busy, ...]) -> Room:
    """Limits less what the fixed visits use."""
    people = problem.role_models
    companies = {company.id: i for i, company in enumerate(problem.companies)}
    company = np.array([-1 if p.company is None else companies[p.company] for p in people], dtype=np.int64)
    quota = np.array([NO_QUOTA if c.quota is None else c.quota for c in problem.companies], dtype=np.int64)
    per_term = np.array([p.max_per_term for p in people], dtype=np.int64)
    for engagement in busy:
        per_term[engagement.role_model] -= 1
        if company[engagement.role_model] >= 0:
            quota[company[engagement.role_model]] -= 1
    return Room(
        per_day=np.array([p.max_per_day for p in people], dtype=np.int64),
        per_week=np.array([p.max_per_week for p in people], dtype=np.int64),
        per_term=np.maximum(per_term, 0),
        quota=np.maximum(quota, 0),
        company=company,
        busy=busy,
        day_used=Counter((b.role_model, b.day) for b in busy),
        week_used=Counter((b.role_model, week_of(b.day)) for b in busy),
    )


Found = list[tuple[tuple[int, ...], list[NDArray[Any]]]]
"""Units, each as its entry in each array of Units, and of its candidates the entries in each other array."""


class CandidateFinder:
    """Asks the pair rules and the fixed visits about every unit."""

    def __init__(self, problem: VisitProblem, facts: RoleModelFacts, left: Room) -> None:
        self._facts, self._rules = facts, RememberedRules(facts)
        self._shared: dict[tuple[str, ...], Ints] = {}
        self._reserved: dict[tuple[date, str], Ints] = {}
        self._schools = {school.id: i for i, school in enumerate(problem.schools)}
        self._open = (left.per_day > 0) & (left.per_week > 0) & (left.per_term > 0)
        self._open &= (left.company < 0) | (np.append(left.quota, 1)[left.company] > 0)
        self._full_days, self._full_weeks = left.used_up()
        self._busy_on: dict[int, list[Busy]] = defaultdict(list)
        for engagement in left.busy:
            self._busy_on[engagement.day].append(engagement)

    def people(self, e: Engagement) -> Ints:
        """Indices of the role models who may take part in the engagement."""
        may = self._rules.eligible(e) & self._open
        day = e.date.toordinal()
        may[self._full_days.get(day, [])] = False
        may[self._full_weeks.get(week_of(day), [])] = False
        for busy in self._busy_on.get(day, ()):
            if may[busy.role_model]:
                may[busy.role_model] = self._apart(busy, e)
        return np.flatnonzero(may)

    def _apart(self, busy: Busy, e: Engagement) -> bool:
        """Is there time between the two, travel included where both are physical?"""
        before = after = 0
        if busy.physical and e.mode == "physical":
            there, here = self._facts.school_place(busy.school), self._facts.school_place(e.request.school)
            before, after = self._facts.times.minutes(there, here), self._facts.times.minutes(here, there)
        return busy.end + before <= minute_of(e.start) or minute_of(e.end) + after <= busy.start

    def units(self, r: int, request: Request, fewest: int | None = None) -> Found:
        """The request's units with enough people (or `fewest`), each with them and what the pairs are worth."""
        found, fewest = [], request.role_models if fewest is None else fewest
        for o, option in enumerate(request.options):
            for held in modes_of(request):
                engagement = Engagement(request, option, held)
                people = self.people(engagement)
                if len(people) >= fewest:
                    found.append((self.unit(r, o, engagement), [compact(people), *self.worth(engagement, people)]))
        return found

    def worth(self, e: Engagement, people: Ints) -> list[NDArray[Any]]:
        """For each of these people: minutes travelled, wishes met, 1 where it is on a reservation for this town."""
        facts, request = self._facts, e.request
        travel = facts.minutes_to(request.school)[people] if e.mode == "physical" else np.zeros_like(people)
        if request.wishes not in self._shared:
            self._shared[request.wishes] = facts.shared_topics(request.wishes)
        day_and_town = e.date, facts.schools[request.school].municipality
        if day_and_town not in self._reserved:
            self._reserved[day_and_town] = np.flatnonzero(facts.reserved_for(*day_and_town))
        reserved = np.isin(people, self._reserved[day_and_town]) if len(self._reserved[day_and_town]) else people < 0
        return [compact(travel), compact(self._shared[request.wishes][people]), reserved.astype(np.int8)]

    def unit(self, r: int, o: int, e: Engagement) -> tuple[int, ...]:
        """The unit's entry in each array of Units."""
        school, span = self._schools[e.request.school], (minute_of(e.start), minute_of(e.end))
        return (r, o, MODES.index(e.mode), e.request.role_models, school, *span, e.date.toordinal())


def find_candidates(problem: VisitProblem, facts: RoleModelFacts, left: Room) -> tuple[Candidates, Units]:
    """All units with enough people, and their candidates. Requests of fixed visits have none: they are served."""
    finder = CandidateFinder(problem, facts, left)
    fixed = {visit.request for visit in problem.fixed}
    of_request: list[Found] = [[] for _ in problem.requests]
    for r in sorted(range(len(problem.requests)), key=lambda r: problem.requests[r].school):
        if problem.requests[r].id not in fixed:
            of_request[r] = finder.units(r, problem.requests[r])
    return as_arrays(len(problem.requests), [pair for pairs in of_request for pair in pairs])


def as_arrays(requests: int, found: Found) -> tuple[Candidates, Units]:
    """Units and their candidates, in the order given."""
    units, parts = [unit for unit, _ in found], [part for _, part in found]
    by_unit = np.array(units, dtype=np.int64).reshape(-1, 8).T
    unit = np.repeat(np.arange(len(units), dtype=np.int32), [len(part[0]) for part in parts])
    by_candidate = [np.concatenate(column) for column in zip(*parts, strict=True)]
    candidates = Candidates(unit, *by_candidate) if parts else Candidates(*[np.zeros(0, dtype=np.int32)] * 5)
    return candidates, Units(requests, *[np.ascontiguousarray(column) for column in by_unit])


def compact(numbers: Ints) -> NDArray[Any]:
    """The same numbers, in 32 bits where they fit."""
    fits = not len(numbers) or (numbers.max() < 1 << 31 and numbers.min() > -(1 << 31))
    return numbers.astype(np.int32) if fits else numbers
