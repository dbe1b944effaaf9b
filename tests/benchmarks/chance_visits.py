"""How well the chance told before asking agrees with what a season brings, and how long one answer takes.

    python -m tests.benchmarks.chance_visits [--requests 240] [--role-models 180] [--years 6] [--seconds 60]

Years come in pairs: one season is last year, the next one, with the same kind of supply, is asked about. Each of its
requests is told the share of last year's like it, before its own plan is known; then it is served or not. A row is a
tenth of the shares told: how many were told it, their mean, and the share served. `Brier` is the mean square of the
difference, beside that of telling everybody last year's share of all. Milliseconds are for drafts beside a full plan.
"""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from matcher.chance_visits import Chances, History
from matcher.control import Settings, Stop, no_progress
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.solve import solve
from tests.benchmarks.instances_visits import season


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the calibration and the time of an answer; 1 when an answer takes 50 ms or more at the median."""
    parser = argparse.ArgumentParser(description="Calibration of the chance before asking")
    parser.add_argument("--requests", type=int, default=240)
    parser.add_argument("--role-models", type=int, default=180)
    parser.add_argument("--years", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args(arguments)
    told: list[tuple[float, bool, float]] = []
    spent: list[float] = []
    for year in range(chosen.years):
        size = chosen.requests, chosen.role_models * (1, 2, 3)[year % 3] // 2
        before, now = (season(*size, 2 * year + k, scarce=True) for k in (0, 1))
        history = History(before, _plan(before, chosen.seconds))
        told += _told(history, now, chosen.seconds, spent)
    _calibration(told)
    print(f"milliseconds for a draft: median {statistics.median(spent):.1f}, most {max(spent):.1f}")
    return int(statistics.median(spent) >= 50)


def _plan(problem: VisitProblem, seconds: float) -> VisitPlan:
    return solve(problem, stop=Stop(seconds), seed=1, settings=Settings(), on_progress=no_progress)


def _told(
    history: History, problem: VisitProblem, seconds: float, spent: list[float]
) -> list[tuple[float, bool, float]]:
    """(share told, served, share of all last year) for each request; each is asked for as a draft without a plan."""
    plan = _plan(problem, seconds)
    nothing = replace(plan, visits=(), unserved=())
    blind, informed = Chances(problem, nothing, history), Chances(problem, plan, history)
    served = {visit.request for visit in plan.visits}
    rows = []
    for request in problem.requests:
        draft = replace(request, id=f"draft {request.id}")
        started = time.process_time()
        informed.of(draft)
        spent.append(1000 * (time.process_time() - started))
        share = blind.of(draft).share
        if share is not None:
            rows.append((share, request.id in served, history.of_all))
    return rows


def _calibration(told: list[tuple[float, bool, float]]) -> None:
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for share, served, _ in told:
        bins[min(9, int(10 * share))].append((share, served))
    print(f"{'told':>10} {'requests':>9} {'mean told':>10} {'served':>7}")
    for tenth, rows in sorted(bins.items()):
        mean, kept = statistics.mean(share for share, _ in rows), statistics.mean(served for _, served in rows)
        print(f"{10 * tenth:>6}-{10 * tenth + 10:>3} {len(rows):>9} {mean:>10.1%} {kept:>7.1%}")
    brier = statistics.mean((share - served) ** 2 for share, served, _ in told)
    plain = statistics.mean((share - served) ** 2 for _, served, share in told)
    print(f"Brier {brier:.4f}; telling everybody last year's share of all: {plain:.4f}")


if __name__ == "__main__":
    raise SystemExit(main())
