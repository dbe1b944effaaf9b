"""What a group plan promises beyond small problems: stops, repeats, choice rules, and properties that must hold."""

import json
from dataclasses import replace
from typing import Any

import pytest

from matcher.check import check
from matcher.control import Progress, Settings, Stop, no_progress
from matcher.groups import milp, rules
from matcher.groups.children import read_solution
from matcher.groups.facts import Facts
from matcher.groups.goals import LinearGoal
from matcher.groups.linear import LinearModel
from matcher.groups.milp import Optimiser
from matcher.groups.placement import place
from matcher.groups.roster import Roster
from matcher.groups.solve import solve
from matcher.plan import GroupPlan, to_json
from matcher.problem import Fixed, FixedMentor, FixedPupil, GroupProblem
from tests.benchmarks.instances_groups import load_group_problem, national, national_data

PUPILS, MENTORS = 240, 22


def plan_of(problem: GroupProblem, **how: Any) -> GroupPlan:
    how = {"stop": Stop(), "seed": 1, "settings": Settings(), "on_progress": no_progress} | how
    return solve(problem, **how)


def in_all_but_seconds(plan: GroupPlan) -> dict[str, Any]:
    data = to_json(plan)
    del data["certificate"]["seconds"]
    return data


def values(plan: GroupPlan) -> dict[str, int]:
    return {goal.name: goal.value for goal in plan.goals}


def roster_in(problem: GroupProblem, plan: GroupPlan) -> Roster:
    facts = Facts(problem)
    here: list[tuple[int, ...]] = [()] * len(problem.sessions)
    for listed in plan.sessions:
        mentors = sorted(facts.mentor_index[mentor.id] for mentor in listed.mentors)
        here[facts.session_index[listed.session]] = tuple(mentors)
    return Roster(tuple(here))


@pytest.fixture(scope="module")
def problem() -> GroupProblem:
    return national(1, pupils=PUPILS, mentors=MENTORS)


@pytest.fixture(scope="module")
def plan(problem: GroupProblem) -> GroupPlan:
    return plan_of(problem)


def test_plan_is_judged_and_proven(problem: GroupProblem, plan: GroupPlan) -> None:
    assert check(problem, plan) == []
    assert plan.status == "optimal"
    assert 0 < values(plan)["served"] < PUPILS
    assert plan.certificate.passed_over == 0


@pytest.mark.parametrize("part", ["pupils", "mentors", "sessions"])
def test_a_problem_without_one_part_gives_an_empty_optimal_plan(part: str) -> None:
    data = national_data(1, pupils=20, mentors=3)
    data[part] = []
    for pupil in data["pupils"]:
        pupil.pop("mentor", None)
        pupil["choices"] = pupil["choices"] if part != "sessions" else []
    for mentor in data["mentors"]:
        mentor["sessions"] = mentor["sessions"] if part != "sessions" else []
    problem = load_group_problem(data)
    plan = plan_of(problem)
    assert check(problem, plan) == []
    assert (plan.status, plan.sessions) == ("optimal", ())
    assert len(plan.unserved) == len(problem.pupils)


def test_same_problem_and_seed_give_the_same_plan(problem: GroupProblem, plan: GroupPlan) -> None:
    assert in_all_but_seconds(plan_of(problem)) == in_all_but_seconds(plan)


def test_a_deterministic_limit_repeats_and_bounds_hold(problem: GroupProblem, plan: GroupPlan) -> None:
    settings = Settings(deterministic_limit=1)
    one, two = (plan_of(problem, settings=settings) for _ in range(2))
    assert in_all_but_seconds(one) == in_all_but_seconds(two)
    assert check(problem, one) == []
    assert one.goals[0].value <= plan.goals[0].value <= one.goals[0].bound


def test_another_seed_reaches_the_same_values_of_the_roster_goals(problem: GroupProblem, plan: GroupPlan) -> None:
    other = plan_of(problem, seed=7)
    assert list(values(other).items())[:-2] == list(values(plan).items())[:-2]


def test_a_child_process_finds_the_plan_found_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    small = national(3, pupils=60, mentors=8)
    here = plan_of(small)
    monkeypatch.setattr(milp, "SMALL", -1)
    assert in_all_but_seconds(plan_of(small)) == in_all_but_seconds(here)


def test_levels_as_flows_give_the_values_of_hall_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    small = national(2, pupils=120, mentors=12)
    by_sets = plan_of(small)
    monkeypatch.setattr(rules, "MOST_HALL_SETS", 0)
    by_flows = plan_of(small)
    assert check(small, by_flows) == []
    assert list(values(by_flows).items())[:-2] == list(values(by_sets).items())[:-2]


def test_new_names_change_nothing_but_names(problem: GroupProblem, plan: GroupPlan) -> None:
    data = national_data(1, pupils=PUPILS, mentors=MENTORS)
    text = json.dumps(data)
    for old in [mentor["id"] for mentor in data["mentors"]] + [session["id"] for session in data["sessions"]]:
        text = text.replace(f'"{old}"', f'"new-{old}"')
    renamed = plan_of(load_group_problem(json.loads(text)))
    assert values(renamed) == values(plan)
    assert renamed.unserved == plan.unserved
    assert [listed.session for listed in renamed.sessions] == [f"new-{listed.session}" for listed in plan.sessions]


@pytest.mark.parametrize("seed", range(3))
def test_one_more_seat_never_serves_fewer_on_a_roster(seed: int) -> None:
    tight = national_data(seed, pupils=200, mentors=20)
    for session in tight["sessions"]:
        session["seats"] = 10
    problem = load_group_problem(tight)
    roster = roster_in(problem, plan_of(problem))
    facts = Facts(problem)
    before = place(facts, roster)
    assert before is not None
    for s in roster.open_sessions:
        sessions = list(problem.sessions)
        sessions[s] = replace(sessions[s], seats=11)
        after = place(Facts(replace(problem, sessions=tuple(sessions))), roster)
        assert after is not None
        assert before.seat.keys() <= after.seat.keys() or len(after.seat) >= len(before.seat)
        assert len(after.seat) in (len(before.seat), len(before.seat) + 1)


def test_queue_first_gives_better_choices_to_fewer_and_says_its_price(problem: GroupProblem, plan: GroupPlan) -> None:
    by_queue = replace(problem, rules=replace(problem.rules, placement="queue_first"))
    found = plan_of(by_queue)
    assert check(by_queue, found) == []
    assert found.certificate.passed_over == 0
    assert found.certificate.choice_envy == 0
    served, most = values(found)["served"], values(plan)["served"]
    assert served <= most <= found.goals[1].bound
    assert values(found)["choices"] / served <= values(plan)["choices"] / most
    assert {listed.session for listed in found.sessions} == {listed.session for listed in plan.sessions}


def test_what_is_fixed_stays_whatever_it_breaks_of_the_pair_rules(problem: GroupProblem, plan: GroupPlan) -> None:
    listed = plan.sessions[0]
    far = next(p for p in problem.pupils if listed.session not in p.choices and p.level == "R2")
    outside = next(m for m in problem.mentors if listed.session not in m.sessions and m.max_sessions)
    fixed = Fixed(
        mentors=(FixedMentor(mentor=outside.id, session=listed.session),),
        pupils=(FixedPupil(pupil=far.id, session=listed.session),),
    )
    held = replace(problem, fixed=fixed)
    found = plan_of(held)
    assert check(held, found) == []
    assert found.status == "optimal"
    assert values(found)["returning"] <= values(plan)["returning"] + (far.class_ == 0)


def test_more_fixed_pupils_than_seats_is_infeasible_and_named(problem: GroupProblem) -> None:
    sessions = (replace(problem.sessions[0], seats=2, min_pupils=1), *problem.sessions[1:])
    pupils = tuple(FixedPupil(pupil=pupil.id, session=sessions[0].id) for pupil in problem.pupils[:4])
    crowded = replace(problem, sessions=sessions, fixed=Fixed(pupils=pupils))
    found = plan_of(crowded)
    assert check(crowded, found) == []
    assert found.status == "infeasible"
    assert [conflict.code for conflict in found.conflicts] == ["seats"]
    assert len(found.conflicts[0].items) == 3


def test_a_stop_before_the_start_still_gives_a_judged_plan(problem: GroupProblem) -> None:
    found = plan_of(problem, stop=Stop(0))
    assert check(problem, found) == []
    assert found.status == "feasible"
    assert values(found)["served"] > 0
    assert all(goal.gap > 0 for goal in found.goals[:2])


def test_a_stop_before_the_start_shares_hours_among_mentors_alike() -> None:
    """Two mentors alike, each contracted for one of two evenings: what the hand rule gives one, both can share."""
    session = {"site": "x", "start": "17:00", "end": "19:00", "seats": 8, "ratio": 4, "min_mentors": 1, "min_pupils": 1}
    mentor = {"levels": ["1P"], "sessions": ["a", "b"], "max_sessions": 2, "contracted": 1}
    pupil = {"level": "1P", "class": 0, "joined": "2026-09-05", "lottery": 1}
    problem = load_group_problem(
        {
            "format": "treffpunkt.group-problem/1",
            "sites": [{"id": "x", "lat": 59.9, "lon": 10.7}],
            "sessions": [session | {"id": "a", "weekday": 1}, session | {"id": "b", "weekday": 2}],
            "mentors": [mentor | {"id": "m1"}, mentor | {"id": "m2"}],
            "pupils": [pupil | {"id": f"p-{s}{n}", "choices": [s]} for s in "ab" for n in range(2)],
        }
    )
    found = plan_of(problem, stop=Stop(0))
    assert check(problem, found) == []
    assert (values(found)["short_hours"], values(found)["extra_shifts"]) == (0, 0)


def test_a_stop_on_the_way_keeps_the_best_plan_and_its_bounds() -> None:
    large = national(2, pupils=1500, mentors=60)
    stop = Stop()
    heard: list[Progress] = []

    def listen(progress: Progress) -> None:
        heard.append(progress)
        if progress.goal == "served":
            stop.request()

    found = plan_of(large, stop=stop, on_progress=listen)
    assert check(large, found) == []
    assert found.status == "feasible"
    assert found.goals[0].gap == 0
    assert heard[-1].seconds <= stop.elapsed


def test_progress_names_each_roster_goal_and_ends_at_its_proof(problem: GroupProblem) -> None:
    heard: list[Progress] = []
    found = plan_of(problem, on_progress=heard.append)
    for goal in found.goals[:-2]:
        last = [progress for progress in heard if progress.goal == goal.name][-1]
        assert (last.value, last.bound) == (goal.value, goal.bound)
    assert [progress.seconds for progress in heard] == sorted(progress.seconds for progress in heard)


def hard_knapsack() -> tuple[LinearModel, LinearGoal]:
    """An integer program that HiGHS does not finish in seconds: many rows of like weights."""
    model = LinearModel()
    columns = [model.column(0.0, 1.0, integer=True) for _ in range(300)]
    for row in range(40):
        model.row({c: float(1 + (37 * c * (row + 3) + 11 * row) % 97) for c in columns}, at_most=3001.0 + row)
    return model, LinearGoal("hard", "max", {c: float(50 + 13 * c % 49) for c in columns}, 0)


def test_a_stop_ends_a_child_and_keeps_what_it_had_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milp, "SMALL", -1)
    model, goal = hard_knapsack()
    stop = Stop(60)

    def listen(bound: float | None, value: float | None) -> None:
        if bound is not None and bound < 10**6 and value:
            stop.request()

    optimiser = Optimiser(stop, 1, Settings())
    outcome = optimiser.optimise(model, goal, None, 60.0, listen)
    optimiser.close()
    assert stop.elapsed < 30
    assert outcome.status == "feasible"
    assert outcome.columns is not None
    assert 0 < goal.value(outcome.columns) <= outcome.bound
    for row in model.rows:
        assert sum(value * outcome.columns[column] for column, value in row.terms.items()) <= row.upper + 1e-6


def test_the_last_whole_solution_of_a_file_is_read(tmp_path: Any) -> None:
    path = tmp_path / "best.sol"
    assert read_solution(path, 2) is None
    path.write_text("Objective 3\n# Columns 2\n 1\n")
    assert read_solution(path, 2) is None
    path.write_text(
        "Objective 1\n# Columns 2\n 1\n 0\nObjective 3\n# Columns 2\n 1\n 0.5\nObjective 4\n# Columns 2\n 7\n"
    )
    found = read_solution(path, 2)
    assert found is not None
    assert found.tolist() == [1.0, 0.5]
