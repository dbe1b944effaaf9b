"""Reasons count what really stands in the way, and stories are about the right one."""

from typing import Any

import pytest

from matcher.check_reasons import wrong_reasons
from matcher.explain import explain, with_reasons
from matcher.plan import GroupPlan, Reason, VisitPlan
from matcher.problem import GroupProblem, VisitProblem
from matcher.solve import solve
from tests.matcher import broken_group_plans
from tests.matcher.brute_force_groups import GroupEnumeration
from tests.matcher.brute_force_visits import VisitEnumeration
from tests.matcher.plans import visit_plan
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.small_problems import Data, group_data, groups, held, lesson, visit_data, visits


def reasons_of(problem: VisitProblem | GroupProblem, plan: VisitPlan | GroupPlan) -> list[dict[str, int]]:
    return [{r.code: r.count for r in item.reasons} for item in with_reasons(problem, plan).unserved]


CHANGES: dict[str, Data] = {
    "mode": {"modes": ["digital"]},
    "topic": {"topics": ["health"]},
    "grade": {"grades": [10, 13]},
    "distance": {"lat": 63.4, "lon": 10.4},
    "free": {"free": [lesson(20, "08:00", "16:00")]},
    "lessons": {"max_lessons": 0},
    "reserved": {"reserved": [{"municipalities": ["5001"], "from": "2027-01-18", "to": "2027-01-18"}]},
}


def test_each_obstacle_of_a_request_is_counted_under_its_rule() -> None:
    data = visit_data()
    able = data["role_models"][0]
    data["requests"] = data["requests"][:1]
    data["role_models"] = [{**able, "id": code, **change} for code, change in CHANGES.items()] + [
        {**able, "id": "refused"},
        {**able, "id": "two", "topics": [], "grades": [1, 2]},
    ]
    data["refused"] = [{"role_model": "refused", "request": "q0"}]
    problem = visits(data)
    counts = dict.fromkeys(CHANGES, 1) | {"refused": 1, "topic": 2, "grade": 2}
    assert reasons_of(problem, visit_plan(problem, [])) == [counts]


def test_role_model_used_elsewhere_is_taken_and_one_left_over_is_available() -> None:
    data = visit_data()
    data["requests"][1] |= {"options": data["requests"][0]["options"], "role_models": 2}
    problem = visits(data)
    assert reasons_of(problem, visit_plan(problem, [held(problem, "q0", "r0")])) == [{"taken": 1, "available": 1}]


def test_code_counts_only_when_it_stands_in_every_option() -> None:
    data = visit_data()
    data["requests"][0]["options"].append({"lessons": [lesson(25, "08:30", "09:15")]})
    data["role_models"] = data["role_models"][:1]
    data["role_models"][0]["reserved"] = [{"municipalities": ["5001"], "from": "2027-01-18", "to": "2027-01-18"}]
    problem = visits({**data, "requests": data["requests"][:1]})
    assert reasons_of(problem, visit_plan(problem, [])) == [{"varies": 1}]


def test_request_without_any_role_model_says_so() -> None:
    problem = visits({**visit_data(), "role_models": []})
    assert with_reasons(problem, visit_plan(problem, [])).unserved[0].reasons == (Reason(code="nobody", count=0),)


@pytest.mark.parametrize("seed", range(30))
def test_reasons_of_requests_agree_with_enumeration(seed: int) -> None:
    problem = random_visit_problem(seed)
    plan = solve(problem)
    assert wrong_reasons(problem, plan) == []
    enumeration = VisitEnumeration(problem)
    requests = {request.id: request for request in problem.requests}
    for item in plan.unserved:
        request = requests[item.request]
        counts = {reason.code: reason.count for reason in item.reasons}
        able = {
            person.id
            for person in problem.role_models
            for option in range(len(request.options))
            for mode in ("physical", "digital")
            if enumeration.may_meet(person, request, option, mode)
        }
        assert counts.get("taken", 0) + counts.get("available", 0) == len(able)
        assert counts.get("available", 0) == 0 or request.role_models > 1 or plan.status != "optimal"
        assert max(counts.values()) <= len(problem.role_models)


@pytest.mark.parametrize("seed", range(30))
def test_reasons_of_pupils_hold_for_each_choice(seed: int) -> None:
    problem = random_group_problem(seed)
    plan = solve(problem)
    assert isinstance(plan, GroupPlan)
    assert wrong_reasons(problem, plan) == []
    enumeration = GroupEnumeration(problem)
    present = {listed.session: [m.id for m in listed.mentors] for listed in plan.sessions}
    taken = {listed.session: sum(len(m.pupils) for m in listed.mentors) for listed in plan.sessions}
    for item in plan.unserved:
        pupil = next(p for p in problem.pupils if p.id == item.pupil)
        assert sum(reason.count for reason in item.reasons) == len(pupil.choices)
        for choice in explain(problem, plan, pupil.id)["choices"]:
            session = choice["session"]
            covers = [m for m in present.get(session, []) if pupil.level in enumeration.mentors[m].levels]
            full = session in taken and taken[session] >= enumeration.sessions[session].seats
            holds = {
                "distance": session not in enumeration.eligible[pupil.id],
                "min_mentors": session not in present,
                "min_pupils": session not in present,
                "closed": session not in present,
                "level": session in present and not covers,
                "seats": full,
                "mentors": bool(covers) and not full,
            }
            assert holds[choice["code"]], (choice, holds)


def test_closed_sessions_say_what_they_lack() -> None:
    data = group_data()
    data["pupils"] = data["pupils"][:1]
    data["sessions"][0] |= {"min_mentors": 3}
    data["sessions"][1] |= {"min_pupils": 2}
    data["mentors"][0]["sessions"] = ["s0"]
    problem = groups(data)
    plan = solve(problem)
    assert reasons_of(problem, plan) == [{"min_mentors": 1, "min_pupils": 1}]
    assert explain(problem, plan, "s0")["closed_because"] == "min_mentors"


def test_pupil_without_choices_says_so() -> None:
    data = group_data()
    data["pupils"][2]["choices"] = []
    problem = groups(data)
    assert reasons_of(problem, solve(problem)) == [{"no_choices": 0}]


def story(data: Data, identifier: str) -> Any:
    problem = visits(data)
    return explain(problem, visit_plan(problem, [held(problem, "q0", "r0")]), identifier)


def test_story_of_a_served_request_names_the_alternatives() -> None:
    data = visit_data()
    data["requests"][0]["wishes"] = ["energy", "health"]
    told = story(data, "q0")
    assert (told["served"], told["fixed"], told["visit"]["option"]) == (True, False, 0)
    assert [(person["id"], person["wishes"]) for person in told["role_models"]] == [("r0", ["energy"])]
    assert [(other["id"], other["used_elsewhere"]) for other in told["alternatives"]] == [("r1", [])]


def test_story_of_an_unserved_request_names_near_misses_and_what_uses_the_able() -> None:
    data = visit_data()
    data["requests"][1] |= {"options": data["requests"][0]["options"]}
    data["role_models"][0]["max_per_day"] = 1
    data["role_models"][1]["topics"] = []
    told = story(data, "q1")
    assert told["served"] is False
    assert [(other["id"], other["used_elsewhere"]) for other in told["alternatives"]] == [("r0", ["day", "overlap"])]
    assert [(other["id"], other["obstacles"]) for other in told["nearest_misses"]] == [("r1", ["topic"])]


def test_story_of_a_role_model_lists_visits_and_who_waits() -> None:
    told = story(visit_data(), "r0")
    assert [visit["request"] for visit in told["visits"]] == ["q0"]
    assert told["unserved_requests_they_may_meet"] == ["q1"]


def test_stories_of_a_group_plan() -> None:
    problem, plan = broken_group_plans.placed(group_data(), broken_group_plans.ONE, 5)
    assert explain(problem, plan, "p1") == {
        "pupil": "p1",
        "served": True,
        "position": 1,
        "session": "s0",
        "mentor": "m0",
        "fixed": False,
        "choice": 0,
        "named_mentor": False,
        "better_choices": [],
    }
    waiting = explain(problem, plan, "p2")
    assert waiting["choices"] == [
        {"session": "s0", "code": "mentors", "last_position": 1},
        {"session": "s1", "code": "closed", "last_position": None},
    ]
    assert explain(problem, plan, "s0")["waiting_by_level"] == {"R1": 1}
    assert explain(problem, plan, "m0")["sessions"] == [{"session": "s0", "pupils": 2}]


def test_stories_of_an_infeasible_problem_know_no_line() -> None:
    data = group_data()
    data["fixed"] = {"mentors": [{"mentor": "m0", "session": s} for s in ("s0", "s1")]}
    data["mentors"][0]["max_sessions"] = 1
    problem = groups(data)
    plan = solve(problem)
    assert explain(problem, plan) == {"unserved": []}
    assert (explain(problem, plan, "p0")["served"], explain(problem, plan, "p0")["ahead"]) == (False, None)


def test_unknown_id_and_the_other_kind_of_plan_are_refused() -> None:
    problem, plan = broken_group_plans.good()
    with pytest.raises(KeyError):
        explain(problem, plan, "nobody")
    with pytest.raises(ValueError, match="is no answer to"):
        explain(visits(visit_data()), plan)
