"""How fast and how gently a season of study groups is repaired: one event of each kind at a time, and a rolling season.

    python -m tests.benchmarks.repair_groups [--seed 1] [--seconds 60] [--mentors 330] [--events 300] [--again 5]
    python -m tests.benchmarks.repair_groups --rolling 1000 [--pupils 240] [--mentors 22]

First a plan of the season is solved (or read: --plan, after --keep of an earlier run). Then each event is asked of it
alone: milliseconds are CPU time of the answer, after one preparation. `exact`: answers that are proven best. `--again`
solves the new problem of so many events of each kind afresh and compares the goals down to `queue`. In the rolling
season each event comes after all before it, and every plan is judged; the drift is what a fresh plan, without anything
fixed, would serve more in the end.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from matcher.changes import Absent, GroupChanges, Seats
from matcher.check import check
from matcher.check_repair import based_on
from matcher.control import Settings, Stop, no_progress
from matcher.groups.repair import Outcome, Prepared
from matcher.groups.repair_plan import repair_groups
from matcher.groups.solve import solve
from matcher.plan import GroupPlan, load_plan, to_json
from matcher.problem import GroupProblem
from tests.benchmarks.instances_groups import national

Event = Callable[[random.Random, GroupProblem, GroupPlan], GroupChanges]


def decline(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """A pupil with a seat leaves."""
    served = sorted(pupil for entry in plan.sessions for mentor in entry.mentors for pupil in mentor.pupils)
    return GroupChanges(left=(rng.choice(served),))


def newcomer(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """Somebody like one of the pupils joins."""
    pupil = rng.choice(problem.pupils)
    return GroupChanges(pupils=(replace(pupil, id=f"new-{rng.getrandbits(60)}", lottery=rng.randint(1, 10**6)),))


def absence(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """A mentor can no longer stand in one of their sessions."""
    stands = [(mentor.id, entry.session) for entry in plan.sessions for mentor in entry.mentors]
    mentor, session = rng.choice(stands)
    return GroupChanges(absent=(Absent(mentor=mentor, session=session),))


def mentor_gone(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """A mentor stops."""
    mentors = sorted({mentor.id for entry in plan.sessions for mentor in entry.mentors})
    return GroupChanges(absent=(Absent(mentor=rng.choice(mentors)),))


def lost_session(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """A session is cancelled."""
    return GroupChanges(cancelled_sessions=(rng.choice([entry.session for entry in plan.sessions]),))


def other_room(rng: random.Random, problem: GroupProblem, plan: GroupPlan) -> GroupChanges:
    """A session gets a smaller or a larger room."""
    session = rng.choice(problem.sessions)
    return GroupChanges(seats=(Seats(session=session.id, seats=max(0, session.seats + rng.randint(-10, 10))),))


EVENTS: tuple[Event, ...] = (decline, newcomer, absence, mentor_gone, lost_session, other_room)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 when a plan was judged bad or a full solve did better."""
    parser = argparse.ArgumentParser(description="Repairs of study groups")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pupils", type=int, default=4267)
    parser.add_argument("--mentors", type=int, default=330)
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--again", type=int, default=0)
    parser.add_argument("--rolling", type=int, default=0)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args(arguments)
    problem = national(chosen.seed, pupils=chosen.pupils, mentors=chosen.mentors)
    plan = load_plan(chosen.plan.read_bytes()) if chosen.plan else _solved(problem, chosen.seconds)
    assert isinstance(plan, GroupPlan)
    if chosen.keep:
        chosen.keep.write_text(json.dumps(to_json(plan)), encoding="utf-8")
    served = next(goal for goal in plan.goals if goal.name == "served")
    print(f"season {chosen.seed}: {chosen.pupils} pupils, {chosen.mentors} mentors, {served.value} served")
    if chosen.rolling:
        return rolling(problem, plan, chosen.rolling, chosen.seconds)
    return one_by_one(problem, plan, chosen)


def _solved(problem: GroupProblem, seconds: float | None) -> GroupPlan:
    return solve(problem, stop=Stop(seconds), seed=1, settings=Settings(), on_progress=no_progress)


def one_by_one(problem: GroupProblem, plan: GroupPlan, chosen: argparse.Namespace) -> int:
    """A table with a row for each kind of event."""
    started = time.process_time()
    prepared = Prepared(problem, plan)
    print(f"prepared in {time.process_time() - started:.2f} s")
    print(
        f"{'event':>12} | {'p50 ms':>7} {'p99 ms':>7} {'most':>7} | moved p50 p99 most | dropped | new stands | exact"
    )
    worse = 0
    for event in EVENTS:
        rng = random.Random(f"{event.__name__}-{chosen.seed}")
        asked = [event(rng, problem, plan) for _ in range(chosen.events)]
        rows = [_ask(prepared, changes) for changes in asked]
        spent = sorted(1000 * seconds for seconds, _ in rows)
        moved = sorted(_moved(plan, outcome) for _, outcome in rows)
        dropped = [
            _dropped(plan, outcome) - set(changes.left) for changes, (_, outcome) in zip(asked, rows, strict=True)
        ]
        exact = sum(outcome.values == outcome.bounds for _, outcome in rows)
        print(
            f"{event.__name__:>12} | {_at(spent, 0.5):7.1f} {_at(spent, 0.99):7.1f} {spent[-1]:7.1f} |"
            f" {_at(moved, 0.5):9} {_at(moved, 0.99):3} {moved[-1]:4} |"
            f" {statistics.mean(map(len, dropped)):7.2f} |"
            f" {statistics.mean(_new_stands(plan, outcome) for _, outcome in rows):10.2f} | {exact} of {len(rows)}",
            flush=True,
        )
        worse += sum(_is_worse(problem, plan, changes) for changes in asked[: chosen.again])
    if chosen.again:
        print(f"full solves of the new problem that did better: {worse} of {chosen.again * len(EVENTS)}")
    return 1 if worse else 0


def _ask(prepared: Prepared, changes: GroupChanges) -> tuple[float, Outcome]:
    started = time.process_time()
    outcome = prepared.outcome(changes)
    return time.process_time() - started, outcome


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def _was_in(plan: GroupPlan) -> dict[str, str]:
    return {pupil: entry.session for entry in plan.sessions for mentor in entry.mentors for pupil in mentor.pupils}


def _moved(plan: GroupPlan, outcome: Outcome) -> int:
    return sum(outcome.seat.get(pupil, session) != session for pupil, session in _was_in(plan).items())


def _dropped(plan: GroupPlan, outcome: Outcome) -> set[str]:
    return {pupil for pupil in _was_in(plan) if pupil not in outcome.seat}


def _new_stands(plan: GroupPlan, outcome: Outcome) -> int:
    old = {(mentor.id, entry.session) for entry in plan.sessions for mentor in entry.mentors}
    return len({(mentor, session) for session, mentors in outcome.stands.items() for mentor in mentors} - old)


def _is_worse(problem: GroupProblem, plan: GroupPlan, changes: GroupChanges) -> bool:
    """A full solve of the repaired problem reaches more in the goals down to `queue`."""
    after, repaired = _repaired(problem, plan, changes)
    fresh = _solved(after, 60.0)
    return [goal.value for goal in repaired.goals][:-4] < [goal.value for goal in fresh.goals][:-4]


def _repaired(problem: GroupProblem, plan: GroupPlan, changes: GroupChanges) -> tuple[GroupProblem, GroupPlan]:
    after, repaired = repair_groups(
        problem, plan, changes, stop=Stop(60.0), seed=1, settings=Settings(), on_progress=no_progress
    )
    broken = [*check(after, repaired), *based_on(plan, repaired)]
    assert not broken, broken
    return after, repaired


def rolling(problem: GroupProblem, plan: GroupPlan, events: int, seconds: float) -> int:
    """Event after event, each plan judged; what a fresh plan would serve more in the end."""
    rng = random.Random(f"rolling-{events}")
    weights = (48, 48, 2, 0.3, 0.3, 1.4)
    moved = dropped = 0
    spent = time.process_time()
    for number in range(1, events + 1):
        event = rng.choices(EVENTS, weights)[0]
        if plan.sessions:
            problem, plan = _repaired(problem, plan, event(rng, problem, plan))
            moved, dropped = moved + len(plan.moved), dropped + len(plan.dropped)
        if number % max(1, events // 5) == 0:
            served = next(goal.value for goal in plan.goals if goal.name == "served")
            anew = next(goal for goal in _solved(replace_fixed(problem), seconds).goals if goal.name == "served")
            print(
                f"{number:>5} events | served {served}, anew {anew.value} (at most {anew.bound}), drift"
                f" {100 * (anew.value - served) / max(1, anew.value):.1f} % | moved {moved}, dropped {dropped} in all",
                flush=True,
            )
    print(f"every plan judged ok; {(time.process_time() - spent) / events:.2f} s an event with judge and files")
    return 0


def replace_fixed(problem: GroupProblem) -> GroupProblem:
    """The problem with nothing fixed, as a clean solve would see it."""
    return replace(problem, fixed=type(problem.fixed)())


if __name__ == "__main__":
    sys.exit(main())
