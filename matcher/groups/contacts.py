"""Contact mentors: who of a session's mentors looks after which of its pupils, sessions as given."""

from collections.abc import Mapping

from matcher.groups.facts import Facts
from matcher.groups.placement import Network
from matcher.groups.roster import Roster


def contacts(facts: Facts, roster: Roster, seat: Mapping[int, int]) -> dict[int, int]:
    """The contact mentor of each served pupil: as many as can be have the one they name, then groups are even.

    One min-cost flow pupil → (mentor, session) → end; the k-th pupil of a mentor costs k, naming pays more than all.
    """
    network = Network()
    end = network.node(-len(seat))
    node: dict[tuple[int, int], int] = {}
    for m, s in roster.stands():
        node[m, s] = network.node()
        for k in range(facts.sessions[s].ratio):
            network.arc(node[m, s], end, 1, k)
    highest = max((session.ratio for session in facts.sessions), default=0)
    named = highest * len(seat) + 1
    looks_after: list[tuple[int, int, int]] = []
    for p in sorted(seat, key=facts.position.__getitem__):
        pupil = network.node(1)
        s = seat[p]
        for m in roster.mentors[s]:
            if p in facts.fixed_seat or facts.pupils[p].level in facts.levels[m]:
                cost = -named if facts.pupils[p].mentor == facts.mentors[m].id else 0
                looks_after.append((network.arc(pupil, node[m, s], 1, cost), p, m))
    flows = network.flows()
    assert flows is not None, "a placement's pupils can be taught by the mentors who are there"
    return {p: m for arc, p, m in looks_after if flows[arc]}
