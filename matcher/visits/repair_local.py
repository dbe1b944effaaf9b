"""A small exact program around a change: some requests are decided anew, every other visit stays where it is.

Solved by CP-SAT in whole numbers. It asks for the values that the plan before reached down to `days_waited` (nothing
better exists once a change only takes away), moves the fewest visits, and is best in the rest among these.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from ortools.sat.python import cp_model

from matcher.control import Stop
from matcher.visits.repair_land import Key, Land, Limits, Load

FEW = 600
"""Candidates up to which a program is solved as it stands: simplifying it first would take longer."""
MOST = 1 << 60
"""Weights of goals are refused beyond this."""

EFFORT = 0.1
"""Deterministic time, in about seconds, after which the whole season is the better place to look."""

Terms = list[tuple[cp_model.IntVar, int]]
"""Σ coefficient · variable."""


class TooHardError(RuntimeError):
    """The program was not decided in its time, or its weights are beyond what whole numbers hold."""


@dataclass(frozen=True)
class Decided:
    """What a local program decided: the candidates of each request in it (none: not served).

    `moved`: visits that could stand and do not; `forced`: visits that cannot.
    """

    columns: dict[int, tuple[int, ...]]
    moved: int
    forced: int = 0


class LocalProgram:
    """Columns, rules and goals of the requests that are decided anew."""

    def __init__(
        self, land: Land, limits: Limits, load: Load, choices: Mapping[int, Iterable[int]], gone: frozenset[int]
    ) -> None:
        """`choices`: for each request its candidates; `load`: what stands besides; `gone`: visits that cannot stand."""
        self._land, self._limits, self._load, self._gone = land, limits, load, gone
        self._model = cp_model.CpModel()
        self._takes: dict[int, cp_model.IntVar] = {}
        self._serves: dict[int, list[tuple[int, cp_model.IntVar]]] = {}
        for request, columns in choices.items():
            self._decide(request, columns)
        self._keep_limits()
        self._keep_apart()
        self._reach_goals()
        self._kept = [
            self._stands(v) for r in choices if (v := land.visit_of.get(r)) is not None and self._could_stand(v)
        ]

    def _decide(self, request: int, columns: Iterable[int]) -> None:
        """`count`: served at most once, by exactly the number of people asked for (size · held = Σ taking part)."""
        land, by_unit = self._land, defaultdict(list)
        for column in columns:
            by_unit[land.unit[column]].append(column)
        serves = self._serves[request] = []
        for unit, members in by_unit.items():
            taking = [self._model.new_bool_var("") for _ in members]
            self._takes.update(zip(members, taking, strict=True))
            size = int(land.units.size[unit])
            if size == 1:
                serves += [(unit, variable) for variable in taking]
            else:
                held = self._model.new_bool_var("")
                self._model.add(sum(taking) == size * held)
                serves.append((unit, held))
        self._model.add_at_most_one(variable for _, variable in serves)

    def _keep_limits(self) -> None:
        """`day`, `week`, `term`, `quota`: Σ taking part ≤ limit - what stands, and never below 0."""
        groups: dict[Key, list[cp_model.IntVar]] = defaultdict(list)
        for column, variable in self._takes.items():
            for key in self._land.limits_of(column):
                groups[key].append(variable)
        for key, variables in groups.items():
            most, used = self._limits.most(key), self._load.used(key)
            if most is not None and len(variables) > most - used:
                self._model.add(sum(variables) <= max(0, most - used))

    def _keep_apart(self) -> None:
        """`overlap`, `travel`: of two engagements of a person without time between them at most one."""
        land, days = self._land, defaultdict(list)
        for column in self._takes:
            days[land.who[column], land.span[land.unit[column]].day].append(column)
        for (person, day), columns in days.items():
            key = Key("day", person, day)
            if (self._limits.most(key) or 0) - self._load.used(key) > 1:
                for one, other in combinations(columns, 2):
                    a, b = land.unit[one], land.unit[other]
                    if land.request[a] != land.request[b] and not land.apart(land.span[a], land.span[b]):
                        self._model.add_at_most_one(self._takes[one], self._takes[other])

    def _reach_goals(self) -> None:
        """Each goal down to `days_waited`: Σ over these requests ≥ what they brought before."""
        land = self._land
        before = [land.visit_of[r] for r in self._serves if r in land.visit_of]
        for worth in (land.priority, land.classes, land.days_waited):
            terms = [(variable, worth[r]) for r, serves in self._serves.items() for _, variable in serves]
            self._at_least(terms, sum(worth[land.standing[v].request] for v in before))
        reserved = [(variable, land.reserved[column]) for column, variable in self._takes.items()]
        self._at_least(reserved, sum(land.reserved[c] for v in before for c in land.standing[v].columns))
        serving: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for request, serves in self._serves.items():
            serving[land.school[request]] += [variable for _, variable in serves]
        lost = land.schools_only_in({land.standing[v].request for v in before})
        visited: Terms = []
        for school, variables in serving.items():
            if school in lost or not land.is_visited(school):
                seen = self._model.new_bool_var("")
                self._model.add(sum(variables) >= seen)
                visited.append((seen, school))
        self._at_least([(seen, 1) for seen, _ in visited], len(lost))
        first = [(seen, land.is_first[school]) for seen, school in visited]
        self._at_least(first, sum(land.is_first[school] for school in lost))

    def _at_least(self, terms: Terms, least: int) -> None:
        if least > 0:
            self._model.add(cp_model.LinearExpr.weighted_sum(*_split(terms)) >= least)

    def _could_stand(self, visit: int) -> bool:
        return visit not in self._gone and all(c in self._takes for c in self._land.standing[visit].columns)

    def _stands(self, visit: int) -> cp_model.IntVar:
        """1 only where the visit is held as it was."""
        columns = self._land.standing[visit].columns
        if len(columns) == 1:
            return self._takes[columns[0]]
        kept = self._model.new_bool_var("")
        for column in columns:
            self._model.add_implication(kept, self._takes[column])
        return kept

    def solve(self, stop: Stop, seed: int) -> Decided | None:
        """The best decision; None where none reaches the values. Raises TooHardError where that stays open."""
        goals = (self._spread(), self._travel(), self._wishes(), [(kept, -1) for kept in self._kept])
        terms: Terms = []
        reach = 0
        for goal in goals:
            weight = reach + 1
            terms += [(variable, weight * factor) for variable, factor in goal]
            reach += weight * sum(abs(factor) for _, factor in goal)
        if reach > MOST:
            raise TooHardError
        self._model.minimize(cp_model.LinearExpr.weighted_sum(*_split(terms)))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.linearization_level = 2
        solver.parameters.cp_model_presolve = len(self._takes) > FEW
        if (remaining := stop.remaining()) < 1e6:
            solver.parameters.max_time_in_seconds = remaining
        solver.parameters.max_deterministic_time = EFFORT
        answer = solver.solve(self._model)
        if answer == cp_model.INFEASIBLE:
            return None
        if answer != cp_model.OPTIMAL:
            raise TooHardError
        taken = [column for column, variable in self._takes.items() if solver.boolean_value(variable)]
        columns: dict[int, tuple[int, ...]] = dict.fromkeys(self._serves, ())
        for column in sorted(taken):
            columns[self._land.request[self._land.unit[column]]] += (column,)
        standing = self._land.standing
        moved = sum(
            columns[r] != standing[v].columns
            for r in columns
            if (v := self._land.visit_of.get(r)) is not None and v not in self._gone
        )
        return Decided(columns, moved)

    def _wishes(self) -> Terms:
        """Less is better: wishes met, and one for each `either` request held as it prefers."""
        land = self._land
        terms = [(variable, -land.wishes[column]) for column, variable in self._takes.items()]
        serves = [pair for pairs in self._serves.values() for pair in pairs]
        return terms + [(variable, -1) for unit, variable in serves if land.is_preferred[unit]]

    def _travel(self) -> Terms:
        """Minutes from home to school."""
        return [(variable, self._land.minutes[column]) for column, variable in self._takes.items()]

    def _spread(self) -> Terms:
        """Beside n engagements that stand the i-th further one costs 2(n + i) - 1."""
        land = self._land
        owners: dict[Key, list[int]] = defaultdict(list)
        for column in self._takes:
            for key in land.limits_of(column):
                if key.code in ("term", "quota"):
                    owners[key].append(column)
        terms: Terms = []
        for key, columns in owners.items():
            stands = self._load.used(key)
            pairs = {(land.request[land.unit[column]], land.who[column]) for column in columns}
            takes = [self._takes[column] for column in columns]
            if len(pairs) == 1:
                terms += [(variable, 2 * stands + 1) for variable in takes]
                continue
            counted = [self._model.new_bool_var("") for _ in pairs]
            self._model.add(sum(takes) <= sum(counted))
            terms += [(variable, 2 * (stands + i) + 1) for i, variable in enumerate(counted)]
        return terms


def _split(terms: Terms) -> tuple[list[cp_model.IntVar], list[int]]:
    return [variable for variable, _ in terms], [factor for _, factor in terms]
