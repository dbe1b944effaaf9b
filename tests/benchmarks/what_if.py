"""What if there were one more, on a season that is solved: how much sooner the new optimum is known than the first.

    python -m tests.benchmarks.what_if [--seed 10] [--more 10] [--within 2] [--mentors 3] [--fresh 0]

Study groups: 4,267 pupils, 330 mentors. `pupil`: somebody like one of the pupils joins today, so behind all of their
class. `within`: somewhere in the middle of their class. `mentor`: one more like one of the mentors. Seconds are
processor seconds of this process and its children, from a problem to its judged plan. `searched`: answers that needed
a search, since what the first solve proved did not decide them. `--fresh`: so many of each are solved afresh too, and
all goals down to `extra_shifts` must be the same.
"""

import argparse
import random
import resource
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar
from unittest.mock import patch

from matcher.groups.search import Search
from matcher.plan import Plan
from matcher.problem import GroupProblem, Problem
from matcher.solve import solve
from matcher.what_if import Prepared, prepare
from tests.benchmarks.instances_groups import national

Result = TypeVar("Result")
Event = Callable[[random.Random, GroupProblem], GroupProblem]
JOINS_NOW = date(2027, 1, 18)


def pupil(rng: random.Random, problem: GroupProblem) -> GroupProblem:
    """Somebody joins today."""
    return replace(problem, pupils=(*problem.pupils, replace(rng.choice(problem.pupils), id="new", joined=JOINS_NOW)))


def within(rng: random.Random, problem: GroupProblem) -> GroupProblem:
    """Somebody more in the middle of the queue."""
    new = replace(rng.choice(problem.pupils), id="new", lottery=rng.randint(1, 10**6))
    return replace(problem, pupils=(*problem.pupils, new))


def mentor(rng: random.Random, problem: GroupProblem) -> GroupProblem:
    """One mentor more."""
    return replace(problem, mentors=(*problem.mentors, replace(rng.choice(problem.mentors), id="new")))


def main() -> int:
    """Print a row for each kind of question; 1 when a fresh solve says something else."""
    parser = argparse.ArgumentParser(description="What-if on a solved season")
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--more", type=int, default=10)
    parser.add_argument("--within", type=int, default=2)
    parser.add_argument("--mentors", type=int, default=3)
    parser.add_argument("--fresh", type=int, default=0)
    parser.add_argument("--pupils", type=int, default=4267)
    chosen = parser.parse_args()
    problem = national(chosen.seed, pupils=chosen.pupils, mentors=round(chosen.pupils * 330 / 4267))
    first, fresh = _timed(lambda: solve(problem))
    ready, prepared = _timed(lambda: prepare(problem))
    print(f"study groups, seed {chosen.seed}: solved in {first:.1f} s ({fresh.status}), prepared in {ready:.1f} s")
    print(f"{'one more':>10} | asked | median s |  worst s | of the first | searched | proven | same")
    asked: tuple[tuple[Event, int], ...] = ((pupil, chosen.more), (within, chosen.within), (mentor, chosen.mentors))
    bad = 0
    for event, times in asked:
        rng = random.Random(f"{event.__name__}-{chosen.seed}")
        bad += _row(event.__name__, [event(rng, problem) for _ in range(times)], prepared, first, chosen.fresh)
    return 1 if bad else 0


def _row(name: str, near: Sequence[GroupProblem], prepared: Prepared, first: float, fresh: int) -> int:
    if not near:
        return 0
    spent, plans, searched = [], [], 0
    for problem in near:
        seconds, plan, runs = _answer(prepared, problem)
        spent.append(seconds)
        plans.append(plan)
        searched += bool(runs)
    same = sum(_values(plan) == _values(solve(problem)) for problem, plan in zip(near[:fresh], plans, strict=False))
    print(
        f"{name:>10} | {len(near):>5} | {statistics.median(spent):8.2f} | {max(spent):8.2f} |"
        f" {statistics.median(spent) / first:12.3f} | {searched:>8} |"
        f" {sum(plan.status == 'optimal' for plan in plans):>6} | {same} of {min(fresh, len(near))}",
        flush=True,
    )
    return min(fresh, len(near)) - same


def _answer(prepared: Prepared, problem: Problem) -> tuple[float, Plan, int]:
    """Seconds, the judged plan, and how many searches were run for it."""
    runs: list[Search] = []
    run = Search.run

    def counted(search: Search) -> None:
        runs.append(search)
        run(search)

    with patch.object(Search, "run", counted):
        seconds, plan = _timed(lambda: prepared.solve(problem))
    return seconds, plan, len(runs)


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    before = _processor_seconds()
    done = work()
    return _processor_seconds() - before, done


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _values(plan: Plan) -> list[int]:
    return [goal.value for goal in plan.goals[:-2]]


if __name__ == "__main__":
    sys.exit(main())
