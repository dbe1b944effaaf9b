"""A repair over the whole season: goal after goal as in a first solve, with `moved` between `days_waited` and `wishes`.

It takes as long as a solve and needs nothing prepared; matcher/visits/repair.py asks it where no shorter way is proven.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from matcher.control import OnProgress, Progress, Settings, Stop
from matcher.plan import BoundSource, Goal, Visit
from matcher.visits.bound import no_prices, prove
from matcher.visits.chapter import Run, begin, run_chapter
from matcher.visits.frame import Frame
from matcher.visits.goals import GOALS, LinearGoal
from matcher.visits.kept import Kept, Match
from matcher.visits.model import Flags, Model, Values
from matcher.visits.repair_goal import columns_of_visits, moved
from matcher.visits.stage import Stage

UNTIL_MOVED = GOALS[:6]
"""Goals that are worth moving visits for: priority .. days_waited."""
AFTER_MOVED = GOALS[6:]


@dataclass(frozen=True)
class Repaired:
    """A plan as columns of its model, its goals without `moved`, what was proven about `moved`, and what was kept."""

    model: Model
    assigned: Flags
    goals: tuple[Goal, ...]
    sources: dict[str, BoundSource]
    moved: Goal
    kept: Kept | None


class Stages:
    """Runs goals one after the other on one model, each from the plan of the one before."""

    def __init__(self, run: Run, assigned: Flags, on_progress: OnProgress) -> None:
        self.model, self.assigned = run.model, assigned
        self._run = run
        self._started, self._on_progress = time.monotonic(), on_progress
        self.done: list[tuple[LinearGoal, Stage]] = []
        self.proven = True

    def run(self, goals: Sequence[LinearGoal]) -> None:
        """The best plan for these goals that keeps what those before them reached, and what is proven about each."""
        reports = [partial(self._tell, goal.name) for goal in goals]
        for stage, reached in run_chapter(self._run, goals, self.assigned, reports):
            self.assigned = stage.assigned
            self.proven &= reached.gap == 0
            self.done.append((stage.goal, stage))

    def _tell(self, name: str, value: int, bound: int) -> None:
        self._on_progress(Progress(name, value, bound, time.monotonic() - self._started))


def repair_by_stages(
    frame: Frame,
    visits: Sequence[Visit],
    *,
    stop: Stop,
    seed: int,
    settings: Settings,
    on_progress: OnProgress,
    near: Kept | None = None,
    keep: bool = False,
) -> Repaired:
    """The best plan of the frame's problem that moves the fewest of these visits, each step proven.

    `near`: what was kept of a repair near this one; with `keep` this one keeps what helps with others.

    Bounds of goals before `moved` are those of a full solve. Those after it hold for every plan that reaches the goals
    before it, however many visits it moves, so that a gap there is the price of moving few.
    """
    model, hand = frame.model()
    standing = columns_of_visits(model, frame.problem, visits)
    assigned = hand.standing(columns.tolist() for columns in standing if columns is not None)
    match = None if near is None else Match(near, frame.problem, model)
    kept = Kept(frame.problem, model, assigned) if keep else None
    run = begin(model, stop=frame.searching(stop), seed=seed, settings=settings, match=match, kept=kept)
    stages = Stages(run, hand.filled(assigned), on_progress)
    stages.run([goal_of(model, frame.season) for goal_of in UNTIL_MOVED])
    with _decisions_forgotten(model):
        fewest = moved(model, standing)
        stages.run([fewest, *(goal_of(model, frame.season) for goal_of in AFTER_MOVED)])
    assigned = stages.assigned
    if not stages.proven:
        assigned = hand.filled(assigned)
    before, (fewest, stage), after = stages.done[:6], stages.done[6], stages.done[7:]
    values = model.complete(assigned)
    goals = [_goal(linear, values, stage.bound) for linear, stage in before]
    goals += [_goal(linear, values, _bound_without_moved(model, linear, stage)) for linear, stage in after]
    sources: dict[str, BoundSource] = {linear.name: stage.source for linear, stage in before}
    return Repaired(
        model=model,
        assigned=assigned,
        goals=tuple(goals),
        sources=sources | {linear.name: "lp" for linear, _ in after},
        moved=_goal(fewest, values, stage.bound),
        kept=kept,
    )


@contextmanager
def _decisions_forgotten(model: Model) -> Iterator[None]:
    """What is decided inside about columns and rows is forgotten at the end; rows and columns added inside stay."""
    alive, ones = model.alive.copy(), model.fixed_to_one.copy()
    tight, lazy = model.tight.copy(), model.lazy.copy()
    try:
        yield
    finally:
        for flags, kept in ((model.alive, alive), (model.fixed_to_one, ones), (model.tight, tight), (model.lazy, lazy)):
            flags[: len(kept)] = kept
        model.alive[len(alive) :] = True
        model.fixed_to_one[len(alive) :] = False
        model.tight[len(tight) :] = False


def _goal(linear: LinearGoal, values: Values, bound: int) -> Goal:
    gained = int(linear.gain[np.flatnonzero(values[: len(linear.worth)])].sum())
    return Goal(name=linear.name, sense=linear.sense, value=linear.value(gained), bound=linear.value(bound))


def _bound_without_moved(model: Model, linear: LinearGoal, stage: Stage) -> int:
    """The most this goal gains in any plan that reaches the goals before `moved`: the stage's prices asked again.

    Rows of goals (`moved` and those after it) and of cases (`total`) are not rules of the season: they get no price.
    """
    gain = np.zeros(model.columns, dtype=np.int64)
    gain[: len(linear.gain)] = linear.gain
    prices = np.zeros(model.rows)
    prices[: len(stage.proof.if_slack)] = stage.proof.if_slack / stage.scale
    names = {goal.__name__ for goal in AFTER_MOVED[:-1]} | {"moved", "total"}
    prices[[code in names for code in model.codes]] = 0
    proofs = [prove(model, gain, stage.scale, asked) for asked in (prices, no_prices(model))]
    return min(proof.whole for proof in proofs)
