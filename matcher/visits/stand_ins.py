"""Stand-ins: whom to keep in reserve, and for which visits, so that silence costs few of them.

**Model.** Each role model is silent with a given chance, once for the whole plan and independently of all others: a
silent one comes to none of their visits, and to none that they stand by for. A visit holds when all of its people
come, or all but one and the reserve named for it takes the place. A reserve stands by on a date for a few visits in the
order of their start, and is called at most once that date: to the first of them that misses exactly one person. So
of the visits V of a date a reserve s is expected to hold

    (1 - silence(s)) · P(some visit of V misses exactly one person)

more, computed exactly over who of their people is silent; people of several of the visits are silent in all of them.

**Rules.** A reserve is not in the visits they stand by for, may take part in them (all pair rules), and has time for
each beside their own. Each date on which they stand by counts as one engagement in day, week, term and quota beside the
plan's own, so whatever happens no limit breaks. Nobody is taken from a visit. A visit has at most one reserve.

**Choice**, by an integer program (CP-SAT, whole numbers): the fewest people in reserve under whom the expected share of
visits that hold reaches the share asked for, or the highest that any choice reaches; and of these the highest.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from ortools.sat.python import cp_model

from matcher.control import Stop
from matcher.eligibility import Engagement, RoleModelFacts, eligible
from matcher.plan import Visit, VisitPlan
from matcher.problem import RoleModel, VisitProblem

SILENCE = 0.15
"""Chance of silence where none is known: of seven people asked one does not answer."""
SHARE = 0.95
MOST_ON_A_DATE = 3
"""Visits of one date for which one reserve stands by."""
UNIT = 10**9
"""Expected visits are counted in whole parts of this, rounded down."""


class Reserve(NamedTuple):
    """A role model kept free on a date for these visits (requests), called in this order."""

    role_model: str
    date: date
    visits: tuple[str, ...]


@dataclass(frozen=True)
class StandIns:
    """Reserves by (date, role model); shares are expected shares, 0 to 1, of the plan's visits that hold.

    `people`: how many role models are in reserve. `reached`: the share asked for is. `proven`: no fewer people reach
    the share asked for (or no others a higher one, where it is out of reach), and as many people no higher one.
    """

    reserves: tuple[Reserve, ...]
    people: int
    share_without: float
    share: float
    reached: bool
    proven: bool


class _Choice(NamedTuple):
    """A reserve that could be named, and how many more visits that is expected to hold."""

    reserve: Reserve
    gain: Fraction


def plan_stand_ins(
    problem: VisitProblem,
    plan: VisitPlan,
    *,
    silence: Mapping[str, float] | None = None,
    rate: float = SILENCE,
    share: float = SHARE,
    stop: Stop | None = None,
    seed: int = 1,
) -> StandIns:
    """Whom to keep in reserve for which visits of a judged plan.

    `silence`: chance by role model, `rate` for those it does not name; both 0 to 1, like `share`. A stop ends it with
    the best choice so far. Raises ValueError for a chance outside 0 to 1.
    """
    chance = _chances(problem, silence or {}, rate, share)
    visits = plan.visits
    without = sum((_all_come(visit, chance) for visit in plan.visits), Fraction(0))
    choices = list(_choices(problem, plan, chance))
    program = _Program(problem, plan, choices)
    stop = Stop() if stop is None else stop
    taken, proven = program.solve(Fraction(str(share)) * len(visits) - without, stop, seed)
    held = without + sum((choice.gain for choice in taken), Fraction(0))
    count = max(1, len(visits))
    return StandIns(
        reserves=tuple(sorted((choice.reserve for choice in taken), key=lambda r: (r.date, r.role_model))),
        people=len({choice.reserve.role_model for choice in taken}),
        share_without=float(without / count) if visits else 1.0,
        share=float(held / count) if visits else 1.0,
        reached=held >= Fraction(str(share)) * len(visits),
        proven=proven,
    )


def _chances(problem: VisitProblem, silence: Mapping[str, float], rate: float, share: float) -> dict[str, Fraction]:
    given = {person.id: silence.get(person.id, rate) for person in problem.role_models}
    for name, value in (*given.items(), ("share", share)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: {value} is no chance; give a number from 0 to 1")
    return {name: Fraction(str(value)) for name, value in given.items()}


def _all_come(visit: Visit, chance: Mapping[str, Fraction]) -> Fraction:
    """Chance that nobody of the visit is silent."""
    return math.prod((1 - chance[person.id] for person in visit.role_models), start=Fraction(1))


def some_misses_one(people: tuple[frozenset[str], ...], chance: Mapping[str, Fraction]) -> Fraction:
    """Chance that some of these visits, given by who is in them, misses exactly one: over all who may be silent."""
    everybody = sorted(frozenset().union(*people))
    total = Fraction(0)
    for silent in product((False, True), repeat=len(everybody)):
        missing = {person for person, is_silent in zip(everybody, silent, strict=True) if is_silent}
        if any(len(visit & missing) == 1 for visit in people):
            factors = (chance[person] if person in missing else 1 - chance[person] for person in everybody)
            total += math.prod(factors, start=Fraction(1))
    return total


def _choices(problem: VisitProblem, plan: VisitPlan, chance: Mapping[str, Fraction]) -> Iterator[_Choice]:
    """Every reserve that could be named for up to `MOST_ON_A_DATE` visits of a date, and what that brings."""
    by_date: dict[date, list[Visit]] = defaultdict(list)
    for visit in plan.visits:
        by_date[visit.start.date()].append(visit)
    diary = _Diary(problem, plan)
    for day, visits in by_date.items():
        could: dict[str, list[Visit]] = defaultdict(list)
        for visit in visits:
            for person in diary.could_stand_in(visit):
                could[person].append(visit)
        together: dict[tuple[str, ...], Fraction] = {}
        for person, those in sorted(could.items()):
            for size in range(1, MOST_ON_A_DATE + 1):
                for some in combinations(those, size):
                    key = tuple(visit.request for visit in some)
                    if key not in together:
                        who = tuple(frozenset(member.id for member in visit.role_models) for visit in some)
                        together[key] = some_misses_one(who, chance)
                    if gain := (1 - chance[person]) * together[key]:
                        yield _Choice(Reserve(person, day, key), gain)


class _Diary:
    """Who may take part in a visit and has time for it beside the plan."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan) -> None:
        self._facts = RoleModelFacts(problem)
        self._requests = {request.id: request for request in problem.requests}
        self._people = problem.role_models
        self._on: dict[tuple[str, date], list[Visit]] = defaultdict(list)
        for visit in plan.visits:
            for person in visit.role_models:
                self._on[person.id, visit.start.date()].append(visit)

    def could_stand_in(self, visit: Visit) -> Iterator[str]:
        """Ids of people outside the visit against whom no pair rule, overlap or way from another visit stands."""
        request = self._requests[visit.request]
        engagement = Engagement(request, request.options[visit.option], visit.mode)
        own = {person.id for person in visit.role_models}
        for i in np.flatnonzero(eligible(self._facts, engagement)).tolist():
            person = self._people[i].id
            if person not in own and all(self._apart(visit, o) for o in self._on[person, visit.start.date()]):
                yield person

    def _apart(self, one: Visit, other: Visit) -> bool:
        if other.start < one.start:
            one, other = other, one
        minutes = 0
        if one.mode == other.mode == "physical":
            here, there = (self._facts.school_place(self._requests[v.request].school) for v in (one, other))
            minutes = self._facts.times.minutes(here, there)
        return (other.start - one.end).total_seconds() >= 60 * minutes


class _Program:
    """Which reserves to name, as an integer program: 1 for each choice taken, 1 for each role model in reserve."""

    def __init__(self, problem: VisitProblem, plan: VisitPlan, choices: list[_Choice]) -> None:
        self._choices = choices
        self._model = cp_model.CpModel()
        self._takes = [self._model.new_bool_var("") for _ in choices]
        people = sorted({choice.reserve.role_model for choice in choices})
        self._keeps = {person: self._model.new_bool_var("") for person in people}
        self._one_reserve_a_visit()
        self._within_limits(problem, plan)
        self._held = [math.floor(choice.gain * UNIT) for choice in choices]

    def _one_reserve_a_visit(self) -> None:
        """For each visit, and each role model and date: Σ takes ≤ 1; takes ≤ keeps."""
        groups: dict[object, list[cp_model.IntVar]] = defaultdict(list)
        for choice, taken in zip(self._choices, self._takes, strict=True):
            reserve = choice.reserve
            groups[reserve.role_model, reserve.date].append(taken)
            for visit in reserve.visits:
                groups[visit].append(taken)
            self._model.add_implication(taken, self._keeps[reserve.role_model])
        for variables in groups.values():
            self._model.add_at_most_one(variables)

    def _within_limits(self, problem: VisitProblem, plan: VisitPlan) -> None:
        """`day`, `week`, `term`, `quota`: dates in reserve ≤ limit - engagements of the plan, and never below 0."""
        used: Counter[tuple[object, ...]] = Counter()
        people = {person.id: person for person in problem.role_models}
        for visit in plan.visits:
            for member in visit.role_models:
                used.update(_counted(people[member.id], visit.start.date()))
        groups: dict[tuple[object, ...], list[cp_model.IntVar]] = defaultdict(list)
        for choice, taken in zip(self._choices, self._takes, strict=True):
            for key in _counted(people[choice.reserve.role_model], choice.reserve.date):
                groups[key].append(taken)
        quotas = {company.id: company.quota for company in problem.companies}
        for key, variables in groups.items():
            code, owner = str(key[0]), str(key[1])
            most = quotas[owner] if code == "quota" else getattr(people[owner], f"max_per_{code}")
            if most is not None and most - used[key] < len(variables):
                self._model.add(sum(variables) <= max(0, most - used[key]))

    def solve(self, wanted: Fraction, stop: Stop, seed: int) -> tuple[list[_Choice], bool]:
        """The choices to take so that at least `wanted` more visits hold, or as many as can; and is that proven?"""
        held = cp_model.LinearExpr.weighted_sum(self._takes, self._held)
        people = cp_model.LinearExpr.sum(list(self._keeps.values()))
        least = math.ceil(wanted * UNIT)
        taken: list[_Choice] = []
        proven = True
        self._model.maximize(held)
        for goal in ("most", "fewest", "best"):
            solver = cp_model.CpSolver()
            solver.parameters.num_workers = 1
            solver.parameters.random_seed = seed
            solver.parameters.linearization_level = 2
            if (remaining := stop.remaining()) < 1e6:
                solver.parameters.max_time_in_seconds = remaining
            answer = solver.solve(self._model)
            if answer not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return taken, False
            proven &= answer == cp_model.OPTIMAL
            taken = [
                c for c, variable in zip(self._choices, self._takes, strict=True) if solver.boolean_value(variable)
            ]
            if goal == "most":
                self._model.add(held >= min(max(0, least), round(solver.objective_value)))
                self._model.minimize(people)
            elif goal == "fewest":
                self._model.add(people <= round(solver.objective_value))
                self._model.maximize(held)
        return taken, proven


def _counted(person: RoleModel, day: date) -> Iterator[tuple[object, ...]]:
    """The limits in which an engagement of the person on the day counts: code, owner and when."""
    yield "day", person.id, day
    yield "week", person.id, day.isocalendar()[:2]
    yield "term", person.id
    if person.company is not None:
        yield "quota", person.company
