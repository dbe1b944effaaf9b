"""How quickly a visit plan is repaired, and how far a season that rolls on drifts from a clean start.

    python -m tests.benchmarks.repair_visits [--requests 240] [--role-models 240] [--seeds 1 2 3]
                                             [--declines 100] [--events 20] [--rolling 100]

For each season and kind of event, after one preparation (`prepared`, seconds): processor milliseconds of the library
call, median, 95th and 99th of 100; `near` is the share decided around the change, without the whole season. Each
repaired plan is judged. Then random events in a row (declines, unavailability, withdrawn and new requests, limits), a
visit confirmed after every third: what the repaired plan reaches beside a clean solve of the last problem, and beside
one that is free to move the confirmed visits too. Exit 0 says that every plan is judged ok and that goals down to
`days_waited` were those of the clean solve.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from matcher.changes import Limits, Unavailable, VisitChanges
from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.plan import VisitPlan
from matcher.problem import Refusal, VisitProblem
from matcher.visits import repair_prepared
from matcher.visits.repair import repair_visits
from matcher.visits.repair_prepared import PreparedRepair
from matcher.visits.solve import solve
from tests.benchmarks.instances_visits import season
from tests.matcher.random_changes import random_visit_changes
from tests.matcher.test_repair_visits_rolling import with_one_confirmed

Event = Callable[[random.Random, VisitProblem, VisitPlan], VisitChanges]
HEAD = f"{'supply':>7} {'seed':>4} {'prepared':>8} | {'event':>12} | {'p50':>7} {'p95':>7} {'p99':>7} ms | near | judge"
UNTIL = 6
"""Goals down to `days_waited`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 when a plan was judged bad or a goal was not that of a clean solve."""
    parser = argparse.ArgumentParser(description="Repairs of visit plans")
    parser.add_argument("--requests", type=int, default=240)
    parser.add_argument("--role-models", type=int, default=240)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--declines", type=int, default=100)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--rolling", type=int, default=100)
    chosen = parser.parse_args(arguments)
    print(f"visits: {chosen.requests} requests, {chosen.role_models} role models")
    print(HEAD)
    kept = True
    for supply in ("ample", "scarce"):
        for seed in chosen.seeds:
            problem = season(chosen.requests, chosen.role_models, seed, scarce=supply == "scarce")
            kept &= _season(f"{supply:>7} {seed:>4}", problem, chosen.declines, chosen.events)
    for seed in chosen.seeds if chosen.rolling else ():
        kept &= _roll(season(chosen.requests, chosen.role_models, seed), seed, chosen.rolling)
    return 0 if kept else 1


def _solved(problem: VisitProblem) -> VisitPlan:
    return solve(problem, stop=Stop(), seed=1, settings=Settings(), on_progress=no_progress)


def _decline(rng: random.Random, _: VisitProblem, plan: VisitPlan) -> VisitChanges:
    visit = rng.choice(plan.visits)
    return VisitChanges(refused=(Refusal(role_model=rng.choice(visit.role_models).id, request=visit.request),))


def _away(rng: random.Random, problem: VisitProblem, plan: VisitPlan) -> VisitChanges:
    person = rng.choice(rng.choice(plan.visits).role_models).id
    free = next(one for one in problem.role_models if one.id == person).free
    return VisitChanges(unavailable=(Unavailable(role_model=person, start=free[0].start, end=free[-1].end),))


def _withdrawn(rng: random.Random, _: VisitProblem, plan: VisitPlan) -> VisitChanges:
    return VisitChanges(cancelled=(rng.choice(plan.visits).request,))


def _new(rng: random.Random, problem: VisitProblem, _: VisitPlan) -> VisitChanges:
    return VisitChanges(requests=(replace(rng.choice(problem.requests), id="one-more"),))


def _limit(rng: random.Random, _: VisitProblem, plan: VisitPlan) -> VisitChanges:
    return VisitChanges(limits=(Limits(role_model=rng.choice(plan.visits).role_models[0].id, max_per_term=0),))


EVENTS: dict[str, Event] = {
    "decline": _decline, "person away": _away, "withdrawn": _withdrawn, "new request": _new, "limit": _limit,
}  # fmt: skip


def _counted() -> list[object]:
    """A list that grows by one whenever a prepared repair asks for the whole season."""
    whole: list[object] = []

    def counting(*arguments: Any, **named: Any) -> tuple[VisitProblem, VisitPlan]:
        whole.append(arguments[2])
        return repair_visits(*arguments, **named)

    repair_prepared.repair_visits = counting
    return whole


def _season(label: str, problem: VisitProblem, declines: int, events: int) -> bool:
    """Print a row for each kind of event; is every plan judged ok?"""
    plan = _solved(problem)
    started = time.process_time()
    prepared = PreparedRepair(problem, plan)
    seconds = time.process_time() - started
    sound, whole = True, _counted()
    for name, event in EVENTS.items():
        times, near, broken = [], 0, set[str]()
        for number in range(declines if name == "decline" else events):
            changes = event(random.Random(f"{name}-{number}"), problem, plan)
            calls = len(whole)
            started = time.process_time()
            changed, repaired = prepared.repair(changes)
            times.append(1000 * (time.process_time() - started))
            near += calls == len(whole)
            broken |= {violation.code for violation in check(changed, repaired)} - {"unserved"}
        times.sort()
        p50, p95, p99 = (times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.95, 0.99))
        print(
            f"{label} {seconds:>8.1f} | {name:>12} | {p50:>7.1f} {p95:>7.1f} {p99:>7.1f} ms |"
            f" {near / len(times):>4.0%} | {' '.join(sorted(broken)) or 'ok'}",
            flush=True,
        )
        sound &= not broken
    return sound


def _roll(problem: VisitProblem, seed: int, events: int) -> bool:
    """Print the drift after so many events; is every plan judged ok and as good as a clean solve?"""
    rng = random.Random(f"roll-{seed}")
    plan, moved, broken = _solved(problem), 0, set[str]()
    for event in range(events):
        problem, plan = repair_visits(problem, plan, random_visit_changes(rng, problem, plan, 1))
        moved += len(plan.moved) + len(plan.dropped)
        broken |= {violation.code for violation in check(problem, plan)} - {"unserved"}
        if event % 3 == 0 and event + 1 < events:
            problem, plan = with_one_confirmed(rng, problem, plan)
    clean, free = _solved(problem), _solved(replace(problem, fixed=()))
    print(f"rolling, seed {seed}: {events} events, {moved} visits moved, {len(problem.fixed)} confirmed", end=", ")
    print(" ".join(sorted(broken)) or "every plan judged ok")
    for goal, anew, unbound in zip(plan.goals, clean.goals, free.goals, strict=True):
        print(f"  {goal.name:>14}: {goal.value:>7}, clean solve {anew.value:>7}, nothing confirmed {unbound.value:>7}")
    same = [goal.value for goal in plan.goals[:UNTIL]] == [goal.value for goal in clean.goals[:UNTIL]]
    return same and not broken


if __name__ == "__main__":
    sys.exit(main())
