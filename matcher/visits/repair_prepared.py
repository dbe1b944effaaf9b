"""Repairs of a plan that was prepared for: in milliseconds where a change only takes away and the values still stand.

Nothing better than the plan's values down to `days_waited` exists once a change only takes away. So where a small
program around the change finds a plan of the same values, these are proven by the plan's own bounds.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matcher.changes import Limits as NewLimits
from matcher.changes import VisitChanges
from matcher.changes_visits import OF_A_ROLE_MODEL, apply_visits, refuses
from matcher.control import OnProgress, Progress, Settings, Stop, echoed, no_progress, versions
from matcher.eligibility import minute_of
from matcher.plan import Goal, VisitPlan, plan_sha256
from matcher.problem import VisitProblem
from matcher.visits.bound import no_prices, prove, scale_for
from matcher.visits.digest import Digest
from matcher.visits.frame import Frame
from matcher.visits.kept import Kept
from matcher.visits.model import Flags
from matcher.visits.repair import DEFAULT_SETTINGS, repair_visits, visits_that_may_move
from matcher.visits.repair_goal import columns_of_visits
from matcher.visits.repair_land import Land, Limits, Standing
from matcher.visits.repair_local import Decided, LocalProgram, TooHardError
from matcher.visits.repair_report import Causes
from matcher.visits.repair_result import changed_visits, plan_with, recounted
from matcher.visits.repair_rings import Rings
from matcher.visits.repair_stages import AFTER_MOVED, UNTIL_MOVED, repair_by_stages


class PreparedRepair:
    """A problem and its judged plan, ready for changes; what it makes is what `repair_visits` makes."""

    def __init__(
        self, problem: VisitProblem, plan: VisitPlan, *, seed: int = 1, settings: Settings = DEFAULT_SETTINGS
    ) -> None:
        """Takes about as long as the first goals of a solve. `plan` is a judged plan of `problem`."""
        self.problem, self.plan = problem, plan
        self._sha = plan_sha256(plan)
        self._digest = Digest(problem)
        self._versions = versions()
        self._people = {person.id: i for i, person in enumerate(problem.role_models)}
        self._land: Land | None = None
        self._near: tuple[Frame, Kept | None] | None = None
        self._loosest: dict[str, int] = {}
        if plan.status in ("optimal", "feasible") and not any(goal.gap for goal in plan.goals[: len(UNTIL_MOVED)]):
            self._prepare(seed, settings)

    def _prepare(self, seed: int, settings: Settings) -> None:
        """Find what plans of these values could use, and the bounds of the other goals over all of them."""
        frame = Frame(self.problem)
        frame.digest = self._digest
        facts, season = frame.facts, frame.season
        visits = visits_that_may_move(self.problem, self.plan)
        unchanged = repair_by_stages(
            frame, visits, stop=Stop(), seed=seed, settings=settings, on_progress=no_progress, keep=True
        )
        model = unchanged.model
        self._near = frame, unchanged.kept
        columns = [column for column in columns_of_visits(model, self.problem, visits) if column is not None]
        usable = model.alive[: len(model.candidates.unit)].copy()
        unit, request = model.candidates.unit, model.units.request
        standing = [Standing(int(request[unit[c[0]]]), int(unit[c[0]]), tuple(c.tolist())) for c in columns]
        self._land = Land(self.problem, facts, model.candidates, model.units, usable, standing, season.left.busy)
        for goal_of in AFTER_MOVED:
            goal = goal_of(model, season)
            gain = np.zeros(model.columns, dtype=np.int64)
            gain[: len(goal.worth)] = goal.gain
            self._loosest[goal.name] = goal.value(prove(model, gain, scale_for(gain), no_prices(model)).whole)

    def repair(
        self,
        changes: VisitChanges,
        *,
        stop: Stop | None = None,
        seed: int = 1,
        settings: Settings = DEFAULT_SETTINGS,
        on_progress: OnProgress = no_progress,
    ) -> tuple[VisitProblem, VisitPlan]:
        """As `repair_visits` of this problem and plan."""
        started = time.monotonic()
        stop = Stop() if stop is None else stop
        changed = apply_visits(self.problem, changes)
        land, decided = self._land, None
        if land is not None and changed.fixed == self.problem.fixed and self._only_takes_away(changes):
            gone = self._gone(land, changes)
            decided = self._decide(land, changed, changes, gone, stop, seed)
        if land is None or decided is None:
            return repair_visits(
                self.problem,
                self.plan,
                changes,
                stop=stop,
                seed=seed,
                settings=settings,
                on_progress=on_progress,
                near=self._near,
            )
        visits = changed_visits(land, decided)
        goals = self._goals(land, decided)
        moved = decided.moved + decided.forced
        for goal in goals:
            on_progress(Progress(goal.name, goal.value, goal.bound, time.monotonic() - started))
        plan = plan_with(self.plan, changed, visits, Causes(self.problem, self.plan.visits, changes))
        certificate = replace(
            self.plan.certificate,
            judge="not judged",
            seconds=time.monotonic() - started,
            seed=seed,
            settings=echoed(settings, stop) | {"moved": {"value": moved, "bound": moved}},
            versions=self._versions,
        )
        return changed, replace(
            plan,
            problem_sha256=self._digest.of(changed),
            status="optimal" if all(goal.gap == 0 for goal in goals) else "feasible",
            goals=goals,
            certificate=certificate,
            based_on=self._sha,
        )

    def _only_takes_away(self, changes: VisitChanges) -> bool:
        """Is every plan of the new problem one of the old problem, with the same values?"""
        served = {visit.request for visit in self.plan.visits}
        return not changes.requests and served.isdisjoint(changes.cancelled) and all(map(self._lowers, changes.limits))

    def _lowers(self, limits: NewLimits) -> bool:
        """No limit is higher than before."""
        if limits.company is not None:
            before = next(company.quota for company in self.problem.companies if company.id == limits.company)
            return before is None or (limits.quota is not None and limits.quota <= before)
        person = self.problem.role_models[self._people[str(limits.role_model)]]
        given = ((getattr(limits, name), getattr(person, name)) for name in OF_A_ROLE_MODEL)
        return all(limit is None or limit <= before for limit, before in given)

    def _gone(self, land: Land, changes: VisitChanges) -> Flags:
        """Candidates that the changes take away."""
        gone = np.zeros(len(land.who), dtype=np.bool_)
        requests, units = self.problem.requests, land.units
        for refusal in changes.refused:
            for column in self._columns_of_person(land, refusal.role_model):
                unit = land.unit[column]
                gone[column] |= refuses(refusal, requests[land.request[unit]], int(units.option[unit]))
        for away in changes.unavailable:
            for column in self._columns_of_person(land, away.role_model):
                span = land.span[land.unit[column]]
                gone[column] |= span.start < minute_of(away.end) and minute_of(away.start) < span.end
        for limits in changes.limits:
            if limits.role_model is not None:
                for column in self._columns_of_person(land, limits.role_model):
                    unit = land.unit[column]
                    lessons = requests[land.request[unit]].options[int(units.option[unit])].lessons
                    if limits.max_travel_minutes is not None:
                        gone[column] |= land.minutes[column] > limits.max_travel_minutes
                    if limits.max_lessons is not None:
                        gone[column] |= len(lessons) > limits.max_lessons
        return gone

    def _columns_of_person(self, land: Land, role_model: str) -> Iterator[int]:
        yield from np.flatnonzero(land.candidates.role_model == self._people[role_model]).tolist()

    def _decide(
        self, land: Land, changed: VisitProblem, changes: VisitChanges, gone: Flags, stop: Stop, seed: int
    ) -> Decided | None:
        """The decision of the first ring that is exact for it; None where the values cannot be kept nearby."""
        fallen = frozenset(v for v, visit in enumerate(land.standing) if gone[list(visit.columns)].any())
        numbers = {request.id: r for r, request in enumerate(self.problem.requests)} if changes.cancelled else {}
        closed = frozenset(numbers[request] for request in changes.cancelled)
        limits = Limits(changed)
        for ring in Rings(land, limits, gone, fallen, closed, bool(changes.limits)):
            try:
                decided = LocalProgram(land, limits, ring.load, ring.choices, fallen).solve(stop, seed)
            except TooHardError:
                return None
            if decided is not None and (ring.exact is None or decided.moved <= ring.exact):
                return replace(decided, forced=len(fallen))
        return None

    def _goals(self, land: Land, decided: Decided) -> tuple[Goal, ...]:
        """Values counted on; a bound of the plan before holds while the values of the goals before it do not fall."""
        first, rest = self.plan.goals[: len(UNTIL_MOVED)], self.plan.goals[len(UNTIL_MOVED) :]
        goals, as_good = list(first), True
        for goal, value in zip(rest, recounted(land, rest, decided), strict=True):
            bound = goal.bound if as_good else self._loosest[goal.name]
            goals.append(replace(goal, value=value, bound=bound))
            as_good &= value >= goal.value if goal.sense == "max" else value <= goal.value
        return tuple(goals)
