"""One integer program solved by HiGHS through MathOpt, in this process."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from matcher.groups.linear import INFINITE, Values

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
OnBounds = Callable[[float | None, float | None], None]
"""Called on the way with the proven bound and the best value so far, each None while there is none."""


@dataclass(frozen=True, slots=True)
class Job:
    """An integer program with a whole objective. `start`: columns of a known solution, or None.

    `limit`: wall clock; `nodes`: of the search tree, a limit that repeats; None for no limit.
    `solution_file`: where each better solution is written as soon as it is found; None for nowhere.
    """

    model: model_pb2.ModelProto
    start: Sequence[float] | None
    limit: timedelta | None
    nodes: int | None
    seed: int
    solution_file: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`columns`: the best solution, None without one; `bound`: proven for the objective, infinite without one."""

    status: Status
    columns: Values | None
    bound: float


_LINE = re.compile(r"^ ?[A-Za-z]?\s+\d+\s+\d+\s+\d+\s+[\d.]+%\s+(\S+)\s+(\S+)\s")
"""A line of HiGHS's log: nodes, queue, leaves, explored, best bound, best solution."""


def run_highs(job: Job, on_bounds: OnBounds) -> Outcome:
    """Solve the job; the same job gives the same outcome unless the wall clock ends it."""
    model = mathopt.Model.from_model_proto(job.model)
    variables = list(model.variables())
    hints = []
    if job.start is not None:
        hints.append(mathopt.SolutionHint(variable_values=dict(zip(variables, job.start, strict=True))))
    result = mathopt.solve(
        model,
        mathopt.SolverType.HIGHS,
        params=_parameters(job),
        model_params=mathopt.ModelSolveParameters(solution_hints=hints),
        msg_cb=lambda lines: _tell(lines, on_bounds),
    )
    maximize = job.model.objective.maximize
    reason = result.termination.reason
    if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
        return Outcome("infeasible", None, -INFINITE if maximize else INFINITE)
    bound = result.termination.objective_bounds.dual_bound
    if not result.has_primal_feasible_solution():
        return Outcome("unknown", None, bound)
    values = result.variable_values()
    columns = np.array([values[variable] for variable in variables])
    return Outcome("optimal" if reason == mathopt.TerminationReason.OPTIMAL else "feasible", columns, bound)


def _parameters(job: Job) -> mathopt.SolveParameters:
    highs = highs_pb2.HighsOptionsProto()
    highs.string_options["parallel"] = "off"
    if job.solution_file is not None:
        highs.bool_options["mip_improving_solution_save"] = True
        highs.string_options["mip_improving_solution_file"] = job.solution_file
    return mathopt.SolveParameters(
        time_limit=job.limit,
        node_limit=job.nodes,
        random_seed=job.seed % 2**31,
        relative_gap_tolerance=0.0,
        absolute_gap_tolerance=0.999,  # values are whole: a gap below 1 is a proof
        highs=highs,
    )


def _tell(lines: Sequence[str], on_bounds: OnBounds) -> None:
    for text in lines:
        for line in text.splitlines():
            if found := _LINE.match(line):
                on_bounds(_finite(found[1]), _finite(found[2]))


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e20 else None
