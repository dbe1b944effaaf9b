"""The joint model of roster and placement: its columns, which answer questions. The rows are in rules.py.

Pupils of one level who may sit in the same sessions are one group: continuous flows, since for whole mentors the
seats are a network and whole flows exist. Mentors who are alike are one crew; see `crews`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.groups.facts import Clique, Facts
from matcher.groups.linear import LinearModel, Terms, Values
from matcher.groups.roster import Roster

Part = int
"""What a group's pupils are counted by: their class, or each pupil for itself."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Mentors who are alike: what they cover of the levels asked for, where they can stand, how often, for how much.

    More than one only where the overlap graph of `sessions` is a disjoint union of cliques: then at most
    `size` in each clique and `size * most` in all can always be dealt out to them one by one (see roster_of).
    """

    mentors: tuple[int, ...]
    levels: frozenset[str]
    sessions: tuple[int, ...]
    cliques: tuple[Clique, ...]
    most: int
    contracted: int

    @property
    def size(self) -> int:
        """How many mentors."""
        return len(self.mentors)


@dataclass(frozen=True, slots=True)
class Group:
    """Pupils of one level who may sit in the same sessions, in queue order; fixed pupils are in none."""

    level: str
    sessions: tuple[int, ...]
    pupils: tuple[int, ...]


def crews(facts: Facts, levels: frozenset[str]) -> tuple[Crew, ...]:
    """All mentors in crews, as large as they may be; mentors who can stand nowhere or cover nothing asked for too."""
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    fixed = {m for m, _ in facts.fixed_stands}
    for m, mentor in enumerate(facts.mentors):
        key = (facts.levels[m] & levels, facts.stands[m], mentor.max_sessions, mentor.contracted)
        alike[(*key, m if m in fixed else -1)].append(m)
    found = []
    for members in alike.values():
        first = facts.mentors[members[0]]
        sessions = facts.stands[members[0]]
        cliques = facts.cliques_within(sessions)
        disjoint = sum(map(len, cliques)) == len(sessions)
        for some in [members] if disjoint else [[m] for m in members]:
            covered = facts.levels[some[0]] & levels
            found.append(Crew(tuple(some), covered, sessions, cliques, first.max_sessions, first.contracted))
    return tuple(sorted(found, key=lambda crew: crew.mentors))


def groups(facts: Facts, counted: Callable[[int], bool]) -> tuple[Group, ...]:
    """The pupils who are counted, not fixed, and may sit somewhere, in groups."""
    alike: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    for p in facts.queue:
        sessions = tuple(sorted(s for s, _ in facts.choices[p]))
        if sessions and p not in facts.fixed_seat and counted(p):
            alike[facts.pupils[p].level, sessions].append(p)
    return tuple(Group(level, sessions, tuple(members)) for (level, sessions), members in sorted(alike.items()))


class JointModel(LinearModel):
    """Columns: is_open[s] (0 or 1), mentors_in[crew, s] (whole), pupils_in[group, s], served[group, part].

    `part_of` says how served pupils are told apart: by class (fewer columns), or one by one (the goal `queue`).
    Pupils who are not `counted` are in no group. others_in[s] says how many of them sit in the session, whoever teaches
    them and wherever else they could sit: a relaxation, enough for goals that they count nothing in.
    """

    def __init__(
        self, facts: Facts, part_of: Callable[[int], Part], counted: Callable[[int], bool] = lambda _: True
    ) -> None:
        super().__init__()
        self.facts = facts
        self.part_of = part_of
        self.groups = groups(facts, counted)
        self.crews = crews(facts, frozenset(group.level for group in self.groups))
        self.crew_of = {m: c for c, crew in enumerate(self.crews) for m in crew.mentors}
        self.group_of = {p: g for g, group in enumerate(self.groups) for p in group.pupils}
        self.crew_levels = tuple(crew.levels for crew in self.crews)
        self.is_open = [
            self.column(float(s in facts.fixed_sessions), 1.0, integer=True) for s in range(len(facts.sessions))
        ]
        self.mentors_in: dict[tuple[int, int], int] = {}
        self.crews_at: list[list[int]] = [[] for _ in facts.sessions]
        for c, crew in enumerate(self.crews):
            for s in crew.sessions:
                fixed = float((crew.mentors[0], s) in facts.fixed_stands)
                most = float(crew.size if crew.most else 0)
                self.mentors_in[c, s] = self.column(fixed, max(fixed, most), integer=True)
                self.crews_at[s].append(c)
        self.pupils_in: dict[tuple[int, int], int] = {}
        self.groups_at: list[list[int]] = [[] for _ in facts.sessions]
        self.served: dict[tuple[int, Part], int] = {}
        self.parts: list[dict[Part, tuple[int, ...]]] = []
        for g, group in enumerate(self.groups):
            for s in group.sessions:
                self.pupils_in[g, s] = self.column(0.0, float(min(len(group.pupils), facts.sessions[s].seats)))
                self.groups_at[s].append(g)
            split: dict[Part, list[int]] = defaultdict(list)
            for p in group.pupils:
                split[part_of(p)].append(p)
            self.parts.append({part: tuple(members) for part, members in split.items()})
            for part, members in split.items():
                self.served[g, part] = self.column(0.0, float(len(members)))
        others = Counter(
            s for p in facts.queue for s, _ in facts.choices[p] if p not in self.group_of and p not in facts.fixed_seat
        )
        self.others_in = {
            s: self.column(0.0, float(min(count, facts.sessions[s].seats))) for s, count in sorted(others.items())
        }
        self.fixed_in = [0] * len(facts.sessions)
        for s in facts.fixed_seat.values():
            self.fixed_in[s] += 1
        self.short_hours: list[int] = []
        self.extra_shifts: list[int] = []
        for c, crew in enumerate(self.crews):
            self._count_shifts(c, crew)
        self._own_columns = len(self.lower)

    @property
    def is_written_by_plans(self) -> bool:
        """True when `columns_of` writes every column of a plan: no rule has added columns of its own."""
        return len(self.lower) == self._own_columns

    def _count_shifts(self, c: int, crew: Crew) -> None:
        """shifts(c) + short_hours(c) - extra_shifts(c) = size(c) * contracted(c); mentors of a crew share evenly."""
        hours = float(crew.size * crew.contracted)
        self.short_hours.append(self.column(0.0, hours))
        self.extra_shifts.append(self.column(0.0, float(crew.size * len(crew.sessions))))
        terms = self.shifts_of(c) | {self.short_hours[c]: 1.0, self.extra_shifts[c]: -1.0}
        self.row(terms, at_least=hours, at_most=hours)

    def pupils_of_levels(self, s: int, levels: Iterable[str]) -> dict[int, float]:
        """The pupils of these levels in the session, fixed ones left out."""
        wanted = frozenset(levels)
        return {self.pupils_in[g, s]: 1.0 for g in self.groups_at[s] if self.groups[g].level in wanted}

    def mentors_who_cover(self, s: int, levels: frozenset[str]) -> dict[int, float]:
        """The mentors in the session who cover at least one of these levels."""
        return {self.mentors_in[c, s]: 1.0 for c in self.crews_at[s] if self.crew_levels[c] & levels}

    def all_mentors(self, s: int) -> dict[int, float]:
        """The mentors in the session."""
        return {self.mentors_in[c, s]: 1.0 for c in self.crews_at[s]}

    def all_pupils(self, s: int) -> dict[int, float]:
        """The pupils in the session, fixed ones left out."""
        others = {self.others_in[s]: 1.0} if s in self.others_in else {}
        return {self.pupils_in[g, s]: 1.0 for g in self.groups_at[s]} | others

    def shifts_of(self, c: int) -> dict[int, float]:
        """All the sessions that the crew's mentors stand in."""
        return {self.mentors_in[c, s]: 1.0 for s in self.crews[c].sessions}

    def served_parts(self, weight: Callable[[int], int]) -> Terms:
        """Σ over served, not fixed: the weight of a pupil, which must be the same within a part."""
        weights = {column: weight(self.parts[g][part][0]) for (g, part), column in self.served.items()}
        return {column: float(value) for column, value in weights.items() if value}

    def columns_of(self, stands: Iterable[tuple[int, int]], seat: Mapping[int, int]) -> Values:
        """A plan written as columns: the (mentor, session) of its roster, and the session of each served pupil.

        Flow columns beyond these (rule `level` with many sets) stay 0: this is a start for a search, not a proof.
        """
        columns = np.zeros(len(self.lower))
        for m, s in stands:
            columns[self.mentors_in[self.crew_of[m], s]] += 1.0
            columns[self.is_open[s]] = 1.0
        for p, s in seat.items():
            if p not in self.facts.fixed_seat and p not in self.group_of:
                columns[self.others_in[s]] += 1.0
            elif p not in self.facts.fixed_seat:
                columns[self.pupils_in[self.group_of[p], s]] += 1.0
                columns[self.served[self.group_of[p], self.part_of(p)]] += 1.0
        for c, crew in enumerate(self.crews):
            spare = crew.size * crew.contracted - sum(columns[column] for column in self.shifts_of(c))
            columns[self.short_hours[c]], columns[self.extra_shifts[c]] = max(0.0, spare), max(0.0, -spare)
        return columns


def roster_of(model: JointModel, columns: Values) -> Roster:
    """The roster of a solution: each crew's stands dealt out to its mentors, one after the other, clique by clique.

    A clique takes at most `size` stands in a row, so no mentor gets two of it; and size * most in all, dealt evenly, is
    at most `most` each. Even dealing also makes short hours and extra shifts as few as the crew's total allows.
    """
    here: list[list[int]] = [[] for _ in model.facts.sessions]
    for c, crew in enumerate(model.crews):
        turn = 0
        for clique in crew.cliques if crew.size > 1 else [crew.sessions]:
            for s in clique:
                for _ in range(round(columns[model.mentors_in[c, s]])):
                    here[s].append(crew.mentors[turn % crew.size])
                    turn += 1
    return Roster(tuple(tuple(sorted(mentors)) for mentors in here))
