"""A group problem by index: who stands where in the queue, who may sit and stand where, which sessions overlap."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matcher.problem import GroupProblem, Pupil, Session
from matcher.travel import TravelTimes, place

Clique = tuple[int, ...]
"""Session indices that all share a moment of one weekday, ascending."""


Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Slices:
    """Lists of numbers end to end: list i is `values[start[i] : start[i + 1]]`."""

    start: Ints
    values: Ints

    def of(self, lists: Ints) -> tuple[Ints, Ints]:
        """The values of these lists, end to end, and for each value the index into `lists` of its list."""
        size = self.start[lists + 1] - self.start[lists]
        owner = np.repeat(np.arange(len(lists)), size)
        first = self.start[lists] - (np.cumsum(size) - size)
        return self.values[np.repeat(first, size) + np.arange(len(owner))], owner


def slices(lists: Iterable[Iterable[int]], sizes: Iterable[int]) -> Slices:
    """The lists end to end; `sizes`: how long each is."""
    start = np.concatenate([[0], np.cumsum(np.fromiter(sizes, dtype=np.int64))]).astype(np.int64)
    return Slices(start, np.fromiter((value for each in lists for value in each), dtype=np.int64, count=start[-1]))


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
        taught: dict[str, set[int]] = defaultdict(set)
        for m, stands in enumerate(self.stands):
            for level in self.levels[m]:
                taught[level].update(stands)
        found: list[tuple[tuple[int, int], ...]] = []
        for p, pupil in enumerate(self.pupils):
            if p in self.fixed_seat:
                seat = self.fixed_seat[p]
                index = {self.session_index[c]: i for i, c in enumerate(pupil.choices)}
                found.append(((seat, index.get(seat, 0)),))
            else:
                near, here = self.within_reach[p], taught[pupil.level]
                able = tuple(pair for pair in near if pair[0] in here)
                found.append(near if len(able) == len(near) else able)
        return tuple(found)

    @cached_property
    def choice_table(self) -> Slices:
        """The sessions of `choices`, best first, as one list for each pupil."""
        return slices(([s for s, _ in pairs] for pairs in self.choices), map(len, self.choices))

    @cached_property
    def within_reach(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each pupil (session, index of the choice), best first: rules `choice` and `distance` alone."""
        index = self.session_index
        listed = slices(([index[c] for c in p.choices] for p in self.pupils), (len(p.choices) for p in self.pupils))
        near = _near(self.problem, listed).tolist()
        pairs: dict[tuple[int, int], tuple[int, int]] = {}
        found = []
        begin = 0
        for pupil in self.pupils:
            chosen = [(index[c], i) for i, c in enumerate(pupil.choices) if near[begin + i]]
            found.append(tuple(pairs.setdefault(pair, pair) for pair in chosen))
            begin += len(pupil.choices)
        return tuple(found)

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


def _near(problem: GroupProblem, listed: Slices) -> Flags:
    """For each choice listed: is it within max_travel_minutes of home, where both are given? Digital counts 0."""
    number = {site.id: x for x, site in enumerate(problem.sites)}
    site_of = np.array([number[session.site] for session in problem.sessions], dtype=np.int64)
    asked = [p.lat is not None and p.lon is not None and p.max_travel_minutes is not None for p in problem.pupils]
    sessions, pupil = listed.of(np.arange(len(problem.pupils)))
    sites = site_of[sessions]
    times = TravelTimes(problem.travel)
    near = np.ones(len(sessions), dtype=bool)
    entries = np.flatnonzero(np.array(asked, dtype=bool)[pupil])
    entries = entries[np.argsort(sites[entries], kind="stable")]
    for some in np.split(entries, np.flatnonzero(np.diff(sites[entries])) + 1):
        if len(some) and not (site := problem.sites[sites[some[0]]]).digital:
            who, position = np.unique(pupil[some], return_inverse=True)
            pupils = [problem.pupils[p] for p in who]
            homes = [place("pupil", p.id, p.lat or 0.0, p.lon or 0.0) for p in pupils]
            minutes = times.table(homes, [place("site", site.id, site.lat, site.lon)])[:, 0]
            limits = np.array([p.max_travel_minutes or 0 for p in pupils], dtype=np.int64)
            near[some] = (minutes <= limits)[position]
    return near
