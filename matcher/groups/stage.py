"""One roster goal: a bound by relaxation, better plans by neighbourhoods, and the integer program that is left.

Every solution becomes a real plan at once (`Found.consider`). What is found does not depend on the clock unless the
clock ends it: bounds found beside the neighbourhoods only say when to stop.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count, islice

from matcher.groups.children import LOOK_SECONDS
from matcher.groups.found import Found, NoValidPlan, Proof
from matcher.groups.goals import LinearGoal
from matcher.groups.highs import Job
from matcher.groups.linear import INFINITE, Flags, Program, Row, Values
from matcher.groups.milp import LARGE, SMALL, Optimiser, whole_bound
from matcher.groups.model import JointModel, roster_of
from matcher.groups.neighbourhood import NODES as BLOCK_NODES
from matcher.groups.neighbourhood import Blocks, Neighbourhoods, parts
from matcher.groups.tight import TightModel
from matcher.plan import BoundSource

PASSES = 2
"""Passes of neighbourhoods before the integer program of the whole; where that is too large they go on to their end."""
FIRST_SITES, SITES = (16_000,), (6_000, 6_000)
"""Of a large model the first passes are by site, in parts of so many columns: for `returning`, which counts few, and
for the others. A part of 6,000 takes HiGHS a second or two."""
HARD_TO_REACH = frozenset({"short_hours"})
"""Goals that get these passes: their bound is soon met, their plan is not. The others are quicker without."""
ROUNDS = 6
"""Relaxations of a large model, each with the rows that the last one broke."""


class Stage:
    """Goal `number` of `found`, over plans that keep `floors`, the values of the goals before; until `deadline`."""

    def __init__(
        self,
        found: Found,
        solver: Optimiser,
        model: JointModel,
        goals: Sequence[LinearGoal],
        number: int,
        deadline: float,
    ) -> None:
        self._found = found
        self._solver = solver
        self._model = model
        self._number = number
        self._goals = goals
        self._goal = goals[number]
        self._deadline = deadline
        self._floors = found.best.values[:number] if found.best else ()
        self._floor_rows = floor_rows(goals, self._floors)
        self._limited = model.with_rows(self._floor_rows)
        self._size = len(model.lower)
        self._is_over = threading.Event()
        self._made_real: Values | None = None
        self._tight: TightModel | None = None

    def relax(self) -> None:
        """The bound of the relaxation, unless more is known; where it takes long it is found beside neighbourhoods."""
        is_vain = self._size > LARGE or self._number in self._found.hard
        if self.is_proven or (is_vain and self._found.best is not None):
            return
        relaxed = self._solver.relax(self._limited, self._goal, self._left)
        if relaxed.infeasible and self._found.best is None:
            raise NoValidPlan
        self._prove(relaxed.bound, "lp")

    @property
    def is_proven(self) -> bool:
        """The best plan reaches the best bound."""
        return self._value is not None and self._value == self._bound

    def search_neighbourhoods(self) -> None:
        """Make the best plan better, block by block, until a pass finds nothing."""
        best = self._found.best
        if best is None or self._size <= SMALL or not self._model.is_written_by_plans:
            return
        is_large = self._size > LARGE
        if not is_large and self._goal.name not in HARD_TO_REACH:
            return
        program = self._limited.program(self._goal.terms, maximize=self._goal.maximize)
        search = Neighbourhoods(
            program,
            len(self._model.rows),
            Blocks(self._model, self._solver.seed),
            self._model.columns_of(best.roster.stands(), best.placement.seat),
            self._block_job,
        )
        if is_large:
            with self._bounds_beside():
                self._passes(search)
        else:
            self._passes(search)

    def search_tree(self) -> None:
        """The integer program: one for each part of the problem that shares nothing with others, else the whole."""
        if self._left() <= 0:
            return
        can_part = self._size > SMALL and self._model.is_written_by_plans and self._is_settled()
        flags = parts(self._model) if can_part else []
        if len(flags) > 1:
            self._search_parts(flags)
            return
        model, start = self._limited, self._start()
        if self._tight is not None and start is not None:
            model, start = self._tight, self._tight.columns_of(start)
        outcome = self._solver.optimise(model, self._goal, start, self._left(), self._hear)
        if outcome.status == "infeasible":
            if self._found.best is None:
                raise NoValidPlan
            return
        if outcome.columns is not None:
            self._found.consider(roster_of(self._model, outcome.columns))
        self._prove_double(outcome.bound, "branch_and_bound")

    def _search_parts(self, flags: Sequence[Flags]) -> None:
        """Each part on its own, side by side: the sum of their bounds is one, since all goals before are proven."""
        start = self._start()
        assert start is not None
        program = self._limited.program(self._goal.terms, maximize=self._goal.maximize)
        programs = [program.held(free, start) for free in flags]
        jobs = [self._solver.job(part, start[free], self._left()) for part, free in zip(programs, flags, strict=True)]
        outcomes = self._solver.children.run(jobs, self._solver.workers, self._left)
        columns = start.copy()
        for free, outcome in zip(flags, outcomes, strict=True):
            if outcome.columns is not None:
                columns[free] = outcome.columns
        self._found.consider(roster_of(self._model, columns))
        if all(abs(outcome.bound) < INFINITE for outcome in outcomes):
            whole = sum(whole_bound(outcome.bound, maximize=self._goal.maximize) for outcome in outcomes)
            self._prove(whole + self._goal.constant, "branch_and_bound")

    def _passes(self, search: Neighbourhoods) -> None:
        """Passes until one finds nothing; every plan is made real at once, or, where that takes long, at their ends.

        A large model begins with its sites, which few choices and mentors tie together.
        """
        is_large, left = self._size > LARGE, self._left_beside
        sizes = (SITES if self._number else FIRST_SITES) if is_large else ()
        for number in islice(count(), None if is_large else PASSES):
            before = search.best_gain
            by_site = number < len(sizes)
            one_pass = partial(search.by_site, sizes[number]) if by_site else search.one_pass
            for _ in one_pass(self._solver.children, self._solver.workers, left):
                reached = self._goal.value(search.best)
                if not is_large or reached == self._bound:
                    self._settle(search)
                self._hear(None, float(reached - self._goal.constant))
                if left() <= 0:
                    break
            self._settle(search)
            if left() <= 0 or (search.best_gain <= before and not by_site):
                return

    def _settle(self, search: Neighbourhoods) -> None:
        """Make a plan of the search's best columns, once, and go on from its seats where they are better."""
        if search.best is self._made_real:
            return
        self._made_real = search.best
        self._found.consider(roster_of(self._model, search.best))
        start = self._start()
        if start is not None:
            search.go_on_from(start)

    @contextmanager
    def _bounds_beside(self) -> Iterator[None]:
        """Bounds by tighter and tighter relaxations in a thread of their own, while the neighbourhoods are searched."""
        with ThreadPoolExecutor(1) as executor:
            bounds = executor.submit(self._tighten)
            try:
                yield
                while not bounds.done() and not self.is_proven and self._left() > 0:
                    wait([bounds], timeout=LOOK_SECONDS)
            finally:
                self._is_over.set()
            bounds.result()
        self._report()

    def _tighten(self) -> None:
        if self._left_beside() <= 0:
            return
        tight = self._tight = TightModel(self._model, self._floor_rows)
        for _ in range(ROUNDS):
            if self._left_beside() <= 0:
                return
            relaxed = self._solver.relax(tight, self._goal, self._left_beside)
            self._note(relaxed.bound, "lp")
            if relaxed.columns is None or not tight.add_broken(relaxed.columns):
                return

    def _is_settled(self) -> bool:
        """All goals before are proven, so that no part of the problem can give way to another."""
        best = self._found.best
        return best is not None and all(
            self._found.bound(number, best.values, ())[0] == best.values[number] for number in range(self._number)
        )

    def _block_job(self, program: Program, start: Values) -> Job:
        return replace(self._solver.job(program, start, INFINITE), nodes=BLOCK_NODES)

    def _start(self) -> Values | None:
        best = self._found.best
        return None if best is None else self._model.columns_of(best.roster.stands(), best.placement.seat)

    @property
    def _value(self) -> int | None:
        return None if self._found.best is None else self._found.best.values[self._number]

    @property
    def _bound(self) -> int | None:
        """The best bound proven for these floors."""
        mine = [p.bound for p in self._found.proofs if (p.goal, p.floors) == (self._number, self._floors)]
        if not mine:
            return None
        return min(mine) if self._goal.maximize else max(mine)

    def _prove(self, bound: int | None, source: BoundSource) -> None:
        if bound is not None:
            self._note(bound, source)
            self._report()

    def _note(self, bound: int | None, source: BoundSource) -> None:
        """Keep a bound without telling the listener, who is spoken to from one thread only."""
        if bound is not None:
            self._found.proofs.append(Proof(self._number, self._floors, bound, source))

    def _prove_double(self, bound: float, source: BoundSource) -> None:
        if abs(bound) < INFINITE:
            self._prove(whole_bound(bound, maximize=self._goal.maximize) + self._goal.constant, source)

    def _hear(self, bound: float | None, value: float | None) -> None:
        """Tell the best of what is known, also where the integer program starts behind its relaxation."""
        known, reached = self._bound, self._value
        if bound is not None:
            new = whole_bound(bound, maximize=self._goal.maximize) + self._goal.constant
            known = new if known is None or self._better(known, new) else known
        if value is not None:
            new = round(value) + self._goal.constant
            reached = new if reached is None or self._better(new, reached) else reached
        self._found.report(self._goal.name, reached, known)

    def _report(self) -> None:
        self._found.report(self._goal.name, self._value, self._bound)

    def _better(self, one: int, other: int) -> bool:
        return one > other if self._goal.maximize else one < other

    def _left(self) -> float:
        return max(0.0, min(self._solver.left(), self._deadline - time.monotonic()))

    def _left_beside(self) -> float:
        """The same, and 0 as soon as nothing is left to find for the neighbourhoods or the bounds beside them."""
        return 0.0 if self._is_over.is_set() or self.is_proven else self._left()


def floor_rows(goals: Sequence[LinearGoal], floors: Sequence[int]) -> list[Row]:
    """Rows that keep the goals before at the values reached, or better."""
    rows = []
    for goal, floor in zip(goals, floors, strict=False):
        value = float(floor - goal.constant)
        rows.append(Row(goal.terms, value, INFINITE) if goal.maximize else Row(goal.terms, -INFINITE, value))
    return rows
