"""Is what a draft is told true? Seasons are simulated, the told chances held against who is served in the end.

    python -m tests.benchmarks.chance [--seeds 1 2 3 4] [--pupils 600] [--mentors 28]

For each seed, last year is one season with its final plan, and this year another at the same places. Day by day after
the registration the plan of that day's entries is made; each entry of the next day first asks as a draft, and in the
end the plan of the whole season says whether it was served. The table has the share served in each tenth of the
chances told, and apart for drafts told a seat and none; the Brier score is the mean squared difference between chance
and outcome (0 is perfect, telling everybody the mean share scores `base`).
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from matcher.chance_groups import Chances, Draft, History, registration
from matcher.control import Settings, Stop
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.solve import solve
from tests.benchmarks.instances_groups import national

DAYS = (1, 4, 8, 12, 16, 20, 24)
"""Days after the registration on which the plan is made anew and drafts are asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a draft was told, and whether the entry was served in the end; milliseconds of the answer."""

    share: float
    seat: bool
    served: bool
    milliseconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Calibration of the chance told before asking")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--pupils", type=int, default=600)
    parser.add_argument("--mentors", type=int, default=28)
    parser.add_argument("--limit", type=float, default=20, help="nodes of the search for each goal")
    chosen = parser.parse_args(arguments)
    asked = [one for seed in chosen.seeds for one in _season(seed, chosen)]
    print(f"{len(asked)} drafts of {len(chosen.seeds)} seasons, {chosen.pupils} pupils, {chosen.mentors} mentors")
    _print_table(asked)
    return 0


def _season(seed: int, chosen: argparse.Namespace) -> Iterator[Asked]:
    last = national(1000 + seed, pupils=chosen.pupils, mentors=chosen.mentors)
    this = _at_the_places_of(last, national(seed, pupils=chosen.pupils, mentors=chosen.mentors))
    history = History(last, _plan(last, chosen.limit))
    final = _served(_plan(this, chosen.limit))
    first = registration(this)
    for day, until in zip(DAYS, (*DAYS[1:], 10**6), strict=True):
        so_far = tuple(pupil for pupil in this.pupils if (pupil.joined - first).days < day)
        problem = replace(this, pupils=so_far)
        prepared = Chances(problem, _plan(problem, chosen.limit), history)
        for pupil in this.pupils:
            if day <= (pupil.joined - first).days < until:
                draft = Draft(
                    level=pupil.level,
                    class_=pupil.class_,
                    joined=pupil.joined,
                    choices=pupil.choices,
                    lat=pupil.lat,
                    lon=pupil.lon,
                    max_travel_minutes=pupil.max_travel_minutes,
                )
                started = time.process_time()
                told = prepared.of(draft)
                spent = 1000 * (time.process_time() - started)
                if told.share is not None:
                    yield Asked(told.share, told.session is not None, pupil.id in final, spent)


def _at_the_places_of(last: GroupProblem, this: GroupProblem) -> GroupProblem:
    """This year's pupils in last year's sessions with last year's mentors: rooms and staff change little."""
    known = {session.id for session in last.sessions}
    pupils = tuple(replace(p, choices=tuple(c for c in p.choices if c in known)) for p in this.pupils)
    return replace(last, pupils=pupils)


def _plan(problem: GroupProblem, limit: float) -> GroupPlan:
    plan = solve(problem, stop=Stop(60), settings=Settings(deterministic_limit=limit))
    assert isinstance(plan, GroupPlan)
    return plan


def _served(plan: GroupPlan) -> set[str]:
    return {pupil for listed in plan.sessions for mentor in listed.mentors for pupil in mentor.pupils}


def _print_table(asked: Sequence[Asked]) -> None:
    bins: dict[tuple[str, int], list[Asked]] = defaultdict(list)
    for one in asked:
        bins["all", min(9, int(10 * one.share))].append(one)
        bins["seat now" if one.seat else "no seat now", min(9, int(10 * one.share))].append(one)
    print(f"{'told':>12} {'chance':>11} {'drafts':>7} {'mean told':>9} {'served':>7}")
    for (name, number), found in sorted(bins.items()):
        told = statistics.mean(one.share for one in found)
        served = statistics.mean(one.served for one in found)
        print(f"{name:>12} {number / 10:5.1f}-{number / 10 + 0.1:.1f}  {len(found):7} {told:9.2f} {served:7.2f}")
    mean = statistics.mean(one.served for one in asked)
    brier = statistics.mean((one.share - one.served) ** 2 for one in asked)
    told = statistics.mean(one.share for one in asked)
    print(f"Brier {brier:.4f}, base {mean * (1 - mean):.4f}, mean told {told:.3f}, served {mean:.3f}")
    slow = max(one.milliseconds for one in asked)
    print(f"answer: median {statistics.median(one.milliseconds for one in asked):.2f} ms, slowest {slow:.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
