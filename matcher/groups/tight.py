"""The joint model with a tighter relaxation: rows that hold for every whole plan and cut off much of what is not whole.

Mentors come one by one, and a session opens with min_mentors at once: a relaxation may put half a mentor where half a
mentor's pupils are. The rows say what any number of whole mentors could seat of any set of pupils. They are added as
they are broken.
"""

import math
from collections.abc import Iterable

import numpy as np

from matcher.groups.linear import INFINITE, LinearModel, Row, Terms, Values
from matcher.groups.model import JointModel
from matcher.groups.rules import hall_sets

BROKEN = 1e-2
"""Pupils by which a row must be broken to be added."""
WHOLE = 1e-4
"""How near to a whole number mentors are taken to be whole."""


class TightModel(LinearModel):
    """The columns and rows of the joint model and of the goals before, columns staffed[s, k], and the rows added.

    staffed[s, k] = 1 when session s has k mentors, for min_mentors(s) ≤ k < most(s), or at least k = most(s) of them,
    as many as fill its seats.
    """

    def __init__(self, joint: JointModel, floors: Iterable[Row]) -> None:
        super().__init__()
        self.joint = joint
        self.lower, self.upper, self.integer = [*joint.lower], [*joint.upper], [*joint.integer]
        self.rows = [*joint.rows, *floors]
        self.staffed: list[dict[int, int]] = []
        for s, session in enumerate(joint.facts.sessions):
            least = joint.facts.min_mentors[s]
            most = max(least, -(-session.seats // session.ratio))
            self.staffed.append({k: self.column(0.0, 1.0, integer=True) for k in range(least, most + 1)})
            self._count_mentors(s)
        self._hall_sets = [hall_sets(joint, s) or [] for s in range(len(joint.facts.sessions))]

    def room(self, s: int, k: int) -> int:
        """How many pupils k mentors may have in the session."""
        session = self.joint.facts.sessions[s]
        return min(k * session.ratio, session.seats)

    def columns_of(self, columns: Values) -> Values:
        """A whole plan in columns of the joint model, with those added here."""
        counted = [
            staffed[min(round(_over(self.joint.all_mentors(s), columns)), max(staffed))]
            for s, staffed in enumerate(self.staffed)
            if columns[self.joint.is_open[s]] > WHOLE
        ]
        longer = np.zeros(len(self.lower))
        longer[: len(columns)] = columns
        longer[counted] = 1.0
        return longer

    def add_broken(self, columns: Values) -> int:
        """Add rows that a solution of the relaxation breaks; returns how many."""
        broken: list[Row] = []
        for s in range(len(self.staffed)):
            if columns[self.joint.is_open[s]] > WHOLE:
                pupils = {self.joint.pupils_in[g, s]: self.joint.groups[g].level for g in self.joint.groups_at[s]}
                broken += self._staffed_row(s, list(pupils), columns)
                for levels in self._hall_sets[s]:
                    able = [column for column, level in pupils.items() if level in levels]
                    broken += self._mentors_row(s, self.joint.mentors_who_cover(s, levels), able, columns)
        self.rows += broken
        return len(broken)

    def _count_mentors(self, s: int) -> None:
        """Σ_k staffed = open; Σ_k k * staffed ≤ mentors in s; pupils in s + fixed(s) ≤ Σ_k room(s, k) * staffed."""
        staffed, joint = self.staffed[s], self.joint
        self.row(dict.fromkeys(staffed.values(), 1.0) | {joint.is_open[s]: -1.0}, at_least=0.0, at_most=0.0)
        self.row(joint.all_mentors(s) | {column: -float(k) for k, column in staffed.items()}, at_least=0.0)
        room = {column: -float(self.room(s, k)) for k, column in staffed.items()}
        self.row(joint.all_pupils(s) | room, at_most=-float(joint.fixed_in[s]))

    def _staffed_row(self, s: int, able: list[int], columns: Values) -> list[Row]:
        """Σ pupils of Q in s ≤ Σ_k min(|Q|, room(s, k)) * staffed[s, k], for the set Q that breaks it most.

        Where k ≥ j mentors have room for all of Q and fewer have not, Q gains by each group of which more sit in s
        than their share of staffed[s, j], staffed[s, j + 1], ..; so one Q for each j is enough.
        """
        staffed = self.staffed[s]
        worst: tuple[float, Row] | None = None
        for j in staffed:
            share = sum(columns[column] for k, column in staffed.items() if k >= j)
            chosen = [column for column in able if columns[column] > self.upper[column] * share + WHOLE]
            size = sum(self.upper[column] for column in chosen)
            room = {column: -float(min(size, self.room(s, k))) for k, column in staffed.items()}
            over = _over(dict.fromkeys(chosen, 1.0) | room, columns)
            if over > BROKEN and (worst is None or over > worst[0]):
                worst = over, Row(dict.fromkeys(chosen, 1.0) | room, -INFINITE, 0.0)
        return [] if worst is None else [worst[1]]

    def _mentors_row(self, s: int, mentors: Terms, able: list[int], columns: Values) -> list[Row]:
        """Σ pupils of Q in s ≤ |Q| - r * (n - Σ mentors who cover some of their levels), for |Q| = (n - 1) * ratio + r.

        1 ≤ r < ratio: n mentors have room for Q, each that is missing costs r seats at least (residual capacity).
        """
        ratio = self.joint.facts.sessions[s].ratio
        present = sum(columns[column] for column in mentors)
        below = math.floor(present + WHOLE)
        share = present - below
        if share < WHOLE:
            return []
        chosen = [column for column in able if columns[column] > self.upper[column] * share + WHOLE]
        size = sum(self.upper[column] for column in chosen)
        rest = size - below * ratio
        if not 0 < rest < ratio:
            return []
        terms = dict.fromkeys(chosen, 1.0) | dict.fromkeys(mentors, -rest)
        at_most = size - rest * (below + 1)
        if _over(terms, columns) - at_most <= BROKEN:
            return []
        return [Row(terms, -INFINITE, at_most)]


def _over(terms: Terms, columns: Values) -> float:
    return float(sum(value * columns[column] for column, value in terms.items()))
