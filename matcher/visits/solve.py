"""Solves a visit problem: goal after goal, each with a value and a proven bound."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from matcher.control import OnProgress, Progress, Settings, Stop, echoed
from matcher.plan import BoundSource, Goal, VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.bound import no_prices, prove, scale_for
from matcher.visits.candidates import conflicts, fixed_engagements
from matcher.visits.chapter import begin, run_chapter
from matcher.visits.frame import Frame
from matcher.visits.goals import GOALS, LinearGoal
from matcher.visits.kept import Kept, Match
from matcher.visits.model import Values
from matcher.visits.parts import joined, parts_of, solve_parts
from matcher.visits.result import infeasible_plan, plan_of

CHAPTERS = (GOALS[:6], GOALS[6:8], GOALS[8:])
"""Goals that are relaxed together: who is served; by whom; and `spread`, whose columns are many, over what is left."""


def solve(problem: VisitProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> VisitPlan:
    """The best plan found and what is proven about it; not yet judged, reasons not yet given.

    Ends within about a second of the stop, with the best plan so far. `on_progress` hears every move of value or bound.
    """
    started = time.monotonic()
    if found := conflicts(fixed_engagements(problem)):
        return infeasible_plan(
            problem, found, seed=seed, settings=echoed(settings, stop), seconds=time.monotonic() - started
        )
    frame = Frame(problem)
    parts = parts_of(problem, frame.candidates, frame.units)
    if len(parts) > 1:
        plans = solve_parts(parts, stop=frame.searching(stop), seed=seed, settings=settings, on_progress=on_progress)
        plan = joined(problem, plans, partial(_plain_bound, frame))
        settled = replace(plan.certificate, settings=echoed(settings, stop), seconds=time.monotonic() - started)
        return replace(plan, certificate=settled)
    return solve_frame(frame, stop=stop, seed=seed, settings=settings, on_progress=on_progress)[0]


def solve_frame(
    frame: Frame,
    *,
    stop: Stop,
    seed: int,
    settings: Settings,
    on_progress: OnProgress,
    near: Kept | None = None,
    keep: bool = False,
) -> tuple[VisitPlan, Kept | None]:
    """As `solve`, in this process, for a problem whose fixed visits do not contradict each other.

    `near`: what was kept of a problem near this one. With `keep`, what helps with problems near it comes second.
    """
    model, hand = frame.model()
    match = None if near is None else Match(near, frame.problem, model)
    assigned = hand.filled(hand.standing(() if match is None else match.visits()))
    kept = Kept(frame.problem, model, assigned) if keep else None
    run = begin(model, stop=frame.searching(stop), seed=seed, settings=settings, match=match, kept=kept)

    def tell(name: str, value: int, bound: int) -> None:
        on_progress(Progress(name, value, bound, time.monotonic() - frame.started))

    done: list[tuple[LinearGoal, Goal]] = []
    sources: dict[str, BoundSource] = {}
    for chapter in CHAPTERS:
        linear = [goal_of(model, frame.season) for goal_of in chapter]
        reports = [partial(tell, goal.name) for goal in linear]
        for stage, reached in run_chapter(run, linear, assigned, reports):
            assigned = stage.assigned
            done.append((stage.goal, reached))
            sources[reached.name] = stage.source
        del stage  # the chapter's linear program takes the memory that the next one needs
    goals = [goal for _, goal in done]
    if any(goal.gap for goal in goals):
        assigned = hand.filled(assigned)
        goals = _recounted(done, model.complete(assigned))
        for goal in goals:
            tell(goal.name, goal.value, goal.bound)
    if kept is not None:
        kept.assigned = assigned
    said, seconds = echoed(settings, stop), time.monotonic() - frame.started
    plan = plan_of(
        frame.problem,
        frame.facts,
        model,
        assigned,
        goals,
        sources,
        seed=seed,
        settings=said,
        seconds=seconds,
        sha256=frame.sha256,
    )
    return plan, kept


def _plain_bound(frame: Frame, number: int) -> int:
    """What no plan at all can beat in this goal, whatever it reaches in others: each request looked at alone."""
    model, _ = frame.model()
    goal = [goal_of(model, frame.season) for goal_of in GOALS][number]
    gain = np.zeros(model.columns, dtype=np.int64)
    gain[: len(goal.worth)] = goal.gain
    return goal.value(prove(model, gain, scale_for(gain), no_prices(model)).whole)


def _recounted(done: Sequence[tuple[LinearGoal, Goal]], values: Values) -> list[Goal]:
    """The goals with the values of a fuller plan; bounds hold for it too, as no goal above has lost by it."""
    return [
        replace(goal, value=linear.value(int(linear.gain[np.flatnonzero(values[: len(linear.worth)])].sum())))
        for linear, goal in done
    ]
