"""The judge names exactly the broken rule, catches worse plans and false bounds, and survives any content."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.check import GROUP_CODES, VISIT_CODES, check
from matcher.plan import (
    AssignedRoleModel,
    Certificate,
    Conflict,
    Goal,
    GroupPlan,
    Plan,
    PlanMentor,
    PlanSession,
    UnservedPupil,
    UnservedRequest,
    Visit,
    VisitPlan,
)
from matcher.problem import Problem, problem_sha256
from tests.matcher import broken_group_plans, broken_visit_plans
from tests.matcher.broken_group_plans import ALL, BOTH_SESSIONS
from tests.matcher.plans import visit_plan
from tests.matcher.small_problems import Data, group_data, groups, held, lesson, visit_data, visits


def codes(problem: Problem, plan: Plan) -> set[str]:
    return {violation.code for violation in check(problem, plan)}


@pytest.mark.parametrize("good", [broken_visit_plans.good, broken_group_plans.good])
def test_good_plan_breaks_no_rule(good: Callable[[], tuple[Problem, Plan]]) -> None:
    assert check(*good()) == []


@pytest.mark.parametrize("broken", broken_visit_plans.BROKEN, ids=lambda broken: broken.__name__)
def test_visit_plan_broken_in_one_rule(broken: Callable[[], tuple[Problem, Plan]]) -> None:
    assert codes(*broken()) == {broken.__name__}


@pytest.mark.parametrize("broken", broken_group_plans.BROKEN, ids=lambda broken: broken.__name__)
def test_group_plan_broken_in_one_rule(broken: Callable[[], tuple[Problem, Plan]]) -> None:
    assert codes(*broken()) == {broken.__name__}


def test_every_rule_has_its_broken_plan() -> None:
    assert [broken.__name__ for broken in broken_visit_plans.BROKEN] == list(VISIT_CODES)
    assert [broken.__name__ for broken in broken_group_plans.BROKEN] == list(GROUP_CODES)


def test_plan_of_the_other_kind_is_for_the_wrong_problem() -> None:
    problem, _ = broken_visit_plans.good()
    _, plan = broken_group_plans.good()
    assert codes(problem, plan) == {"wrong_problem"}


@pytest.mark.parametrize("good", [broken_visit_plans.good, broken_group_plans.good])
def test_plan_with_an_answer_names_no_conflicts(good: Callable[[], tuple[Problem, Any]]) -> None:
    problem, plan = good()
    assert codes(problem, replace(plan, conflicts=(Conflict(code="overlap", items=("fixed[0]",)),))) == {"status"}


@pytest.mark.parametrize("of_groups", [{"passed_over": 0}, {"choice_envy": 0}], ids=str)
def test_plan_of_visits_has_nothing_of_the_queue(of_groups: dict[str, int]) -> None:
    problem, plan = broken_visit_plans.good()
    assert codes(problem, replace(plan, certificate=replace(plan.certificate, **of_groups))) == {"goals"}


def change_goal(plan: VisitPlan, name: str, **changes: Any) -> VisitPlan:
    return replace(plan, goals=tuple(replace(g, **changes) if g.name == name else g for g in plan.goals))


def test_value_beyond_its_bound_is_caught() -> None:
    problem, plan = broken_visit_plans.good()
    assert check(problem, replace(change_goal(plan, "classes", bound=1), status="feasible"))[0].code == "goals"
    assert check(problem, replace(change_goal(plan, "spread", bound=9), status="feasible"))[0].code == "goals"


def test_gap_is_allowed_only_in_a_feasible_plan() -> None:
    problem, plan = broken_visit_plans.good()
    gapped = change_goal(plan, "classes", bound=3)
    assert codes(problem, gapped) == {"goals"}
    assert codes(problem, replace(gapped, status="feasible")) == set()


def test_goal_with_another_sense_is_caught() -> None:
    problem, plan = broken_visit_plans.good()
    assert codes(problem, change_goal(plan, "schools", sense="min")) == {"goals"}


@pytest.mark.parametrize("kept", [slice(1, None), slice(0, 8), slice(None, None, -1)])
def test_goals_are_all_there_in_order(kept: slice) -> None:
    problem, plan = broken_visit_plans.good()
    assert codes(problem, replace(plan, goals=plan.goals[kept])) == {"goals"}


def test_bound_source_names_every_goal() -> None:
    problem, plan = broken_visit_plans.good()
    bare = replace(plan, certificate=replace(plan.certificate, bound_source={}))
    assert codes(problem, bare) == {"goals"}


def test_worse_plan_with_the_better_plans_values_is_caught() -> None:
    problem, better = broken_visit_plans.good()
    worse = visit_plan(problem, [held(problem, "q0", "r0")])
    assert codes(problem, replace(worse, goals=better.goals)) == {"goals"}


def test_passed_over_in_the_certificate_must_be_zero() -> None:
    problem, plan = broken_group_plans.good()
    claims = replace(plan, certificate=replace(plan.certificate, passed_over=2))
    assert codes(problem, claims) == {"passed_over"}


def fixed_visits(*requests: str, **changes: Any) -> Data:
    data = visit_data()
    data["requests"][1]["options"] = data["requests"][0]["options"]
    data["fixed"] = [{"request": q, "option": 0, "mode": "digital", "role_models": ["r0"], **changes} for q in requests]
    return data


def without_answer(problem: Problem, status: str, *conflicts: Conflict) -> Plan:
    _, plan = broken_visit_plans.good()
    return replace(
        plan,
        problem_sha256=problem_sha256(problem),
        status=status,
        visits=(),
        goals=(),
        unserved=(),
        conflicts=conflicts,
    )


def test_infeasible_holds_when_fixed_visits_of_one_person_overlap() -> None:
    problem = visits(fixed_visits("q0", "q1"))
    both = Conflict(code="overlap", items=("fixed[0]", "fixed[1]"))
    assert codes(problem, without_answer(problem, "infeasible", both)) == set()
    assert codes(problem, without_answer(problem, "infeasible")) == {"status"}
    elsewhere = Conflict(code="overlap", items=("fixed[0]", "fixed[2]"))
    assert codes(problem, without_answer(problem, "infeasible", elsewhere)) == {"status"}


def test_infeasible_is_refused_when_fixed_visits_of_one_person_touch() -> None:
    data = fixed_visits("q0", "q1")
    data["requests"][1]["options"] = [{"lessons": [lesson(18, "09:15", "10:00")]}]
    problem = visits(data)
    both = Conflict(code="overlap", items=("fixed[0]", "fixed[1]"))
    (violation,) = check(problem, without_answer(problem, "infeasible", both))
    assert violation == ("status", "no two fixed visits of one role model overlap, so the problem is not infeasible")


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        ("unknown", {}, []),
        ("unknown", {"goals": True}, ["a plan called unknown must hold no items, goals or unserved"]),
        ("unknown", {"visits": True}, ["a plan called unknown must hold no items, goals or unserved"]),
        ("unknown", {"unserved": True}, ["a plan called unknown must hold no items, goals or unserved"]),
        (
            "infeasible",
            {},
            [
                "an infeasible plan must name the conflicting items",
                "nothing is fixed, so the empty plan is valid and the problem is not infeasible",
            ],
        ),
    ],
    ids=str,
)
def test_plan_without_an_answer_holds_nothing(status: str, content: dict[str, bool], said: list[str]) -> None:
    problem, plan = broken_visit_plans.unserved()
    plan = replace(plan, unserved=(UnservedRequest(request="q1", reasons=()),))
    kept = {name: getattr(plan, name) for name in content}
    empty = replace(without_answer(problem, status), **kept)
    assert [violation.message for violation in check(problem, empty)] == said


def test_infeasible_is_refused_where_a_plan_exists() -> None:
    free, one = visits(visit_data()), visits(fixed_visits("q0"))
    conflict = Conflict(code="overlap", items=("fixed[0]",))
    assert codes(free, without_answer(free, "infeasible", conflict)) == {"status"}
    assert codes(one, without_answer(one, "infeasible", conflict)) == {"status"}


def test_unknown_plan_holds_nothing() -> None:
    problem = visits(visit_data())
    assert codes(problem, without_answer(problem, "unknown")) == set()


def test_fixed_visit_is_not_asked_for_pair_rules_or_count() -> None:
    problem = visits(fixed_visits("q0", role_models=["r0", "r1"]))
    assert codes(problem, visit_plan(problem, [held(problem, "q0", "r0", "r1", mode="digital", fixed=True)])) == set()


def test_limit_exceeded_by_fixed_visits_alone_admits_no_more() -> None:
    data = fixed_visits("q0")
    data["role_models"][0] |= {"max_per_term": 0, "modes": ["physical"]}
    data["requests"][1] |= {"options": visit_data()["requests"][1]["options"]}
    problem = visits(data)
    stays = held(problem, "q0", "r0", mode="digital", fixed=True)
    assert codes(problem, visit_plan(problem, [stays])) == set()
    assert codes(problem, visit_plan(problem, [stays, held(problem, "q1", "r0")])) == {"term"}


def test_fixed_pupil_is_asked_neither_level_nor_choice_nor_distance() -> None:
    data = group_data()
    data["pupils"][2] |= {"choices": [], "level": "R2", "max_travel_minutes": 0, "lat": 63.4}
    data["fixed"] = {"pupils": [{"pupil": "p2", "session": "s0"}]}
    shifts = (("m0", "s0"), ("m1", "s0"))
    assert check(*broken_group_plans.placed(data, ALL, 6, shifts=shifts)) == []


def test_pupil_without_a_home_has_no_way_to_go() -> None:
    data = group_data()
    data["pupils"][2] |= {"max_travel_minutes": 0, "lat": None, "lon": None}
    assert check(*broken_group_plans.placed(data, ALL, 6, shifts=(("m0", "s0"), ("m1", "s0")))) == []


def test_session_without_a_pupil_is_not_open() -> None:
    problem, plan = broken_group_plans.good()
    empty = PlanSession(session="s1", mentors=(PlanMentor(id="m0", pupils=()),))
    hours = replace(plan.goals[5], value=3, bound=3)
    plan = replace(plan, sessions=(*plan.sessions, empty), goals=(*plan.goals[:5], hours, *plan.goals[6:]))
    said = "session 's1' is listed without a pupil, so it is not open"
    assert check(problem, plan) == [("mentor_session", said)]


def test_order_of_a_group_plan_is_that_of_ids_and_of_the_queue() -> None:
    problem, plan = broken_group_plans.placed(
        group_data(), BOTH_SESSIONS, 6, shifts=(("m0", "s0"), ("m0", "s1")), choices=1
    )
    assert check(problem, plan) == []
    first, second = plan.sessions
    (mentor,) = first.mentors
    upside_down = replace(first, mentors=(replace(mentor, pupils=mentor.pupils[::-1]),))
    unserved = tuple(UnservedPupil(pupil=p, ahead=0, reasons=()) for p in ("p1", "p0"))
    changes: dict[str, dict[str, Any]] = {
        "sessions are not in order, each once": {"sessions": (second, first)},
        "mentors of 's0' are not in order, each once": {"sessions": (replace(first, mentors=(mentor, mentor)), second)},
        "pupils of 'm0' in 's0' are not in order": {"sessions": (upside_down, second)},
        "unserved pupils are not in queue order": {"unserved": unserved},
    }
    for said, change in changes.items():
        found = check(problem, replace(plan, **change))
        assert [violation.message for violation in found if violation.code == "order"] == [said]


@pytest.mark.parametrize(("placement", "code"), [("queue_first", "passed_over"), ("most_served", "goals")])
@pytest.mark.parametrize(
    ("seats", "choices"),
    [
        ({"p0": ("s1", "m1"), "p1": ("s0", "m0"), "p2": ("s0", "m0")}, 1),
        ({"p0": ("s1", "m1"), "p1": ("s0", "m0"), "p2": ("s1", "m1")}, 2),
    ],
)
def test_better_choice_that_was_free_is_found(
    seats: dict[str, tuple[str, str]], choices: int, placement: str, code: str
) -> None:
    data = group_data() | {"rules": {"placement": placement}}
    shifts = (("m0", "s0"), ("m1", "s1"))
    problem, plan = broken_group_plans.placed(data, seats, 6, shifts=shifts, choices=choices)
    assert codes(problem, plan) == {code}


def test_feasible_group_plan_is_asked_every_rule_and_may_have_choices_that_are_not_the_queues() -> None:
    problem, plan = broken_group_plans.ratio()
    assert codes(problem, replace(plan, status="feasible")) == {"ratio"}
    data = group_data()
    for pupil, lottery in zip(data["pupils"], (9, 0, 5), strict=True):
        pupil["lottery"] = lottery
    seats = {**broken_group_plans.ONE, "p2": ("s1", "m1")}
    problem, plan = broken_group_plans.placed(data, seats, 6, shifts=(("m0", "s0"), ("m1", "s1")), choices=1)
    assert plan.certificate.choice_envy == 1
    assert codes(problem, plan) == {"goals"}
    better = replace(plan.goals[6], bound=0)
    assert codes(problem, replace(plan, status="feasible", goals=(*plan.goals[:6], better, plan.goals[7]))) == set()


def test_infeasible_group_plan_holds_no_sessions() -> None:
    data = group_data()
    data["mentors"][0]["max_sessions"] = 1
    data["fixed"] = {"mentors": [{"mentor": "m0", "session": s} for s in ("s0", "s1")]}
    problem, plan = groups(data), broken_group_plans.good()[1]
    conflict = Conflict(code="mentor_max", items=("fixed.mentors[0]", "fixed.mentors[1]"))
    claim = replace(plan, problem_sha256=problem_sha256(problem), status="infeasible", goals=(), conflicts=(conflict,))
    assert codes(problem, claim) == {"status"}
    assert codes(problem, replace(claim, sessions=())) == set()


def test_back_to_back_engagements_need_only_the_travel_time() -> None:
    data = visit_data()
    data["requests"][1] |= {
        "school": "s0",
        "options": [{"lessons": [{"start": "2027-01-18T09:15", "end": "2027-01-18T10:00"}]}],
    }
    problem = visits(data)
    assert codes(problem, visit_plan(problem, [held(problem, "q0", "r0"), held(problem, "q1", "r0")])) == set()


moments = st.datetimes(datetime(2027, 1, 1), datetime(2027, 2, 1)).map(lambda m: m.replace(second=0, microsecond=0))
counts = st.integers(0, 10) | st.just(10**9)
statuses = st.sampled_from(["optimal", "feasible", "infeasible", "unknown"])
hashes = st.sampled_from([problem_sha256(visits(visit_data())), problem_sha256(groups(group_data())), "", "x"])
names = st.sampled_from(["priority", "returning", "served", "classes", "choices", "?"])
some_goals = st.lists(
    st.builds(Goal, name=names, sense=st.sampled_from(["max", "min"]), value=st.integers(), bound=st.integers()),
    max_size=9,
).map(tuple)
conflicts = st.lists(
    st.builds(
        Conflict,
        code=st.text(),
        items=st.lists(st.sampled_from(["fixed[0]", "fixed[99999999999]", "[", ""])).map(tuple),
    ),
    max_size=2,
).map(tuple)
certificates = st.builds(
    Certificate,
    bound_source=st.just({}),
    seconds=st.just(0.0),
    seed=st.just(1),
    settings=st.just({}),
    versions=st.just({}),
    passed_over=st.none() | counts,
    choice_envy=st.none() | counts,
)


def listed(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=4).map(tuple)


visit_plans = st.builds(
    VisitPlan,
    problem_sha256=hashes,
    status=statuses,
    visits=listed(
        st.builds(
            Visit,
            request=st.sampled_from(["q0", "q1", "q9"]),
            option=counts,
            start=moments,
            end=moments,
            mode=st.sampled_from(["physical", "digital"]),
            role_models=listed(
                st.builds(AssignedRoleModel, id=st.sampled_from(["r0", "r1", "r9"]), travel_minutes=counts)
            ),
        )
    ),
    goals=some_goals,
    unserved=listed(st.builds(UnservedRequest, request=st.sampled_from(["q0", "q1", "q9"]), reasons=st.just(()))),
    certificate=certificates,
    conflicts=conflicts,
)
pupils = st.sampled_from(["p0", "p1", "p2", "p9"])
group_plans = st.builds(
    GroupPlan,
    problem_sha256=hashes,
    status=statuses,
    sessions=listed(
        st.builds(
            PlanSession,
            session=st.sampled_from(["s0", "s1", "s9"]),
            mentors=listed(st.builds(PlanMentor, id=st.sampled_from(["m0", "m1", "m9"]), pupils=listed(pupils))),
        )
    ),
    goals=some_goals,
    unserved=listed(st.builds(UnservedPupil, pupil=pupils, ahead=counts, reasons=st.just(()))),
    certificate=certificates,
    conflicts=conflicts,
)


@given(visit_plans)
def test_any_visit_plan_gets_an_answer(plan: VisitPlan) -> None:
    answer = check(visits(visit_data()), plan)
    assert {violation.code for violation in answer} <= set(VISIT_CODES)
    assert all("\n" not in violation.message for violation in answer)


@given(group_plans)
def test_any_group_plan_gets_an_answer(plan: GroupPlan) -> None:
    answer = check(groups(group_data()), plan)
    assert {violation.code for violation in answer} <= set(GROUP_CODES)
    assert all("\n" not in violation.message for violation in answer)
