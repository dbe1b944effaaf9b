"""What a repaired plan says of the one before is held against it: who was moved, who was dropped, who stands anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from matcher.check import check
from matcher.check_repair import based_on, held_as
from matcher.plan import (
    DroppedPupil,
    DroppedVisit,
    GroupPlan,
    MovedPupil,
    MovedVisit,
    NewStand,
    Plan,
    VisitPlan,
    plan_sha256,
)
from tests.matcher import broken_group_plans, broken_visit_plans
from tests.matcher.broken_group_plans import placed
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import group_data, held, visit_data, visits

MOVED = MovedPupil(id="p1", from_="s0", to="s1", cause="absent")
DROPPED = DroppedPupil(id="p2", from_="s0", cause="seats")
STANDS = (NewStand(mentor="m1", session="s1"),)


def groups_before_and_after() -> tuple[GroupPlan, GroupPlan]:
    """All in s0 with m0 and m1; then p1 in s1 with m1, p2 without a seat and m1 no more in s0."""
    _, before = broken_group_plans.good()
    _, after = placed(group_data(), {"p0": ("s0", "m0"), "p1": ("s1", "m1")}, 5, shifts=(("m0", "s0"), ("m1", "s1")))
    told = replace(after, based_on=plan_sha256(before), moved=(MOVED,), dropped=(DROPPED,), new_stands=STANDS)
    return before, told


def visits_before_and_after() -> tuple[VisitPlan, VisitPlan]:
    """q0 and q1 by r0; then q0 by r1, and q1 no more."""
    _, before = broken_visit_plans.good()
    problem = visits(visit_data())
    after = visit_plan(problem, [held(problem, "q0", "r1")])
    first, second = (held_as(visit) for visit in before.visits)
    moved = MovedVisit(id="q0", from_=first, to=held_as(after.visits[0]), cause="refused")
    dropped = DroppedVisit(id="q1", from_=second, cause="unavailable")
    return before, replace(after, based_on=plan_sha256(before), moved=(moved,), dropped=(dropped,))


@pytest.mark.parametrize("pair", [groups_before_and_after, visits_before_and_after])
def test_true_story_has_no_fault(pair: Callable[[], tuple[Plan, Plan]]) -> None:
    before, after = pair()
    assert based_on(before, after) == []
    assert based_on(before, replace(before, based_on=plan_sha256(before))) == []
    problem = visits(visit_data()) if isinstance(after, VisitPlan) else broken_group_plans.good()[0]
    assert "moved" not in {violation.code for violation in check(problem, after)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"based_on": None}, "the plan is based on 'nothing', this is '"),
        ({"based_on": "f" * 64}, "the plan is based on 'ffffffffffff', this is '"),
        ({"moved": ()}, "'p1' is moved and not listed"),
        ({"moved": (replace(MOVED, from_="s1"),)}, "'p1' is listed as moved, which the plan before does not bear out"),
        ({"moved": (MOVED, replace(MOVED, id="p0"))}, "'p0' is listed as moved, which the plan before"),
        ({"dropped": ()}, "'p2' is dropped and not listed"),
        ({"dropped": (replace(DROPPED, from_="s1"),)}, "'p2' is listed as dropped, which the plan before does"),
        ({"dropped": (replace(DROPPED, id="p0"), DROPPED)}, "'p0' is listed as dropped, which the plan before"),
        ({"new_stands": ()}, "new_stands are not the stands that the plan before had not"),
        ({"new_stands": (NewStand(mentor="m0", session="s1"),)}, "new_stands are not the stands that"),
    ],
)
def test_untrue_story_of_groups_is_told_in_one_line(changes: dict[str, Any], said: str) -> None:
    before, after = groups_before_and_after()
    (violation,) = based_on(before, replace(after, **changes))
    assert violation.code == "based_on"
    assert violation.message.startswith(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"moved": ()}, "'q0' is moved and not listed"), ({"dropped": ()}, "'q1' is dropped and not listed")],
)
def test_untrue_story_of_visits_is_told_in_one_line(changes: dict[str, Any], said: str) -> None:
    before, after = visits_before_and_after()
    assert [violation.message for violation in based_on(before, replace(after, **changes))] == [said]


def test_plan_is_not_based_on_one_of_the_other_kind() -> None:
    (group_plan, _), (visits_before, _) = groups_before_and_after(), visits_before_and_after()
    (violation,) = based_on(visits_before, group_plan)
    assert violation.message == "a treffpunkt.group-plan/1 cannot be based on a treffpunkt.visit-plan/1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"based_on": None}, ["moved or dropped are listed, and based_on names no plan before"]),
        ({"based_on": None, "moved": ()}, ["moved or dropped are listed, and based_on names no plan before"]),
        ({"based_on": None, "dropped": ()}, ["moved or dropped are listed, and based_on names no plan before"]),
        ({"based_on": None, "moved": (), "dropped": ()}, []),
        ({"moved": (MOVED, MOVED)}, ["moved are not in order, each once"]),
        ({"dropped": (DROPPED, DROPPED)}, ["dropped are not in order, each once"]),
        ({"moved": (replace(MOVED, to="s0"),)}, ["'p1' is listed as moved and stays", "'p1' is not where moved says"]),
        ({"dropped": (replace(DROPPED, id="p1"),)}, ["'p1' is listed as dropped and is served"]),
        ({"dropped": (replace(DROPPED, id="p9"),)}, ["'p9' is listed as dropped and is unknown"]),
        ({"new_stands": (*STANDS, *STANDS)}, ["new_stands are not in order, each once"]),
        (
            {"new_stands": (NewStand(mentor="m0", session="s1"),)},
            ["mentor 'm0' is listed with a new stand in session 's1' and is not there"],
        ),
    ],
)
def test_moves_that_the_plan_itself_denies(changes: dict[str, Any], said: list[str]) -> None:
    problem, _ = broken_group_plans.good()
    _, after = groups_before_and_after()
    found = [v.message for v in check(problem, replace(after, **changes)) if v.code == "moved"]
    assert found == said


@pytest.mark.parametrize(
    ("moved", "is_true"),
    [
        ({"value": 2, "bound": 2}, True),
        ({"value": 2, "bound": 0}, True),
        ({"value": 1, "bound": 1}, False),
        ({"value": 3, "bound": 2}, False),
        ({"value": 2, "bound": 3}, False),
        ({"value": 2, "bound": None}, False),
        ({}, False),
    ],
    ids=str,
)
def test_certificate_says_how_many_were_moved(moved: dict[str, Any], is_true: bool) -> None:
    _, after = visits_before_and_after()
    told = replace(after, certificate=replace(after.certificate, settings={"moved": moved}))
    codes = {violation.code for violation in check(visits(visit_data()), told)}
    assert ("moved" not in codes) == is_true
