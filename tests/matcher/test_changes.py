"""Files of changes: parsed with one line for each fault, and applied to problem and plan."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from matcher import plan as plans
from matcher.changes import Limits, Unavailable, VisitChanges, load_changes, to_json
from matcher.changes_visits import apply_visits
from matcher.fields import InvalidProblem
from matcher.plan import Held, MovedVisit, VisitPlan, load_plan, plan_sha256
from matcher.problem import Company, FixedVisit, Interval, Refusal, Request, VisitProblem
from tests.matcher import broken_visit_plans
from tests.matcher.small_problems import Data, visit_data, visits

EMPTY: Data = {"format": "treffpunkt.visit-changes/1"}


@pytest.fixture
def problem() -> VisitProblem:
    """Two requests, two role models, and a fixed visit of r0 in q0."""
    fixed = FixedVisit(request="q0", option=0, mode="physical", role_models=("r0",))
    return replace(visits(visit_data()), fixed=(fixed,))


def new_request(problem: VisitProblem) -> Request:
    return replace(problem.requests[1], id="q2")


def test_changes_come_back_from_their_json(problem: VisitProblem) -> None:
    changes = VisitChanges(
        refused=(Refusal(role_model="r0", request="q0"),),
        cancelled=("q1",),
        unavailable=(Unavailable(role_model="r1", start=datetime(2027, 1, 18, 8), end=datetime(2027, 1, 18, 9)),),
        requests=(new_request(problem),),
        limits=(Limits(role_model="r1", max_per_day=0), Limits(company="c0", quota=3)),
    )
    assert load_changes(json.dumps(to_json(changes))) == changes
    assert load_changes(json.dumps(EMPTY)) == VisitChanges()


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"colour": 1}, "colour: unknown key"),
    "unknown format": ({"format": "treffpunkt.visit-problem/1"}, "format: is"),
    "unknown request": ({"cancelled": ["q9"]}, 'cancelled[0]: "q9"'),
    "cancelled twice": ({"cancelled": ["q1", "q1"]}, 'cancelled[1]: "q1"'),
    "unknown role model refuses": ({"refused": [{"role_model": "r9", "request": "q0"}]}, "refused[0].role_model"),
    "refuses everything": ({"refused": [{"role_model": "r0"}]}, "refused[0]: refuses everything"),
    "refuses what is cancelled": (
        {"cancelled": ["q0"], "refused": [{"role_model": "r0", "request": "q0"}]},
        "refused[0].request",
    ),
    "away backwards": (
        {"unavailable": [{"role_model": "r0", "start": "2027-01-18T09:00", "end": "2027-01-18T09:00"}]},
        "unavailable[0].end",
    ),
    "unknown away": (
        {"unavailable": [{"role_model": "r9", "start": "2027-01-18T09:00", "end": "2027-01-18T10:00"}]},
        "unavailable[0].role_model",
    ),
    "taken id": ({"requests": [visit_data()["requests"][0]]}, 'requests[0].id: "q0" is taken'),
    "school of a new request": (
        {"requests": [visit_data()["requests"][0] | {"id": "q2", "school": "s9"}]},
        "requests[0].school",
    ),
    "limit of nobody": ({"limits": [{"quota": 1}]}, "limits[0]: names nobody"),
    "limit of both": ({"limits": [{"company": "c0", "role_model": "r0", "quota": 1}]}, "limits[0]: names both"),
    "quota of a person": ({"limits": [{"role_model": "r0", "quota": 1}]}, "limits[0]: gives no limit of a role model"),
    "day of a company": ({"limits": [{"company": "c0", "max_per_day": 1}]}, "limits[0]: a company has no limit but"),
    "unknown company": ({"limits": [{"company": "c9", "quota": 1}]}, "limits[0].company"),
    "unknown person": ({"limits": [{"role_model": "r9", "max_per_day": 1}]}, "limits[0].role_model"),
    "limits twice": (
        {"limits": [{"role_model": "r0", "max_per_day": 1}, {"role_model": "r0", "max_per_week": 1}]},
        "limits[1]:",
    ),
    "negative limit": ({"limits": [{"role_model": "r0", "max_per_day": -1}]}, "limits[0].max_per_day: is -1"),
}


def applied(problem: VisitProblem, data: Data) -> VisitProblem:
    changes = load_changes(json.dumps(data))
    assert isinstance(changes, VisitChanges)
    return apply_visits(problem, changes)


@pytest.mark.parametrize("case", INVALID)
def test_each_fault_is_one_line_with_its_path_in_the_changes(problem: VisitProblem, case: str) -> None:
    data, path = INVALID[case]
    with pytest.raises(InvalidProblem) as invalid:
        applied(problem, EMPTY | data)
    (line,) = invalid.value.errors
    assert line.startswith(path)


def test_new_requests_and_refusals_stand_last_and_cancelled_ones_are_gone(problem: VisitProblem) -> None:
    old = replace(problem, refused=(Refusal(role_model="r1", request="q0"), Refusal(role_model="r1", school="s1")))
    new = new_request(problem)
    after = apply_visits(
        old, VisitChanges(cancelled=("q0",), requests=(new,), refused=(Refusal(role_model="r0", request="q2"),))
    )
    assert [request.id for request in after.requests] == ["q1", "q2"]
    assert after.refused == (Refusal(role_model="r1", school="s1"), Refusal(role_model="r0", request="q2"))
    assert after.fixed == ()


def test_unavailable_time_is_cut_out_of_free_time(problem: VisitProblem) -> None:
    away = Unavailable(role_model="r1", start=datetime(2027, 1, 18, 10), end=datetime(2027, 1, 19, 9))
    after = apply_visits(problem, VisitChanges(unavailable=(away,)))
    assert after.role_models[1].free == (
        Interval(start=datetime(2027, 1, 18, 8), end=datetime(2027, 1, 18, 10)),
        Interval(start=datetime(2027, 1, 19, 9), end=datetime(2027, 1, 19, 16)),
    )
    assert after.role_models[0] == problem.role_models[0]
    assert after.fixed == problem.fixed
    touching = replace(away, start=datetime(2027, 1, 18, 16), end=datetime(2027, 1, 19, 8))
    assert apply_visits(problem, VisitChanges(unavailable=(touching,))) == problem


def test_limits_change_what_is_given_alone(problem: VisitProblem) -> None:
    after = apply_visits(
        problem, VisitChanges(limits=(Limits(role_model="r0", max_per_week=1), Limits(company="c0", quota=0)))
    )
    assert after.role_models == (replace(problem.role_models[0], max_per_week=1), problem.role_models[1])
    assert after.companies == (Company(id="c0", quota=0),)
    assert after.fixed == problem.fixed


RELEASING: dict[str, tuple[VisitChanges, bool]] = {
    "refused": (VisitChanges(refused=(Refusal(role_model="r0", request="q0"),)), True),
    "refused at that time": (
        VisitChanges(refused=(Refusal(role_model="r0", school="s0", start=datetime(2027, 1, 18, 8, 30)),)),
        True,
    ),
    "refused at another time": (
        VisitChanges(refused=(Refusal(role_model="r0", start=datetime(2027, 1, 18, 8, 31)),)),
        False,
    ),
    "refused by another": (VisitChanges(refused=(Refusal(role_model="r1", request="q0"),)), False),
    "away": (
        VisitChanges(
            unavailable=(
                Unavailable(role_model="r0", start=datetime(2027, 1, 18, 9, 14), end=datetime(2027, 1, 18, 10)),
            )
        ),
        True,
    ),
    "away afterwards": (
        VisitChanges(
            unavailable=(
                Unavailable(role_model="r0", start=datetime(2027, 1, 18, 9, 15), end=datetime(2027, 1, 18, 10)),
            )
        ),
        False,
    ),
}


@pytest.mark.parametrize("case", RELEASING)
def test_fixed_visit_is_released_only_when_one_of_its_people_cannot_come(problem: VisitProblem, case: str) -> None:
    changes, is_released = RELEASING[case]
    assert (apply_visits(problem, changes).fixed == ()) is is_released


def repaired(plan: VisitPlan) -> VisitPlan:
    before = Held(option=0, start=datetime(2027, 1, 18, 8, 30), mode="physical", role_models=("r1",))
    after = replace(before, role_models=("r0",))
    move = MovedVisit(id="q0", from_=before, to=after, cause="refused")
    return replace(plan, based_on="0" * 64, moved=(move,))


def test_repaired_plan_comes_back_from_its_json_and_others_say_nothing_of_repairs() -> None:
    _, plan = broken_visit_plans.good()
    assert isinstance(plan, VisitPlan)
    assert {"based_on", "moved", "dropped"}.isdisjoint(plans.to_json(plan))
    new = repaired(plan)
    data = plans.to_json(new)
    assert load_plan(json.dumps(data)) == new
    assert data["moved"][0]["from"]["role_models"] == ["r1"]
    assert plan_sha256(new) != plan_sha256(plan)


def test_without_changes_the_problem_stays_as_it_is(problem: VisitProblem) -> None:
    assert apply_visits(problem, VisitChanges()) == problem
