"""Study groups as others would plan them: what a user would pick instead of this engine, tuned as its own users do.

Every planner takes a problem and a limit in seconds and gives stands and seats. What a planner cannot express is in its
`lacks`, and is put right by the simplest rule its users would add: sessions that stay too small are closed, and the
planner runs again without them.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matching.games import HospitalResident
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from matcher.groups.facts import Facts, overlap
from matcher.groups.goals import LinearGoal, roster_goals
from matcher.groups.model import JointModel, roster_of
from matcher.groups.placement import place
from matcher.groups.roster import Roster
from matcher.groups.rules import RULES

Stands = Mapping[int, Sequence[int]]
"""Mentors by session."""
Seats = Mapping[int, int]
"""Session by pupil."""
Columns = list[int]
Stage = tuple[Columns | None, bool]
"""The columns of one goal's program, None where nothing was found, and whether they are proven best."""
Floors = list[tuple[LinearGoal, int]]


class Found(NamedTuple):
    """A plan, and how many goals, from the first on, the planner says are as good as can be."""

    stands: Stands
    seats: Seats
    proven: int = 0


@dataclass(frozen=True, slots=True)
class Planner:
    """One way to plan. `lacks`: what of the rules and goals it cannot say."""

    name: str
    plan: Callable[[Facts, float], Found]
    lacks: str


def first_come(facts: Facts, seconds: float) -> Found:
    """Mentors in the first evenings of their list; who joined first takes the first choice with room."""
    return _by_hand(facts, sorted(facts.queue, key=lambda p: (facts.pupils[p].joined, facts.pupils[p].lottery)))


def greedy(facts: Facts, seconds: float) -> Found:
    """The same evenings, and pupils in the order of the queue."""
    return _by_hand(facts, facts.queue)


def deferred_acceptance(facts: Facts, seconds: float) -> Found:
    """Pupils propose to the mentors of their sessions, who prefer the queue's order (Gale and Shapley)."""

    def seats_of(here: Stands) -> Seats:
        room = {(s, m): facts.sessions[s].ratio for s, mentors in here.items() for m in mentors}
        for s, mentors in here.items():
            spare = sum(room[s, m] for m in mentors) - facts.sessions[s].seats
            for m in reversed(mentors):
                cut = max(0, min(spare, room[s, m]))
                room[s, m] -= cut
                spare -= cut
        asks = {
            p: [
                (s, m)
                for s, _ in facts.choices[p]
                for m in here.get(s, ())
                if facts.pupils[p].level in facts.levels[m] and room[s, m]
            ]
            for p in facts.queue
        }
        asked: dict[tuple[int, int], list[int]] = defaultdict(list)
        for p in facts.queue:
            for place_ in asks[p]:
                asked[place_].append(p)
        wanting = {p: wish for p, wish in asks.items() if wish}
        rooms = {place_: room[place_] for place_ in asked}
        game = HospitalResident.create_from_dictionaries(wanting, dict(asked), rooms)
        matched = game.solve(optimal="resident")
        return {int(str(one)): hospital.name[0] for hospital, people in matched.items() for one in people}

    return _closing_small(facts, seats_of)


def cp_sat_naive(facts: Facts, seconds: float) -> Found:
    """One boolean for each pupil, mentor and session; all goals in one weighted sum; the solver as it comes."""
    model = cp_model.CpModel()
    is_open = [model.new_bool_var("") for _ in facts.sessions]
    stands = {(m, s): model.new_bool_var("") for m, here in enumerate(facts.stands) for s in here}
    by_session: dict[int, list[int]] = defaultdict(list)
    for m, s in stands:
        by_session[s].append(m)
    sits = {
        (p, m, s): model.new_bool_var("")
        for p in facts.queue
        for s, _ in facts.choices[p]
        for m in by_session[s]
        if facts.pupils[p].level in facts.levels[m]
    }
    of_pupil: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    of_mentor: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
    of_session: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for (p, m, s), sitting in sits.items():
        of_pupil[p].append(sitting)
        of_mentor[m, s].append(sitting)
        of_session[s].append(sitting)
    for column in of_pupil.values():
        model.add_at_most_one(column)
    for (m, s), standing in stands.items():
        model.add(sum(of_mentor[m, s]) <= facts.sessions[s].ratio * standing)
        model.add_implication(standing, is_open[s])
    for s, session in enumerate(facts.sessions):
        model.add(sum(of_session[s]) <= session.seats)
        model.add(sum(of_session[s]) >= facts.min_pupils[s] * is_open[s])
        model.add(sum(stands[m, s] for m in by_session[s]) >= facts.min_mentors[s] * is_open[s])
    for m, here in enumerate(facts.stands):
        model.add(sum(stands[m, s] for s in here) <= facts.mentors[m].max_sessions)
        for a, b in itertools.combinations(here, 2):
            if overlap(facts.sessions[a], facts.sessions[b]):
                model.add_at_most_one([stands[m, a], stands[m, b]])
    many = len(facts.pupils) + 1
    weight = {p: facts.weight(p) + many**2 * (1 + many * (facts.pupils[p].class_ == 0)) for p in facts.queue}
    model.maximize(sum(weight[p] * sitting for (p, _, _), sitting in sits.items()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Found({}, {})
    there = {s: [m for m in mentors if solver.value(stands[m, s])] for s, mentors in by_session.items()}
    seat = {p: s for (p, _, s), sitting in sits.items() if solver.value(sitting)}
    return Found(there, seat, 2 if status == cp_model.OPTIMAL else 0)


def cp_sat_tuned(facts: Facts, seconds: float) -> Found:
    """Goal after goal over this project's own rows, one worker, linearization_level 2, each from the last solution."""

    def solve(joint: JointModel, goal: LinearGoal, floors: Floors, limit: float, start: Columns | None) -> Stage:
        model = cp_model.CpModel()
        column = [
            model.new_int_var(int(low), int(high), "") for low, high in zip(joint.lower, joint.upper, strict=True)
        ]
        for row in joint.rows:
            terms = sum(int(value) * column[at] for at, value in row.terms.items())
            if row.lower > -np.inf:
                model.add(terms >= int(row.lower))
            if row.upper < np.inf:
                model.add(terms <= int(row.upper))
        for before, floor in floors:
            total = sum(int(value) * column[at] for at, value in before.terms.items())
            model.add(total >= floor if before.maximize else total <= floor)
        total = sum(int(value) * column[at] for at, value in goal.terms.items())
        _ = model.maximize(total) if goal.maximize else model.minimize(total)
        for at, value in enumerate(start or ()):
            model.add_hint(column[at], value)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.max_time_in_seconds = limit
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return start, False
        return [solver.value(one) for one in column], status == cp_model.OPTIMAL

    return _staged(facts, seconds, solve)


def scipy_milp(facts: Facts, seconds: float) -> Found:
    """Goal after goal over this project's own rows, with scipy.optimize.milp (it takes no start)."""

    def solve(joint: JointModel, goal: LinearGoal, floors: Floors, limit: float, start: Columns | None) -> Stage:
        rows = [(row.terms, row.lower, row.upper) for row in joint.rows]
        rows += [
            (before.terms, float(floor), np.inf) if before.maximize else (before.terms, -np.inf, float(floor))
            for before, floor in floors
        ]
        entries = [(r, at, value) for r, (terms, _, _) in enumerate(rows) for at, value in terms.items()]
        at_row, at_column, values = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array((values, (at_row, at_column)), shape=(len(rows), len(joint.lower)))
        cost = np.zeros(len(joint.lower))
        for at, value in goal.terms.items():
            cost[at] = -value if goal.maximize else value
        found = milp(
            cost,
            integrality=np.array(joint.integer, dtype=int),
            bounds=Bounds(joint.lower, joint.upper),
            constraints=LinearConstraint(matrix, [low for _, low, _ in rows], [high for _, _, high in rows]),
            options={"time_limit": limit, "mip_rel_gap": 0.0},
        )
        return start if found.x is None else [round(value) for value in found.x], found.status == 0

    return _staged(facts, seconds, solve)


_Solve = Callable[[JointModel, LinearGoal, Floors, float, Columns | None], Stage]

PLANNERS = (
    Planner(
        "first come, first served",
        first_come,
        "which mentors stand where (first evenings of each list); no queue classes; no bound",
    ),
    Planner("greedy by priority", greedy, "which mentors stand where (first evenings of each list); no bound"),
    Planner(
        "deferred acceptance (matching)",
        deferred_acceptance,
        "which mentors stand where (first evenings of each list); seats of a session over its mentors; smallest groups;"
        " totals served; no bound",
    ),
    Planner("CP-SAT as it comes", cp_sat_naive, "the goals after `queue`; choices in queue order"),
    Planner("CP-SAT tuned", cp_sat_tuned, "choices in queue order"),
    Planner("scipy milp", scipy_milp, "choices in queue order; a start"),
)
"""In the order of the table."""


def _staged(facts: Facts, seconds: float, solve: _Solve) -> Found:
    """The roster goals one after the other, each with the values before it as floors and half of the time left."""
    joint = JointModel(facts, lambda p: p)
    for rule in RULES:
        rule(joint)
    ends = time.monotonic() + seconds
    floors: Floors = []
    found: Columns | None = None
    proven = 0
    for number, goal in enumerate(roster_goals(joint)):
        left = ends - time.monotonic()
        if left <= 1:
            break
        found, is_best = solve(joint, goal, floors, left / 2, found)
        if found is None:
            return Found({}, {})
        proven += is_best and proven == number
        floors.append((goal, round(sum(value * found[at] for at, value in goal.terms.items()))))
    assert found is not None
    roster = roster_of(joint, np.array(found, dtype=np.float64))
    placement = place(facts, roster)
    return Found(dict(enumerate(roster.mentors)), {} if placement is None else placement.seat, proven)


def _by_hand(facts: Facts, order: Sequence[int]) -> Found:
    def seats_of(here: Stands) -> Seats:
        seat: dict[int, int] = {}
        taken: dict[int, int] = defaultdict(int)
        load: dict[tuple[int, int], int] = defaultdict(int)
        for p in order:
            for s, _ in facts.choices[p]:
                able = [
                    m
                    for m in here.get(s, ())
                    if facts.pupils[p].level in facts.levels[m] and load[m, s] < facts.sessions[s].ratio
                ]
                if able and taken[s] < facts.sessions[s].seats:
                    seat[p] = s
                    taken[s] += 1
                    load[min(able, key=lambda m: (len(facts.levels[m]), m)), s] += 1
                    break
        return seat

    return _closing_small(facts, seats_of)


def _closing_small(facts: Facts, seats_of: Callable[[Stands], Seats]) -> Found:
    """Seats on the first evenings of the mentors; the smallest quarter of those that are too small closes, again."""
    closed: set[int] = set()
    while True:
        here = _evenings(facts, closed)
        seat = seats_of(here)
        size = {s: 0 for s, mentors in here.items() if mentors}
        for s in seat.values():
            size[s] += 1
        small = [s for s, pupils in size.items() if pupils < facts.min_pupils[s]]
        if not small:
            return Found(here, seat)
        closed.update(sorted(small, key=lambda s: size[s])[: max(1, len(small) // 4)])


def _evenings(facts: Facts, closed: Iterable[int]) -> dict[int, list[int]]:
    """Mentors in the first evenings of their list that do not clash; evenings with too few are given up, one by one."""
    given_up = set(closed)
    while True:
        here: dict[int, list[int]] = defaultdict(list)
        for m, mentor in enumerate(facts.mentors):
            held: list[int] = []
            for s in (facts.session_index[name] for name in mentor.sessions):
                clash = any(overlap(facts.sessions[s], facts.sessions[t]) for t in held)
                if s not in given_up and not clash and len(held) < mentor.max_sessions:
                    held.append(s)
                    here[s].append(m)
        weak = [s for s, mentors in here.items() if len(mentors) < facts.min_mentors[s]]
        if not weak:
            return dict(here)
        given_up.add(min(weak, key=lambda s: (len(here[s]), s)))


def roster_from(facts: Facts, stands: Stands) -> Roster:
    """The stands as a roster; only sessions with somebody in them."""
    return Roster(tuple(tuple(sorted(stands.get(s, ()))) for s in range(len(facts.sessions))))
