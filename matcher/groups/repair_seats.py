"""The seats of a plan as a priced flow that follows what happens: pupils come and go, mentors and sessions too.

pupil → place (session, level) → (session, kind of mentor) → session → end, and pupil → end for those without a seat.
Beside the mentors who stand in a session the flow may use those who still could: it is what the best roster with all of
the stands could serve at most. What a unit costs, each step more than all below it together:

1. a session's minimum size missed; 2. a fixed pupil moved; 3. a pupil without a seat, the first in the queue most;
4. a pupil moved; 5. (no promise, to lead the search) the index of a choice newly given twice, and the use of a mentor
who does not stand there yet once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from math import ceil
from typing import Any

from matcher.groups.facts import Facts, overlap
from matcher.groups.placement import Network
from matcher.groups.repair_flow import PricedFlow, State
from matcher.groups.rooms import ANY_LEVEL
from matcher.groups.roster import Roster
from matcher.problem import Mentor, Session

GAP = 1 << 20
"""How many new pupils may come between two of the queue."""
SOLVER_LIMIT = 1 << 62
END = 0

Kind = frozenset[str]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a unit costs, each step above all below it together."""

    missed: int
    fixed: int
    place_in_queue: int
    moved: int
    rest: int


def costs(pupils: int) -> Costs:
    """The steps for this many pupils; `rest` is left out where the solver's whole numbers would not hold it."""
    for rest in (1, 0):
        moved = 11 * pupils * rest + 1
        place_in_queue = (pupils + 1) * moved
        if place_in_queue * pupils * 40 * (pupils + 1) < SOLVER_LIMIT:
            break
    fixed = place_in_queue * (pupils + 1) * (pupils + 1) * GAP
    return Costs(fixed * (pupils + 1) * 2, fixed, place_in_queue, moved, rest)


@dataclass(frozen=True, slots=True)
class Saved:
    """What `SeatFlow.restore` puts back: the flow, and what else of the seats changes, by name."""

    flow: State
    rest: Mapping[str, Any]


CHANGE = (
    *("sessions", "may_stand", "stands", "free", "denied", "is_held"),
    *("standing", "spare", "sits", "unserved", "place"),
)
"""What of the seats changes beside the flow."""


class SeatFlow:
    """Seats and stands by index of `facts`; new pupils have the indices after those of the problem.

    A session that `is_held` keeps its mentors and has to reach its minimum size; others may be opened by free mentors.
    """

    def __init__(self, facts: Facts, roster: Roster, seat: Mapping[int, int]) -> None:
        self.facts = facts
        self.seat_before = dict(seat)
        self.costs = costs(2 * len(facts.pupils) + 100)
        self.sessions: list[Session] = list(facts.sessions)
        self.mentors: Sequence[Mentor] = facts.mentors
        self.may_stand = [frozenset(stands) for stands in facts.stands]
        held: list[set[int]] = [set() for _ in facts.mentors]
        for m, s in roster.stands():
            held[m].add(s)
        self.stands = [frozenset(sessions) for sessions in held]
        self.denied: set[tuple[int, int]] = set()
        self.is_held = [bool(mentors) for mentors in roster.mentors]
        self.free = [self._free(m) for m in range(len(facts.mentors))]
        self.standing: Counter[tuple[int, Kind]] = Counter()
        self.spare: Counter[tuple[int, Kind]] = Counter()
        for m in range(len(facts.mentors)):
            self._count(m, 1)
        self.flow = PricedFlow()
        self.flow.node()
        self.idle_arc = self.flow.arc(END, self.flow.node(), 0)
        self.unserved: dict[int, int] = {}
        self.sits: dict[int, dict[int, int]] = {}
        self.place: dict[tuple[int, str], int] = {}
        self._add_sessions()
        for p in facts.queue:
            choices = facts.within_reach[p] if p in facts.fixed_seat else facts.choices[p]
            self._add_pupil(p, facts.pupils[p].level, choices, facts.weight(p) * GAP)
        self._seat_all()

    def _free(self, m: int) -> tuple[int, ...]:
        """Where the mentor does not stand and still could."""
        stands = self.stands[m]
        if len(stands) >= self.mentors[m].max_sessions:
            return ()
        return tuple(
            s
            for s in sorted(self.may_stand[m] - stands)
            if (m, s) not in self.denied and not any(overlap(self.sessions[s], self.sessions[t]) for t in stands)
        )

    def _count(self, m: int, sign: int) -> None:
        kind = self.facts.levels[m]
        for s in self.stands[m]:
            self.standing[s, kind] += sign
        for s in self.free[m]:
            self.spare[s, kind] += sign

    # The network.

    def _add_sessions(self) -> None:
        count = len(self.sessions)
        kinds: list[set[Kind]] = [set() for _ in self.sessions]
        for m, able in enumerate(self.may_stand):
            for s in able:
                kinds[s].add(self.facts.levels[m])
        self.kinds = [sorted(some, key=sorted) for some in kinds]
        self._session = [self.flow.node() for _ in range(count)]
        self.least_arc = [self.flow.arc(node, END, 0, -self.costs.missed) for node in self._session]
        self.more_arc = [self.flow.arc(node, END, 0) for node in self._session]
        self._kind_node: dict[tuple[int, Kind], int] = {}
        self.standing_arc: dict[tuple[int, Kind], int] = {}
        self.spare_arc: dict[tuple[int, Kind], int] = {}
        for s, covered in enumerate(self.kinds):
            for kind in covered:
                node = self._kind_node[s, kind] = self.flow.node()
                ratio = self.sessions[s].ratio
                self.standing_arc[s, kind] = self.flow.arc(node, self._session[s], ratio * self.standing[s, kind])
                self.spare_arc[s, kind] = self.flow.arc(
                    node, self._session[s], ratio * self.spare[s, kind], self.costs.rest
                )
            least, more = self._seats_of(s)
            self.flow.room[self.least_arc[s]] = least
            self.flow.room[self.more_arc[s]] = more

    def _seats_of(self, s: int) -> tuple[int, int]:
        """Seats that have to be taken, and seats that may be as well."""
        seats, least = self.sessions[s].seats, self.facts.min_pupils[s]
        if self.is_held[s]:
            return least, max(0, seats - least)
        mentors = sum(self.spare[s, kind] for kind in self.kinds[s])
        return 0, seats if mentors >= self.facts.min_mentors[s] and seats >= least else 0

    def _place_node(self, s: int, level: str) -> int:
        if (s, level) not in self.place:
            able = [kind for kind in self.kinds[s] if level in (ANY_LEVEL, *kind)]
            into = [self._kind_node[s, kind] for kind in able]
            node = self.place[s, level] = self.flow.node(max((self.flow.price[k] for k in into), default=0))
            for kind in into:
                self.flow.arc(node, kind, len(self.facts.pupils) + GAP)
        return self.place[s, level]

    def _add_pupil(self, p: int, level: str, choices: Iterable[tuple[int, int]], weight: int) -> None:
        """The pupil's node and arcs; a fixed pupil sits where they are fixed, or is one of the queue again."""
        node = self.flow.node()
        steps = self.costs
        before = self.seat_before.get(p)
        fixed_at = self.facts.fixed_seat.get(p)
        released = 0 if fixed_at is None else steps.fixed
        arcs: dict[int, int] = {}
        options = [(s, level, released, index) for s, index in choices if s != fixed_at]
        if fixed_at is not None:
            options.append((fixed_at, ANY_LEVEL, 0, 0))
        for s, taught, cost, index in options:
            if s != before:
                cost += steps.moved * (before is not None) + 2 * index * steps.rest
            arcs[s] = self.flow.arc(node, self._place_node(s, taught), 1, cost)
        self.sits[p] = arcs
        self.unserved[p] = self.flow.arc(node, END, 1, released + weight * steps.place_in_queue)

    def _seat_all(self) -> None:
        """The first cheapest flow by OR-Tools, minimum sizes as lower bounds and fixed pupils where they are."""
        network = Network()
        network.supply = [0] * len(self.flow.price)
        flow = self.flow
        given: dict[int, int] = {}
        released = {self.unserved[p] for p in self.facts.fixed_seat}
        released |= {e for p, s in self.facts.fixed_seat.items() for t, e in self.sits[p].items() if t != s}
        waiting = set(self.unserved.values())
        for e in range(0, len(flow.head), 2):
            if flow.room[e] and e not in released:
                if flow.cost[e] == -self.costs.missed:
                    network.supply[flow.head[e ^ 1]] -= flow.room[e]
                    given[e] = -1
                    continue
                cost = flow.cost[e] // GAP if e in waiting else flow.cost[e]
                given[e] = network.arc(flow.head[e ^ 1], flow.head[e], min(flow.room[e], len(self.facts.pupils)), cost)
        for p in self.unserved:
            network.supply[flow.head[self.unserved[p] ^ 1]] += 1
        network.supply[END] = -sum(network.supply)
        flows = network.flows()
        assert flows is not None, "a judged plan has a seating"
        for e, arc in given.items():
            amount = flow.room[e] if arc < 0 else flows[arc]
            flow.room[e] -= amount
            flow.room[e ^ 1] = amount
        flow.settle_prices()

    # What happens.

    def save(self) -> Saved:
        """All that `restore` needs."""
        return Saved(self.flow.state(), {name: copy(getattr(self, name)) for name in CHANGE})

    def restore(self, saved: Saved) -> None:
        """Back to an earlier state."""
        self.flow.restore(saved.flow)
        for name, value in saved.rest.items():
            setattr(self, name, copy(value))

    def leave(self, p: int) -> None:
        """The pupil is out of the queue."""
        flow = self.flow
        arcs = [*self.sits.pop(p).values(), self.unserved.pop(p)]
        used = next(e for e in arcs if flow.flowing(e))
        for e in arcs:
            flow.close(e)
        if flow.head[used] != END:
            flow.send(END, flow.head[used])

    def join(self, p: int, level: str, choices: Iterable[tuple[int, int]], weight: int) -> None:
        """A new pupil; `weight` is between those of the pupils ahead and behind, in steps of 1 / GAP."""
        self._add_pupil(p, level, choices, weight)
        flow = self.flow
        node = flow.head[self.unserved[p] ^ 1]
        flow.price[node] = max(
            flow.price[flow.head[e]] - flow.cost[e] for e in (*self.sits[p].values(), self.unserved[p])
        )
        flow.send(node, END)

    def set_stands(self, changed: Mapping[int, frozenset[int]], also: Iterable[int] = ()) -> None:
        """These mentors stand elsewhere, or may; `also`: sessions held no longer, or with other seats."""
        old = {m: (self.stands[m], self.free[m]) for m in changed}
        touched = set(also)
        for m, stands in changed.items():
            self._count(m, -1)
            self.stands[m] = stands
            self.free[m] = self._free(m)
            self._count(m, 1)
            touched |= {*old[m][0], *old[m][1], *self.stands[m], *self.free[m]}
        self.refit(touched)

    def refit(self, sessions: Iterable[int]) -> None:
        """Bring the capacities of these sessions up to date, those first that grow."""
        wanted: dict[int, int] = {}
        for s in sorted(sessions):
            wanted[self.least_arc[s]], wanted[self.more_arc[s]] = self._seats_of(s)
            for kind in self.kinds[s]:
                ratio = self.sessions[s].ratio
                wanted[self.standing_arc[s, kind]] = ratio * self.standing[s, kind]
                wanted[self.spare_arc[s, kind]] = ratio * self.spare[s, kind]
        flow = self.flow
        changes = [(e, c - flow.room[e] - flow.room[e ^ 1]) for e, c in wanted.items()]
        for e, by in changes:
            if by > 0:
                flow.resize(e, wanted[e])
        for e, by in changes:
            if by < 0:
                flow.resize(e, wanted[e])

    # What came of it.

    def session_of(self, p: int) -> int:
        """Where a served pupil sits."""
        return next(s for s, e in self.sits[p].items() if self.flow.flowing(e))

    def taken(self, s: int) -> int:
        """How many sit in the session."""
        return self.flow.flowing(self.least_arc[s]) + self.flow.flowing(self.more_arc[s])

    def too_small(self) -> list[int]:
        """Sessions that are to be held and do not reach their minimum size."""
        return [s for s, e in enumerate(self.least_arc) if self.flow.room[e]]

    def mentors_lacking(self, s: int) -> int:
        """How many mentors more, who stand there, the session needs; below 0 where there are more than that."""
        return self.facts.min_mentors[s] - sum(self.standing[s, kind] for kind in self.kinds[s])

    def mentors_asked(self) -> Counter[tuple[int, Kind]]:
        """How many mentors more, by session and kind, the seats presume."""
        asked: Counter[tuple[int, Kind]] = Counter()
        for (s, kind), e in self.spare_arc.items():
            if self.flow.flowing(e):
                asked[s, kind] = ceil(self.flow.flowing(e) / self.sessions[s].ratio)
        return asked
