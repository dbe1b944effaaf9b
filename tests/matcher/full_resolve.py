"""May these requests all be served? One integer program over the whole problem, written apart from the matcher's."""

from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np
from ortools.math_opt.python import mathopt

from matcher.eligibility import Engagement, RoleModelFacts, eligible, modes_of
from matcher.problem import VisitProblem


def can_serve_all(problem: VisitProblem, wanted: set[str]) -> bool:
    """HiGHS's answer. The problem has no fixed visits."""
    assert not problem.fixed
    facts = RoleModelFacts(problem)
    model = mathopt.Model()
    of_person: dict[int, list[tuple[Engagement, Any]]] = defaultdict(list)
    for request in problem.requests:
        if request.id not in wanted:
            continue
        held = []
        for option in request.options:
            for mode in modes_of(request):
                engagement = Engagement(request, option, mode)
                takes_place = model.add_binary_variable()
                people = np.flatnonzero(eligible(facts, engagement)).tolist()
                chosen = [model.add_binary_variable() for _ in people]
                model.add_linear_constraint(mathopt.fast_sum(chosen) == request.role_models * takes_place)
                held.append(takes_place)
                for person, variable in zip(people, chosen, strict=True):
                    of_person[person].append((engagement, variable))
        model.add_linear_constraint(mathopt.fast_sum(held) == 1)
    by_company: dict[str, list[Any]] = defaultdict(list)
    for index, engagements in of_person.items():
        person = problem.role_models[index]
        groups: dict[tuple[Any, int], list[Any]] = defaultdict(list)
        for engagement, variable in engagements:
            groups[engagement.date, person.max_per_day].append(variable)
            groups[engagement.date.isocalendar()[:2], person.max_per_week].append(variable)
            groups["term", person.max_per_term].append(variable)
            if person.company is not None:
                by_company[person.company].append(variable)
        for (_, most), variables in groups.items():
            model.add_linear_constraint(mathopt.fast_sum(variables) <= most)
        for (a, x), (b, y) in combinations(engagements, 2):
            if a.date == b.date and a.request is not b.request and not _apart(facts, a, b):
                model.add_linear_constraint(x + y <= 1)
    for company in problem.companies:
        if company.quota is not None:
            model.add_linear_constraint(mathopt.fast_sum(by_company[company.id]) <= company.quota)
    found = mathopt.solve(model, mathopt.SolverType.HIGHS)
    assert found.termination.reason in (mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.INFEASIBLE)
    return found.termination.reason is mathopt.TerminationReason.OPTIMAL


def _apart(facts: RoleModelFacts, a: Engagement, b: Engagement) -> bool:
    first, second = sorted((a, b), key=lambda engagement: engagement.start)
    way = 0
    if first.mode == second.mode == "physical":
        way = facts.times.minutes(facts.school_place(first.request.school), facts.school_place(second.request.school))
    return (second.start - first.end).total_seconds() >= 60 * way
