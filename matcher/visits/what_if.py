"""A season of visits solved once, and again for problems near it."""

from matcher.control import OnProgress, Settings, Stop
from matcher.plan import VisitPlan
from matcher.problem import VisitProblem
from matcher.visits.solve import solve


class PreparedVisits:
    """A solved problem and what is kept of it; `plan` is not judged yet."""

    def __init__(
        self, problem: VisitProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress
    ) -> None:
        self._seed, self._settings = seed, settings
        self.plan = solve(problem, stop=stop, seed=seed, settings=settings, on_progress=on_progress)

    def solve(self, problem: VisitProblem, *, stop: Stop, on_progress: OnProgress) -> VisitPlan:
        """The plan of a problem near the first; not judged yet."""
        return solve(problem, stop=stop, seed=self._seed, settings=self._settings, on_progress=on_progress)
