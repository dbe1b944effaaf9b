"""Several goals in a row: relaxed together first, then proven one by one.

Where one more of a goal outweighs all that an exchange of visits can bring to the goals after it, the optimum of the
weighted sum is the optimum of goal after goal, and so is its basis: each goal's own prices come from it without another
step of the simplex method. The weights only say where to look. Should they be too low, a goal takes steps of its own,
and what is proven about each goal never depends on them.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matcher.control import Settings, Stop
from matcher.plan import Goal
from matcher.visits.goals import LinearGoal
from matcher.visits.kept import Basis, Kept, Match
from matcher.visits.model import Flags, Ints, Model
from matcher.visits.relaxation import Relaxation, RelaxationFailedError
from matcher.visits.running import Stopped
from matcher.visits.stage import Report, Stage

EXCHANGE = 4
"""Visits that may be given up or won for one more of a goal, as the weights have it."""
HEAVIEST = 1e9
"""Larger gains of one column would cost the linear program its precision."""


@dataclass(frozen=True)
class Run:
    """How goals are run: what every stage needs besides the goal; what a problem near by left, what is left here."""

    model: Model
    seed: int
    stop: Stop
    nodes: int | None
    match: Match | None = None
    kept: Kept | None = None

    def stage(self, goal: LinearGoal, assigned: Flags, report: Report, basis: Basis | None) -> Stage:
        """The goal's stage, with the prices that proved it near by."""
        prices = None if self.match is None else self.match.prices(goal.name)
        return Stage(self.model, goal, assigned, self.seed, self.stop, self.nodes, report, prices=prices, basis=basis)

    def keep(self, name: str, relaxation: Relaxation | None) -> None:
        """Where the chapter's relaxation ended first."""
        if self.kept is not None and relaxation is not None and relaxation.left is not None:
            self.kept.bases.setdefault(name, relaxation.left)


def run_chapter(
    run: Run, goals: Sequence[LinearGoal], assigned: Flags, reports: Sequence[Report]
) -> Iterator[tuple[Stage, Goal]]:
    """For each goal its stage, with the plan so far, and what it reached; settled before the next goal begins.

    Goals are relaxed together from the first one on that is not proven without. A stop is heard: the goals left are
    then yielded with the plan so far and the bounds that need no solver.
    """
    name, relaxation, blended = goals[0].name, None, False
    basis = None if run.match is None else run.match.basis(name)
    for number, (goal, report) in enumerate(zip(goals, reports, strict=True)):
        stage = run.stage(goal, assigned, report, basis)
        if not stage.proven and not blended and not run.stop.expired:
            blended = True
            assigned, relaxation = _blended(run, goals[number:], assigned, basis)
            stage.take(assigned)
            run.keep(name, relaxation)
        stage.relaxation = relaxation
        with contextlib.suppress(Stopped):
            stage.run()
        assigned, relaxation = stage.assigned, stage.relaxation
        run.keep(name, relaxation)
        if run.kept is not None:
            run.kept.prices[goal.name] = stage.proof.if_slack / stage.scale
        yield stage, stage.finish()


def begin(
    model: Model, *, stop: Stop, seed: int, settings: Settings, match: Match | None = None, kept: Kept | None = None
) -> Run:
    """How goals are run on a fresh model."""
    nodes = None if settings.deterministic_limit is None else max(1, int(settings.deterministic_limit))
    return Run(model, seed, stop, nodes, match, kept)


def _blended(
    run: Run, goals: Sequence[LinearGoal], assigned: Flags, basis: Basis | None
) -> tuple[Flags, Relaxation | None]:
    """The better plan of this one and one for the weighted sum, and the relaxation of that sum where there is one."""
    worth = _weighted(run.model, goals) if len(goals) > 1 else None
    if worth is None:
        return assigned, None
    stage = run.stage(LinearGoal("blend", "max", worth, 0), assigned, lambda value, bound: None, basis)
    try:
        stage.prepare()
    except (Stopped, RelaxationFailedError):
        stage = replace(stage, relaxation=None)
    plans = (assigned, stage.assigned)
    return max(plans, key=lambda plan: _gains(run.model, goals, plan)), stage.relaxation


def _weighted(model: Model, goals: Sequence[LinearGoal]) -> Ints | None:
    """Σ weight · gain of each column, a goal weighing more than `EXCHANGE` columns of all goals after it; or None."""
    worth, weight = np.zeros(model.columns, dtype=np.int64), 1
    for goal in reversed(goals):
        most = int(np.abs(goal.worth).max(initial=0))
        if weight * most > HEAVIEST:
            return None
        worth[: len(goal.worth)] += weight * goal.gain
        weight *= 1 + EXCHANGE * most
    return worth


def _gains(model: Model, goals: Sequence[LinearGoal], assigned: Flags) -> tuple[int, ...]:
    """What the plan gains for each goal, in their order."""
    ones = np.flatnonzero(model.complete(assigned))
    return tuple(int(goal.gain[ones[ones < len(goal.worth)]].sum()) for goal in goals)
