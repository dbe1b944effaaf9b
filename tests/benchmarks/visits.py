"""How far visits reach: seasons with ample and scarce supply, several seeds, beside a hand rule.

    python -m tests.benchmarks.visits [--seeds 1 2 3] [--requests 2000] [--role-models 1500] [--seconds 300]
                                      [--supply ample scarce]

Each row is one season; then come the medians of its supply. `six` and `all` are the seconds after which the first six
and all nine goals were proven ("-": they were not), `cpu6` and `cpu` the processor seconds until then, MB the most
memory the process used. The hand rule takes requests in the order of the goals and gives each the nearest people who
are free; `more` is how many more classes the plan serves, `hand s` the seconds the hand rule took. Exit 0 says that
every plan is judged ok, all its goals are proven, and memory stayed in its limit; seconds depend on what else the
machine does, so they are printed beside what is promised for two quiet cores, and judged by the reader.
"""

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.check import check
from matcher.control import Progress, Settings, Stop
from matcher.eligibility import RoleModelFacts
from matcher.problem import VisitProblem
from matcher.visits.candidates import find_candidates, fixed_engagements, room
from matcher.visits.goals import GOALS
from matcher.visits.model import Model
from matcher.visits.rules import Surroundings, limit_groups
from matcher.visits.solve import solve
from matcher.visits.start import HandRule
from tests.benchmarks.instances_visits import season

NINE = GOALS[8].__name__
LIMIT_SIX, LIMIT_NINE, LIMIT_MB = 4.0, 15.0, 400
HEAD = (
    f"{'supply':>7} {'seed':>6} | {'candidates':>10} | {'six':>6} {'all':>6} {'cpu6':>6} {'cpu':>6} {'MB':>5} |"
    f" {'schools':>7} {'classes':>7} {'wishes':>6} {'gaps':>4} | {'hand s':>6} {'classes':>7} {'more':>6} | judge"
)


@dataclass
class Clock:
    """Hears progress and notes when the bound of each goal first met its value, by the clock and in processor time."""

    proven: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.process_time)

    def __call__(self, progress: Progress) -> None:
        if progress.value == progress.bound:
            self.proven.setdefault(progress.goal, progress.seconds)
            self.cpu.setdefault(progress.goal, time.process_time() - self.started)


@dataclass(frozen=True)
class Row:
    """What one season showed; None where a goal was not proven."""

    six: float | None
    nine: float | None
    cpu_six: float | None
    cpu: float
    megabytes: int
    ok: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a plan was judged bad, a goal stayed unproven, or memory went beyond its limit."""
    parser = argparse.ArgumentParser(description="Reach of the visit solver")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--role-models", type=int, default=1500)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--supply", nargs="+", default=["ample", "scarce"], choices=["ample", "scarce"])
    chosen = parser.parse_args(arguments)
    print(f"visits: {chosen.requests} requests, {chosen.role_models} role models, limit {chosen.seconds:.0f} s")
    print(HEAD)
    kept = True
    for supply in chosen.supply:
        rows = []
        for seed in chosen.seeds:
            problem = season(chosen.requests, chosen.role_models, seed, scarce=supply == "scarce")
            rows.append(_row(supply, seed, problem, chosen.seconds))
        kept &= _summary(supply, rows)
    return 0 if kept else 1


def _row(supply: str, seed: int, problem: VisitProblem, seconds: float) -> Row:
    candidates, hand_classes, hand_seconds = _hand_rule(problem)
    gc.collect()
    clock = Clock()
    plan = solve(problem, stop=Stop(seconds), seed=1, settings=Settings(), on_progress=clock)
    cpu = time.process_time() - clock.started
    values = {goal.name: goal.value for goal in plan.goals}
    broken = {violation.code for violation in check(problem, plan)}
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    gaps = sum(goal.gap > 0 for goal in plan.goals)
    proven = [goal.name for goal in plan.goals if goal.gap == 0]
    six_proven = proven[:6] == [goal.__name__ for goal in GOALS[:6]]
    six, cpu_six = (max(at[name] for name in proven[:6]) if six_proven else None for at in (clock.proven, clock.cpu))
    nine = clock.proven[NINE] if not gaps else None
    more = values["classes"] / hand_classes - 1
    print(
        f"{supply:>7} {seed:>6} | {candidates:>10} | {_shown(six):>6} {_shown(nine):>6}"
        f" {_shown(cpu_six):>6} {cpu:>6.1f} {megabytes:>5} |"
        f" {values['schools']:>7} {values['classes']:>7} {values['wishes']:>6} {gaps:>4} |"
        f" {hand_seconds:>6.2f} {hand_classes:>7} {more:>6.1%} | {' '.join(sorted(broken)) or 'ok'}",
        flush=True,
    )
    return Row(six, nine, cpu_six, cpu, megabytes, not broken)


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"


def _hand_rule(problem: VisitProblem) -> tuple[int, int, float]:
    """Candidates of the problem, classes that the hand rule serves, and the seconds it took beside finding them."""
    facts = RoleModelFacts(problem)
    left = room(problem, fixed_engagements(problem))
    model = Model(*find_candidates(problem, facts, left))
    schools = tuple(facts.school_place(school.id) for school in problem.schools)
    around = Surroundings(limit_groups(model, left), schools, facts.times)
    started = time.perf_counter()
    assigned = HandRule(problem, model, around, left).filled(np.zeros(len(model.candidates.unit), dtype=np.bool_))
    seconds = time.perf_counter() - started
    served = np.unique(model.units.request[model.candidates.unit[assigned]])
    return len(assigned), sum(problem.requests[r].classes for r in served.tolist()), seconds


def _summary(supply: str, rows: Sequence[Row]) -> bool:
    """Print the medians above what is promised; is every plan judged ok, proven, and within the memory promised?"""
    columns = [[row.six for row in rows], [row.nine for row in rows], [row.cpu_six for row in rows]]
    medians = [statistics.median(float("inf") if s is None else s for s in column) for column in columns]
    medians.append(statistics.median(row.cpu for row in rows))
    print(f"{supply:>7} {'median':>6} | {'':>10} | {' '.join(f'{median:>6.1f}' for median in medians)}")
    limits = f"{LIMIT_SIX:>6.1f} {LIMIT_NINE:>6.1f}"
    print(f"{'':>7} {'limit':>6} | {'':>10} | {limits} {limits} {LIMIT_MB:>5}")
    return all(row.ok and row.nine is not None and row.megabytes < LIMIT_MB for row in rows)


if __name__ == "__main__":
    sys.exit(main())
