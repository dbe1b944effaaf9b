"""The replay of queue, choices and lottery: right by enumeration on any roster, and it names the first difference."""

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.cli import main
from matcher.control import Settings, Stop
from matcher.fields import InvalidProblem
from matcher.plan import Certificate, GroupPlan, PlanMentor, PlanSession, to_json
from matcher.problem import GroupProblem, problem_sha256
from matcher.problem import to_json as problem_json
from matcher.replay import CannotOpen, Draw, first_difference, load_draw, lottery_faults, replay
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.matcher.brute_force_groups import GroupEnumeration, Roster
from tests.matcher.random_groups import random_group_problem
from tests.matcher.small_problems import group_data, groups, visit_data, visits

SEED = "a seed that nobody knew"


def roster_only(problem: GroupProblem, roster: Roster) -> GroupPlan:
    """A plan of which nothing is right but the roster: the same pupil sits in every session."""
    anyone = problem.pupils[0].id
    sessions = []
    for session in sorted({session for _, session in roster}):
        first, *others = sorted(mentor for mentor, place in roster if place == session)
        mentors = (PlanMentor(id=first, pupils=(anyone,)), *(PlanMentor(id=m, pupils=()) for m in others))
        sessions.append(PlanSession(session=session, mentors=mentors))
    return GroupPlan(
        problem_sha256=problem_sha256(problem),
        status="feasible",
        sessions=tuple(sessions),
        goals=(),
        unserved=(),
        certificate=Certificate(bound_source={}, seconds=0.0, seed=1, settings={}, versions={}),
    )


def compare_with_enumeration(seed: int, rosters: int) -> int:
    """Replays some rosters of a random problem by both placements; how many admitted a placement."""
    rng = random.Random(seed)
    drawn = random_group_problem(seed)
    admitted = 0
    if not drawn.pupils:
        return 0
    for placement in ("most_served", "queue_first"):
        problem = replace(drawn, rules=replace(drawn.rules, placement=placement))
        enumeration = GroupEnumeration(problem)
        known = list(enumeration.rosters())
        for roster in rng.sample(known, min(rosters, len(known))):
            right, plan = enumeration.placement(roster), roster_only(problem, roster)
            if right is None:
                with pytest.raises(CannotOpen):
                    replay(problem, plan)
                continue
            admitted += 1
            sessions = [turn.session for turn in replay(problem, plan)]
            assert sessions == [slot and slot.session for slot in right.slots], (seed, placement, sorted(roster))
    return admitted


def solved(problem: GroupProblem) -> GroupPlan:
    plan = solve(problem, stop=Stop(20.0), settings=Settings(workers=1))
    assert isinstance(plan, GroupPlan)
    return plan


def test_replay_is_what_enumeration_finds_on_any_roster() -> None:
    assert sum(compare_with_enumeration(seed, 12) for seed in range(60, 120)) > 200


@pytest.mark.long
def test_replay_is_what_enumeration_finds_on_any_roster_of_many_problems() -> None:
    assert sum(compare_with_enumeration(seed, 40) for seed in range(120, 2120)) > 15_000


def test_plans_of_the_solver_are_replayed_without_a_difference() -> None:
    for seed in range(12):
        problem = random_group_problem(seed)
        plan = solved(problem)
        if plan.status in ("optimal", "feasible"):
            assert first_difference(replay(problem, plan), problem, plan) is None


@pytest.mark.long
@pytest.mark.parametrize("placement", ["most_served", "queue_first"])
def test_national_plan_is_replayed_without_a_difference(placement: str) -> None:
    problem = national(1, placement=placement)
    plan = solved(problem)
    turns = replay(problem, plan)
    assert [turn.position for turn in turns] == list(range(len(problem.pupils)))
    assert first_difference(turns, problem, plan) is None


def test_turns_say_why_a_better_choice_is_missed() -> None:
    data = group_data()
    data["sessions"] += [{**data["sessions"][0], "id": "s2", "weekday": 3}, {**data["sessions"][0], "id": "s3"}]
    data["sessions"][0]["seats"] = 1
    data["mentors"] = [
        {"id": "m0", "levels": ["R1"], "sessions": ["s0", "s1"], "max_sessions": 2},
        {"id": "m1", "levels": ["S1"], "sessions": ["s2"], "max_sessions": 1},
    ]
    data["pupils"][0]["choices"] = ["s0"]
    data["pupils"][1] |= {"choices": ["s1", "s3", "s2", "s0"], "max_travel_minutes": 30}
    data["pupils"].append({**data["pupils"][2], "id": "p3", "lottery": 3, "level": "S1", "choices": ["s2"]})
    problem = groups(data)
    first, second, third, fourth = replay(problem, solved(problem))
    assert (first.position, first.pupil, first.joined, first.lottery) == (0, "p0", "2026-09-05", 0)
    assert (first.session, first.choice, first.missed) == ("s0", 0, ())
    assert (second.session, second.choice) == (None, None)
    assert dict(second.missed) == {"s1": "distance", "s3": "closed", "s2": "level", "s0": "taken"}
    assert (third.session, third.choice, third.missed) == ("s1", 1, (("s0", "taken"),))
    assert fourth.session == "s2"


def test_fixed_seat_is_no_choice() -> None:
    data = group_data() | {"fixed": {"pupils": [{"pupil": "p2", "session": "s1"}]}}
    data["pupils"][2]["choices"] = ["s0"]
    problem = groups(data)
    last = replay(problem, solved(problem))[-1]
    assert (last.session, last.choice, last.fixed, last.missed) == ("s1", None, True, ())


def changed(plan: GroupPlan, seats: dict[str, str]) -> GroupPlan:
    """The plan with these pupils taken out, and put into these sessions with the first mentor."""
    sessions = []
    for session in plan.sessions:
        mentors = [replace(m, pupils=tuple(p for p in m.pupils if p not in seats)) for m in session.mentors]
        new = tuple(pupil for pupil, place in seats.items() if place == session.session)
        mentors[0] = replace(mentors[0], pupils=tuple(sorted((*mentors[0].pupils, *new))))
        sessions.append(replace(session, mentors=tuple(mentors)))
    return replace(plan, sessions=tuple(sessions))


def test_first_difference_is_the_first_in_the_queue() -> None:
    data = group_data()
    data["sessions"][0]["seats"] = 1
    problem = groups(data)
    plan = solved(problem)
    swapped = changed(plan, {"p0": "s1", "p2": "s0"})
    assert first_difference(replay(problem, swapped), problem, swapped) == (
        "position 0, pupil 'p0': the queue gives session 's0', the plan session 's1'"
    )
    without = changed(plan, {"p1": "nowhere"})
    assert first_difference(replay(problem, without), problem, without) == (
        "position 1, pupil 'p1': the queue gives session 's1', the plan no seat"
    )


def test_choices_that_the_plan_does_not_claim_are_not_compared() -> None:
    data = group_data()
    data["sessions"][0]["seats"] = 1
    problem = groups(data)
    swapped = changed(solved(problem), {"p0": "s1", "p2": "s0"})
    goals = tuple(replace(goal, bound=0) if goal.name == "choices" else goal for goal in swapped.goals)
    honest = replace(swapped, goals=goals)
    assert first_difference(replay(problem, honest), problem, honest) is None


def drawn(problem: GroupProblem) -> tuple[GroupProblem, Draw]:
    """The problem with the lottery numbers of a draw among its pupils and one more, who has left."""
    tickets = {hashlib.sha256(f"{SEED}:{name}".encode()).hexdigest(): name for name in ("p0", "p1", "p2", "gone")}
    order = sorted(tickets)
    number = {tickets[ticket]: n for n, ticket in enumerate(order, start=5)}
    pupils = tuple(replace(pupil, lottery=number[pupil.id]) for pupil in problem.pupils)
    return replace(problem, pupils=pupils), Draw(SEED, hashlib.sha256(SEED.encode()).hexdigest(), tuple(order), 5)


def test_draw_is_replayed_from_its_seed() -> None:
    problem, draw = drawn(groups(group_data()))
    assert lottery_faults(problem.pupils, draw) == []
    late = replace(problem.pupils[0], id="late", lottery=9)
    assert lottery_faults([late], draw) == []


def test_draw_that_was_not_kept_is_named() -> None:
    problem, draw = drawn(groups(group_data()))
    [other] = lottery_faults((), replace(draw, seed_hash="0" * 64))
    assert "hash" in other
    [unsorted] = lottery_faults((), replace(draw, tickets=draw.tickets[::-1]))
    assert "order" in unsorted
    [empty] = lottery_faults(problem.pupils, replace(draw, tickets=()))
    assert "no tickets" in empty
    first = problem.pupils[0]
    [better] = lottery_faults([replace(first, lottery=first.lottery - 1)], draw)
    assert better == f"pupil 'p0' has number {first.lottery - 1}, and their ticket has {first.lottery}"
    [stranger] = lottery_faults([replace(first, id="stranger", lottery=6)], draw)
    assert "without a ticket" in stranger


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"seed": 7, "seed_hash": "x", "tickets": []}', "seed: "),
        ('{"seed": "s", "tickets": []}', "seed_hash: "),
        ('{"seed": "s", "seed_hash": "x", "tickets": "all"}', "tickets: "),
        ('{"seed": "s", "seed_hash": "x", "tickets": [], "first": "1"}', "first: "),
    ],
)
def test_draw_that_cannot_be_read_is_refused(text: str, named: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        load_draw(text)
    assert [named in line for line in caught.value.errors] == [True]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with problem.json, plan.json and draw.json that agree."""
    problem, draw = drawn(groups(group_data()))
    put(tmp_path / "problem.json", problem_json(problem))
    put(tmp_path / "plan.json", to_json(solved(problem)))
    published = {"id": "of the draw", "seed": draw.seed, "seed_hash": draw.seed_hash, "first": 5}
    put(tmp_path / "draw.json", published | {"tickets": list(draw.tickets)})
    return tmp_path


def put(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def check(folder: Path, *flags: str) -> int:
    return main(["check", str(folder / "problem.json"), str(folder / "plan.json"), *flags])


def test_command_prints_a_line_for_each_turn(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(files, "--replay", "--lottery", str(files / "draw.json")) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "ok"
    turns = [json.loads(line) for line in lines]
    assert [turn["position"] for turn in turns] == [0, 1, 2]
    assert list(turns[0]) == ["position", "pupil", "class", "joined", "lottery", "session", "choice", "fixed", "missed"]


def test_command_replays_for_one_pupil(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(files, "--pupil", "p1") == 0
    line, last = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["pupil"], last) == ("p1", "ok")
    assert check(files, "--pupil", "p9") == 2
    assert "--pupil: 'p9'" in capsys.readouterr().err


def test_command_names_what_is_not_as_it_should_be(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = json.loads((files / "draw.json").read_text())
    put(files / "draw.json", draw | {"seed_hash": "0" * 64})
    assert check(files, "--lottery", str(files / "draw.json")) == 1
    assert "hash" in capsys.readouterr().out.splitlines()[-1]
    plan = json.loads((files / "plan.json").read_text())
    plan["sessions"][0]["mentors"][0]["pupils"].pop(0)
    put(files / "plan.json", plan)
    assert check(files, "--replay") == 1
    assert ": the queue gives session" in capsys.readouterr().out.splitlines()[-1]


def test_command_refuses_what_has_no_queue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = visits(visit_data())
    put(tmp_path / "problem.json", problem_json(problem))
    put(tmp_path / "plan.json", to_json(solve(problem, settings=Settings(workers=1))))
    assert check(tmp_path, "--replay") == 2
    assert "group problem" in capsys.readouterr().err


def test_replay_loads_no_solver() -> None:
    program = "import sys, matcher.replay; print({'ortools', 'numpy'} & {name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
