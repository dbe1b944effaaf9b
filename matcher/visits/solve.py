"""Solves a visit problem: goal after goal, each with a value and a proven bound."""

import contextlib
import time

from matcher.control import OnProgress, Progress, Settings, Stop
from matcher.eligibility import RoleModelFacts
from matcher.plan import BoundSource, Goal, VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.candidates import conflicts, find_candidates, fixed_engagements, room
from matcher.visits.goals import GOALS, Season
from matcher.visits.model import Flags, Model
from matcher.visits.result import infeasible_plan, plan_of
from matcher.visits.rules import RULES, Surroundings, limit_groups
from matcher.visits.running import Stopped
from matcher.visits.stage import Stage
from matcher.visits.start import first_plan


def solve(problem: VisitProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> VisitPlan:
    """The best plan found and what is proven about it; not yet judged, reasons not yet given.

    Ends within about a second of the stop, with the best plan so far. `on_progress` hears every move of value or bound.
    """
    started = time.monotonic()
    busy = fixed_engagements(problem)
    if found := conflicts(busy):
        return infeasible_plan(problem, found, seed=seed, settings=settings, seconds=time.monotonic() - started)
    facts = RoleModelFacts(problem)
    season = Season(problem, facts, room(problem, busy))
    model, assigned = _model_and_first_plan(season)
    nodes = None if settings.deterministic_limit is None else max(1, int(settings.deterministic_limit))
    goals: list[Goal] = []
    sources: dict[str, BoundSource] = {}
    for goal_of in GOALS:
        goal = goal_of(model, season)

        def report(value: int, bound: int, name: str = goal.name) -> None:
            on_progress(Progress(name, value, bound, time.monotonic() - started))

        stage = Stage(model, goal, assigned, seed, stop, nodes, report)
        with contextlib.suppress(Stopped):
            stage.run()
        assigned = stage.assigned
        goals.append(stage.finish())
        sources[goal.name] = stage.source
        assert model.is_valid(model.complete(assigned)), f"the plan does not keep what was settled after {goal.name}"
    seconds = time.monotonic() - started
    return plan_of(problem, facts, model, assigned, goals, sources, seed=seed, settings=settings, seconds=seconds)


def _model_and_first_plan(season: Season) -> tuple[Model, Flags]:
    """Columns and rows of the problem, and the candidates of a valid plan."""
    problem, facts = season.problem, season.facts
    model = Model(*find_candidates(problem, facts, season.left))
    schools = tuple(facts.school_place(school.id) for school in problem.schools)
    around = Surroundings(limit_groups(model, season.left), schools, facts.times)
    for rule in RULES:
        rule(model, around)
    return model, first_plan(problem, model, around, season.left)
