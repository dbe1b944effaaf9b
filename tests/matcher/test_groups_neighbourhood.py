"""Blocks, parts and tighter relaxations: each is held against the whole program or against plans that are whole."""

from typing import Any

import numpy as np
import pytest

from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.groups import milp, stage
from matcher.groups.facts import Facts
from matcher.groups.first import first_roster
from matcher.groups.goals import class_goals
from matcher.groups.linear import Flags, LinearModel, Values
from matcher.groups.milp import Optimiser
from matcher.groups.model import JointModel
from matcher.groups.neighbourhood import Blocks, Neighbourhoods, parts
from matcher.groups.placement import place
from matcher.groups.rules import RULES
from matcher.groups.solve import solve
from matcher.groups.tight import TightModel
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.solve import solve as solve_judged
from tests.benchmarks.instances_groups import load_group_problem, national, national_data
from tests.matcher.random_groups import random_group_problem
from tests.matcher.test_against_brute_force import check_groups


def plan_of(problem: GroupProblem, **how: Any) -> GroupPlan:
    how = {"stop": Stop(), "seed": 1, "settings": Settings(), "on_progress": no_progress} | how
    return solve(problem, **how)


def values(plan: GroupPlan) -> list[int]:
    return [goal.value for goal in plan.goals[:-2]]


def joint_model(problem: GroupProblem) -> JointModel:
    model = JointModel(Facts(problem), lambda p: problem.pupils[p].class_)
    for rule in RULES:
        rule(model)
    return model


def first_plan(model: JointModel) -> Values:
    roster = first_roster(model.facts)
    placement = place(model.facts, roster)
    assert placement is not None
    return model.columns_of(roster.stands(), placement.seat)


def is_kept(model: LinearModel, columns: Values) -> bool:
    sums = [sum(value * columns[column] for column, value in row.terms.items()) for row in model.rows]
    return all(row.lower - 1e-6 <= s <= row.upper + 1e-6 for row, s in zip(model.rows, sums, strict=True))


def two_regions() -> GroupProblem:
    """Two seasons that share nothing: the sites, sessions, mentors and pupils of one have names of their own."""
    one = national_data(1, pupils=90, mentors=9)
    other = national_data(2, pupils=70, mentors=8)
    renamed = {f'"{old["id"]}"' for kind in ("sites", "sessions", "mentors", "pupils") for old in other[kind]}

    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rename(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [rename(inner) for inner in value]
        return f"b-{value}" if isinstance(value, str) and f'"{value}"' in renamed else value

    added = rename(other)
    both = {kind: one[kind] + added[kind] for kind in ("sites", "sessions", "mentors", "pupils")}
    return load_group_problem(one | both)


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems take the way of very large ones: neighbourhoods, with bounds beside them."""
    for module in (stage, milp):
        monkeypatch.setattr(module, "SMALL", -1)
        monkeypatch.setattr(module, "LARGE", 0)
    monkeypatch.setattr(milp, "FIRST_ORDER", 0)
    monkeypatch.setattr("matcher.groups.neighbourhood.BLOCK", 5)
    monkeypatch.setattr(stage, "FIRST_SITES", (240,))
    monkeypatch.setattr(stage, "SITES", (60, 60))


@pytest.fixture
def neighbourhoods_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems take the way of middling ones, every goal with neighbourhoods."""
    monkeypatch.setattr(stage, "SMALL", -1)
    everything = {"returning", "served", "served_class_1", "queue", "short_hours", "extra_shifts"}
    monkeypatch.setattr(stage, "HARD_TO_REACH", everything)
    monkeypatch.setattr("matcher.groups.neighbourhood.BLOCK", 5)


def test_a_held_program_is_the_whole_one_around_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.groups.neighbourhood.BLOCK", 4)
    model = joint_model(national(1, pupils=80, mentors=9))
    goal = class_goals(model)[1]
    columns = first_plan(model)
    program = model.program(goal.terms, maximize=True)
    blocks = Blocks(model, 3)
    for block in blocks.of_one_pass():
        free = blocks.free(block)
        part = program.held(free, columns)
        amounts = np.bincount(
            part.entries.row, part.entries.value * columns[free][part.entries.column], len(part.row_lower)
        )
        assert np.all(amounts >= part.row_lower - 1e-9)
        assert np.all(amounts <= part.row_upper + 1e-9)
        outside = float(program.objective[~free] @ columns[~free])
        assert float(part.objective @ columns[free]) + outside == goal.value(columns)


def test_blocks_side_by_side_keep_all_rows_and_never_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.groups.neighbourhood.BLOCK", 4)
    problem = national(2, pupils=150, mentors=15)
    model = joint_model(problem)
    goal = class_goals(model)[1]
    solver = Optimiser(Stop(), 1, Settings())
    search = Neighbourhoods(
        model.program(goal.terms, maximize=True),
        len(model.rows),
        Blocks(model, 1),
        model.columns_of([], {}),
        lambda program, start: solver.job(program, start, 60.0),
    )
    reached = [goal.value(search.columns)]
    for _ in search.one_pass(solver.children, 3, lambda: 60.0):
        assert is_kept(model, search.columns)
        reached.append(goal.value(search.columns))
    solver.close()
    assert reached == sorted(reached)
    assert reached[-1] > reached[0]


def test_no_two_blocks_of_a_round_have_a_say_in_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.groups.neighbourhood.BLOCK", 4)
    model = joint_model(national(2, pupils=400, mentors=30))
    goal = class_goals(model)[1]
    blocks = Blocks(model, 1)
    search = Neighbourhoods(
        model.program(goal.terms, maximize=True), len(model.rows), blocks, model.columns_of([], {}), lambda *_: None
    )
    waiting = blocks.of_one_pass()
    while len(round_ := search.next_round(waiting, 3)) > 1:
        for row in model.rows:
            assert sum(any(free[column] for column in row.terms) for free in round_) <= 1


def test_every_session_is_in_a_block_of_a_pass() -> None:
    blocks = Blocks(joint_model(national(1, pupils=300, mentors=20)), 1)
    covered: Flags = np.logical_or.reduce(list(blocks.of_one_pass()))
    assert covered.all()


@pytest.mark.parametrize("most", [100, 300, 10_000])
def test_parts_of_sites_hold_each_session_once_and_are_as_large_as_asked_for(most: int) -> None:
    model = joint_model(national(1, pupils=600, mentors=40))
    blocks = Blocks(model, 1)
    found = [(site, part) for site in blocks.of_sites() for part in blocks.parts_of(site, most)]
    assert np.array_equal(sum(part.astype(int) for _, part in found), np.ones(len(model.facts.sessions)))
    for site, part in found:
        assert not (part & ~site).any()
        columns = blocks.free(site).sum()
        assert part.sum() <= -(-int(site.sum()) // -(-int(columns) // most))
        assert most < columns or np.array_equal(part, site)


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_the_tight_model_hold_for_whole_optima(seed: int) -> None:
    """The bound of the relaxation with all rows that it breaks is no better than a whole plan, and never beaten."""
    problem = random_group_problem(seed)
    plan = plan_of(problem)
    if plan.status == "infeasible" or problem.rules.placement == "queue_first":
        return
    model = joint_model(problem)
    tight = TightModel(model, [])
    solver = Optimiser(Stop(), 1, Settings())
    bounds = []
    for _ in range(6):
        relaxed = solver.relax(tight, class_goals(model)[0])
        assert relaxed.bound is not None
        assert relaxed.columns is not None
        bounds.append(relaxed.bound)
        if not tight.add_broken(relaxed.columns):
            break
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] >= plan.goals[0].value


def test_the_tight_model_bounds_better_than_the_joint_one() -> None:
    problem = national(1, pupils=600, mentors=28)
    model = joint_model(problem)
    goal = class_goals(model)[1]
    solver = Optimiser(Stop(), 1, Settings())
    loose = solver.relax(model, goal)
    tight = TightModel(model, [])
    for _ in range(6):
        relaxed = solver.relax(tight, goal)
        assert relaxed.columns is not None
        tight.add_broken(relaxed.columns)
    assert relaxed.bound is not None
    assert loose.bound is not None
    assert relaxed.bound < loose.bound


def test_parts_share_no_row_and_hold_every_column() -> None:
    model = joint_model(two_regions())
    flags = parts(model)
    assert len(flags) >= 2
    assert np.array_equal(sum(free.astype(int) for free in flags), np.ones(len(model.lower)))
    for row in model.rows:
        assert sum(bool(any(free[column] for column in row.terms)) for free in flags) <= 1


def test_parts_side_by_side_give_the_optimum_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = two_regions()
    whole = plan_of(problem)
    monkeypatch.setattr(stage, "SMALL", -1)
    by_parts = plan_of(problem)
    assert check(problem, by_parts) == []
    assert (by_parts.status, values(by_parts)) == ("optimal", values(whole))


@pytest.mark.long
@pytest.mark.usefixtures("everything_is_large")
def test_large_problems_keep_all_promises_and_repeat() -> None:
    problem = national(3, pupils=80, mentors=9)
    plan, again = plan_of(problem), plan_of(problem)
    assert check(problem, plan) == []
    assert plan.status == "optimal"
    assert (plan.sessions, plan.goals) == (again.sessions, again.goals)


@pytest.mark.long
@pytest.mark.usefixtures("neighbourhoods_for_all")
@pytest.mark.parametrize("workers", [1, 3])
def test_neighbourhoods_change_no_value_of_an_optimum(workers: int) -> None:
    problem = national(3, pupils=120, mentors=12)
    plan = plan_of(problem, settings=Settings(workers=workers))
    assert check(problem, plan) == []
    assert plan.status == "optimal"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "SMALL", 10**9)
        assert values(plan) == values(plan_of(problem))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60))
@pytest.mark.usefixtures("everything_is_large")
def test_the_way_of_large_problems_reaches_the_enumerated_optimum(seed: int) -> None:
    problem = random_group_problem(seed)
    plan = solve_judged(problem, stop=Stop(), seed=seed)
    assert isinstance(plan, GroupPlan)
    check_groups(problem, plan)
