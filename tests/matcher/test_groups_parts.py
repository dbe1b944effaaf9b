"""The parts of the study-group solver, each against what it is defined by."""

import random
from itertools import combinations

import numpy as np
import pytest

from matcher.check_groups import PLACEMENT_RULES
from matcher.groups.contacts import contacts
from matcher.groups.facts import Facts, overlap
from matcher.groups.first import filled_up, first_roster
from matcher.groups.goals import GOALS, roster_goals
from matcher.groups.linear import LinearModel
from matcher.groups.milp import whole_bound
from matcher.groups.model import JointModel, roster_of
from matcher.groups.placement import place
from matcher.groups.queue_order import END, Reseating, passed_over, take_choices, take_seats
from matcher.groups.rooms import placement_of
from matcher.groups.roster import is_valid
from matcher.groups.rules import RULES
from tests.benchmarks.instances_groups import load_group_problem, national, national_data

SEEDS = range(4)


def facts_of(seed: int) -> Facts:
    return Facts(national(seed, pupils=220, mentors=24))


def test_rules_of_the_model_are_rules_of_the_judge() -> None:
    assert {rule.__name__ for rule in RULES} <= {rule.__name__ for rule in PLACEMENT_RULES}
    assert all(rule.__doc__ for rule in RULES)


def test_goals_are_named_as_the_roster_goals_and_the_last_two() -> None:
    facts = facts_of(0)
    names = [goal.name for goal in roster_goals(JointModel(facts, lambda p: p))]
    assert [*names, "choices", "continuity"] == [
        "served_class_1" if goal.__name__ == "served_class" else goal.__name__ for goal in GOALS
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_cliques_are_the_overlaps(seed: int) -> None:
    facts = facts_of(seed)
    together = {pair for clique in facts.cliques for pair in combinations(clique, 2)}
    sessions = facts.sessions
    assert together == {(a, b) for a, b in combinations(range(len(sessions)), 2) if overlap(sessions[a], sessions[b])}


@pytest.mark.parametrize("seed", SEEDS)
def test_first_roster_is_valid_and_filling_up_takes_no_seat(seed: int) -> None:
    facts = facts_of(seed)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert is_valid(facts, roster)
    assert placement is not None
    fuller = filled_up(facts, roster, placement.seat)
    after = place(facts, fuller)
    assert is_valid(facts, fuller)
    assert after is not None
    assert set(roster.stands()) <= set(fuller.stands())
    assert len(after.seat) >= len(placement.seat)


@pytest.mark.parametrize("seed", range(20))
def test_crews_are_dealt_out_within_every_limit(seed: int) -> None:
    rng = random.Random(seed)
    data = national_data(seed, pupils=40, mentors=12)
    names = [session["id"] for session in data["sessions"]]
    for mentor in data["mentors"]:
        mentor |= {"levels": ["10"], "sessions": names[:6], "max_sessions": 2, "contracted": 1}
    for number, session in enumerate(data["sessions"]):
        session |= {"weekday": 1 + number % 3, "start": "16:00", "end": "18:00", "min_mentors": 1}
    facts = Facts(load_group_problem(data))
    model = JointModel(facts, lambda p: p)
    crew = model.crews[0]
    assert crew.size == 12
    columns = np.zeros(len(model.lower))
    left = crew.size * crew.most
    for clique in crew.cliques:
        room = crew.size
        for s in clique:
            stands = rng.randint(0, min(room, left))
            columns[model.mentors_in[0, s]] = stands
            room, left = room - stands, left - stands
    roster = roster_of(model, columns)
    assert [len(here) for here in roster.mentors[:6]] == [round(columns[model.mentors_in[0, s]]) for s in range(6)]
    assert is_valid(facts, roster)
    shifts = [sum(m == held for held, _ in roster.stands()) for m in range(12)]
    assert max(shifts) - min(shifts) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_choices_keep_who_is_served_and_take_turns(seed: int) -> None:
    facts = facts_of(seed)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert placement is not None
    assert passed_over(facts, roster, placement) == 0
    seat = take_choices(facts, roster, placement)
    assert seat.keys() == placement.seat.keys()
    finished = placement_of(facts, roster, seat, contacts(facts, roster, seat))
    assert take_choices(facts, roster, finished) == seat
    assert take_seats(facts, roster, placement) == take_seats(facts, roster, finished)


def test_who_is_passed_over_is_counted() -> None:
    facts = facts_of(1)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert placement is not None
    crowded = next(
        s for s in roster.open_sessions if sum(t == s for t in placement.seat.values()) > facts.min_pupils[s]
    )
    last = next(p for p, s in placement.seat.items() if s == crowded)
    fewer = {p: s for p, s in placement.seat.items() if p != last}
    short = placement_of(facts, roster, fewer, contacts(facts, roster, fewer))
    assert passed_over(facts, roster, short) >= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_moves_keep_every_capacity_and_minimum(seed: int) -> None:
    facts = facts_of(seed)
    rng = random.Random(seed)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert placement is not None
    graph = Reseating(facts, roster, placement, may_leave=True)
    movable = [p for p in facts.queue if p not in facts.fixed_seat and graph.rooms.may_sit(p)]
    moved = 0
    for p in rng.sample(movable, min(60, len(movable))):
        s = rng.choice(graph.rooms.may_sit(p))
        if graph.move(p, s):
            moved += 1
            assert graph.seat[p] == s
        after = [sum(t == s for t in graph.seat.values()) for s in roster.open_sessions]
        for s, count in zip(roster.open_sessions, after, strict=True):
            assert facts.min_pupils[s] <= count <= facts.sessions[s].seats
        assert len(contacts(facts, roster, graph.seat)) == len(graph.seat)
    assert moved


@pytest.mark.parametrize("may_leave", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_arcs_lead_forth_and_back(seed: int, may_leave: bool) -> None:
    facts = facts_of(seed)
    rng = random.Random(seed)
    roster = first_roster(facts)
    placement = place(facts, roster)
    assert placement is not None
    graph = Reseating(facts, roster, placement, may_leave=may_leave)
    for p in rng.sample(sorted(placement.seat), 60):
        graph.move(p, rng.choice(graph.rooms.may_sit(p)))
        if rng.random() < 0.5:
            graph.settle(p)
    nodes = {node for p in placement.seat for node in graph.places(p)} | {END}
    while fresh := {other for node in nodes for other in (*graph.neighbours(node), *graph.before(node))} - nodes:
        nodes |= fresh
    forth = {(a, b) for a in nodes for b in graph.neighbours(a)}
    assert len(forth) > len(nodes)
    assert forth == {(a, b) for b in nodes for a in graph.before(b)}


@pytest.mark.parametrize("seed", range(10))
def test_any_prices_prove_a_bound_no_plan_beats(seed: int) -> None:
    rng = random.Random(seed)
    model = LinearModel()
    columns = [model.column(-1.0, float(rng.randint(0, 3))) for _ in range(4)]
    for _ in range(3):
        terms = {c: float(rng.randint(-2, 3)) for c in columns}
        model.row(terms, at_least=rng.choice((-np.inf, -2.0)), at_most=rng.choice((np.inf, 3.0)))
    objective = {c: float(rng.randint(-3, 3)) for c in columns}
    for _ in range(50):
        point = [rng.uniform(low, high) for low, high in zip(model.lower, model.upper, strict=True)]
        if all(r.lower <= sum(v * point[c] for c, v in r.terms.items()) <= r.upper for r in model.rows):
            value = sum(v * point[c] for c, v in objective.items())
            prices = np.array([rng.uniform(-2, 2) for _ in model.rows])
            assert value <= model.program(objective, maximize=True).proven_bound(prices) + 1e-9
            assert value >= model.program(objective, maximize=False).proven_bound(prices) - 1e-9


def test_bounds_are_rounded_outwards_by_a_hair_only() -> None:
    assert [whole_bound(b, maximize=True) for b in (3.0, 2.9999999, 2.999, 3.5)] == [3, 3, 2, 3]
    assert [whole_bound(b, maximize=False) for b in (3.0, 3.0000001, 3.001, 2.5)] == [3, 3, 4, 3]
