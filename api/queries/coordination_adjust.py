"""A plan changed by hand, as the judge sees it: every broken rule, and what each goal gains or loses.

The judge reads the run's stored problem and the changed plan, and never the rows of today; storing a change as a lock
asks those besides (api.services.coordination).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any

import numpy as np

from api.domain.enums import Mode
from api.errors import InvalidInput, NotFound
from api.i18n import gettext
from api.queries.stories import VisitFacts
from matcher.check_common import Violation, broken
from matcher.check_visits import VISIT_RULES, goals, recount, wrong_problem
from matcher.check_visits import VisitFacts as Judged
from matcher.eligibility import Engagement, eligible, modes_of, obstacles
from matcher.plan import AssignedRoleModel, Goal, UnservedRequest, Visit, VisitPlan
from matcher.problem import Request

MOST_PEOPLE, MOST_MISSES, MOST_TIMES = 6, 4, 6
RULES = tuple(rule for rule in VISIT_RULES if rule not in (wrong_problem, goals))
"""All but two: the problem is the one that the plan is kept with, and the goals are counted here."""
_IDS = re.compile(r"'([^']+)'")
_BY_PERSON = frozenset({"day", "overlap", "travel", "week", "term"})


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one request: a visit in option number `option` of the problem, or none (option None)."""

    request: str
    option: int | None = None
    mode: Mode = Mode.PHYSICAL
    role_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that the changed plan breaks. people: whose; against: requests whose visits stand in the way."""

    code: str
    people: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """A goal that the change moves. is_better: the new value is the better one."""

    name: str
    before: int
    after: int
    is_better: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """The judge's whole answer. costs: the goals whose value changes, in their order."""

    change: Change
    broken: tuple[Broken, ...]
    costs: tuple[Cost, ...]

    @property
    def fits(self) -> bool:
        """Every rule is kept."""
        return not self.broken


@dataclass(frozen=True, slots=True)
class Time:
    """A time of a request as the problem numbers it, in a mode, judged with the people at hand."""

    option: int
    mode: Mode
    start: datetime
    end: datetime
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Candidate:
    """A role model in the place of another, judged at the time at hand. minutes: from home, 0 when digital."""

    role_model: str
    minutes: int
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What else could be done for a request: other times, other people; each with its ruling.

    replaced: in whose place the people come; None where a place is open.
    """

    ruling: Ruling
    times: Sequence[Time]
    people: Sequence[Candidate]
    replaced: str | None


def present(facts: VisitFacts, request_id: str) -> Change:
    """The request as the plan has it. Raises NotFound for one that the run did not know."""
    _request(facts, request_id)
    visit = facts.story.visit_of.get(request_id)
    if visit is None:
        return Change(request_id)
    return Change(request_id, visit.option, Mode(visit.mode), tuple(person.id for person in visit.role_models))


def first_try(facts: VisitFacts, request_id: str) -> Change:
    """A visit to begin with for a request without one: the time and the people that ask least of the plan."""
    with facts.mutex:
        return _first_try(facts, _request(facts, request_id))


def _first_try(facts: VisitFacts, request: Request) -> Change:
    best: tuple[Any, ...] | None = None
    for (number, option), mode in product(enumerate(request.options), modes_of(request)):
        engagement = Engagement(request, option, mode)
        ranked = sorted(
            _effort(facts, engagement, int(i)) for i in np.flatnonzero(eligible(facts.story.facts, engagement))
        )
        chosen = ranked[: request.role_models]
        effort = (-len(chosen), sum(one[0] for one in chosen), number, mode != request.prefers, mode)
        if best is None or effort < best[0]:
            best = (effort, Change(request.id, number, Mode(mode), tuple(sorted(one[2] for one in chosen))))
    assert best is not None
    found: Change = best[1]
    return found


def rule_on(facts: VisitFacts, change: Change) -> Ruling:
    """The judge's answer to one change. Raises NotFound or InvalidInput for what the problem does not have."""
    with facts.mutex:
        return _rule_on(facts, change)


def _rule_on(facts: VisitFacts, change: Change) -> Ruling:
    request = _request(facts, change.request)
    _check(facts, request, change)
    after = Judged(facts.story.problem, _bare_plan(facts, change))
    values = facts.counted_goals
    costs = tuple(
        Cost(goal.name, values[goal.name], goal.value, (goal.value > values[goal.name]) == (goal.sense == "max"))
        for goal in recount(after)
        if goal.value != values[goal.name]
    )
    violations = broken(RULES, after)
    return Ruling(change, tuple(_named(facts, change, violations, after.plan)), costs)


def alternatives(facts: VisitFacts, change: Change, replaced: str | None = None) -> Alternatives:
    """Other times for the people of `change`, and others for its time, in the place of `replaced` or the first."""
    with facts.mutex:
        return _alternatives(facts, change, replaced)


def _alternatives(facts: VisitFacts, change: Change, replaced: str | None) -> Alternatives:
    ruling = _rule_on(facts, change)
    request = facts.story.requests[change.request]
    if len(change.role_models) < request.role_models:
        replaced = None
    elif replaced not in change.role_models:
        replaced = next(iter(change.role_models), None)
    return Alternatives(
        ruling, list(_times(facts, request, change)), list(_people(facts, request, change, replaced)), replaced
    )


def _times(facts: VisitFacts, request: Request, change: Change) -> Iterator[Time]:
    others = [
        (number, mode)
        for number, mode in product(range(len(request.options)), modes_of(request))
        if (number, mode) != (change.option, change.mode.value)
    ]
    for number, mode in others[:MOST_TIMES]:
        lessons = request.options[number].lessons
        moved = replace(change, option=number, mode=Mode(mode))
        yield Time(number, Mode(mode), lessons[0].start, lessons[-1].end, _rule_on(facts, moved))


def _people(facts: VisitFacts, request: Request, change: Change, replaced: str | None) -> Iterator[Candidate]:
    """Those who may come, the easiest first; then those who may not, with the fewest obstacles."""
    if change.option is None:
        return
    option, known = request.options[change.option], facts.story.facts
    engagement = Engagement(request, option, change.mode.value)
    may = eligible(known, engagement)
    able = sorted(_effort(facts, engagement, int(i)) for i in np.flatnonzero(may))
    in_the_way = obstacles(known, request, option)
    misses = sorted(
        (sum(bool(stands[i]) for stands in in_the_way.values()), _minutes(facts, engagement, int(i)), known.ids[i])
        for i in np.flatnonzero(~may)
    )
    kept = tuple(person for person in change.role_models if person != replaced)
    listed = [entry for entry in able if entry[2] not in change.role_models][:MOST_PEOPLE]
    listed += [entry for entry in misses if entry[2] not in change.role_models][:MOST_MISSES]
    for _, minutes, person in listed:
        yield Candidate(person, minutes, _rule_on(facts, replace(change, role_models=tuple(sorted((*kept, person))))))


def _effort(facts: VisitFacts, engagement: Engagement, index: int) -> tuple[int, int, str]:
    person = facts.story.problem.role_models[index]
    used = facts.story.used_elsewhere(person, engagement)
    return len(used), _minutes(facts, engagement, index), person.id


def _minutes(facts: VisitFacts, engagement: Engagement, index: int) -> int:
    if engagement.mode != Mode.PHYSICAL.value:
        return 0
    return int(facts.story.facts.minutes_to(engagement.request.school)[index])


def _request(facts: VisitFacts, request_id: str) -> Request:
    if not facts.knows(request_id):
        raise NotFound(gettext("There is no such request in the plan."))
    return facts.story.requests[request_id]


def _check(facts: VisitFacts, request: Request, change: Change) -> None:
    if change.option is None:
        return
    if not 0 <= change.option < len(request.options):
        raise InvalidInput(gettext("The request has no such time."), field="option")
    if not set(change.role_models) <= facts.story.people.keys():
        raise InvalidInput(
            gettext("The plan's run did not know that role model."),
            field="role_models",
            remedy=gettext("Choose one of those listed, or make a new plan first."),
        )


def changed_plan(facts: VisitFacts, change: Change) -> VisitPlan:
    """The plan with the change in place, its goals recounted and nothing claimed about how good it could be."""
    bare = _bare_plan(facts, change)
    counted = recount(Judged(facts.story.problem, bare))
    whole = tuple(Goal(name=g.name, sense=g.sense, value=g.value, bound=g.value) for g in counted)  # type: ignore[arg-type]  # the same words
    certificate = facts.story.plan.certificate
    sources = {goal.name: certificate.bound_source.get(goal.name, "replay") for goal in whole}
    return replace(bare, goals=whole, certificate=replace(certificate, bound_source=sources))


def _bare_plan(facts: VisitFacts, change: Change) -> VisitPlan:
    """The plan with the change in place, its goals still those of the plan."""
    plan, problem = facts.story.plan, facts.story.problem
    visits = [visit for visit in plan.visits if visit.request != change.request]
    if change.option is not None:
        visits.append(_visit(facts, change))
    visits.sort(key=lambda visit: (visit.start, visit.request))
    served = {visit.request for visit in visits}
    unserved = tuple(UnservedRequest(request=one.id, reasons=()) for one in problem.requests if one.id not in served)
    return replace(plan, status="feasible", visits=tuple(visits), unserved=unserved)


def _visit(facts: VisitFacts, change: Change) -> Visit:
    assert change.option is not None
    request = facts.story.requests[change.request]
    lessons = request.options[change.option].lessons
    people = []
    for person in sorted(set(change.role_models)):
        index = facts.index_of(person)
        physical = change.mode is Mode.PHYSICAL
        minutes = facts.story.facts.minutes(index, request.school) if physical else 0
        people.append(AssignedRoleModel(id=person, travel_minutes=minutes))
    return Visit(
        request=request.id,
        option=change.option,
        start=lessons[0].start,
        end=lessons[-1].end,
        mode=change.mode.value,
        role_models=tuple(people),
    )


def _named(
    facts: VisitFacts, change: Change, violations: Collection[Violation], changed: VisitPlan
) -> Iterator[Broken]:
    """The judge names what breaks a rule by ids in quotes; limits of a person are broken by their other visits."""
    told = set()
    for violation in violations:
        ids = _IDS.findall(violation.message)
        people = tuple(one for one in dict.fromkeys(ids) if one in facts.story.people)
        against = tuple(one for one in dict.fromkeys(ids) if one in facts.story.requests and one != change.request)
        if violation.code in _BY_PERSON and not against:
            against = tuple(_others(change, changed, people, violation.code))
        if (violation.code, people, against) not in told:
            told.add((violation.code, people, against))
            yield Broken(violation.code, people, against)


def _others(change: Change, changed: VisitPlan, people: Collection[str], code: str) -> Iterator[str]:
    mine = next((visit for visit in changed.visits if visit.request == change.request), None)
    for visit in changed.visits:
        if mine is None or visit is mine or not set(people) & {person.id for person in visit.role_models}:
            continue
        same_week = visit.start.isocalendar()[:2] == mine.start.isocalendar()[:2]
        same_day = visit.start.date() == mine.start.date()
        if same_day or (code == "week" and same_week) or code == "term":
            yield visit.request
