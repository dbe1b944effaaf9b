"""One small problem of each kind in which everything fits, to be changed by tests in one place at a time."""

import json
from typing import Any

from matcher.problem import GroupProblem, VisitProblem, load_problem
from tests.matcher.brute_force_visits import Held

Data = dict[str, Any]


def lesson(day: int, start: str, end: str) -> Data:
    """A lesson in January 2027."""
    return {"start": f"2027-01-{day}T{start}", "end": f"2027-01-{day}T{end}"}


def visit_data() -> Data:
    """Two requests at two schools on two days, two role models who could take both."""
    everyone = {
        "lat": 59.9,
        "lon": 10.7,
        "topics": ["energy"],
        "grades": [8, 13],
        "modes": ["physical", "digital"],
        "max_travel_minutes": 60,
        "free": [lesson(18, "08:00", "16:00"), lesson(19, "08:00", "16:00")],
        "max_per_day": 2,
    }
    asked = {"grade": 9, "topics": ["energy"], "mode": "physical", "submitted": "2026-10-01"}
    return {
        "format": "treffpunkt.visit-problem/1",
        "today": "2026-11-02",
        "schools": [
            {"id": "s0", "lat": 59.9, "lon": 10.7, "municipality": "0301"},
            {"id": "s1", "lat": 59.95, "lon": 10.8, "municipality": "3201"},
        ],
        "companies": [{"id": "c0"}],
        "requests": [
            {"id": "q0", "school": "s0", **asked, "options": [{"lessons": [lesson(18, "08:30", "09:15")]}]},
            {"id": "q1", "school": "s1", **asked, "options": [{"lessons": [lesson(19, "08:30", "09:15")]}]},
        ],
        "role_models": [{"id": "r0", "company": "c0", **everyone}, {"id": "r1", **everyone}],
    }


def group_data() -> Data:
    """Two sessions on two days, two mentors and three pupils who could be in both."""
    session = {"start": "17:00", "end": "19:00", "seats": 4, "ratio": 2, "min_mentors": 1, "min_pupils": 1}
    mentor = {"levels": ["R1"], "sessions": ["s0", "s1"], "max_sessions": 2}
    pupil = {"level": "R1", "class": 0, "joined": "2026-09-05", "choices": ["s0", "s1"], "lat": 59.9, "lon": 10.7}
    return {
        "format": "treffpunkt.group-problem/1",
        "sites": [{"id": "x0", "lat": 59.9, "lon": 10.7}, {"id": "x1", "lat": 63.4, "lon": 10.4}],
        "sessions": [
            {"id": "s0", "site": "x0", "weekday": 1, **session},
            {"id": "s1", "site": "x1", "weekday": 2, **session},
        ],
        "mentors": [{"id": "m0", **mentor}, {"id": "m1", **mentor}],
        "pupils": [{"id": f"p{i}", "lottery": i, **pupil} for i in range(3)],
    }


def visits(data: Data) -> VisitProblem:
    """The visit problem of these JSON values."""
    problem = load_problem(json.dumps(data))
    assert isinstance(problem, VisitProblem)
    return problem


def groups(data: Data) -> GroupProblem:
    """The group problem of these JSON values."""
    problem = load_problem(json.dumps(data))
    assert isinstance(problem, GroupProblem)
    return problem


def held(problem: VisitProblem, request: str, *people: str, mode: str = "physical", fixed: bool = False) -> Held:
    """The request held in its first option."""
    return Held(next(r for r in problem.requests if r.id == request), 0, mode, tuple(sorted(people)), fixed)
