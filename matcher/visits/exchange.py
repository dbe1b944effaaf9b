"""Could one request more be served, under one change, while all who are served now stay served? The exact answer.

Asked of a few requests around the one in question, again and again wider, in two ways: may these be served anew while
all others keep who they have (if so: yes), and may these be served where all others are left out (if not: no)? Both
are true of the whole season, however few requests were looked at; in the end all that are connected are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations

from ortools.sat.python import cp_model
from ortools.util.python.solve_interrupter import SolveInterrupter

from matcher.control import Stop
from matcher.visits.running import listen, run
from matcher.visits.slack import Pair, Slack
from matcher.visits.standing import WHEN, Change, Place, Slot, Standing

SIZES = (12, 60, 300)
"""Requests looked at together, one size after the other; then all that are connected."""
WORK = 4.0
"""Deterministic seconds of the solver for one question; one that takes more stays open."""

MOST_CHOICES = 200_000
"""Choices beyond which a question stays open rather than be asked."""


class Exchange:
    """Answers questions about one plan; all answers are repeatable unless the stop comes first.

    `blocking`: after a "no" that the network did not give, requests that cannot all be served.
    """

    def __init__(self, standing: Standing, slack: Slack, stop: Stop) -> None:
        self._standing, self._slack, self._stop = standing, slack, stop
        self.blocking: list[int] = []

    def serves(self, change: Change, more: list[Pair]) -> bool | None:
        """Can all requests served now and the one of the change be served? None: WORK was not enough to find out.

        `more`: pairs of other requests that only the change allows. Raises Stopped when the stop comes first.
        """
        self.blocking = []
        if self._at_once(change):
            return True
        offers = self._standing.offers(change.number, change)
        moved = self._slack.reroute(change, offers, more, likely=False)
        if moved is None:
            return False
        guesses = [self._slack.reroute(change, offers, more, likely=True), moved]
        for guess in guesses:
            if guess is not None and self._possible(sorted(guess), change, keep_others=True):
                return True
        for most in SIZES:
            around = self._around(change, most)
            if self._possible(around, change, keep_others=False) is False:
                self.blocking = around
                return False
            if self._possible(around, change, keep_others=True):
                return True
        self.blocking = self._connected(change)
        return self._possible(self.blocking, change, keep_others=False)

    def _at_once(self, change: Change) -> bool:
        """Are there enough role models with nothing in their way, nobody moved?"""
        free_at_once, asked = self._standing.free_at_once, change.request.role_models
        offers = self._standing.offers(change.number, change)
        return any(len(free_at_once(slot, people, change)) >= asked for slot, people in offers)

    def _around(self, change: Change, most: int) -> list[int]:
        """At most so many requests: that of the change, those in its way, those in their way, and so on."""
        region, seen = [change.number], {change.number}
        for number in region:
            listen(self._stop)
            for other in self._in_the_way(number, change):
                if other not in seen:
                    if len(region) == most:
                        return region
                    region.append(other)
                    seen.add(other)
        return region

    def _in_the_way(self, number: int, change: Change) -> Iterable[int]:
        """Requests whose people could take part in this one, were it not for them."""
        for slot, people in self._standing.offers(number, change):
            for person in people:
                if self._standing.in_the_way(person, slot, change) != []:
                    for place in self._standing.of_person.get(person, ()):
                        if not place.fixed:
                            yield place.request

    def _connected(self, change: Change) -> list[int]:
        """The request of the change and all that are tied to it: those with shared people or a shared quota."""
        standing = self._standing
        region, seen, owners = [change.number], {change.number}, set[int]()
        for number in region:
            listen(self._stop)
            for _, people in standing.offers(number, change):
                for person in set(people) - owners:
                    owners.add(person)
                    company = int(standing.company[person])
                    shared = standing.of_company.get(company, []) if company >= 0 else []
                    for place in (*standing.of_person.get(person, []), *shared):
                        if not place.fixed and place.request not in seen:
                            seen.add(place.request)
                            region.append(place.request)
        return region

    def _possible(self, region: list[int], change: Change, *, keep_others: bool) -> bool | None:
        """Can these requests all be served, the others served as now, or not at all? None: not found out."""
        program = Program(self._standing, region, change, self._stop, keep_others=keep_others)
        return None if program.size > MOST_CHOICES else program.solve()


class Program:
    """The integer program that serves every request of a region; `chosen` has a variable for each choice."""

    def __init__(self, standing: Standing, region: list[int], change: Change, stop: Stop, *, keep_others: bool) -> None:
        """Raises Stopped when the stop comes first."""
        self._standing, self._change, self._stop = standing, change, stop
        inside = set(region)
        self._kept: dict[int, list[Place]] = defaultdict(list)
        self._kept_company: Counter[int] = Counter()
        if keep_others:
            for place in standing.movable:
                if place.request not in inside:
                    self._kept[place.role_model].append(place)
                    self._kept_company[int(standing.company[place.role_model])] += 1
        self._model = cp_model.CpModel()
        self._of_person: dict[int, list[tuple[cp_model.IntVar, int, Slot]]] = defaultdict(list)
        self.size = 0
        for number in region:
            listen(stop)
            self._serve(number)
        if self.size <= MOST_CHOICES:
            for person, choices in self._of_person.items():
                listen(stop)
                self._keep_limits(person, choices)
                self._keep_apart(person, choices)
            self._keep_quotas()

    def _serve(self, number: int) -> None:
        """Exactly one slot of the request takes place, with exactly the number of people asked for."""
        change = self._change
        request = change.request if number == change.number else self._standing.problem.requests[number]
        held = []
        for slot, people in self._standing.offers(number, change):
            able = [person for person in people if self._is_free(person, slot)]
            if len(able) < request.role_models:
                continue
            self.size += len(able)
            if self.size > MOST_CHOICES:
                return
            variables = [self._model.new_bool_var("") for _ in able]
            if request.role_models == 1:
                held += variables
            else:
                takes_place = self._model.new_bool_var("")
                self._model.add(sum(variables) == request.role_models * takes_place)
                held.append(takes_place)
            for person, variable in zip(able, variables, strict=True):
                self._of_person[person].append((variable, number, slot))
        self._model.add_exactly_one(held)

    def _is_free(self, person: int, slot: Slot) -> bool:
        fixed = (place for place in self._standing.of_person.get(person, []) if place.fixed)
        return all(self._standing.apart(place.slot, slot) for place in (*fixed, *self._kept.get(person, [])))

    def _keep_limits(self, person: int, choices: list[tuple[cp_model.IntVar, int, Slot]]) -> None:
        """Σ chosen of a day, of a week, of all ≤ what the limit leaves beside fixed visits and those kept."""
        kept = self._kept.get(person, [])
        for field, when_of in WHEN.items():
            groups: dict[int, list[cp_model.IntVar]] = defaultdict(list)
            for variable, _, slot in choices:
                groups[when_of(slot.day)].append(variable)
            for when, variables in groups.items():
                room = self._standing.room_of(field, person, when, self._change)
                room -= sum(when_of(place.slot.day) == when for place in kept)
                if room < len(variables):
                    self._model.add(sum(variables) <= max(0, room))

    def _keep_apart(self, person: int, choices: list[tuple[cp_model.IntVar, int, Slot]]) -> None:
        """Of two engagements of a person without time between them at most one."""
        by_day: dict[int, list[tuple[cp_model.IntVar, int, Slot]]] = defaultdict(list)
        for choice in choices:
            by_day[choice[2].day].append(choice)
        for day, together in by_day.items():
            if self._standing.room_of("max_per_day", person, day, self._change) < 2:
                continue
            for (a, one, here), (b, other, there) in combinations(together, 2):
                if one != other and not self._standing.apart(here, there):
                    self._model.add_at_most_one([a, b])

    def _keep_quotas(self) -> None:
        """Σ chosen of a company's people ≤ what its quota leaves beside fixed visits and those kept."""
        by_company: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for person, choices in self._of_person.items():
            by_company[int(self._standing.company[person])] += [variable for variable, _, _ in choices]
        for company, variables in by_company.items():
            if company >= 0:
                room = int(self._standing.quota[company]) - self._kept_company[company]
                if room < len(variables):
                    self._model.add(sum(variables) <= max(0, room))

    def solve(self) -> bool | None:
        """Is there a way? None where WORK was not enough. Raises Stopped when the stop comes first."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.max_deterministic_time = WORK

        def solve(interrupter: SolveInterrupter) -> cp_model.CpSolverStatus:
            with interrupter.interruption_callback(solver.stop_search):
                return solver.solve(self._model)

        status = run(self._stop, solve)
        listen(self._stop)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return True
        return False if status == cp_model.INFEASIBLE else None
