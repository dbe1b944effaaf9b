"""A group problem by index: who stands where in the queue, who may sit and stand where, which sessions overlap."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from matcher.problem import GroupProblem, Pupil, Session
from matcher.travel import TravelTimes, place

Clique = tuple[int, ...]
"""Session indices that all share a moment of one weekday, ascending."""


def queue_key(pupil: Pupil) -> tuple[object, ...]:
    """The strict queue: class, then joined, then lottery, then id."""
    return (pupil.class_, pupil.joined, pupil.lottery, pupil.id)


class Facts:
    """What the rules ask of one problem. Sessions, mentors and pupils are indices into the problem's lists."""

    def __init__(self, problem: GroupProblem) -> None:
        self.problem = problem
        self.sessions = problem.sessions
        self.mentors = problem.mentors
        self.pupils = problem.pupils
        self.session_index = {session.id: s for s, session in enumerate(problem.sessions)}
        self.mentor_index = {mentor.id: m for m, mentor in enumerate(problem.mentors)}
        self.pupil_index = {pupil.id: p for p, pupil in enumerate(problem.pupils)}
        self.queue = tuple(sorted(range(len(self.pupils)), key=lambda p: queue_key(self.pupils[p])))
        self.position = {p: n for n, p in enumerate(self.queue)}
        self.fixed_seat = {self.pupil_index[f.pupil]: self.session_index[f.session] for f in problem.fixed.pupils}
        self.fixed_stands = frozenset(
            (self.mentor_index[f.mentor], self.session_index[f.session]) for f in problem.fixed.mentors
        )
        self.fixed_sessions = frozenset(self.fixed_seat.values()) | {s for _, s in self.fixed_stands}
        self.min_pupils = tuple(max(1, session.min_pupils) for session in self.sessions)
        self.min_mentors = tuple(max(1, session.min_mentors) for session in self.sessions)
        self.levels = tuple(frozenset(mentor.levels) for mentor in self.mentors)

    def weight(self, p: int) -> int:
        """What a served pupil counts in the goal `queue`: n - position, at least 1."""
        return len(self.pupils) - self.position[p]

    @cached_property
    def stands(self) -> tuple[tuple[int, ...], ...]:
        """For each mentor the sessions they may stand in (rule `mentor_session`; fixed ones are not asked)."""
        fixed = defaultdict(set)
        for m, s in self.fixed_stands:
            fixed[m].add(s)
        return tuple(
            tuple(sorted({self.session_index[s] for s in mentor.sessions} | fixed[m]))
            for m, mentor in enumerate(self.mentors)
        )

    @cached_property
    def choices(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each pupil (session, index of the choice), best first: rules `choice`, `distance` and a mentor's level.

        A fixed pupil has their seat alone; its index is 0 where it is none of their choices.
        """
        taught = {(s, level) for m, stands in enumerate(self.stands) for s in stands for level in self.levels[m]}
        found: list[tuple[tuple[int, int], ...]] = []
        for p, pupil in enumerate(self.pupils):
            if p in self.fixed_seat:
                seat = self.fixed_seat[p]
                index = {self.session_index[c]: i for i, c in enumerate(pupil.choices)}
                found.append(((seat, index.get(seat, 0)),))
            else:
                found.append(tuple((s, i) for s, i in self.within_reach[p] if (s, pupil.level) in taught))
        return tuple(found)

    @cached_property
    def within_reach(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each pupil (session, index of the choice), best first: rules `choice` and `distance` alone."""
        near = _Near(self.problem)
        listed = [[(self.session_index[c], i) for i, c in enumerate(pupil.choices)] for pupil in self.pupils]
        return tuple(tuple((s, i) for s, i in choices if near(p, s)) for p, choices in enumerate(listed))

    @cached_property
    def cliques(self) -> tuple[Clique, ...]:
        """Maximal sets of sessions that share a moment of a weekday (rule `mentor_overlap`); singles are left out."""
        by_day: dict[int, list[int]] = defaultdict(list)
        for s, session in enumerate(self.sessions):
            by_day[session.weekday].append(s)
        found: set[Clique] = set()
        for day in by_day.values():
            for s in day:
                moment = self.sessions[s].start
                clique = tuple(t for t in day if self.sessions[t].start <= moment < self.sessions[t].end)
                if len(clique) > 1:
                    found.add(clique)
        return tuple(sorted(c for c in found if not any(set(c) < set(d) for d in found)))

    def cliques_within(self, sessions: Iterable[int]) -> tuple[Clique, ...]:
        """The maximal cliques of these sessions, singles included, so that each session stands in at least one."""
        inside = set(sessions)
        cut = {tuple(s for s in clique if s in inside) for clique in self.cliques}
        cut |= {(s,) for s in inside}
        cut.discard(())
        return tuple(sorted(c for c in cut if not any(set(c) < set(d) for d in cut)))


def overlap(a: Session, b: Session) -> bool:
    """True when both run at some moment of the same weekday (half-open)."""
    return a.weekday == b.weekday and a.start < b.end and b.start < a.end


class _Near:
    """Is the session within the pupil's max_travel_minutes of home, where both are given? Digital counts 0."""

    def __init__(self, problem: GroupProblem) -> None:
        sites = {site.id: site for site in problem.sites}
        self._sites = [sites[session.site] for session in problem.sessions]
        self._places = {site.id: place("site", site.id, site.lat, site.lon) for site in problem.sites}
        self._pupils = problem.pupils
        self._times = TravelTimes(problem.travel)

    def __call__(self, p: int, s: int) -> bool:
        pupil, site = self._pupils[p], self._sites[s]
        if pupil.lat is None or pupil.lon is None or pupil.max_travel_minutes is None or site.digital:
            return True
        home = place("pupil", pupil.id, pupil.lat, pupil.lon)
        return self._times.minutes(home, self._places[site.id]) <= pupil.max_travel_minutes
