"""One goal at a time: the best plan that keeps what the goals before it reached, and a proven bound.

A stage ends by deciding what all plans of its value have in common (matcher/visits/bound.py), so that the next one
works on a smaller model with the same structure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from matcher.control import Stop
from matcher.visits.bound import Proof, no_prices, prove, scale_for, settle
from matcher.visits.goals import LinearGoal
from matcher.visits.integer import solve_whole
from matcher.visits.model import Flags, Ints, Model, Values
from matcher.visits.relaxation import Fractional, Relaxation, columns_asked_for

COLUMNS_AT_FIRST = 12
COLUMNS_A_ROUND = 4
NUDGE = 1e-3
WHOLE = 1e-6
NEAR = 0.2
"""With nudged gains the relaxation is solved this far; the true ones take it from there."""

Report = Callable[[int, int], None]
"""Hears (value, bound) of the goal whenever one of them moves."""


@dataclass
class Stage:
    """The state of one goal: the plan so far, the best proof, and where the bound comes from."""

    model: Model
    goal: LinearGoal
    assigned: Flags
    seed: int
    stop: Stop
    report: Report
    proof: Proof = field(init=False)
    bound: int = field(init=False)
    source: Literal["lp", "branch_and_bound"] = "lp"

    def __post_init__(self) -> None:
        self.gain = self.goal.gain
        self.scale = scale_for(self.gain)
        self.proof = prove(self.model, self.gain, self.scale, no_prices(self.model))
        self.bound = self.proof.whole
        self.tell()

    @property
    def gained(self) -> int:
        """What the plan so far gains."""
        return int((self.gain * self.model.complete(self.assigned)).sum())

    @property
    def proven(self) -> bool:
        """Is there no better plan?"""
        return self.gained >= self.bound

    def tell(self) -> None:
        """Report value and bound in the goal's own terms."""
        self.report(self.goal.value(self.gained), self.goal.value(self.bound))

    def offer(self, values: Values) -> None:
        """Take the plan when it is valid and gains more."""
        if self.model.is_valid(values) and int((self.gain * values).sum()) > self.gained:
            self.assigned = values[: len(self.assigned)] > 0
            self.tell()

    def consider(self, proof: Proof) -> None:
        """Keep the proof with the lowest bound."""
        if proof.bound < self.proof.bound:
            self.proof = proof
        if proof.whole < self.bound:
            self.bound = proof.whole
            self.tell()

    def run(self) -> None:
        """Improve plan and bound until they meet. Raises Stopped; plan and bound so far stay good."""
        if self.proven:
            return
        relaxation = Relaxation(self.model, self.gain.astype(np.float64), self._first_columns())
        solution = self._relax(relaxation)
        if not self.proven:
            self._complete(solution, relaxation)

    def finish(self) -> None:
        """Write down for the stages to come what plans of this value have in common."""
        gained = self.gained
        if settle(self.model, self.proof, gained):
            return
        columns = np.flatnonzero(self.gain)
        row = np.zeros(len(columns), dtype=np.int64)
        self.model.add_rows(self.goal.name, [-gained], [(row, columns, -self.gain[columns])])

    def _first_columns(self) -> Ints:
        """The plan so far, all extra columns, and the best few candidates of each request as each sees it alone."""
        model = self.model
        plan = np.flatnonzero(model.complete(self.assigned))
        extra = np.arange(model.first_extra, model.columns)
        nothing = np.zeros(model.columns, dtype=np.bool_)
        jitter = self._nudge(self.scale)
        proof = prove(model, self.gain, self.scale, no_prices(model), jitter)
        wanting = np.full(model.rows, -1e6)
        few = columns_asked_for(model, proof, wanting, nothing, COLUMNS_AT_FIRST)
        columns = np.concatenate([plan, extra[model.alive[extra]], few])
        return np.unique(columns[model.alive[columns]])

    def _nudge(self, scale: int) -> Ints:
        """Small random extra gains, so that the simplex method has few ties; in units of 1 / scale."""
        rng = np.random.default_rng([self.seed, len(self.model.codes)])
        nudge = rng.integers(0, max(1, int(NUDGE * scale)), size=self.model.columns)
        nudge[self.model.first_extra :] = 0
        return nudge

    def _relax(self, relaxation: Relaxation) -> Fractional:
        """Solve the relaxation to the end: with nudged gains first, then with the true ones."""
        nudge = self._nudge(self.scale)
        for extra in (nudge, None):
            gain = self.gain + (0 if extra is None else extra / self.scale)
            relaxation.set_gain(gain.astype(np.float64))
            solution = self._generate(relaxation, extra)
        self._offer_whole(solution)
        return solution

    def _generate(self, relaxation: Relaxation, nudge: Ints | None) -> Fractional:
        while True:
            solution = relaxation.solve(self.stop)
            broken = relaxation.add_broken_rows(solution.values)
            proof = prove(self.model, self.gain, self.scale, solution.prices, nudge)
            self.consider(proof)
            asked = columns_asked_for(self.model, proof, solution.prices, relaxation.active, COLUMNS_A_ROUND)
            if not broken and not len(asked):
                return solution
            if nudge is not None and proof.bound < (solution.gain + NEAR) * self.scale:
                return solution
            relaxation.add(asked)

    def _offer_whole(self, solution: Fractional) -> None:
        values = solution.values[: len(self.assigned)]
        if np.all(np.abs(values - np.rint(values)) < WHOLE):
            self.offer(self.model.complete(values > 0.5))

    def _complete(self, solution: Fractional, relaxation: Relaxation) -> None:
        """To a whole plan: around what is whole in the solution, then over its columns, then over all that matter."""
        model, gained = self.model, self.gained
        active = np.flatnonzero(relaxation.active & model.alive)
        whole = np.flatnonzero(solution.values[: model.first_extra] > 1 - WHOLE)
        for columns, taken in ((active, whole), (active, whole[:0])):
            found = solve_whole(model, self.gain, columns, taken, seed=self.seed, stop=self.stop, seconds=10)
            if found.values is not None:
                self.offer(found.values)
            if self.proven:
                return
        gained = self.gained
        slack = self.proof.bound - (gained + 1) * self.scale
        columns = np.flatnonzero(model.alive & (self.proof.if_one <= slack))
        plan = np.flatnonzero(model.complete(self.assigned))
        columns = np.union1d(columns, plan)
        found = solve_whole(model, self.gain, columns, plan[:0], seed=self.seed, stop=self.stop)
        if found.values is not None:
            self.offer(found.values)
        if found.bound is not None and max(found.bound, gained) < self.bound:
            self.bound = max(found.bound, gained)
            self.source = "branch_and_bound"
            self.tell()
