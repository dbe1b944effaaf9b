"""The best plan of study groups until the stop, with a proven bound for every goal."""

from collections.abc import Sequence

from matcher.control import OnProgress, Settings, Stop, echoed, versions
from matcher.groups import goals as goal_functions
from matcher.groups.conflicts import conflicts
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts
from matcher.groups.queue_order import passed_over, take_choices, take_seats
from matcher.groups.rooms import placement_of
from matcher.groups.search import Candidate, NoValidPlan, Search
from matcher.groups.written import choice_envy, listed_sessions, listed_unserved
from matcher.plan import (
    BoundSource,
    Certificate,
    Conflict,
    Goal,
    GroupPlan,
    Status,
)
from matcher.problem import GroupProblem, problem_sha256


def solve(problem: GroupProblem, *, stop: Stop, seed: int, settings: Settings, on_progress: OnProgress) -> GroupPlan:
    """The plan with everything but the judge's word and the reasons of the unserved.

    Ends when all goals are proven, or with the best plan so far when `stop` says so. `infeasible` names fixed entries
    that cannot stand together; `unknown` only when the stop came before the fixed entries were seated.
    """
    facts = Facts(problem)
    search = Search(facts, stop=stop, seed=seed, settings=settings, on_progress=on_progress)
    maker = _PlanMaker(facts, stop, seed, settings)
    try:
        search.run()
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
        self._sha256 = problem_sha256(facts.problem)

    def without_answer(self, status: Status, found: tuple[Conflict, ...]) -> GroupPlan:
        """A plan that holds nothing."""
        return GroupPlan(
            problem_sha256=self._sha256,
            status=status,
            sessions=(),
            goals=(),
            unserved=(),
            certificate=self._certificate({}, 0, 0),
            conflicts=found,
        )

    def plan(self, search: Search, best: Candidate) -> GroupPlan:
        """The plan of the best roster: choices by the choice rule, contact mentors, goals with bounds."""
        facts, roster = self._facts, best.roster
        queue_first = facts.problem.rules.placement == "queue_first"
        take = take_seats if queue_first else take_choices
        seat = take(facts, roster, best.placement)
        columns = search.by_pupil.columns_of(roster.stands(), seat)
        values = [goal.value(columns) for goal in search.goals]
        search.certify(values)
        contact = contacts(facts, roster, seat)
        placement = placement_of(facts, roster, seat, contact)
        replayed = take(facts, roster, placement)
        if queue_first:
            skipped = sum(seat.get(p) != replayed.get(p) for p in facts.queue)
        else:
            skipped = passed_over(facts, roster, placement)
        goals, sources = self._goals(search, values)
        index, again = goal_functions.choices(facts, seat), goal_functions.choices(facts, replayed)
        same = goal_functions.continuity(facts, contact)
        goals.append(Goal(name="choices", sense="min", value=index, bound=min(index, again)))
        goals.append(Goal(name="continuity", sense="max", value=same, bound=same))
        sources |= {"choices": "replay", "continuity": "flow"}
        return GroupPlan(
            problem_sha256=self._sha256,
            status="optimal" if all(goal.gap == 0 for goal in goals) else "feasible",
            sessions=listed_sessions(facts, roster, seat, contact),
            goals=tuple(goals),
            unserved=listed_unserved(facts, seat),
            certificate=self._certificate(sources, skipped, choice_envy(facts, seat, contact)),
        )

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

    def _certificate(self, sources: dict[str, BoundSource], skipped: int, envy: int) -> Certificate:
        return Certificate(
            bound_source=sources,
            seconds=round(self._stop.elapsed, 3),
            seed=self._seed,
            settings=echoed(self._settings, self._stop),
            versions=versions(),
            passed_over=skipped,
            choice_envy=envy,
        )
