"""What the judge asks of both kinds of plan: the right problem, whole goals, an honest status."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from matcher.plan import Goal, Plan
from matcher.problem import Problem, Travel, problem_sha256

EARTH_RADIUS_KM = 6371.0088

Facts = TypeVar("Facts")


class Violation(NamedTuple):
    """A broken rule: its code and one sentence that names what breaks it."""

    code: str
    message: str


Rule = Callable[[Facts], Iterator[str]]
"""A rule yields a message for each way in which the plan breaks it; its function's name is its code."""


def broken(rules: Iterable[Rule[Facts]], facts: Facts) -> list[Violation]:
    """The violations of these rules, in the order of the rules."""
    return [Violation(rule.__name__, message) for rule in rules for message in rule(facts)]


class Recount(NamedTuple):
    """A goal as the judge counts it."""

    name: str
    sense: str
    value: int


def great_circle_minutes(travel: Travel, here: tuple[float, float], there: tuple[float, float]) -> int:
    """ceil(60 · detour · km / kmh - 1e-9); km by the haversine formula; places are (lat, lon) in degrees."""
    lat_here, lat_there = math.radians(here[0]), math.radians(there[0])
    half_lat, half_lon = (lat_there - lat_here) / 2, math.radians(there[1] - here[1]) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_here) * math.cos(lat_there) * math.sin(half_lon) ** 2
    km = 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
    return max(0, math.ceil(60 * travel.detour * km / travel.kmh - 1e-9))


class Minutes:
    """Travel minutes of one problem, from the matrix where there is one."""

    def __init__(self, travel: Travel) -> None:
        self._travel = travel
        self._rows = {name: row for row, name in enumerate(travel.matrix.places)} if travel.matrix else {}

    def between(self, name: str, here: tuple[float, float], other: str, there: tuple[float, float]) -> int:
        """Minutes from the place `name` at `here` to the place `other` at `there`."""
        if self._travel.matrix is not None:
            return self._travel.matrix.minutes[self._rows[name]][self._rows[other]]
        return great_circle_minutes(self._travel, here, there)


def is_another_problem(problem: Problem, plan: Plan) -> Iterator[str]:
    """The plan's problem_sha256 is the SHA-256 of the problem."""
    expected = problem_sha256(problem)
    if plan.problem_sha256 != expected:
        yield f"the plan names problem {plan.problem_sha256[:12]!r}, this is {expected[:12]!r}"


def wrong_goals(plan: Plan, recounted: Sequence[Recount]) -> Iterator[str]:
    """All goals named and ordered, each value as recounted and not beyond its bound, no gap under `optimal`."""
    names = [goal.name for goal in plan.goals]
    expected = [goal.name for goal in recounted]
    if names != expected:
        yield f"goals are {', '.join(names) or 'none'}; should be {', '.join(expected)}"
        return
    if set(plan.certificate.bound_source) != set(expected):
        yield "certificate.bound_source does not name each goal once"
    for goal, counted in zip(plan.goals, recounted, strict=True):
        yield from _wrong_goal(goal, counted, plan.status)


def _wrong_goal(goal: Goal, counted: Recount, status: str) -> Iterator[str]:
    if goal.sense != counted.sense:
        yield f"{goal.name} is sensed {goal.sense}; should be {counted.sense}"
    if goal.value != counted.value:
        yield f"{goal.name} says {goal.value}, the plan reaches {counted.value}"
    beyond = goal.value > goal.bound if counted.sense == "max" else goal.value < goal.bound
    if beyond:
        yield f"{goal.name} has value {goal.value} beyond its bound {goal.bound}"
    if status == "optimal" and goal.value != goal.bound:
        yield f"{goal.name} has a gap of {goal.gap} in a plan called optimal"


def wrong_empty_plan(plan: Plan, fixed: dict[str, int], content: int) -> Iterator[str]:
    """An infeasible or unknown plan holds nothing; an infeasible one names conflicts among the fixed items.

    `fixed`: how many items the problem fixes, by path ("fixed.mentors": 3). `content`: items the plan holds.
    """
    if content or plan.goals or plan.unserved:
        yield f"a plan called {plan.status} must hold no items, goals or unserved"
    if plan.status == "unknown":
        return
    if not plan.conflicts or not all(conflict.items for conflict in plan.conflicts):
        yield "an infeasible plan must name the conflicting items"
    if not any(fixed.values()):
        yield "nothing is fixed, so the empty plan is valid and the problem is not infeasible"
    for path in (path for conflict in plan.conflicts for path in conflict.items):
        parts = re.fullmatch(r"(.+)\[([0-9]{1,9})\]", path)
        if parts is None or int(parts[2]) >= fixed.get(parts[1], 0):
            yield f"conflict names {path!r}, which is no fixed item of the problem"


def unsorted(what: str, keys: Sequence[Any]) -> Iterator[str]:
    """A message when the keys do not rise strictly."""
    if any(later <= earlier for earlier, later in pairwise(keys)):
        yield f"{what} are not in order, each once"
