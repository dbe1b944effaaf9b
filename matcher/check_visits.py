"""The judge of visit plans: one named function for each rule, and every goal recounted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import combinations
from typing import NamedTuple

from matcher.check_common import (
    Minutes,
    Recount,
    Violation,
    broken,
    is_another_problem,
    unsorted,
    wrong_empty_plan,
    wrong_goals,
)
from matcher.check_repair import held_as, wrong_moves
from matcher.check_told import VisitChanges
from matcher.plan import Visit, VisitPlan
from matcher.problem import Option, Request, RoleModel, School, VisitProblem


class Held(NamedTuple):
    """A visit of the plan with what the problem says about it; `option` is None when the request has no such one.

    Times are the option's where it exists. `fixed`: it is a fixed visit, unchanged.
    """

    visit: Visit
    request: Request
    school: School
    option: Option | None
    start: datetime
    end: datetime
    people: tuple[RoleModel, ...]
    fixed: bool

    @property
    def date(self) -> date:
        """The date of all its lessons."""
        return self.start.date()

    @property
    def is_physical(self) -> bool:
        """Held at the school."""
        return self.visit.mode == "physical"


class VisitFacts:
    """A visit problem and plan, looked up once for all rules. Items with unknown ids are left to `unknown`."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.requests = {request.id: request for request in problem.requests}
        self.people = {person.id: person for person in problem.role_models}
        self.schools = {school.id: school for school in problem.schools}
        self.fixed = {visit.request: visit for visit in problem.fixed}
        self.minutes = Minutes(problem.travel)
        self.held = tuple(self._held(visit) for visit in plan.visits if visit.request in self.requests)
        self.pairs = tuple((held, person) for held in self.held if not held.fixed for person in held.people)
        self.by_person: dict[str, list[Held]] = defaultdict(list)
        for held in self.held:
            for person in held.people:
                self.by_person[person.id].append(held)
        self.refusals = defaultdict(list)
        for refusal in problem.refused:
            self.refusals[refusal.role_model].append(refusal)

    def _held(self, visit: Visit) -> Held:
        request = self.requests[visit.request]
        option = request.options[visit.option] if visit.option < len(request.options) else None
        people = tuple(self.people[person.id] for person in visit.role_models if person.id in self.people)
        return Held(
            visit=visit,
            request=request,
            school=self.schools[request.school],
            option=option,
            start=option.lessons[0].start if option else visit.start,
            end=option.lessons[-1].end if option else visit.end,
            people=people,
            fixed=self._is_fixed(visit),
        )

    def _is_fixed(self, visit: Visit) -> bool:
        fixed = self.fixed.get(visit.request)
        if fixed is None or (fixed.option, fixed.mode) != (visit.option, visit.mode):
            return False
        return sorted(fixed.role_models) == sorted(person.id for person in visit.role_models)

    def minutes_from_home(self, person: RoleModel, school: School) -> int:
        """Minutes from a role model's home to a school."""
        here, there = (person.lat, person.lon), (school.lat, school.lon)
        return self.minutes.between(f"role_model:{person.id}", here, f"school:{school.id}", there)

    def minutes_between(self, one: School, other: School) -> int:
        """Minutes from one school to another."""
        here, there = (one.lat, one.lon), (other.lat, other.lon)
        return self.minutes.between(f"school:{one.id}", here, f"school:{other.id}", there)


def wrong_problem(facts: VisitFacts) -> Iterator[str]:
    """The plan is for this very problem."""
    yield from is_another_problem(facts.problem, facts.plan)


def unknown(facts: VisitFacts) -> Iterator[str]:
    """Requests and role models are those of the problem."""
    for visit in facts.plan.visits:
        if visit.request not in facts.requests:
            yield f"a visit is for request {visit.request!r}, which the problem does not have"
        for person in visit.role_models:
            if person.id not in facts.people:
                yield f"the visit of {visit.request!r} has role model {person.id!r}, whom the problem does not have"


def count(facts: VisitFacts) -> Iterator[str]:
    """Served at most once, by exactly the number asked for, distinct people."""
    for request, visits in Counter(held.request.id for held in facts.held).items():
        if visits > 1:
            yield f"request {request!r} is served {visits} times"
    for held in facts.held:
        ids = [person.id for person in held.visit.role_models]
        if len(set(ids)) < len(ids):
            yield f"the visit of {held.request.id!r} has one role model twice"
        elif not held.fixed and len(ids) != held.request.role_models:
            yield f"request {held.request.id!r} asks for {held.request.role_models} role models and gets {len(ids)}"


def option(facts: VisitFacts) -> Iterator[str]:
    """In one of the request's options, from its first lesson's start to its last one's end."""
    for held in facts.held:
        if held.option is None:
            yield f"request {held.request.id!r} has no option {held.visit.option}"
        elif (held.visit.start, held.visit.end) != (held.start, held.end):
            yield f"the visit of {held.request.id!r} is not at the time of its option {held.visit.option}"


def mode(facts: VisitFacts) -> Iterator[str]:
    """In a mode that the request allows and that is among each role model's modes."""
    for held in facts.held:
        if not held.fixed and held.request.mode not in ("either", held.visit.mode):
            yield f"request {held.request.id!r} asks for {held.request.mode}, the visit is {held.visit.mode}"
    for held, person in facts.pairs:
        if held.visit.mode not in person.modes:
            yield f"role model {person.id!r} does not offer the {held.visit.mode} visit of {held.request.id!r}"


def topic(facts: VisitFacts) -> Iterator[str]:
    """At least one shared topic, unless the request names none."""
    for held, person in facts.pairs:
        if held.request.topics and not set(held.request.topics) & set(person.topics):
            yield f"role model {person.id!r} shares no topic with request {held.request.id!r}"


def grade(facts: VisitFacts) -> Iterator[str]:
    """Lowest grade ≤ the request's grade ≤ highest grade."""
    for held, person in facts.pairs:
        if not person.grades[0] <= held.request.grade <= person.grades[1]:
            yield f"grade {held.request.grade} of request {held.request.id!r} is outside role model {person.id!r}'s"


def distance(facts: VisitFacts) -> Iterator[str]:
    """Physical: minutes from home ≤ max_travel_minutes."""
    for held, person in facts.pairs:
        if held.is_physical:
            minutes = facts.minutes_from_home(person, held.school)
            if minutes > person.max_travel_minutes:
                yield (
                    f"role model {person.id!r} has {minutes} minutes to school {held.school.id!r},"
                    f" more than {person.max_travel_minutes}"
                )


def free(facts: VisitFacts) -> Iterator[str]:
    """The engagement lies inside one free interval."""
    for held, person in facts.pairs:
        if not any(interval.start <= held.start and held.end <= interval.end for interval in person.free):
            yield f"role model {person.id!r} is not free for the visit of {held.request.id!r}"


def lessons(facts: VisitFacts) -> Iterator[str]:
    """Lessons of the option ≤ max_lessons."""
    for held, person in facts.pairs:
        if held.option is not None and len(held.option.lessons) > person.max_lessons:
            yield f"role model {person.id!r} takes {person.max_lessons} lessons, {held.request.id!r} has more"


def reserved_municipalities(person: RoleModel, day: date) -> set[str] | None:
    """Municipalities of all the role model's reservations on the date together; None without a reservation."""
    covering = [reservation for reservation in person.reserved if reservation.from_ <= day <= reservation.to]
    return {town for reservation in covering for town in reservation.municipalities} if covering else None


def reserved(facts: VisitFacts) -> Iterator[str]:
    """On dates inside a reservation the role model serves only its municipalities."""
    for held, person in facts.pairs:
        towns = reserved_municipalities(person, held.date)
        if towns is not None and held.school.municipality not in towns:
            yield f"role model {person.id!r} is reserved for others on {held.date}, the date of {held.request.id!r}"


def refused(facts: VisitFacts) -> Iterator[str]:
    """No refusal of the role model matches request, school and start in all that it gives."""
    for held, person in facts.pairs:
        for refusal in facts.refusals[person.id]:
            if (
                refusal.request in (None, held.request.id)
                and refusal.school in (None, held.school.id)
                and refusal.start in (None, held.start)
            ):
                yield f"role model {person.id!r} refused the visit of {held.request.id!r}"
                break


def _beyond(engagements: list[Held], limit: int) -> bool:
    """More engagements than the limit, and not by fixed ones alone."""
    return len(engagements) > limit and not all(held.fixed for held in engagements)


def day(facts: VisitFacts) -> Iterator[str]:
    """Engagements of a role model on a date ≤ max_per_day."""
    for person, engagements in facts.by_person.items():
        by_date = defaultdict(list)
        for held in engagements:
            by_date[held.date].append(held)
        for when, those in by_date.items():
            if _beyond(those, facts.people[person].max_per_day):
                yield f"role model {person!r} has {len(those)} engagements on {when}"


def week(facts: VisitFacts) -> Iterator[str]:
    """Engagements of a role model in an ISO week ≤ max_per_week."""
    for person, engagements in facts.by_person.items():
        by_week = defaultdict(list)
        for held in engagements:
            by_week[held.date.isocalendar()[:2]].append(held)
        for (year, number), those in by_week.items():
            if _beyond(those, facts.people[person].max_per_week):
                yield f"role model {person!r} has {len(those)} engagements in week {number} of {year}"


def term(facts: VisitFacts) -> Iterator[str]:
    """Engagements of a role model in the problem ≤ max_per_term."""
    for person, engagements in facts.by_person.items():
        if _beyond(engagements, facts.people[person].max_per_term):
            yield f"role model {person!r} has {len(engagements)} engagements in the term"


def quota(facts: VisitFacts) -> Iterator[str]:
    """A company's engagements ≤ quota, two of its people in one visit counting two."""
    by_company = defaultdict(list)
    for person, engagements in facts.by_person.items():
        by_company[facts.people[person].company].extend(engagements)
    for company in facts.problem.companies:
        if company.quota is not None and _beyond(by_company[company.id], company.quota):
            yield f"company {company.id!r} has {len(by_company[company.id])} engagements, quota {company.quota}"


def _same_date_pairs(facts: VisitFacts) -> Iterator[tuple[str, Held, Held]]:
    for person, engagements in facts.by_person.items():
        by_date = defaultdict(list)
        for held in engagements:
            by_date[held.date].append(held)
        for those in by_date.values():
            for one, other in combinations(sorted(those, key=lambda held: (held.start, held.end)), 2):
                yield person, one, other


def overlap(facts: VisitFacts) -> Iterator[str]:
    """Two engagements of one role model on one date do not overlap."""
    for person, one, other in _same_date_pairs(facts):
        if other.start < one.end and one.request.id != other.request.id:
            yield f"role model {person!r}: {one.request.id!r} and {other.request.id!r} overlap"


def travel(facts: VisitFacts) -> Iterator[str]:
    """Between two physical engagements of one date the gap ≥ travel from school to school; not asked of two fixed."""
    for person, one, other in _same_date_pairs(facts):
        if one.is_physical and other.is_physical and other.start >= one.end and not (one.fixed and other.fixed):
            gap = int((other.start - one.end).total_seconds()) // 60
            needed = facts.minutes_between(one.school, other.school)
            if gap < needed:
                yield (
                    f"role model {person!r} has {gap} minutes from {one.request.id!r} to {other.request.id!r}"
                    f" and needs {needed}"
                )


def fixed(facts: VisitFacts) -> Iterator[str]:
    """A fixed visit is in the plan unchanged."""
    unchanged = {held.request.id for held in facts.held if held.fixed}
    for request in facts.fixed:
        if request not in unchanged:
            yield f"the fixed visit of {request!r} is missing or changed"


def minutes(facts: VisitFacts) -> Iterator[str]:
    """A role model's travel_minutes are those from home to the school, 0 when digital."""
    for held in facts.held:
        for entry in held.visit.role_models:
            person = facts.people.get(entry.id)
            if person is not None:
                expected = facts.minutes_from_home(person, held.school) if held.is_physical else 0
                if entry.travel_minutes != expected:
                    yield f"role model {entry.id!r} of {held.request.id!r} travels {expected} minutes, not as stated"


def order(facts: VisitFacts) -> Iterator[str]:
    """Visits by (start, request), role models by id, unserved as in the problem."""
    yield from unsorted("visits", [(visit.start, visit.request) for visit in facts.plan.visits])
    for visit in facts.plan.visits:
        ids = [person.id for person in visit.role_models]
        if ids != sorted(ids):
            yield f"role models of {visit.request!r} are not in order"
    rank = {request: i for i, request in enumerate(facts.requests)}
    ranks = [rank[item.request] for item in facts.plan.unserved if item.request in rank]
    if ranks != sorted(ranks):
        yield "unserved requests are not in the order of the problem"


def unserved(facts: VisitFacts) -> Iterator[str]:
    """Each request without a visit is listed exactly once, and nothing else."""
    listed = Counter(item.request for item in facts.plan.unserved)
    served = {held.request.id for held in facts.held}
    for request in facts.requests:
        if request not in served and listed[request] != 1:
            yield f"request {request!r} has no visit and is listed as unserved {listed[request]} times"
    for request in listed:
        if request in served:
            yield f"request {request!r} has a visit and is listed as unserved"
        elif request not in facts.requests:
            yield f"{request!r} is listed as unserved and is no request of the problem"


def moved(facts: VisitFacts) -> Iterator[str]:
    """Visits listed as moved are held so now, and requests listed as dropped have no visit."""
    now = {visit.request: held_as(visit) for visit in facts.plan.visits}
    yield from wrong_moves(facts.plan, now, facts.requests)


def smallest_change(facts: VisitFacts) -> Iterator[str]:
    """A change told is one that the request could have; `check --bounds` tries whether it serves."""
    changes = VisitChanges(facts.problem)
    for item in facts.plan.unserved:
        request, change = facts.requests.get(item.request), item.smallest_change
        if request is not None and change is not None and not changes.has(request, change):
            yield f"request {request.id!r} is told a smallest change that it does not have"


def goals(facts: VisitFacts) -> Iterator[str]:
    """All goals named and ordered, values as recounted and never beyond the bound, no gap under `optimal`."""
    yield from wrong_goals(facts.plan, recount(facts))
    certificate = facts.plan.certificate
    if (certificate.passed_over, certificate.choice_envy) != (None, None):
        yield "certificate.passed_over and choice_envy are of study groups; a plan of visits has neither"


def status(facts: VisitFacts) -> Iterator[str]:
    """A plan with visits is optimal or feasible; infeasible exactly when fixed visits of one person overlap."""
    if facts.plan.status in ("optimal", "feasible"):
        if facts.plan.conflicts:
            yield "a plan with an answer names no conflicts"
        return
    yield from wrong_empty_plan(facts.plan, {"fixed": len(facts.problem.fixed)}, len(facts.plan.visits))
    if facts.plan.status == "infeasible" and facts.problem.fixed and not _fixed_overlap(facts):
        yield "no two fixed visits of one role model overlap, so the problem is not infeasible"


def _fixed_overlap(facts: VisitFacts) -> bool:
    times: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for visit in facts.problem.fixed:
        slots = facts.requests[visit.request].options[visit.option].lessons
        for person in visit.role_models:
            times[person].append((slots[0].start, slots[-1].end))
    return any(other[0] < one[1] for spans in times.values() for one, other in combinations(sorted(spans), 2))


VISIT_RULES = (
    wrong_problem, unknown, count, option, mode, topic, grade, distance, free, lessons, reserved, refused,
    day, week, term, quota, overlap, travel, fixed, minutes, order, unserved, moved,
    smallest_change, goals, status,
)  # fmt: skip
"""Every rule of a visit plan; the function's name is the rule's code."""


def recount(facts: VisitFacts) -> list[Recount]:
    """The value of every goal, in their order."""
    served = {held.request.id: held for held in facts.held}.values()
    assigned = [(held, person) for held in served for person in held.people]
    schools = {held.school.id: held.school for held in served}
    by_person = Counter(person.id for _, person in assigned)
    by_company = Counter(person.company for _, person in assigned if person.company is not None)
    today = facts.problem.today
    minutes = [facts.minutes_from_home(person, held.school) for held, person in assigned if held.is_physical]
    return [
        Recount("priority", "max", sum(held.request.priority for held in served)),
        Recount("reserved", "max", sum(_is_reserved_supply(held, person) for held, person in assigned)),
        Recount("schools", "max", len(schools)),
        Recount("first_visits", "max", sum(school.visits_last_12_months == 0 for school in schools.values())),
        Recount("classes", "max", sum(held.request.classes for held in served)),
        Recount("days_waited", "max", sum(max(0, (today - held.request.submitted).days) for held in served)),
        Recount("wishes", "max", _wishes_met(served, assigned)),
        Recount("travel_minutes", "min", sum(minutes)),
        Recount("spread", "min", sum(n * n for n in [*by_person.values(), *by_company.values()])),
    ]


def _is_reserved_supply(held: Held, person: RoleModel) -> bool:
    towns = reserved_municipalities(person, held.date)
    return towns is not None and held.school.municipality in towns


def _wishes_met(served: Collection[Held], assigned: Collection[tuple[Held, RoleModel]]) -> int:
    preferred = sum(held.request.mode == "either" and held.visit.mode == held.request.prefers for held in served)
    return preferred + sum(len(set(held.request.wishes) & set(person.topics)) for held, person in assigned)


def visit_violations(problem: VisitProblem, plan: VisitPlan) -> list[Violation]:
    """Every broken rule of a visit plan; of a plan without an answer only what can be asked of it."""
    facts = VisitFacts(problem, plan)
    asked = VISIT_RULES if plan.status in ("optimal", "feasible") else (wrong_problem, unknown, status)
    return broken(asked, facts)
