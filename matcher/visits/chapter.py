"""Several goals in a row: relaxed together first, then proven one by one.

Where one more of a goal outweighs all that an exchange of visits can bring to the goals after it, the optimum of the
weighted sum is the optimum of goal after goal, and so is its basis: each goal's own prices come from it without another
step of the simplex method. The weights only say where to look. Should they be too low, a goal takes steps of its own,
and what is proven about each goal never depends on them.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from matcher.control import Stop
from matcher.plan import Goal
from matcher.visits.goals import LinearGoal
from matcher.visits.model import Flags, Ints, Model
from matcher.visits.relaxation import Relaxation, RelaxationFailedError
from matcher.visits.running import Stopped
from matcher.visits.stage import Report, Stage

EXCHANGE = 4
"""Visits that may be given up or won for one more of a goal, as the weights have it."""
HEAVIEST = 1e9
"""Larger gains of one column would cost the linear program its precision."""


def run_chapter(
    model: Model,
    goals: Sequence[LinearGoal],
    assigned: Flags,
    seed: int,
    stop: Stop,
    nodes: int | None,
    reports: Sequence[Report],
) -> Iterator[tuple[Stage, Goal]]:
    """For each goal its stage, with the plan so far, and what it reached; settled before the next goal begins.

    A stop is heard: the goals left are then yielded with the plan so far and the bounds that need no solver.
    """
    assigned, relaxation = _blended(model, goals, assigned, seed, stop, nodes)
    for goal, report in zip(goals, reports, strict=True):
        stage = Stage(model, goal, assigned, seed, stop, nodes, report, relaxation=relaxation)
        with contextlib.suppress(Stopped):
            stage.run()
        assigned, relaxation = stage.assigned, stage.relaxation
        yield stage, stage.finish()


def _blended(
    model: Model, goals: Sequence[LinearGoal], assigned: Flags, seed: int, stop: Stop, nodes: int | None
) -> tuple[Flags, Relaxation | None]:
    """The better plan of this one and one for the weighted sum, and the relaxation of that sum where there is one."""
    worth = _weighted(model, goals) if len(goals) > 1 else None
    if worth is None:
        return assigned, None
    blend = LinearGoal("blend", "max", worth, 0)
    stage = Stage(model, blend, assigned, seed, stop, nodes, lambda value, bound: None)
    try:
        stage.prepare()
    except (Stopped, RelaxationFailedError):
        stage = replace(stage, relaxation=None)
    plans = (assigned, stage.assigned)
    return max(plans, key=lambda plan: _gains(model, goals, plan)), stage.relaxation


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
