"""Each pair rule stands against exactly the pair that breaks it, and against nobody else."""

import json
from collections.abc import Callable

import pytest

from matcher.eligibility import (
    PAIR_RULES,
    Engagement,
    RoleModelFacts,
    eligible,
    eligible_in_some_option,
    obstacles_in_every_option,
)
from matcher.problem import VisitProblem, load_problem
from tests.matcher.small_problems import Data, lesson, visit_data

Change = Callable[[Data, Data], None]
"""Changes the first request and the first role model so that one rule stands between them."""

BREAKS: dict[str, Change] = {
    "mode": lambda request, person: person.update(modes=["digital"]),
    "topic": lambda request, person: person.update(topics=["health"]),
    "grade": lambda request, person: person.update(grades=[10, 13]),
    "distance": lambda request, person: person.update(lat=60.9),
    "free": lambda request, person: person.update(free=[lesson(18, "08:00", "09:00"), lesson(18, "09:00", "16:00")]),
    "lessons": lambda request, person: (
        request.update(options=[{"lessons": [lesson(18, "08:30", "09:15"), lesson(18, "09:15", "10:00")]}]),
        person.update(max_lessons=1),
    ),
    "reserved": lambda request, person: person.update(
        reserved=[{"municipalities": ["3201"], "from": "2027-01-18", "to": "2027-01-18"}]
    ),
    "refused": lambda request, person: None,
}


def changed(change: Change | None = None, **top: object) -> VisitProblem:
    data = visit_data() | top
    if change is not None:
        change(data["requests"][0], data["role_models"][0])
    problem = load_problem(json.dumps(data))
    assert isinstance(problem, VisitProblem)
    return problem


def test_there_is_a_case_for_every_pair_rule() -> None:
    assert list(BREAKS) == [rule.__name__ for rule in PAIR_RULES]


@pytest.mark.parametrize("code", BREAKS)
def test_rule_stands_against_the_pair_that_breaks_it_alone(code: str) -> None:
    refused = [{"role_model": "r0", "request": "q0", "start": "2027-01-18T08:30"}] if code == "refused" else []
    problem = changed(BREAKS[code], refused=refused)
    facts, request = RoleModelFacts(problem), problem.requests[0]
    engagement = Engagement(request, request.options[0], "physical")
    stands = {rule.__name__: rule(facts, engagement).tolist() for rule in PAIR_RULES}
    assert stands == {rule: [rule == code, False] for rule in stands}
    assert eligible(facts, engagement).tolist() == [False, True]
    assert {c: found.tolist() for c, found in obstacles_in_every_option(facts, request).items()} == stands


def test_refusal_stands_only_where_all_its_parts_match() -> None:
    problem = changed(refused=[{"role_model": "r0", "school": "s0", "start": "2027-01-18T10:00"}])
    assert eligible_in_some_option(RoleModelFacts(problem), problem.requests[0]).tolist() == [True, True]


def test_reservations_of_one_date_unite_their_towns() -> None:
    reserved = [{"municipalities": [town], "from": "2027-01-18", "to": "2027-01-18"} for town in ("3201", "0301")]
    problem = changed(lambda request, person: person.update(reserved=reserved))
    assert eligible_in_some_option(RoleModelFacts(problem), problem.requests[0]).tolist() == [True, True]


def test_either_mode_is_asked_only_in_modes_that_are_offered() -> None:
    def far_and_physical(request: Data, person: Data) -> None:
        request.update(mode="either")
        person.update(modes=["physical"], lat=60.9)

    problem = changed(far_and_physical)
    facts, request = RoleModelFacts(problem), problem.requests[0]
    standing = {code for code, found in obstacles_in_every_option(facts, request).items() if found[0]}
    assert standing == {"distance"}
    assert eligible_in_some_option(facts, request).tolist() == [False, True]


def test_either_mode_far_away_is_no_obstacle_to_who_offers_both() -> None:
    def far(request: Data, person: Data) -> None:
        request.update(mode="either")
        person.update(lat=60.9)

    problem = changed(far)
    facts, request = RoleModelFacts(problem), problem.requests[0]
    assert eligible_in_some_option(facts, request).tolist() == [True, True]
    assert not any(found.any() for found in obstacles_in_every_option(facts, request).values())
