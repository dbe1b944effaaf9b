"""What-if of study groups: near problems reach what a fresh solve reaches, and known proofs spare the search."""

import random
from dataclasses import replace
from datetime import date

import pytest

from matcher.groups.search import Search
from matcher.groups.stage import Stage
from matcher.plan import GroupPlan, Plan
from matcher.problem import GroupProblem
from matcher.solve import solve
from matcher.what_if import Prepared, prepare
from tests.benchmarks.instances_groups import national
from tests.matcher.random_groups import random_group_problem
from tests.matcher.small_problems import group_data, groups

JOINS_NOW = date(2027, 1, 18)


def near_problems(problem: GroupProblem, seed: int) -> dict[str, GroupProblem]:
    """A pupil more, somewhere in the queue and at its end; one fewer; a mentor more and fewer; other seats."""
    rng = random.Random(f"what-if-{seed}")
    like = replace(rng.choice(problem.pupils), id="new")
    tied = {fixed.pupil for fixed in problem.fixed.pupils}
    free = [pupil for pupil in problem.pupils if pupil.id not in tied]
    gone = rng.choice(free) if free else None
    twin = replace(rng.choice(problem.mentors), id="new")
    busy = {fixed.mentor for fixed in problem.fixed.mentors} | {pupil.mentor for pupil in problem.pupils}
    away = [mentor for mentor in problem.mentors if mentor.id in busy or mentor != problem.mentors[-1]]
    number = rng.randrange(len(problem.sessions))
    sessions = list(problem.sessions)
    sessions[number] = replace(sessions[number], seats=sessions[number].seats + rng.choice((-1, 1, 2)))
    return {
        "within": replace(problem, pupils=(*problem.pupils, replace(like, lottery=rng.randrange(1000)))),
        "last": replace(problem, pupils=(*problem.pupils, replace(like, joined=JOINS_NOW))),
        "fewer": replace(problem, pupils=tuple(pupil for pupil in problem.pupils if pupil is not gone)),
        "mentor": replace(problem, mentors=(*problem.mentors, twin)),
        "no mentor": replace(problem, mentors=tuple(away)),
        "seats": replace(problem, sessions=tuple(sessions)),
    }


def reached(plan: Plan) -> object:
    """Status, and the goals whose optimum is one, whichever of the best plans it is."""
    return plan.status, [(goal.name, goal.value) for goal in plan.goals][:-2]


def most_served(seed: int) -> GroupProblem:
    """A random problem whose plans are the roster goals' own, and whose pupils need no line in a matrix."""
    problem = random_group_problem(seed)
    rules = replace(problem.rules, placement="most_served")
    return replace(problem, travel=replace(problem.travel, matrix=None), rules=rules)


def check_near(seed: int) -> None:
    problem = most_served(seed)
    prepared = prepare(problem)
    assert reached(prepared.plan) == reached(solve(problem))
    for name, near in near_problems(problem, seed).items():
        assert reached(prepared.solve(near)) == reached(solve(near)), name


@pytest.mark.parametrize("seed", range(4))
def test_a_near_problem_reaches_what_a_fresh_solve_does(seed: int) -> None:
    check_near(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4, 500))
def test_many_near_problems_reach_what_fresh_solves_do(seed: int) -> None:
    check_near(seed)


@pytest.mark.parametrize("seed", [3, 9, 13, 27])
def test_bounds_of_a_first_solve_cut_short_hold_for_near_problems(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = most_served(seed)
    with monkeypatch.context() as patch:
        patch.setattr(Stage, "search_tree", lambda _: None)
        prepared = prepare(problem)
        rough = {name: (near, prepared.solve(near)) for name, near in near_problems(problem, seed).items()}
    for name, (near, plan) in rough.items():
        for mine, best in zip(plan.goals[:-2], solve(near).goals, strict=False):
            assert min(mine.value, mine.bound) <= best.value <= max(mine.value, mine.bound), name
            if mine.value != best.value:
                break


def test_a_new_pupil_may_open_a_session_that_was_one_short() -> None:
    """On the old roster the pupil finds a seat, and one more is served; with s1 in place of s0 two more are."""
    data = group_data()
    data["sessions"][1] |= {"min_pupils": 3, "weekday": 1}
    data["mentors"] = [data["mentors"][0] | {"max_sessions": 1}]
    for session in data["sessions"]:
        session["ratio"] = 4
    for pupil, wanted in zip(data["pupils"], ("s0", "s1", "s1"), strict=True):
        pupil["choices"] = [wanted]
    prepared = prepare(groups(data))
    assert [goal.value for goal in prepared.plan.goals[:2]] == [1, 1]
    data["pupils"].append(data["pupils"][0] | {"id": "new", "lottery": 9, "choices": ["s0", "s1"]})
    near = groups(data)
    assert reached(prepared.solve(near)) == reached(solve(near))
    assert prepared.solve(near).goals[1].value == 3


def test_many_places_in_the_queue_are_counted_as_a_fresh_solve_counts(season: Prepared) -> None:
    problem = season.problem
    assert isinstance(problem, GroupProblem)
    for number in (3, 11):
        new = replace(problem.pupils[number], id="new", lottery=500_000)
        more = replace(problem, pupils=(*problem.pupils, new))
        assert reached(season.solve(more)) == reached(solve(more))


@pytest.fixture(scope="module")
def season() -> Prepared:
    return prepare(national(3, pupils=120, mentors=18))


def test_a_pupil_who_finds_a_seat_is_proven_without_a_search(season: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, plan = season.problem, season.plan
    assert isinstance(problem, GroupProblem)
    assert plan.status == "optimal"
    near = [
        replace(problem, pupils=(*problem.pupils, replace(pupil, id="new", joined=JOINS_NOW)))
        for pupil in problem.pupils[:8]
    ]
    searched: list[Search] = []
    with monkeypatch.context() as patch:
        patch.setattr(Search, "run", lambda search: searched.append(search))
        plans = [season.solve(more) for more in near]
    proven = [(more, plan) for more, plan in zip(near, plans, strict=True) if plan.status == "optimal"]
    assert len(proven) + len(searched) == len(near)
    assert len(proven) >= 4
    for more, plan in proven[:3]:
        assert reached(plan) == reached(solve(more))


def test_a_pupil_without_a_seat_who_leaves_changes_nothing_that_has_to_be_searched_for(
    season: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = season.problem
    assert isinstance(problem, GroupProblem)
    monkeypatch.setattr(Search, "run", lambda _: pytest.fail("searched"))
    assert isinstance(season.plan, GroupPlan)
    waiting = {entry.pupil for entry in season.plan.unserved}
    last = max((pupil for pupil in problem.pupils if pupil.class_ == 2), key=lambda p: (p.joined, p.lottery, p.id))
    assert last.id in waiting
    fewer = replace(problem, pupils=tuple(pupil for pupil in problem.pupils if pupil is not last))
    assert season.solve(fewer).status == "optimal"
    assert season.solve(problem) == season.plan
