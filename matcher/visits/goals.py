"""The goals of a visit plan in their order: each is one function; its docstring is the sum it counts.

A goal is Σ worth · column plus what the fixed visits bring. Goals that need columns and rows of their own add them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.eligibility import Engagement, RoleModelFacts
from matcher.problem import FixedVisit, Request, VisitProblem
from matcher.visits.candidates import Room
from matcher.visits.model import Entries, Ints, Model, Values


def smallest(worth: Ints) -> NDArray[Any]:
    """The same numbers in as few bits as hold them: there may be millions for each goal."""
    low, high = int(worth.min(initial=0)), int(worth.max(initial=0))
    fitting = (t for t in (np.int8, np.int16, np.int32) if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    return worth.astype(next(fitting, np.int64))


@dataclass(frozen=True)
class LinearGoal:
    """`constant` + Σ `worth` · column, to be made large ("max") or small ("min")."""

    name: str
    sense: Literal["max", "min"]
    worth: NDArray[Any]
    constant: int

    @property
    def gain(self) -> Ints:
        """Worth of each column with the sign that makes more always better."""
        return self.worth.astype(np.int64) * (1 if self.sense == "max" else -1)

    def value(self, gained: int) -> int:
        """The goal's value where the columns together gain this much."""
        return self.constant + (gained if self.sense == "max" else -gained)


@dataclass(frozen=True)
class Season:
    """What goals need beside the model: the problem, role models as arrays, limits, and the fixed visits unpacked."""

    problem: VisitProblem
    facts: RoleModelFacts
    left: Room

    def fixed(self) -> list[tuple[Request, Engagement, FixedVisit]]:
        """Each fixed visit with its request and engagement."""
        requests = {request.id: request for request in self.problem.requests}
        return [
            (requests[f.request], Engagement(requests[f.request], requests[f.request].options[f.option], f.mode), f)
            for f in self.problem.fixed
        ]

    def index(self, visit: FixedVisit) -> list[int]:
        """Indices of the visit's role models."""
        positions = {identifier: i for i, identifier in enumerate(self.facts.ids)}
        return [positions[identifier] for identifier in visit.role_models]

    def schools_of_fixed(self) -> set[str]:
        """Ids of schools with a fixed visit."""
        return {request.school for request, _, _ in self.fixed()}


def _of_served(model: Model, season: Season, worth_of: Callable[[Request], int]) -> tuple[NDArray[Any], int]:
    """Worth that belongs to a request and is gained when it is served."""
    by_request = np.array([worth_of(request) for request in season.problem.requests], dtype=np.int64)
    by_unit = smallest(by_request)[model.units.request]
    worth = np.zeros(model.columns, dtype=by_unit.dtype)
    worth[: len(model.candidates.unit)] = np.where(model.units.size == 1, by_unit, 0)[model.candidates.unit]
    worth[model.held_column[model.many]] = by_unit[model.many]
    return worth, sum(worth_of(request) for request, _, _ in season.fixed())


def priority(model: Model, season: Season) -> LinearGoal:
    """Max: Σ over served requests of [marked priority]."""
    return LinearGoal("priority", "max", *_of_served(model, season, lambda request: int(request.priority)))


def reserved(model: Model, season: Season) -> LinearGoal:
    """Max: Σ over assignments of [on a date of the role model's reservation, at a school of its municipalities]."""
    worth = np.zeros(model.columns, dtype=np.int64)
    worth[: len(model.candidates.unit)] = model.candidates.reserved
    constant = 0
    for request, engagement, visit in season.fixed():
        town = season.facts.schools[request.school].municipality
        constant += int(season.facts.reserved_for(engagement.date, town)[season.index(visit)].sum())
    return LinearGoal("reserved", "max", smallest(worth), constant)


def schools(model: Model, season: Season) -> LinearGoal:
    """Max: Σ visited + schools with a fixed visit; for each other school: visited ≤ Σ of its served requests."""
    u, unit = model.units, model.candidates.unit
    seen = season.schools_of_fixed()
    without = np.array([school.id not in seen for school in season.problem.schools], dtype=np.bool_)
    open_schools = np.unique(u.school[without[u.school]])
    visited = model.add_columns("school", open_schools)
    each = np.arange(len(open_schools))
    row_of_unit = np.where(without[u.school], np.searchsorted(open_schools, u.school), -1)
    single = np.where(u.size == 1, row_of_unit, -1)
    many = model.many[row_of_unit[model.many] >= 0]
    parts: list[Entries] = [(each, visited, 1), (row_of_unit[many], model.held_column[many], -1)]
    model.add_rows("schools", np.zeros_like(each), parts, each=(unit, single, -1))
    model.visited = visited
    model.visited_school = open_schools

    def follow(values: Values) -> None:
        row = row_of_unit[unit[np.flatnonzero(values[: len(unit)])]]
        values[visited[row[row >= 0]]] = 1

    model.followers.append(follow)
    worth = np.zeros(model.columns, dtype=np.int64)
    worth[visited] = 1
    return LinearGoal("schools", "max", smallest(worth), len(seen))


def first_visits(model: Model, season: Season) -> LinearGoal:
    """Max: Σ visited over schools with visits_last_12_months = 0."""
    first = {school.id for school in season.problem.schools if school.visits_last_12_months == 0}
    worth = np.zeros(model.columns, dtype=np.int64)
    ids = [season.problem.schools[school].id for school in model.visited_school]
    worth[model.visited] = [identifier in first for identifier in ids]
    return LinearGoal("first_visits", "max", smallest(worth), len(season.schools_of_fixed() & first))


def classes(model: Model, season: Season) -> LinearGoal:
    """Max: Σ over served requests of classes."""
    return LinearGoal("classes", "max", *_of_served(model, season, lambda request: request.classes))


def days_waited(model: Model, season: Season) -> LinearGoal:
    """Max: Σ over served requests of max(0, today - submitted) in days."""
    today = season.problem.today
    worth = _of_served(model, season, lambda r: max(timedelta(0), today - r.submitted).days)
    return LinearGoal("days_waited", "max", *worth)


def wishes(model: Model, season: Season) -> LinearGoal:
    """Max: Σ over assignments of |wishes ∩ topics| + Σ over served `either` requests of [in the mode preferred]."""
    units, unit = model.units, model.candidates.unit
    preferred = np.array([_preferred_mode(request) for request in season.problem.requests], dtype=np.int64)
    by_unit = units.mode == preferred[units.request]
    worth = np.zeros(model.columns, dtype=np.int64)
    worth[: len(unit)] = model.candidates.wishes + ((units.size == 1) & by_unit)[unit]
    worth[model.held_column[model.many]] = by_unit[model.many]
    constant = 0
    for request, engagement, visit in season.fixed():
        constant += int(season.facts.shared_topics(request.wishes)[season.index(visit)].sum())
        constant += int(request.mode == "either" and engagement.mode == request.prefers)
    return LinearGoal("wishes", "max", smallest(worth), constant)


def _preferred_mode(request: Request) -> int:
    """Number of the mode that earns a point, -1 where there is no choice."""
    return -1 if request.mode != "either" else int(request.prefers == "digital")


def travel_minutes(model: Model, season: Season) -> LinearGoal:
    """Min: Σ over physical assignments of minutes from home to school."""
    worth = np.zeros(model.columns, dtype=np.int64)
    worth[: len(model.candidates.unit)] = model.candidates.minutes
    constant = 0
    for request, engagement, visit in season.fixed():
        if engagement.mode == "physical":
            constant += int(season.facts.minutes_to(request.school)[season.index(visit)].sum())
    return LinearGoal("travel_minutes", "min", smallest(worth), constant)


def spread(model: Model, season: Season) -> LinearGoal:
    """Min: Σ over companies and over role models of (assignments)².

    With f fixed engagements, f² is certain and the i-th further one costs 2(f + i) - 1: for each owner
    Σ assigned ≤ Σ counted, where counted i costs that much.
    """
    left, c = season.left, model.candidates
    assigned = np.flatnonzero(model.alive[: len(c.unit)])
    people = c.role_model[assigned].astype(np.int64)
    requests = model.units.request[c.unit[assigned]]
    used_people = np.bincount([busy.role_model for busy in left.busy], minlength=season.facts.count)
    employed = [busy for busy in left.busy if left.company[busy.role_model] >= 0]
    used_companies = np.bincount([left.company[b.role_model] for b in employed], minlength=len(left.quota))
    pairs = np.sort(people * model.units.requests + requests)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0] // max(1, model.units.requests)
    reach = np.minimum(np.bincount(pairs, minlength=season.facts.count), left.per_term)
    in_company = left.company >= 0
    together = np.bincount(left.company[in_company], weights=reach[in_company], minlength=len(left.quota))
    parts = (
        _count_columns(model, "role_model", np.arange(season.facts.count), used_people, reach),
        _count_columns(
            model,
            "company",
            left.company,
            used_companies,
            np.minimum(together.astype(np.int64), left.quota),
        ),
    )
    worth = np.zeros(model.columns, dtype=np.int64)
    for columns, cost in parts:
        worth[columns] = cost
    return LinearGoal("spread", "min", smallest(worth), int((used_people**2).sum() + (used_companies**2).sum()))


def _count_columns(model: Model, kind: str, owner: Ints, used: Ints, reach: Ints) -> tuple[Ints, Ints]:
    """Add the counted columns of owners of a kind and the rows that tie them to what is assigned; (columns, costs).

    `owner`: of each role model, or -1; `used` and `reach`: an owner's fixed engagements, and the most further ones.
    """
    who = model.candidates.role_model
    of_row = np.repeat(np.arange(len(reach)), reach)
    step = np.arange(len(of_row)) - np.repeat(np.cumsum(reach) - reach, reach) + 1
    counted = model.add_columns(kind, of_row, step)
    model.add_rows("spread", np.zeros(len(reach), dtype=np.int64), [(of_row, counted, -1)], each=(who, owner, 1))

    def follow(values: Values) -> None:
        owners = owner[who[np.flatnonzero(values[: len(who)])]]
        assignments = np.bincount(owners[owners >= 0], minlength=len(reach))
        values[counted] = step <= assignments[of_row]

    model.followers.append(follow)
    return counted, 2 * (used[of_row] + step) - 1


GOALS = (priority, reserved, schools, first_visits, classes, days_waited, wishes, travel_minutes, spread)
"""Every goal in its order; the function's name is the goal's name."""
