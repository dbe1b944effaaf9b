"""Who could come when: one request, everything else of the season as it stands.

The pair rules are matcher.eligibility's, and what depends on other visits (limits, quotas, overlap, travel) is asked of
the judge. Among those who could come, the best is the best in the order of the season's goals, which is the optimum of
the problem with this one request open and all live visits fixed: with one request, priority, schools, first visits,
classes and days waited are the same whoever comes, so reserved supply decides, then wishes, travel and spread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, RunKind, SchoolStatus
from api.domain.programme_rules import visit_rules
from api.domain.school_days import after_school_days, days
from api.models.programmes import Season
from api.models.visits import Request
from api.queries import follow_up as reads
from api.queries.snapshot import Order, take_snapshot
from api.queries.snapshot_calendar import SchoolCalendar
from api.queries.snapshot_visits import one_request, places_of
from api.services.recheck import broken_by
from matcher import plan as mp
from matcher import problem as m
from matcher.eligibility import Engagement, RoleModelFacts, eligible, modes_of

AT_ONCE = {"lead_school_days": 0, "lead_after_window": 0}
OTHER_DATES = timedelta(weeks=4)
Span = tuple[datetime, datetime]
_NO_PLAN = mp.VisitPlan(
    problem_sha256="",
    status="feasible",
    visits=(),
    goals=(),
    unserved=(),
    certificate=mp.Certificate(bound_source={}, seconds=0, seed=0, settings={}, versions={}),
)


@dataclass(frozen=True, slots=True)
class Someone:
    """A role model who could come. reserved: set aside for this municipality on that day; travel in minutes."""

    role_model_id: str
    travel_minutes: int
    reserved: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """People who could come together at one time. lessons: aware; option_id: None for a time that is no option.

    worth: what the season's goals would gain, the most important first, more always better; comparable between
    requests of one season.
    """

    option_id: str | None
    lessons: tuple[Span, ...]
    mode: Mode
    people: tuple[Someone, ...]
    worth: tuple[int, ...]

    @property
    def starts_at(self) -> datetime:
        return self.lessons[0][0]

    @property
    def ends_at(self) -> datetime:
        return self.lessons[-1][1]


def candidates_for(
    session: Session,
    request: Request,
    *,
    times: Iterable[Sequence[Span]] | None = None,
    mode: Mode | None = None,
    any_topic: bool = False,
    around: Around | None = None,
) -> list[Candidate]:
    """Each single person who could come at a time, best first.

    times: the lessons (aware) of times to ask for, the request's own options if left out; days on which the school has
    no lessons, or that have begun, have no candidates. mode: in this one, whatever the request says. any_topic: its
    needed topics are looked past. around: the season as it stands, when several questions are asked of it.
    """
    season = around or Around.read(session, request)
    wanted = season.own_times() if times is None else [(None, tuple(lessons)) for lessons in times]
    cases = [
        season.case(option_id, lessons, held, any_topic) for option_id, lessons in wanted for held in season.modes(mode)
    ]
    return sorted((one for case in cases if case is not None for one in case.singles()), key=best_first)


def best_for(
    session: Session,
    request: Request,
    *,
    keep: Sequence[str] = (),
    options: Collection[str] | None = None,
    mode: Mode | None = None,
    including: str | None = None,
    around: Around | None = None,
) -> Candidate | None:
    """The best way to hold the visit that a request asks for, None when there is none.

    keep: role models who come anyway. options: ids of the options to look at. mode: in this one, whatever the request
    says. including: somebody who must be among the people.
    """
    season = around or Around.read(session, request)
    cases = [
        season.case(option_id, lessons, held)
        for option_id, lessons in season.own_times()
        if options is None or option_id in options
        for held in season.modes(mode)
    ]
    found = [best for case in cases if case is not None and (best := case.best(keep, including))]
    return min(found, key=best_first, default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """A programme's season as it stands: read once, asked of many requests. order: what it was read for."""

    order: Order
    problem: m.VisitProblem
    calendar: SchoolCalendar
    holidays: frozenset[date]

    @classmethod
    def read(
        cls,
        session: Session,
        season_id: str,
        programme_id: str,
        *,
        lead: bool = False,
        anew: str | None = None,
        today: date | None = None,
    ) -> Standing:
        """Reads the season. lead: with the school days that the rules ask for between a plan and a visit; without it,
        a visit may be held from the next school day on. anew: a request whose visit is looked past.
        """
        season = session.get_one(Season, season_id)
        settings = reads.settings_of(session, programme_id) | ({} if lead else AT_ONCE)
        day = today or clock.today()
        order = Order(RunKind.VISIT, season_id, programme_id, settings, season.starts_on, season.ends_on, day)
        problem = take_snapshot(session, order, anew=anew).problem
        assert isinstance(problem, m.VisitProblem)
        holidays = reads.holidays(session)
        return cls(order, problem, SchoolCalendar.read(session, holidays, (order.starts_on, order.ends_on)), holidays)

    def first_day(self, request: Request) -> date:
        """The first day on which the request could be visited."""
        rules = visit_rules(self.order.settings)
        lead = rules.lead_school_days if request.window_id is None else rules.lead_after_window
        return after_school_days(self.order.today, lead, self.holidays)


class Around:
    """The season as it stands around one request: all other live visits are fixed, the rest is not there."""

    def __init__(self, session: Session, request: Request, standing: Standing) -> None:
        self.request, self.standing = request, standing
        order, problem = standing.order, standing.problem
        fixed = {one.request for one in problem.fixed}
        self._others = tuple(one for one in problem.requests if one.id in fixed)
        self._first = standing.first_day(request)
        self._row = _SchoolRow(request, request.school.municipality_id, request.school.status)
        some_day = m.Lesson(start=datetime.combine(order.today, time(8)), end=datetime.combine(order.today, time(9)))
        anything = m.Option(lessons=(some_day,))
        self._asked, refused = one_request(session, request, [anything], problem.role_models, request.role_models)
        places = {school.id: school for school in problem.schools}
        if request.school_id not in places:
            places |= {one.id: one for one in places_of(session, {request.school_id}, order.settings, order.today)}
        self._problem = replace(
            problem,
            schools=tuple(places[key] for key in sorted({one.school for one in (*self._others, self._asked)})),
            requests=(*self._others, self._asked),
            refused=refused,
        )
        self.facts = RoleModelFacts(self._problem)
        self.company = {person.id: person.company for person in problem.role_models}
        self.used = Counter(one for visit in problem.fixed for one in visit.role_models)
        employers = (self.company[one] for visit in problem.fixed for one in visit.role_models)
        self.used_by_company = Counter(company for company in employers if company is not None)
        self._visits = tuple(self._fixed_visits())

    @classmethod
    def read(cls, session: Session, request: Request, *, lead: bool = False, today: date | None = None) -> Around:
        """The season as it stands now, with the request's own visit looked past. lead, today: as Standing.read."""
        standing = Standing.read(
            session, request.season_id, request.programme_id, lead=lead, anew=request.id, today=today
        )
        return cls(session, request, standing)

    @property
    def school_is_new(self) -> tuple[bool, bool]:
        """Whether the school has no other live visit in the season, and none in the months that count either."""
        new = all(one.school != self.request.school_id for one in self._others)
        school = next(one for one in self._problem.schools if one.id == self.request.school_id)
        return new, new and school.visits_last_12_months == 0

    @property
    def days_waited(self) -> int:
        return max(0, (self._problem.today - self._asked.submitted).days)

    def own_times(self) -> list[tuple[str | None, tuple[Span, ...]]]:
        """The request's options by position, with their lessons."""
        return [
            (option.id, tuple((lesson.starts_at, lesson.ends_at) for lesson in option.lessons))
            for option in self.request.options
        ]

    def first_other_date(self) -> Candidate | None:
        """The nearest other school day, with the lessons of one of the request's times, on which somebody could come.

        Looked for four weeks before and after the first of its own days. With the best people for it.
        """
        times = [lessons for _option, lessons in self.own_times()]
        own = {clock.to_oslo(lessons[0][0]).date() for lessons in times}
        first = min(own)
        near = sorted(days(first - OTHER_DATES, first + OTHER_DATES), key=lambda day: (abs(day - first), day))
        for day in near:
            if day in own or not self.is_open(day):
                continue
            moved = [tuple((_on(day, start), _on(day, end)) for start, end in lessons) for lessons in times]
            cases = [self.case(None, lessons, held) for lessons in moved for held in self.modes(None)]
            found = [best for case in cases if case is not None and (best := case.best(()))]
            if found:
                return min(found, key=best_first)
        return None

    def is_open(self, day: date) -> bool:
        """Whether the school can be visited that day."""
        return self.standing.calendar.is_open(self._row, day, self._first)

    def case(
        self, option_id: str | None, lessons: tuple[Span, ...], mode: Mode, any_topic: bool = False
    ) -> Case | None:
        """The request at one time in one mode; None on a day on which the school cannot be visited."""
        if not self.is_open(clock.to_oslo(lessons[0][0]).date()):
            return None
        option = m.Option(
            lessons=tuple(m.Lesson(start=clock.to_local(start), end=clock.to_local(end)) for start, end in lessons)
        )
        held: m.Mode = mode.value
        allowed = held in modes_of(self._asked)
        asked = replace(self._asked, options=(option,), mode=self._asked.mode if allowed else held)
        if any_topic:
            asked = replace(asked, topics=())
        return Case(self, asked, option_id, lessons, mode)

    def modes(self, mode: Mode | None) -> list[Mode]:
        """That mode alone, or those that the request allows."""
        return [mode] if mode is not None else [Mode(word) for word in modes_of(self._asked)]

    def stands_against(self, asked: m.Request, visit: mp.Visit, kept: mp.Visit | None) -> list[str]:
        """Codes of the rules that the visit would break, beyond what those kept of it break anyway."""
        people = {one.id for one in visit.role_models}
        beside = self._neighbours(people)
        problem = self._part(beside, replace(asked, role_models=len(people)), people)
        return broken_by(problem, _NO_PLAN, [*beside, visit], visit, kept)

    def _part(self, beside: Collection[mp.Visit], asked: m.Request, people: Collection[str]) -> m.VisitProblem:
        """The problem with only what these visits and people are about: that is what the judge has to read."""
        members = {one.id for visit in beside for one in visit.role_models} | set(people)
        others = {visit.request for visit in beside}
        requests = (*(one for one in self._others if one.id in others), asked)
        schools = {one.school for one in requests}
        return replace(
            self._problem,
            schools=tuple(one for one in self._problem.schools if one.id in schools),
            requests=requests,
            role_models=tuple(one for one in self._problem.role_models if one.id in members),
            refused=tuple(one for one in self._problem.refused if one.role_model in members),
            fixed=tuple(one for one in self._problem.fixed if one.request in others),
        )

    def _neighbours(self, people: Collection[str]) -> list[mp.Visit]:
        companies = {self.company[one] for one in people} - {None}
        return [
            visit
            for visit in self._visits
            if any(one.id in people or self.company[one.id] in companies for one in visit.role_models)
        ]

    def _fixed_visits(self) -> Iterator[mp.Visit]:
        requests = {one.id: one for one in self._others}
        for one in self._problem.fixed:
            lessons = requests[one.request].options[one.option].lessons
            yield mp.Visit(
                request=one.request,
                option=one.option,
                start=lessons[0].start,
                end=lessons[-1].end,
                mode=one.mode,
                role_models=tuple(mp.AssignedRoleModel(id=who, travel_minutes=0) for who in one.role_models),
            )


class Case:
    """A request at one time in one mode: who may come by the pair rules, and who by all rules."""

    def __init__(
        self, around: Around, asked: m.Request, option_id: str | None, lessons: tuple[Span, ...], mode: Mode
    ) -> None:
        self._around, self._asked = around, asked
        self._option_id, self._lessons, self._mode = option_id, lessons, mode
        engagement = Engagement(asked, asked.options[0], mode.value)
        facts = around.facts
        physical = mode is Mode.PHYSICAL
        minutes = facts.minutes_to(asked.school) if physical else np.zeros(facts.count, dtype=np.int64)
        town = facts.schools[asked.school].municipality
        reserved = facts.reserved_for(engagement.date, town)
        wishes = facts.shared_topics(asked.wishes)
        self._wishes = {one: int(wishes[i]) for i, one in enumerate(facts.ids)}
        self.everyone = {one: Someone(one, int(minutes[i]), bool(reserved[i])) for i, one in enumerate(facts.ids)}
        self._eligible = [facts.ids[i] for i in np.flatnonzero(eligible(facts, engagement))]

    def singles(self) -> Iterator[Candidate]:
        """Everyone who could come alone."""
        return (self._candidate((one,), ()) for one in self._eligible if self._fits((one,), ()))

    def best(self, keep: Sequence[str], including: str | None = None) -> Candidate | None:
        """The best people with those who come anyway, as many as the request asks for; None when there are too few."""
        missing = self._around.request.role_models - len(keep)
        if missing < 1 or any(one not in self.everyone for one in keep):
            return None
        able = [one for one in self._eligible if one not in keep]
        if missing > 1:
            able = self._best_of_each_company(
                [one for one in able if self._fits((one,), keep)], keep, missing, including
            )
        groups = (group for group in combinations(able, missing) if including is None or including in group)
        ranked = sorted(
            (self._candidate((*keep, *group), keep) for group in groups),
            key=best_first,
        )
        kept = set(keep)
        for found in ranked:
            if self._fits(tuple(one.role_model_id for one in found.people if one.role_model_id not in kept), keep):
                return found
        return None

    def why_not(self, role_model_id: str) -> list[str]:
        """Codes of all rules against one person, none when the person could come alone."""
        if role_model_id not in self.everyone:
            return ["role_model"]
        return self._around.stands_against(self._asked, self._visit((role_model_id,)), None)

    def _best_of_each_company(
        self, able: list[str], keep: Sequence[str], missing: int, including: str | None
    ) -> list[str]:
        """The first few of each company, and of the independent: the rest cannot be in the best group.

        People of one company count alike for its quota and its spread, so one of them in a group may always be
        replaced by a better one.
        """
        ranked = sorted(able, key=lambda one: best_first(self._candidate((*keep, one), keep)))
        taken: Counter[str | None] = Counter()
        chosen = []
        for one in ranked:
            company = self._around.company[one]
            if taken[company] < missing or one == including:
                taken[company] += 1
                chosen.append(one)
        return chosen

    def _fits(self, added: tuple[str, ...], keep: Sequence[str]) -> bool:
        kept = self._visit(keep) if keep else None
        return not self._around.stands_against(self._asked, self._visit((*keep, *added)), kept)

    def _visit(self, people: Sequence[str]) -> mp.Visit:
        slots = self._asked.options[0].lessons
        return mp.Visit(
            request=self._asked.id,
            option=0,
            start=slots[0].start,
            end=slots[-1].end,
            mode=self._mode.value,
            role_models=tuple(
                mp.AssignedRoleModel(id=one, travel_minutes=self.everyone[one].travel_minutes) for one in sorted(people)
            ),
        )

    def _candidate(self, people: Sequence[str], keep: Sequence[str]) -> Candidate:
        who = tuple(self.everyone[one] for one in sorted(people))
        return Candidate(self._option_id, self._lessons, self._mode, who, self._worth(who))

    def _worth(self, people: tuple[Someone, ...]) -> tuple[int, ...]:
        """What each goal of the season gains, in their order; what is made small counts negative."""
        around, asked = self._around, self._asked
        new, first = around.school_is_new
        preferred = asked.mode == "either" and self._mode.value == asked.prefers
        companies = Counter(around.company[one.role_model_id] for one in people)
        spread = sum(2 * around.used[one.role_model_id] + 1 for one in people) + sum(
            (around.used_by_company[company] + count) ** 2 - around.used_by_company[company] ** 2
            for company, count in companies.items()
            if company is not None
        )
        return (
            int(asked.priority),
            sum(one.reserved for one in people),
            int(new),
            int(first),
            asked.classes,
            around.days_waited,
            sum(self._wishes[one.role_model_id] for one in people) + int(preferred),
            -sum(one.travel_minutes for one in people),
            -spread,
        )


def best_first(candidate: Candidate) -> tuple[Any, ...]:
    """Sorts candidates: by worth, then the earlier time, then by ids, so that the order never wavers."""
    return (
        tuple(-gain for gain in candidate.worth),
        candidate.starts_at,
        candidate.mode.value,
        tuple(one.role_model_id for one in candidate.people),
    )


@dataclass(frozen=True, slots=True)
class _SchoolRow:
    Request: Request
    municipality_id: str
    status: SchoolStatus


def _on(day: date, moment: datetime) -> datetime:
    """The same time of day, on another day."""
    return clock.at_local(day, clock.to_local(moment).time())
