"""Candidates of a problem near one seen before: the pair rules are asked only about what differs between the two.

A pair of a request and a role model is as it was when both are the same, by value, and so are the request's school, the
role model's refusals, and what fixed visits leave of both. Then its candidates are too. A refusal that names a request
is a matter of that request alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from matcher.eligibility import RoleModelFacts
from matcher.problem import VisitProblem
from matcher.visits.candidates import CandidateFinder, Candidates, Ints, Room, Units, as_arrays, find_candidates

MOST_ANEW = 0.1
"""With a larger share of the requests or role models changed than this, all are asked about."""

WORTH = ("minutes", "wishes", "reserved")
"""Arrays of Candidates that say what a pair is worth to the goals."""


class Seen(NamedTuple):
    """A problem with what limits leave in it, and its candidates."""

    problem: VisitProblem
    left: Room
    candidates: Candidates
    units: Units


def grown_candidates(seen: Seen, problem: VisitProblem, facts: RoleModelFacts, left: Room) -> tuple[Candidates, Units]:
    """As `find_candidates`, of which it is the same result."""
    requests, people = changed_requests(seen.problem, problem), changed_people(seen, problem, left)
    few = len(requests) <= MOST_ANEW * len(problem.requests) and len(people) <= MOST_ANEW * len(problem.role_models)
    if not few or problem.travel != seen.problem.travel:
        return find_candidates(problem, facts, left)
    some, opened = _of_people(seen, problem, left, requests, people)
    requests |= opened
    rest = _of_requests(problem, facts, left, requests)
    some = [pair for pair in some if pair[0][0] not in requests]
    return _joined(seen, problem, requests, people, [*some, *rest])


def differing(before: Iterable[Any], after: Iterable[Any]) -> set[str]:
    """Ids of items that are in `after` and were not, or not so, in `before`."""
    known = {item.id: item for item in before}
    return {item.id for item in after if (was := known.get(item.id)) is not item and was != item}


def changed_requests(before: VisitProblem, after: VisitProblem) -> set[int]:
    """Numbers of requests whose candidates are not, or not only because of role models, what they were."""
    ids = differing(before.requests, after.requests)
    if before.fixed != after.fixed:
        ids |= {visit.request for visit in set(before.fixed) ^ set(after.fixed)}
    if before.refused != after.refused:
        ids |= {refusal.request for refusal in set(before.refused) ^ set(after.refused) if refusal.request is not None}
    schools = differing(before.schools, after.schools)
    return {r for r, request in enumerate(after.requests) if request.id in ids or request.school in schools}


def changed_people(seen: Seen, after: VisitProblem, left: Room) -> set[int]:
    """Numbers of role models whose candidates are not, or not only because of requests, what they were."""
    before = seen.problem
    ids = differing(before.role_models, after.role_models)
    if before.refused != after.refused:
        ids |= {refusal.role_model for refusal in set(before.refused) ^ set(after.refused) if refusal.request is None}
    if before.fixed != after.fixed:
        ids |= {person for visit in set(before.fixed) ^ set(after.fixed) for person in visit.role_models}
    was = {company.id for company, room in zip(before.companies, seen.left.quota, strict=True) if room > 0}
    now = {company.id for company, room in zip(after.companies, left.quota, strict=True) if room > 0}
    return {i for i, p in enumerate(after.role_models) if p.id in ids or p.company in was ^ now}


def _of_people(
    seen: Seen, problem: VisitProblem, left: Room, requests: set[int], people: set[int]
) -> tuple[Any, set[int]]:
    """Units of unchanged requests with the changed people who may take part; requests to ask about as a whole.

    These are requests for several people of which a unit had too few to be kept, and may have enough now.
    """
    some = sorted(people)
    facts = RoleModelFacts(problem, [problem.role_models[i] for i in some])
    finder = CandidateFinder(problem, facts, left.of(some))
    known = set(_keys(seen, problem))
    fixed = {visit.request for visit in problem.fixed}
    found, opened = [], set[int]()
    for r, request in enumerate(problem.requests if some else ()):
        if r in requests or request.id in fixed:
            continue
        for unit, (who, *worth) in finder.units(r, request, fewest=1):
            found.append((unit, [np.array(some, dtype=np.int32)[who], *worth]))
            if request.role_models > 1 and unit[:3] not in known:
                opened.add(r)
    return found, opened


def _of_requests(problem: VisitProblem, facts: RoleModelFacts, left: Room, requests: set[int]) -> Any:
    finder = CandidateFinder(problem, facts, left)
    fixed = {visit.request for visit in problem.fixed}
    asked = [r for r in sorted(requests) if problem.requests[r].id not in fixed]
    return [pair for r in asked for pair in finder.units(r, problem.requests[r])]


def _keys(seen: Seen, problem: VisitProblem) -> Iterator[tuple[int, int, int]]:
    """Request, option and mode of each unit seen before, the request by its number now, or -1."""
    number = numbers(seen.problem.requests, problem.requests)[seen.units.request]
    yield from zip(number.tolist(), seen.units.option.tolist(), seen.units.mode.tolist(), strict=True)


def numbers(before: Sequence[Any], after: Sequence[Any]) -> Ints:
    """Of each item before its number after, by id, or -1."""
    number = {item.id: i for i, item in enumerate(after)}
    return np.array([number.get(item.id, -1) for item in before], dtype=np.int64)


def _joined(
    seen: Seen, problem: VisitProblem, requests: set[int], people: set[int], found: Any
) -> tuple[Candidates, Units]:
    """What is kept of before and what was found, in order; units left with too few people are dropped."""
    before, old = seen.problem, seen.units
    request = _but(numbers(before.requests, problem.requests), requests)
    person = _but(numbers(before.role_models, problem.role_models), people)
    school = numbers(before.schools, problem.schools)
    c = seen.candidates
    kept = np.flatnonzero((request[old.request][c.unit] >= 0) & (person[c.role_model] >= 0))
    fresh, units = as_arrays(len(problem.requests), found)
    columns = [
        request[old.request], old.option, old.mode, old.size, school[old.school], old.start, old.end, old.day
    ]  # fmt: skip
    fields = [units.request, units.option, units.mode, units.size, units.school, units.start, units.end, units.day]
    table = np.stack([np.concatenate(pair) for pair in zip(columns, fields, strict=True)])
    modes = 2
    options = int(table[1].max(initial=0)) + 1
    keys, first, number = np.unique(
        (table[0] * options + table[1]) * modes + table[2], return_index=True, return_inverse=True
    )
    unit = np.concatenate([number[: len(old.size)][c.unit[kept]], number[len(old.size) :][fresh.unit]])
    who = np.concatenate([person[c.role_model[kept]], fresh.role_model])
    present = np.bincount(unit, minlength=len(keys))
    enough = (present >= table[3][first]) & (present > 0)
    order = np.flatnonzero(enough[unit])
    order = order[np.argsort(unit[order] * max(1, len(problem.role_models)) + who[order])]
    rank = np.cumsum(enough) - 1
    worth = [np.concatenate([getattr(c, name)[kept], getattr(fresh, name)])[order] for name in WORTH]
    candidates = Candidates(rank[unit[order]].astype(np.int32), who[order].astype(np.int32), *worth)
    return candidates, Units(len(problem.requests), *[np.ascontiguousarray(row) for row in table[:, first[enough]]])


def _but(numbers: Ints, changed: set[int]) -> Ints:
    """The same without these: -1 in their place."""
    return np.where(np.isin(numbers, list(changed)), -1, numbers)
