"""Problem files: what is accepted, what is refused and in which words, and the hash that names a problem."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.fields import InvalidProblem
from matcher.problem import load_problem, problem_sha256, to_json
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import Data, group_data, groups, lesson, visit_data, visits


@pytest.mark.parametrize("make", [random_visit_problem, random_group_problem])
@pytest.mark.parametrize("seed", range(10))
def test_json_round_trip_keeps_problem_and_hash(make: Callable[[int], Any], seed: int) -> None:
    problem = make(seed)
    again = load_problem(json.dumps(to_json(problem)))
    assert again == problem
    assert problem_sha256(again) == problem_sha256(problem)


def test_hash_is_that_of_the_file_with_defaults_filled_in() -> None:
    whole = to_json(visits(visit_data()))
    assert whole["requests"][0]["classes"] == 1
    assert whole["travel"] == {"detour": 1.3, "kmh": 50, "matrix": None}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert problem_sha256(visits(visit_data())) == hashlib.sha256(text.encode()).hexdigest()


def test_hash_sees_order_of_arrays_but_not_of_keys() -> None:
    data = visit_data()
    turned = dict(reversed(data.items()))
    assert problem_sha256(visits(turned)) == problem_sha256(visits(data))
    schools = data["schools"][::-1]
    assert problem_sha256(visits({**data, "schools": schools})) != problem_sha256(visits(data))


def test_number_keeps_the_form_of_the_file() -> None:
    data = visit_data()
    data["schools"][0]["lat"] = 60
    assert to_json(visits(data))["schools"][0]["lat"] == 60
    assert isinstance(to_json(visits(data))["schools"][0]["lat"], int)


def faults(data: Data) -> list[str]:
    with pytest.raises(InvalidProblem) as caught:
        load_problem(json.dumps(data))
    return [line.split(":")[0] for line in caught.value.errors]


VISIT_FAULTS: dict[str, tuple[Callable[[Data], Any], list[str]]] = {
    "lessons on two dates": (
        lambda d: d["requests"][0]["options"][0]["lessons"].append(lesson(19, "08:30", "09:15")),
        ["requests[0].options[0].lessons"] * 2,
    ),
    "lessons overlap": (
        lambda d: d["requests"][0]["options"][0]["lessons"].append(lesson(18, "09:00", "09:45")),
        ["requests[0].options[0].lessons[1].start"],
    ),
    "no lessons": (lambda d: d["requests"][0]["options"][0].update(lessons=[]), ["requests[0].options[0].lessons"]),
    "no options": (lambda d: d["requests"][0].update(options=[]), ["requests[0].options"]),
    "same start twice": (
        lambda d: d["requests"][0].update(options=d["requests"][0]["options"] * 2),
        ["requests[0].options[1]"],
    ),
    "no classes": (lambda d: d["requests"][0].update(classes=0), ["requests[0].classes"]),
    "four role models": (lambda d: d["requests"][0].update(role_models=4), ["requests[0].role_models"]),
    "empty id": (
        lambda d: d["companies"][0].update(id=""),
        [
            "companies[0].id",
        ],
    ),
    "seconds": (
        lambda d: d["requests"][0]["options"][0]["lessons"][0].update(start="2027-01-18T08:30:00"),
        ["requests[0].options[0].lessons[0].start"],
    ),
    "zone": (lambda d: d.update(today="2026-11-02Z"), ["today"]),
    "unknown company": (lambda d: d["role_models"][0].update(company="c9"), ["role_models[0].company"]),
    "grades turned": (lambda d: d["role_models"][0].update(grades=[13, 8]), ["role_models[0].grades"]),
    "three grades": (lambda d: d["role_models"][0].update(grades=[8, 9, 10]), ["role_models[0].grades"]),
    "no modes": (lambda d: d["role_models"][0].update(modes=[]), ["role_models[0].modes"]),
    "reservation turned": (
        lambda d: d["role_models"][0].update(
            reserved=[{"municipalities": ["0301"], "from": "2027-01-19", "to": "2027-01-18"}]
        ),
        ["role_models[0].reserved[0].to"],
    ),
    "Python's name of a key": (
        lambda d: d["role_models"][0].update(
            reserved=[{"municipalities": ["0301"], "from_": "2027-01-18", "to": "2027-01-18"}]
        ),
        ["role_models[0].reserved[0].from", "role_models[0].reserved[0].from_"],
    ),
    "refuses everything": (lambda d: d.update(refused=[{"role_model": "r0"}]), ["refused[0]"]),
    "refusal of nobody": (lambda d: d.update(refused=[{"request": "q0"}]), ["refused[0].role_model"]),
    "fixed option": (
        lambda d: d.update(fixed=[{"request": "q0", "option": 1, "mode": "digital", "role_models": ["r0"]}]),
        ["fixed[0].option"],
    ),
    "fixed twice": (
        lambda d: d.update(fixed=[{"request": "q0", "option": 0, "mode": "digital", "role_models": ["r0"]}] * 2),
        ["fixed[1]"],
    ),
    "one person twice": (
        lambda d: d.update(fixed=[{"request": "q0", "option": 0, "mode": "digital", "role_models": ["r0", "r0"]}]),
        ["fixed[0].role_models[1]"],
    ),
    "detour below 1": (lambda d: d.update(travel={"detour": 0.9}), ["travel.detour"]),
    "no speed": (lambda d: d.update(travel={"kmh": 0}), ["travel.kmh"]),
    "endless travel": (lambda d: d.update(travel={"kmh": 1e-300}), ["travel.kmh"]),
    "endless detour": (lambda d: d.update(travel={"detour": 1e308}), ["travel.kmh"]),
    "minutes without end": (
        lambda d: d["role_models"][0].update(max_travel_minutes=10**30),
        ["role_models[0].max_travel_minutes"],
    ),
    "matrix lacks a place": (
        lambda d: d.update(travel={"matrix": {"places": ["school:s0"], "minutes": [[0]]}}),
        ["travel.matrix.places"] * 3,
    ),
    "matrix not square": (
        lambda d: d.update(
            travel={
                "matrix": {
                    "places": ["school:s0", "school:s1", "role_model:r0", "role_model:r1"],
                    "minutes": [[0, 1], [1, 0]],
                }
            }
        ),
        ["travel.matrix.minutes"],
    ),
}

GROUP_FAULTS: dict[str, tuple[Callable[[Data], Any], list[str]]] = {
    "unknown choice": (lambda d: d["pupils"][0].update(choices=["s9"]), ["pupils[0].choices[0]"]),
    "choice twice": (lambda d: d["pupils"][0].update(choices=["s0", "s0"]), ["pupils[0].choices[1]"]),
    "six choices": (lambda d: d["pupils"][0].update(choices=["s0"] * 6), ["pupils[0].choices"]),
    "class beyond": (lambda d: d["pupils"][0].update({"class": 3}), ["pupils[0].class"]),
    "half a place": (lambda d: d["pupils"][0].pop("lon"), ["pupils[0].lon"]),
    "unknown mentor": (lambda d: d["pupils"][0].update(mentor="m9"), ["pupils[0].mentor"]),
    "weekday 8": (lambda d: d["sessions"][0].update(weekday=8), ["sessions[0].weekday"]),
    "session turned": (lambda d: d["sessions"][0].update(end="16:00"), ["sessions[0].end"]),
    "session nowhere": (lambda d: d["sessions"][0].update(site="x9"), ["sessions[0].site"]),
    "24 o'clock": (lambda d: d["sessions"][0].update(end="24:00"), ["sessions[0].end"]),
    "placement": (lambda d: d.update(rules={"placement": "fair"}), ["rules.placement"]),
    "too many classes": (lambda d: d.update(rules={"classes": 21}), ["rules.classes"]),
    "no class": (lambda d: d.update(rules={"classes": 0}), ["rules.classes"]),
    "two fixed seats": (
        lambda d: d.update(fixed={"pupils": [{"pupil": "p0", "session": s} for s in ("s0", "s1")]}),
        ["fixed.pupils[1]"],
    ),
    "fixed nowhere": (
        lambda d: d.update(fixed={"mentors": [{"mentor": "m0", "session": "s9"}]}),
        ["fixed.mentors[0].session"],
    ),
}


@pytest.mark.parametrize("case", VISIT_FAULTS)
def test_fault_of_a_visit_problem_is_named(case: str) -> None:
    change, expected = VISIT_FAULTS[case]
    data = visit_data()
    change(data)
    assert faults(data)[: len(expected)] == expected


@pytest.mark.parametrize("case", GROUP_FAULTS)
def test_fault_of_a_group_problem_is_named(case: str) -> None:
    change, expected = GROUP_FAULTS[case]
    data = group_data()
    change(data)
    assert faults(data) == expected


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in inside for deeper in places_in(item, (*path, key)))]


STRANGE = [
    None, True, -1, 0, 10**400, 1e308, -0.0, float("nan"), float("-inf"), "", "x", "\u0000", "2027-01-18T08:30",
    "2027-13-01", "r0", "s0", "\u202e", "\n", [], [[]], {}, {"id": "q0"}, [None], "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("data", [visit_data(), group_data()], ids=["visits", "groups"])
@given(seed=st.randoms(use_true_random=False))
def test_any_change_gives_a_problem_or_one_line_for_each_fault(data: Data, seed: Any) -> None:
    changed = copy.deepcopy(data)
    for _ in range(seed.choice((1, 1, 2))):
        path = seed.choice(places_in(changed)[1:])
        holder: Any = changed
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = seed.choice(STRANGE)
    errors: tuple[str, ...] = ()
    try:
        problem = load_problem(json.dumps(changed))
    except InvalidProblem as invalid:
        errors = invalid.errors
    else:
        assert load_problem(json.dumps(to_json(problem))) == problem
        return
    assert errors
    assert all(line.splitlines() == [line] and "; " in line for line in errors), errors


def test_group_defaults() -> None:
    problem = groups({k: v for k, v in group_data().items() if k != "fixed"})
    assert (problem.rules.classes, problem.rules.placement, problem.sessions[0].target) == (3, "most_served", 5)
