"""Groups on a fixed roster: one nation, ten and a hundred; who is served, all goals, the judge; time, memory, growth.

    python -m tests.benchmarks.fixed_roster [--nations 1 10 100] [--seeds 1 2 3] [--mentors 330] [--weights 10]

Every season is measured in a process of its own, in seconds of CPU; the roster is a greedy one (`first_roster`), made
beforehand. `read`: from JSON to a problem; `facts`: its facts by index; `served`: from facts to seats for those whom
the queue keeps; `all goals`: from a problem to its plan, facts, seats, choices, contact mentors, counts and hash in it;
`judge`: all rules and replays. MB is the most the process had used by then, 65 of them Python and libraries. `weights`
finds the served by one min-cost flow, for seasons of up to that many nations. Growth is the exponent e of n ** e
between two sizes.
"""

import argparse
import json
import math
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.groups.facts import Facts
from matcher.groups.first import first_roster
from matcher.groups.fixed_roster import on_roster, only_roster
from matcher.groups.placement import place
from matcher.groups.solve import solve
from matcher.problem import GroupProblem, load_problem, to_json
from tests.benchmarks.instances_groups import load_group_problem
from tests.benchmarks.instances_nations import nations_data
from tests.matcher.queue_by_weights import kept_by_weights

STAGES = ("read", "facts", "served", "all goals", "judge", "weights")
SHOWN = (*STAGES, "MB served", "MB all goals", "MB judge")
Result = TypeVar("Result")
Figures = dict[str, float]


def main() -> int:
    """Prints a row for each season, medians and growth; 1 when a plan is bad, not proven, or serves others."""
    options = _options()
    medians: dict[int, Figures] = {}
    bad = False
    for nations in options.nations:
        rows = []
        for seed in options.seeds:
            row = _season(seed, nations, options.mentors, by_weights=nations <= options.weights)
            bad |= bool(row.pop("bad"))
            rows.append(row)
            _show(f"{nations:>7} {seed:>6}", row)
        medians[nations] = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        _show(f"{nations:>7} {'median':>6}", medians[nations])
    for fewer, more in zip(options.nations, options.nations[1:], strict=False):
        growth = {
            key: math.log(medians[more][key] / medians[fewer][key]) / math.log(more / fewer)
            for key in medians[more]
            if key in medians[fewer] and key in STAGES
        }
        _show(f"growth {fewer:>3}-{more:<3}", growth)
    for nations, figures in medians.items():
        if "weights" in figures:
            print(f"{nations} nations: served {figures['weights'] / figures['served']:.1f} times as fast as by weights")
    return int(bad)


def _options() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nations", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--mentors", type=int, default=330, help="for each nation; 170 is scarce")
    parser.add_argument("--weights", type=int, default=10, help="the most nations for the comparison")
    options = parser.parse_args()
    print(
        f"{options.mentors} mentors a nation, seconds of CPU\n{'nations':>7} {'seed':>6} | " + _columns(SHOWN),
        flush=True,
    )
    return options


def _columns(texts: tuple[str, ...]) -> str:
    return " ".join(f"{text:>12}" for text in texts)


def _show(head: str, row: Figures) -> None:
    cells = (
        "" if key not in row else f"{row[key]:.0f}" if key.startswith("MB") else f"{row[key]:.3f}" for key in SHOWN
    )
    print(f"{head:>14} | " + _columns(tuple(cells)), flush=True)


def _season(seed: int, nations: int, mentors: int, *, by_weights: bool) -> Figures:
    """One season, made and measured in two processes of their own."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        for work, arguments in ((season_on_a_roster, (path, nations, seed, mentors)), (_measure, (path, by_weights))):
            with context.Pool(1) as pool:
                figures: Figures | None = pool.apply(work, arguments)
    assert figures is not None
    return figures


def season_on_a_roster(path: Path, nations: int, seed: int, mentors: int = 330) -> None:
    """Write a problem in which everybody stands where the greedy roster says."""
    facts = Facts(load_group_problem(nations_data(seed, nations, mentors=mentors)))
    stands = [(facts.mentors[m].id, facts.sessions[s].id) for m, s in first_roster(facts).stands()]
    with path.open("w") as file:
        json.dump(to_json(on_roster(facts.problem, stands)), file)


def _measure(path: Path, by_weights: bool) -> Figures:
    figures: Figures = {}
    problem = _timed(figures, "read", lambda: load_problem(path.read_bytes()))
    assert isinstance(problem, GroupProblem)
    differs = _served(figures, problem, by_weights)
    plan = _timed(figures, "all goals", lambda: _solve(problem))
    figures["MB all goals"] = _memory()
    broken = _timed(figures, "judge", lambda: check(problem, plan))
    figures["MB judge"] = _memory()
    figures["bad"] = differs or bool(broken) or plan.status != "optimal"
    return figures


def _served(figures: Figures, problem: GroupProblem, by_weights: bool) -> bool:
    """Who is served; True when the weights say otherwise."""
    facts = _timed(figures, "facts", lambda: _facts(problem))
    roster = only_roster(facts)
    assert roster is not None
    placement = _timed(figures, "served", lambda: place(facts, roster))
    assert placement is not None
    figures["MB served"] = _memory()
    if not by_weights:
        return False
    return _timed(figures, "weights", lambda: kept_by_weights(facts, roster)) != set(placement.seat)


def _facts(problem: GroupProblem) -> Facts:
    """With what is found when it is first asked for."""
    facts = Facts(problem)
    assert len(facts.choices) == len(facts.pupils)
    return facts


def _solve(problem: GroupProblem) -> Any:
    return solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def _timed(figures: Figures, name: str, work: Callable[[], Result]) -> Result:
    started = time.process_time()
    result = work()
    figures[name] = time.process_time() - started
    return result


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
