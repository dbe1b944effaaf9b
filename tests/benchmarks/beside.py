"""This engine beside what a user would pick instead: quality, time and memory on the same seasons, with charts.

    python -m tests.benchmarks.beside [--seconds 60] [--seeds 1 2 3] [--visits 400 2000] [--pupils 1067 4267]
                                      [--to docs/benchmarks]

Every planner runs in a process of its own, one after the other, with the same limit; what it made is judged by this
project's rules, and counted by one function. `cpu` are processor seconds of the planner and its children, without
reading the season, `MB` the most memory one of them used, `x` the processor seconds as a multiple of this engine's on
the same season, `proven` the goals, from the first on, that the planner says are as good as can be, `broken` the rules
broken. A planner that is still at work a minute after twice its limit is ended and shown as such.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from matcher.check_common import broken
from matcher.check_groups import PLACEMENT_RULES, GroupFacts
from matcher.check_visits import VISIT_RULES, VisitFacts, recount
from matcher.control import Settings, Stop, no_progress
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts
from matcher.groups.queue_order import passed_over
from matcher.groups.rooms import placement_of, standing
from matcher.groups.written import choice_envy, listed_sessions
from matcher.plan import AssignedRoleModel, Certificate, GroupPlan, Plan, Visit, VisitPlan
from matcher.problem import GroupProblem
from tests.benchmarks import others_groups, others_visits
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season

OURS = "this engine"
Figures = dict[str, float]
"""What is counted of one plan, by heading."""
CERTIFICATE = Certificate(bound_source={}, seconds=0.0, seed=0, settings={}, versions={}, passed_over=0, choice_envy=0)
PLACED = tuple(rule for rule in VISIT_RULES if rule.__name__ not in ("wrong_problem", "unserved", "goals", "status"))


@dataclass(frozen=True, slots=True)
class Kind:
    """Visits or study groups. `count`: runs one planner on one season. `more`, `less`: headings, by what is better."""

    title: str
    names: tuple[str, ...]
    lacks: dict[str, str]
    count: Callable[[str, int, int, float], Figures]
    more: tuple[str, ...]
    less: tuple[str, ...]


@dataclass
class Row:
    """One planner on seasons of one size: the figures of each seed."""

    planner: str
    size: int
    figures: list[Figures] = field(default_factory=list)
    ended: int = 0

    def median(self, heading: str) -> float | None:
        """The median over the seeds that came to an end; None where none did."""
        values = [one[heading] for one in self.figures if heading in one]
        return statistics.median(values) if values else None


class Effort:
    """What a planner uses from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _usage()[0]

    def used(self, proven: int) -> Figures:
        """Wall-clock and processor seconds since the start, and the most memory of a process until now."""
        cpu, megabytes = _usage()
        wall = time.perf_counter() - self._wall
        return {"proven": proven, "seconds": wall, "cpu": cpu - self._cpu, "MB": megabytes}


def _usage() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), max(one.ru_maxrss for one in used) / 1024


def _first_proven(plan: Plan) -> int:
    return next((number for number, goal in enumerate(plan.goals) if goal.gap), len(plan.goals))


def count_groups(planner: str, pupils: int, seed: int, seconds: float) -> Figures:
    """Plans one season of study groups and counts what came of it."""
    problem = national(seed, pupils=pupils, mentors=round(170 * pupils / 4267))
    effort = Effort()
    if planner == OURS:
        from matcher.groups.solve import solve

        plan = solve(problem, stop=Stop(seconds), seed=seed, settings=Settings(), on_progress=no_progress)
        used = effort.used(_first_proven(plan))
    else:
        chosen = next(one for one in others_groups.PLANNERS if one.name == planner)
        facts = Facts(problem)
        stands, seat, proven = chosen.plan(facts, seconds)
        used = effort.used(proven)
        roster = others_groups.roster_from(facts, stands)
        sessions = listed_sessions(facts, roster, seat, contacts(facts, roster, seat))
        plan = GroupPlan(
            problem_sha256="", status="feasible", sessions=sessions, goals=(), unserved=(), certificate=CERTIFICATE
        )
    return _of_groups(problem, plan) | used


def _of_groups(problem: GroupProblem, plan: GroupPlan) -> Figures:
    facts = Facts(problem)
    now = standing(facts, plan)
    served = [problem.pupils[p].class_ for p in now.seat]
    index = sum(dict(facts.choices[p])[s] for p, s in now.seat.items())
    return {
        "returning": served.count(0),
        "served": len(served),
        "class 1": served.count(1),
        "passed over": passed_over(facts, now.roster, placement_of(facts, now.roster, now.seat, now.contact)),
        "choice envy": choice_envy(facts, now.seat, now.contact),
        "choices": index / max(1, len(served)),
        "broken": len(broken(PLACEMENT_RULES, GroupFacts(problem, plan))),
    }


def count_visits(planner: str, requests: int, seed: int, seconds: float) -> Figures:
    """Plans one season of visits and counts what came of it."""
    problem = season(requests, requests * 3 // 4, seed, scarce=True)
    effort = Effort()
    if planner == OURS:
        from matcher.visits.solve import solve

        plan = solve(problem, stop=Stop(seconds), seed=seed, settings=Settings(), on_progress=no_progress)
        used = effort.used(_first_proven(plan))
    else:
        chosen = next(one for one in others_visits.PLANNERS if one.name == planner)
        candidates = others_visits.Season(problem)
        taken, proven = chosen.plan(candidates, seconds)
        used = effort.used(proven)
        plan = VisitPlan(
            problem_sha256="",
            status="feasible",
            visits=_visits(candidates, taken),
            goals=(),
            unserved=(),
            certificate=CERTIFICATE,
        )
    facts = VisitFacts(problem, plan)
    values = {one.name.replace("_", " "): float(one.value) for one in recount(facts)}
    physical = sum(visit.mode == "physical" for visit in plan.visits)
    values["minutes a visit"] = values.pop("travel minutes") / max(1, physical)
    return values | {"broken": len(broken(PLACED, facts))} | used


def _visits(season_: others_visits.Season, taken: Sequence[int]) -> tuple[Visit, ...]:
    people: dict[int, list[int]] = defaultdict(list)
    for number in taken:
        people[season_.candidates[number].unit].append(number)
    found = []
    for u, numbers in people.items():
        unit = season_.units[u]
        request = season_.problem.requests[unit.request]
        lessons = request.options[unit.option].lessons
        coming = [
            AssignedRoleModel(
                id=season_.problem.role_models[season_.candidates[n].person].id,
                travel_minutes=season_.candidates[n].minutes,
            )
            for n in numbers
        ]
        found.append(
            Visit(
                request=request.id,
                option=unit.option,
                start=lessons[0].start,
                end=lessons[-1].end,
                mode="physical" if unit.mode == "physical" else "digital",
                role_models=tuple(sorted(coming, key=lambda one: one.id)),
            )
        )
    return tuple(sorted(found, key=lambda visit: (visit.start, visit.request)))


GROUPS = Kind(
    "Study groups",
    (OURS, *(one.name for one in others_groups.PLANNERS)),
    {one.name: one.lacks for one in others_groups.PLANNERS},
    count_groups,
    ("returning", "served", "class 1"),
    ("passed over", "choice envy", "choices"),
)
VISITS = Kind(
    "Visits",
    (OURS, *(one.name for one in others_visits.PLANNERS)),
    {one.name: one.lacks for one in others_visits.PLANNERS},
    count_visits,
    ("priority", "reserved", "schools", "first visits", "classes", "days waited", "wishes"),
    ("minutes a visit", "spread"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its charts; 1 when a plan of this engine breaks a rule or passes somebody over."""
    parser = argparse.ArgumentParser(description="This engine beside others")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--visits", type=int, nargs="*", default=[400, 2000])
    parser.add_argument("--pupils", type=int, nargs="*", default=[1067, 4267])
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks"))
    chosen = parser.parse_args(arguments)
    chosen.to.mkdir(parents=True, exist_ok=True)
    text = [__doc__.split("\n\n", 1)[0], "", f"Limit {chosen.seconds:g} s a season; seeds {chosen.seeds}; medians.", ""]
    good = True
    for kind, sizes in ((VISITS, chosen.visits), (GROUPS, chosen.pupils)):
        rows = [_row(kind, name, size, chosen.seeds, chosen.seconds) for size in sizes for name in kind.names]
        text += _section(kind, rows)
        _chart(kind, rows, chosen.to / f"beside-{kind.title.split()[0].lower()}.svg")
        ours = [figures for row in rows if row.planner == OURS for figures in row.figures]
        good &= all(not one["broken"] and not one.get("passed over") for one in ours)
    (chosen.to / "beside.md").write_text("\n".join(["# Beside the others", "", *text]), encoding="utf-8")
    return 0 if good else 1


def _row(kind: Kind, planner: str, size: int, seeds: Sequence[int], seconds: float) -> Row:
    row = Row(planner, size)
    for seed in seeds:
        figures = _in_a_process(kind.title, planner, size, seed, seconds)
        if figures is None:
            row.ended += 1
        else:
            row.figures.append(figures)
        print(f"{kind.title:>12} {size:>6} {seed:>3} {planner:32} {figures or 'ended'}", flush=True)
    return row


def _in_a_process(title: str, planner: str, size: int, seed: int, seconds: float) -> Figures | None:
    """The figures; None when it was still at work after twice the limit, or failed."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
    given = (theirs, title, planner, size, seed, seconds)
    child = multiprocessing.get_context("spawn").Process(target=_work, args=given)
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(2 * seconds + 60) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()


def _work(answer: Connection, title: str, planner: str, size: int, seed: int, seconds: float) -> None:
    kind = next(one for one in (GROUPS, VISITS) if one.title == title)
    sys.setrecursionlimit(1_000_000)  # `matching` copies its players, who hold each other, one inside the other
    answer.send(kind.count(planner, size, seed, seconds))


def _section(kind: Kind, rows: list[Row]) -> list[str]:
    headings = [*kind.more, *kind.less, "broken", "proven", "seconds", "cpu", "MB"]
    lines = [f"## {kind.title}", ""]
    lines += [f"More is better: {', '.join(kind.more)}. Less is better: {', '.join(kind.less)}.", ""]
    lines += [f"![Processor seconds and quality]({f'beside-{kind.title.split()[0].lower()}.svg'})", ""]
    lines.append("| size | planner | " + " | ".join(headings) + " | x |")
    lines.append("|---|---|" + "---|" * (len(headings) + 1))
    own = {row.size: row.median("cpu") for row in rows if row.planner == OURS}
    for row in rows:
        cpu, base = row.median("cpu"), own.get(row.size)
        ratio = f"{cpu / base:.1f}" if cpu and base else "-"
        cells = " | ".join(_shown(row.median(heading)) for heading in headings)
        ended = f" ({row.ended} ended)" if row.ended else ""
        lines.append(f"| {row.size:,} | {row.planner}{ended} | {cells} | {ratio} |")
    lines += ["", "What a planner cannot say:", ""]
    lines += [f"- {name}: {lacks}" for name, lacks in kind.lacks.items()]
    return [*lines, ""]


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.2f}"


def _chart(kind: Kind, rows: list[Row], path: Path) -> None:
    """Processor seconds by size, and what most of the goals are about in percent of this engine, as one picture."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "treffpunkt"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    main_goal = "served" if kind is GROUPS else "classes"
    ours = {row.size: row.median(main_goal) for row in rows if row.planner == OURS}
    for marker, name in zip("o^vsDPX", kind.names, strict=True):
        own = [row for row in rows if row.planner == name and row.figures]
        sizes = [row.size for row in own]
        left.plot(sizes, [row.median("cpu") for row in own], marker=marker, label=name)
        share = [100 * (row.median(main_goal) or 0) / (ours[row.size] or 1) for row in own]
        right.plot(sizes, share, marker=marker, label=name)
    for axes, title in ((left, "processor seconds"), (right, f"{main_goal}, % of {OURS}")):
        axes.set(title=title, xlabel="requests" if kind is VISITS else "pupils", xscale="log")
    left.set_yscale("log")
    left.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
