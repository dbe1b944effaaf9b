"""The open sessions of a roster, what can be taught there, and who sits and teaches where. Needs no solver."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from matcher.groups.facts import Facts
from matcher.groups.roster import Roster
from matcher.plan import GroupPlan

ANY_LEVEL = ""
"""The level of a fixed pupil, whom every mentor of the session may teach."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`seat`: the session of each served pupil; `taught[s, level, kind]`: how many mentors of the kind teach."""

    seat: Mapping[int, int]
    taught: Mapping[tuple[int, str, frozenset[str]], int]


class Rooms:
    """The open sessions of a roster, and what its mentors can teach there."""

    def __init__(self, facts: Facts, roster: Roster) -> None:
        self.facts = facts
        self.open = roster.open_sessions
        self.kinds = {s: Counter(facts.levels[m] for m in roster.mentors[s]) for s in self.open}
        self._teaches: dict[tuple[int, str], list[frozenset[str]]] = {}
        self._may_sit: dict[int, list[int]] = {}

    def level(self, p: int) -> str:
        """The level to be taught to a pupil; any, for a fixed one."""
        return ANY_LEVEL if p in self.facts.fixed_seat else self.facts.pupils[p].level

    def teaches(self, s: int, level: str) -> list[frozenset[str]]:
        """Kinds of mentors in the session who may teach the level, in a settled order."""
        if (s, level) not in self._teaches:
            able = (kind for kind in self.kinds[s] if level == ANY_LEVEL or level in kind)
            self._teaches[s, level] = sorted(able, key=sorted)
        return self._teaches[s, level]

    def room_of(self, s: int, kind: frozenset[str]) -> int:
        """How many pupils the mentors of the kind may have in the session."""
        return self.kinds[s][kind] * self.facts.sessions[s].ratio

    def may_sit(self, p: int) -> list[int]:
        """Open sessions of the pupil's choices with a mentor for their level, best first."""
        if p not in self._may_sit:
            level = self.level(p)
            able = [s for s, _ in self.facts.choices[p] if s in self.kinds and self.teaches(s, level)]
            self._may_sit[p] = able
        return self._may_sit[p]


def placement_of(facts: Facts, roster: Roster, seat: Mapping[int, int], contact: Mapping[int, int]) -> Placement:
    """The placement of a finished plan: each pupil is taught by the kind of their contact mentor."""
    rooms = Rooms(facts, roster)
    taught = Counter((s, rooms.level(p), facts.levels[contact[p]]) for p, s in seat.items())
    return Placement(dict(seat), taught)


@dataclass(frozen=True, slots=True)
class Standing:
    """A finished plan by index: its roster, the session of each served pupil, and their contact mentor."""

    roster: Roster
    seat: Mapping[int, int]
    contact: Mapping[int, int]


def standing(facts: Facts, plan: GroupPlan) -> Standing:
    """The plan, which the judge has passed, by the indices of its problem's facts."""
    here: list[tuple[int, ...]] = [() for _ in facts.sessions]
    seat: dict[int, int] = {}
    contact: dict[int, int] = {}
    for session in plan.sessions:
        s = facts.session_index[session.session]
        here[s] = tuple(sorted(facts.mentor_index[mentor.id] for mentor in session.mentors))
        for mentor in session.mentors:
            for name in mentor.pupils:
                seat[facts.pupil_index[name]] = s
                contact[facts.pupil_index[name]] = facts.mentor_index[mentor.id]
    return Standing(Roster(tuple(here)), seat, contact)
