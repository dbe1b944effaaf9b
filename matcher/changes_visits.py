"""A visit problem after the changes: what they ask of the problem, and what is fixed no longer."""

import re
from collections.abc import Iterator
from dataclasses import replace

from matcher.changes import Limits, Unavailable, VisitChanges
from matcher.fields import InvalidProblem, shown
from matcher.problem import Company, FixedVisit, Interval, Refusal, Request, RoleModel, VisitProblem

OF_A_ROLE_MODEL = ("max_travel_minutes", "max_lessons", "max_per_day", "max_per_week", "max_per_term")


def apply_visits(problem: VisitProblem, changes: VisitChanges) -> VisitProblem:
    """The problem after the changes. Raises InvalidProblem with a line for each fault, its path in the changes.

    Cancelled requests are gone with all that names them; unavailable time is cut out of `free`; new requests and
    refusals stand last. A fixed visit stays fixed unless a change takes one of its people away: by a refusal, or by
    time that is no longer theirs. Limits release nothing, as what is fixed may exceed them.
    """
    if errors := list(_errors(problem, changes)):
        raise InvalidProblem(errors)
    cancelled = set(changes.cancelled)
    kept = tuple(request for request in problem.requests if request.id not in cancelled)
    refused = tuple(refusal for refusal in problem.refused if refusal.request not in cancelled)
    try:
        return replace(
            problem,
            companies=tuple(_company(company, changes) for company in problem.companies),
            requests=kept + changes.requests,
            role_models=tuple(_role_model(person, changes) for person in problem.role_models),
            refused=refused + changes.refused,
            fixed=tuple(
                visit for visit in problem.fixed if visit.request not in cancelled and _stays(problem, visit, changes)
            ),
        )
    except InvalidProblem as invalid:
        raise InvalidProblem([_as_in_changes(line, len(kept), len(refused)) for line in invalid.errors]) from None


def _errors(problem: VisitProblem, changes: VisitChanges) -> Iterator[str]:
    requests = {request.id for request in problem.requests}
    people = {person.id for person in problem.role_models}
    companies = {company.id for company in problem.companies}
    for i, key in enumerate(changes.cancelled):
        if key not in requests or key in changes.cancelled[:i]:
            yield f"cancelled[{i}]: {shown(key)} is unknown or stands twice; name each request of the problem once"
    for i, away in enumerate(changes.unavailable):
        if away.role_model not in people:
            yield f"unavailable[{i}].role_model: {shown(away.role_model)} is unknown; name one of the problem"
        if away.end <= away.start:
            yield f"unavailable[{i}].end: is not after start, {away.start:%Y-%m-%dT%H:%M}; give a later time"
    for i, refusal in enumerate(changes.refused):
        if refusal.request in changes.cancelled:
            yield f"refused[{i}].request: {shown(refusal.request)} is cancelled as well; leave one of them out"
    for i, request in enumerate(changes.requests):
        if request.id in requests or request.id in {other.id for other in changes.requests[:i]}:
            yield f"requests[{i}].id: {shown(request.id)} is taken; give each new request its own id"
    named = [limits.role_model or limits.company for limits in changes.limits]
    for i, limits in enumerate(changes.limits):
        yield from _limits_errors(f"limits[{i}]", limits, people, companies)
        if named[i] in named[:i]:
            yield f"limits[{i}]: {shown(named[i])} stands twice; give all its limits in one place"


def _limits_errors(path: str, limits: Limits, people: set[str], companies: set[str]) -> Iterator[str]:
    given = [name for name in OF_A_ROLE_MODEL if getattr(limits, name) is not None]
    if (limits.role_model is None) == (limits.company is None):
        yield f"{path}: names {'both' if limits.company else 'nobody'}; give one of role_model and company"
    elif limits.company is not None:
        if limits.company not in companies:
            yield f"{path}.company: {shown(limits.company)} is unknown; name one of the problem"
        if given or limits.quota is None:
            yield f"{path}: a company has no limit but quota; give quota alone"
    else:
        if limits.role_model not in people:
            yield f"{path}.role_model: {shown(limits.role_model)} is unknown; name one of the problem"
        if limits.quota is not None or not given:
            yield f"{path}: gives no limit of a role model; give some of {', '.join(OF_A_ROLE_MODEL)}"


def _as_in_changes(line: str, requests: int, refused: int) -> str:
    """A fault of the new problem with its path in the changes, as all that was there before is sound."""
    for name, kept in (("requests", requests), ("refused", refused)):
        if found := re.match(rf"{name}\[(\d+)\]", line):
            return f"{name}[{int(found[1]) - kept}]{line[found.end() :]}"
    return line


def _company(company: Company, changes: VisitChanges) -> Company:
    for limits in changes.limits:
        if limits.company == company.id:
            return replace(company, quota=limits.quota)
    return company


def _role_model(person: RoleModel, changes: VisitChanges) -> RoleModel:
    for limits in changes.limits:
        if limits.role_model == person.id:
            given = {name: getattr(limits, name) for name in OF_A_ROLE_MODEL}
            person = replace(person, **{name: value for name, value in given.items() if value is not None})
    for away in changes.unavailable:
        if away.role_model == person.id:
            person = replace(person, free=tuple(part for free in person.free for part in _without(free, away)))
    return person


def _without(free: Interval, away: Unavailable) -> Iterator[Interval]:
    """What is left of a free interval: nothing, one part, or one before and one after."""
    if away.end <= free.start or free.end <= away.start:
        yield free
        return
    if free.start < away.start:
        yield Interval(start=free.start, end=away.start)
    if away.end < free.end:
        yield Interval(start=away.end, end=free.end)


def _stays(problem: VisitProblem, visit: FixedVisit, changes: VisitChanges) -> bool:
    """No change takes one of the fixed visit's people away from it."""
    request = next(request for request in problem.requests if request.id == visit.request)
    lessons = request.options[visit.option].lessons
    start, end = lessons[0].start, lessons[-1].end
    is_refused = any(
        refusal.role_model in visit.role_models and refuses(refusal, request, visit.option)
        for refusal in changes.refused
    )
    is_away = any(
        away.role_model in visit.role_models and away.start < end and start < away.end for away in changes.unavailable
    )
    return not is_refused and not is_away


def refuses(refusal: Refusal, request: Request, option: int) -> bool:
    """All that the refusal gives matches: rule `refused`."""
    return (
        refusal.request in (None, request.id)
        and refusal.school in (None, request.school)
        and refusal.start in (None, request.options[option].lessons[0].start)
    )
