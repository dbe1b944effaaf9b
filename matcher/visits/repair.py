"""Repairs a visit plan after changes: as good as a new plan down to `days_waited`, and the fewest visits moved."""

import time
from collections.abc import Sequence
from dataclasses import replace

from matcher.changes import VisitChanges
from matcher.changes_visits import apply_visits
from matcher.control import OnProgress, Settings, Stop, echoed, no_progress
from matcher.plan import Visit, VisitPlan, plan_sha256
from matcher.problem import VisitProblem
from matcher.visits.candidates import conflicts, fixed_engagements
from matcher.visits.frame import Frame
from matcher.visits.kept import Kept
from matcher.visits.repair_report import Causes, moved_and_dropped
from matcher.visits.repair_stages import repair_by_stages
from matcher.visits.result import infeasible_plan, plan_of

DEFAULT_SETTINGS = Settings()


def repair_visits(
    problem: VisitProblem,
    plan: VisitPlan,
    changes: VisitChanges,
    *,
    stop: Stop | None = None,
    seed: int = 1,
    settings: Settings = DEFAULT_SETTINGS,
    on_progress: OnProgress = no_progress,
    near: tuple[Frame, Kept | None] | None = None,
) -> tuple[VisitProblem, VisitPlan]:
    """The problem after the changes, and its best plan that moves the fewest visits of `plan`; not yet judged.

    `plan` is a judged plan of `problem`. What is fixed in the new problem does not move; all other visits move as far
    as the goals down to `days_waited` demand and no further. Of such plans the best in the rest is taken.
    `certificate.settings["moved"]` says how many visits of the plan before (those of withdrawn requests apart) do not
    stand as they were, and the proven least. Bounds of the goals after `days_waited` hold for every plan that reaches
    the goals before, however many visits it moves: a gap there is the price of moving few.
    `near`: what a repair of the same plan without changes kept, which makes this one quicker.
    Raises InvalidProblem when the changes do not fit the problem.
    """
    started = time.monotonic()
    stop = Stop() if stop is None else stop
    changed = apply_visits(problem, changes)
    said = echoed(settings, stop)
    if clashes := conflicts(fixed_engagements(changed)):
        empty = infeasible_plan(changed, clashes, seed=seed, settings=said, seconds=time.monotonic() - started)
        return changed, replace(empty, based_on=plan_sha256(plan))
    frame, kept = (Frame(changed), None) if near is None else (Frame(changed, near[0]), near[1])
    visits = visits_that_may_move(changed, plan)
    found = repair_by_stages(frame, visits, stop=stop, seed=seed, settings=settings, on_progress=on_progress, near=kept)
    repaired = plan_of(
        changed,
        frame.facts,
        found.model,
        found.assigned,
        found.goals,
        found.sources,
        seed=seed,
        settings=said | {"moved": {"value": found.moved.value, "bound": found.moved.bound}},
        seconds=time.monotonic() - started,
        sha256=frame.sha256,
    )
    causes = Causes(problem, plan.visits, changes)
    still = {request.id for request in changed.requests}
    moved, dropped = moved_and_dropped(plan.visits, repaired.visits, causes, still)
    return changed, replace(repaired, based_on=plan_sha256(plan), moved=moved, dropped=dropped)


def visits_that_may_move(changed: VisitProblem, plan: VisitPlan) -> Sequence[Visit]:
    """Visits of the plan before whose requests still stand and are not fixed."""
    still = {request.id for request in changed.requests} - {visit.request for visit in changed.fixed}
    return [visit for visit in plan.visits if visit.request in still]
