"""Goals relaxed together: the weights only say where to look, rows between engagements come when they are broken."""

import numpy as np
import pytest

from matcher.check import check
from matcher.control import Stop
from matcher.eligibility import MODES, Engagement, RememberedRules, RoleModelFacts, eligible
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits import chapter
from matcher.visits.goals import LinearGoal, smallest
from matcher.visits.model import Model
from matcher.visits.program import LinearProgram
from tests.benchmarks.instances_visits import season
from tests.matcher.random_visits import random_visit_problem
from tests.matcher.test_visits_model import Built
from tests.matcher.test_visits_solve import crowded, solved


def values(plan: VisitPlan) -> list[int]:
    return [goal.value for goal in plan.goals]


@pytest.mark.parametrize("seed", [0, 1, 3])
@pytest.mark.parametrize(("exchange", "heaviest"), [(0, 1e9), (4, 0)])
def test_weights_change_nothing_but_the_way(
    seed: int, exchange: int, heaviest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no weight at all, the sum leads away from the first goals; with none allowed, goals go one by one."""
    problem = crowded(seed)
    usual = solved(problem)
    monkeypatch.setattr(chapter, "EXCHANGE", exchange)
    monkeypatch.setattr(chapter, "HEAVIEST", heaviest)
    other = solved(problem)
    assert other.status == usual.status == "optimal"
    assert values(other) == values(usual)


def test_one_more_of_a_goal_outweighs_an_exchange_in_the_goal_after_it() -> None:
    model = Built(season(20, 15, 1)).model
    goals = [
        LinearGoal("first", "max", np.array([1, 0, 0]), 0),
        LinearGoal("second", "min", np.array([0, 7, 2]), 0),
        LinearGoal("third", "max", np.array([0, 0, 5]), 0),
    ]
    worth = chapter._weighted(model, goals)
    assert worth is not None
    second = 1 + chapter.EXCHANGE * 5
    assert worth[:3].tolist() == [second * (1 + chapter.EXCHANGE * 7), -7 * second, 5 - 2 * second]
    assert not worth[3:].any()


def test_huge_gains_are_not_added_up() -> None:
    built = Built(season(20, 15, 1))
    huge = LinearGoal("huge", "max", np.full(built.model.columns, 1 << 29), 0)
    assert chapter._weighted(built.model, [huge, huge]) is None


def test_rows_between_engagements_are_made_for_the_days_that_break_them() -> None:
    built = Built(crowded(1))
    model = built.model
    before = model.rows
    model.separate(np.zeros(0, dtype=np.int64))
    assert model.rows == before
    model.separate(np.arange(model.columns))
    codes = set(model.codes[before:])
    assert codes == {"overlap", "travel"}
    assert model.lazy[before:].all()
    rows = model.rows
    model.separate(np.arange(model.columns))
    assert model.rows == rows


@pytest.mark.parametrize("seed", range(6))
def test_remembered_rules_answer_as_the_rules_do(seed: int) -> None:
    problem = random_visit_problem(seed)
    facts = RoleModelFacts(problem)
    remembered = RememberedRules(facts)
    remembered._most = 2
    for _ in range(2):
        for request in problem.requests:
            for option in request.options:
                for mode in MODES:
                    engagement = Engagement(request, option, mode)
                    assert (remembered.eligible(engagement) == eligible(facts, engagement)).all()


@pytest.mark.parametrize(("most", "bits"), [(3, 8), (-129, 16), (40_000, 32), (1 << 40, 64)])
def test_worth_is_kept_in_as_few_bits_as_hold_it(most: int, bits: int) -> None:
    kept = smallest(np.array([0, most]))
    assert kept.dtype.itemsize * 8 == bits
    assert kept.tolist() == [0, most]


def test_linear_program_grows_from_its_basis_and_obeys_new_limits() -> None:
    program = LinearProgram()
    first = program.add_columns(np.zeros(2), np.full(2, 4.0), np.array([1.0, 2.0]))
    row = program.add_rows(np.array([-np.inf]), np.array([5.0]))
    program.add_entries(np.repeat(row, 2), first, np.ones(2))
    found = program.solve(Stop(), dual=True)
    assert found is not None
    assert (found.gain, found.values.tolist(), found.prices.tolist()) == (9.0, [1.0, 4.0], [1.0])
    third = program.add_columns(np.zeros(1), np.full(1, 1.0), np.array([3.0]))
    program.add_entries(row, third, np.ones(1))
    program.limit_columns(first[1:], np.zeros(1), np.zeros(1))
    again = program.solve(Stop(), dual=False)
    assert again is not None
    assert (again.gain, again.values.tolist()) == (7.0, [4.0, 0.0, 1.0])
    program.limit_rows(row, np.array([-np.inf]), np.array([2.0]))
    program.set_gain(np.array([1.0, 0.0, 0.0]))
    last = program.solve(Stop(), dual=True)
    assert last is not None
    assert last.gain == 2.0


def test_table_gives_back_every_entry_whatever_the_order_it_came_in() -> None:
    built = Built(season(10, 8, 1))
    model: Model = built.model
    rng = np.random.default_rng(1)
    expected = set(zip(*(part.tolist() for part in model.entries_of(np.arange(model.columns))), strict=True))
    for size in (1, 7, 2, 30):
        rows = model.add_rows("more", np.ones(size, dtype=np.int64))
        columns = rng.integers(0, model.columns, size)
        model.table.extend([(rows, columns, np.full(size, 2))])
        expected |= set(zip(rows.tolist(), columns.tolist(), [2] * size, strict=True))
    found = model.entries_of(np.arange(model.columns))
    assert len(found[0]) == len(expected)
    assert set(zip(*(part.tolist() for part in found), strict=True)) == expected


def test_two_runs_give_the_same_plan() -> None:
    problem: VisitProblem = season(80, 60, 4, scarce=True)
    plans = [solved(problem) for _ in range(2)]
    assert plans[0].visits == plans[1].visits
    assert plans[0].goals == plans[1].goals
    assert not {v.code for v in check(problem, plans[0])} - {"unserved"}
