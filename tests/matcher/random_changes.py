"""Random changes to a visit problem and a plan of it, one or a few at a time, from a seed."""

import random
from dataclasses import replace
from datetime import timedelta

from matcher.changes import Limits, Unavailable, VisitChanges
from matcher.plan import Visit, VisitPlan
from matcher.problem import Refusal, VisitProblem

KINDS = ("decline", "decline", "decline", "cancelled", "unavailable", "request", "person_limit", "quota")


def random_visit_changes(rng: random.Random, problem: VisitProblem, plan: VisitPlan, most: int = 3) -> VisitChanges:
    """One to `most` changes of different kinds; those that the problem has nothing for are left out."""
    changes = VisitChanges()
    for kind in set(rng.choices(KINDS, k=rng.randint(1, most))):
        changes = _with(rng, kind, problem, plan, changes)
    return changes


def decline(rng: random.Random, visit: Visit) -> Refusal:
    """Somebody of the visit says no: to this request, to this time of it, or to its school."""
    who = rng.choice(visit.role_models).id
    return rng.choice(
        (
            Refusal(role_model=who, request=visit.request),
            Refusal(role_model=who, request=visit.request),
            Refusal(role_model=who, request=visit.request, start=visit.start),
            Refusal(role_model=who, start=visit.start),
        )
    )


def _with(rng: random.Random, kind: str, problem: VisitProblem, plan: VisitPlan, changes: VisitChanges) -> VisitChanges:
    gone = {refusal.request for refusal in (*problem.refused, *changes.refused)} | {v.request for v in problem.fixed}
    if kind == "decline" and (open_to := [v for v in plan.visits if v.request not in changes.cancelled]):
        return replace(changes, refused=(decline(rng, rng.choice(open_to)),))
    if kind == "cancelled" and (free := [r.id for r in problem.requests if r.id not in gone]):
        return replace(changes, cancelled=(rng.choice(free),))
    if kind == "unavailable" and plan.visits:
        visit = rng.choice(plan.visits)
        hours = timedelta(hours=rng.choice((1, 4, 24 * 7)))
        away = Unavailable(role_model=rng.choice(visit.role_models).id, start=visit.start, end=visit.start + hours)
        return replace(changes, unavailable=(away,))
    if kind == "request":
        like, number = rng.choice(problem.requests), len(problem.requests)
        taken = {request.id for request in problem.requests}
        while f"new{number}" in taken:
            number += 1
        wanted = replace(like, id=f"new{number}", classes=rng.randint(1, 3), priority=rng.random() < 0.2)
        return replace(changes, requests=(wanted,))
    if kind == "person_limit":
        name = rng.choice(("max_per_day", "max_per_week", "max_per_term", "max_travel_minutes", "max_lessons"))
        person = rng.choice(problem.role_models)
        value = max(0, getattr(person, name) + rng.choice((-1, 1)) * (15 if name == "max_travel_minutes" else 1))
        return replace(changes, limits=(Limits(role_model=person.id, **{name: value}),))
    if kind == "quota" and problem.companies and not changes.limits:
        company = rng.choice(problem.companies)
        return replace(changes, limits=(Limits(company=company.id, quota=rng.choice((0, 1, 2, 3, 6))),))
    return changes
