"""What a repair did to an earlier plan, visit by visit, and why."""

from collections.abc import Iterator, Sequence
from datetime import date

from matcher.changes import VisitChanges
from matcher.changes_visits import refuses
from matcher.plan import DroppedVisit, Held, MovedVisit, Visit, VisitCause
from matcher.problem import RoleModel, VisitProblem


def held_as(visit: Visit) -> Held:
    """Option, mode and people of a visit: two visits of a request that agree in these are the same."""
    people = tuple(person.id for person in visit.role_models)
    return Held(option=visit.option, start=visit.start, mode=visit.mode, role_models=people)


class Causes:
    """Says of each visit of the plan before why it could not stand, or that it makes way for others."""

    def __init__(self, problem: VisitProblem, visits: Sequence[Visit], changes: VisitChanges) -> None:
        """`problem` and `visits` are those before the changes."""
        self._requests = {request.id: request for request in problem.requests}
        self._people = {person.id: person for person in problem.role_models}
        self._visits, self._changes = visits, changes

    def of(self, visit: Visit) -> VisitCause:
        """The first that holds: somebody of it refused, is unavailable, is beyond a changed limit; or it makes way."""
        request = self._requests[visit.request]
        who = {person.id for person in visit.role_models}
        for refusal in self._changes.refused:
            if refusal.role_model in who and refuses(refusal, request, visit.option):
                return "refused"
        for away in self._changes.unavailable:
            if away.role_model in who and away.start < visit.end and visit.start < away.end:
                return "unavailable"
        return "limits" if any(self._beyond_a_limit(visit)) else "makes_way"

    def _beyond_a_limit(self, visit: Visit) -> Iterator[bool]:
        """For each changed limit of somebody in the visit: did the plan before exceed it, this visit included?"""
        lessons = len(self._requests[visit.request].options[visit.option].lessons)
        for limits in self._changes.limits:
            for person in visit.role_models:
                company = self._people[person.id].company
                if company is not None and limits.company == company and limits.quota is not None:
                    yield self._of_company(company) > limits.quota
                if limits.role_model == person.id:
                    counts = self._counts(self._people[person.id], visit.start.date())
                    counts |= {"max_travel_minutes": person.travel_minutes, "max_lessons": lessons}
                    limit = {name: getattr(limits, name) for name in counts}
                    yield any(limit[name] is not None and count > limit[name] for name, count in counts.items())

    def _of_company(self, company: str) -> int:
        return sum(self._people[person.id].company == company for v in self._visits for person in v.role_models)

    def _counts(self, person: RoleModel, day: date) -> dict[str, int]:
        """The person's engagements in the plan before: on the day, in its week, in all."""
        starts = [v.start for v in self._visits if any(one.id == person.id for one in v.role_models)]
        return {
            "max_per_day": sum(start.date() == day for start in starts),
            "max_per_week": sum(start.isocalendar()[:2] == day.isocalendar()[:2] for start in starts),
            "max_per_term": len(starts),
        }


def moved_and_dropped(
    before: Sequence[Visit], after: Sequence[Visit], causes: Causes, still: set[str]
) -> tuple[tuple[MovedVisit, ...], tuple[DroppedVisit, ...]]:
    """Visits of the plan before that are held otherwise or not at all, by id; `still`: requests that still stand."""
    now = {visit.request: visit for visit in after}
    moved, dropped = [], []
    for visit in sorted(before, key=lambda visit: visit.request):
        held = now.get(visit.request)
        if visit.request not in still or held is visit:
            continue
        was = held_as(visit)
        if held is None:
            dropped.append(DroppedVisit(id=visit.request, **{"from": was}, cause=causes.of(visit)))
        elif held_as(held) != was:
            moved.append(MovedVisit(id=visit.request, **{"from": was}, to=held_as(held), cause=causes.of(visit)))
    return tuple(moved), tuple(dropped)
