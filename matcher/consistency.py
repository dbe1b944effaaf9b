"""What must hold between the parts of a problem; each function yields a line for each fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from matcher.fields import MOST, shown

if TYPE_CHECKING:
    from matcher.problem import GroupProblem, Pupil, Request, RoleModel, Travel, VisitProblem


HALF_ROUND_THE_EARTH_KM = 20_016


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


def visit_errors(problem: VisitProblem) -> list[str]:
    """One line for each fault of a visit problem; empty when it can be solved."""
    schools = _index(problem.schools)
    companies = _index(problem.companies)
    requests = _index(problem.requests)
    people = _index(problem.role_models)
    errors = [*_twice("schools", problem.schools), *_twice("companies", problem.companies)]
    errors += [*_twice("requests", problem.requests), *_twice("role_models", problem.role_models)]
    for i, request in enumerate(problem.requests):
        errors += _unknown(f"requests[{i}].school", request.school, schools)
        errors += _option_errors(f"requests[{i}]", request, problem)
    for i, person in enumerate(problem.role_models):
        errors += _unknown(f"role_models[{i}].company", person.company, companies)
        errors += _role_model_errors(f"role_models[{i}]", person)
    for i, refusal in enumerate(problem.refused):
        errors += _unknown(f"refused[{i}].role_model", refusal.role_model, people)
        errors += _unknown(f"refused[{i}].request", refusal.request, requests)
        errors += _unknown(f"refused[{i}].school", refusal.school, schools)
        if refusal.request is None and refusal.school is None and refusal.start is None:
            errors.append(f"refused[{i}]: refuses everything; give at least one of request, school and start")
    errors += _fixed_visit_errors(problem, requests, people)
    places = [f"role_model:{p.id}" for p in problem.role_models] + [f"school:{s.id}" for s in problem.schools]
    return errors + list(_travel_errors(problem.travel, places))


def group_errors(problem: GroupProblem) -> list[str]:
    """One line for each fault of a group problem; empty when it can be solved."""
    sites = _index(problem.sites)
    sessions = _index(problem.sessions)
    mentors = _index(problem.mentors)
    pupils = _index(problem.pupils)
    errors = [*_twice("sites", problem.sites), *_twice("sessions", problem.sessions)]
    errors += [*_twice("mentors", problem.mentors), *_twice("pupils", problem.pupils)]
    for i, session in enumerate(problem.sessions):
        errors += _unknown(f"sessions[{i}].site", session.site, sites)
        errors += _order(f"sessions[{i}]", session)
    for i, mentor in enumerate(problem.mentors):
        errors += _known_and_distinct(f"mentors[{i}].sessions", mentor.sessions, sessions)
    for i, pupil in enumerate(problem.pupils):
        errors += _pupil_errors(f"pupils[{i}]", pupil, problem.rules.classes)
        errors += _known_and_distinct(f"pupils[{i}].choices", pupil.choices, sessions)
        errors += _unknown(f"pupils[{i}].mentor", pupil.mentor, mentors)
    for i, stays in enumerate(problem.fixed.mentors):
        errors += _unknown(f"fixed.mentors[{i}].mentor", stays.mentor, mentors)
        errors += _unknown(f"fixed.mentors[{i}].session", stays.session, sessions)
    for i, seat in enumerate(problem.fixed.pupils):
        errors += _unknown(f"fixed.pupils[{i}].pupil", seat.pupil, pupils)
        errors += _unknown(f"fixed.pupils[{i}].session", seat.session, sessions)
    errors += _repeated("fixed.mentors", [(f.mentor, f.session) for f in problem.fixed.mentors])
    errors += _repeated("fixed.pupils", [f.pupil for f in problem.fixed.pupils])
    places = [f"pupil:{p.id}" for p in problem.pupils if p.lat is not None]
    if places:
        places += [f"site:{s.id}" for s in problem.sites if not s.digital]
    return errors + list(_travel_errors(problem.travel, places))


def _option_errors(path: str, request: Request, problem: VisitProblem) -> Iterator[str]:
    for k, option in enumerate(request.options):
        where = f"{path}.options[{k}]"
        for n, lesson in enumerate(option.lessons):
            yield from _order(f"{where}.lessons[{n}]", lesson)
        if len({lesson.start.date() for lesson in option.lessons}) > 1:
            yield f"{where}.lessons: are on several dates; give one option for each date"
        if option.lessons[-1].end.date() != option.lessons[0].start.date():
            yield f"{where}.lessons: pass midnight; end on the date they start"
        for n, (before, after) in enumerate(pairwise(option.lessons), start=1):
            if after.start < before.end:
                yield f"{where}.lessons[{n}].start: is before the lesson ahead of it ends; give lessons in order"
        if option.lessons[0].start.date() < problem.today:
            yield f"{where}.lessons[0].start: is before today, {problem.today}; give a date from today on"
    yield from _repeated(f"{path}.options", [option.lessons[0].start for option in request.options])


def _role_model_errors(path: str, person: RoleModel) -> Iterator[str]:
    if person.grades[0] > person.grades[1]:
        yield f"{path}.grades: lowest {person.grades[0]} is above highest {person.grades[1]}; give [lowest, highest]"
    for k, interval in enumerate(person.free):
        yield from _order(f"{path}.free[{k}]", interval)
    for k, reservation in enumerate(person.reserved):
        if reservation.to < reservation.from_:
            yield f"{path}.reserved[{k}].to: is before from; give a date from {reservation.from_} on"


def _fixed_visit_errors(
    problem: VisitProblem, requests: Mapping[str, Request], people: Mapping[str, RoleModel]
) -> Iterator[str]:
    for i, visit in enumerate(problem.fixed):
        yield from _unknown(f"fixed[{i}].request", visit.request, requests)
        request = requests.get(visit.request)
        if request is not None and visit.option >= len(request.options):
            yield f"fixed[{i}].option: is {visit.option}; the request has options 0 to {len(request.options) - 1}"
        yield from _known_and_distinct(f"fixed[{i}].role_models", visit.role_models, people)
    yield from _repeated("fixed", [visit.request for visit in problem.fixed])


def _pupil_errors(path: str, pupil: Pupil, classes: int) -> Iterator[str]:
    if pupil.class_ >= classes:
        yield f"{path}.class: is {pupil.class_}; should be below rules.classes, {classes}"
    if (pupil.lat is None) != (pupil.lon is None):
        yield f"{path}.{'lat' if pupil.lat is None else 'lon'}: is missing; give both of lat and lon, or none"


def _travel_errors(travel: Travel, places: Sequence[str]) -> Iterator[str]:
    if not 60 * float(travel.detour) * HALF_ROUND_THE_EARTH_KM / travel.kmh <= MOST:
        yield f"travel.kmh: {shown(travel.kmh)} is too slow for detour {shown(travel.detour)}; give a higher speed"
    matrix = travel.matrix
    if matrix is None:
        return
    yield from _repeated("travel.matrix.places", matrix.places)
    size = len(matrix.places)
    if len(matrix.minutes) != size or any(len(row) != size for row in matrix.minutes):
        yield f"travel.matrix.minutes: is not square; give {size} rows of {size} numbers, one for each place"
    known = set(matrix.places)
    for place in places:
        if place not in known:
            yield f"travel.matrix.places: {shown(place)} is missing; add it with its minutes"


def _order(path: str, span: Any) -> Iterator[str]:
    if span.end <= span.start:
        yield f"{path}.end: is not after start, {span.start.isoformat(timespec='minutes')}; give a later time"


def _index(items: Iterable[Any]) -> dict[str, Any]:
    return {item.id: item for item in items}


def _twice(path: str, items: Iterable[_HasId]) -> Iterator[str]:
    seen: set[str] = set()
    for i, item in enumerate(items):
        if item.id in seen:
            yield f"{path}[{i}].id: {shown(item.id)} stands twice; give each its own id"
        seen.add(item.id)


def _repeated(path: str, items: Iterable[Any]) -> Iterator[str]:
    seen = set()
    for i, item in enumerate(items):
        if item in seen:
            yield f"{path}[{i}]: {shown(item)} stands twice; keep one"
        seen.add(item)


def _unknown(path: str, key: str | None, known: Mapping[str, Any]) -> Iterator[str]:
    if key is not None and key not in known:
        yield f"{path}: {shown(key)} is unknown; use an id of the list it names"


def _known_and_distinct(path: str, ids: Sequence[str], known: Mapping[str, Any]) -> Iterator[str]:
    for k, key in enumerate(ids):
        yield from _unknown(f"{path}[{k}]", key, known)
    yield from _repeated(path, ids)
