"""Who cannot take all the years of school that a request is about: the problem knows the lowest one only."""

from __future__ import annotations

from collections.abc import Iterable

from api.models.visits import Request
from matcher import problem as m


def without_grades(requests: Iterable[Request], people: Iterable[m.RoleModel]) -> dict[str, list[str]]:
    """Role models who take a request's lowest grade but not all of its others, by request id; requests about one
    grade are left out.
    """
    known = list(people)
    found = {}
    for request in requests:
        if request.more_grades:
            highest = max(request.more_grades)
            short = [one.id for one in known if one.grades[0] <= request.grade <= one.grades[1] < highest]
            if short:
                found[request.id] = short
    return found
