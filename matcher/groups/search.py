"""The roster stage: mentors and open sessions, chosen goal by goal, with a proven bound for each goal.

Each goal is one integer program in which the goals above it keep the values of the best plan so far. Before it, the
linear relaxation gives a bound computed from prices; where the best plan reaches it already, nothing else is needed.
Every solution becomes a real plan at once: its roster, and the seats that the queue keeps on it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from matcher.control import OnProgress, Progress, Settings, Stop
from matcher.groups.facts import Facts
from matcher.groups.first import filled_up, first_roster
from matcher.groups.goals import LinearGoal, class_goals, roster_goals
from matcher.groups.linear import INFINITE, Row, Values
from matcher.groups.milp import Optimiser, whole_bound
from matcher.groups.model import JointModel, roster_of
from matcher.groups.placement import place
from matcher.groups.rooms import Placement
from matcher.groups.roster import Roster, is_valid
from matcher.groups.rules import RULES
from matcher.plan import BoundSource

SHARE = 0.6
"""The part of the time left that one goal's integer program may take."""
LEAST_RESERVE, MOST_RESERVE = 0.03, 0.5
"""The part of the time limit kept for choices and contact mentors."""
FINISH = 5.0
"""How many times as long as the seats of a roster these take."""


class NoValidPlan(Exception):
    """The fixed entries leave no valid plan."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A valid plan before choices and contact mentors; `values` of the roster goals in order."""

    roster: Roster
    placement: Placement
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A bound of goal number `goal` over all plans that reach `floors`, the values of the goals before it."""

    goal: int
    floors: tuple[int, ...]
    bound: int
    source: BoundSource


class Search:
    """Finds rosters for one problem and collects what is proven on the way."""

    def __init__(self, facts: Facts, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> None:
        self.facts = facts
        self.stop = stop
        self.solver = Optimiser(stop, seed, settings)
        self.on_progress = on_progress
        self.best: Candidate | None = None
        self.proofs: list[Proof] = []

    @cached_property
    def by_pupil(self) -> JointModel:
        """The joint model that tells every pupil apart."""
        return _with_rules(JointModel(self.facts, lambda p: p))

    @cached_property
    def by_class(self) -> JointModel:
        """The joint model that tells pupils apart by class only: fewer columns, enough for the goals before `queue`."""
        return _with_rules(JointModel(self.facts, lambda p: self.facts.pupils[p].class_))

    @cached_property
    def goals(self) -> Sequence[LinearGoal]:
        """The roster goals over `by_pupil`."""
        return roster_goals(self.by_pupil)

    @cached_property
    def _class_goals(self) -> Sequence[LinearGoal]:
        return class_goals(self.by_class)

    def run(self) -> None:
        """Go through the goals. Raises NoValidPlan when the fixed entries leave none."""
        self._consider(first_roster(self.facts))
        self._keep_reserve()
        for number in range(len(self.goals)):
            self._improve(number)

    def bound(self, number: int, values: Sequence[int], highest: Sequence[int]) -> tuple[int, BoundSource]:
        """The best proven bound of a goal over all plans that reach these values of the goals before it.

        `highest`: the bounds of the goals before it. A bound that the value itself beats proves nothing.
        """
        goal = self.goals[number]
        found: tuple[int, BoundSource] = (plain_bound(self.facts, number, len(self.goals), highest), "lp")
        for proof in self.proofs:
            if proof.goal == number and self._covers(proof.floors, values):
                beaten = proof.bound < values[number] if goal.maximize else proof.bound > values[number]
                better = proof.bound < found[0] if goal.maximize else proof.bound > found[0]
                if better and not beaten:
                    found = (proof.bound, proof.source)
        return found

    def certify(self, values: Sequence[int]) -> None:
        """Look for bounds of a plan that was not made by the goals themselves (`queue_first`), by relaxation."""
        for number, goal in enumerate(self.goals):
            known = any(proof.goal == number and self._covers(proof.floors, values) for proof in self.proofs)
            if not known and not self.stop.expired:
                model, goals = self._model_for(number)
                floors = tuple(values[:number])
                relaxed = self.solver.relax(model.with_rows(_floor_rows(goals, floors)), goals[number])
                if relaxed.bound is not None:
                    self.proofs.append(Proof(number, floors, relaxed.bound, "lp"))
                    self._report(goal.name, values[number], relaxed.bound)

    def _covers(self, floors: Sequence[int], values: Sequence[int]) -> bool:
        """Every plan that reaches the values reaches the floors too."""
        return all(
            floor <= value if goal.maximize else floor >= value
            for goal, floor, value in zip(self.goals, floors, values, strict=False)
        )

    def _model_for(self, number: int) -> tuple[JointModel, Sequence[LinearGoal]]:
        if number < len(self._class_goals):
            return self.by_class, self._class_goals
        return self.by_pupil, self.goals

    def _improve(self, number: int) -> None:
        """One goal: its relaxation, then its integer program, unless the best plan reaches the bound."""
        model, goals = self._model_for(number)
        goal = goals[number]
        floors = self.best.values[:number] if self.best else ()
        if number and self.best is None:
            return
        limited = model.with_rows(_floor_rows(goals, floors))
        relaxed = self.solver.relax(limited, goal)
        if relaxed.infeasible and self.best is None:
            raise NoValidPlan
        if relaxed.bound is not None:
            self.proofs.append(Proof(number, floors, relaxed.bound, "lp"))
        if self.best is not None:
            self._report(goal.name, self.best.values[number], relaxed.bound)
            if relaxed.bound == self.best.values[number]:
                return
        self._solve(number, model, goals, floors)

    def _solve(self, number: int, model: JointModel, goals: Sequence[LinearGoal], floors: tuple[int, ...]) -> None:
        goal = goals[number]
        start = None
        if self.best is not None:
            start = model.columns_of(self.best.roster.stands(), self.best.placement.seat)

        better = max if goal.maximize else min
        tighter = min if goal.maximize else max
        known = [proof.bound for proof in self.proofs if (proof.goal, proof.floors) == (number, floors)]
        reached = [] if self.best is None else [self.best.values[number]]

        def on_bounds(bound: float | None, value: float | None) -> None:
            """Tell the best of what is known, also where the integer program starts behind its relaxation."""
            if bound is not None:
                known[:] = [tighter([*known, whole_bound(bound, maximize=goal.maximize) + goal.constant])]
            if value is not None:
                reached[:] = [better([*reached, round(value) + goal.constant])]
            self._report(goal.name, next(iter(reached), None), next(iter(known), None))

        limited = model.with_rows(_floor_rows(goals, floors))
        outcome = self.solver.optimise(limited, goal, start, self._seconds(number), on_bounds)
        if outcome.status == "infeasible":
            if self.best is None:
                raise NoValidPlan
            return
        if abs(outcome.bound) < INFINITE:
            bound = whole_bound(outcome.bound, maximize=goal.maximize) + goal.constant
            self.proofs.append(Proof(number, floors, bound, "branch_and_bound"))
        if outcome.columns is not None:
            self._consider(roster_of(model, outcome.columns))
            if self.best is not None and number == 0:
                self._consider(filled_up(self.facts, self.best.roster, self.best.placement.seat))
        if self.best is not None:
            bound, _ = self.bound(number, self.best.values, ())
            self._report(goal.name, self.best.values[number], bound)

    def _seconds(self, number: int) -> float:
        """How long the integer program of this goal may take; the last goal may take all that is left."""
        return self.solver.left() * (1.0 if number == len(self.goals) - 1 else SHARE)

    def _keep_reserve(self) -> None:
        """Keep time for what comes after the roster, by the time that placing pupils on a roster takes here."""
        limit = self.stop.seconds
        if limit is not None and self.best is not None:
            started = time.monotonic()
            place(self.facts, self.best.roster)
            needed = FINISH * (time.monotonic() - started)
            self.solver.reserve = min(MOST_RESERVE * limit, max(LEAST_RESERVE * limit, needed))

    def _consider(self, roster: Roster) -> None:
        """Make a plan of a roster, and keep it when it is the best so far."""
        if not is_valid(self.facts, roster):
            return
        # dealt anew, since the hours of a crew's columns are those of mentors who share evenly
        roster = roster_of(self.by_pupil, self.by_pupil.columns_of(roster.stands(), {}))
        placement = place(self.facts, roster)
        if placement is None:
            return
        columns: Values = self.by_pupil.columns_of(roster.stands(), placement.seat)
        values = tuple(goal.value(columns) for goal in self.goals)
        if self.best is None or self._rank(values) > self._rank(self.best.values):
            self.best = Candidate(roster, placement, values)

    def _rank(self, values: Sequence[int]) -> list[int]:
        return [value if goal.maximize else -value for goal, value in zip(self.goals, values, strict=True)]

    def _report(self, name: str, value: int | None, bound: int | None) -> None:
        self.on_progress(Progress(name, value, bound, self.stop.elapsed))


def plain_bound(facts: Facts, number: int, goals: int, highest: Sequence[int]) -> int:
    """A bound of a roster goal that counting alone proves. `highest`: the bounds of the goals before it, or none."""
    able = [p for p in facts.queue if facts.choices[p]]
    if number == goals - 3:
        most = highest[1] if len(highest) > 1 else len(able)
        return sum(facts.weight(p) for p in able[:most])
    if number == goals - 2:
        return sum(
            max(0, mentor.contracted - min(mentor.max_sessions, len(facts.stands[m])))
            for m, mentor in enumerate(facts.mentors)
        )
    if number == goals - 1:
        stands = [m for m, _ in facts.fixed_stands]
        return sum(max(0, stands.count(m) - facts.mentors[m].contracted) for m in set(stands))
    if number == 1:
        return len(able)
    wanted = 0 if number == 0 else number - 1
    return sum(facts.pupils[p].class_ == wanted for p in able)


def _with_rules(model: JointModel) -> JointModel:
    for rule in RULES:
        rule(model)
    return model


def _floor_rows(goals: Sequence[LinearGoal], floors: Sequence[int]) -> list[Row]:
    """Rows that keep the goals before at the values reached, or better."""
    rows = []
    for goal, floor in zip(goals, floors, strict=False):
        value = float(floor - goal.constant)
        rows.append(Row(goal.terms, value, INFINITE) if goal.maximize else Row(goal.terms, -INFINITE, value))
    return rows
