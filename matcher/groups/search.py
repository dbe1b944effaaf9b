"""The roster stage: mentors and open sessions, chosen goal by goal, with a proven bound for each goal.

Each goal is one integer program in which the goals above it keep the values of the best plan so far. Before it, the
linear relaxation gives a bound computed from prices; where the best plan reaches it already, nothing else is needed.
Every solution becomes a real plan at once: its roster, and the seats that the queue keeps on it.
"""

import time
from collections.abc import Sequence
from functools import cached_property

from matcher.control import OnProgress, Settings, Stop
from matcher.groups.facts import Facts
from matcher.groups.first import filled_up, first_roster
from matcher.groups.found import Found, Proof
from matcher.groups.goals import LinearGoal, class_goals, returning
from matcher.groups.milp import Optimiser
from matcher.groups.model import JointModel
from matcher.groups.placement import place
from matcher.groups.rules import RULES
from matcher.groups.stage import Stage, floor_rows

SHARES = {0: 0.4, 1: 0.8}
SHARE = 0.6
"""The part of the time left that one goal may take: by its number, and any other."""
LEAST = 0.03
"""Of a time limit, what is kept at least for what follows the search."""
FINISH = 25.0
"""How many times as long as the seats of a roster it takes to write, judge and explain a plan."""


class Search(Found):
    """Finds rosters for one problem and collects what is proven on the way."""

    def __init__(self, facts: Facts, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> None:
        super().__init__(facts, stop, on_progress)
        self.solver = Optimiser(stop.searching(), seed, settings)

    @cached_property
    def _by_pupil_with_rules(self) -> JointModel:
        return _with_rules(self.by_pupil)

    @cached_property
    def by_class(self) -> JointModel:
        """The joint model that tells pupils apart by class only: fewer columns, enough for the goals before `queue`."""
        return _with_rules(JointModel(self.facts, lambda p: self.facts.pupils[p].class_))

    @cached_property
    def _returning_only(self) -> JointModel:
        """The joint model in which only class 0 is counted: a fifth of the columns, nearly always enough for it."""
        class_of = [pupil.class_ for pupil in self.facts.pupils]
        return _with_rules(JointModel(self.facts, class_of.__getitem__, lambda p: class_of[p] == 0))

    @cached_property
    def _class_goals(self) -> Sequence[LinearGoal]:
        return class_goals(self.by_class)

    def run(self) -> None:
        """Go through the goals. Raises NoValidPlan when the fixed entries leave none."""
        try:
            self.consider(first_roster(self.facts))
            self._keep_time()
            for number in range(len(self.goals)):
                if self.best is None or self.solver.left() > 0:
                    self._improve(number)
        finally:
            self.solver.close()

    def certify(self, values: Sequence[int]) -> None:
        """Look for bounds of a plan that was not made by the goals themselves (`queue_first`), by relaxation."""
        for number, goal in enumerate(self.goals):
            known = any(proof.goal == number and self.covers(proof.floors, values) for proof in self.proofs)
            if not known and self.solver.left() > 0:
                model, goals = self._model_for(number)
                floors = tuple(values[:number])
                relaxed = self.solver.relax(model.with_rows(floor_rows(goals, floors)), goals[number])
                if relaxed.bound is not None:
                    self.proofs.append(Proof(number, floors, relaxed.bound, "lp"))
                    self.report(goal.name, values[number], relaxed.bound)

    def _model_for(self, number: int) -> tuple[JointModel, Sequence[LinearGoal]]:
        if number < len(self._class_goals):
            return self.by_class, self._class_goals
        return self._by_pupil_with_rules, self.goals

    def _improve(self, number: int) -> None:
        """One goal: its relaxation, the neighbourhoods of the best plan, then its integer program, until proven."""
        if number and self.best is None:
            return
        deadline = time.monotonic() + self._seconds(number)
        if number == 0:
            self._look(0, self._returning_only, [returning(self._returning_only)], deadline)
        if self.solver.left() > 0 and (number or not self._is_best(0)):
            self._look(number, *self._model_for(number), deadline)
        if self.best is not None:
            bound, _ = self.bound(number, self.best.values, ())
            self.report(self.goals[number].name, self.best.values[number], bound)

    def _is_best(self, number: int) -> bool:
        best = self.best
        return best is not None and self.bound(number, best.values, ())[0] == best.values[number]

    def _look(self, number: int, model: JointModel, goals: Sequence[LinearGoal], deadline: float) -> None:
        """The goal's stage in this model; mentors that it leaves aside are put to use for the goals after it."""
        stage = Stage(self, self.solver, model, goals, number, deadline)
        stage.relax()
        for look_further in (stage.search_neighbourhoods, stage.search_tree):
            if not stage.is_proven and self.solver.left() > 0:
                look_further()
                if self.best is not None and number == 0:
                    self.consider(filled_up(self.facts, self.best.roster, self.best.placement.seat))

    def _seconds(self, number: int) -> float:
        """How long this goal may take; the last goal may take all that is left."""
        return self.solver.left() * SHARES.get(number, 1.0 if number == len(self.goals) - 1 else SHARE)

    def _keep_time(self) -> None:
        """Keep time for what comes after the roster, by the time that placing pupils on a roster takes here."""
        if self.stop.seconds is not None and self.best is not None:
            started = time.monotonic()
            place(self.facts, self.best.roster)
            self.stop.keep(max(LEAST * self.stop.seconds, FINISH * (time.monotonic() - started)))


def _with_rules(model: JointModel) -> JointModel:
    for rule in RULES:
        rule(model)
    return model
