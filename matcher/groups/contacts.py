"""Contact mentors: who of a session's mentors looks after which of its pupils, sessions as given."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matcher.groups.facts import Facts
from matcher.groups.placement import Network
from matcher.groups.roster import Roster

AT_ONCE = 100
"""Sessions in one flow. They have nothing to do with each other, and small flows are quicker than a large one."""

NOBODY = -1


class Alike(NamedTuple):
    """What pupils alike share: the mentor named, the one they had before (NOBODY: none who is there), their level.

    The level of those who are fixed is None: anybody may look after them.
    """

    named: int
    had: int
    level: str | None


def contacts(
    facts: Facts, roster: Roster, seat: Mapping[int, int], had: Mapping[int, int] | None = None
) -> dict[int, int]:
    """The contact mentor of each of these served pupils, who are all of their sessions.

    As many as can be have the one they name, then the one they `had`, then groups are even. Min-cost flows: pupils of a
    session who are alike → (mentor, session) → end; the k-th pupil of a mentor costs k, to have had somebody pays more
    than all that, and naming more than both.
    """
    had = had or {}
    here: dict[int, dict[Alike, list[int]]] = defaultdict(dict)
    for p in sorted(seat, key=facts.position.__getitem__):
        here[seat[p]].setdefault(_alike(facts, roster.mentors[seat[p]], p, had.get(p, NOBODY)), []).append(p)
    found: dict[int, int] = {}
    sessions = sorted(here)
    for first in range(0, len(sessions), AT_ONCE):
        found |= _contacts_in(facts, roster, [(s, here[s]) for s in sessions[first : first + AT_ONCE]])
    return found


def _alike(facts: Facts, there: Sequence[int], p: int, had: int) -> Alike:
    name = facts.pupils[p].mentor
    named = NOBODY if name is None else facts.mentor_index[name]
    level = None if p in facts.fixed_seat else facts.pupils[p].level
    return Alike(named if named in there else NOBODY, had if had in there else NOBODY, level)


def _contacts_in(
    facts: Facts, roster: Roster, sessions: Sequence[tuple[int, Mapping[Alike, Sequence[int]]]]
) -> dict[int, int]:
    """The contact mentors of these sessions' pupils, by one flow."""
    count = {s: sum(map(len, groups.values())) for s, groups in sessions}
    most = {s: min(facts.sessions[s].ratio, pupils) for s, pupils in count.items()}
    had = 1 + max(most.values()) * sum(count.values())
    named = had + had * sum(count.values())
    network = Network()
    end = network.node(-sum(count.values()))
    ways: list[tuple[Sequence[int], list[tuple[int, int]]]] = []
    for s, groups in sessions:
        node = {m: network.node() for m in roster.mentors[s]}
        for mentor in node.values():
            for k in range(most[s]):
                network.arc(mentor, end, 1, k)
        for alike, pupils in groups.items():
            group = network.node(len(pupils))
            able = [m for m in node if alike.level is None or alike.level in facts.levels[m]]
            gains = [named * (m == alike.named) + had * (m == alike.had) for m in able]
            arcs = [(m, network.arc(group, node[m], len(pupils), -gain)) for m, gain in zip(able, gains, strict=True)]
            ways.append((pupils, arcs))
    flows = network.flows()
    assert flows is not None, "a placement's pupils can be taught by the mentors who are there"
    mentors = ((pupils, [m for m, arc in arcs for _ in range(flows[arc])]) for pupils, arcs in ways)
    return {p: m for pupils, whose in mentors for p, m in zip(pupils, whose, strict=True)}
