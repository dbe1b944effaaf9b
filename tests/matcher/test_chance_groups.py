"""What a draft is told agrees with the queue gone through with the entry in it; history is a share of like entries."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from matcher.chance_groups import ENOUGH, Chance, Chances, Draft, History, chance
from matcher.fields import InvalidProblem
from matcher.groups.facts import Facts
from matcher.groups.rooms import standing
from matcher.groups.smallest_change import SmallestChanges
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem, Pupil
from matcher.solve import solve
from tests.matcher.broken_group_plans import ONE, good, placed
from tests.matcher.random_groups import LEVELS, random_group_problem
from tests.matcher.single_changes import SingleChanges, seats
from tests.matcher.small_problems import group_data

TODAY = date(2026, 9, 6)
DRAFT = "~draft"


@cache
def solved(seed: int) -> tuple[GroupProblem, GroupPlan]:
    problem = random_group_problem(seed)
    plan = solve(replace(problem, travel=replace(problem.travel, matrix=None)))
    assert isinstance(plan, GroupPlan)
    return replace(problem, travel=replace(problem.travel, matrix=None)), plan


def drafts(seed: int, problem: GroupProblem) -> Iterator[Draft]:
    rng = random.Random(f"draft-{seed}")
    for level in LEVELS:
        yield Draft(
            level=level,
            class_=rng.randrange(problem.rules.classes),
            joined=TODAY,
            choices=tuple(rng.sample([s.id for s in problem.sessions], rng.randint(1, len(problem.sessions)))),
            lat=59.9 + rng.uniform(0, 0.2),
            lon=10.7,
            max_travel_minutes=rng.choice((None, 5, 15, 60)),
        )


def with_entry(problem: GroupProblem, draft: Draft, choices: tuple[str, ...]) -> GroupProblem:
    entry = Pupil(
        id=DRAFT,
        level=draft.level,
        class_=draft.class_,
        joined=draft.joined,
        lottery=10**6,
        lat=draft.lat,
        lon=draft.lon,
        max_travel_minutes=draft.max_travel_minutes,
        choices=choices,
    )
    return replace(problem, pupils=(*problem.pupils, entry))


def told_and_tried(seed: int) -> tuple[int, int]:
    """Asserts that drafts are told what the queue with them in it does; counts those with a seat and without."""
    problem, plan = solved(seed)
    if not plan.sessions:
        return 0, 0
    roster = SingleChanges(problem, plan).roster
    prepared = Chances(problem, plan)
    facts = Facts(problem)
    moves_others = is_queue_first(problem) and bool(SmallestChanges(facts, standing(facts, plan)).held)
    found = [0, 0]
    for draft in drafts(seed, problem):
        told = prepared.of(draft)
        if moves_others:
            continue
        then = seats(with_entry(problem, draft, draft.choices), roster)
        assert (told.session is not None) == (DRAFT in then), (seed, draft)
        found[told.session is None] += 1
        if is_queue_first(problem):
            assert told.session == then.get(DRAFT), (seed, draft)
        elif told.session is not None:
            until = draft.choices[: draft.choices.index(told.session) + 1]
            assert seats(with_entry(problem, draft, until), roster)[DRAFT] == told.session
        index = facts.position
        first = sum((p.class_, p.joined) <= (draft.class_, draft.joined) for p in problem.pupils)
        assert told.position == first
        entry = with_entry(problem, draft, draft.choices)
        near = {s for s, _ in Facts(entry).within_reach[-1]}
        ahead = [facts.pupil_index[item.pupil] for item in plan.unserved]
        rivals = [p for p in ahead if index[p] < first and near & {s for s, _ in facts.within_reach[p]}]
        assert told.ahead == len(rivals), (seed, draft)
    return found[0], found[1]


def is_queue_first(problem: GroupProblem) -> bool:
    return problem.rules.placement == "queue_first"


def test_draft_is_told_what_the_queue_would_do_with_it() -> None:
    counts = [told_and_tried(seed) for seed in range(25)]
    assert min(sum(seated for seated, _ in counts), sum(waits for _, waits in counts)) > 10


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25, 800))
def test_many_drafts_are_told_what_the_queue_would_do(seed: int) -> None:
    told_and_tried(seed)


def last_year(served: int, unserved: int, **changes: Any) -> History:
    """A year of so many entries with a seat and without, all alike but for what is changed in those without.

    There was room for all on the day they joined.
    """
    data = group_data()
    for session, mentor in zip(data["sessions"], data["mentors"], strict=True):
        session |= {"seats": 1000, "ratio": 1000}
        mentor["levels"] = ["R1", "R2"]
    alike = {"level": "R1", "class": 0, "joined": "2025-09-05", "choices": ["s0"]}
    data["pupils"] = [{"id": f"p{i:03}", "lottery": i, **alike} for i in range(served)]
    data["pupils"] += [{"id": f"q{i:03}", "lottery": i, **alike, **changes} for i in range(unserved)]
    seats = {f"p{i:03}": ("s0", "m0") for i in range(served)}
    return History(*placed(data, seats, served, shifts=(("m0", "s0"), ("m1", "s1"))))


SOON = Draft(level="R1", class_=0, joined=TODAY, choices=("s0",))


def told(history: History | None, draft: Draft = SOON) -> Chance:
    """What a plan with one seat left says."""
    return chance(*good(), draft, history)


def test_draft_without_a_seat_hears_how_many_wait_ahead() -> None:
    answer = chance(*placed(group_data(), ONE, 5), SOON)
    assert (answer.session, answer.position, answer.ahead) == (None, 3, 1)


def test_share_is_that_of_entries_like_it_last_year() -> None:
    assert (told(last_year(30, 10)).share, told(last_year(30, 10)).like) == (0.75, 40)


def test_without_a_last_year_or_with_a_small_one_the_chance_is_not_known_yet() -> None:
    few = told(last_year(ENOUGH - 2, 1))
    assert (told(None).share, few.share, few.like) == (None, None, 0)


@pytest.mark.parametrize("change", [{"level": "R2"}, {"class": 1}, {"choices": ["s1"]}])
def test_entries_of_another_level_class_or_site_count_only_when_too_few_are_like_it(change: dict[str, Any]) -> None:
    assert told(last_year(ENOUGH, 30, **change)).share == 1.0
    wider = None if "class" in change else (ENOUGH - 1) / (ENOUGH + 29)
    assert told(last_year(ENOUGH - 1, 30, **change)).share == wider


def test_draft_without_a_seat_is_held_against_those_who_had_none_either() -> None:
    """One mentor for all of last year: the first are seated, the last wait; of the middle class some give way later."""
    data = group_data()
    data["sessions"][0] |= {"seats": 60, "ratio": 60}
    data["pupils"] = [
        {
            "id": f"{kind}{i:02}",
            "level": "R1",
            "class": class_,
            "joined": f"2025-09-{day:02}",
            "lottery": i,
            "choices": ["s0"],
        }
        for kind, class_, day in (("a", 1, 5), ("b", 1, 6), ("c", 0, 7))
        for i in range(30)
    ]
    seats = {f"{kind}{i:02}": ("s0", "m0") for kind in "ac" for i in range(30)}
    history = History(*placed(data, seats, 60))
    early, late = replace(SOON, class_=1, joined=date(2026, 9, 5)), replace(SOON, class_=1)
    assert (told(history, early).share, told(history, early).like) == (1.0, 30)
    assert (told(history, late).share, told(history, late).like) == (0.0, 30)
    assert [history.share("R1", 1, days, frozenset(), None) for days in (0, 1)] == [(1.0, 30), (0.0, 30)]
    full = chance(*placed(group_data(), ONE, 5), late, history)
    assert (full.session, full.share, full.like) == (None, None, 0)


def test_entries_that_joined_at_the_same_time_of_the_season_go_before_others() -> None:
    history = last_year(40, ENOUGH, joined="2025-09-20")
    late = replace(SOON, joined=date(2026, 9, 5) + timedelta(days=16))
    assert (told(history).share, told(history, late).share) == (1.0, 0.0)


def test_faults_of_a_draft_name_the_field_and_the_remedy() -> None:
    with pytest.raises(InvalidProblem) as refused:
        told(None, replace(SOON, class_=3, choices=("s0", "s7")))
    assert list(refused.value.errors) == [
        "class: is 3; give 0 to 2",
        "choices[1]: 's7' is unknown; give a session of the plan's problem",
    ]


def test_level_that_nobody_asked_for_yet_gets_no_seat_where_nobody_teaches_it() -> None:
    assert told(None, replace(SOON, level="S2")).session is None
