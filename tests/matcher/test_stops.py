"""A stop is heard wherever it comes, and what was found by then is in the plan."""

from collections.abc import Callable

import pytest

from matcher.control import Progress, Stop
from matcher.explain import explain
from matcher.groups.facts import Facts
from matcher.groups.first import first_roster
from matcher.groups.fixed_roster import on_roster
from matcher.plan import UNKNOWN_CHANGE, GroupPlan, Plan, UnservedPupil
from matcher.problem import Problem
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.benchmarks.instances_visits import season
from tests.benchmarks.limits import cancelled, limited

MORE_LOOKS = 30
"""How often a solve may still look at a stop that has come: each step of it once, and then no step follows.

For everyone unserved it may look once more, before their smallest change is not looked for.
"""


class Looks(Stop):
    """Comes after so many looks; what follows the search has no more time than the search."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.looks = 0

    def _remaining(self, before: float, after: float) -> float:
        self.looks += 1
        return 0.0 if self.looks > self.most else float("inf")


def on_a_roster(pupils: int) -> Problem:
    facts = Facts(national(1, pupils=pupils, mentors=pupils // 13))
    stands = [(facts.mentors[m].id, facts.sessions[s].id) for m, s in first_roster(facts).stands()]
    return on_roster(facts.problem, stands)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "visits": lambda: season(60, 45, 1, scarce=True),
    "groups": lambda: national(2, pupils=400, mentors=30),
    "groups on a roster": lambda: on_a_roster(400),
}


def first_goal_heard(plan: Plan, heard: list[Progress]) -> int:
    goal = plan.goals[0]
    return max((step.value for step in heard if step.goal == goal.name and step.value is not None), default=0)


@pytest.mark.parametrize("looks", [0, 1, 5, 20, 60, 120, 400])
@pytest.mark.parametrize("name", PROBLEMS)
def test_stop_is_heard_and_nothing_found_is_lost(name: str, looks: int) -> None:
    stop, heard = Looks(looks), list[Progress]()
    plan = solve(PROBLEMS[name](), stop=stop, on_progress=heard.append)
    assert plan.certificate.judge == "ok"
    assert stop.looks <= looks + MORE_LOOKS + len(plan.unserved)
    assert plan.goals[0].value >= first_goal_heard(plan, heard)
    if stop.looks <= looks:
        return
    untold = [item for item in plan.unserved if item.smallest_change == UNKNOWN_CHANGE]
    assert untold
    first = untold[0].pupil if isinstance(untold[0], UnservedPupil) else untold[0].request
    assert explain(PROBLEMS[name](), plan, first)["smallest_change"] != UNKNOWN_CHANGE
    if isinstance(plan, GroupPlan) and plan.status == "feasible":
        assert plan.bottlenecks == ()
        assert next(goal for goal in plan.goals if goal.name == "choices").gap > 0


def test_what_is_kept_of_a_limit_ends_the_search_before_what_follows_it() -> None:
    stop = Stop(100)
    stop.keep(20)
    assert 79 < stop.searching().remaining() < 80 < stop.afterwards().remaining() < 94 < stop.remaining() < 100
    stop.keep(90)
    assert 49 < stop.searching().remaining() < 50
    stop.request()
    assert stop.searching().expired
    assert not stop.afterwards().expired


@pytest.mark.long
@pytest.mark.parametrize("goal", ["priority", "wishes", "returning", "served", "queue", "short_hours"])
def test_large_seasons_end_soon_after_a_request(goal: str) -> None:
    """By the processor's seconds, and by the clock with room for a machine that does other things too."""
    after, processor, _ = cancelled(large("visits" if goal in ("priority", "wishes") else "groups"), goal)
    assert processor < 1
    assert after < 5


@pytest.mark.long
@pytest.mark.parametrize("seconds", [3, 10, 20])
@pytest.mark.parametrize("name", ["visits", "groups"])
def test_large_seasons_keep_a_limit(name: str, seconds: float) -> None:
    over, processor, _ = limited(large(name), seconds)
    assert processor < 0.2 * seconds
    assert over < 0.2 * seconds + 4


def large(name: str) -> Problem:
    return season(2000, 1500, 1) if name == "visits" else national(1)
