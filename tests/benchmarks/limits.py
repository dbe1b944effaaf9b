"""How well a limit is kept and how soon a cancel is heard: whole solves with judge, reasons and smallest changes.

    python -m tests.benchmarks.limits [--kinds visits groups] [--seconds 1 3 10] [--runs 3] [--requests 2000]

Visits: requests and three quarters as many role models, ample; groups: the national season; seed 1 of both. `over`:
seconds after the limit, and as a share of it. `after`: seconds after a request that was made when the solve first
spoke of the goal. `processor`: seconds of it that this process took after the limit or the request, which is what a
machine with nothing else to do needs at most. Medians over the runs; `told`: the unserved whose smallest change was
found out.
"""

import argparse
import statistics
import sys
import threading
import time

from matcher.control import Progress, Stop
from matcher.plan import UNKNOWN_CHANGE, Plan
from matcher.problem import Problem
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season

GOALS = {
    "visits": ("priority", "schools", "wishes", "spread"),
    "groups": ("returning", "served", "queue", "short_hours"),
}


def main() -> int:
    """Prints a row for each limit and each goal at which a request is made."""
    options = _options()
    for kind in options.kinds:
        problem = national(1) if kind == "groups" else season(options.requests, options.requests * 3 // 4, 1)
        for seconds in options.seconds:
            runs = [limited(problem, seconds) for _ in range(options.runs)]
            over, processor, told = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"{kind:7} limit {seconds:g} s", f"over {over:5.2f} s ({over / seconds:4.0%})", end="  ")
            print(f"processor {processor:.2f} s  told {told:.0%}", flush=True)
        for goal in GOALS[kind]:
            runs = [cancelled(problem, goal) for _ in range(options.runs)]
            after, processor, told = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"{kind:7} cancel at {goal:11} after {after:5.2f} s  processor {processor:.2f} s  told {told:.0%}")
    return 0


def limited(problem: Problem, seconds: float) -> tuple[float, float, float]:
    """Seconds over the limit, processor seconds after it, and the share of the unserved who are told a change."""
    stop, noted = Stop(seconds), list[float]()
    timer = threading.Timer(seconds, lambda: noted.append(time.process_time()))
    timer.start()
    plan = solve(problem, stop=stop)
    timer.cancel()
    processor = time.process_time() - noted[0] if noted else 0.0
    return max(0.0, stop.elapsed - seconds), processor, _told(plan)


def cancelled(problem: Problem, goal: str) -> tuple[float, float, float]:
    """The same after a request at a goal."""
    stop, asked = Stop(), list[tuple[float, float]]()

    def hear(step: Progress) -> None:
        if step.goal == goal and not asked:
            asked.append((stop.elapsed, time.process_time()))
            stop.request()

    plan = solve(problem, stop=stop, on_progress=hear)
    return stop.elapsed - asked[0][0], time.process_time() - asked[0][1], _told(plan)


def _told(plan: Plan) -> float:
    return sum(item.smallest_change != UNKNOWN_CHANGE for item in plan.unserved) / max(1, len(plan.unserved))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=GOALS, default=list(GOALS))
    parser.add_argument("--seconds", nargs="+", type=float, default=[1.0, 3.0, 10.0])
    parser.add_argument("--requests", type=int, default=2000, help="of visits")
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
