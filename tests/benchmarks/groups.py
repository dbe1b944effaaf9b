"""How far study groups reach: national seasons, ample and scarce mentors, several seeds, beside a hand rule.

    python -m tests.benchmarks.groups [--seeds 1 2 3] [--seconds 60] [--pupils 4267] [--supply ample scarce]

National reach is 10 seeds; `--pupils 42670 --supply ample --seconds 120` is ten times the nation.

Each row is one season. `proven` is the second at which value and bound met ("-": they did not); gaps are in percent of
the bound; `cpu` is processor time of this process and its children, for machines that do other work too; memory is the
most this process used, and the most a child of it used. The hand rule is what a site does with a list: mentors take
their first free evenings, and whoever joined first takes the first choice with room.
"""

import argparse
import gc
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from matcher.check import check
from matcher.control import Progress, Settings, Stop
from matcher.groups.facts import Facts
from matcher.groups.solve import solve
from matcher.plan import Goal
from tests.benchmarks.instances_groups import national
from tests.benchmarks.others_groups import first_come

MENTORS = {"ample": 330, "scarce": 170}
HEAD = (
    f"{'mentors':>8} {'seed':>4} | {'returning':>13} {'proven':>6} | {'served':>13} {'gap %':>6} {'proven':>6} |"
    f" {'queue gap %':>11} | {'hand':>5} {'more %':>6} | {'choices':>7} {'status':>8} {'secs':>5}"
    f" {'cpu':>5} {'MB':>9} | judge"
)


@dataclass
class Clock:
    """Hears progress and notes when the bound of each goal first met its value."""

    proven: dict[str, float] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        if progress.value is not None and progress.value == progress.bound:
            self.proven.setdefault(progress.goal, progress.seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a plan was judged bad or broke a promise of reach."""
    parser = argparse.ArgumentParser(description="Reach of the study-group solver")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pupils", type=int, default=4267)
    parser.add_argument("--placement", default="most_served", choices=["most_served", "queue_first"])
    parser.add_argument("--supply", nargs="+", default=list(MENTORS), choices=list(MENTORS))
    parser.add_argument("--workers", type=int, default=Settings().workers)
    chosen = parser.parse_args(arguments)
    print(f"study groups: {chosen.pupils} pupils, {chosen.placement}, limit {chosen.seconds:.0f} s")
    print(HEAD)
    rows = [
        _row(name, round(MENTORS[name] * chosen.pupils / 4267), seed, chosen)
        for name in chosen.supply
        for seed in chosen.seeds
    ]
    measured = ("returning and served both proven after s", "served gap %", "queue gap %", "more than by hand %")
    for what, column in zip(measured, zip(*(figures for figures, _ in rows), strict=True), strict=True):
        values = [value for value in column if value is not None]
        told = f"median {statistics.median(values):.2f}, worst {max(values):.2f}, " if values else ""
        print(f"{what}: {told}{len(values)} of {len(rows)}")
    return 0 if all(kept for _, kept in rows) else 1


def _row(name: str, mentors: int, seed: int, chosen: argparse.Namespace) -> tuple[tuple[float | None, ...], bool]:
    """What is measured of one season, printed; and whether the plan kept all promises."""
    gc.collect()
    problem = national(seed, pupils=chosen.pupils, mentors=mentors, placement=chosen.placement)
    clock = Clock()
    started, processor = time.perf_counter(), _processor_seconds()
    settings = Settings(workers=chosen.workers)
    plan = solve(problem, stop=Stop(chosen.seconds), seed=seed, settings=settings, on_progress=clock)
    seconds, processor = time.perf_counter() - started, _processor_seconds() - processor
    broken = check(problem, plan)
    goals = {goal.name: goal for goal in plan.goals}
    by_hand = len(first_come(Facts(problem), chosen.seconds).seats)
    served = goals["served"]
    more = 100 * (served.value / max(1, by_hand) - 1)
    proven = {goal: clock.proven.get(goal) if goals[goal].gap == 0 else None for goal in ("returning", "served")}
    print(
        f"{name:>8} {seed:>4} | {_pair(goals['returning'])} {_seconds(proven['returning'])} |"
        f" {_pair(served)} {_gap(served):6.2f} {_seconds(proven['served'])} | {_gap(goals['queue']):11.3f} |"
        f" {by_hand:>5} {more:6.1f} | {goals['choices'].value:>7} {plan.status:>8} {seconds:5.1f}"
        f" {processor:5.1f} {_memory():>9} |"
        f" {'ok' if not broken else broken[0].code}, passed over {plan.certificate.passed_over}",
        flush=True,
    )
    both = None if None in proven.values() else max(value for value in proven.values() if value is not None)
    figures = (both, _gap(served), _gap(goals["queue"]), more)
    return figures, not broken and plan.certificate.passed_over == 0


def _pair(goal: Goal) -> str:
    return f"{goal.value:>6}/{goal.bound:<6}"


def _gap(goal: Goal) -> float:
    return 100 * goal.gap / max(1, abs(goal.bound))


def _seconds(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.1f}"


def _processor_seconds() -> float:
    """Processor time of this process and of its children that ended, as those of a solve have."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _memory() -> str:
    used = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return f"{used[0]}+{used[1]}"


if __name__ == "__main__":
    sys.exit(main())
