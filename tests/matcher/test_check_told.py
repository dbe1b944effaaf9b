"""The judge of what is told: changes are those of the request or pupil, a pupil's gives a seat, bottlenecks can be."""

from dataclasses import replace
from typing import Any

import pytest

from matcher.check import check
from matcher.plan import Bottleneck
from tests.matcher import broken_group_plans
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import Data, group_data, held, visit_data, visits


@pytest.mark.parametrize(
    ("change", "request_is", "could_be"),
    [
        (None, {}, True),
        ({"kind": "nothing"}, {}, True),
        ({"kind": "unknown"}, {}, True),
        ({"kind": "time", "start": "2027-01-18T08:30"}, {}, True),
        ({"kind": "time", "start": "2027-01-19T08:30"}, {}, False),
        ({"kind": "time", "start": "2027-01-20T08:30"}, {}, False),
        ({"kind": "time", "start": "2027-01-18T09:30"}, {}, False),
        ({"kind": "time", "start": "2027-01-18T08:30"}, {"school": "s0"}, True),
        ({"kind": "time", "start": 18}, {}, False),
        ({"kind": "time"}, {}, False),
        ({"kind": "distance", "minutes": 1}, {}, True),
        ({"kind": "distance", "minutes": 60}, {}, True),
        ({"kind": "distance", "minutes": 0}, {}, False),
        ({"kind": "distance", "minutes": 61}, {}, False),
        ({"kind": "distance", "minutes": 5, "role_model": "r1"}, {}, False),
        ({"kind": "topic"}, {}, True),
        ({"kind": "topic"}, {"topics": []}, False),
        ({"kind": "digital"}, {}, True),
        ({"kind": "digital"}, {"mode": "either"}, False),
        ({"kind": "fewer_role_models"}, {"role_models": 2}, True),
        ({"kind": "limit", "role_model": "r1", "limit": "max_per_week"}, {}, True),
        ({"kind": "limit", "role_model": "r9", "limit": "max_per_week"}, {}, False),
        ({"kind": "limit", "role_model": "r1", "limit": "max_lessons"}, {}, False),
        ({"kind": "limit", "role_model": ["r1"], "limit": ["max_per_day"]}, {}, False),
        ({"kind": "mentor", "session": "s0"}, {}, False),
        ({"kind": ["digital"]}, {}, False),
        ({}, {}, False),
    ],
    ids=str,
)
def test_change_of_a_request_is_one_it_could_have(change: Data | None, request_is: Data, could_be: bool) -> None:
    data = visit_data()
    data["requests"][1] |= request_is
    problem = visits(data)
    plan = visit_plan(problem, [held(problem, "q0", "r0")])
    told = replace(plan, unserved=(replace(plan.unserved[0], smallest_change=change),))
    assert {v.code for v in check(problem, told)} == (set() if could_be else {"smallest_change"})


def two_rooms(pupil: Data, site: Data, last: Data) -> Data:
    """s0 is full with p0 and p1, p3 sits in s1, where one more fits; p2, who chose s0, waits."""
    data = group_data()
    data["sites"][1] |= {"lat": 60.0, "lon": 10.7} | site
    for each in data["pupils"]:
        each["choices"] = ["s0"]
    data["pupils"].append({**data["pupils"][2], "id": "p3", "lottery": 3, "choices": ["s1"]} | last)
    data["pupils"][2] |= pupil
    data["sessions"][1]["seats"] = 1 if last else 2
    return data


BOTH = {"choices": ["s0", "s1"]}
FULL = {"lottery": 1}
NO_SEAT = "the smallest change of pupil 'p2' gives them no seat"
NOT_THEIRS = "pupil 'p2' is told a smallest change that they do not have"


@pytest.mark.parametrize("placement", ["most_served", "queue_first"])
@pytest.mark.parametrize(
    ("change", "setting", "said"),
    [
        (None, {}, None),
        ({"kind": "session", "session": "s1"}, {}, None),
        ({"kind": "session", "session": "s1"}, {"last": {"lottery": 4}}, None),
        ({"kind": "session", "session": "s1"}, {"last": FULL}, NO_SEAT),
        ({"kind": "session", "session": "s1"}, {"pupil": {"max_travel_minutes": 18}}, None),
        ({"kind": "session", "session": "s1"}, {"pupil": {"max_travel_minutes": 17}}, NOT_THEIRS),
        ({"kind": "session", "session": "s1"}, {"site": {"digital": True}}, NOT_THEIRS),
        ({"kind": "session", "session": "s9"}, {}, NOT_THEIRS),
        ({"kind": "session", "session": ["s1"]}, {}, NOT_THEIRS),
        ({"kind": "session"}, {}, NOT_THEIRS),
        ({"kind": "session", "session": "s1", "minutes": 18}, {}, NOT_THEIRS),
        ({"kind": "distance", "minutes": 18}, {"pupil": {"max_travel_minutes": 5} | BOTH}, None),
        ({"kind": "distance", "minutes": 19}, {"pupil": {"max_travel_minutes": 5} | BOTH}, NOT_THEIRS),
        ({"kind": "distance", "minutes": 18}, {"pupil": {"max_travel_minutes": 5}}, NOT_THEIRS),
        ({"kind": "distance", "minutes": 0}, {}, NOT_THEIRS),
        (
            {"kind": "distance", "minutes": 18},
            {"pupil": {"max_travel_minutes": 18} | BOTH, "last": FULL},
            NOT_THEIRS,
        ),
        ({"kind": "digital"}, {"site": {"digital": True}}, None),
        ({"kind": "digital"}, {}, NOT_THEIRS),
        ({"kind": "mentor", "session": "s0"}, {}, None),
        ({"kind": "mentor", "session": "s9"}, {}, NOT_THEIRS),
        ({"kind": "unknown"}, {}, None),
        ({"kind": "unknown", "session": "s1"}, {}, NOT_THEIRS),
        ({}, {}, NOT_THEIRS),
    ],
    ids=str,
)
def test_change_of_a_pupil_seats_them(change: Data | None, setting: Data, said: str | None, placement: str) -> None:
    data = two_rooms(**{"pupil": {}, "site": {}, "last": {}} | setting) | {"rules": {"placement": placement}}
    queue = sorted((pupil["lottery"], pupil["id"]) for pupil in data["pupils"])
    behind_p2 = len(queue) - queue.index((2, "p2"))
    seats = {**broken_group_plans.ONE, "p3": ("s1", "m1")}
    problem, plan = broken_group_plans.placed(data, seats, 10 - behind_p2, shifts=(("m0", "s0"), ("m1", "s1")))
    told = replace(plan, unserved=(replace(plan.unserved[0], smallest_change=change),))
    assert check(problem, told) == ([("smallest_change", said)] if said else [])


@pytest.mark.parametrize(("placement", "said"), [("most_served", []), ("queue_first", [NO_SEAT])])
def test_those_ahead_may_move_only_where_the_most_are_served(placement: str, said: list[str]) -> None:
    """p3 is ahead, fills s1 and could sit in s0 too; p4 waits for s1 and is told nothing."""
    data = two_rooms({"choices": []}, {}, FULL | {"choices": ["s1", "s0"]}) | {"rules": {"placement": placement}}
    data["sessions"][0]["ratio"] = 3
    data["pupils"].append({**data["pupils"][2], "id": "p4", "lottery": 9, "max_travel_minutes": 0, "choices": ["s1"]})
    seats = {**broken_group_plans.ONE, "p3": ("s1", "m1")}
    problem, plan = broken_group_plans.placed(data, seats, 5 + 4 + 3, shifts=(("m0", "s0"), ("m1", "s1")))
    first, second = plan.unserved
    told = replace(first, smallest_change={"kind": "session", "session": "s1"})
    found = check(problem, replace(plan, unserved=(told, second)))
    assert found == [("smallest_change", message) for message in said]


ORDER = "bottlenecks are not in order, each once"
LEVELS = "bottleneck 's0' is asked for by other levels than stated"


@pytest.mark.parametrize(
    ("told", "placement", "said"),
    [
        ([("s0", ["R1"], 2), ("s1", ["R1"], 1)], "most_served", []),
        ([("s0", ["R1"], 2)], "most_served", []),
        ([("s0", ["R1"], 3)], "most_served", ["bottleneck 's0' serves 1 to 2, not 3"]),
        ([("s0", ["R1"], 3)], "queue_first", []),
        ([("s0", ["R1"], 4)], "queue_first", ["bottleneck 's0' serves 1 to 3, not 4"]),
        ([("s0", ["R1"], 1)], "most_served", []),
        ([("s0", ["R1"], 0)], "most_served", ["bottleneck 's0' serves 1 to 2, not 0"]),
        ([("s0", [], 1)], "most_served", [LEVELS]),
        ([("s0", ["R1", "R2"], 1)], "most_served", [LEVELS]),
        ([("s1", ["R1"], 1), ("s0", ["R1"], 2)], "most_served", [ORDER]),
        ([("s0", ["R1"], 1), ("s0", ["R1"], 1)], "most_served", [ORDER, "bottleneck 's0' is listed 2 times"]),
        ([("s0", ["R1"], 2), ("s0", ["R1"], 1)], "most_served", ["bottleneck 's0' is listed 2 times"]),
        ([("s9", ["R1"], 1)], "most_served", ["bottleneck 's9' is no open session"]),
    ],
    ids=str,
)
def test_bottleneck_is_an_open_session_that_could_serve_so_many(told: Any, placement: str, said: list[str]) -> None:
    data = two_rooms({}, {}, {}) | {"rules": {"placement": placement}}
    data["pupils"] += [{**data["pupils"][2], "id": name, "lottery": 9} for name in ("p4", "p5")]
    seats = {**broken_group_plans.ONE, "p3": ("s1", "m1")}
    problem, plan = broken_group_plans.placed(data, seats, 6 + 5 + 3, shifts=(("m0", "s0"), ("m1", "s1")))
    listed = [Bottleneck(session=s, levels=tuple(levels), one_more_mentor_serves=n) for s, levels, n in told]
    assert check(problem, replace(plan, bottlenecks=tuple(listed))) == [("bottlenecks", message) for message in said]
