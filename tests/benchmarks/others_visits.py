"""Visits as others would plan them: what a user would pick instead of this engine, each tuned as its own users do.

Every planner takes a season's candidates and a limit in seconds and gives the candidates that take part. What a planner
cannot express is in its `lacks`; visits that clash are then dropped in its own order.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from matching.games import HospitalResident
from numpy.typing import NDArray
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from matcher.eligibility import MODES, Engagement, RoleModelFacts, eligible, minute_of, modes_of
from matcher.problem import VisitProblem

Cost = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """A request in one option and one mode, and its candidates by number."""

    request: int
    option: int
    mode: str
    day: int
    start: int
    end: int
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A role model who may take part in a unit; minutes of travel, wishes met, 1 on a reservation for the school."""

    unit: int
    person: int
    minutes: int
    wishes: int
    reserved: int


class Season:
    """All units and candidates of a problem without fixed visits, by the pair rules alone."""

    def __init__(self, problem: VisitProblem) -> None:
        self.problem = problem
        self.facts = RoleModelFacts(problem)
        self.units: list[Unit] = []
        self.candidates: list[Candidate] = []
        self.units_of: dict[int, list[int]] = defaultdict(list)
        for r, request in enumerate(problem.requests):
            for o, option in enumerate(request.options):
                for mode in modes_of(request):
                    self._add(r, o, Engagement(request, option, mode))
        companies = {company.id: company.quota for company in problem.companies}
        self.quota = {name: quota for name, quota in companies.items() if quota is not None}

    def _add(self, r: int, o: int, engagement: Engagement) -> None:
        people = np.flatnonzero(eligible(self.facts, engagement)).tolist()
        request = engagement.request
        if len(people) < request.role_models:
            return
        town = self.facts.schools[request.school].municipality
        minutes = self.facts.minutes_to(request.school)
        wishes = self.facts.shared_topics(request.wishes)
        reserved = self.facts.reserved_for(engagement.date, town)
        first, unit = len(self.candidates), len(self.units)
        physical = engagement.mode == MODES[0]
        self.candidates += [
            Candidate(unit, i, int(minutes[i]) if physical else 0, int(wishes[i]), int(reserved[i])) for i in people
        ]
        numbers = tuple(range(first, len(self.candidates)))
        times = (engagement.date.toordinal(), minute_of(engagement.start), minute_of(engagement.end))
        self.units.append(Unit(r, o, engagement.mode, *times, numbers))
        self.units_of[r].append(unit)

    def clash(self, a: Unit, b: Unit) -> bool:
        """Can nobody take part in both? Units of one date."""
        if a.start > b.start:
            a, b = b, a
        minutes = 0
        if a.mode == b.mode == MODES[0]:
            here, there = (self.facts.school_place(self.problem.requests[unit.request].school) for unit in (a, b))
            minutes = self.facts.times.minutes(here, there)
        return a.end + minutes > b.start


class Diary:
    """Who is taken when, as a planner by hand keeps it."""

    def __init__(self, season: Season) -> None:
        self._season = season
        self._held: dict[int, list[Unit]] = defaultdict(list)
        self._company: dict[str, int] = defaultdict(int)
        self.taken: list[int] = []

    def fits(self, number: int) -> bool:
        """May the candidate come too?"""
        season = self._season
        candidate = season.candidates[number]
        person, unit = season.problem.role_models[candidate.person], season.units[candidate.unit]
        held = self._held[candidate.person]
        on_date = [other for other in held if other.day == unit.day]
        in_week = sum((other.day - 1) // 7 == (unit.day - 1) // 7 for other in held)
        quota = season.quota.get(person.company or "")
        return (
            len(held) < person.max_per_term
            and len(on_date) < person.max_per_day
            and in_week < person.max_per_week
            and (quota is None or self._company[person.company or ""] < quota)
            and not any(season.clash(unit, other) for other in on_date)
        )

    def take(self, numbers: Sequence[int]) -> bool:
        """All of them, or none where one does not fit beside the others."""
        for count, number in enumerate(numbers):
            if not self.fits(number):
                for back in numbers[:count]:
                    self._put(back, -1)
                return False
            self._put(number, 1)
        return True

    def _put(self, number: int, sign: int) -> None:
        candidate = self._season.candidates[number]
        unit = self._season.units[candidate.unit]
        company = self._season.problem.role_models[candidate.person].company
        self._company[company or ""] += sign
        if sign > 0:
            self._held[candidate.person].append(unit)
            self.taken.append(number)
        else:
            self._held[candidate.person].remove(unit)
            self.taken.remove(number)


class Found(NamedTuple):
    """The candidates that take part, and how many goals, from the first on, the planner says are as good as can be."""

    taken: Sequence[int]
    proven: int = 0


@dataclass(frozen=True, slots=True)
class Planner:
    """One way to plan. `lacks`: what of the rules and goals it cannot say."""

    name: str
    plan: Callable[[Season, float], Found]
    lacks: str


def first_come(season: Season, seconds: float) -> Found:
    """Requests as they came in, each with the nearest people who are free."""
    requests = season.problem.requests
    return _by_hand(season, sorted(season.units_of, key=lambda r: (requests[r].submitted, r)))


def greedy(season: Season, seconds: float) -> Found:
    """Requests by the goals: promised anew, schools without a visit, larger, longer waiting."""
    return _by_hand(season, sorted(season.units_of, key=lambda r: _rank(season, r)))


def deferred_acceptance(season: Season, seconds: float) -> Found:
    """Requests for one person propose to role models, nearest first, who prefer requests by the goals."""
    best: dict[int, dict[int, int]] = defaultdict(dict)
    for r, units in season.units_of.items():
        if season.problem.requests[r].role_models == 1:
            for number in (one for unit in units for one in season.units[unit].candidates):
                candidate = season.candidates[number]
                known = best[r].get(candidate.person)
                if known is None or candidate.minutes < season.candidates[known].minutes:
                    best[r][candidate.person] = number
    order = sorted(best, key=lambda r: _rank(season, r))
    asks = {r: sorted(best[r], key=lambda i: (season.candidates[best[r][i]].minutes, i)) for r in order}
    asked: dict[int, list[int]] = defaultdict(list)
    for r in order:
        for person in asks[r]:
            asked[person].append(r)
    most = {i: season.problem.role_models[i].max_per_term for i in asked}
    open_people = {i for i, room in most.items() if room > 0}
    wanting = {r: [i for i in wish if i in open_people] for r, wish in asks.items()}
    game = HospitalResident.create_from_dictionaries(
        {r: wish for r, wish in wanting.items() if wish},
        {i: asked[i] for i in open_people},
        {i: most[i] for i in open_people},
    )
    matched = game.solve(optimal="resident")
    person_of = {int(str(one)): int(str(person)) for person, requests in matched.items() for one in requests}
    diary = Diary(season)
    for r in order:
        if r in person_of:
            numbers = (one for unit in season.units_of[r] for one in season.units[unit].candidates)
            for number in numbers:
                if season.candidates[number].person == person_of[r] and diary.take([number]):
                    break
    return Found(diary.taken)


def cp_sat_naive(season: Season, seconds: float) -> Found:
    """A boolean for each candidate; all goals but `spread` in one weighted sum; the solver as it comes."""
    model, columns, goals = _cp_model(season)
    weights, is_exact = _weights([most for _, most in goals])
    model.maximize(sum(weight * total for weight, (total, _) in zip(weights, goals, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Found(())
    taken = [number for number in range(len(season.candidates)) if solver.value(columns[number])]
    return Found(taken, len(goals) if status == cp_model.OPTIMAL and is_exact else 0)


def cp_sat_tuned(season: Season, seconds: float) -> Found:
    """Goal after goal, one worker with linearization_level 2, each from the last solution."""
    model, columns, goals = _cp_model(season)
    ends = time.monotonic() + seconds
    found, proven = Found(()), 0
    for number, (total, _) in enumerate(goals):
        left = ends - time.monotonic()
        if left <= 1:
            break
        model.maximize(total)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.max_time_in_seconds = left / 2
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        proven += status == cp_model.OPTIMAL and proven == number
        found = Found([one for one in range(len(season.candidates)) if solver.value(columns[one])], proven)
        model.add(total >= round(solver.objective_value))
        model.clear_hints()
        for column in columns:
            model.add_hint(column, solver.value(column))
    return found


def scipy_milp(season: Season, seconds: float) -> Found:
    """Goal after goal over the same rows, with scipy.optimize.milp (it takes no start)."""
    rows, count = _rows(season)
    goals = _goals(season, rows, count)
    ends = time.monotonic() + seconds
    found: Cost | None = None
    proven = 0
    matrix, low, high = _matrix(rows, count)
    for number, (gain, _) in enumerate(goals):
        left = ends - time.monotonic()
        if left <= 1:
            break
        solved = milp(
            -gain,
            integrality=np.ones(count),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, low, high),
            options={"time_limit": left / 2, "mip_rel_gap": 0.0},
        )
        if solved.x is None:
            break
        found = np.round(solved.x)
        proven += solved.status == 0 and proven == number
        rows.append((dict(enumerate(gain.tolist())), float(gain @ found), np.inf))
        matrix, low, high = _matrix(rows, count)
    return Found(() if found is None else np.flatnonzero(found[: len(season.candidates)]).tolist(), proven)


PLANNERS = (
    Planner("first come, first served", first_come, "fair order between schools; no bound"),
    Planner("greedy by priority", greedy, "no bound"),
    Planner(
        "deferred acceptance (matching)",
        deferred_acceptance,
        "times (what clashes is dropped), requests for two, days, weeks, quotas, totals; no bound",
    ),
    Planner("CP-SAT as it comes", cp_sat_naive, "`spread`"),
    Planner("CP-SAT tuned", cp_sat_tuned, "`spread`"),
    Planner("scipy milp", scipy_milp, "`spread`; a start"),
)
"""In the order of the table."""


def _rank(season: Season, r: int) -> tuple[bool, bool, int, int, int]:
    request = season.problem.requests[r]
    school = season.facts.schools[request.school]
    waited = season.problem.today - request.submitted
    return (not request.priority, school.visits_last_12_months > 0, -request.classes, -waited // timedelta(days=1), r)


def _by_hand(season: Season, order: Sequence[int]) -> Found:
    diary = Diary(season)
    for r in order:
        for unit in season.units_of[r]:
            numbers = sorted(season.units[unit].candidates, key=lambda number: season.candidates[number].minutes)
            free = [number for number in numbers if diary.fits(number)]
            asked = season.problem.requests[r].role_models
            if len(free) >= asked and diary.take(free[:asked]):
                break
    return Found(diary.taken)


Row = tuple[dict[int, float], float, float]
"""Coefficients by column, least and most."""


def _rows(season: Season) -> tuple[list[Row], int]:
    """The rules over candidates, then one column a unit for two or more; and how many columns there are."""
    rows: list[Row] = []
    count = len(season.candidates)
    held: dict[int, int] = {}
    of_request: dict[int, dict[int, float]] = defaultdict(dict)
    for u, unit in enumerate(season.units):
        size = season.problem.requests[unit.request].role_models
        if size == 1:
            of_request[unit.request] |= dict.fromkeys(unit.candidates, 1.0)
            continue
        held[u] = count
        rows.append((dict.fromkeys(unit.candidates, 1.0) | {count: -float(size)}, 0.0, 0.0))
        of_request[unit.request][count] = 1.0
        count += 1
    rows += [(terms, -np.inf, 1.0) for terms in of_request.values()]
    limits: dict[tuple[str, object, object], dict[int, float]] = defaultdict(dict)
    on_date: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, candidate in enumerate(season.candidates):
        day = season.units[candidate.unit].day
        person = season.problem.role_models[candidate.person]
        for key in (("day", candidate.person, day), ("week", candidate.person, (day - 1) // 7)):
            limits[key][number] = 1.0
        limits["term", candidate.person, None][number] = 1.0
        if person.company in season.quota:
            limits["quota", person.company, None][number] = 1.0
        on_date[candidate.person, day].append(number)
    for (kind, who, _), terms in limits.items():
        rows.append((terms, -np.inf, float(_most(season, kind, who))))
    for numbers in on_date.values():
        for i, a in enumerate(numbers):
            for b in numbers[i + 1 :]:
                one, other = (season.units[season.candidates[number].unit] for number in (a, b))
                if one.request != other.request and season.clash(one, other):
                    rows.append(({a: 1.0, b: 1.0}, -np.inf, 1.0))
    schools = {request.school for request in season.problem.requests}
    for school in sorted(schools):
        mine = {r for r in of_request if season.problem.requests[r].school == school}
        rows.append(({count: 1.0} | {c: -1.0 for r in mine for c in of_request[r]}, -np.inf, 0.0))
        count += 1
    return rows, count


def _most(season: Season, kind: str, who: object) -> int:
    if kind == "quota":
        return season.quota[str(who)]
    assert isinstance(who, int)
    person = season.problem.role_models[who]
    return {"day": person.max_per_day, "week": person.max_per_week, "term": person.max_per_term}[kind]


def _goals(season: Season, rows: list[Row], count: int) -> list[tuple[Cost, float]]:
    """The first eight goals as gains of columns, to be made large, each with the most it can be."""
    served = np.zeros((3, count))
    mode, people = np.zeros(count), len(season.candidates)
    column = people
    for unit in season.units:
        request = season.problem.requests[unit.request]
        days = max(0, (season.problem.today - request.submitted).days)
        own = list(unit.candidates) if request.role_models == 1 else [column]
        column += request.role_models > 1
        served[:, own] = [[float(request.priority)], [float(request.classes)], [float(days)]]
        mode[own] = float(request.mode == "either" and unit.mode == request.prefers)
    names = sorted({request.school for request in season.problem.requests})
    visited = np.zeros((2, count))
    visited[0, count - len(names) :] = 1.0
    new = [season.facts.schools[name].visits_last_12_months == 0 for name in names]
    visited[1, count - len(names) :] = np.array(new, dtype=np.float64)
    worth = np.zeros((3, count))
    worth[0, :people] = [candidate.reserved for candidate in season.candidates]
    worth[1, :people] = [candidate.wishes for candidate in season.candidates]
    worth[2, :people] = [-candidate.minutes for candidate in season.candidates]
    gains = (served[0], worth[0], visited[0], visited[1], served[1], served[2], worth[1] + mode, worth[2])
    return [(gain, float(np.abs(gain).sum())) for gain in gains]


def _matrix(rows: list[Row], count: int) -> tuple[csr_array, list[float], list[float]]:
    entries = [(r, at, value) for r, (terms, _, _) in enumerate(rows) for at, value in terms.items() if value]
    at_row, at_column, values = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((values, (at_row, at_column)), shape=(len(rows), count))
    return matrix, [low for _, low, _ in rows], [high for _, _, high in rows]


def _cp_model(
    season: Season,
) -> tuple[cp_model.CpModel, list[cp_model.IntVar], list[tuple[cp_model.LinearExprT, int]]]:
    rows, count = _rows(season)
    model = cp_model.CpModel()
    columns = [model.new_bool_var("") for _ in range(count)]
    for terms, low, high in rows:
        total = cp_model.LinearExpr.weighted_sum([columns[at] for at in terms], [int(v) for v in terms.values()])
        if low == -np.inf:
            model.add(total <= int(high))
        else:
            model.add(total == int(high))
    goals: list[tuple[cp_model.LinearExprT, int]] = []
    for gain, most in _goals(season, rows, count):
        used = np.flatnonzero(gain).tolist()
        total = cp_model.LinearExpr.weighted_sum([columns[at] for at in used], [int(gain[at]) for at in used])
        goals.append((total, int(most)))
    return model, columns, goals


def _weights(most: Sequence[int]) -> tuple[list[int], bool]:
    """Weights by which an earlier goal outweighs the later ones as far as 64 bits reach, and whether they reach."""
    weights = [1]
    for largest in reversed(most[1:]):
        weights.append(weights[-1] * (largest + 1))
    room = 2**62 // max(1, sum(weight * largest for weight, largest in zip(weights[::-1], most, strict=True)))
    if room:
        return weights[::-1], True
    return [10 ** (2 * (len(most) - number - 1)) for number in range(len(most))], False
