"""The best plan of study groups until the stop, with a proven bound for every goal."""

from collections.abc import Callable, Mapping, Sequence

from matcher.control import OnProgress, Progress, Settings, Stop, echoed, versions
from matcher.groups import goals as goal_functions
from matcher.groups.conflicts import conflicts
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts
from matcher.groups.fixed_roster import only_roster, settled_goals
from matcher.groups.found import Candidate, NoValidPlan
from matcher.groups.placement import place
from matcher.groups.queue_order import take_choices, take_seats
from matcher.groups.rooms import Placement
from matcher.groups.roster import Roster, is_valid
from matcher.groups.search import Search
from matcher.groups.written import written
from matcher.plan import (
    BoundSource,
    Certificate,
    Conflict,
    Goal,
    GroupPlan,
    Status,
)
from matcher.problem import GroupProblem, problem_sha256


def solve(
    problem: GroupProblem,
    *,
    stop: Stop,
    seed: int,
    settings: Settings,
    on_progress: OnProgress,
    run: Callable[[Search], None] = Search.run,
) -> GroupPlan:
    """The plan with everything but the judge's word and the reasons of the unserved.

    Ends when all goals are proven, or with the best plan so far when `stop` says so. `infeasible` names fixed entries
    that cannot stand together; `unknown` only when the stop came before the fixed entries were seated. `run` is how a
    roster is searched for, where the problem leaves a choice.
    """
    facts = Facts(problem)
    maker = _PlanMaker(facts, stop, seed, settings)
    settled = maker.on_the_only_roster(on_progress)
    if settled is not None:
        return settled
    search = Search(facts, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
    try:
        run(search)
    except NoValidPlan:
        return maker.without_answer("infeasible", conflicts(facts, search.solver))
    if search.best is None:
        return maker.without_answer("unknown", ())
    return maker.plan(search, search.best)


class _PlanMaker:
    """Writes plans for one run."""

    def __init__(self, facts: Facts, stop: Stop, seed: int, settings: Settings) -> None:
        self._facts = facts
        self._stop = stop
        self._seed = seed
        self._settings = settings

    def without_answer(self, status: Status, found: tuple[Conflict, ...]) -> GroupPlan:
        """A plan that holds nothing."""
        return GroupPlan(
            problem_sha256=problem_sha256(self._facts.problem),
            status=status,
            sessions=(),
            goals=(),
            unserved=(),
            certificate=self._certificate({}),
            conflicts=found,
        )

    def on_the_only_roster(self, on_progress: OnProgress) -> GroupPlan | None:
        """The plan where the problem leaves one roster and it is valid; None elsewhere."""
        roster = only_roster(self._facts)
        if roster is None or not is_valid(self._facts, roster):
            return None
        placement = place(self._facts, roster)
        if placement is None:
            return None
        seat, taken = self._seats(roster, placement)
        goals, sources = settled_goals(self._facts, roster, placement.seat, seat)
        for goal in goals:
            on_progress(Progress(goal.name, goal.value, goal.bound, self._stop.elapsed))
        return self._written(roster, seat, taken, goals, sources)

    def plan(self, search: Search, best: Candidate) -> GroupPlan:
        """The plan of the best roster: choices by the choice rule, contact mentors, goals with bounds."""
        seat, taken = self._seats(best.roster, best.placement)
        values = goal_functions.roster_values(self._facts, best.roster, seat)
        search.certify(values)
        goals, sources = self._goals(search, values)
        return self._written(best.roster, seat, taken, goals, sources)

    @property
    def _by_queue_first(self) -> bool:
        return self._facts.problem.rules.placement == "queue_first"

    def _seats(self, roster: Roster, placement: Placement) -> tuple[dict[int, int], bool]:
        """The session of each served pupil by the choice rule, and whether all had their turn.

        Under `queue_first` they always have, as the rule decides who is served.
        """
        if self._by_queue_first:
            return take_seats(self._facts, roster, placement), True
        stop = self._stop.afterwards()
        return take_choices(self._facts, roster, placement, stop), not stop.expired

    def _choices(self, roster: Roster, seat: Mapping[int, int], *, taken: bool) -> tuple[Goal, BoundSource]:
        """The goal `choices`; `taken`: see `_seats`."""
        value = goal_functions.choices(self._facts, seat)
        if taken:
            return Goal(name="choices", sense="min", value=value, bound=value), "replay"
        bound = goal_functions.choices_bound(self._facts, roster, seat)
        return Goal(name="choices", sense="min", value=value, bound=bound), "lp"

    def _written(
        self, roster: Roster, seat: Mapping[int, int], taken: bool, goals: list[Goal], sources: dict[str, BoundSource]
    ) -> GroupPlan:
        """The plan of these seats; `goals` and `sources` are those of the roster; `taken`: see `_seats`."""
        facts = self._facts
        contact = contacts(facts, roster, seat)
        choices, choices_source = self._choices(roster, seat, taken=taken)
        same = goal_functions.continuity(facts, contact)
        goals = [*goals, choices, Goal(name="continuity", sense="max", value=same, bound=same)]
        certificate = self._certificate(sources | {"choices": choices_source, "continuity": "flow"})
        return written(facts, roster, seat, contact, goals, certificate)

    def _goals(self, search: Search, values: Sequence[int]) -> tuple[list[Goal], dict[str, BoundSource]]:
        """The roster goals with the best proven bounds."""
        found = []
        sources: dict[str, BoundSource] = {}
        bounds: list[int] = []
        for number, goal in enumerate(search.goals):
            bound, sources[goal.name] = search.bound(number, values, bounds)
            bounds.append(bound)
            found.append(Goal(name=goal.name, sense=goal.sense, value=values[number], bound=bound))
        return found, sources

    def _certificate(self, sources: dict[str, BoundSource]) -> Certificate:
        return Certificate(
            bound_source=sources,
            seconds=round(self._stop.elapsed, 3),
            seed=self._seed,
            settings=echoed(self._settings, self._stop),
            versions=versions(),
            passed_over=0,
            choice_envy=0,
        )
