"""How time and memory grow from a season of one size to a hundred times that, as a table and charts.

    python -m tests.benchmarks.growth [--requests 100 400 2000 10000] [--nations 1 10 100] [--seeds 1]
                                      [--to docs/benchmarks]

Visits are solved to all nine proven goals; study groups stand on a fixed roster, from problem to plan. Every season is
made in one process and solved in another: `cpu` are processor seconds of the solve and its children, `MB` the most
memory of the process that solved, what it read included. `growth` is the exponent e of n ** e from the size before.
"""

import argparse
import json
import math
import multiprocessing
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.plan import Plan
from matcher.problem import GroupProblem, Problem, load_problem, to_json
from tests.benchmarks.fixed_roster import season_on_a_roster
from tests.benchmarks.instances_visits import season


@dataclass(frozen=True, slots=True)
class Point:
    """Medians over the seeds at one size."""

    size: int
    cpu: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One kind of season: what its sizes count, and how one is made."""

    title: str
    unit: str
    make: Callable[[Path, int, int], None]


def _visits(path: Path, requests: int, seed: int) -> None:
    path.write_text(json.dumps(to_json(season(requests, requests * 3 // 4, seed))))


CURVES = (
    Curve("Visits, nine goals", "requests", _visits),
    Curve("Study groups, fixed roster", "nations", season_on_a_roster),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its chart; 1 when a plan was judged bad or stayed unproven."""
    parser = argparse.ArgumentParser(description="Growth of time and memory")
    parser.add_argument("--requests", type=int, nargs="*", default=[100, 400, 2000, 10000])
    parser.add_argument("--nations", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks"))
    chosen = parser.parse_args(arguments)
    points: dict[Curve, list[Point]] = {}
    good = True
    for curve, sizes in zip(CURVES, (chosen.requests, chosen.nations), strict=True):
        points[curve] = []
        for size in sizes:
            rows = [_season(curve, size, seed) for seed in chosen.seeds]
            good &= all(is_good for _, _, is_good in rows)
            cpu, megabytes = (statistics.median(row[number] for row in rows) for number in (0, 1))
            points[curve].append(Point(size, cpu, megabytes))
            print(f"{curve.title:28} {size:>6} {curve.unit:8} {cpu:8.2f} s {megabytes:6.0f} MB", flush=True)
    chosen.to.mkdir(parents=True, exist_ok=True)
    (chosen.to / "growth.md").write_text(_page(points, chosen.seeds), encoding="utf-8")
    _chart(points, chosen.to / "growth.svg")
    return 0 if good else 1


def _season(curve: Curve, size: int, seed: int) -> tuple[float, float, bool]:
    """Processor seconds, megabytes, and whether the plan is proven and judged ok."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        with context.Pool(1) as pool:
            pool.apply(curve.make, (path, size, seed))
        with context.Pool(1) as pool:
            measured: tuple[float, float, bool] = pool.apply(_measure, (path,))
    return measured


def _measure(path: Path) -> tuple[float, float, bool]:
    problem = load_problem(path.read_bytes())
    before = _cpu()
    plan = _solved(problem)
    cpu, megabytes = _cpu() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return cpu, megabytes, plan.status == "optimal" and not check(problem, plan)


def _solved(problem: Problem) -> Plan:
    if isinstance(problem, GroupProblem):
        from matcher.groups import solve as groups

        return groups.solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)
    from matcher.visits import solve as visits

    return visits.solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _page(points: dict[Curve, list[Point]], seeds: Sequence[int]) -> str:
    lines = ["# Growth", "", __doc__.split("\n\n", 1)[0], "", f"Seeds {list(seeds)}; medians.", ""]
    lines += ["![Processor seconds and memory by size](growth.svg)", ""]
    for curve, found in points.items():
        lines += [f"## {curve.title}", "", f"| {curve.unit} | cpu | growth | MB | growth |", "|---|---|---|---|---|"]
        for before, point in zip([None, *found], found, strict=False):
            steps = [_exponent(before, point, what) for what in ("cpu", "megabytes")]
            lines.append(f"| {point.size:,} | {point.cpu:.2f} | {steps[0]} | {point.megabytes:,.0f} | {steps[1]} |")
        lines.append("")
    return "\n".join(lines)


def _exponent(before: Point | None, point: Point, what: str) -> str:
    if before is None:
        return ""
    grown = getattr(point, what) / getattr(before, what)
    return f"{math.log(grown) / math.log(point.size / before.size):.2f}"


def _chart(points: dict[Curve, list[Point]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "treffpunkt"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for marker, (curve, found) in zip("o^", points.items(), strict=True):
        times = [point.size / found[0].size for point in found]
        left.plot(times, [point.cpu for point in found], marker=marker, label=curve.title)
        right.plot(times, [point.megabytes for point in found], marker=marker, label=curve.title)
    for axes, title in ((left, "processor seconds"), (right, "MB")):
        axes.set(title=title, xlabel="times the smallest season", xscale="log", yscale="log")
    left.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
