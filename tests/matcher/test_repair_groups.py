"""Repairs of group plans: judged, goals as in a full solve of the new problem, fewest moved as by enumeration."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.changes import Absent, GroupChanges, Seats, to_json
from matcher.check import check
from matcher.check_repair import based_on
from matcher.cli import main
from matcher.control import Settings, Stop, no_progress
from matcher.fields import InvalidProblem
from matcher.groups.repair import Prepared
from matcher.groups.repair_plan import repair_groups
from matcher.groups.solve import solve
from matcher.plan import GroupPlan, load_plan
from matcher.plan import to_json as plan_json
from matcher.problem import Fixed, GroupProblem, Pupil, Rules, Travel, load_problem
from matcher.problem import to_json as problem_json
from matcher.repair import repair
from matcher.solve import RefusedPlan
from matcher.solve import solve as solve_judged
from tests.matcher.brute_force_groups import GroupEnumeration, Slot
from tests.matcher.random_groups import COVERS, random_group_problem
from tests.matcher.small_problems import Data, group_data, groups

HOW: dict[str, Any] = {"stop": Stop(), "seed": 1, "settings": Settings(), "on_progress": no_progress}
KINDS = ("left", "new", "absent", "away", "cancelled", "seats", "many", "many")


def random_changes(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """Something that happens, of every kind, often several things at once."""
    stands = [(mentor.id, entry.session) for entry in plan.sessions for mentor in entry.mentors]
    names = [session.id for session in problem.sessions]
    kind = rng.choice(KINDS)
    many = kind == "many"
    left: tuple[str, ...] = ()
    absent: tuple[Absent, ...] = ()
    if (kind == "left" or many) and problem.pupils:
        left = tuple(pupil.id for pupil in rng.sample(problem.pupils, min(len(problem.pupils), rng.randint(1, 2))))
    if (kind == "absent" or many) and stands:
        mentor, session = rng.choice(stands)
        absent = (Absent(mentor=mentor, session=session),)
    if kind == "away" and stands:
        absent = (Absent(mentor=rng.choice(stands)[0]),)
    cancelled = (rng.choice(names),) if kind == "cancelled" or (many and rng.random() < 0.3) else ()
    resized = [name for name in names if name not in cancelled]
    seats = Seats(session=rng.choice(resized), seats=rng.choice((0, 1, 2, 3, 5, 9)))
    return GroupChanges(
        left=left,
        pupils=newcomers(rng, problem) if kind == "new" or many else (),
        absent=absent,
        cancelled_sessions=cancelled,
        seats=(seats,) if kind == "seats" or (many and rng.random() < 0.5) else (),
    )


def newcomers(rng: random.Random, problem: GroupProblem) -> tuple[Pupil, ...]:
    """Up to three pupils like those of another random problem, at home nowhere where travel is a matrix."""
    sessions = {session.id for session in problem.sessions}
    mentors = {mentor.id for mentor in problem.mentors}
    found = []
    for number, pupil in enumerate(random_group_problem(rng.randrange(10**6)).pupils[: rng.randint(1, 3)]):
        home = {"lat": None, "lon": None} if problem.travel.matrix else {}
        found.append(
            replace(
                pupil,
                id=f"new{number}",
                class_=pupil.class_ % problem.rules.classes,
                choices=tuple(choice for choice in pupil.choices if choice in sessions),
                mentor=pupil.mentor if pupil.mentor in mentors else None,
                **home,
            )
        )
    return tuple(found)


def solved(problem: GroupProblem) -> GroupPlan:
    return solve(problem, **HOW)


def goals_down_to_queue(plan: GroupPlan) -> list[int]:
    return [goal.value for goal in plan.goals][:-4]


def repaired_case(seed: int) -> tuple[GroupPlan, GroupProblem, GroupPlan] | None:
    """Plan before, problem and plan after a random change; None where the random problem is infeasible."""
    problem = random_group_problem(seed)
    before = solved(problem)
    if before.status == "infeasible":
        return None
    changes = random_changes(random.Random(f"changes-{seed}"), problem, before)
    return before, *repair_groups(problem, before, changes, **HOW)


def assert_as_good_as_a_full_solve(seed: int) -> None:
    case = repaired_case(seed)
    if case is not None:
        before, problem, after = case
        assert check(problem, after) == []
        assert based_on(before, after) == []
        fresh = solved(problem)
        assert goals_down_to_queue(after) == goals_down_to_queue(fresh)
        reached = [(goal.value, goal.bound) for goal in after.goals][:-4]
        if problem.rules.placement == "most_served":
            assert all(value == bound for value, bound in reached)


@pytest.mark.parametrize("seed", range(12))
def test_goals_are_those_of_a_full_solve_of_the_new_problem(seed: int) -> None:
    assert_as_good_as_a_full_solve(seed)


@pytest.mark.long
@pytest.mark.parametrize("some", range(20))
def test_goals_are_those_of_a_full_solve_in_500_random_cases(some: int) -> None:
    for seed in range(1000 + 30 * some, 1030 + 30 * some):
        assert_as_good_as_a_full_solve(seed)


class FewestMoved(GroupEnumeration):
    """The fewest pupils who sit elsewhere than before, over every roster and seating that reaches the best goals."""

    def __init__(self, problem: GroupProblem, before: GroupPlan) -> None:
        super().__init__(problem)
        self.was_in = {p: entry.session for entry in before.sessions for m in entry.mentors for p in m.pupils}

    def fewest(self, served: list[int]) -> int:
        """`served`: goals down to `queue` that have to be reached."""
        found = []
        for roster in self.rosters():
            slots = self.slots(roster)
            best = self._best(slots, {})
            if best is not None and self._goals([slot is not None for slot in best.slots]) == served:
                found.append(self._moves(slots, [slot is not None for slot in best.slots]))
        return min(found)

    def _goals(self, is_served: list[bool]) -> list[int]:
        line = [pupil for pupil, got in zip(self.queue, is_served, strict=True) if got]
        middle = range(1, self.problem.rules.classes - 1)
        weights = [len(self.queue) - n for n, got in enumerate(is_served) if got]
        classes = [sum(pupil.class_ == k for pupil in line) for k in (0, *middle)]
        return [classes[0], len(line), *classes[1:], sum(weights)]

    def _moves(self, slots: tuple[Slot, ...], is_served: list[bool]) -> int:
        """By a table of loads: the fewest moves of the pupils so far for each way to fill the slots."""
        table = {(0,) * len(slots): 0}
        for pupil, got in zip(self.queue, is_served, strict=True):
            after: dict[tuple[int, ...], int] = {}
            for loads, moves in table.items():
                ways = [n for n, _ in self._ways(pupil, slots, {}) if n is not None] if got else [None]
                for n in ways:
                    new = loads if n is None else (*loads[:n], loads[n] + 1, *loads[n + 1 :])
                    if n is None or self._has_room(slots, new, n):
                        was = self.was_in.get(pupil.id)
                        cost = moves + (n is not None and was is not None and was != slots[n].session)
                        after[new] = min(after.get(new, cost), cost)
            table = after
        return min(moves for loads, moves in table.items() if self._keeps_minimum(slots, loads))


def crowded_problem(seed: int) -> GroupProblem:
    """Few seats, pupils who may sit in most sessions, and a plan in which not everyone gets a seat."""
    rng = random.Random(f"crowded-{seed}")
    problem = replace(random_group_problem(seed), fixed=Fixed(), rules=Rules(classes=4), travel=Travel())
    names = [session.id for session in problem.sessions]
    sessions = tuple(
        replace(
            session, weekday=day, seats=rng.choice((2, 3, 4)), ratio=2, min_mentors=1, min_pupils=rng.choice((1, 2))
        )
        for day, session in enumerate(problem.sessions, start=1)
    )
    mentors = tuple(
        replace(m, sessions=tuple(rng.sample(names, 2)), max_sessions=rng.choice((1, 2)), levels=rng.choice(COVERS))
        for m in problem.mentors
    )
    pupils = tuple(
        replace(
            pupil,
            level=rng.choice(("1P", "R1")),
            choices=tuple(rng.sample(names, rng.choice((1, 2, 2, 3)) if len(names) > 2 else rng.choice((1, 2)))),
            max_travel_minutes=None,
        )
        for pupil in problem.pupils
    )
    return replace(problem, sessions=sessions, mentors=mentors, pupils=pupils)


def assert_fewest_moved(seed: int) -> int:
    problem = crowded_problem(seed)
    before = solved(problem)
    changes = random_changes(random.Random(f"changes-{seed}"), problem, before)
    problem, after = repair_groups(problem, before, changes, **HOW)
    assert check(problem, after) == []
    assert based_on(before, after) == []
    assert len(after.moved) == FewestMoved(problem, before).fewest(goals_down_to_queue(after))
    return len(after.moved)


MANY_WAYS = (194, 217, 262, 266, 307, 376, 416, 428, 445, 452)
"""Where seatings that are as good in the goals differ in how many they move."""


def test_the_fewest_are_moved_over_all_rosters_and_seatings() -> None:
    assert sum(assert_fewest_moved(seed) for seed in (*range(30), *MANY_WAYS)) > 10


@pytest.mark.long
def test_the_fewest_are_moved_in_many_random_cases() -> None:
    assert sum(assert_fewest_moved(seed) for seed in range(100, 600)) > 50


def two_evenings(**session: Any) -> Data:
    """Six pupils in two sessions of three seats with one mentor each; m2 is free and could stand in both."""
    data = group_data()
    for entry in data["sessions"]:
        entry.update(seats=3, ratio=3, **session)
    data["mentors"] = [
        {"id": "m0", "levels": ["R1"], "sessions": ["s0"], "max_sessions": 1, "contracted": 1},
        {"id": "m1", "levels": ["R1"], "sessions": ["s1"], "max_sessions": 1, "contracted": 1},
        {"id": "m2", "levels": ["R1"], "sessions": ["s0", "s1"], "max_sessions": 1},
    ]
    pupil = data["pupils"][0]
    own = ["s0", "s0", "s0", "s1", "s1", "s1"]
    data["pupils"] = [{**pupil, "id": f"p{i}", "lottery": i, "choices": [choice]} for i, choice in enumerate(own)]
    return data


def after(data: Data, changes: GroupChanges) -> tuple[GroupProblem, GroupPlan]:
    """The repaired problem and plan of the best plan."""
    problem = groups(data)
    new_problem, new_plan = repair(problem, solve_judged(problem), changes)
    assert isinstance(new_problem, GroupProblem)
    assert isinstance(new_plan, GroupPlan)
    return new_problem, new_plan


def stands(plan: GroupPlan) -> dict[str, set[str]]:
    return {entry.session: {mentor.id for mentor in entry.mentors} for entry in plan.sessions}


def test_free_mentor_takes_the_place_of_an_absent_one_and_nobody_moves() -> None:
    problem, plan = after(two_evenings(), GroupChanges(absent=(Absent(mentor="m0", session="s0"),)))
    assert stands(plan) == {"s0": {"m2"}, "s1": {"m1"}}
    assert [(stand.mentor, stand.session) for stand in plan.new_stands] == [("m2", "s0")]
    assert (plan.moved, plan.dropped, plan.unserved) == ((), (), ())
    assert [(stay.mentor, stay.session) for stay in problem.fixed.mentors] == [("m1", "s1")]
    assert plan.certificate.judge == "ok"


def test_session_that_nobody_can_hold_is_closed_and_its_pupils_are_dropped() -> None:
    data = two_evenings()
    data["mentors"].pop()
    problem, plan = after(data, GroupChanges(absent=(Absent(mentor="m0"),)))
    assert stands(plan) == {"s1": {"m1"}}
    assert [(drop.id, drop.from_, drop.cause) for drop in plan.dropped] == [(f"p{i}", "s0", "absent") for i in range(3)]
    assert problem.mentors[0].sessions == ()


def test_cancelled_session_frees_its_mentors() -> None:
    data = two_evenings(min_mentors=1)
    data["mentors"][0]["sessions"] = ["s0", "s1"]
    data["mentors"] = data["mentors"][:1]
    problem, plan = after(data, GroupChanges(cancelled_sessions=("s0",)))
    assert stands(plan) == {"s1": {"m0"}}
    assert [session.seats for session in problem.sessions] == [0, 3]
    assert {drop.cause for drop in plan.dropped} == {"cancelled_session"}
    assert problem.fixed.mentors == ()


def test_session_below_its_minimum_size_is_held_no_longer() -> None:
    problem, plan = after(two_evenings(min_pupils=3), GroupChanges(left=("p0",)))
    assert stands(plan) == {"s1": {"m1"}}
    assert {(drop.id, drop.cause) for drop in plan.dropped} == {("p1", "closed"), ("p2", "closed")}
    assert [(stay.mentor, stay.session) for stay in problem.fixed.mentors] == [("m1", "s1")]


def test_first_in_the_queue_gets_the_seat_that_is_free_and_newcomers_stand_where_they_joined() -> None:
    data = two_evenings()
    waiting = {**data["pupils"][0], "id": "p6", "lottery": 6}
    data["pupils"].append(waiting)
    first = replace(groups(data).pupils[0], id="new", lottery=3)
    _, plan = after(data, GroupChanges(left=("p0",), pupils=(first,)))
    assert [item.pupil for item in plan.unserved] == ["p6"]
    _, plan = after(data, GroupChanges(left=("p0",), pupils=(replace(first, lottery=7),)))
    assert [item.pupil for item in plan.unserved] == ["new"]


def test_fewer_seats_drop_the_last_in_the_queue_unless_they_are_fixed() -> None:
    data = two_evenings()
    changes = GroupChanges(seats=(Seats(session="s0", seats=2),))
    _, plan = after(data, changes)
    assert [(drop.id, drop.cause) for drop in plan.dropped] == [("p2", "seats")]
    data["fixed"] = {"pupils": [{"pupil": "p2", "session": "s0"}]}
    problem, plan = after(data, changes)
    assert [drop.id for drop in plan.dropped] == ["p1"]
    assert [stay.pupil for stay in problem.fixed.pupils] == ["p2"]
    data["fixed"] = {"pupils": [{"pupil": f"p{i}", "session": "s0"} for i in range(3)]}
    problem, plan = after(data, changes)
    assert [stay.pupil for stay in problem.fixed.pupils] == ["p0", "p1"]


def test_contact_mentors_stay_where_nobody_comes_or_goes_and_change_as_little_as_can_be_elsewhere() -> None:
    data = group_data()
    data["sessions"][0].update(seats=9, ratio=3)
    data["mentors"][0]["sessions"] = data["mentors"][1]["sessions"] = ["s0"]
    pupil = data["pupils"][0]
    data["pupils"] = [{**pupil, "id": f"p{i}", "lottery": i, "choices": ["s0"]} for i in range(6)]
    before = solve_judged(groups(data))
    assert isinstance(before, GroupPlan)
    was = {p: mentor.id for mentor in before.sessions[0].mentors for p in mentor.pupils}
    _, plan = after(data, GroupChanges(left=("p0",), pupils=(replace(groups(data).pupils[1], id="new"),)))
    now = {p: mentor.id for mentor in plan.sessions[0].mentors for p in mentor.pupils}
    assert {p: now[p] for p in was if p != "p0"} == {p: mentor for p, mentor in was.items() if p != "p0"}


def test_nothing_happened_and_nothing_changes_but_the_problem_fixes_the_mentors() -> None:
    problem = groups(two_evenings())
    before = solve_judged(problem)
    new_problem, plan = repair(problem, before, GroupChanges())
    assert isinstance(before, GroupPlan)
    assert isinstance(plan, GroupPlan)
    assert plan.sessions == before.sessions
    assert based_on(before, plan) == []
    assert isinstance(new_problem, GroupProblem)
    assert len(new_problem.fixed.mentors) == sum(len(entry.mentors) for entry in before.sessions)


def test_answers_do_not_depend_on_earlier_questions() -> None:
    problem = random_group_problem(3)
    plan = solved(problem)
    rng = random.Random(3)
    questions = [random_changes(rng, problem, plan) for _ in range(12)]
    prepared = Prepared(problem, plan)
    once = [prepared.outcome(changes) for changes in questions]
    again = [prepared.outcome(changes) for changes in reversed(questions)]
    assert once == again[::-1]
    assert once == [Prepared(problem, plan).outcome(changes) for changes in questions]


def test_plan_that_the_judge_refuses_is_not_repaired() -> None:
    problem = groups(two_evenings())
    plan = solve_judged(problem)
    with pytest.raises(RefusedPlan):
        repair(replace(problem, pupils=problem.pupils[:-1]), plan, GroupChanges())
    with pytest.raises(InvalidProblem, match="give a plan that is optimal or feasible"):
        repair(problem, replace(plan, status="unknown"), GroupChanges())


INVALID: dict[str, tuple[Data, str]] = {
    "unknown pupil": ({"left": ["p9"]}, 'left[0]: "p9" is unknown'),
    "left twice": ({"left": ["p0", "p0"]}, 'left[1]: "p0" stands twice'),
    "unknown mentor": ({"absent": [{"mentor": "m9"}]}, 'absent[0].mentor: "m9" is unknown'),
    "unknown evening": ({"absent": [{"mentor": "m0", "session": "s9"}]}, 'absent[0].session: "s9" is unknown'),
    "absent twice": ({"absent": [{"mentor": "m0"}, {"mentor": "m0"}]}, "absent[1]: stands twice"),
    "cancelled unknown": ({"cancelled_sessions": ["s9"]}, 'cancelled_sessions[0]: "s9" is unknown'),
    "seats of the cancelled": (
        {"cancelled_sessions": ["s0"], "seats": [{"session": "s0", "seats": 4}]},
        'seats[0].session: "s0" is cancelled',
    ),
    "seats twice": (
        {"seats": [{"session": "s0", "seats": 4}, {"session": "s0", "seats": 5}]},
        'seats[1].session: "s0" stands twice',
    ),
    "negative seats": ({"seats": [{"session": "s0", "seats": -1}]}, "seats[0].seats: is -1"),
    "taken id": ({"pupils": [group_data()["pupils"][0]]}, 'pupils[0].id: "p0" is taken'),
    "class": ({"pupils": [group_data()["pupils"][0] | {"id": "n", "class": 3}]}, "pupils[0].class: is 3"),
    "choice": ({"pupils": [group_data()["pupils"][0] | {"id": "n", "choices": ["s9"]}]}, "pupils[0].choices[0]"),
    "named mentor": ({"pupils": [group_data()["pupils"][0] | {"id": "n", "mentor": "m9"}]}, "pupils[0].mentor"),
    "half a home": ({"pupils": [group_data()["pupils"][0] | {"id": "n", "lat": None}]}, "pupils[0].lat: is missing"),
    "of visits": ({"format": "treffpunkt.visit-changes/1"}, "format: is treffpunkt.visit-changes/1"),
}


def write(folder: Path, name: str, data: Data) -> str:
    (folder / name).write_text(json.dumps(data), encoding="utf-8")
    return str(folder / name)


def command(folder: Path, changes: Data) -> list[str]:
    problem = groups(two_evenings())
    return [
        "repair",
        write(folder, "problem.json", problem_json(problem)),
        write(folder, "plan.json", plan_json(solve_judged(problem))),
        write(folder, "changes.json", {"format": "treffpunkt.group-changes/1", **changes}),
        *("-o", str(folder / "plan2.json"), "--problem-out", str(folder / "problem2.json")),
    ]


@pytest.mark.parametrize("case", INVALID)
def test_fault_of_the_changes_is_one_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    changes, line = INVALID[case]
    assert main(command(tmp_path, changes)) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{tmp_path / 'changes.json'}: {line}")
    assert not (tmp_path / "plan2.json").exists()
    assert not (tmp_path / "problem2.json").exists()


def test_repair_writes_problem_and_plan_that_check_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(tmp_path, to_json(GroupChanges(absent=(Absent(mentor="m0"),))))) == 0
    assert "moved 0, dropped 0" in capsys.readouterr().out
    old, problem, plan = (str(tmp_path / name) for name in ("plan.json", "problem2.json", "plan2.json"))
    assert main(["check", problem, plan, "--based-on", old]) == 0
    assert main(["check", problem, plan, "--based-on", plan]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("based_on: the plan is based on")
    written = load_plan((tmp_path / "plan2.json").read_bytes())
    assert isinstance(written, GroupPlan)
    assert written.certificate.judge == "ok"
    assert load_problem((tmp_path / "problem2.json").read_bytes())


def test_both_files_are_written_or_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = command(tmp_path, {})
    assert main([*arguments[:-1], str(tmp_path / "plan2.json")]) == 2
    assert "--problem-out" in capsys.readouterr().err
    (tmp_path / "plan2.json").mkdir()
    assert main(arguments) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "changes.json",
        "plan.json",
        "plan2.json",
        "problem.json",
    ]
