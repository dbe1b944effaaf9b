"""Smallest changes, gains of one more mentor and proofs of group plans agree with replaying the whole queue."""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from matcher.check_smallest import smaller_changes
from matcher.explain import explain
from matcher.explain_groups import GroupStory
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from matcher.solve import solve
from tests.matcher.brute_force_groups import GroupEnumeration
from tests.matcher.random_groups import random_group_problem
from tests.matcher.single_changes import KINDS, NEW, SingleChanges, seats
from tests.matcher.small_problems import Data

FEW = range(30)
MANY = range(30, 1500)


@cache
def solved(seed: int) -> tuple[GroupProblem, GroupPlan]:
    problem = random_group_problem(seed)
    plan = solve(problem)
    assert isinstance(plan, GroupPlan)
    return problem, plan


def told_and_tried(seed: int) -> Counter[str | None]:
    """Asserts that each unserved pupil's change is the first that works when all are tried; counts them by kind."""
    problem, plan = solved(seed)
    changes = SingleChanges(problem, plan)
    kinds: Counter[str | None] = Counter()
    assert smaller_changes(problem, plan) == [], seed
    for item in plan.unserved:
        tried = list(changes.of(item.pupil))
        works = [change for change, then, roster in tried if changes.works(item.pupil, change, then, roster)]
        told = item.smallest_change
        kinds[told and told["kind"]] += 1
        if told is None:
            assert works == [], (seed, item)
        elif told["kind"] == "unknown":
            assert all(change["kind"] == "mentor" for change in works), (seed, item)
            assert all(is_untold(problem, plan, change) for change in works), (seed, item)
        else:
            assert told in works, (seed, item)
            assert told["kind"] == works[0]["kind"], (seed, item, works[0])
            assert told["kind"] != "distance" or told == works[0], (seed, item, works[0])
            untold = tuple(replace(other, smallest_change=None) if other is item else other for other in plan.unserved)
            found = smaller_changes(problem, replace(plan, unserved=untold))
            judged = told["kind"] != "mentor" and problem.rules.placement == "most_served"
            assert len(found) == judged, (seed, item)
    return kinds


def is_untold(problem: GroupProblem, plan: GroupPlan, change: Data) -> bool:
    """`queue_first` tells nothing of a mentor in a session where minimum sizes decide who sits where."""
    if problem.rules.placement == "most_served":
        return False
    story = GroupStory(problem, plan).changes
    return story.facts.session_index[change["session"]] in story.untold


def gains_and_replays(seed: int) -> int:
    """Asserts that one more mentor serves whom the replay of the queue says; counts the sessions told."""
    problem, plan = solved(seed)
    changes, story = SingleChanges(problem, plan), GroupStory(problem, plan).changes
    names = [pupil.id for pupil in problem.pupils]
    listed = {one.session: one.one_more_mentor_serves for one in plan.bottlenecks}
    for session in changes.open:
        then = seats(changes.with_mentor(session), changes.roster | {(NEW, session)})
        gain = story.gains.get(story.facts.session_index[session])
        if gain is None:
            assert problem.rules.placement == "queue_first"
            continue
        assert {names[p] for p in gain.kept} == then.keys() - changes.seat.keys(), (seed, session)
        assert {names[p] for p in gain.lost} == changes.seat.keys() - then.keys(), (seed, session)
        assert listed.get(session, 0) == max(0, len(then) - len(changes.seat)), (seed, session)
    assert list(listed.values()) == sorted(listed.values(), reverse=True)
    return len(story.gains) - len(story.untold)


def recounted(seed: int) -> int:
    """Asserts what a proof claims, from the problem and the plan alone; counts the full sessions seen."""
    problem, plan = solved(seed)
    enumeration, changes = GroupEnumeration(problem), SingleChanges(problem, plan)
    position = {pupil.id: n for n, pupil in enumerate(enumeration.queue)}
    seen = 0
    for item in plan.unserved:
        pupil = changes.pupils[item.pupil]
        proof = explain(problem, plan, item.pupil)["proof"]
        places = {(full["session"], level) for full in proof["full"] for level in full["levels"]}
        here = {one["pupil"] for full in proof["full"] for one in full["pupils"]}
        assert proof["room"] == proof["pupils"] == len(here) == sum(len(full["pupils"]) for full in proof["full"])
        assert {(s, pupil.level) for s in enumeration.eligible[pupil.id] if s in changes.open} <= places
        for full in proof["full"]:
            seen += 1
            session = enumeration.sessions[full["session"]]
            able = {m for m, s in changes.roster if s == session.id and covers(problem, m) & set(full["levels"])}
            room = session.seats if full["limit"] == "seats" else session.ratio * len(full["mentors"])
            fixed = any(one["pupil"] in enumeration.fixed_seats for one in full["pupils"])
            everyone = {m for m, s in changes.roster if s == session.id}
            assert full["room"] == room == len(full["pupils"])
            assert full["limit"] == "seats" or set(full["mentors"]) == (everyone if fixed else able)
            for one in full["pupils"]:
                assert one["position"] == position[one["pupil"]]
                assert changes.seat[one["pupil"]] == session.id
                if one["pupil"] not in enumeration.fixed_seats:
                    assert one["position"] < position[pupil.id]
                    level = changes.pupils[one["pupil"]].level
                    may = {(s, level) for s in enumeration.eligible[one["pupil"]] if s in changes.open}
                    assert (session.id, level) in places
                    assert may <= places or problem.rules.placement == "queue_first"
    return seen


def covers(problem: GroupProblem, mentor: str) -> set[str]:
    return set(next(m.levels for m in problem.mentors if m.id == mentor))


def test_smallest_change_is_the_first_that_works_when_all_are_tried() -> None:
    kinds = sum((told_and_tried(seed) for seed in FEW), Counter[str | None]())
    assert all(kinds[kind] for kind in (*KINDS, None)), kinds


def test_one_more_mentor_serves_whom_the_queue_gone_through_again_keeps() -> None:
    assert sum(gains_and_replays(seed) for seed in FEW) > len(FEW)


def test_proof_can_be_counted_again() -> None:
    assert sum(recounted(seed) for seed in FEW) > len(FEW)


@pytest.mark.long
@pytest.mark.parametrize("seed", MANY)
def test_many_plans_are_explained_as_the_replay_says(seed: int) -> None:
    told_and_tried(seed)
    gains_and_replays(seed)
    recounted(seed)
