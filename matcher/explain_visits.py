"""Reasons of a visit plan: what stands between each role model and an unserved request, and why a visit is as it is."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from matcher.eligibility import (
    Engagement,
    RoleModelFacts,
    eligible,
    modes_of,
    obstacles,
    obstacles_in_every_option,
)
from matcher.plan import Reason, UnservedRequest, Visit, VisitPlan, to_json
from matcher.problem import Request, RoleModel, VisitProblem

SHOWN = 10
"""How many role models a story lists: the nearest ones."""


class VisitStory:
    """Answers why and why not for one visit problem and its plan."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.requests = {request.id: request for request in problem.requests}
        self.people = {person.id: person for person in problem.role_models}
        self.facts = RoleModelFacts(problem)
        self.quotas = {company.id: company.quota for company in problem.companies}
        self.visit_of = {visit.request: visit for visit in plan.visits}
        self.visits_by: dict[str, list[Visit]] = defaultdict(list)
        for visit in plan.visits:
            for person in visit.role_models:
                self.visits_by[person.id].append(visit)

    @cached_property
    def _company_load(self) -> Counter[str | None]:
        return Counter(self.people[person.id].company for visit in self.plan.visits for person in visit.role_models)

    def with_reasons(self) -> VisitPlan:
        """The plan with the reasons of every unserved request."""
        unserved = tuple(
            replace(item, reasons=self.reasons(self.requests[item.request])) for item in self.plan.unserved
        )
        return replace(self.plan, unserved=unserved)

    def reasons(self, request: Request) -> tuple[Reason, ...]:
        """Role models counted by what keeps them from the request, whatever its option: see matcher/README.md."""
        may, can = self._may_and_can(request)
        in_every_option = obstacles_in_every_option(self.facts, request)
        counts = {code: int(np.count_nonzero(stands & ~may)) for code, stands in in_every_option.items()}
        named = np.logical_or.reduce(list(in_every_option.values()))
        counts["taken"] = int(np.count_nonzero(may & ~can))
        counts["available"] = int(np.count_nonzero(may & can))
        counts["varies"] = int(np.count_nonzero(~may & ~named))
        found = tuple(Reason(code=code, count=count) for code, count in counts.items() if count)
        return found or (Reason(code="nobody", count=0),)

    def _may_and_can(self, request: Request) -> tuple[Any, Any]:
        """Two flags a role model: eligible in some option; eligible and not used elsewhere in some option."""
        may, can = self.facts.nobody(), self.facts.nobody()
        for engagement in engagements(request):
            meets = eligible(self.facts, engagement)
            may |= meets
            for i in np.flatnonzero(meets & ~can):
                can[i] = not self.used_elsewhere(self.problem.role_models[i], engagement)
        return may, can

    def used_elsewhere(self, person: RoleModel, engagement: Engagement) -> tuple[str, ...]:
        """Codes of limits and times by which the plan's other visits keep the role model from this engagement."""
        others = [visit for visit in self.visits_by[person.id] if visit.request != engagement.request.id]
        on_date = [visit for visit in others if visit.start.date() == engagement.date]
        week = engagement.date.isocalendar()[:2]
        in_week = sum(visit.start.date().isocalendar()[:2] == week for visit in others)
        quota = self.quotas.get(person.company) if person.company is not None else None
        own = sum(
            self.people[p.id].company == person.company
            for p in (
                self.visit_of[engagement.request.id].role_models if engagement.request.id in self.visit_of else ()
            )
        )
        stands = {
            "day": len(on_date) >= person.max_per_day,
            "week": in_week >= person.max_per_week,
            "term": len(others) >= person.max_per_term,
            "quota": quota is not None and self._company_load[person.company] - own >= quota,
            "overlap": any(visit.start < engagement.end and engagement.start < visit.end for visit in on_date),
            "travel": any(self._too_close(visit, engagement) for visit in on_date),
        }
        return tuple(code for code, holds in stands.items() if holds)

    def _too_close(self, visit: Visit, engagement: Engagement) -> bool:
        if visit.mode != "physical" or engagement.mode != "physical":
            return False
        here = self.facts.school_place(self.requests[visit.request].school)
        there = self.facts.school_place(engagement.request.school)
        if visit.end <= engagement.start:
            return (engagement.start - visit.end).total_seconds() < 60 * self.facts.times.minutes(here, there)
        if engagement.end <= visit.start:
            return (visit.start - engagement.end).total_seconds() < 60 * self.facts.times.minutes(there, here)
        return False

    def unserved(self) -> dict[str, Any]:
        """All unserved requests with their reasons."""
        listed: list[UnservedRequest] = list(self.with_reasons().unserved)
        return {
            "unserved": [
                {
                    "request": item.request,
                    "reasons": [{"code": reason.code, "count": reason.count} for reason in item.reasons],
                    "smallest_change": item.smallest_change,
                }
                for item in listed
            ]
        }

    def of(self, identifier: str) -> dict[str, Any]:
        """The story of a request or a role model; raises KeyError for other ids."""
        if identifier in self.visit_of:
            return self._served(self.requests[identifier], self.visit_of[identifier])
        if identifier in self.requests:
            return self._not_served(self.requests[identifier])
        return self._role_model(self.people[identifier])

    def _served(self, request: Request, visit: Visit) -> dict[str, Any]:
        fixed = any(item.request == request.id for item in self.problem.fixed)
        chosen = {person.id for person in visit.role_models}
        listed = next(item for item in to_json(self.plan)["visits"] if item["request"] == request.id)
        return {
            "request": request.id,
            "served": True,
            "fixed": fixed,
            "visit": listed,
            "role_models": [self._assignment(self.people[person], request, visit) for person in sorted(chosen)],
            "alternatives": self._alternatives(request, chosen),
        }

    def _assignment(self, person: RoleModel, request: Request, visit: Visit) -> dict[str, Any]:
        town = self.facts.schools[request.school].municipality
        minutes = next(entry.travel_minutes for entry in visit.role_models if entry.id == person.id)
        index = self.facts.ids.index(person.id)
        return {
            "id": person.id,
            "travel_minutes": minutes,
            "topics": sorted(set(request.topics) & set(person.topics)),
            "wishes": sorted(set(request.wishes) & set(person.topics)),
            "reserved": bool(self.facts.reserved_for(visit.start.date(), town)[index]),
            "engagements": len(self.visits_by[person.id]),
        }

    def _alternatives(self, request: Request, chosen: set[str]) -> list[dict[str, Any]]:
        """The nearest others who may meet the request, each in the option that asks least of the plan."""
        best: dict[str, dict[str, Any]] = {}
        for number, option in enumerate(request.options):
            for mode in modes_of(request):
                engagement = Engagement(request, option, mode)
                for i in np.flatnonzero(eligible(self.facts, engagement)):
                    person = self.problem.role_models[i]
                    if person.id in chosen:
                        continue
                    minutes = int(self.facts.minutes_to(request.school)[i]) if mode == "physical" else 0
                    entry = {
                        "id": person.id,
                        "option": number,
                        "mode": mode,
                        "travel_minutes": minutes,
                        "wishes": sorted(set(request.wishes) & set(person.topics)),
                        "used_elsewhere": list(self.used_elsewhere(person, engagement)),
                    }
                    if person.id not in best or _effort(entry) < _effort(best[person.id]):
                        best[person.id] = entry
        return sorted(best.values(), key=_effort)[:SHOWN]

    def _not_served(self, request: Request) -> dict[str, Any]:
        return {
            "request": request.id,
            "served": False,
            "reasons": [{"code": reason.code, "count": reason.count} for reason in self.reasons(request)],
            "smallest_change": next((u.smallest_change for u in self.plan.unserved if u.request == request.id), None),
            "alternatives": self._alternatives(request, set()),
            "nearest_misses": self._nearest_misses(request),
        }

    def _nearest_misses(self, request: Request) -> list[dict[str, Any]]:
        """Role models who may not meet the request, those with the fewest obstacles in some option first."""
        may, _ = self._may_and_can(request)
        misses = []
        by_option = [obstacles(self.facts, request, option) for option in request.options]
        minutes = self.facts.minutes_to(request.school)
        for i in np.flatnonzero(~may):
            codes = [sorted(code for code, stands in found.items() if stands[i]) for found in by_option]
            number = min(range(len(codes)), key=lambda k: (len(codes[k]), k))
            misses.append((len(codes[number]), int(minutes[i]), self.facts.ids[i], number, codes[number]))
        return [
            {"id": person, "option": number, "travel_minutes": far, "obstacles": codes}
            for _, far, person, number, codes in sorted(misses)[:SHOWN]
        ]

    def _role_model(self, person: RoleModel) -> dict[str, Any]:
        index = self.facts.ids.index(person.id)
        waiting = [self.requests[item.request] for item in self.plan.unserved]
        within = [request.id for request in waiting if self._may_and_can(request)[0][index]]
        ids = {visit.request for visit in self.visits_by[person.id]}
        return {
            "role_model": person.id,
            "visits": [visit for visit in to_json(self.plan)["visits"] if visit["request"] in ids],
            "engagements": len(ids),
            "max_per_term": person.max_per_term,
            "unserved_requests_they_may_meet": within,
        }


def engagements(request: Request) -> Iterator[Engagement]:
    """Every option of the request in every mode it allows."""
    for option in request.options:
        for mode in modes_of(request):
            yield Engagement(request, option, mode)


def _effort(entry: dict[str, Any]) -> tuple[Any, ...]:
    return (len(entry["used_elsewhere"]), -len(entry["wishes"]), entry["travel_minutes"], entry["id"], entry["option"])
