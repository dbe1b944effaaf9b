"""A roster: which mentors stand in which sessions. Sessions with mentors are the open ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from matcher.groups.facts import Facts, overlap
from matcher.groups.linear import Values
from matcher.groups.model import JointModel


@dataclass(frozen=True, slots=True)
class Roster:
    """`mentors[s]`: the mentors of session s, ascending; empty where the session is closed."""

    mentors: tuple[tuple[int, ...], ...]

    @property
    def open_sessions(self) -> tuple[int, ...]:
        """Sessions with mentors, ascending."""
        return tuple(s for s, here in enumerate(self.mentors) if here)

    def stands(self) -> Iterator[tuple[int, int]]:
        """(mentor, session) for each stand."""
        for s, here in enumerate(self.mentors):
            for m in here:
                yield m, s


def is_valid(facts: Facts, roster: Roster) -> bool:
    """Fixed mentors stay, and no rule is broken that asks nothing of pupils.

    These are `min_mentors`, `mentor_session`, `mentor_max` and `mentor_overlap`.
    """
    stands = set(roster.stands())
    if not facts.fixed_stands <= stands:
        return False
    if any(len(roster.mentors[s]) < facts.min_mentors[s] for s in roster.open_sessions):
        return False
    held: dict[int, list[int]] = {}
    for m, s in stands:
        held.setdefault(m, []).append(s)
    return all(
        set(sessions) <= set(facts.stands[m])
        and len(sessions) <= facts.mentors[m].max_sessions
        and not any(overlap(facts.sessions[a], facts.sessions[b]) for a, b in combinations(sessions, 2))
        for m, sessions in held.items()
    )


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
