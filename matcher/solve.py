"""The public way to a plan: solve, say why the others got nothing, judge."""

from collections.abc import Sequence
from dataclasses import replace

from matcher.check import Violation, check
from matcher.control import OnProgress, Settings, Stop, no_progress
from matcher.explain import with_reasons
from matcher.plan import UNKNOWN_CHANGE, Plan, VisitPlan
from matcher.problem import Problem, VisitProblem

DEFAULT_SETTINGS = Settings()


class RefusedPlan(Exception):
    """The judge found broken rules in what the solver made: `plan` is not to be used, `violations` say why."""

    def __init__(self, plan: Plan, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{code}: {message}" for code, message in violations))
        self.plan = plan
        self.violations = tuple(violations)


def solve(
    problem: Problem,
    *,
    stop: Stop | None = None,
    seed: int = 1,
    settings: Settings = DEFAULT_SETTINGS,
    on_progress: OnProgress = no_progress,
) -> Plan:
    """The best plan found until `stop` (None: until proven), with bounds and reasons, judged.

    Same problem, seed and settings give the same plan in all but certificate.seconds, unless `stop` ended it by time or
    on request. Raises RefusedPlan when the judge finds a broken rule: a plan that is returned says certificate.judge
    "ok".
    """
    stop = Stop() if stop is None else stop
    return judged(problem, _solved(problem, stop, seed, settings, on_progress), stop)


def judged(problem: Problem, plan: Plan, stop: Stop) -> Plan:
    """The plan with reasons and, as far as `stop` leaves time, smallest changes. Raises RefusedPlan as `solve` does."""
    plan = with_reasons(problem, plan, stop.afterwards())
    violations = check(problem, plan)
    plan = replace(plan, certificate=replace(plan.certificate, judge="not judged" if violations else "ok"))
    if violations:
        raise RefusedPlan(plan, violations)
    return _with_smallest_changes(problem, plan, stop.afterwards())


def _with_smallest_changes(problem: Problem, plan: Plan, stop: Stop) -> Plan:
    """The plan with the smallest change for each unserved request; group plans come with theirs."""
    if isinstance(problem, VisitProblem) and isinstance(plan, VisitPlan) and plan.unserved:
        if stop.expired:
            return replace(
                plan, unserved=tuple(replace(item, smallest_change=UNKNOWN_CHANGE) for item in plan.unserved)
            )
        from matcher.visits import smallest_change

        return smallest_change.with_smallest_changes(problem, plan, stop)
    return plan


def _solved(problem: Problem, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> Plan:
    """Dispatches on the kind of problem; the solvers load OR-Tools, so they are imported only when they are used."""
    if isinstance(problem, VisitProblem):
        from matcher.visits.solve import solve as solve_visits

        return solve_visits(problem, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
    from matcher.groups.solve import solve as solve_groups

    return solve_groups(problem, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
