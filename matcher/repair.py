"""The public way from a plan, and what happened since, to the next plan: the new problem and its plan, judged."""

from typing import NamedTuple

from matcher.changes import Changes, GroupChanges, VisitChanges
from matcher.check import check
from matcher.control import OnProgress, Settings, Stop, no_progress
from matcher.fields import InvalidProblem
from matcher.plan import GroupPlan, Plan, VisitPlan
from matcher.problem import GroupProblem, Problem, VisitProblem
from matcher.solve import DEFAULT_SETTINGS, RefusedPlan, judged


class Repaired(NamedTuple):
    """The problem after the changes, with what may not move fixed in it, and its plan."""

    problem: Problem
    plan: Plan


def repair(
    problem: Problem,
    plan: Plan,
    changes: Changes,
    *,
    stop: Stop | None = None,
    seed: int = 1,
    settings: Settings = DEFAULT_SETTINGS,
    on_progress: OnProgress = no_progress,
) -> Repaired:
    """The plan that keeps what it can: goals as in a full solve of the new problem, then the fewest moved.

    Goals down to `queue` or `days_waited` come before who is moved, the others after it. Raises InvalidProblem for
    changes that do not fit the problem, and RefusedPlan when the judge finds a broken rule in the plan given or in
    what was made of it: a plan that is returned says certificate.judge "ok".
    """
    stop = Stop() if stop is None else stop
    if plan.status not in ("optimal", "feasible"):
        raise InvalidProblem([f'status: is "{plan.status}"; give a plan that is optimal or feasible'])
    if violations := check(problem, plan):
        raise RefusedPlan(plan, violations)
    after, new = _repaired(problem, plan, changes, stop, seed, settings, on_progress)
    return Repaired(after, judged(after, new, stop))


def _repaired(
    problem: Problem,
    plan: Plan,
    changes: Changes,
    stop: Stop,
    seed: int,
    settings: Settings,
    on_progress: OnProgress,
) -> tuple[Problem, Plan]:
    """Dispatches on the kind of problem; what loads OR-Tools is imported only when it is used."""
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan) and isinstance(changes, VisitChanges):
        from matcher.visits.repair import repair_visits

        return repair_visits(problem, plan, changes, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
    if isinstance(problem, GroupProblem) and isinstance(plan, GroupPlan) and isinstance(changes, GroupChanges):
        from matcher.groups.repair_plan import repair_groups

        return repair_groups(problem, plan, changes, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
    raise InvalidProblem([f"format: is {changes.format}; give changes of the problem's kind"])
