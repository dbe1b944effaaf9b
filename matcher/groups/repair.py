"""A plan of study groups after something happened: all that can stay stays, and what cannot is found anew, exactly.

`Prepared` answers what would become of a plan in milliseconds; `repair_groups` writes the new problem and plan.
"""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matcher.changes import GroupChanges
from matcher.changes_groups import change_errors
from matcher.control import Stop
from matcher.fields import InvalidProblem
from matcher.groups.facts import Facts, Ints, queue_key
from matcher.groups.repair_choice import Chooser, Value
from matcher.groups.repair_seats import GAP, SeatFlow
from matcher.groups.rooms import standing
from matcher.plan import GroupPlan
from matcher.problem import Fixed, GroupProblem, Pupil


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a plan, by id.

    `kept`: the mentors of sessions that go on, by session; they and `fixed_pupils` are what the new problem fixes.
    `stands`: all mentors by open session. `seat`: the session of each served pupil. `values` and `bounds`: the goals
    down to `queue`; a bound holds as far as the values before it are at their bounds. `ceiling`: what all stands that
    could be would reach for `returning`, `served` and `queue`, whatever the values of other goals. `cases`: how many
    sets of stands were looked at.
    """

    kept: Mapping[str, frozenset[str]]
    fixed_pupils: frozenset[str]
    stands: Mapping[str, frozenset[str]]
    seat: Mapping[str, str]
    values: Value
    bounds: Value
    ceiling: Value
    cases: int


@dataclass(frozen=True, slots=True)
class Line:
    """The queue, by position: who, their class, and the arcs that have room for who is served, and for who is elsewhere
    than before. Who has left is still in it, with both arcs closed. `weights`: how many stand at or behind a position.
    """

    pupils: Sequence[int]
    classes: Ints
    unserved: Sequence[int]
    seat: Sequence[int]
    weights: Ints


class Prepared:
    """A judged plan, ready for questions; each answer is for the plan as it was given."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.problem = problem
        self.facts = facts = Facts(problem)
        before = standing(facts, plan)
        self.seats = seats = SeatFlow(facts, before.roster, before.seat)
        self._start = seats.save()
        self.keys = [queue_key(facts.pupils[p]) for p in facts.queue]
        self.seat_before = {facts.pupils[p].id: facts.sessions[s].id for p, s in before.seat.items()}
        self.line = Line(
            facts.queue,
            np.array([facts.pupils[p].class_ for p in facts.queue], dtype=np.int64),
            [seats.unserved[p] for p in facts.queue],
            [seats.sits[p][before.seat[p]] if p in before.seat else seats.idle_arc for p in facts.queue],
            np.arange(len(facts.queue), 0, -1),
        )

    def outcome(self, changes: GroupChanges, stop: Stop | None = None) -> Outcome:
        """The best after these changes; exact unless `stop` comes first. Raises InvalidProblem as apply_groups does."""
        if errors := list(change_errors(self.problem, changes)):
            raise InvalidProblem(errors)
        try:
            return _Event(self, changes).outcome(stop or Stop())
        finally:
            self.seats.restore(self._start)


class _Event:
    """One file of changes at work on the seats."""

    def __init__(self, prepared: Prepared, changes: GroupChanges) -> None:
        self.facts = prepared.facts
        self.seats = seats = prepared.seats
        self.seat_before = prepared.seat_before
        self.new = changes.pupils
        self.left = changes.left
        self._shrink(changes)
        for name in changes.left:
            seats.leave(self.facts.pupil_index[name])
        self.line = self._line(prepared.line, self._join(prepared.keys))

    def _pupil(self, p: int) -> Pupil:
        count = len(self.facts.pupils)
        return self.facts.pupils[p] if p < count else self.new[p - count]

    def _shrink(self, changes: GroupChanges) -> None:
        """Mentors and seats that are gone, and the sessions that cannot go on for it."""
        facts, seats = self.facts, self.seats
        stands = {m: set(held) for m, held in enumerate(seats.stands)}
        changed: set[int] = set()
        for away in changes.absent:
            m = facts.mentor_index[away.mentor]
            gone = set(seats.may_stand[m]) if away.session is None else {facts.session_index[away.session]}
            seats.may_stand[m] -= gone
            stands[m] -= gone
            changed.add(m)
        resized = {facts.session_index[name]: 0 for name in changes.cancelled_sessions}
        resized |= {facts.session_index[new.session]: new.seats for new in changes.seats}
        for s, number in resized.items():
            seats.sessions[s] = replace(seats.sessions[s], seats=number)
        here = Counter(s for held in stands.values() for s in held)
        ends = {
            s
            for s, is_held in enumerate(seats.is_held)
            if is_held and (here[s] < facts.min_mentors[s] or seats.sessions[s].seats < facts.min_pupils[s])
        }
        for m, held in stands.items():
            if not ends.isdisjoint(held):
                held -= ends
                changed.add(m)
        for s in ends:
            seats.is_held[s] = False
        self._set_stands({m: frozenset(stands[m]) for m in sorted(changed)}, {*resized, *ends})

    def _set_stands(self, stands: Mapping[int, frozenset[int]], also: set[int]) -> None:
        """Who was fixed in a session that is none of their own does not come back to it."""
        facts, seats = self.facts, self.seats
        for m, held in stands.items():
            own = {facts.session_index[s] for s in facts.mentors[m].sessions}
            seats.may_stand[m] &= own | held
        seats.set_stands(stands, also)

    def _join(self, keys: Sequence[tuple[object, ...]]) -> list[tuple[int, int]]:
        """Newcomers find a seat where one is; returns (position in the queue before, pupil), in queue order."""
        if not self.new:
            return []
        facts, first = self.facts, len(self.facts.pupils)
        near = Facts(replace(facts.problem, pupils=self.new, fixed=Fixed())).within_reach
        behind: dict[int, list[int]] = defaultdict(list)
        for i in sorted(range(len(self.new)), key=lambda i: queue_key(self.new[i]), reverse=True):
            behind[bisect(keys, queue_key(self.new[i]))].append(i)
        for position, numbers in behind.items():
            weight = GAP * (len(keys) - position)
            for step, i in enumerate(numbers, start=1):
                self.seats.join(first + i, self.new[i].level, near[i], weight + step)
        joined = [(position, first + i) for position, numbers in behind.items() for i in reversed(numbers)]
        return sorted(joined, key=lambda place: place[0])

    def _line(self, before: Line, joined: Sequence[tuple[int, int]]) -> Line:
        """The new queue."""
        seats, facts = self.seats, self.facts
        pupils, unserved, seat, classes = list(before.pupils), list(before.unserved), list(before.seat), before.classes
        for position, p in reversed(joined):
            pupils.insert(position, p)
            unserved.insert(position, seats.unserved[p])
            seat.insert(position, seats.idle_arc)
        if joined:
            classes = np.array([self._pupil(p).class_ for p in pupils], dtype=np.int64)
        there = np.ones(len(pupils), dtype=np.int64)
        if self.left:
            left = {facts.pupil_index[name] for name in self.left}
            there[[n for n, p in enumerate(pupils) if p in left]] = 0
        return Line(pupils, classes, unserved, seat, there[::-1].cumsum()[::-1])

    def value(self) -> Value:
        """Fewest fixed pupils released, the goals down to `queue`, fewest moved; more is better."""
        served, elsewhere = self._flags()
        classes = self.facts.problem.rules.classes
        count = np.bincount(self.line.classes, weights=served, minlength=classes)
        goals = (int(count[0]), int(served.sum()), *map(int, count[1 : classes - 1]), int(served @ self.line.weights))
        return (-len(self.released()), *goals, -int((served & elsewhere).sum()))

    def _flags(self) -> tuple[Ints, Ints]:
        """1 for each in the line who is served, and for each who had a seat and is not in it."""
        room = self.seats.flow.room
        served = np.array([room[e] for e in self.line.unserved], dtype=np.int64)
        return served, np.array([room[e] for e in self.line.seat], dtype=np.int64)

    def released(self) -> frozenset[int]:
        """Fixed pupils who are not in the seat they were fixed in."""
        seats, flow = self.seats, self.seats.flow
        fixed = ((p, s) for p, s in self.facts.fixed_seat.items() if p in seats.sits)
        return frozenset(p for p, s in fixed if not flow.flowing(seats.sits[p][s]))

    def seat(self) -> dict[str, str]:
        """The session of each served pupil: who stays where they were is not looked up."""
        found = dict(self.seat_before)
        for name in self.left:
            found.pop(name, None)
        served, elsewhere = self._flags()
        had = np.array(self.line.seat) != self.seats.idle_arc
        for n in np.flatnonzero(elsewhere | (served & ~had)).tolist():
            p = self.line.pupils[n]
            if served[n]:
                found[self._pupil(p).id] = self.facts.sessions[self.seats.session_of(p)].id
            else:
                found.pop(self._pupil(p).id, None)
        return found

    def outcome(self, stop: Stop) -> Outcome:
        """The best choice of new stands; a session that cannot reach its minimum size is held no longer."""
        facts, seats = self.facts, self.seats
        cases = 0
        while True:
            chooser = Chooser(seats, self, stop)
            choice = chooser.run()
            cases += chooser.cases
            if choice is not None:
                break
            self._close()
        kept: dict[int, set[int]] = defaultdict(set)
        stands: dict[int, set[int]] = defaultdict(set)
        for m, held in enumerate(seats.stands):
            for s in held:
                kept[s].add(m)
            for s in choice.stands.get(m, held):
                stands[s].add(m)
        fixed = facts.fixed_seat.keys() & seats.sits.keys()
        return Outcome(
            kept=self._by_name(kept),
            fixed_pupils=frozenset(facts.pupils[p].id for p in fixed - choice.released),
            stands=self._by_name(stands),
            seat=choice.seat,
            values=choice.value[1:-1],
            bounds=choice.bound[1:-1],
            ceiling=chooser.ceiling[1:-1],
            cases=cases,
        )

    def _close(self) -> None:
        """One session less of those that are held: one that is too small, else the one with the fewest pupils."""
        seats = self.seats
        held = [s for s, is_held in enumerate(seats.is_held) if is_held]
        s = min(seats.too_small() or held, key=lambda s: (seats.taken(s), s))
        seats.is_held[s] = False
        here = {m: held - {s} for m, held in enumerate(seats.stands) if s in held}
        self._set_stands(here, {s})

    def _by_name(self, mentors: Mapping[int, set[int]]) -> dict[str, frozenset[str]]:
        facts = self.facts
        return {facts.sessions[s].id: frozenset(facts.mentors[m].id for m in here) for s, here in mentors.items()}
