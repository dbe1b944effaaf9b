"""Large neighbourhoods: a plan made better block by block, each block an exact integer program around the rest.

A block is some sessions that share mentors and pupils: who stands and sits there is free, all else of the plan is held,
so that each block's program is the joint model with the other columns held, under the same rules and goals.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.groups.children import Children
from matcher.groups.highs import Job
from matcher.groups.linear import Flags, Indices, Program, Values
from matcher.groups.model import JointModel

BLOCK = 40
"""Sessions of a block: a fraction of a second for HiGHS."""
SHARED = 0.1
"""The part of a site's columns that it may lose to others of its round."""
NODES = 10
"""Nodes of the search tree that a block may take; most need one."""
MENTOR = 2.0
"""What a mentor whom two sessions share ties them together, a shared pupil being 1."""
JITTER = (0.5, 1.5)
"""How much chance moves these ties, so that the blocks of each pass differ."""
NEW = 4.0
"""How much better a session is for a block that no block of the pass had."""
WHOLE = 1e-6
"""How near to a whole number a column is taken to be one."""


@dataclass(frozen=True, slots=True)
class _Ties:
    """Sessions and what they share, both ways: `things` of session s are those from first[s] to first[s + 1]."""

    things: Indices
    first: Indices
    sessions: Indices
    first_of_thing: Indices
    strength: Values


class Blocks:
    """The blocks of one joint model, a repeatable sequence for each seed."""

    def __init__(self, model: JointModel, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._sessions = model.facts.sessions
        self._count = len(self._sessions)
        self._columns = len(model.lower)
        self._open = np.array(model.is_open, dtype=np.intp)
        self._stand = np.array(list(model.mentors_in), dtype=np.intp).reshape(-1, 2)
        self._stand_column = np.array(list(model.mentors_in.values()), dtype=np.intp)
        self._sit = np.array(list(model.pupils_in), dtype=np.intp).reshape(-1, 2)
        self._sit_column = np.array(list(model.pupils_in.values()), dtype=np.intp)
        self._others = np.array(list(model.others_in), dtype=np.intp)
        self._others_column = np.array(list(model.others_in.values()), dtype=np.intp)
        self._served_group = np.array([g for g, _ in model.served], dtype=np.intp)
        self._served_column = np.array(list(model.served.values()), dtype=np.intp)
        self._hours = np.array([model.short_hours, model.extra_shifts], dtype=np.intp)
        self._groups, self._crews = len(model.groups), len(model.crews)
        strength = [MENTOR] * self._crews + [float(len(group.pupils)) for group in model.groups]
        self._ties = self._tied(np.array(strength))

    def of_one_pass(self) -> Iterator[Flags]:
        """Blocks as flags of sessions, until each session was in one."""
        everywhere = np.ones(self._count, dtype=bool)
        left = everywhere.copy()
        for start in self._random.permutation(self._count):
            if left[start]:
                block = self._around(int(start), left, everywhere, BLOCK)
                left &= ~block
                yield block

    def of_sites(self) -> list[Flags]:
        """The sessions of each site as flags, the site with the most first."""
        site = np.unique([session.site for session in self._sessions], return_inverse=True)[1]
        return [site == number for number in np.argsort(-np.bincount(site), kind="stable")]

    def parts_of(self, site: Flags, most: int) -> Iterator[Flags]:
        """The site whole, or, where it has more than `most` columns, in parts of about as many sessions each."""
        count = -(-int(self.free(site).sum()) // most)
        if count <= 1:
            yield site
            return
        size = -(-int(site.sum()) // count)
        left = site.copy()
        while left.any():
            part = self._around(int(self._random.choice(np.flatnonzero(left))), left, left, size)
            left = left & ~part
            yield part

    def free(self, block: Flags) -> Flags:
        """The columns that a block frees: what happens in its sessions, and what is counted of whom that concerns."""
        free = np.zeros(self._columns, dtype=bool)
        free[self._open[block]] = True
        stands = block[self._stand[:, 1]]
        free[self._stand_column[stands]] = True
        free[self._hours[:, np.unique(self._stand[stands, 0])]] = True
        free[self._others_column[block[self._others]]] = True
        sits = block[self._sit[:, 1]]
        free[self._sit_column[sits]] = True
        concerned = np.zeros(self._groups, dtype=bool)
        concerned[self._sit[sits, 0]] = True
        free[self._served_column[concerned[self._served_group]]] = True
        return free

    def connected(self) -> Indices:
        """For each session the least session that ties lead to, one after the other."""
        label = np.arange(self._count, dtype=np.intp)
        while True:
            of_thing = np.full(len(self._ties.strength), self._count, dtype=np.intp)
            session = np.concatenate([self._stand[:, 1], self._sit[:, 1]])
            thing = np.concatenate([self._stand[:, 0], self._crews + self._sit[:, 0]])
            np.minimum.at(of_thing, thing, label[session])
            lower = label.copy()
            np.minimum.at(lower, session, of_thing[thing])
            lower = lower[lower]
            if np.array_equal(lower, label):
                return label
            label = lower

    def _tied(self, strength: Values) -> _Ties:
        session = np.concatenate([self._stand[:, 1], self._sit[:, 1]])
        thing = np.concatenate([self._stand[:, 0], self._crews + self._sit[:, 0]])
        by_session, by_thing = np.argsort(session, kind="stable"), np.argsort(thing, kind="stable")
        return _Ties(
            things=thing[by_session],
            first=np.searchsorted(session[by_session], np.arange(self._count + 1)),
            sessions=session[by_thing],
            first_of_thing=np.searchsorted(thing[by_thing], np.arange(len(strength) + 1)),
            strength=strength,
        )

    def _around(self, start: int, left: Flags, within: Flags, most: int) -> Flags:
        """A block grown `within` these from one session by the strongest ties, sessions without any last."""
        ties = self._ties
        block = np.zeros(self._count, dtype=bool)
        score = np.zeros(self._count)
        for _ in range(min(most, int(within.sum()))):
            block[start] = True
            for thing in ties.things[ties.first[start] : ties.first[start + 1]]:
                shared = ties.sessions[ties.first_of_thing[thing] : ties.first_of_thing[thing + 1]]
                score[shared] += ties.strength[thing] * self._random.uniform(*JITTER)
            start = int(np.argmax(np.where(block | ~within, -1.0, score * np.where(left, NEW, 1.0))))
        return block


class Neighbourhoods:
    """Makes a plan in columns better, pass by pass, for one goal.

    `columns`: a whole plan that keeps all rows, of which the first `rules` are those of the rules. `best` is the first
    plan that reached the best value so far, so that it does not depend on how long the search went on after it.
    """

    def __init__(
        self, program: Program, rules: int, blocks: Blocks, columns: Values, job: Callable[[Program, Values], Job]
    ) -> None:
        self._program = program
        self._rules = rules
        self._blocks = blocks
        self._job = job
        self.columns = columns
        self.best = columns

    @property
    def best_gain(self) -> float:
        """The objective of the best plan so far, to be maximised whatever the goal's sense."""
        return self._gain(self.best)

    def go_on_from(self, columns: Values) -> None:
        """Go on from another whole plan where it is better than the best one."""
        if self._gain(columns) > self.best_gain + 0.5:
            self.columns = self.best = columns

    def by_site(self, most: int, children: Children, width: int, seconds: Callable[[], float]) -> Iterator[None]:
        """Each site as a block, in parts where it has more than `most` columns; all that can be at once.

        Yields after each round. A site that shares much with others, as the digital one, comes after these.
        """
        waiting = [part for site in self._blocks.of_sites() for part in self._blocks.parts_of(site, most)]
        while waiting:
            first, waiting = self._apart(waiting)
            yield from self._rounds(iter(first), len(first), children, width, seconds)

    def _apart(self, blocks: Sequence[Flags]) -> tuple[list[Flags], list[Flags]]:
        """Blocks that have nearly all of their columns for themselves side by side, and the others."""
        first: list[Flags] = []
        others: list[Flags] = []
        taken = np.zeros(len(self._program.lower), dtype=bool)
        for block in blocks:
            free = self._blocks.free(block)
            if (free & taken).sum() <= SHARED * free.sum():
                first.append(block)
                taken |= self._rivals(free & ~taken)
            else:
                others.append(block)
        return first, others

    def one_pass(self, children: Children, width: int, seconds: Callable[[], float]) -> Iterator[None]:
        """Each session in a block once, `width` blocks side by side; yields after each round."""
        return self._rounds(self._blocks.of_one_pass(), width, children, width, seconds)

    def _rounds(
        self,
        waiting: Iterator[Flags],
        at_once: int,
        children: Children,
        width: int,
        seconds: Callable[[], float],
    ) -> Iterator[None]:
        while round_ := self.next_round(waiting, at_once):
            programs = [self._program.held(free, self.columns) for free in round_]
            jobs = [self._job(program, self.columns[free]) for program, free in zip(programs, round_, strict=True)]
            outcomes = children.run(jobs, width, seconds)
            moved = self.columns.copy()
            for free, outcome in zip(round_, outcomes, strict=True):
                if outcome.columns is not None:
                    near = np.round(outcome.columns)
                    moved[free] = np.where(np.abs(outcome.columns - near) < WHOLE, near, outcome.columns)
            if self._gain(moved) >= self._gain(self.columns):
                self.columns = moved
                if self._gain(moved) > self._gain(self.best) + 0.5:
                    self.best = moved
            yield

    def next_round(self, blocks: Iterator[Flags], width: int) -> Sequence[Flags]:
        """Blocks of which no two have a say in one row of the rules; of floors each block keeps its own share."""
        found: list[Flags] = []
        taken = np.zeros(len(self._program.lower), dtype=bool)
        for _, block in zip(range(width), blocks, strict=False):
            free = self._blocks.free(block) & ~taken
            if free.any():
                found.append(free)
                taken |= self._rivals(free)
        return found

    def _rivals(self, free: Flags) -> Flags:
        """The columns that share a row with these, and these."""
        entries = self._program.entries
        rows = np.zeros(len(self._program.row_lower), dtype=bool)
        rows[entries.row[free[entries.column]]] = True
        rows[self._rules :] = False
        rivals = free.copy()
        rivals[entries.column[rows[entries.row]]] = True
        return rivals

    def _gain(self, columns: Values) -> float:
        return float(self._program.objective @ columns) * (1.0 if self._program.maximize else -1.0)


def parts(model: JointModel) -> list[Flags]:
    """The columns of each part of the problem that shares no mentor and no pupil with another, the largest first.

    What concerns no session goes with the largest part.
    """
    blocks = Blocks(model, 0)
    session = blocks.connected()
    found = [blocks.free(session == number) for number in np.unique(session)]
    found.sort(key=lambda free: -int(free.sum()))
    if found:
        found[0] |= ~np.logical_or.reduce(found)
    return found
