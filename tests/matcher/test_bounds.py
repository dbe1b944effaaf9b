"""`check --bounds` as a user runs it: true bounds confirmed, false ones refuted, the rest left open."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.bounds_told import try_told
from matcher.check import check as judged
from matcher.cli import main
from matcher.control import Settings, Stop
from matcher.plan import Bottleneck, GroupPlan, Plan, load_plan, to_json
from matcher.problem import Problem
from matcher.problem import to_json as problem_to_json
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season
from tests.matcher import brute_force_changes as brute_force
from tests.matcher.plans import visit_plan
from tests.matcher.random_groups import random_group_problem
from tests.matcher.single_changes import NEW, SingleChanges, seats
from tests.matcher.small_problems import Data, group_data, groups, lesson, visit_data, visits

SMALL = {"visits": lambda: visits(visit_data()), "groups": lambda: groups(group_data())}
SCARCE = {
    "visits": lambda: season(60, 45, 2, scarce=True),
    "groups": lambda: national(2, pupils=150, mentors=10),
    "groups queue first": lambda: national(2, pupils=150, mentors=10, placement="queue_first"),
}


class Check:
    """Runs `check --bounds` on a problem and a plan; keeps what it said about each goal."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self.said: dict[str, str] = {}

    def __call__(self, problem: Problem, plan: Data, *flags: str) -> int:
        for name, data in (("problem", problem_to_json(problem)), ("plan", plan)):
            (self._folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
        files = [str(self._folder / f"{name}.json") for name in ("problem", "plan")]
        code = main(["check", *files, "--bounds", *flags])
        judged, *lines = self._capsys.readouterr().out.splitlines()
        assert judged == "ok"
        self.said = dict(line.split(": ", 1) for line in lines)
        return code


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(tmp_path, capsys)


def called_optimal(plan: Plan) -> Data:
    """The plan with every bound lowered to the value reached, as if nothing better could be."""
    data = to_json(plan)
    data["status"] = "optimal"
    for goal in data["goals"]:
        goal["bound"] = goal["value"]
    return data


@pytest.mark.parametrize("kind", SCARCE)
def test_bounds_of_a_true_plan_are_all_confirmed(check: Check, kind: str) -> None:
    problem = SCARCE[kind]()
    plan = solve(problem, seed=3, settings=Settings(workers=1))
    assert check(problem, to_json(plan)) == 0
    told = ["bottlenecks", "smallest_change"] if isinstance(plan, GroupPlan) else ["smallest_change"]
    assert list(check.said) == [*(goal.name for goal in plan.goals), *told]
    assert all("is confirmed by" in line for line in check.said.values())
    replayed = [name for name, line in check.said.items() if "replay" in line]
    assert replayed == (["choices", "continuity"] if isinstance(plan, GroupPlan) else [])


@pytest.mark.parametrize("kind", ["visits", "groups"])
def test_worse_plan_that_claims_to_be_optimal_is_refuted(check: Check, kind: str) -> None:
    problem = SCARCE[kind]()
    worse, best = solve(problem, stop=Stop(0)), solve(problem)
    lost = next((mine, true) for mine, true in zip(worse.goals, best.goals, strict=True) if mine.value != true.value)
    assert check(problem, called_optimal(worse)) == 1
    mine, true = lost
    assert check.said[mine.name] == f"bound {mine.value} is false: a judged plan reaches {true.value}"


def test_empty_plan_that_claims_to_be_optimal_is_refuted(check: Check) -> None:
    problem = SMALL["visits"]()
    empty = to_json(solve(visits({**visit_data(), "requests": []})))
    real = to_json(solve(problem))
    empty |= {"problem_sha256": real["problem_sha256"]}
    available = [{"code": "available", "count": 2}]
    empty["unserved"] = [{"request": q, "reasons": available, "smallest_change": None} for q in ("q0", "q1")]
    assert check(problem, empty) == 1
    assert check.said["schools"] == "bound 0 is false: a judged plan reaches 2"


def test_contact_mentors_that_could_be_better_are_refuted_on_the_plans_own_roster(check: Check) -> None:
    data = group_data()
    data["pupils"][0]["mentor"] = "m0"
    problem = groups(data)
    plan = called_optimal(solve(problem))
    away_from_named = plan["goals"][-1]
    assert (away_from_named["name"], away_from_named["value"]) == ("continuity", 1)
    for session in plan["sessions"]:
        mentors = session["mentors"]
        if any("p0" in mentor["pupils"] for mentor in mentors):
            assert len(mentors) == 2
            mentors[0]["pupils"], mentors[1]["pupils"] = mentors[1]["pupils"], mentors[0]["pupils"]
    away_from_named |= {"value": 0, "bound": 0}
    assert check(problem, plan) == 1
    assert check.said["continuity"] == "bound 0 is false: the plan's own roster allows 1"


@pytest.mark.parametrize("kind", ["visits", "groups"])
def test_without_time_bounds_stay_open(check: Check, kind: str) -> None:
    problem = SCARCE[kind]()
    assert check(problem, to_json(solve(problem)), "--seconds", "0") == 4
    still_open = [name for name, line in check.said.items() if "is not confirmed in the time given" in line]
    assert still_open
    assert not any("is false" in line for line in check.said.values())


def test_infeasible_is_confirmed(check: Check) -> None:
    data = group_data()
    data["mentors"][0]["max_sessions"] = 1
    data["fixed"] = {"mentors": [{"mentor": "m0", "session": s} for s in ("s0", "s1")]}
    problem = groups(data)
    assert check(problem, to_json(solve(problem))) == 0
    assert check.said == {"status": "no valid plan exists, as a fresh solve finds too"}


def test_infeasible_is_refuted_by_a_plan(check: Check) -> None:
    data = group_data()
    data["fixed"] = {"mentors": [{"mentor": "m0", "session": s} for s in ("s0", "s1")]}
    problem = groups(data)
    claim = to_json(solve(problem)) | {"status": "infeasible", "sessions": [], "goals": [], "unserved": []}
    claim["conflicts"] = [{"code": "mentor_max", "items": ["fixed.mentors[0]", "fixed.mentors[1]"]}]
    assert check(problem, claim) == 1
    assert check.said == {"status": "infeasible is false: there is a judged plan"}


def test_change_told_of_a_request_is_tried_by_fresh_solves() -> None:
    verdicts = set()
    for seed in range(6):
        rng = random.Random(seed)
        problem = brute_force.crowded_problem(seed)
        plan = visit_plan(problem, brute_force.some_plan(problem, rng))
        served = {visit.request for visit in plan.visits}
        for item in plan.unserved[:4]:
            request = next(r for r in problem.requests if r.id == item.request)
            change = rng.choice([found for found, _ in brute_force.every_change(problem, request)])
            (told,) = try_told(problem, replace(plan, unserved=(replace(item, smallest_change=change),)), Stop())
            assert told == ("smallest_change", request.id, brute_force.serves(problem, served, request, change))
            verdicts.add(told.holds)
    assert verdicts == {True, False}


def test_other_time_whose_lessons_would_end_after_midnight_is_refuted() -> None:
    data = visit_data()
    data["requests"][0] |= {"school": "s1", "options": [{"lessons": [lesson(18, "23:30", "23:59")]}]}
    problem = visits(data)
    plan = visit_plan(problem, [])
    late = replace(plan.unserved[1], smallest_change={"kind": "time", "start": "2027-01-18T23:30"})
    plan = replace(plan, unserved=(plan.unserved[0], late))
    assert judged(problem, plan) == []
    assert try_told(problem, plan, Stop()) == [("smallest_change", "q1", False)]


@pytest.mark.parametrize("seed", range(0, 30, 10))
def test_one_more_mentor_is_tried_by_fresh_solves(seed: int) -> None:
    for problem in map(random_group_problem, range(seed, seed + 10)):
        plan = solve(problem)
        assert isinstance(plan, GroupPlan)
        changes = SingleChanges(problem, plan)
        for session in changes.open:
            then = len(seats(changes.with_mentor(session), changes.roster | {(NEW, session)}))
            bottleneck = Bottleneck(session=session, levels=(), one_more_mentor_serves=1)
            told = try_told(problem, replace(plan, unserved=(), bottlenecks=(bottleneck,)), Stop())
            assert told == [("bottlenecks", session, then == len(changes.seat) + 1)]
        for item in plan.unserved:
            for change, then, roster in changes.of(item.pupil):
                if change["kind"] == "mentor":
                    claimed = replace(plan, unserved=(replace(item, smallest_change=change),), bottlenecks=())
                    works = changes.works(item.pupil, change, then, roster)
                    assert try_told(problem, claimed, Stop()) == [("smallest_change", item.pupil, works)]


@pytest.mark.parametrize("kind", ["visits", "groups"])
def test_what_was_left_out_is_named(check: Check, kind: str) -> None:
    problem = season(20, 12, 2, scarce=True) if kind == "visits" else SCARCE[kind]()
    plan = to_json(solve(problem, seed=3, settings=Settings(workers=1)))
    if kind == "visits":
        what, left_out = "smallest_change", next(i for i in plan["unserved"] if i["smallest_change"] is not None)
        left_out["smallest_change"] = None
    else:
        what, left_out = "bottlenecks", plan["bottlenecks"].pop()
    assert check(problem, plan) == 1
    said = f"what is told of {left_out['request' if kind == 'visits' else 'session']} is false by a fresh solve"
    assert check.said[what] == said


@pytest.mark.parametrize("kind", ["visits", "groups"])
def test_false_promises_are_refuted_and_without_time_left_open(check: Check, kind: str) -> None:
    problem = season(20, 12, 2, scarce=True) if kind == "visits" else SCARCE[kind]()
    plan = to_json(solve(problem, seed=3, settings=Settings(workers=1)))
    if kind == "visits":
        what, first = "smallest_change", min(plan["unserved"], key=lambda item: item["request"])
        first["smallest_change"] = {"kind": "nothing"}
    else:
        what, first = "bottlenecks", min(plan["bottlenecks"], key=lambda one: one["session"])
        first["one_more_mentor_serves"] -= 1
    assert check(problem, plan) == 1
    said = f"what is told of {first['request' if kind == 'visits' else 'session']} is false by a fresh solve"
    assert check.said[what] == said
    assert check(problem, plan, "--seconds", "0") == 4
    assert check.said[what].endswith("is not confirmed in the time given")


def test_bounds_are_not_looked_at_where_the_judge_finds_a_broken_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = SMALL["visits"]()
    plan = to_json(solve(problem)) | {"problem_sha256": "other"}
    assert load_plan(json.dumps(plan)).problem_sha256 == "other"
    (tmp_path / "problem.json").write_text(json.dumps(problem_to_json(problem)), encoding="utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    assert main(["check", str(tmp_path / "problem.json"), str(tmp_path / "plan.json"), "--bounds"]) == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["wrong_problem"]
