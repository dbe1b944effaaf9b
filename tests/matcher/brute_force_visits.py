"""Every valid visit plan of a small problem, by plain enumeration; knows neither solver nor judge."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from matcher.problem import Option, Request, RoleModel, VisitProblem
from matcher.travel import TravelTimes, place

GOALS = (
    ("priority", "max"),
    ("reserved", "max"),
    ("schools", "max"),
    ("first_visits", "max"),
    ("classes", "max"),
    ("days_waited", "max"),
    ("wishes", "max"),
    ("travel_minutes", "min"),
    ("spread", "min"),
)

Vector = tuple[int, ...]


class Held(NamedTuple):
    """A request held in an option and mode by these people (ids, sorted)."""

    request: Request
    option: int
    mode: str
    people: tuple[str, ...]
    fixed: bool

    @property
    def chosen(self) -> Option:
        return self.request.options[self.option]

    @property
    def start(self) -> datetime:
        return self.chosen.lessons[0].start

    @property
    def end(self) -> datetime:
        return self.chosen.lessons[-1].end


class VisitEnumeration:
    """All valid plans of one problem: `plans` maps each to its goal values, in the goals' own senses."""

    def __init__(self, problem: VisitProblem) -> None:
        self.problem = problem
        self.people = {person.id: person for person in problem.role_models}
        self.schools = {school.id: school for school in problem.schools}
        self.times = TravelTimes(problem.travel)
        self.fixed = [
            Held(
                next(r for r in problem.requests if r.id == f.request),
                f.option,
                f.mode,
                tuple(sorted(f.role_models)),
                True,
            )
            for f in problem.fixed
        ]
        fixed_requests = {held.request.id for held in self.fixed}
        self.open_requests = [request for request in problem.requests if request.id not in fixed_requests]
        self.candidates = [list(self.candidates_of(request)) for request in self.open_requests]

    @property
    def size(self) -> int:
        """An upper bound on how many plans there are."""
        size = 1
        for candidates in self.candidates:
            size *= len(candidates) + 1
        return size

    @property
    def is_infeasible(self) -> bool:
        """Two fixed visits of one person overlap."""
        return any(
            set(a.people) & set(b.people) and a.start < b.end and b.start < a.end
            for a, b in combinations(self.fixed, 2)
        )

    def minutes_home(self, person: RoleModel, school: str) -> int:
        there = self.schools[school]
        return self.times.minutes(
            place("role_model", person.id, person.lat, person.lon), place("school", school, there.lat, there.lon)
        )

    def minutes_between(self, one: str, other: str) -> int:
        a, b = self.schools[one], self.schools[other]
        return self.times.minutes(place("school", one, a.lat, a.lon), place("school", other, b.lat, b.lon))

    def candidates_of(self, request: Request) -> Iterator[Held]:
        for option in range(len(request.options)):
            for mode in ("physical", "digital"):
                able = [p.id for p in self.problem.role_models if self.may_meet(p, request, option, mode)]
                for people in combinations(sorted(able), request.role_models):
                    yield Held(request, option, mode, people, False)

    def may_meet(self, person: RoleModel, request: Request, option: int, mode: str) -> bool:
        lessons = request.options[option].lessons
        start, end = lessons[0].start, lessons[-1].end
        school = self.schools[request.school]
        reservations = [r for r in person.reserved if r.from_ <= start.date() <= r.to]
        return (
            mode in person.modes
            and request.mode in (mode, "either")
            and (not request.topics or not set(request.topics).isdisjoint(person.topics))
            and person.grades[0] <= request.grade <= person.grades[1]
            and (mode == "digital" or self.minutes_home(person, school.id) <= person.max_travel_minutes)
            and any(f.start <= start and end <= f.end for f in person.free)
            and len(lessons) <= person.max_lessons
            and (not reservations or any(school.municipality in r.municipalities for r in reservations))
            and not any(
                r.role_model == person.id
                and (r.request is None or r.request == request.id)
                and (r.school is None or r.school == school.id)
                and (r.start is None or r.start == start)
                for r in self.problem.refused
            )
        )

    def fits(self, new: Held, held: Sequence[Held]) -> bool:
        """Adding `new`, which is not fixed, to valid `held` breaks no limit and no time."""
        for identifier in new.people:
            person = self.people[identifier]
            mine = [h for h in held if identifier in h.people]
            today = [h for h in mine if h.start.date() == new.start.date()]
            week = [h for h in mine if h.start.isocalendar()[:2] == new.start.isocalendar()[:2]]
            if len(today) >= person.max_per_day or len(week) >= person.max_per_week or len(mine) >= person.max_per_term:
                return False
            if any(not self._apart(h, new) for h in today):
                return False
        for company in self.problem.companies:
            own = {p.id for p in self.problem.role_models if p.company == company.id}
            adds = len(own & set(new.people))
            if (
                company.quota is not None
                and adds
                and sum(len(own & set(h.people)) for h in held) + adds > company.quota
            ):
                return False
        return True

    def _apart(self, a: Held, b: Held) -> bool:
        first, second = sorted((a, b), key=lambda h: h.start)
        if second.start < first.end:
            return False
        if "digital" in (first.mode, second.mode):
            return True
        gap = (second.start - first.end).total_seconds() / 60
        return gap >= self.minutes_between(first.request.school, second.request.school)

    def plans(self) -> Iterator[tuple[Held, ...]]:
        """Every valid plan; none when the problem is infeasible."""
        if not self.is_infeasible:
            yield from self._extend(tuple(self.fixed), 0)

    def _extend(self, held: tuple[Held, ...], i: int) -> Iterator[tuple[Held, ...]]:
        if i == len(self.open_requests):
            yield held
            return
        yield from self._extend(held, i + 1)
        for candidate in self.candidates[i]:
            if self.fits(candidate, held):
                yield from self._extend((*held, candidate), i + 1)

    def values(self, plan: Sequence[Held]) -> Vector:
        """The value of each goal."""
        schools = {h.request.school for h in plan}
        assigned = [(h, self.people[p]) for h in plan for p in h.people]
        persons = Counter(p.id for _, p in assigned)
        companies = Counter(p.company for _, p in assigned if p.company)
        return (
            sum(h.request.priority for h in plan),
            sum(self._supplied(h, p) for h, p in assigned),
            len(schools),
            sum(self.schools[s].visits_last_12_months == 0 for s in schools),
            sum(h.request.classes for h in plan),
            sum(max(0, (self.problem.today - h.request.submitted).days) for h in plan),
            sum(len(set(h.request.wishes) & set(p.topics)) for h, p in assigned)
            + sum(h.request.mode == "either" and h.request.prefers == h.mode for h in plan),
            sum(self.minutes_home(p, h.request.school) for h, p in assigned if h.mode == "physical"),
            sum(n**2 for n in persons.values()) + sum(n**2 for n in companies.values()),
        )

    def _supplied(self, held: Held, person: RoleModel) -> bool:
        town = self.schools[held.request.school].municipality
        return any(r.from_ <= held.start.date() <= r.to and town in r.municipalities for r in person.reserved)


def at_least_as_good(sense: str, value: int, other: int) -> bool:
    """`value` reaches `other` in this sense."""
    return value >= other if sense == "max" else value <= other


def best(goals: Sequence[tuple[str, str]], vectors: set[Vector]) -> Vector:
    """The lexicographically best vector."""
    signs = [1 if sense == "max" else -1 for _, sense in goals]
    return max(vectors, key=lambda vector: tuple(sign * value for sign, value in zip(signs, vector, strict=True)))


def true_bounds(goals: Sequence[tuple[str, str]], vectors: set[Vector], reached: Vector) -> Vector:
    """For each goal the best value among all vectors that reach `reached` in the goals before it."""
    bounds = []
    left = set(vectors)
    for i, (_, sense) in enumerate(goals):
        bounds.append((max if sense == "max" else min)(vector[i] for vector in left))
        left = {vector for vector in left if at_least_as_good(sense, vector[i], reached[i])}
    return tuple(bounds)
