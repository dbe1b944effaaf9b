"""Solves a visit problem: goal after goal, each with a value and a proven bound."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from matcher.control import OnProgress, Progress, Settings, Stop, echoed
from matcher.eligibility import RoleModelFacts
from matcher.plan import BoundSource, Goal, VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.bound import no_prices, prove, scale_for
from matcher.visits.candidates import Busy, conflicts, find_candidates, fixed_engagements, room
from matcher.visits.chapter import run_chapter
from matcher.visits.goals import GOALS, LinearGoal, Season
from matcher.visits.model import Model, Values
from matcher.visits.parts import joined, parts_of, solve_parts
from matcher.visits.result import infeasible_plan, plan_of
from matcher.visits.rules import RULES, Surroundings, limit_groups
from matcher.visits.start import HandRule

CHAPTERS = (GOALS[:6], GOALS[6:8], GOALS[8:])
"""Goals that are relaxed together: who is served; by whom; and `spread`, whose columns are many, over what is left."""


def solve(problem: VisitProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> VisitPlan:
    """The best plan found and what is proven about it; not yet judged, reasons not yet given.

    Ends within about a second of the stop, with the best plan so far. `on_progress` hears every move of value or bound.
    """
    started = time.monotonic()
    busy = fixed_engagements(problem)
    if found := conflicts(busy):
        return infeasible_plan(
            problem, found, seed=seed, settings=echoed(settings, stop), seconds=time.monotonic() - started
        )
    frame = Frame(problem, busy)
    parts = parts_of(problem, frame.candidates, frame.units)
    if len(parts) > 1:
        plans = solve_parts(parts, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
        plan = joined(problem, plans, partial(_plain_bound, frame))
        settled = replace(plan.certificate, settings=echoed(settings, stop), seconds=time.monotonic() - started)
        return replace(plan, certificate=settled)
    return solve_frame(frame, stop=stop, seed=seed, settings=settings, on_progress=on_progress)


class Frame:
    """A problem with what is found before anything is decided: facts, limits, candidates."""

    def __init__(self, problem: VisitProblem, busy: tuple[Busy, ...]) -> None:
        self.started = time.monotonic()
        self.problem, self.facts = problem, RoleModelFacts(problem)
        self.season = Season(problem, self.facts, room(problem, busy))
        self.candidates, self.units = find_candidates(problem, self.facts, self.season.left)

    def model(self) -> tuple[Model, HandRule]:
        """Columns and rows of the problem, and the hand rule over them."""
        model, left = Model(self.candidates, self.units), self.season.left
        schools = tuple(self.facts.school_place(school.id) for school in self.problem.schools)
        around = Surroundings(limit_groups(model, left), schools, self.facts.times)
        for rule in RULES:
            rule(model, around)
        return model, HandRule(self.problem, model, around, left)


def solve_frame(frame: Frame, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> VisitPlan:
    """As `solve`, in this process, for a problem whose fixed visits do not contradict each other."""
    problem, facts, season, started = frame.problem, frame.facts, frame.season, frame.started
    model, hand = frame.model()
    nodes = None if settings.deterministic_limit is None else max(1, int(settings.deterministic_limit))

    def tell(name: str, value: int, bound: int) -> None:
        on_progress(Progress(name, value, bound, time.monotonic() - started))

    assigned = hand.filled(np.zeros(len(model.candidates.unit), dtype=np.bool_))
    done: list[tuple[LinearGoal, Goal]] = []
    sources: dict[str, BoundSource] = {}
    for chapter in CHAPTERS:
        linear = [goal_of(model, season) for goal_of in chapter]
        reports = [partial(tell, goal.name) for goal in linear]
        for stage, reached in run_chapter(model, linear, assigned, seed, stop, nodes, reports):
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
    seconds = time.monotonic() - started
    return plan_of(
        problem, facts, model, assigned, goals, sources, seed=seed, settings=echoed(settings, stop), seconds=seconds
    )


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
