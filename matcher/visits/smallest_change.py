"""The smallest change of one value of the problem that would serve an unserved request, at nobody's cost.

Nobody's cost: every request served now stays served, though perhaps by others, at another of its times, or in another
mode that it allows. Kinds are tried in order, amounts within a kind from small to large; each answer is proven
(slack.py, exchange.py): the change serves the request, and no earlier one does. What the kinds mean: matcher/README.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from matcher.control import Stop
from matcher.eligibility import Engagement, distance, eligible, grade, mode, modes_of, topic
from matcher.plan import UNKNOWN_CHANGE, VisitPlan
from matcher.problem import Lesson, Option, Request, VisitProblem
from matcher.visits.exchange import Exchange
from matcher.visits.running import Stopped, listen
from matcher.visits.slack import Pair, Shortfall, Slack
from matcher.visits.standing import AMPLE, LIMITS, Change, Standing, slots

MOST_WORK = 1_000_000_000
"""Arcs that searches for one plan may look at, some half a minute: a season of demo size needs a hundredth of it."""

MOST_OVER = 60
"""Minutes; a longer way than that beyond what somebody said is no small change."""

Found = dict[str, Any]
Tries = Iterator[tuple[Change, Found]]


def with_smallest_changes(problem: VisitProblem, plan: VisitPlan, stop: Stop) -> VisitPlan:
    """The plan, which must keep all rules, with the smallest change for each unserved request.

    Those not reached before the stop, or with MOST_WORK done, have the kind `unknown`: `change_of` answers for one.
    """
    if not plan.unserved:
        return plan
    found: dict[str, Found | None] = {}
    try:
        finder = Finder(problem, plan, stop)
        for item in plan.unserved:
            if finder.slack.work > MOST_WORK:
                break
            found[item.request] = finder.smallest_change(item.request)
    except Stopped:
        pass
    return replace(
        plan,
        unserved=tuple(
            replace(item, smallest_change=found.get(item.request, UNKNOWN_CHANGE)) for item in plan.unserved
        ),
    )


def change_of(problem: VisitProblem, plan: VisitPlan, request: str, stop: Stop) -> dict[str, Any] | None:
    """The smallest change for one unserved request, however much work; `unknown` where the stop came first."""
    try:
        return Finder(problem, plan, stop).smallest_change(request)
    except Stopped:
        return UNKNOWN_CHANGE


class Beyond(NamedTuple):
    """Somebody who would have to travel so many minutes more on a day, and the node of the network for that day."""

    over: int
    role_model: int
    day: int
    node: int


class Finder:
    """Prepared once for a plan; answers request by request. Raises Stopped when the stop comes first."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan, stop: Stop) -> None:
        listen(stop)
        self.standing = Standing(problem, plan)
        listen(stop)
        self.slack = Slack(self.standing)
        listen(stop)
        self.exchange = Exchange(self.standing, self.slack, stop)
        self.takers = self.slack.takers
        self.dates = sorted({option.lessons[0].start.date() for r in problem.requests for option in r.options})
        self.blocking: list[int] = []
        """Requests that cannot all be served with the one asked about, where the network does not say so itself."""
        self._stop = stop
        self._within_reach: dict[int, list[int]] = {}
        self._beyond: dict[int, list[Beyond]] = {}

    def smallest_change(self, request_id: str) -> Found | None:
        """The change in the plan's format; None is proven: no single change serves the request."""
        number = self.standing.numbers[request_id]
        request = self.standing.problem.requests[number]
        open_question = False
        self.blocking = []
        for kind in KINDS:
            for change, found in kind(self, number, request):
                listen(self._stop)
                answer = self.exchange.serves(change, self.more(change))
                if kind is nothing and answer is False:
                    self.blocking = self.exchange.blocking
                if answer:
                    return UNKNOWN_CHANGE if open_question else found
                open_question |= answer is None
        return UNKNOWN_CHANGE if open_question else None

    def hopeful(self, request: Request) -> bool:
        """Does the residual network leave a way to serve the request? If not, there is none."""
        return any(self.hopeful_at(engagement) for engagement, _ in slots(request))

    def hopeful_at(self, engagement: Engagement) -> bool:
        """The same for one option and mode."""
        people = np.flatnonzero(eligible(self.standing.facts, engagement) & self.takers).tolist()
        return self.take(people, engagement.date.toordinal()) >= engagement.request.role_models

    def take(self, people: list[int], day: int) -> int:
        """How many of these could take one engagement more on the day, by the same test."""
        return sum(self.slack.takes(person, day) for person in people)

    def more(self, change: Change) -> list[Pair]:
        """Pairs of other requests that the change allows: those of who goes farther."""
        if not change.over:
            return []
        return [
            Pair(other, change.role_model, entry.day)
            for other in self.within_reach(change.number)
            if other != change.number
            for entry in self.helpful_beyond(other)
            if entry.role_model == change.role_model and entry.over <= change.over
        ]

    def within_reach(self, number: int) -> list[int]:
        """Requests that could come to move for the sake of this one if everybody went farther, and itself."""
        if number not in self._within_reach:
            reached: list[int] = []
            more: list[Pair] = []
            while len(found := self.slack.requests_in(self.slack.forwards(number, more))) > len(reached):
                for other in set(found) - set(reached):
                    more += [Pair(other, entry.role_model, entry.day) for entry in self.helpful_beyond(other)]
                reached = found
            self._within_reach = {number: reached}
        return self._within_reach[number]

    def beyond(self, number: int) -> list[Beyond]:
        """Who is kept from a request by distance alone, by at most MOST_OVER minutes."""
        found: set[Beyond] = set()
        for engagement, slot in slots(self.standing.problem.requests[number]):
            over = self.standing.over(engagement)
            for person in np.flatnonzero(over <= MOST_OVER).tolist():
                node = self.slack.entry(person, slot.day)
                found.add(Beyond(int(over[person]), person, slot.day, node))
        return sorted(found)

    def helpful_beyond(self, number: int) -> list[Beyond]:
        """Of these, who could take one engagement more on some day."""
        if number not in self._beyond:
            listen(self._stop)
            self._beyond[number] = [entry for entry in self.beyond(number) if self.takers[entry.role_model]]
        return self._beyond[number]

    def shortfalls(self, number: int) -> list[Shortfall]:
        """What the request lacks without a change, by the residual network; empty where that does not say."""
        return [] if self.blocking else self.slack.shortfalls(number, self.standing.offers(number))


def nothing(finder: Finder, number: int, request: Request) -> Tries:
    """No change: the plan is not the best, or a goal above `classes` was worth more than this request."""
    if finder.hopeful(request):
        yield Change(number, request), {"kind": "nothing"}


def other_time(finder: Finder, number: int, request: Request) -> Tries:
    """One option more, the nearest in time to those asked for first."""
    anywhere = {held: _anywhere(finder, Engagement(request, request.options[0], held)) for held in modes_of(request)}
    able = {held: people for held, people in anywhere.items() if len(people) >= request.role_models}
    for start, option in other_options(finder, request) if able else ():
        day = start.toordinal()
        likely = (held for held, people in able.items() if finder.take(people, day) >= request.role_models)
        if any(finder.hopeful_at(Engagement(request, option, held)) for held in likely):
            changed = replace(request, options=(*request.options, option))
            yield Change(number, changed), {"kind": "time", "start": start.isoformat(timespec="minutes")}


def _anywhere(finder: Finder, engagement: Engagement) -> list[int]:
    """Role models who could take one more on some day and whom no rule keeps from the request at every time."""
    blocked = ~finder.takers
    for rule in (mode, topic, grade, distance):
        blocked = blocked | rule(finder.standing.facts, engagement)
    people: list[int] = np.flatnonzero(~blocked).tolist()
    return people


def other_options(finder: Finder, request: Request) -> Iterator[tuple[datetime, Option]]:
    """The request's lessons at other times: on the dates of the problem's options, at the times of day of its school's.

    The nearest to one of its own first, the earlier of two; each with the lessons of the option it is nearest to.
    """
    own = {option.lessons[0].start: option for option in request.options}
    times = {
        option.lessons[0].start.time()
        for other in finder.standing.problem.requests
        if other.school == request.school
        for option in other.options
    }
    starts = {datetime.combine(day, at) for day in finder.dates for at in times} - own.keys()
    nearest = {start: min(own, key=lambda asked: (abs(asked - start), asked)) for start in starts}
    for start in sorted(starts, key=lambda start: (abs(start - nearest[start]), start)):
        option = _moved(own[nearest[start]], start - nearest[start])
        if option.lessons[-1].end.date() == start.date():
            yield start, option


def _moved(option: Option, by: timedelta) -> Option:
    return Option(lessons=tuple(Lesson(start=lesson.start + by, end=lesson.end + by) for lesson in option.lessons))


def minutes(finder: Finder, number: int, request: Request) -> Tries:
    """One role model goes farther than they said, by the fewest minutes: to this school, or in another's stead."""
    helpful: set[tuple[int, int]] = set()
    for other in finder.blocking:
        helpful |= {(entry.over, entry.role_model) for entry in finder.beyond(other)}
    shortfalls = finder.shortfalls(number)
    reach = finder.within_reach(number) if shortfalls else []
    for short in shortfalls:
        beyond = [(other, entry) for other in reach for entry in finder.helpful_beyond(other)]
        first = _fewest((entry for other, entry in beyond if short.reached[other]), short.missing)
        last = _fewest((entry for _, entry in beyond if entry.node >= 0 and short.to_end[entry.node]), short.missing)
        enough = {person: max(over, last[person]) for person, over in first.items() if person in last}
        helpful |= {(e.over, e.role_model) for _, e in beyond if e.over >= enough.get(e.role_model, AMPLE)}
    for over, person in sorted(helpful):
        yield Change(number, request, role_model=person, over=over), {"kind": "distance", "minutes": over}


def _fewest(entries: Iterable[Beyond], needed: int) -> dict[int, int]:
    """For each role model with so many entries, the fewest minutes that take in as many."""
    over: dict[int, list[int]] = defaultdict(list)
    for entry in entries:
        over[entry.role_model].append(entry.over)
    return {person: sorted(found)[needed - 1] for person, found in over.items() if len(found) >= needed}


def any_topic(finder: Finder, number: int, request: Request) -> Tries:
    """The request names no topic."""
    changed = replace(request, topics=())
    if request.topics and finder.hopeful(changed):
        yield Change(number, changed), {"kind": "topic"}


def digital(finder: Finder, number: int, request: Request) -> Tries:
    """The visit may be held digitally too."""
    changed = replace(request, mode="either")
    if request.mode == "physical" and finder.hopeful(changed):
        yield Change(number, changed), {"kind": "digital"}


def fewer_role_models(finder: Finder, number: int, request: Request) -> Tries:
    """One role model fewer comes."""
    if request.role_models > 1:
        changed = replace(request, role_models=request.role_models - 1)
        if finder.hopeful(changed):
            yield Change(number, changed), {"kind": "fewer_role_models"}


def limit(finder: Finder, number: int, request: Request) -> Tries:
    """One role model takes one engagement more a day, a week or in all; those who may come to the request first."""
    helpful = {field: finder.standing.facts.nobody() for field in LIMITS}
    for other in finder.blocking:
        for field in LIMITS:
            helpful[field][[person for _, people in finder.standing.offers(other) for person in people]] = True
    for short in finder.shortfalls(number):
        for field, people in finder.slack.widened(short).items():
            helpful[field] |= people
    own = {person for _, people in finder.standing.offers(number) for person in people}
    some = np.flatnonzero(np.logical_or.reduce(list(helpful.values()))).tolist()
    for person in sorted(some, key=lambda person: (person not in own, person)):
        for field in LIMITS:
            if helpful[field][person]:
                found = {"kind": "limit", "role_model": finder.standing.facts.ids[person], "limit": field}
                yield Change(number, request, role_model=person, limit=field), found


KINDS: tuple[Callable[[Finder, int, Request], Tries], ...] = (
    nothing,
    other_time,
    minutes,
    any_topic,
    digital,
    fewer_role_models,
    limit,
)
"""Every kind of change in its order; each yields changes in order of their amounts, without those proven hopeless."""
