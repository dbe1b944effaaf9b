"""The smallest change that would give a pupil without a seat one, on the plan's mentors and open sessions.

Kinds in this order: one more choice (`session`), a longer way (`distance`), one more choice of a digital session
(`digital`), one more mentor who covers every level in an open session (`mentor`). With the change the strict queue,
gone through again, seats the pupil and still seats everyone ahead who has a seat; those behind give way where need be.
Under `queue_first` the first three also leave everyone ahead in the very session they have.

Bottlenecks are the sessions where one more mentor serves the most.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

from matcher.control import Stop
from matcher.groups.facts import Facts
from matcher.groups.one_more_mentor import Gain, OneMoreMentor
from matcher.groups.one_more_mentor_queue_first import OneMoreMentorQueueFirst
from matcher.groups.rooms import Standing
from matcher.groups.seat_graph import SeatGraph
from matcher.plan import UNKNOWN_CHANGE, Bottleneck
from matcher.problem import Site
from matcher.travel import Place, TravelTimes, great_circle_km, place

Change = dict[str, Any]

MOST_SESSIONS = 3000
"""In a plan with more open sessions nobody is told what one more mentor would do: the time grows with their square."""


class SmallestChanges:
    """Prepared once for a plan; answers for each pupil without a seat. Pupils and sessions are indices of the facts."""

    def __init__(self, facts: Facts, plan: Standing) -> None:
        self.facts = facts
        self.stop = Stop()
        self.queue_first = facts.problem.rules.placement == "queue_first"
        self.graph = SeatGraph(facts, plan, moves=not self.queue_first)
        self._plan = plan
        self._times = TravelTimes(facts.problem.travel)
        sites = {site.id: site for site in facts.problem.sites}
        self._sites = {session.id: sites[session.site] for session in facts.sessions}
        self._site = {s: self._sites[facts.sessions[s].id] for s in self.graph.room}
        self._places = {site.id: _place_of(site) for site in self._site.values()}

    @cached_property
    def gains(self) -> dict[int, Gain | None]:
        """For each open session what one more mentor there gives; None where minimum sizes decide it.

        None everywhere in a plan with more than MOST_SESSIONS open sessions, where it would take minutes, and when the
        stop comes before all is known.
        """
        unknown: dict[int, Gain | None] = dict.fromkeys(self.graph.room)
        if len(self.graph.room) > MOST_SESSIONS or (self.queue_first and self.held):
            return unknown
        one_more = OneMoreMentorQueueFirst(self.graph) if self.queue_first else OneMoreMentor(self.graph)
        told = {}
        for s in self.graph.room:
            if self.stop.expired:
                return unknown
            told[s] = one_more.gain(s)
        return told

    @cached_property
    def untold(self) -> frozenset[int]:
        """Open sessions of which it is not known what one more mentor gives."""
        return frozenset(s for s, gain in self.gains.items() if gain is None)

    @cached_property
    def _helped(self) -> dict[int, list[int]]:
        """For each pupil the sessions where one more mentor gives them a seat and takes none from those ahead."""
        position = self.facts.position
        helped: dict[int, list[int]] = {}
        for s, gain in self.gains.items():
            if gain is None:
                continue
            first_lost = min((position[p] for p in gain.lost), default=len(position))
            for p in gain.kept:
                if position[p] < first_lost:
                    helped.setdefault(p, []).append(s)
        return helped

    @cached_property
    def held(self) -> list[tuple[int, frozenset[int]]]:
        """`queue_first`: (position, nodes) of each served pupil whom only a minimum size keeps from a better choice.

        A newcomer at one of these nodes fills the session in their stead, and they go.
        """
        found = []
        for p in self.facts.queue:
            if p in self.graph.seat and p not in self.facts.fixed_seat:
                here = self.graph.place[self.graph.seat[p], self.facts.pupils[p].level]
                options = self.graph.options(p)
                better = options[: options.index(here)]
                if any(self.graph.cut_off[option] > self.facts.position[p] for option in better):
                    found.append((self.facts.position[p], self._ways_to(here, self.facts.position[p])))
        return found

    def _ways_to(self, goal: int, position: int) -> frozenset[int]:
        """Nodes from which the goal is reached when only those behind the position move."""
        graph = self._moving
        ahead = {graph.node(p) for p in self.facts.queue[: position + 1]}
        found = {goal}
        waiting = [goal]
        while waiting:
            fresh = set(graph.before[waiting.pop()]) - found - ahead
            found |= fresh
            waiting += fresh
        return frozenset(found)

    @cached_property
    def _moving(self) -> SeatGraph:
        return SeatGraph(self.facts, self._plan, moves=True)

    def of(self, p: int) -> Change | None:
        """The smallest change for a pupil without a seat; None when no single change gives them one.

        UNKNOWN_CHANGE when the stop has come, or only one more mentor might, in sessions of which that is not known.
        """
        if self.stop.expired:
            return UNKNOWN_CHANGE
        fresh = self._new(p)
        on_site = [s for s in fresh if not self._site[s].digital]
        if on_site:
            return {"kind": "session", "session": self.facts.sessions[self._nearest(p, on_site)].id}
        minutes = self._longer_way(p)
        if minutes is not None:
            return {"kind": "distance", "minutes": minutes}
        if fresh:
            return {"kind": "digital"}
        helped = self._helped.get(p)
        if helped is None:
            return UNKNOWN_CHANGE if self.untold and self.facts.within_reach[p] else None
        own = next((s for s, _ in self.facts.within_reach[p] if s in helped), None)
        return {"kind": "mentor", "session": self.facts.sessions[self._nearest(p, helped) if own is None else own].id}

    def seats(self, level: str, position: int, sessions: Collection[int]) -> bool:
        """The queue seats a pupil of the level at this position once they may also sit in these open sessions."""
        takes = any(self.graph.takes(s, level, position) for s in sessions)
        return takes and (not self.queue_first or self._moves_nobody(level, position, sessions))

    def _moves_nobody(self, level: str, position: int, sessions: Collection[int]) -> bool:
        """`queue_first`: nobody up to this position leaves their session because the pupil may fill another."""
        desks = {self.graph.desk[s, kind] for s in sessions for kind in self.graph.rooms.teaches(s, level)}
        return all(desks.isdisjoint(ways) for turn, ways in self.held if turn <= position)

    def _new(self, p: int) -> list[int]:
        """The open sessions that would seat the pupil, are none of their choices, and not too far."""
        pupil, position = self.facts.pupils[p], self.facts.position[p]
        chosen = {self.facts.session_index[choice] for choice in pupil.choices}
        takers = self._near(p, [s for s in self.graph.takers(pupil.level, position) if s not in chosen])
        return [s for s in takers if self._moves_nobody(pupil.level, position, [s])] if self.queue_first else takers

    def _near(self, p: int, sessions: list[int]) -> list[int]:
        """Of these open sessions those that are not too far, as `distance` counts."""
        most, home = self.facts.pupils[p].max_travel_minutes, self._home(p)
        if most is None or home is None:
            return sessions
        sites = list({self._site[s].id for s in sessions if not self._site[s].digital})
        ways = self._times.table([home], [self._places[site] for site in sites])[0]
        far = {site for site, is_far in zip(sites, (ways > most).tolist(), strict=True) if is_far}
        return [s for s in sessions if self._site[s].id not in far]

    def _longer_way(self, p: int) -> int | None:
        """The least `max_travel_minutes` with which the queue seats the pupil in one of the choices too far now."""
        reached = {s for s, _ in self.facts.within_reach[p]}
        chosen = (self.facts.session_index[choice] for choice in self.facts.pupils[p].choices)
        level, position = self.facts.pupils[p].level, self.facts.position[p]
        far = [(self._minutes(p, s), s) for s in chosen if s in self.graph.room and s not in reached]
        for most in sorted({minutes for minutes, _ in far}):
            if self.seats(level, position, [s for minutes, s in far if minutes <= most]):
                return most
        return None

    def _home(self, p: int) -> Place | None:
        pupil = self.facts.pupils[p]
        return None if pupil.lat is None or pupil.lon is None else place("pupil", pupil.id, pupil.lat, pupil.lon)

    def _minutes(self, p: int, s: int) -> int:
        """Minutes from home to the open session as `distance` counts them: 0 to a digital one, or without a home."""
        home = self._home(p)
        site = self._site[s]
        return 0 if home is None or site.digital else self._times.minutes(home, self._places[site.id])

    def _nearest(self, p: int, sessions: Sequence[int]) -> int:
        """Of these sessions one on a site where the pupil has a choice, then the nearest to home, then by id.

        Without a home, the nearest to the first choice.
        """
        chosen = [self._sites[choice] for choice in self.facts.pupils[p].choices]
        known = {site.id for site in chosen}
        best = [s for s in sessions if self._site[s].id in known] or sessions
        origin = self._home(p) or (_place_of(chosen[0]) if chosen else None)
        sites = {self._site[s].id for s in best}
        km = {site: 0.0 if origin is None else great_circle_km(origin, self._places[site]) for site in sites}
        return min(best, key=lambda s: (km[self._site[s].id], self.facts.sessions[s].id))


def bottlenecks(changes: SmallestChanges) -> tuple[Bottleneck, ...]:
    """The open sessions where one more mentor serves somebody more, those with the most first, then by id.

    `levels` are those of the pupils who have the session within reach among their choices; the mentor covers them all.
    """
    facts = changes.facts
    asked: dict[int, set[str]] = {}
    for p, pupil in enumerate(facts.pupils):
        for s, _ in facts.within_reach[p]:
            asked.setdefault(s, set()).add(pupil.level)
    found = [
        Bottleneck(session=facts.sessions[s].id, levels=tuple(sorted(asked[s])), one_more_mentor_serves=gain.more)
        for s, gain in changes.gains.items()
        if gain is not None and gain.more > 0
    ]
    return tuple(sorted(found, key=lambda one: (-one.one_more_mentor_serves, one.session)))


def _place_of(site: Site) -> Place:
    return place("site", site.id, site.lat, site.lon)
