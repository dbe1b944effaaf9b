"""Each pair rule stands against exactly the pair that breaks it, and against nobody else."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from matcher.eligibility import (
    PAIR_RULES,
    Engagement,
    RememberedRules,
    RoleModelFacts,
    eligible,
    eligible_in_some_option,
    minute_of,
    mode,
    obstacles_in_every_option,
)
from matcher.problem import VisitProblem, load_problem
from tests.matcher.brute_force_visits import VisitEnumeration
from tests.matcher.random_visits import random_visit_problem
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


AT_THE_EDGE: dict[str, Change] = {
    "lowest grade": lambda request, person: person.update(grades=[9, 13]),
    "highest grade": lambda request, person: person.update(grades=[8, 9]),
    "no minute to spare": lambda request, person: person.update(lat=60.0, max_travel_minutes=18),
    "free for the lesson alone": lambda request, person: person.update(free=[lesson(18, "08:30", "09:15")]),
    "no lesson to spare": lambda request, person: person.update(max_lessons=1),
    "one of two topics": lambda request, person: request.update(topics=["health", "energy"]),
    "two of two topics": lambda request, person: (request.update(topics=["a", "b"]), person.update(topics=["a", "b"])),
    "reserved before": lambda request, person: person.update(
        reserved=[{"municipalities": ["3201"], "from": "2027-01-11", "to": "2027-01-17"}]
    ),
    "reserved after": lambda request, person: person.update(
        reserved=[{"municipalities": ["3201"], "from": "2027-01-19", "to": "2027-01-20"}]
    ),
    "the first of two options": lambda request, person: (
        request["options"].append({"lessons": [lesson(20, "08:30", "09:15")]}),
        person.update(free=[lesson(18, "08:00", "16:00")]),
    ),
}


@pytest.mark.parametrize("name", AT_THE_EDGE)
def test_nothing_stands_at_the_edge(name: str) -> None:
    problem = changed(AT_THE_EDGE[name])
    facts, request = RoleModelFacts(problem), problem.requests[0]
    assert eligible(facts, Engagement(request, request.options[0], "physical"))[0]
    assert eligible_in_some_option(facts, request)[0]


def test_mode_that_the_request_does_not_allow_stands_against_everybody() -> None:
    problem = changed(lambda request, person: request.update(mode="digital"))
    request = problem.requests[0]
    found = mode(RoleModelFacts(problem), Engagement(request, request.options[0], "physical"))
    assert found.tolist() == [True, True]


def test_facts_count_shared_topics_and_whole_minutes() -> None:
    problem = changed(lambda request, person: person.update(topics=["energy", "health"]))
    assert RoleModelFacts(problem).shared_topics(["health", "energy", "energy", "code"]).tolist() == [2, 1]
    assert repr(minute_of(datetime(1970, 1, 2, 3, 4))) == str(27 * 60 + 4)


@pytest.mark.parametrize(
    ("parts", "may"), [({"school": "s0"}, False), ({"school": "s1"}, True), ({"start": "2027-01-18T08:30"}, False)]
)
def test_refusal_may_leave_parts_out(parts: dict[str, str], may: bool) -> None:
    problem = changed(refused=[{"role_model": "r0", **parts}])
    assert eligible_in_some_option(RoleModelFacts(problem), problem.requests[0]).tolist() == [may, True]


def test_remembered_answers_are_those_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RememberedRules, "REMEMBERED_BYTES", 1)
    for problem in map(random_visit_problem, range(5)):
        facts, enumeration = RoleModelFacts(problem), VisitEnumeration(problem)
        remembered = RememberedRules(facts)
        for request in problem.requests:
            for number, option in enumerate(request.options):
                for held in ("physical", "digital"):
                    engagement = Engagement(request, option, held)
                    may = [enumeration.may_meet(person, request, number, held) for person in problem.role_models]
                    assert eligible(facts, engagement).tolist() == may
                    assert remembered.eligible(engagement).tolist() == may


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
