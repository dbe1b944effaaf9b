"""Whom the queue keeps on a roster, found another way: one min-cost flow with a weight for each pupil.

pupil → (session, level) → mentor → session → end, minimum sizes as supplies, a served pupil worth n - position. By the
exchange property the best sum belongs to the set that the queue keeps one by one.
"""

from matcher.groups.facts import Facts
from matcher.groups.placement import Network
from matcher.groups.roster import Roster


def kept_by_weights(facts: Facts, roster: Roster) -> set[int] | None:
    """The served pupils; None when no valid placement exists."""
    if not facts.fixed_sessions <= set(roster.open_sessions):
        return None
    network = Network()
    end = network.node()
    mentor: dict[tuple[int, int], int] = {}
    for s in roster.open_sessions:
        least = facts.min_pupils[s]
        if facts.sessions[s].seats < least:
            return None
        session = network.node(-least)
        network.arc(session, end, facts.sessions[s].seats - least)
        for m in roster.mentors[s]:
            mentor[m, s] = network.node()
            network.arc(mentor[m, s], session, facts.sessions[s].ratio)
    place: dict[tuple[int, str | None], int] = {}
    arcs: dict[int, int] = {}
    for p in facts.queue:
        pupil = network.node(1)
        level = None if p in facts.fixed_seat else facts.pupils[p].level
        for s, _ in facts.choices[p]:
            if (s, level) not in place:
                place[s, level] = network.node()
                for m in roster.mentors[s]:
                    if level is None or level in facts.levels[m]:
                        network.arc(place[s, level], mentor[m, s], facts.sessions[s].ratio)
            arcs[network.arc(pupil, place[s, level], 1, -facts.weight(p))] = p
        if level is not None:
            network.arc(pupil, end, 1)
    network.supply[end] = -sum(network.supply)
    flows = network.flows()
    return None if flows is None else {p for arc, p in arcs.items() if flows[arc]}
