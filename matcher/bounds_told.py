"""What a plan tells beside its goals: looked for again, to see that no smaller change and no bottleneck was left out;
and a sample tried by fresh solves, to see that it serves whom it says.

Of pupils only the change `mentor` is tried here: the judge finds out the others exactly.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from matcher.control import Progress, Settings, Stop, no_progress
from matcher.fields import InvalidProblem
from matcher.plan import UNKNOWN_CHANGE, GroupPlan, Plan, UnservedRequest, VisitPlan
from matcher.problem import GroupProblem, Lesson, Mentor, Option, Problem, Request, RoleModel, VisitProblem
from matcher.travel import TravelTimes, place

SAMPLED = 10
"""So many sessions or requests are tried at most, at even distances by id."""


class Told(NamedTuple):
    """Something told of a session, pupil or request; `holds` is None where the time was too short."""

    what: Literal["smallest_change", "bottlenecks"]
    of: str
    holds: bool | None


def look_again(problem: Problem, plan: Plan, stop: Stop) -> list[Told]:
    """Is everything told of the size that the engine finds now: each change by kind and minutes, each bottleneck?

    A plan that leaves a change unknown was cut short, and may leave out bottlenecks.
    """
    from matcher.solve import judged

    if isinstance(plan, VisitPlan):
        return _compared(plan, judged(problem, replace(plan, unserved=_untold(plan.unserved)), stop))
    again = judged(problem, replace(plan, unserved=_untold(plan.unserved), bottlenecks=()), stop)
    assert isinstance(again, GroupPlan)
    told, found = ({b.session: b.one_more_mentor_serves for b in one.bottlenecks} for one in (plan, again))
    is_open = any(item.smallest_change == UNKNOWN_CHANGE for one in (plan, again) for item in one.unserved)
    sessions = told.keys() if is_open else told.keys() | found.keys()
    bottlenecks = [
        Told(
            "bottlenecks",
            session,
            None if is_open and session not in found else told.get(session) == found.get(session),
        )
        for session in sorted(sessions)
    ]
    return [*_compared(plan, again), *bottlenecks]


def _untold(unserved: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(replace(item, smallest_change=None) for item in unserved)


def _compared(plan: Plan, again: Plan) -> list[Told]:
    found = []
    pairs: Iterator[tuple[Any, Any]] = zip(plan.unserved, again.unserved, strict=True)
    for before, now in pairs:
        told, looked = before.smallest_change, now.smallest_change
        name = before.request if isinstance(before, UnservedRequest) else before.pupil
        if told != UNKNOWN_CHANGE:
            holds = None if looked == UNKNOWN_CHANGE else _size(told) == _size(looked)
            found.append(Told("smallest_change", name, holds))
    return found


def _size(change: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """What two changes that are equally small have in common."""
    return () if change is None else (change["kind"], change.get("minutes"))


def try_told(problem: Problem, plan: Plan, stop: Stop) -> list[Told]:
    """What became of a sample of what is told. The solvers load OR-Tools, so they are imported when they are used."""
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan):
        return list(_requests(problem, plan, stop))
    if isinstance(problem, GroupProblem) and isinstance(plan, GroupPlan):
        return list(_sessions(problem, plan, stop))
    return []


def _sampled(ids: Collection[str]) -> list[str]:
    return sorted(ids)[:: max(1, -(-len(ids) // SAMPLED))]


def _sessions(problem: GroupProblem, plan: GroupPlan, stop: Stop) -> Iterator[Told]:
    """One more mentor in some of the sessions where one is told to serve somebody."""
    serves = {one.session: one.one_more_mentor_serves for one in plan.bottlenecks}
    helped: dict[str, list[str]] = {}
    for item in plan.unserved:
        if item.smallest_change is not None and item.smallest_change["kind"] == "mentor":
            helped.setdefault(item.smallest_change["session"], []).append(item.pupil)
    now = _seated(plan)
    queue = sorted(problem.pupils, key=lambda pupil: (pupil.class_, pupil.joined, pupil.lottery, pupil.id))
    position = {pupil.id: n for n, pupil in enumerate(queue)}
    for session in _sampled(serves.keys() | helped.keys()):
        pupils = helped.get(session, [])
        if stop.expired:
            yield from (Told("smallest_change", pupil, None) for pupil in pupils)
            yield from (Told("bottlenecks", session, None) for _ in {session} & serves.keys())
            continue
        then = _seated(_with_one_more_mentor(problem, plan, session))
        first_lost = min((position[pupil] for pupil in now - then), default=len(position))
        for pupil in pupils:
            yield Told("smallest_change", pupil, pupil in then and position[pupil] < first_lost)
        if session in serves:
            yield Told("bottlenecks", session, len(then) - len(now) == serves[session])


def _seated(plan: GroupPlan) -> set[str]:
    return {pupil for session in plan.sessions for mentor in session.mentors for pupil in mentor.pupils}


def _with_one_more_mentor(problem: GroupProblem, plan: GroupPlan, session: str) -> GroupPlan:
    """The queue gone through on the plan's roster and one more mentor who covers every level, in this open session."""
    from matcher.groups.fixed_roster import on_roster, stands_of
    from matcher.groups.solve import solve

    name = max((mentor.id for mentor in problem.mentors), key=len) + "+"
    levels = tuple(sorted({pupil.level for pupil in problem.pupils}))
    more = replace(problem, mentors=(*problem.mentors, Mentor(id=name, levels=levels, sessions=(), max_sessions=1)))
    settled = on_roster(more, [*stands_of(plan), (name, session)])
    return solve(settled, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def _requests(problem: VisitProblem, plan: VisitPlan, stop: Stop) -> Iterator[Told]:
    """Some of the requests that are told a change."""
    changes = {
        item.request: item.smallest_change
        for item in plan.unserved
        if item.smallest_change not in (None, UNKNOWN_CHANGE)
    }
    requests = {request.id: request for request in problem.requests}
    served = {visit.request for visit in plan.visits}
    for request in _sampled(changes):
        wanted = served | {request}
        answers = (_serves_all(c, wanted, stop) for c in _changed(problem, requests[request], changes[request]))
        try:
            yield Told("smallest_change", request, next((answer for answer in answers if answer is not False), False))
        except InvalidProblem:
            yield Told("smallest_change", request, False)


def _serves_all(problem: VisitProblem, wanted: set[str], stop: Stop) -> bool | None:
    """Has the problem a valid plan with all these requests? As many as can be, were they alone marked priority."""
    from matcher.visits.solve import solve

    if stop.expired:
        return None
    enough = Stop(stop.remaining())

    def listener(progress: Progress) -> None:
        if progress.goal == "priority" and (progress.value == len(wanted) or progress.bound != len(wanted)):
            enough.request()

    asked = tuple(replace(request, priority=request.id in wanted) for request in problem.requests)
    plan = solve(
        replace(problem, requests=asked), stop=enough, seed=1, settings=Settings(workers=1), on_progress=listener
    )
    if not plan.goals or plan.goals[0].value == len(wanted):
        return bool(plan.goals)
    return False if plan.goals[0].bound < len(wanted) else None


def _changed(problem: VisitProblem, request: Request, change: dict[str, Any]) -> Iterator[VisitProblem]:
    """The problem after the change; of `distance`, one for each role model whom it may be about."""
    match change["kind"]:
        case "nothing":
            yield problem
        case "time":
            option = _at(request, datetime.fromisoformat(change["start"]))
            yield _with_request(problem, replace(request, options=(*request.options, option)))
        case "distance":
            for person in _farther(problem, change["minutes"]):
                yield _with_person(problem, person)
        case "topic":
            yield _with_request(problem, replace(request, topics=()))
        case "digital":
            yield _with_request(problem, replace(request, mode="either"))
        case "fewer_role_models":
            yield _with_request(problem, replace(request, role_models=request.role_models - 1))
        case "limit":
            limit, who = change["limit"], change["role_model"]
            person = next(person for person in problem.role_models if person.id == who)
            yield _with_person(problem, replace(person, **{limit: getattr(person, limit) + 1}))


def _at(request: Request, start: datetime) -> Option:
    """The lessons of the request's option nearest in time, the earlier of two, from this start on."""
    nearest = min((option.lessons for option in request.options), key=lambda o: (abs(o[0].start - start), o[0].start))
    later = start - nearest[0].start
    return Option(lessons=tuple(Lesson(start=each.start + later, end=each.end + later) for each in nearest))


def _farther(problem: VisitProblem, minutes: int) -> Iterator[RoleModel]:
    """Each role model, going farther, who reaches a school with so many minutes more and not with fewer."""
    times = TravelTimes(problem.travel)
    schools = [place("school", school.id, school.lat, school.lon) for school in problem.schools]
    homes = [place("role_model", person.id, person.lat, person.lon) for person in problem.role_models]
    for person, ways in zip(problem.role_models, times.table(homes, schools), strict=True):
        most = person.max_travel_minutes + minutes
        if most in ways:
            yield replace(person, max_travel_minutes=most)


def _with_request(problem: VisitProblem, changed: Request) -> VisitProblem:
    return replace(problem, requests=tuple(changed if r.id == changed.id else r for r in problem.requests))


def _with_person(problem: VisitProblem, changed: RoleModel) -> VisitProblem:
    return replace(problem, role_models=tuple(changed if p.id == changed.id else p for p in problem.role_models))
