"""One goal at a time: the best plan that keeps what the goals before it reached, and a proven bound.

A stage ends by deciding what all plans of its value have in common (matcher/visits/bound.py), so that the next one
works on a smaller model with the same structure.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from matcher.control import Stop
from matcher.plan import Goal
from matcher.visits.bound import Proof, no_prices, prove, scale_for, settle
from matcher.visits.goals import LinearGoal
from matcher.visits.integer import Whole, solve_whole
from matcher.visits.kept import Basis
from matcher.visits.model import Flags, Floats, Ints, Model, Values, no_ints
from matcher.visits.nearby import WHOLE, nearby
from matcher.visits.program import Optimum
from matcher.visits.relaxation import ROUNDING, Relaxation, RelaxationFailedError, columns_asked_for
from matcher.visits.running import listen

COLUMNS_AT_FIRST = 3
COLUMNS_A_ROUND = 3
FEW, COLUMNS_OF_FEW = 0.05, 30
"""Where a round finds less than this share of the requests' number, those that still ask get more at once."""
NUDGE = 1e-3
LITTLE = 10 * NUDGE
"""Columns that would gain less than this, with nudged gains, wait for the true ones."""
NODES_OF_A_TRY = 50
OPEN_AT_ONCE = (60, 200)
"""Requests that are decided anew around what is fractional, try after try."""
WIDER = 1.5
"""A lower target may ask for this many times the columns of the bound."""
PENALTY = 4
"""For breaking a case's limit by one, in times the most that a column gains."""
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
    nodes: int | None
    report: Report
    proof: Proof = field(init=False)
    bound: int = field(init=False)
    source: Literal["lp", "branch_and_bound"] = "lp"
    relaxation: Relaxation | None = None
    """Where to start, and then where the next goal may start."""
    prices: Floats | None = None
    """Prices of rows that may prove the goal at once."""
    basis: Basis | None = None
    """Without a relaxation to go on from: where one of a problem near this one ended."""

    def __post_init__(self) -> None:
        self.gain = np.zeros(self.model.columns, dtype=np.int64)
        self.gain[: len(self.goal.worth)] = self.goal.gain
        self._gained = self._gain_of(self.model.complete(self.assigned))
        self.scale = scale_for(self.gain)
        self.proof = self._prove(no_prices(self.model) if self.prices is None else self.prices)
        self.bound = self.proof.whole
        if self.prices is not None and not self.proven:
            self.consider(self._prove(no_prices(self.model)))
        self.tell()

    def _prove(self, prices: Floats, nudge: Ints | None = None) -> Proof:
        return prove(self.model, self.gain, self.scale, prices, nudge)

    @property
    def gained(self) -> int:
        """What the plan so far gains."""
        return self._gained

    def _gain_of(self, values: Values) -> int:
        return int(self.gain[np.flatnonzero(values)].sum())

    @property
    def proven(self) -> bool:
        """Is there no better plan?"""
        return self.gained >= self.bound

    def tell(self) -> None:
        """Report value and bound in the goal's own terms."""
        self.report(self.goal.value(self.gained), self.goal.value(self.bound))

    def offer(self, values: Values) -> None:
        """Take the plan when it is valid and gains more."""
        gained = self._gain_of(values)
        if gained > self.gained and self.model.is_valid(values):
            self.assigned, self._gained = values[: len(self.assigned)] > 0, gained
            self.tell()

    def take(self, assigned: Flags) -> None:
        """Go on from this valid plan, which gains no less."""
        self.assigned, self._gained = assigned, self._gain_of(self.model.complete(assigned))

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
        listen(self.stop)
        try:
            relaxation, solution = self._relaxed()
            if not self.proven:
                self._mend(solution)
            if not self.proven:
                self._split(relaxation, solution)
        except RelaxationFailedError:
            self.relaxation = None
            self._branch_on_all_that_matter()
            return
        if not self.proven:
            self._complete(solution, np.flatnonzero(relaxation.active & self.model.alive))

    def prepare(self) -> None:
        """The relaxation alone, and a plan where one lies near its optimum. Raises Stopped, RelaxationFailedError."""
        listen(self.stop)
        _, solution = self._relaxed()
        if not self.proven:
            self._mend(solution)

    def _relaxed(self) -> tuple[Relaxation, Optimum]:
        """The relaxation at its optimum: from where another goal left it, or afresh."""
        if self.relaxation is not None:
            with contextlib.suppress(RelaxationFailedError):
                self.relaxation.renew()
                self.relaxation.set_gain(self.gain.astype(np.float64))
                solution = self._generate(self.relaxation, None)
                self._offer_whole(solution)
                return self.relaxation, solution
        with contextlib.suppress(RelaxationFailedError):
            if self.basis is not None:
                gain, plan = self.gain.astype(np.float64), np.flatnonzero(self.model.complete(self.assigned))
                self.relaxation = Relaxation.starting_from(self.model, gain, self.basis, plan)
                return self.relaxation, self._relax(self.relaxation)
        self.relaxation = Relaxation(self.model, self.gain.astype(np.float64), self._first_columns())
        return self.relaxation, self._relax(self.relaxation)

    def finish(self) -> Goal:
        """Write down for the stages to come what plans of this value have in common; the goal's value and bound.

        After the stop nothing is solved any more, and a row would be of no use.
        """
        gained, goal = self.gained, self.goal
        if not settle(self.model, self.proof, gained) and not self.stop.expired:
            columns = np.flatnonzero(self.gain)
            row = np.zeros(len(columns), dtype=np.int64)
            self.model.add_rows(goal.name, [-gained], [(row, columns, -self.gain[columns])])
        return Goal(name=goal.name, sense=goal.sense, value=goal.value(gained), bound=goal.value(self.bound))

    def _first_columns(self) -> Ints:
        """All extra columns, and the best few candidates of each request as each sees it alone.

        The plan so far joins them only where something is decided, so that a solution exists: among ties it delays.
        """
        model = self.model
        decided = model.tight & (~model.local | np.isin(np.arange(model.rows), model.served_row))
        plan = np.flatnonzero(model.complete(self.assigned)) if decided.any() or model.fixed_to_one.any() else no_ints()
        extra = np.arange(model.first_extra, model.columns)
        nothing = np.zeros(model.columns, dtype=np.bool_)
        proof = self._prove(no_prices(model), self._nudge(self.scale))
        wanting = np.full(model.rows, -1e6)
        few = columns_asked_for(model, proof, wanting, nothing, COLUMNS_AT_FIRST)
        columns = np.concatenate([plan, extra, few])
        return np.unique(columns[model.alive[columns]])

    def _nudge(self, scale: int) -> Ints:
        """Small random extra gains, so that the simplex method has few ties; in units of 1 / scale."""
        most = max(1, int(NUDGE * scale))
        nudge = np.zeros(self.model.columns, dtype=np.int64)
        noise = self.model.noise(self.seed)
        nudge[: len(noise)] = (noise * np.uint64(most)) >> np.uint64(32)
        return nudge

    def _relax(self, relaxation: Relaxation) -> Optimum:
        """Solve the relaxation to the end: with nudged gains first, then with the true ones."""
        nudge = self._nudge(self.scale)
        for extra in (nudge, None):
            gain = self.gain + (0 if extra is None else extra / self.scale)
            relaxation.set_gain(gain.astype(np.float64))
            solution = self._generate(relaxation, extra)
            relaxation.left = relaxation.left or relaxation.basis
        self._offer_whole(solution)
        return solution

    def _generate(self, relaxation: Relaxation, nudge: Ints | None) -> Optimum:
        while True:
            solution = relaxation.solve(self.stop)
            broken = relaxation.add_broken_rows(solution.values)
            proof = self._prove(solution.prices, nudge)
            self.consider(proof)
            least = ROUNDING if nudge is None else max(ROUNDING, int(LITTLE * self.scale))
            asked = columns_asked_for(self.model, proof, solution.prices, relaxation.active, COLUMNS_A_ROUND, least)
            if len(asked) < FEW * self.model.units.requests:
                asked = columns_asked_for(self.model, proof, solution.prices, relaxation.active, COLUMNS_OF_FEW, least)
            if not broken and not len(asked):
                return solution
            if nudge is not None and proof.bound < (solution.gain + NEAR) * self.scale:
                return solution
            relaxation.add(asked)

    def _offer_whole(self, solution: Optimum) -> None:
        values = solution.values[: len(self.assigned)]
        if np.all(np.abs(values - np.rint(values)) < WHOLE):
            self.offer(self.model.complete(values > 0.5))

    def _mend(self, solution: Optimum) -> None:
        """To a whole plan at the bound by deciding anew only what lies around the fractional part of the solution."""
        for most in OPEN_AT_ONCE:
            with self.model.tentatively():
                settle(self.model, self.proof, self.proof.whole)
                columns, kept = nearby(self.model, solution.values, most)
                self._branch(columns, kept, NODES_OF_A_TRY if self.nodes is None else min(self.nodes, NODES_OF_A_TRY))
            if self.proven:
                return

    def _split(self, relaxation: Relaxation, solution: Optimum) -> None:
        """Two cases where the number of held units for several people comes out fractional: at most, at least so many.

        The bound is the higher one of the two; a case whose bound is below the plan's gain is ruled out, and where that
        leaves one, its limit and its proof hold for all plans of this value.
        """
        held = self.model.held_column[self.model.many]
        total = float(solution.values[held].sum())
        below = int(np.floor(total + WHOLE))
        if total < below + WHOLE:
            return
        self.relaxation = None
        cases = self._cases(relaxation, held, (below, -below - 1))
        for case in sorted(cases, key=lambda case: -case.stage.bound):
            if case.stage.bound > self.gained:
                with self._limited(relaxation, case.row, case.limit):
                    case.stage._mend(case.solution)
                self.offer(self.model.complete(case.stage.assigned))
        most = max(self.gained, *(case.stage.bound for case in cases))
        if most < self.bound:
            self.bound, self.source = most, "branch_and_bound"
            self.tell()
        possible = [case for case in cases if case.stage.bound >= self.gained]
        if self.proven and len(possible) == 1:
            self.proof = possible[0].stage.proof
            self.model.limit[possible[0].row] = possible[0].limit

    def _cases(self, relaxation: Relaxation, held: Ints, limits: tuple[int, int]) -> list["Case"]:
        """Relaxations with Σ held and with -Σ held at most its limit; outside the cases the two rows never bind."""
        first: Ints = np.zeros_like(held)
        rows = self.model.add_rows("total", [len(held), 0], [(first, held, 1), (first + 1, held, -1)])
        self.proof = replace(self.proof, if_slack=np.append(self.proof.if_slack, np.zeros_like(rows)))
        relaxation.add_elastic(rows, float(PENALTY * np.abs(self.gain).max()))
        cases = []
        for row, limit in zip(rows.tolist(), limits, strict=True):
            with self._limited(relaxation, row, limit):
                stage = replace(self, report=lambda value, bound: None)
                cases.append(Case(stage, row, limit, stage._generate(relaxation, None)))
        return cases

    @contextmanager
    def _limited(self, relaxation: Relaxation, row: int, limit: int) -> Iterator[None]:
        """Inside, the row has this limit; a relaxation that failed or was stopped is left as it is."""
        rows = np.array([row])
        before = int(self.model.limit[row])
        self.model.limit[row] = limit
        relaxation.renew_limits(rows)
        try:
            yield
        finally:
            self.model.limit[row] = before
        relaxation.renew_limits(rows)

    def _complete(self, solution: Optimum, active: Ints) -> None:
        """To a whole plan: around what is whole in the solution, then over its columns, then over all that matter."""
        whole = np.flatnonzero(solution.values[: self.model.first_extra] > 1 - WHOLE)
        for taken in (whole, whole[:0]):
            self._branch(active, taken, NODES_OF_A_TRY if self.nodes is None else min(self.nodes, NODES_OF_A_TRY))
            if self.proven:
                return
        self._branch_on_all_that_matter()

    def _branch(self, columns: Ints, taken: Ints, nodes: int | None) -> Whole:
        """Offer the best plan over these columns."""
        found = solve_whole(self.model, self.gain, columns, taken, seed=self.seed, stop=self.stop, nodes=nodes)
        if found.values is not None:
            self.offer(found.values)
        return found

    def _branch_on_all_that_matter(self) -> None:
        """Integer programs over every column that a plan of some target could use: what they prove holds for all plans.

        The target is near the bound at first, where few columns matter, and goes down while it is too high.
        """
        while not self.proven:
            target = self._next_target()
            with self.model.tentatively():
                settle(self.model, self.proof, target)
                columns = np.flatnonzero(self.model.alive)
                found = self._branch(columns, columns[:0], self.nodes)
            most = self.bound if found.bound is None else max(found.bound, target - 1)
            most = most if found.possible else target - 1
            if most < self.bound:
                self.bound = max(most, self.gained)
                self.source = "branch_and_bound"
                self.tell()
            elif not self.proven:
                return

    def _next_target(self) -> int:
        """The bound, or as far below it, down to one above the plan, as asks for few columns more."""
        target, step = self.bound, 1
        few = WIDER * self._columns_that_matter(target)
        while target > self.gained + 1:
            lower = max(self.gained + 1, target - step)
            if self._columns_that_matter(lower) > few:
                break
            target, step = lower, 2 * step
        return target

    def _columns_that_matter(self, target: int) -> int:
        with self.model.tentatively():
            settle(self.model, self.proof, target)
            return int(self.model.alive.sum())


@dataclass(frozen=True)
class Case:
    """A stage with one limit more: its own bound and proof, the row that carries the limit, and its relaxation."""

    stage: Stage
    row: int
    limit: int
    solution: Optimum
