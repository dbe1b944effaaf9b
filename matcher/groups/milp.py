"""Linear and integer programs, solved so that a stop ends them within a fraction of a second.

GLOP and PDLP are interrupted. HiGHS hears no interruption, so an integer program that takes long is solved in a child
process. Small programs get a first second in this process.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from ortools.math_opt.python import mathopt
from ortools.pdlp import solvers_pb2
from ortools.util.python.solve_interrupter import SolveInterrupter

from matcher.control import Settings, Stop
from matcher.groups.children import LOOK_SECONDS, Children
from matcher.groups.goals import LinearGoal
from matcher.groups.highs import Job, OnBounds, Outcome, run_highs
from matcher.groups.linear import INFINITE, LinearModel, Program, Values

FIRST_SECONDS = 1.0
SMALL = 4000
"""Columns up to which the first second is spent in this process."""
LARGE = 40_000
"""Columns from which plans are made better in neighbourhoods, with bounds found beside them."""
FIRST_ORDER = 60_000
"""Columns from which a relaxation is solved by a first-order method (PDLP), which the simplex method takes ages for."""
TOLERANCE = 1e-4
"""Relative error of prices that PDLP stops at; it weakens a bound a little and never makes it false."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`bound` holds for all whole solutions; None where the program was not finished; `infeasible`: none exist.

    `columns`: the optimum of the relaxation, None without one.
    """

    bound: int | None
    infeasible: bool
    columns: Values | None = None


class Optimiser:
    """Solves programs under one stop, seed and settings. Close it in the end."""

    def __init__(self, stop: Stop, seed: int, settings: Settings) -> None:
        self.stop = stop
        self.seed = seed
        self.workers = settings.workers
        self.nodes = None if settings.deterministic_limit is None else max(1, int(settings.deterministic_limit))
        self.children = Children()

    def close(self) -> None:
        """End the child processes."""
        self.children.close()

    def left(self) -> float:
        """Seconds left for solving, at least 0; 0 once a stop was requested."""
        return self.stop.remaining()

    def relax(self, model: LinearModel, goal: LinearGoal, left: Callable[[], float] | None = None) -> Relaxation:
        """The goal's bound over the linear relaxation, computed from its prices (see Program.proven_bound).

        `left`: the seconds that it may still take, asked for on the way.
        """
        left = self.left if left is None else left
        if left() <= 0:
            return Relaxation(None, infeasible=False)
        program = model.program(goal.terms, maximize=goal.maximize)
        relaxed = mathopt.Model.from_model_proto(program.proto())
        for variable in relaxed.variables():
            variable.integer = False
        large = len(program.lower) > FIRST_ORDER
        with _interrupter(left) as interrupter:
            result = mathopt.solve(
                relaxed,
                mathopt.SolverType.PDLP if large else mathopt.SolverType.GLOP,
                params=_first_order() if large else None,
                interrupter=interrupter,
            )
        if result.termination.reason == mathopt.TerminationReason.INFEASIBLE:
            return Relaxation(None, infeasible=not large)
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return Relaxation(None, infeasible=False)
        duals, values = result.dual_values(), result.variable_values()
        prices = np.array([duals[row] for row in relaxed.linear_constraints()])
        columns = np.array([values[variable] for variable in relaxed.variables()])
        bound = whole_bound(program.proven_bound(prices), maximize=goal.maximize)
        return Relaxation(bound + goal.constant, infeasible=False, columns=columns)

    def optimise(
        self, model: LinearModel, goal: LinearGoal, start: Values | None, seconds: float, on_bounds: OnBounds
    ) -> Outcome:
        """The best whole solution found within `seconds` and until the stop. Bounds are of the terms, no constant."""
        seconds = min(seconds, self.left())
        if seconds <= 0:
            return Outcome("unknown", None, INFINITE if goal.maximize else -INFINITE)
        program = model.program(goal.terms, maximize=goal.maximize)
        deadline = time.monotonic() + seconds
        if len(program.lower) <= SMALL:
            first = run_highs(self.job(program, start, min(FIRST_SECONDS, seconds)), on_bounds)
            if first.status in ("optimal", "infeasible") or seconds <= FIRST_SECONDS:
                return first

        def left() -> float:
            return min(self.left(), deadline - time.monotonic())

        return self.children.run([self.job(program, start, max(0.0, left()))], 1, left, on_bounds)[0]

    def job(self, program: Program, start: Values | None, seconds: float) -> Job:
        """The program for HiGHS, under the settings of this solve."""
        limit = timedelta(seconds=seconds) if math.isfinite(seconds) else None
        return Job(program.proto(), None if start is None else start.tolist(), limit, self.nodes, self.seed, None)


def whole_bound(bound: float, *, maximize: bool) -> int:
    """The bound of a whole value from a bound in doubles: rounded outwards by 1e-6, and by 1e-9 of its size."""
    slack = 1e-6 + 1e-9 * abs(bound)
    return math.floor(bound + slack) if maximize else math.ceil(bound - slack)


def _first_order() -> mathopt.SolveParameters:
    parameters = solvers_pb2.PrimalDualHybridGradientParams()
    parameters.termination_criteria.simple_optimality_criteria.eps_optimal_relative = TOLERANCE
    parameters.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = TOLERANCE
    return mathopt.SolveParameters(pdlp=parameters)


@contextmanager
def _interrupter(left: Callable[[], float]) -> Iterator[SolveInterrupter]:
    """Interrupts a solve in this process once no seconds are left; for solvers that listen, as GLOP and PDLP do."""
    interrupter = SolveInterrupter()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            if left() <= 0:
                interrupter.interrupt()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield interrupter
    finally:
        done.set()
        watcher.join()
