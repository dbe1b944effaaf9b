"""A first roster in a blink: sessions one by one, the most wanted first, each with the mentors who teach most there.

It is where the search starts, so that a stop in the first seconds finds a plan worth having; and it fills up what the
first goals leave aside.
"""

from collections import Counter
from collections.abc import Mapping

from matcher.groups.facts import Facts, overlap
from matcher.groups.roster import Roster


def first_roster(facts: Facts) -> Roster:
    """A roster whose open sessions reach their minimum sizes; where fixed entries are in the way, perhaps not valid."""
    empty = Roster(((),) * len(facts.sessions))
    return _Builder(facts, empty, {}).roster()


def filled_up(facts: Facts, roster: Roster, seat: Mapping[int, int]) -> Roster:
    """The roster with more mentors and sessions for those without a seat; all who have one (`seat`) can keep it."""
    return _Builder(facts, roster, seat).roster()


class _Builder:
    def __init__(self, facts: Facts, roster: Roster, seat: Mapping[int, int]) -> None:
        self._facts = facts
        self._open_already = roster.open_sessions
        self._taken = Counter(seat.values())
        self._held: list[list[int]] = [[] for _ in facts.mentors]
        self._here: list[list[int]] = [[] for _ in facts.sessions]
        for m, s in sorted({*facts.fixed_stands, *roster.stands()}):
            self._held[m].append(s)
            self._here[s].append(m)
        self._able: list[list[int]] = [[] for _ in facts.sessions]
        for m, stands in enumerate(facts.stands):
            for s in stands:
                self._able[s].append(m)
        self._wanted: list[list[int]] = [[] for _ in facts.sessions]
        for p in facts.queue:
            for s, _ in facts.choices[p]:
                self._wanted[s].append(p)
        self._seated = set(seat)

    def roster(self) -> Roster:
        fixed = self._facts.fixed_sessions
        for s in sorted(range(len(self._wanted)), key=lambda s: (s not in fixed, -len(self._wanted[s]), s)):
            self._open(s)
        return Roster(tuple(tuple(sorted(mentors)) for mentors in self._here))

    def _open(self, s: int) -> None:
        """Staff the session, mentor by mentor, and seat its pupils; leave it closed when it stays too small."""
        facts = self._facts
        waiting = [p for p in self._wanted[s] if p not in self._seated]
        waiting.sort(key=lambda p: p not in facts.fixed_seat)
        room = facts.sessions[s].seats - self._taken[s]
        crew: list[int] = []
        taken: set[int] = set()
        fixed = [] if s in self._open_already else list(self._here[s])
        spare = [m for m in self._able[s] if m not in self._here[s] and self._is_free(m, s)]
        while fixed or spare:
            taught = {m: self._taught(m, s, waiting, taken)[: room - len(taken)] for m in fixed or spare}
            best = max(taught, key=lambda m: (len(taught[m]), -len(facts.levels[m]), -len(facts.stands[m]), -m))
            is_staffed = s in self._open_already or len(crew) >= facts.min_mentors[s]
            if not fixed and not taught[best] and is_staffed:
                break
            (fixed or spare).remove(best)
            crew.append(best)
            taken.update(taught[best])
        large_enough = len(crew) >= facts.min_mentors[s] and len(taken) >= facts.min_pupils[s]
        if large_enough or s in self._open_already:
            self._seated |= taken
            for m in set(crew) - set(self._here[s]):
                self._here[s].append(m)
                self._held[m].append(s)

    def _is_free(self, m: int, s: int) -> bool:
        facts = self._facts
        return len(self._held[m]) < facts.mentors[m].max_sessions and not any(
            overlap(facts.sessions[s], facts.sessions[t]) for t in self._held[m]
        )

    def _taught(self, m: int, s: int, waiting: list[int], taken: set[int]) -> list[int]:
        """The first in the queue whom the mentor would teach there."""
        facts = self._facts
        able = (
            p for p in waiting if p not in taken and (p in facts.fixed_seat or facts.pupils[p].level in facts.levels[m])
        )
        return [p for _, p in zip(range(facts.sessions[s].ratio), able, strict=False)]
