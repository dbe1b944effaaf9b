"""The judge's count of reasons: what keeps each role model from a request, and what became of a pupil's choices.

It costs more than all rules together, so `check` on the command line asks it and a solve does not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache, reduce
from itertools import product
from operator import and_, or_

from matcher.check_common import Violation
from matcher.check_groups import GroupFacts
from matcher.check_visits import Held, VisitFacts, reserved_municipalities
from matcher.plan import GroupPlan, Plan, Reason, VisitPlan
from matcher.problem import (
    GroupProblem,
    Interval,
    Mode,
    Option,
    Problem,
    Pupil,
    Request,
    RoleModel,
    School,
    VisitProblem,
)

Counts = list[tuple[str, int]]

CODES = ("mode", "topic", "grade", "distance", "free", "lessons", "reserved", "refused")
"""The rules of one role model and one request, in the order in which reasons name them."""


CHOICE_CODES = ("distance", "min_mentors", "min_pupils", "closed", "level", "seats", "mentors")
"""What may become of a choice, in the order in which it is asked and reasons name it."""


def wrong_reasons(problem: Problem, plan: Plan) -> list[Violation]:
    """A violation of `reasons` for everyone unserved whose reasons are not those that the judge counts."""
    found: Iterator[str] = iter(())
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan):
        found = _of_requests(VisitFacts(problem, plan))
    elif isinstance(problem, GroupProblem) and isinstance(plan, GroupPlan):
        found = _of_pupils(GroupFacts(problem, plan))
    return [Violation("reasons", message) for message in found]


def _of_requests(facts: VisitFacts) -> Iterator[str]:
    reasons = RequestReasons(facts)
    for item in facts.plan.unserved:
        if item.request in facts.requests:
            yield from _difference("request", item.request, item.reasons, reasons.of(facts.requests[item.request]))


def _of_pupils(facts: GroupFacts) -> Iterator[str]:
    reasons = PupilReasons(facts)
    for item in facts.plan.unserved:
        if item.pupil in facts.pupils:
            yield from _difference("pupil", item.pupil, item.reasons, reasons.of(facts.pupils[item.pupil]))


def _difference(what: str, name: str, told: Sequence[Reason], counted: Counts) -> Iterator[str]:
    if [(reason.code, reason.count) for reason in told] != counted:
        listed = ", ".join(f"{code} {count}" for code, count in counted)
        yield f"{what} {name!r} has other reasons than stated: {listed}"


class PupilReasons:
    """Counts what became of the choices of pupils without a seat."""

    def __init__(self, facts: GroupFacts) -> None:
        self._facts = facts
        self._able = Counter(session for mentor in facts.problem.mentors for session in mentor.sessions)
        self._wanted = Counter(session for choices in facts.eligible.values() for session in choices)
        self._levels: dict[str, set[str]] = defaultdict(set)
        for shift in facts.shifts:
            self._levels[shift.session.id].update(shift.mentor.levels)

    def of(self, pupil: Pupil) -> Counts:
        """Code and count, in their order; `no_choices` of who chose no session."""
        counts = Counter(self._fate(pupil, choice) for choice in pupil.choices)
        return [(code, counts[code]) for code in CHOICE_CODES if counts[code]] or [("no_choices", 0)]

    def _fate(self, pupil: Pupil, choice: str) -> str:
        session, taken = self._facts.sessions[choice], self._facts.seats_in.get(choice)
        if choice not in self._facts.eligible[pupil.id]:
            return "distance"
        if taken is None:
            few = self._wanted[choice] < max(1, session.min_pupils)
            return (
                "min_mentors" if self._able[choice] < max(1, session.min_mentors) else "min_pupils" if few else "closed"
            )
        if pupil.level not in self._levels[choice]:
            return "level"
        return "seats" if len(taken) >= session.seats else "mentors"


class RequestReasons:
    """Counts the role models for whom a code stands in the way of a request without a visit.

    A set of role models is a whole number with a bit for each, so that a code asks about all of them at once.
    """

    def __init__(self, facts: VisitFacts) -> None:
        problem = facts.problem
        self._facts = facts
        self._people = problem.role_models
        self._quotas = {company.id: company.quota for company in problem.companies}
        self._load = Counter(p.company for p in self._people for _ in facts.by_person.get(p.id, ()))
        self._everyone = self._set(range(len(self._people)))
        self._free_on: dict[date, list[tuple[int, Interval]]] = defaultdict(list)
        self._free_long: list[tuple[int, Interval]] = []
        refusals = defaultdict(set)
        number = {person.id: i for i, person in enumerate(self._people)}
        for refusal in problem.refused:
            refusals[refusal.request, refusal.school, refusal.start].add(number[refusal.role_model])
        self._refusals = {key: self._set(who) for key, who in refusals.items()}
        for i, person in enumerate(self._people):
            for free in person.free:
                one_day = free.start.date() == free.end.date()
                (self._free_on[free.start.date()] if one_day else self._free_long).append((i, free))
        for name in ("_offers", "_topic", "_grade", "_too_far", "_free", "_lessons", "_reserved"):
            setattr(self, name, cache(getattr(self, name)))

    def of(self, request: Request) -> Counts:
        """Code and count, in their order; `nobody` where the problem has no role model."""
        standing = [self._standing(request, option) for option in request.options]
        may = can = 0
        for option, blocked in zip(request.options, standing, strict=True):
            meets = self._everyone & ~self._any(blocked)
            may |= meets
            can |= self._set(i for i in self._members(meets & ~can) if self._has_time(self._people[i], request, option))
        always = [reduce(and_, by_option) for by_option in zip(*standing, strict=True)]
        counts = list(zip(CODES, always, strict=True))
        named = self._any(always)
        counts += [("taken", may & ~can), ("available", can), ("varies", self._everyone & ~may & ~named)]
        return [(code, who.bit_count()) for code, who in counts if who] or [("nobody", 0)]

    def _set(self, numbers: Iterable[int]) -> int:
        digits = bytearray(b"0") * (len(self._people) + 1)
        for i in numbers:
            digits[-1 - i] = ord("1")
        return int(digits, 2)

    def _members(self, who: int) -> Iterator[int]:
        return (i for i, digit in enumerate(reversed(f"{who:b}")) if digit == "1")

    def _standing(self, request: Request, option: Option) -> tuple[int, ...]:
        """For each of CODES the role models against whom it stands, in all modes that they and it have."""
        lessons, town = option.lessons, self._facts.schools[request.school].municipality
        start, end = lessons[0].start, lessons[-1].end
        modes: tuple[Mode, ...] = ("physical", "digital") if request.mode == "either" else (request.mode,)
        digitally = self._offers("digital") if request.mode == "either" else 0
        sharing = self._any(map(self._topic, request.topics)) if request.topics else self._everyone
        keys = product((request.id, None), (request.school, None), (start, None))
        return (
            self._everyone & ~self._any(map(self._offers, modes)),
            self._everyone & ~sharing,
            self._grade(request.grade),
            self._too_far(request.school) & ~digitally if request.mode != "digital" else 0,
            self._everyone & ~self._free(start, end),
            self._lessons(len(lessons)),
            self._reserved(start.date(), town),
            self._any(self._refusals.get(key, 0) for key in keys),
        )

    def _any(self, sets: Iterable[int]) -> int:
        return reduce(or_, sets, 0)

    def _offers(self, mode: Mode) -> int:
        return self._set(i for i, person in enumerate(self._people) if mode in person.modes)

    def _topic(self, topic: str) -> int:
        return self._set(i for i, person in enumerate(self._people) if topic in person.topics)

    def _grade(self, grade: int) -> int:
        return self._set(i for i, p in enumerate(self._people) if not p.grades[0] <= grade <= p.grades[1])

    def _too_far(self, school: str) -> int:
        there = self._facts.schools[school]
        return self._set(
            i for i, p in enumerate(self._people) if self._facts.minutes_from_home(p, there) > p.max_travel_minutes
        )

    def _free(self, start: datetime, end: datetime) -> int:
        intervals = (*self._free_on.get(start.date(), ()), *self._free_long)
        return self._set(i for i, free in intervals if free.start <= start and end <= free.end)

    def _lessons(self, lessons: int) -> int:
        return self._set(i for i, person in enumerate(self._people) if person.max_lessons < lessons)

    def _reserved(self, day: date, town: str) -> int:
        """Reserved on the date, and for others."""
        towns = [reserved_municipalities(person, day) for person in self._people]
        return self._set(i for i, served in enumerate(towns) if served is not None and town not in served)

    def _has_time(self, person: RoleModel, request: Request, option: Option) -> bool:
        """Beside their visits of the plan the role model could take this option in some mode."""
        visits = self._facts.by_person.get(person.id, ())
        start, end = option.lessons[0].start, option.lessons[-1].end
        on_date = [visit for visit in visits if visit.start.date() == start.date()]
        in_week = [visit for visit in visits if visit.start.isocalendar()[:2] == start.isocalendar()[:2]]
        quota = self._quotas.get(person.company) if person.company is not None else None
        if (
            len(on_date) >= person.max_per_day
            or len(in_week) >= person.max_per_week
            or len(visits) >= person.max_per_term
            or (quota is not None and self._load[person.company] >= quota)
            or any(visit.start < end and start < visit.end for visit in on_date)
        ):
            return False
        if request.mode != "physical" and "digital" in person.modes:
            return True
        school = self._facts.schools[request.school]
        return all(self._leaves_time(visit, school, start, end) for visit in on_date if visit.is_physical)

    def _leaves_time(self, visit: Held, school: School, start: datetime, end: datetime) -> bool:
        """Between the visit and start..end at the school the gap is at least the way from the first to the second."""
        first, second = (visit.school, school) if visit.end <= start else (school, visit.school)
        gap = start - visit.end if visit.end <= start else visit.start - end
        return gap.total_seconds() >= 60 * self._facts.minutes_between(first, second)
