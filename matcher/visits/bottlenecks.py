"""What one more role model of a topic in a municipality would serve, beside all who are served now; most first.

Upper bound: on the network of slack.py the sets of requests that can be served in addition are those of a matroid, so
taking them one by one, those with most classes first, is best; a request for several people counts as one for one. The
requests so found, and those that move for them, are then served by an integer program: where that succeeds the bound is
reached. Else they are tried one by one, and both figures are given.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from statistics import median_low
from typing import Any

from matcher.control import Stop
from matcher.plan import VisitPlan
from matcher.problem import Interval, Matrix, RoleModel, School, VisitProblem
from matcher.travel import TravelTimes, place
from matcher.visits.exchange import Exchange, Program
from matcher.visits.running import Stopped, listen
from matcher.visits.slack import Slack
from matcher.visits.standing import Change, Offer, Standing


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """One role model more: at least `requests` with `classes` classes are served, and at most `at_most` classes."""

    topic: str
    municipality: str
    requests: int
    classes: int
    at_most: int


def bottlenecks(problem: VisitProblem, plan: VisitPlan, stop: Stop) -> dict[str, Any]:
    """`bottlenecks`, ranked, and whether all were looked at before the stop (`complete`).

    Looked at are the topics and the municipalities of requests that are not served. Requests that could be served
    without anybody more do not count; pairs with whom none was found that could be served are left out.
    """
    requests = {request.id: request for request in problem.requests}
    towns = {school.id: school.municipality for school in problem.schools}
    waiting = [requests[item.request] for item in plan.unserved]
    pairs = sorted({topic for r in waiting for topic in r.topics}), sorted({towns[r.school] for r in waiting})
    added = {(topic, town): one_more(problem, topic, town) for town in pairs[1] for topic in pairs[0]}
    found: list[Bottleneck] = []
    complete = True
    try:
        search = Search(problem, plan, list(added.values()), stop) if added else None
        for (topic, town), person in added.items():
            if search is not None and (gain := search.gain(person.id)).requests:
                found.append(Bottleneck(topic, town, gain.requests, gain.classes, gain.at_most))
    except Stopped:
        complete = False
    ranked = sorted(found, key=lambda b: (-b.classes, -b.at_most, b.topic, b.municipality))
    return {"bottlenecks": [asdict(bottleneck) for bottleneck in ranked], "complete": complete}


@dataclass(frozen=True, slots=True)
class Gain:
    """Requests and classes served in addition, and the most classes that could be."""

    requests: int
    classes: int
    at_most: int


class Crowd(Standing):
    """The plan in a problem with many further role models, of whom only one at a time is there."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan, added: Iterable[str]) -> None:
        super().__init__(problem, plan)
        self.index = {identifier: i for i, identifier in enumerate(self.facts.ids)}
        self.added = {self.index[identifier] for identifier in added}
        self.present = -1

    def offers(self, number: int, change: Change | None = None) -> list[Offer]:
        """As of a plan without those who are not there."""
        absent = self.added - {self.present}
        found = super().offers(number, change)
        return [Offer(slot, [person for person in people if person not in absent]) for slot, people in found]


class Search:
    """Prepared once for a plan and all who could be added; raises Stopped when the stop comes first."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan, added: list[RoleModel], stop: Stop) -> None:
        wider = replace(
            problem,
            role_models=(*problem.role_models, *added),
            travel=replace(problem.travel, matrix=wider_matrix(problem, added)),
        )
        self._standing = Crowd(wider, plan, [person.id for person in added])
        self._slack = Slack(self._standing)
        self._stop = stop
        self._waiting = self._in_need()

    def _in_need(self) -> dict[int, int]:
        """Classes of each unserved request that is proven not to have room beside those served now."""
        open_now = self._slack.to_end_without(self._standing.added)
        exchange = Exchange(self._standing, self._slack, self._stop)
        need = {}
        for number in self._standing.unserved:
            request = self._standing.problem.requests[number]
            able = [
                sum(self._slack.enters(person, slot.day, open_now) for person in people)
                for slot, people in self._standing.offers(number)
            ]
            if max(able, default=0) < request.role_models or exchange.serves(Change(number, request), []) is False:
                need[number] = request.classes
        return need

    def gain(self, identifier: str) -> Gain:
        """What this one of those added would serve."""
        listen(self._stop)
        person = self._standing.present = self._standing.index[identifier]
        requests = self._standing.problem.requests
        alone = {number: worth for number, worth in self._waiting.items() if requests[number].role_models == 1}
        chosen, moved = self._slack.best_with(person, self._standing.added, self._waiting)
        at_most = sum(self._waiting[number] for number in chosen)
        served = self._served(chosen, moved)
        if len(served) < len(chosen):
            others = self._served(*self._slack.best_with(person, self._standing.added, alone))
            served = max(served, others, key=lambda numbers: sum(self._waiting[number] for number in numbers))
        return Gain(len(served), sum(self._waiting[number] for number in served), at_most)

    def _served(self, chosen: list[int], moved: set[int]) -> list[int]:
        """All of the chosen where they can be served together, else one after the other as far as it goes."""
        if not chosen or self._can_serve(chosen, moved):
            return chosen
        served: list[int] = []
        for number in chosen:
            if self._can_serve([*served, number], moved):
                served.append(number)
        return served

    def _can_serve(self, numbers: list[int], moved: set[int]) -> bool:
        change = Change(numbers[0], self._standing.problem.requests[numbers[0]])
        return bool(Program(self._standing, sorted({*numbers, *moved}), change, self._stop, keep_others=True).solve())


def one_more(problem: VisitProblem, topic: str, town: str) -> RoleModel:
    """A role model of this topic who lives in the town's midst, is always free, and else is as usual in the problem.

    Numbers are the medians of all role models, grades and modes the most frequent.
    """
    home = _midst(problem, town)
    people = problem.role_models
    days = [option.lessons[0].start.date() for request in problem.requests for option in request.options]
    always = Interval(
        start=datetime.combine(min(days), time()), end=datetime.combine(max(days) + timedelta(days=1), time())
    )
    grades = Counter(person.grades for person in people).most_common(1)
    modes = Counter(person.modes for person in people).most_common(1)
    return RoleModel(
        id=f"one more: {topic}, {town}",
        lat=home.lat,
        lon=home.lon,
        topics=(topic,),
        grades=grades[0][0] if grades else (1, 13),
        modes=modes[0][0] if modes else ("physical",),
        free=(always,),
        max_travel_minutes=median_low([person.max_travel_minutes for person in people] or [40]),
        max_lessons=median_low([person.max_lessons for person in people] or [3]),
        max_per_day=median_low([person.max_per_day for person in people] or [1]),
        max_per_week=median_low([person.max_per_week for person in people] or [2]),
        max_per_term=median_low([person.max_per_term for person in people] or [6]),
    )


def _midst(problem: VisitProblem, town: str) -> School:
    """The school of the municipality from which the way to all its schools is shortest."""
    times = TravelTimes(problem.travel)
    schools = [school for school in problem.schools if school.municipality == town]
    places = [place("school", school.id, school.lat, school.lon) for school in schools]
    total = times.table(places, places).sum(axis=1)
    return schools[int(total.argmin())]


def wider_matrix(problem: VisitProblem, added: list[RoleModel]) -> Matrix | None:
    """The matrix, where there is one, with the homes of those added: each is where a school is."""
    matrix = problem.travel.matrix
    if matrix is None:
        return None
    rows = {key: row for row, key in enumerate(matrix.places)}
    at = {(school.lat, school.lon, school.municipality): rows[f"school:{school.id}"] for school in problem.schools}
    towns = [person.id.rsplit(", ", 1)[1] for person in added]
    own = [at[person.lat, person.lon, town] for person, town in zip(added, towns, strict=True)]
    like = [*range(len(matrix.places)), *own]
    places = (*matrix.places, *(f"role_model:{person.id}" for person in added))
    return Matrix(places=places, minutes=tuple(tuple(matrix.minutes[a][b] for b in like) for a in like))
