"""A roster: which mentors stand in which sessions. Sessions with mentors are the open ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from matcher.groups.facts import Facts, overlap


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
