"""What if there were one more, one fewer, or one limit else? A season solved once, and then solved again near by.

`prepare` solves a problem and keeps what helps with the next one; `Prepared.solve` takes any problem of the same kind,
and is the quicker the less differs. Items are the same where their ids are. Values are those of a full solve, and
bounds as good: what is kept says where to look, and every proof is made anew for the problem given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matcher.control import OnProgress, Settings, Stop, no_progress
from matcher.plan import Plan
from matcher.problem import Problem, VisitProblem
from matcher.solve import DEFAULT_SETTINGS, judged

Solve = Callable[..., Plan]
"""(problem, *, stop, on_progress) -> a plan that is not judged yet."""


@dataclass(frozen=True)
class Prepared:
    """A solved problem: its judged plan, and the way to plans of problems near it."""

    problem: Problem
    plan: Plan
    _solve: Solve

    def solve(self, problem: Problem, *, stop: Stop | None = None, on_progress: OnProgress = no_progress) -> Plan:
        """The plan of a problem near the first one, judged, with the seed and settings of the first.

        The plan depends on the first problem too: among equally good ones it may differ from that of a fresh solve.
        Unserved requests come with reasons; their smallest change is `unknown` until `explain` is asked. Raises
        RefusedPlan when the judge finds a broken rule, and ValueError for a problem of the other kind.
        """
        if problem.format != self.problem.format:
            raise ValueError(f"format: is {problem.format}; give a problem of the kind prepared, {self.problem.format}")
        stop = stop or Stop()
        return _judged(problem, self._solve(problem, stop=stop, on_progress=on_progress), stop)


def prepare(
    problem: Problem,
    *,
    stop: Stop | None = None,
    seed: int = 1,
    settings: Settings = DEFAULT_SETTINGS,
    on_progress: OnProgress = no_progress,
) -> Prepared:
    """Solve the problem and keep what helps with problems near it. Raises RefusedPlan when the judge says so."""
    stop = stop or Stop()
    given: dict[str, Any] = {"stop": stop, "seed": seed, "settings": settings, "on_progress": on_progress}
    plan, solve = _prepared(problem, given)
    return Prepared(problem, _judged(problem, plan, stop), solve)


def _prepared(problem: Problem, given: dict[str, Any]) -> tuple[Plan, Solve]:
    """Dispatches on the kind of problem; what loads OR-Tools is imported only when it is used."""
    if isinstance(problem, VisitProblem):
        from matcher.visits.what_if import PreparedVisits

        prepared = PreparedVisits(problem, **given)
        return prepared.plan, prepared.solve
    from matcher.groups.what_if import PreparedGroups

    groups = PreparedGroups(problem, **given)
    return groups.plan, groups.solve


def _judged(problem: Problem, plan: Plan, stop: Stop) -> Plan:
    """Without the smallest changes of requests, which would take longer than the plan."""
    return judged(problem, plan, Stop(0) if isinstance(problem, VisitProblem) else stop)
