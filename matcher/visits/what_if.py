"""A season of visits solved once, and again for problems near it: kept.py says what is kept."""

import time

from matcher.control import OnProgress, Settings, Stop, echoed
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.candidates import conflicts, fixed_engagements
from matcher.visits.digest import Digest
from matcher.visits.frame import Frame
from matcher.visits.kept import Kept
from matcher.visits.result import infeasible_plan
from matcher.visits.solve import solve_frame


class PreparedVisits:
    """A solved problem and what is kept of it; plans are not judged yet.

    It is solved as one, also where it falls into parts that a solve would give to processes of their own.
    """

    def __init__(
        self, problem: VisitProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress
    ) -> None:
        self._seed, self._settings = seed, settings
        self._frame: Frame | None = None
        self._kept: Kept | None = None
        self.plan = self.solve(problem, stop=stop, on_progress=on_progress)

    def solve(self, problem: VisitProblem, *, stop: Stop, on_progress: OnProgress) -> VisitPlan:
        """The plan of a problem near the first."""
        started = time.monotonic()
        if clashes := conflicts(fixed_engagements(problem)):
            said, seconds = echoed(self._settings, stop), time.monotonic() - started
            return infeasible_plan(problem, clashes, seed=self._seed, settings=said, seconds=seconds)
        frame = Frame(problem, near=self._frame)
        plan, kept = solve_frame(
            frame,
            stop=stop,
            seed=self._seed,
            settings=self._settings,
            on_progress=on_progress,
            near=self._kept,
            keep=self._kept is None,
        )
        if self._kept is None:
            frame.digest = Digest(problem)
            self._frame, self._kept = frame, kept
        return plan
