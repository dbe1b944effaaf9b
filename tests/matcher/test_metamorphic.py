"""What must follow from a change of the problem, whatever the plan: names mean nothing, more supply never hurts, and
nobody loses their place by moving up the queue.
"""

import dataclasses
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from matcher.plan import GroupPlan, Plan
from matcher.problem import (
    Fixed,
    FixedMentor,
    GroupProblem,
    Interval,
    Mentor,
    Problem,
    RoleModel,
    VisitProblem,
    load_problem,
    to_json,
)
from matcher.solve import solve
from tests.matcher.random_groups import LEVELS, random_group_problem
from tests.matcher.random_visits import DATES, TOPICS, random_visit_problem

SHORT = list(range(8))
SEEDS = [*SHORT, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(len(SHORT), 400))]


def values(plan: Plan, last: str = "") -> list[tuple[str, int]]:
    """Name and value with the sign that makes more better, up to and with `last`, or of all goals."""
    found = [(goal.name, goal.value if goal.sense == "max" else -goal.value) for goal in plan.goals]
    names = [name for name, _ in found]
    return found[: names.index(last) + 1] if last else found


def is_proven(plan: Plan, last: str) -> bool:
    """Are the goals up to `last` as good as can be?"""
    goals = {goal.name: goal for goal in plan.goals}
    return bool(goals) and all(goals[name].gap == 0 for name, _ in values(plan, last))


def renamed(problem: Problem, name: Callable[[str], str]) -> Problem:
    """The same problem with every id called anew, wherever it stands."""
    data = to_json(problem)
    lists = ("schools", "companies", "requests", "role_models", "sites", "sessions", "mentors", "pupils")
    ids = {item["id"] for key in lists for item in data.get(key, ())}

    def called(value: Any) -> Any:
        if isinstance(value, str):
            kind, colon, rest = value.rpartition(":")
            return kind + colon + name(rest) if rest in ids else value
        if isinstance(value, list):
            return [called(one) for one in value]
        if isinstance(value, dict):
            return {key: called(one) for key, one in value.items()}
        return value

    return load_problem(json.dumps(called(data)))


def with_own_lottery(problem: GroupProblem) -> GroupProblem:
    """No two pupils share a lottery number, so that ids never decide."""
    pupils = tuple(dataclasses.replace(pupil, lottery=i) for i, pupil in enumerate(problem.pupils))
    return dataclasses.replace(problem, pupils=pupils)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_change_no_value_of_a_visit_plan(seed: int) -> None:
    problem = random_visit_problem(seed)
    plan = solve(problem)
    other = solve(renamed(problem, lambda name: f"å{name[::-1]}"))
    assert (plan.status, values(plan)) == (other.status, values(other))


@pytest.mark.parametrize("seed", SEEDS)
def test_names_change_no_value_of_a_group_plan(seed: int) -> None:
    problem = with_own_lottery(random_group_problem(seed))
    plan = solve(problem)
    other = solve(renamed(problem, lambda name: f"å{name[::-1]}"))
    roster_goals = [one for one in values(plan) if one[0] not in ("choices", "continuity")]
    assert (plan.status, roster_goals) == (other.status, values(other)[: len(roster_goals)])


def everyones_friend() -> RoleModel:
    """Somebody who may meet every class at every time."""
    days = [datetime.combine(day, time()) for day in DATES]
    return RoleModel(
        id="new",
        lat=60.0,
        lon=10.8,
        topics=TOPICS,
        grades=(1, 13),
        modes=("physical", "digital"),
        max_travel_minutes=600,
        free=tuple(Interval(start=day, end=day + timedelta(days=1)) for day in days),
        max_lessons=9,
        max_per_day=9,
        max_per_week=9,
        max_per_term=9,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_role_model_never_makes_a_plan_worse(seed: int) -> None:
    problem = random_visit_problem(seed)
    if problem.travel.matrix is not None:
        problem = dataclasses.replace(problem, travel=dataclasses.replace(problem.travel, matrix=None))
    more = dataclasses.replace(problem, role_models=(*problem.role_models, everyones_friend()))
    before, after = solve(problem), solve(more)
    if before.status == "infeasible":
        assert after.status == "infeasible"
        return
    assert is_proven(before, "classes")
    assert is_proven(after, "classes")
    assert values(after, "classes") >= values(before, "classes")


def with_mentor(problem: GroupProblem) -> GroupProblem:
    sessions = tuple(session.id for session in problem.sessions)
    mentor = Mentor(id="new", levels=LEVELS, sessions=sessions, max_sessions=len(sessions))
    return dataclasses.replace(problem, mentors=(*problem.mentors, mentor))


def with_seat(problem: GroupProblem) -> GroupProblem:
    first, *rest = problem.sessions
    return dataclasses.replace(problem, sessions=(dataclasses.replace(first, seats=first.seats + 1), *rest))


@pytest.mark.parametrize("more", [with_mentor, with_seat])
@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_mentor_or_seat_never_makes_a_plan_worse(
    seed: int, more: Callable[[GroupProblem], GroupProblem]
) -> None:
    problem = random_group_problem(seed)
    problem = dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, placement="most_served"))
    before, after = solve(problem), solve(more(problem))
    if before.status == "infeasible":
        return
    assert is_proven(before, "served")
    assert is_proven(after, "served")
    assert values(after, "served") >= values(before, "served")


def on_its_roster(problem: GroupProblem, plan: GroupPlan) -> GroupProblem:
    """The problem with the plan's mentors where they stand, and no other mentor, session or fixed pupil."""
    stands = [(mentor.id, session.session) for session in plan.sessions for mentor in session.mentors]
    is_open = {session for _, session in stands}
    standing = {mentor for mentor, _ in stands}
    pupils = tuple(
        dataclasses.replace(pupil, choices=tuple(choice for choice in pupil.choices if choice in is_open), mentor=None)
        for pupil in problem.pupils
    )
    return dataclasses.replace(
        problem,
        rules=dataclasses.replace(problem.rules, placement="most_served"),
        sessions=tuple(session for session in problem.sessions if session.id in is_open),
        mentors=tuple(
            dataclasses.replace(mentor, sessions=tuple(s for s in mentor.sessions if s in is_open))
            for mentor in problem.mentors
            if mentor.id in standing
        ),
        pupils=pupils,
        fixed=Fixed(mentors=tuple(FixedMentor(mentor=mentor, session=session) for mentor, session in stands)),
    )


def rosters(seed: int) -> GroupProblem | None:
    """A problem with a fixed roster, None where the random one leaves no session open."""
    problem = dataclasses.replace(with_own_lottery(random_group_problem(seed)), fixed=Fixed())
    plan = solve(problem)
    assert isinstance(plan, GroupPlan)
    return on_its_roster(problem, plan) if plan.sessions else None


def served(plan: Plan) -> Mapping[str, str]:
    assert isinstance(plan, GroupPlan)
    return {pupil: item.session for item in plan.sessions for mentor in item.mentors for pupil in mentor.pupils}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mentor_or_seat_more_on_a_fixed_roster_never_serves_fewer(seed: int) -> None:
    problem = rosters(seed)
    if problem is None:
        return
    count = len(served(solve(problem)))
    session = problem.sessions[seed % len(problem.sessions)]
    stand = FixedMentor(mentor="new", session=session.id)
    mentor = Mentor(id="new", levels=LEVELS, sessions=(session.id,), max_sessions=1)
    joined = dataclasses.replace(
        problem,
        mentors=(*problem.mentors, mentor),
        fixed=dataclasses.replace(problem.fixed, mentors=(*problem.fixed.mentors, stand)),
    )
    assert len(served(solve(joined))) >= count
    assert len(served(solve(with_seat(problem)))) >= count


@pytest.mark.parametrize("seed", SEEDS)
def test_moving_up_the_queue_never_costs_a_place(seed: int) -> None:
    problem = rosters(seed)
    if problem is None:
        return
    kept = served(solve(problem))
    rng = random.Random(seed)
    for pupil in rng.sample(sorted(kept), min(3, len(kept))):
        first = min(one.joined for one in problem.pupils)
        earlier = tuple(
            dataclasses.replace(one, joined=first, lottery=-1) if one.id == pupil else one for one in problem.pupils
        )
        assert pupil in served(solve(dataclasses.replace(problem, pupils=earlier)))


def test_the_rosters_of_these_tests_leave_somebody_out() -> None:
    """Else nothing above could go wrong."""
    waiting = [len(solve(problem).unserved) for seed in SHORT if (problem := rosters(seed)) is not None]
    assert sum(count > 0 for count in waiting) >= 3


def test_renaming_reaches_every_id() -> None:
    for problem in (random_visit_problem(3), random_group_problem(3)):
        assert isinstance(problem, VisitProblem | GroupProblem)
        again = renamed(problem, lambda name: f"x-{name}")
        assert renamed(again, lambda name: name.removeprefix("x-")) == problem
        assert again != problem
