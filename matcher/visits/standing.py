"""A plan as it stands: who is engaged where, what the limits leave, and who could take part in what.

Indices are those of the problem: requests, role models, companies. Times are minutes since 1970, days are ordinals
(date.toordinal), weeks are ISO weeks by number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matcher.eligibility import PAIR_RULES, Engagement, Flags, RoleModelFacts, distance, eligible, minute_of, modes_of
from matcher.plan import VisitPlan
from matcher.problem import Request, VisitProblem
from matcher.visits.candidates import NO_QUOTA, Ints, find_candidates, fixed_engagements, room, week_of

WHEN: dict[str, Callable[[int], int]] = {
    "max_per_day": lambda day: day,
    "max_per_week": week_of,
    "max_per_term": lambda _: 0,
}
"""For each limit of a role model, the number of the time it counts, from a day."""
LIMITS = tuple(WHEN)
AMPLE = 1 << 30
"""A limit that never binds."""


class Slot(NamedTuple):
    """Where and when one request would be held, whoever comes: one option in one mode."""

    option: int
    start: int
    end: int
    day: int
    school: str
    physical: bool


class Place(NamedTuple):
    """One engagement of the plan: a role model at a request."""

    role_model: int
    request: int
    slot: Slot
    fixed: bool


class Offer(NamedTuple):
    """A slot of a request and the role models whom no pair rule keeps from it, in order."""

    slot: Slot
    people: list[int]


@dataclass(frozen=True)
class Change:
    """One value of the problem changed for the sake of the request `number`.

    `request`: the request as changed. `role_model`: whose travel (`over` minutes more) or limit (the field `limit`, one
    more) is changed; -1 where nobody's is.
    """

    number: int
    request: Request
    role_model: int = -1
    over: int = 0
    limit: str = ""


def slots(request: Request) -> Iterator[tuple[Engagement, Slot]]:
    """Every option of the request in every mode it allows."""
    for number, option in enumerate(request.options):
        for mode in modes_of(request):
            engagement = Engagement(request, option, mode)
            yield engagement, _slot(engagement, number)


def _slot(e: Engagement, option: int) -> Slot:
    span = minute_of(e.start), minute_of(e.end)
    return Slot(option, *span, e.date.toordinal(), e.request.school, e.mode == "physical")


class Standing:
    """The problem and its plan, which must have passed the judge."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan) -> None:
        self.problem = problem
        self.facts = RoleModelFacts(problem)
        self.numbers = {request.id: r for r, request in enumerate(problem.requests)}
        self.unserved = [self.numbers[item.request] for item in plan.unserved]
        self._busy = fixed_engagements(problem)
        left = room(problem, self._busy)
        self.company, self.quota = left.company, left.quota
        self._limits: dict[str, list[int]] = {
            field: [getattr(person, field) for person in problem.role_models] for field in LIMITS
        }
        term = Counter((engagement.role_model, 0) for engagement in self._busy)
        self._fixed = dict(zip(LIMITS, (left.day_used, left.week_used, term), strict=True))
        self.of_request: dict[int, list[Place]] = defaultdict(list)
        self.of_person: dict[int, list[Place]] = defaultdict(list)
        self._enter(plan)
        self.of_company: dict[int, list[Place]] = defaultdict(list)
        for place in self.movable:
            if self.company[place.role_model] >= 0:
                self.of_company[int(self.company[place.role_model])].append(place)
        self._minutes: dict[tuple[str, str], int] = {}
        self._offers: dict[int, list[Offer]] = {}

    def _enter(self, plan: VisitPlan) -> None:
        people = {identifier: i for i, identifier in enumerate(self.facts.ids)}
        fixed = {visit.request for visit in self.problem.fixed}
        for visit in plan.visits:
            number = self.numbers[visit.request]
            request = self.problem.requests[number]
            slot = _slot(Engagement(request, request.options[visit.option], visit.mode), visit.option)
            for person in visit.role_models:
                place = Place(people[person.id], number, slot, visit.request in fixed)
                self.of_request[number].append(place)
                self.of_person[place.role_model].append(place)

    @property
    def movable(self) -> list[Place]:
        """Every engagement that is not of a fixed visit."""
        return [place for places in self.of_request.values() for place in places if not place.fixed]

    def room_of(self, field: str, person: int, when: int = 0, change: Change | None = None) -> int:
        """What a limit leaves beside the fixed visits, never below 0; `when` is the day or week."""
        more = int(change is not None and change.role_model == person and change.limit == field)
        return max(0, self._limits[field][person] + more - self._fixed[field][person, when])

    @cached_property
    def table(self) -> tuple[Ints, Ints, Ints]:
        """Every pair against which no pair rule and no time of a fixed visit stands: request, role model and day.

        Limits are not asked, and every request is taken as one for one role model, so that no pair is left out.
        """
        alone = replace(self.problem, requests=tuple(replace(r, role_models=1) for r in self.problem.requests))
        ample, left = np.full(self.facts.count, AMPLE), room(self.problem, self._busy)
        quota = np.full(len(left.quota), NO_QUOTA)
        open_to_all = replace(left, per_day=ample, per_week=ample, per_term=ample, quota=quota)
        candidates, units = find_candidates(alone, self.facts, open_to_all)
        return units.request[candidates.unit], candidates.role_model, units.day[candidates.unit]

    def offers(self, number: int, change: Change | None = None) -> list[Offer]:
        """The slots of a request with who may take part in each, under the change."""
        changed = change is not None and number == change.number
        request = change.request if change is not None and changed else self.problem.requests[number]
        if changed:
            found = [Offer(slot, _listed(eligible(self.facts, e))) for e, slot in slots(request)]
        elif number in self._offers:
            found = self._offers[number]
        else:
            found = self._offers[number] = [Offer(slot, _listed(eligible(self.facts, e))) for e, slot in slots(request)]
        if change is None or not change.over:
            return found
        nearly = (self.over(e)[change.role_model] <= change.over for e, _ in slots(request))
        more = ([change.role_model] if near else [] for near in nearly)
        return [Offer(o.slot, sorted({*o.people, *added})) for o, added in zip(found, more, strict=True)]

    def over(self, e: Engagement) -> Ints:
        """Minutes of travel beyond each role model's limit, `AMPLE` where another rule stands or the limit holds."""
        if e.mode != "physical":
            return np.full(self.facts.count, AMPLE)
        blocked = ~distance(self.facts, e)
        for rule in PAIR_RULES:
            if rule is not distance:
                blocked |= rule(self.facts, e)
        over = self.facts.minutes_to(e.request.school) - self.facts.max_travel
        return np.where(blocked, AMPLE, over)

    def in_the_way(self, person: int, slot: Slot, change: Change) -> list[Place] | None:
        """Engagements any one of which would have to go for the role model to come to this slot too.

        Empty: nothing stands in the way. None: no single one would do.
        """
        places = self.of_person.get(person, [])
        moving = [place for place in places if not place.fixed]
        needs = [[place] for place in places if not self.apart(place.slot, slot)]
        if any(place.fixed for need in needs for place in need):
            return None
        for field, when_of in WHEN.items():
            when = when_of(slot.day)
            counted = [place for place in moving if when_of(place.slot.day) == when]
            if len(counted) >= self.room_of(field, person, when, change):
                needs.append(counted)
        company = int(self.company[person])
        if company >= 0 and len(colleagues := self.of_company.get(company, [])) >= self.quota[company]:
            needs.append(colleagues)
        if not needs:
            return []
        return [place for place in needs[0] if all(place in need for need in needs)] or None

    def without(self, requests: Iterable[int]) -> "Standing":
        """The plan without the visits of these requests, to be added to by `hold`; the plan itself stays as it is."""
        other = copy(self)
        gone = set(requests)
        people = {place.role_model for number in gone for place in self.of_request.get(number, [])}
        companies = {int(self.company[person]) for person in people} - {-1}
        other.of_person, other.of_company = self.of_person.copy(), self.of_company.copy()
        for kept, owners in ((other.of_person, people), (other.of_company, companies)):
            for owner in owners:
                kept[owner] = [place for place in kept[owner] if place.request not in gone]
        return other

    def hold(self, places: list[Place]) -> bool:
        """Add the engagements of one visit, whose people are all able; False, and none added, where a quota forbids."""
        companies = Counter(int(self.company[place.role_model]) for place in places)
        del companies[-1]
        if any(len(self.of_company.get(c, ())) + n > self.quota[c] for c, n in companies.items()):
            return False
        for held, owner, place in self._owned(places):
            held[owner] = [*held.get(owner, []), place]
        return True

    def release(self, places: list[Place]) -> None:
        """Take back what was held."""
        for held, owner, place in self._owned(places):
            held[owner] = [other for other in held[owner] if other is not place]

    def _owned(self, places: list[Place]) -> Iterator[tuple[dict[int, list[Place]], int, Place]]:
        for place in places:
            yield self.of_person, place.role_model, place
            if self.company[place.role_model] >= 0:
                yield self.of_company, int(self.company[place.role_model]), place

    def free_at_once(self, slot: Slot, people: Iterable[int], change: Change) -> list[int]:
        """Those of the role models who could come to the slot together, nobody moved; quotas take the first ones."""
        free, taken = [], Counter[int]()
        for person in people:
            company = int(self.company[person])
            room = int(self.quota[company]) - len(self.of_company.get(company, ())) if company >= 0 else AMPLE
            if self.in_the_way(person, slot, change) == [] and taken[company] < room:
                free.append(person)
                taken[company] += 1
        return free

    def apart(self, a: Slot, b: Slot) -> bool:
        """Is there time between two engagements of one role model, travel included where both are physical?"""
        if a.day != b.day:
            return True
        if a.start > b.start:
            a, b = b, a
        return a.end + (self._between(a.school, b.school) if a.physical and b.physical else 0) <= b.start

    def _between(self, here: str, there: str) -> int:
        if (here, there) not in self._minutes:
            places = self.facts.school_place(here), self.facts.school_place(there)
            self._minutes[here, there] = self.facts.times.minutes(*places)
        return self._minutes[here, there]


def _listed(flags: Flags) -> list[int]:
    people: list[int] = np.flatnonzero(flags).tolist()
    return people
