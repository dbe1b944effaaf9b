"""National size, 50 sampled pupils: the change told works and no smaller one does, by seating the roster again."""

import random
from collections.abc import Mapping

import pytest

from matcher.control import Stop
from matcher.explain_groups import GroupStory
from matcher.groups.facts import Facts
from matcher.groups.placement import place
from matcher.groups.queue_order import take_seats
from matcher.groups.roster import Roster
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.solve import solve
from tests.benchmarks.instances_groups import national
from tests.matcher.single_changes import KINDS, NEW, Change, SingleChanges

SAMPLE = 50

Seats = Mapping[str, str]


class Again:
    """The queue gone through again on the plan's roster with one change: the solver's flow, and its replay."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.changes = SingleChanges(problem, plan)
        self.position = {name: n for n, name in enumerate(self.changes.queue)}
        self.index = {pupil.id: p for p, pupil in enumerate(problem.pupils)}
        self.with_mentor: dict[str, Seats] = {}

    def seats(self, problem: GroupProblem, stands: frozenset[tuple[str, str]]) -> Seats:
        facts = Facts(problem)
        here: list[list[int]] = [[] for _ in facts.sessions]
        for mentor, session in stands:
            here[facts.session_index[session]].append(facts.mentor_index[mentor])
        roster = Roster(tuple(tuple(sorted(mentors)) for mentors in here))
        placement = place(facts, roster)
        assert placement is not None
        queue_first = problem.rules.placement == "queue_first"
        seat = take_seats(facts, roster, placement) if queue_first else placement.seat
        return {facts.pupils[p].id: facts.sessions[s].id for p, s in seat.items()}

    def works(self, name: str, change: Change, problem: GroupProblem, stands: frozenset[tuple[str, str]]) -> bool:
        if change["kind"] == "mentor":
            session = change["session"]
            if session not in self.with_mentor:
                self.with_mentor[session] = self.seats(problem, stands)
            then = self.with_mentor[session]
        else:
            then = self.seats(problem, stands)
        ahead = (other for other in self.changes.seat if self.position[other] < self.position[name])
        if problem.rules.placement == "queue_first" and change["kind"] != "mentor":
            return name in then and all(then.get(other) == self.changes.seat[other] for other in ahead)
        return name in then and all(other in then for other in ahead)


def is_smaller(tried: Change, told: Change | None) -> bool:
    """Of an earlier kind, or fewer minutes; any change is smaller than none."""
    if told is None or KINDS.index(tried["kind"]) < KINDS.index(told["kind"]):
        return True
    return tried["kind"] == told["kind"] == "distance" and tried["minutes"] < told["minutes"]


@pytest.mark.long
@pytest.mark.parametrize("placement", ["most_served", "queue_first"])
@pytest.mark.parametrize("mentors", [330, 170])
def test_sampled_pupils_are_told_right(mentors: int, placement: str) -> None:
    problem = national(7, mentors=mentors, placement=placement)
    plan = solve(problem, stop=Stop(30))
    assert isinstance(plan, GroupPlan)
    again = Again(problem, plan)
    told = {item.pupil: item.smallest_change for item in plan.unserved}
    if placement == "queue_first":
        assert GroupStory(problem, plan).changes.untold == set()
    for name in random.Random(mentors).sample(sorted(told), SAMPLE):
        confirmed = told[name] is None
        smaller: list[str] = []
        for tried, then, stands in again.changes.of(name):
            if not is_smaller(tried, told[name]):
                confirmed = confirmed or (tried == told[name] and again.works(name, tried, then, stands))
            elif tried["kind"] in ("session", "digital"):
                smaller += set(then.pupils[again.index[name]].choices) - set(problem.pupils[again.index[name]].choices)
            else:
                assert not again.works(name, tried, then, stands), (name, told[name], tried)
        assert confirmed, (name, told[name])
        for five in (tuple(smaller[i : i + 5]) for i in range(0, len(smaller), 5)):
            assert name not in again.seats(again.changes.with_only(name, five), again.changes.roster), (name, five)
    for session in again.changes.open:
        if session not in again.with_mentor:
            stands = again.changes.roster | {(NEW, session)}
            again.with_mentor[session] = again.seats(again.changes.with_mentor(session), stands)
    served = len(again.changes.seat)
    more = {session: len(then) - served for session, then in again.with_mentor.items()}
    assert {one.session: one.one_more_mentor_serves for one in plan.bottlenecks} == {
        s: n for s, n in more.items() if n > 0
    }
