"""The smallest change for an unserved request by trying every change on the problem itself; knows no solver."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from matcher.problem import Lesson, Option, Request, RoleModel, VisitProblem
from tests.matcher.brute_force_visits import Held, VisitEnumeration
from tests.matcher.random_visits import random_visit_problem

LIMITS = ("max_per_day", "max_per_week", "max_per_term")
MOST_OVER = 60
Changed = Callable[[], VisitProblem]


def can_serve(problem: VisitProblem, wanted: set[str]) -> bool:
    """Has the problem a valid plan that serves these requests, whatever else?"""
    enumeration = VisitEnumeration(problem)
    open_requests = [r for r in enumeration.open_requests if r.id in wanted]
    candidates = sorted((list(enumeration.candidates_of(r)) for r in open_requests), key=len)

    def extend(held: tuple[Held, ...], i: int) -> bool:
        return i == len(candidates) or any(
            enumeration.fits(new, held) and extend((*held, new), i + 1) for new in candidates[i]
        )

    return extend(tuple(enumeration.fixed), 0)


def crowded_problem(seed: int) -> VisitProblem:
    """The requests of three random problems for the role models of one, who cannot serve them all."""
    rng = random.Random(f"crowded-{seed}")
    problem = random_visit_problem(3 * seed)
    schools = [school.id for school in problem.schools]
    others = [r for more in (1, 2) for r in random_visit_problem(3 * seed + more).requests]
    added = (replace(r, id=f"x{i}", school=rng.choice(schools)) for i, r in enumerate(others))
    return replace(problem, requests=(*problem.requests, *added))


def some_plan(problem: VisitProblem, rng: random.Random) -> list[Held]:
    """A random valid plan: all requests in a random order, each by the first who fit."""
    enumeration = VisitEnumeration(problem)
    held = list(enumeration.fixed)
    for request in rng.sample(enumeration.open_requests, len(enumeration.open_requests)):
        candidates = list(enumeration.candidates_of(request))
        rng.shuffle(candidates)
        held += next(([new] for new in candidates if enumeration.fits(new, held)), [])
    return held


def smallest_change(problem: VisitProblem, served: set[str], request: Request) -> dict[str, Any] | None:
    """The first change, in the order of kinds and amounts, under which the request is served with all served now.

    Of changes of one amount any may be named: see `serves`.
    """
    wanted = served | {request.id}
    return next((found for found, changed in every_change(problem, request) if can_serve(changed(), wanted)), None)


def serves(problem: VisitProblem, served: set[str], request: Request, change: dict[str, Any]) -> bool:
    """Does this very change serve the request with all served now?"""
    wanted = served | {request.id}
    return any(found == change and can_serve(changed(), wanted) for found, changed in every_change(problem, request))


def every_change(problem: VisitProblem, request: Request) -> Iterator[tuple[dict[str, Any], Changed]]:
    """Each change in its order with the problem so changed; one that leaves open who it is comes once for each."""
    yield {"kind": "nothing"}, lambda: problem
    for start, option in _other_options(problem, request):
        found = {"kind": "time", "start": start.isoformat(timespec="minutes")}
        yield found, partial(_with_request, problem, replace(request, options=(*request.options, option)))
    for over, person in _farther(problem):
        farther = replace(person, max_travel_minutes=person.max_travel_minutes + over)
        yield {"kind": "distance", "minutes": over}, partial(_with_role_model, problem, farther)
    if request.topics:
        yield {"kind": "topic"}, partial(_with_request, problem, replace(request, topics=()))
    if request.mode == "physical":
        yield {"kind": "digital"}, partial(_with_request, problem, replace(request, mode="either"))
    if request.role_models > 1:
        fewer = replace(request, role_models=request.role_models - 1)
        yield {"kind": "fewer_role_models"}, partial(_with_request, problem, fewer)
    for person in problem.role_models:
        for field in LIMITS:
            found = {"kind": "limit", "role_model": person.id, "limit": field}
            yield found, partial(_with_role_model, problem, replace(person, **{field: getattr(person, field) + 1}))


def _other_options(problem: VisitProblem, request: Request) -> list[tuple[datetime, Option]]:
    dates = {o.lessons[0].start.date() for r in problem.requests for o in r.options}
    times = {o.lessons[0].start.time() for r in problem.requests if r.school == request.school for o in r.options}
    own = {o.lessons[0].start: o for o in request.options}
    found = []
    for start in {datetime.combine(day, time) for day in dates for time in times}:
        gap, nearest = min((abs(asked - start), asked) for asked in own)
        lessons = [
            (lesson.start + (start - nearest), lesson.end + (start - nearest)) for lesson in own[nearest].lessons
        ]
        if gap and lessons[-1][1].date() == start.date():
            option = Option(lessons=tuple(Lesson(start=begin, end=end) for begin, end in lessons))
            found.append((gap, start, option))
    return [(start, option) for _, start, option in sorted(found, key=lambda entry: entry[:2])]


def _farther(problem: VisitProblem) -> list[tuple[int, RoleModel]]:
    """Every step from 1 to MOST_OVER minutes at which somebody comes to reach one school more, the fewest first."""
    enumeration = VisitEnumeration(replace(problem, fixed=()))
    steps = [
        (enumeration.minutes_home(person, school.id) - person.max_travel_minutes, i)
        for i, person in enumerate(problem.role_models)
        for school in problem.schools
    ]
    return [(over, problem.role_models[i]) for over, i in sorted(set(steps)) if 0 < over <= MOST_OVER]


def _with_request(problem: VisitProblem, changed: Request) -> VisitProblem:
    return replace(problem, requests=tuple(changed if r.id == changed.id else r for r in problem.requests))


def _with_role_model(problem: VisitProblem, changed: RoleModel) -> VisitProblem:
    return replace(problem, role_models=tuple(changed if p.id == changed.id else p for p in problem.role_models))
