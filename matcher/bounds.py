"""Stated bounds looked at again: confirmed, refuted, or left open.

The bound of a goal holds over all valid plans that reach the stated values of the goals before it. A fresh solve gives
a judged plan with bounds of its own, and for each stated goal

- the stated bound is false when the fresh plan reaches all stated values before it and is better than the bound;
- it is confirmed when every fresh value before it is no better than the stated one, so that the fresh bound holds over
  at least as many plans, and the fresh bound is at least as tight;
- else it is open: the time was too short.

`choices` and `continuity` of study groups hold for the plan's own roster, and are replayed on it. What the plan tells
beside its goals is looked for again, and a sample of it tried (`bounds_told`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from matcher.bounds_told import Told, look_again, try_told
from matcher.control import SEEDS, OnProgress, Settings, Stop
from matcher.plan import Goal, GroupPlan, Plan
from matcher.problem import GroupProblem, Problem
from matcher.solve import solve

State = Literal["confirmed", "refuted", "open"]
ON_ITS_ROSTER = ("choices", "continuity")


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one stated bound.

    `goal` is "status" for the claim that no valid plan exists, "smallest_change" or "bottlenecks" for what is told.
    """

    goal: str
    state: State
    message: str


def find(problem: Problem, plan: Plan, *, stop: Stop, on_progress: OnProgress) -> list[Finding]:
    """A finding for each goal of a plan in which the judge finds no broken rule, in the order of the goals.

    Solves afresh until `stop`, with the seed and settings of the certificate. Raises RefusedPlan as `solve` does.
    """
    if plan.status == "unknown":
        return []
    certificate = plan.certificate
    seed = certificate.seed % SEEDS
    fresh = solve(problem, stop=stop, seed=seed, settings=_settings(certificate.settings), on_progress=on_progress)
    if plan.status == "infeasible":
        return [_infeasible(fresh)]
    told = [*look_again(problem, plan, stop), *try_told(problem, plan, stop)]
    return [*_of_all_plans(plan, fresh), *_of_its_roster(problem, plan), *_of_told(told)]


def _settings(echoed: Mapping[str, Any]) -> Settings:
    """The settings that a certificate repeats; the usual ones where it says nothing that can be used."""
    try:
        return Settings(**{name: echoed[name] for name in ("workers", "deterministic_limit") if name in echoed})
    except (TypeError, ValueError):
        return Settings()


def _infeasible(fresh: Plan) -> Finding:
    match fresh.status:
        case "infeasible":
            return Finding("status", "confirmed", "no valid plan exists, as a fresh solve finds too")
        case "unknown":
            return Finding("status", "open", "infeasible is neither confirmed nor refuted in the time given")
        case _:
            return Finding("status", "refuted", "infeasible is false: there is a judged plan")


def _of_all_plans(plan: Plan, fresh: Plan) -> Iterator[Finding]:
    """Goal by goal against the fresh plan; `reaches`: it has all values before, `covers`: it has nothing better."""
    found = {goal.name: goal for goal in fresh.goals}
    reaches = covers = True
    for goal in plan.goals:
        if goal.name in ON_ITS_ROSTER:
            continue
        if goal.name not in found:
            yield Finding(goal.name, "open", f"bound {goal.bound} is not confirmed: the fresh solve found no plan")
            continue
        again = found[goal.name]
        yield _finding(goal, again, reaches=reaches, covers=covers)
        sign = 1 if goal.sense == "max" else -1
        reaches &= sign * again.value >= sign * goal.value
        covers &= sign * again.value <= sign * goal.value


def _finding(goal: Goal, again: Goal, *, reaches: bool, covers: bool) -> Finding:
    sign = 1 if goal.sense == "max" else -1
    if reaches and sign * again.value > sign * goal.bound:
        return Finding(goal.name, "refuted", f"bound {goal.bound} is false: a judged plan reaches {again.value}")
    if covers and sign * again.bound <= sign * goal.bound:
        return Finding(goal.name, "confirmed", f"bound {goal.bound} is confirmed by a fresh solve")
    if not covers:
        why = "the fresh plan is better in a goal before it, and its bound holds over fewer plans"
        return Finding(goal.name, "open", f"bound {goal.bound} is not confirmed: {why}")
    why = f"the fresh solve proved {again.bound}"
    return Finding(goal.name, "open", f"bound {goal.bound} is not confirmed in the time given: {why}")


def _of_its_roster(problem: Problem, plan: Plan) -> Iterator[Finding]:
    """`choices` and `continuity`, by replay and flow on the plan's mentors and open sessions."""
    if not isinstance(problem, GroupProblem) or not isinstance(plan, GroupPlan):
        return
    best = _replayed(problem, plan)
    for goal in plan.goals:
        if goal.name in ON_ITS_ROSTER:
            sign = 1 if goal.sense == "max" else -1
            if sign * best[goal.name] > sign * goal.bound:
                message = f"bound {goal.bound} is false: the plan's own roster allows {best[goal.name]}"
                yield Finding(goal.name, "refuted", message)
            else:
                yield Finding(goal.name, "confirmed", f"bound {goal.bound} is confirmed by replay on the plan's roster")


def _replayed(problem: GroupProblem, plan: GroupPlan) -> dict[str, int]:
    """The values that the choice rule and the contact mentors give on the plan's roster.

    The modules of the solver load OR-Tools, so they are imported only when they are used.
    """
    from matcher.groups import goals
    from matcher.groups.contacts import contacts
    from matcher.groups.facts import Facts
    from matcher.groups.queue_order import take_choices, take_seats
    from matcher.groups.rooms import placement_of, standing

    facts = Facts(problem)
    now = standing(facts, plan)
    placement = placement_of(facts, now.roster, now.seat, now.contact)
    take = take_seats if problem.rules.placement == "queue_first" else take_choices
    again = take(facts, now.roster, placement)
    return {
        "choices": goals.choices(facts, again),
        "continuity": goals.continuity(facts, contacts(facts, now.roster, now.seat)),
    }


def _of_told(told: list[Told]) -> Iterator[Finding]:
    """One finding for what is told of each kind, by the worst of what was tried."""
    for what in sorted({one.what for one in told}):
        holds: dict[str, set[bool | None]] = defaultdict(set)
        for one in told:
            if one.what == what:
                holds[one.of].add(one.holds)
        wrong = sorted(of for of, verdicts in holds.items() if False in verdicts)
        still_open = sum(None in verdicts for verdicts in holds.values())
        if wrong:
            yield Finding(what, "refuted", f"what is told of {', '.join(wrong)} is false by a fresh solve")
        elif still_open:
            message = f"what is told of {still_open} of {len(holds)} is not confirmed in the time given"
            yield Finding(what, "open", message)
        else:
            yield Finding(what, "confirmed", f"what is told of {len(holds)} is confirmed by fresh solves")
