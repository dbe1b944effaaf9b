"""What if there were one more, on a solved season of visits: how much sooner the new optimum is known than the first.

    python -m tests.benchmarks.what_if_visits [--requests 2000] [--role-models 1500] [--seeds 1] [--more 10] [--fresh 0]

One more request, and one more role model, each like one of the season. Processor seconds from a problem to its plan,
in the engine (`solve`) and with reasons and the judge (`judged`). `programs`: linear programs solved for an answer,
median; where it is 0 the prices of the first solve proved all nine goals. `--fresh`: so many of each are solved afresh
too, and all values must be the same. Exit 0 says that they are, and that every plan is judged ok and proven.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from unittest.mock import patch

from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.explain import with_reasons
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.program import LinearProgram
from matcher.visits.solve import solve
from matcher.visits.what_if import PreparedVisits
from tests.benchmarks.instances_visits import season

Result = TypeVar("Result")
HEAD = f"{'supply':>7} {'seed':>4} {'first s':>8} | {'one more':>10} | {'median':>7} {'worst':>7} {'judged':>7} s |"
HEAD += f" {'of first':>8} | {'programs':>8} | judge, same"


def request(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    """A request more."""
    return replace(problem, requests=(*problem.requests, replace(rng.choice(problem.requests), id="one-more")))


def role_model(rng: random.Random, problem: VisitProblem) -> VisitProblem:
    """A role model more."""
    more = replace(rng.choice(problem.role_models), id="one-more")
    return replace(problem, role_models=(*problem.role_models, more))


def main() -> int:
    """Print a row for each season and kind of question; 1 when a plan is bad, unproven or not that of a fresh solve."""
    parser = argparse.ArgumentParser(description="What-if on a solved season of visits")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--role-models", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--more", type=int, default=10)
    parser.add_argument("--fresh", type=int, default=0)
    chosen = parser.parse_args()
    print(f"visits: {chosen.requests} requests, {chosen.role_models} role models")
    print(HEAD)
    sound = True
    for supply in ("ample", "scarce"):
        for seed in chosen.seeds:
            problem = season(chosen.requests, chosen.role_models, seed, scarce=supply == "scarce")
            started = time.process_time()
            prepared = PreparedVisits(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)
            first = time.process_time() - started
            for event in (request, role_model):
                rng = random.Random(f"{event.__name__}-{seed}")
                near = [event(rng, problem) for _ in range(chosen.more)]
                label = f"{supply:>7} {seed:>4} {first:>8.2f} | {event.__name__:>10}"
                sound &= _row(label, prepared, near, first, chosen.fresh)
    return 0 if sound else 1


def _row(label: str, prepared: PreparedVisits, near: list[VisitProblem], first: float, fresh: int) -> bool:
    spent, judged, programs, broken, same = [], [], [], set[str](), 0
    for number, problem in enumerate(near):
        with patch.object(LinearProgram, "solve", autospec=True, side_effect=LinearProgram.solve) as counted:
            seconds, plan = _timed(lambda problem=problem: _answer(prepared, problem))
        spent.append(seconds)
        programs.append(counted.call_count)
        more, codes = _timed(lambda problem=problem, plan=plan: _judge(problem, plan))
        judged.append(seconds + more)
        broken |= codes | ({"unproven"} if plan.status != "optimal" else set())
        if number < fresh:
            anew = solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)
            same += [goal.value for goal in anew.goals] == [goal.value for goal in plan.goals]
    median = statistics.median(spent)
    print(
        f"{label} | {median:>7.2f} {max(spent):>7.2f} {statistics.median(judged):>7.2f} s | {median / first:>8.3f} |"
        f" {statistics.median(programs):>8.0f} | {' '.join(sorted(broken)) or 'ok'}, {same} of {min(fresh, len(near))}",
        flush=True,
    )
    return not broken and same == min(fresh, len(near))


def _answer(prepared: PreparedVisits, problem: VisitProblem) -> VisitPlan:
    return prepared.solve(problem, stop=Stop(), on_progress=no_progress)


def _judge(problem: VisitProblem, plan: VisitPlan) -> set[str]:
    return {violation.code for violation in check(problem, with_reasons(problem, plan))}


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    before = time.process_time()
    done = work()
    return time.process_time() - before, done


if __name__ == "__main__":
    sys.exit(main())
