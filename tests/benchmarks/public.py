"""Public instances of two classic problems, solved by this engine's linear layer, against the published best.

    python -m tests.benchmarks.public FOLDER [--seconds 60] [--only gap1 cap41]

FOLDER holds files as the OR-Library gives them (never committed): `gap*.txt` with several generalised assignment
problems each (most gain; `gapa` to `gape` least cost), `cap*.txt` with one capacitated facility location problem each,
and `published.csv` with lines `name,best`. A problem in a file of several is called like its place: gap1-1, gap1-2, ..
Rows print value, bound and published best; exit 1 when a bound or a value contradicts what is published.

The engine plans visits and study groups, not these; what is held against the public record here is the layer below:
models as rows (matcher/groups/linear.py), the bound recomputed from prices, and the integer programs of milp.py.
"""

import argparse
import csv
import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.control import Settings, Stop
from matcher.groups.goals import LinearGoal
from matcher.groups.linear import LinearModel, total
from matcher.groups.milp import Optimiser

WRITTEN = 1000
"""Costs have at most three decimals; goals are whole numbers, so costs are counted in thousandths."""
LEAST_COST = re.compile(r"gap[a-e]")


@dataclass(frozen=True, slots=True)
class Instance:
    """A problem by rows. `unit`: what one of the goal is in the file's own terms."""

    name: str
    model: LinearModel
    goal: LinearGoal
    unit: float


def generalised_assignment(name: str, numbers: Iterator[float], *, maximize: bool) -> Instance:
    """Each job to one agent: Σ_i x[i, j] = 1 and Σ_j resource[i, j] x[i, j] ≤ capacity[i].

    numbers: agents, jobs, then gains (or costs) and resources by agent, then capacities.
    """
    agents, jobs = int(next(numbers)), int(next(numbers))
    gain = [[next(numbers) for _ in range(jobs)] for _ in range(agents)]
    resource = [[next(numbers) for _ in range(jobs)] for _ in range(agents)]
    model = LinearModel()
    x = [[model.column(0.0, 1.0, integer=True) for _ in range(jobs)] for _ in range(agents)]
    for j in range(jobs):
        model.row({x[i][j]: 1.0 for i in range(agents)}, at_least=1.0, at_most=1.0)
    for i in range(agents):
        model.row(dict(zip(x[i], resource[i], strict=True)), at_most=next(numbers))
    terms = {x[i][j]: gain[i][j] for i in range(agents) for j in range(jobs)}
    return Instance(name, model, LinearGoal(name, "max" if maximize else "min", terms, 0), 1.0)


def facility_location(name: str, numbers: Iterator[float]) -> Instance:
    """Least Σ fixed[i] open[i] + Σ cost[i, j] x[i, j]: Σ_i x[i, j] = 1, Σ_j demand[j] x[i, j] ≤ capacity[i] open[i].

    numbers: warehouses, customers, then capacity and fixed cost by warehouse, then for each customer the demand and the
    cost of serving all of it from each warehouse. x is a share, so that a customer may be served by several.
    """
    warehouses, customers = int(next(numbers)), int(next(numbers))
    capacity, fixed = zip(*((next(numbers), next(numbers)) for _ in range(warehouses)), strict=True)
    model = LinearModel()
    is_open = [model.column(0.0, 1.0, integer=True) for _ in range(warehouses)]
    terms = {is_open[i]: round(WRITTEN * fixed[i]) for i in range(warehouses)}
    served: list[dict[int, float]] = [{} for _ in range(warehouses)]
    for _ in range(customers):
        demand = next(numbers)
        x = [model.column(0.0, 1.0) for _ in range(warehouses)]
        model.row(dict.fromkeys(x, 1.0), at_least=1.0, at_most=1.0)
        for i, column in enumerate(x):
            terms[column] = WRITTEN * next(numbers)
            served[i][column] = demand
            model.row({column: 1.0, is_open[i]: -1.0}, at_most=0.0)
    for i in range(warehouses):
        model.row(total(served[i], {is_open[i]: -capacity[i]}), at_most=0.0)
    return Instance(name, model, LinearGoal(name, "min", {c: float(v) for c, v in terms.items()}, 0), 1 / WRITTEN)


def instances(path: Path) -> Iterator[Instance]:
    """Every problem of a file, as the OR-Library writes them."""
    numbers = iter([float(word) for word in path.read_text(encoding="ascii").split()])
    if path.stem.startswith("cap"):
        yield facility_location(path.stem, numbers)
        return
    maximize = LEAST_COST.match(path.stem) is None
    for count in range(1, int(next(numbers)) + 1):
        yield generalised_assignment(f"{path.stem}-{count}", numbers, maximize=maximize)


def solved(instance: Instance, seconds: float) -> tuple[float | None, float]:
    """The best value and the bound, in the terms of the file; no value where none was found in time."""
    optimiser = Optimiser(Stop(seconds), 1, Settings())
    goal, unit = instance.goal, instance.unit
    relaxed = optimiser.relax(instance.model, goal)
    outcome = optimiser.optimise(instance.model, goal, None, seconds, lambda bound, value: None)
    bound = outcome.bound
    if relaxed.bound is not None:
        bound = min(bound, relaxed.bound) if goal.maximize else max(bound, relaxed.bound)
    if outcome.columns is None:
        return None, bound * unit
    value = sum(worth * outcome.columns[column] for column, worth in goal.terms.items())
    return value * unit, bound * unit


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each instance; 1 when one contradicts what is published."""
    parser = argparse.ArgumentParser(description="Public instances against the published best")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", nargs="*", default=[])
    chosen = parser.parse_args(arguments)
    with (chosen.folder / "published.csv").open(encoding="utf-8", newline="") as file:
        published = {row[0]: float(row[1]) for row in csv.reader(file) if row}
    contradicted = 0
    print(f"{'instance':>10} {'value':>14} {'bound':>14} {'published':>14} {'gap %':>7} {'s':>6}")
    for path in sorted(chosen.folder.glob("*.txt")):
        if chosen.only and path.stem not in chosen.only:
            continue
        for instance in instances(path):
            started = time.perf_counter()
            value, bound = solved(instance, chosen.seconds)
            best = published.get(instance.name)
            print(_line(instance.name, value, bound, best, time.perf_counter() - started), flush=True)
            contradicted += best is not None and contradicts(instance.goal, value, bound, best)
    return 1 if contradicted else 0


def contradicts(goal: LinearGoal, value: float | None, bound: float, best: float) -> bool:
    """A value better than the published best, or a bound that the best is beyond, by more than a part in a million."""
    slack = 1e-6 * max(1.0, abs(best))
    sign = 1 if goal.maximize else -1
    return sign * (best - bound) > slack or (value is not None and sign * (value - best) > slack)


def _line(name: str, value: float | None, bound: float, best: float | None, seconds: float) -> str:
    gap = math.nan if value is None or not value else 100 * abs(bound - value) / abs(value)
    shown = [f"{one:14.3f}" if one is not None else f"{'-':>14}" for one in (value, bound, best)]
    return f"{name:>10} {' '.join(shown)} {gap:7.3f} {seconds:6.1f}"


if __name__ == "__main__":
    sys.exit(main())
