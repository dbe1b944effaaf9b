"""May this role model meet this request? One named function per pair rule, over all role models at once.

Each rule answers True for the role models it stands against, for one engagement: one request in one option and one
mode. Its name is the rule's code in engine.md. `PAIR_RULES` is the table of contents. Limits, overlap and travel
between engagements are not pair rules: they depend on what else a role model does (matcher/visits/rules.py).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.problem import Option, Request, RoleModel, VisitProblem
from matcher.travel import Minutes, Place, TravelTimes, place

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

MODES = ("physical", "digital")
_EPOCH = datetime(1970, 1, 1)


def minute_of(moment: datetime) -> int:
    """Whole minutes since the start of 1970, local time."""
    return int((moment - _EPOCH).total_seconds()) // 60


class Engagement(NamedTuple):
    """What a rule is asked about: a request in one of its options, held in one mode."""

    request: Request
    option: Option
    mode: str

    @property
    def start(self) -> datetime:
        """Start of the first lesson."""
        return self.option.lessons[0].start

    @property
    def end(self) -> datetime:
        """End of the last lesson."""
        return self.option.lessons[-1].end

    @property
    def date(self) -> date:
        """The date of all its lessons."""
        return self.start.date()


class RoleModelFacts:
    """A problem's role models as arrays, in the order of problem.role_models: a rule is a few array operations.

    `only`: those of them that are asked about, where it is not all.
    """

    def __init__(self, problem: VisitProblem, only: Sequence[RoleModel] | None = None) -> None:
        people = problem.role_models if only is None else only
        self.count = len(people)
        self.ids = tuple(person.id for person in people)
        self.schools = {school.id: school for school in problem.schools}
        self.max_lessons = np.array([person.max_lessons for person in people], dtype=np.int64)
        self.max_travel = np.array([person.max_travel_minutes for person in people], dtype=np.int64)
        self.lowest_grade = np.array([person.grades[0] for person in people], dtype=np.int64)
        self.highest_grade = np.array([person.grades[1] for person in people], dtype=np.int64)
        self.offers_mode = {m: np.array([m in person.modes for person in people], dtype=np.bool_) for m in MODES}
        self._homes = [place("role_model", person.id, person.lat, person.lon) for person in people]
        self._school_places = {s.id: place("school", s.id, s.lat, s.lon) for s in problem.schools}
        self._times = TravelTimes(problem.travel)
        self._minutes_from_homes = self._times.from_all(self._homes)
        self._minutes_to: dict[str, Minutes] = {}
        self._topics = self._members((topic, i) for i, person in enumerate(people) for topic in person.topics)
        free = [(i, minute_of(f.start), minute_of(f.end)) for i, person in enumerate(people) for f in person.free]
        self.free_owner, self.free_start, self.free_end = _columns(free, 3)
        reserved = [
            (i, r.from_.toordinal(), r.to.toordinal(), town)
            for i, person in enumerate(people)
            for r in person.reserved
            for town in r.municipalities
        ]
        self.reserved_owner, self.reserved_from, self.reserved_to = _columns([row[:3] for row in reserved], 3)
        self.reserved_town = np.array([row[3] for row in reserved], dtype=np.str_)
        index = {identifier: i for i, identifier in enumerate(self.ids)}
        self._refusals: dict[tuple[str | None, str | None, datetime | None], list[int]] = defaultdict(list)
        for refusal in problem.refused:
            if refusal.role_model in index:
                self._refusals[refusal.request, refusal.school, refusal.start].append(index[refusal.role_model])

    def _members(self, pairs: Iterable[tuple[str, int]]) -> dict[str, Flags]:
        members: dict[str, Flags] = {}
        for name, i in pairs:
            members.setdefault(name, self.nobody())[i] = True
        return members

    def nobody(self) -> Flags:
        """A fresh array of False, one entry a role model."""
        return np.zeros(self.count, dtype=np.bool_)

    def shared_topics(self, topics: Iterable[str]) -> Indices:
        """How many of these topics each role model has."""
        shared = np.zeros(self.count, dtype=np.int64)
        for topic in set(topics):
            if topic in self._topics:
                shared += self._topics[topic]
        return shared

    def minutes_to(self, school: str) -> Minutes:
        """Minutes from each role model's home to the school."""
        if school not in self._minutes_to:
            self._minutes_to.clear()
            self._minutes_to[school] = self._minutes_from_homes(self._school_places[school])
        return self._minutes_to[school]

    def minutes(self, role_model: int, school: str) -> int:
        """Minutes from one role model's home to the school."""
        return self._times.minutes(self._homes[role_model], self._school_places[school])

    def school_place(self, school: str) -> Place:
        """The school as a place of travel."""
        return self._school_places[school]

    @property
    def times(self) -> TravelTimes:
        """Travel times of the problem."""
        return self._times

    def reserved_on(self, day: date) -> Flags:
        """Role models with a reservation on the date."""
        on = self.nobody()
        ordinal = day.toordinal()
        on[self.reserved_owner[(self.reserved_from <= ordinal) & (ordinal <= self.reserved_to)]] = True
        return on

    def reserved_for(self, day: date, municipality: str) -> Flags:
        """Role models with a reservation on the date that names the municipality."""
        named = self.nobody()
        ordinal = day.toordinal()
        covers = (self.reserved_from <= ordinal) & (ordinal <= self.reserved_to) & (self.reserved_town == municipality)
        named[self.reserved_owner[covers]] = True
        return named

    def refusals(self, request: str, school: str, start: datetime) -> list[int]:
        """Indices of role models with a refusal all of whose given parts match."""
        return [
            i
            for key_request in (request, None)
            for key_school in (school, None)
            for key_start in (start, None)
            for i in self._refusals.get((key_request, key_school, key_start), ())
        ]


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> tuple[Indices, ...]:
    table = np.array(rows, dtype=np.int64).reshape(-1, width)
    return tuple(np.ascontiguousarray(table[:, column]) for column in range(width))


Rule = Callable[[RoleModelFacts, Engagement], Flags]


def mode(facts: RoleModelFacts, e: Engagement) -> Flags:
    """The engagement's mode is among the role model's modes, and one the request allows."""
    if e.request.mode not in (e.mode, "either"):
        return ~facts.nobody()
    return ~facts.offers_mode[e.mode]


def topic(facts: RoleModelFacts, e: Engagement) -> Flags:
    """At least one topic shared with the request, unless the request names none."""
    if not e.request.topics:
        return facts.nobody()
    none_shared: Flags = facts.shared_topics(e.request.topics) == 0
    return none_shared


def grade(facts: RoleModelFacts, e: Engagement) -> Flags:
    """Lowest grade ≤ the request's grade ≤ highest grade."""
    return (e.request.grade < facts.lowest_grade) | (facts.highest_grade < e.request.grade)


def distance(facts: RoleModelFacts, e: Engagement) -> Flags:
    """Physical: minutes from home to the school ≤ max_travel_minutes."""
    if e.mode != "physical":
        return facts.nobody()
    too_far: Flags = facts.max_travel < facts.minutes_to(e.request.school)
    return too_far


def free(facts: RoleModelFacts, e: Engagement) -> Flags:
    """First lesson's start to last lesson's end lies inside one free interval (touching ones are not merged)."""
    blocked = ~facts.nobody()
    inside = (facts.free_start <= minute_of(e.start)) & (minute_of(e.end) <= facts.free_end)
    blocked[facts.free_owner[inside]] = False
    return blocked


def lessons(facts: RoleModelFacts, e: Engagement) -> Flags:
    """Lessons of the option ≤ max_lessons."""
    too_many: Flags = facts.max_lessons < len(e.option.lessons)
    return too_many


def reserved(facts: RoleModelFacts, e: Engagement) -> Flags:
    """On a date inside a reservation only its municipalities; reservations of one date unite theirs."""
    town = facts.schools[e.request.school].municipality
    return facts.reserved_on(e.date) & ~facts.reserved_for(e.date, town)


def refused(facts: RoleModelFacts, e: Engagement) -> Flags:
    """No refusal matches the request, its school and the option's start in all that the refusal gives."""
    blocked = facts.nobody()
    blocked[facts.refusals(e.request.id, e.request.school, e.start)] = True
    return blocked


PAIR_RULES = (mode, topic, grade, distance, free, lessons, reserved, refused)
"""Every rule that a pair alone can break; the function's name is the rule's code."""

ALIKE: dict[Rule, Callable[[Engagement], Hashable]] = {
    mode: lambda e: (e.request.mode, e.mode),
    topic: lambda e: e.request.topics,
    grade: lambda e: e.request.grade,
    distance: lambda e: (e.request.school, e.mode),
    free: lambda e: (e.start, e.end),
    lessons: lambda e: len(e.option.lessons),
    reserved: lambda e: (e.date, e.request.school),
}
"""Two engagements with the same key get the same answer from the rule; a refusal may name the request itself."""


def eligible(facts: RoleModelFacts, e: Engagement) -> Flags:
    """Role models against whom no pair rule stands."""
    blocked = facts.nobody()
    for rule in PAIR_RULES:
        blocked |= rule(facts, e)
    return ~blocked


class RememberedRules:
    """Answers of the pair rules, each worked out once for all engagements that are alike to the rule.

    What is remembered takes at most `REMEMBERED_BYTES` for each rule.
    """

    REMEMBERED_BYTES = 32_000_000

    def __init__(self, facts: RoleModelFacts) -> None:
        self._facts = facts
        self._most = max(1, self.REMEMBERED_BYTES // max(1, facts.count))
        self._answers: dict[Rule, dict[Hashable, Flags]] = {rule: {} for rule in PAIR_RULES}

    def eligible(self, e: Engagement) -> Flags:
        """Role models against whom no pair rule stands."""
        blocked = self._facts.nobody()
        for rule in PAIR_RULES:
            blocked |= self._answer(rule, e)
        return ~blocked

    def _answer(self, rule: Rule, e: Engagement) -> Flags:
        if rule is refused:
            return rule(self._facts, e)
        known, key = self._answers[rule], ALIKE[rule](e)
        if key not in known:
            if len(known) >= self._most:
                known.clear()
            known[key] = rule(self._facts, e)
        return known[key]


def eligible_in_some_option(facts: RoleModelFacts, request: Request) -> Flags:
    """Role models who may meet the request in some option and some mode."""
    some = facts.nobody()
    for option in request.options:
        for held in modes_of(request):
            some |= eligible(facts, Engagement(request, option, held))
    return some


def modes_of(request: Request) -> tuple[str, ...]:
    """The modes in which a request may be held."""
    return MODES if request.mode == "either" else (request.mode,)


def obstacles(facts: RoleModelFacts, request: Request, option: Option) -> dict[str, Flags]:
    """For each pair rule's code, the role models against whom it stands in this option.

    Where the request allows both modes, a role model is asked only in the modes they offer, and a code counts when it
    stands in each of them; `mode` stands for those who offer none that the request allows.
    """
    asked = modes_of(request)
    offers_none = ~np.logical_or.reduce([facts.offers_mode[held] for held in asked])
    found = {mode.__name__: offers_none}
    for rule in PAIR_RULES:
        if rule is mode:
            continue
        stands = ~facts.nobody()
        for held in asked:
            answers = rule(facts, Engagement(request, option, held))
            stands &= answers | (~facts.offers_mode[held] & ~offers_none)
        found[rule.__name__] = stands
    return found


def obstacles_in_every_option(facts: RoleModelFacts, request: Request) -> dict[str, Flags]:
    """For each pair rule's code, the role models against whom it stands in every option of the request."""
    codes = [rule.__name__ for rule in PAIR_RULES]
    by_option = [obstacles(facts, request, option) for option in request.options]
    return {code: np.logical_and.reduce([found[code] for found in by_option]) for code in codes}
