"""Both placement rules on one roster, against plain enumeration."""

from dataclasses import replace

from matcher.control import Settings, Stop
from matcher.plan import GroupPlan
from matcher.price import PLACEMENTS, Price, prices
from matcher.problem import GroupProblem
from matcher.solve import solve
from tests.matcher.brute_force_groups import GroupEnumeration
from tests.matcher.random_groups import random_group_problem
from tests.matcher.small_problems import group_data, groups


def enumerated(problem: GroupProblem, plan: GroupPlan) -> list[tuple[tuple[int, ...], int, int]]:
    """Served by class, first choices and the sum of choices by both rules, from the table of loads."""
    roster = frozenset((mentor.id, one.session) for one in plan.sessions for mentor in one.mentors)
    found = []
    for placement in PLACEMENTS:
        enumeration = GroupEnumeration(replace(problem, rules=replace(problem.rules, placement=placement)))
        outcome = enumeration.placement(roster)
        assert outcome is not None
        seated = [(p, slot.session) for p, slot in zip(enumeration.queue, outcome.slots, strict=True) if slot]
        given = [p.choices.index(session) for p, session in seated if session in p.choices]
        served = tuple(sum(p.class_ == number for p, _ in seated) for number in range(problem.rules.classes))
        found.append((served, given.count(0), sum(given)))
    return found


def test_prices_are_those_of_enumeration() -> None:
    compared = 0
    for seed in range(25):
        problem = random_group_problem(seed)
        plan = solve(problem, stop=Stop(20.0), settings=Settings(workers=1))
        assert isinstance(plan, GroupPlan)
        if plan.status in ("optimal", "feasible"):
            compared += 1
            both = [(one.served, one.first_choice, one.choices) for one in prices(problem, plan)]
            assert both == enumerated(problem, plan)
    assert compared > 15


def test_queue_first_costs_a_seat_and_leaves_no_envy() -> None:
    """One seat in s0: p0 could also sit in s1, p1 only in s0, p2 only in s1. All are served when p0 makes way."""
    data = group_data()
    data["sessions"][0]["seats"] = 1
    data["pupils"][0]["max_travel_minutes"] = None
    data["pupils"][1]["choices"] = ["s0"]
    data["pupils"][2]["choices"] = ["s1"]
    problem = groups(data)
    plan = solve(problem, settings=Settings(workers=1))
    assert isinstance(plan, GroupPlan)
    most, first = prices(problem, plan)
    assert most == Price(placement="most_served", served=(3, 0, 0), first_choice=2, choices=1, envy=1)
    assert first == Price(placement="queue_first", served=(2, 0, 0), first_choice=2, choices=0, envy=0)
