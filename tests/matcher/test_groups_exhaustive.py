"""Study groups small enough to try every plan: values and bounds of the roster goals, and what has no plan at all."""

import json
import random
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.check import check
from matcher.control import Settings, Stop, no_progress
from matcher.groups import rules
from matcher.groups.facts import Facts, overlap
from matcher.groups.linear import Program
from matcher.groups.model import JointModel
from matcher.groups.rules import RULES
from matcher.groups.solve import solve
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem, load_problem

LEVELS = ("10", "1T", "R1")
Values = tuple[int, ...]
Stands = tuple[tuple[str, ...], ...]
Seats = tuple[str, ...]


def small_data(seed: int) -> dict[str, Any]:
    """A random problem of at most 3 sessions, 4 mentors and 6 pupils, tight in every rule."""
    rng = random.Random(seed)
    sessions = [
        {
            "id": f"s{i}",
            "site": rng.choice(("near", "far", "digital")),
            "weekday": rng.choice((1, 1, 2)),
            "start": (start := rng.choice((15, 16, 17))) and f"{start}:00",
            "end": f"{start + rng.choice((1, 2))}:00",
            "seats": rng.choice((2, 3, 4)),
            "ratio": rng.choice((1, 2, 3)),
            "min_mentors": rng.choice((0, 1, 1, 2)),
            "min_pupils": rng.choice((0, 1, 2, 3)),
        }
        for i in range(rng.randint(1, 3))
    ]
    names = [session["id"] for session in sessions]
    mentors = [
        {
            "id": f"m{i}",
            "levels": rng.sample(LEVELS, rng.randint(1, 3)),
            "sessions": rng.sample(names, rng.randint(1, len(names))),
            "max_sessions": rng.choice((0, 1, 1, 2, 2, 3)),
            "contracted": rng.randint(0, 2),
        }
        for i in range(rng.randint(1, 4))
    ]
    for one, other in pairwise(mentors):
        if rng.random() < 0.4:
            other |= one | {"id": other["id"]}
    classes = rng.choice((1, 2, 3, 3, 4))
    pupils: list[dict[str, Any]] = [
        {
            "id": f"p{i}",
            "level": rng.choice(LEVELS),
            "class": rng.randrange(classes),
            "joined": rng.choice(("2026-09-05", "2026-09-06")),
            "lottery": rng.randint(1, 3),
            "choices": rng.sample(names, rng.randint(0, len(names))),
        }
        for i in range(rng.randint(1, 6))
    ]
    for pupil in pupils:
        if rng.random() < 0.5:
            pupil |= {"lat": 60.0, "lon": 10.0, "max_travel_minutes": rng.choice((10, 90))}
        if rng.random() < 0.5:
            pupil["mentor"] = rng.choice(mentors)["id"]
    fixed: dict[str, Any] = {"mentors": [], "pupils": []}
    if rng.random() < 0.4:
        stands = [{"mentor": m["id"], "session": s} for m in mentors for s in names if rng.random() < 0.15]
        seats = [{"pupil": p["id"], "session": rng.choice(names)} for p in pupils if rng.random() < 0.25]
        fixed = {"mentors": stands, "pupils": seats}
    return {
        "format": "treffpunkt.group-problem/1",
        "rules": {"classes": classes, "placement": "queue_first" if seed % 4 == 0 else "most_served"},
        "sites": [
            {"id": "near", "lat": 60.0, "lon": 10.0},
            {"id": "far", "lat": 60.2, "lon": 10.3},
            {"id": "digital", "lat": 69.0, "lon": 19.0, "digital": True},
        ],
        "sessions": sessions,
        "mentors": mentors,
        "pupils": pupils,
        "fixed": fixed,
    }


def load(data: dict[str, Any]) -> GroupProblem:
    problem = load_problem(json.dumps(data))
    assert isinstance(problem, GroupProblem)
    return problem


def plan_of(problem: GroupProblem, seed: int = 1) -> GroupPlan:
    return solve(problem, stop=Stop(), seed=seed, settings=Settings(), on_progress=no_progress)


def every_plan(problem: GroupProblem) -> Iterator[Values]:
    """The roster goals of every valid plan, as numbers to be maximised."""
    return (values for values, _, _ in every_placement(problem))


def every_placement(problem: GroupProblem) -> Iterator[tuple[Values, Stands, Seats]]:
    """The same with the sessions of each mentor, and of each pupil ("" for none)."""
    facts = Facts(problem)
    fixed_mentors = {(f.mentor, f.session) for f in problem.fixed.mentors}
    fixed_seat = {f.pupil: f.session for f in problem.fixed.pupils}
    sessions = {session.id: session for session in problem.sessions}
    pupils = {pupil.id: pupil for pupil in problem.pupils}
    mentors = {mentor.id: mentor for mentor in problem.mentors}
    position = {facts.pupils[p].id: n for n, p in enumerate(facts.queue)}

    def stands_of(mentor: str) -> list[tuple[str, ...]]:
        fixed = {s for m, s in fixed_mentors if m == mentor}
        able = sorted(set(mentors[mentor].sessions) | fixed)
        some = [c for n in range(mentors[mentor].max_sessions + 1) for c in combinations(able, n)]
        return [
            c
            for c in some
            if fixed <= set(c) and not any(overlap(sessions[a], sessions[b]) for a, b in combinations(c, 2))
        ]

    @cache
    def can_teach(room: tuple[tuple[str, int], ...], group: tuple[str, ...]) -> bool:
        """The mentors, each with room left, can take the whole group."""
        if not group:
            return True
        first, rest = group[0], group[1:]
        return any(
            left
            and (first in fixed_seat or pupils[first].level in mentors[m].levels)
            and can_teach((*room[:n], (m, left - 1), *room[n + 1 :]), rest)
            for n, (m, left) in enumerate(room)
        )

    seats_of = []
    for p, pupil in enumerate(problem.pupils):
        if pupil.id in fixed_seat:
            seats_of.append([fixed_seat[pupil.id]])
        else:
            seats_of.append(["", *(problem.sessions[s].id for s, _ in facts.within_reach[p])])
    ids = [pupil.id for pupil in problem.pupils]
    classes = range(1, problem.rules.classes - 1)
    for roster in product(*(stands_of(m) for m in mentors)):
        crew = {s: tuple(m for m, stands in zip(mentors, roster, strict=True) if s in stands) for s in sessions}
        open_sessions = {s for s, here in crew.items() if here}
        if any(len(crew[s]) < sessions[s].min_mentors for s in open_sessions):
            continue
        owed = [(mentors[m].contracted, len(stands)) for m, stands in zip(mentors, roster, strict=True)]
        short = sum(max(0, c - n) for c, n in owed)
        extra = sum(max(0, n - c) for c, n in owed)
        options = [[s for s in seats if not s or s in open_sessions] for seats in seats_of]
        for seats in product(*options):
            groups = {s: tuple(i for i, seat in zip(ids, seats, strict=True) if seat == s) for s in open_sessions}
            if all(
                max(1, sessions[s].min_pupils) <= len(groups[s]) <= sessions[s].seats
                and can_teach(tuple((m, sessions[s].ratio) for m in crew[s]), groups[s])
                for s in open_sessions
            ):
                served = [i for i, seat in zip(ids, seats, strict=True) if seat]
                by_class = [pupils[i].class_ for i in served]
                values = (
                    by_class.count(0),
                    len(served),
                    *(by_class.count(k) for k in classes),
                    sum(len(ids) - position[i] for i in served),
                    -short,
                    -extra,
                )
                yield values, roster, seats


def signed(plan: GroupPlan, what: str) -> Values:
    goals = plan.goals[:-2]
    return tuple(getattr(goal, what) * (1 if goal.sense == "max" else -1) for goal in goals)


@pytest.mark.parametrize("block", range(6))
def test_values_and_bounds_are_those_of_every_plan(block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        problem = load(small_data(seed))
        plan = plan_of(problem)
        assert check(problem, plan) == [], seed
        plans = list(every_plan(problem))
        if not plans:
            assert plan.status == "infeasible", seed
            continue
        values, bounds = signed(plan, "value"), signed(plan, "bound")
        assert values in plans, seed
        for number, bound in enumerate(bounds):
            rest = [p for p in plans if all(a >= b for a, b in zip(p[:number], values[:number], strict=True))]
            assert bound >= max(p[number] for p in rest), (seed, number)
        if problem.rules.placement == "most_served":
            assert plan.status == "optimal", seed
            assert values == max(plans), seed


@pytest.mark.parametrize("block", range(3))
def test_rows_accept_exactly_the_valid_plans(block: int) -> None:
    verdicts = set()
    for seed in range(block * 20, block * 20 + 20):
        problem, rng = load(small_data(seed)), random.Random(seed)
        facts = Facts(problem)
        model = JointModel(facts, lambda p: p)
        for rule in RULES:
            rule(model)
        program = model.program({}, maximize=True)
        plans = list(every_placement(problem))
        valid = {tuple(columns_of(model, stands, seats)) for _, stands, seats in plans}
        options = [["", *(problem.sessions[s].id for s, _ in facts.choices[p])] for p in range(len(facts.pupils))]
        for stands, seats in [
            *((stands, seats) for _, stands, seats in rng.sample(plans, min(10, len(plans)))),
            *((any_stands(facts, rng), tuple(map(rng.choice, options))) for _ in range(60)),
        ]:
            columns = columns_of(model, stands, seats)
            accepted = keeps(program, columns)
            assert accepted == (tuple(columns) in valid), (seed, stands, seats)
            verdicts.add(accepted)
    assert verdicts == {True, False}


def any_stands(facts: Facts, rng: random.Random) -> Stands:
    """Each mentor in some of the sessions where they can stand."""
    names = [[facts.sessions[s].id for s in stands] for stands in facts.stands]
    return tuple(tuple(sorted(rng.sample(some, rng.randint(0, len(some))))) for some in names)


def columns_of(model: JointModel, stands: Stands, seats: Seats) -> NDArray[np.float64]:
    """The plan as columns of the model."""
    index = model.facts.session_index
    pairs = [(m, index[s]) for m, sessions in enumerate(stands) for s in sessions]
    return model.columns_of(pairs, {p: index[s] for p, s in enumerate(seats) if s})


def keeps(program: Program, columns: NDArray[np.float64]) -> bool:
    """The columns keep their bounds and every row."""
    amounts = program.entries.value * columns[program.entries.column]
    sums = np.bincount(program.entries.row, weights=amounts, minlength=len(program.row_lower))
    rows = (program.row_lower <= sums).all() and (sums <= program.row_upper).all()
    return bool(rows and (program.lower <= columns).all() and (columns <= program.upper).all())


def test_levels_as_flows_reach_the_values_of_every_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_HALL_SETS", 0)
    for problem in (load(small_data(seed)) for seed in range(1, 20)):
        plan, plans = plan_of(problem), list(every_plan(problem))
        if plans and problem.rules.placement == "most_served":
            assert signed(plan, "value") == signed(plan, "bound") == max(plans)


@pytest.mark.parametrize("seed", [s for s in range(400) if small_data(s)["fixed"]["pupils"]][:40])
def test_a_conflict_names_the_fewest_fixed_entries(seed: int) -> None:
    data = small_data(seed)
    plan = plan_of(load(data))
    if plan.status != "infeasible":
        assert plan.status in ("optimal", "feasible")
        return
    entries = [item.removeprefix("fixed.").rstrip("]").split("[") for item in plan.conflicts[0].items]
    kept = {kind: [int(i) for k, i in entries if k == kind] for kind in ("mentors", "pupils")}

    def only(kept: dict[str, list[int]]) -> dict[str, Any]:
        return data | {"fixed": {kind: [data["fixed"][kind][i] for i in kept[kind]] for kind in kept}}

    assert not list(every_plan(load(only(kept))))
    for kind, numbers in kept.items():
        for left_out in numbers:
            fewer = kept | {kind: [i for i in numbers if i != left_out]}
            assert list(every_plan(load(only(fewer)))), (kind, left_out)
