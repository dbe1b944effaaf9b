"""A plan of study groups after something happened: all that can stay stays, and what cannot is found anew, exactly.

`Prepared` answers what would become of a plan in milliseconds; `repair_groups` writes the new problem and plan.
"""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matcher.changes import GroupChanges
from matcher.changes_groups import change_errors
from matcher.control import Stop
from matcher.fields import InvalidProblem
from matcher.groups.facts import Facts, queue_key
from matcher.groups.repair_choice import Chooser, Value
from matcher.groups.repair_seats import GAP, Door, SeatFlow
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


class Prepared:
    """A judged plan, ready for questions; each answer is for the plan as it was given."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.problem = problem
        self.facts = facts = Facts(problem)
        self.before = standing(facts, plan)
        self._seats = SeatFlow(facts, self.before.roster, self.before.seat)
        self._start = self._seats.save()
        self._keys = [queue_key(facts.pupils[p]) for p in facts.queue]
        self._seat_before = {facts.pupils[p].id: facts.sessions[s].id for p, s in self.before.seat.items()}

    def outcome(self, changes: GroupChanges, stop: Stop | None = None) -> Outcome:
        """The best after these changes; exact unless `stop` comes first. Raises InvalidProblem as apply_groups does."""
        if errors := list(change_errors(self.problem, changes)):
            raise InvalidProblem(errors)
        event = _Event(self.facts, self._seats, changes, self._keys)
        try:
            return event.outcome(self._seat_before, stop or Stop())
        finally:
            event.undo()
            self._seats.restore(self._start)


class _Event:
    """One file of changes at work on the seats."""

    def __init__(
        self, facts: Facts, seats: SeatFlow, changes: GroupChanges, keys: Sequence[tuple[object, ...]]
    ) -> None:
        self.facts = facts
        self.seats = seats
        self.before = (seats.sessions, seats.may_stand, seats.sits.copy(), seats.unserved.copy(), seats.places())
        self.new = changes.pupils
        self.line = self._line({facts.pupil_index[name] for name in changes.left}, keys)
        self._shrink(changes)
        for name in changes.left:
            seats.leave(facts.pupil_index[name])
        self._join(keys)

    def undo(self) -> None:
        """What the seats do not put back themselves."""
        seats = self.seats
        seats.sessions, seats.may_stand, seats.sits, seats.unserved, places = self.before
        seats.forget_places(places)

    def _pupil(self, p: int) -> Pupil:
        count = len(self.facts.pupils)
        return self.facts.pupils[p] if p < count else self.new[p - count]

    def _line(self, left: set[int], keys: Sequence[tuple[object, ...]]) -> list[int]:
        """The new queue."""
        line = [p for p in self.facts.queue if p not in left]
        if not self.new:
            return line
        first = len(self.facts.pupils)
        return sorted([*line, *range(first, first + len(self.new))], key=lambda p: queue_key(self._pupil(p)))

    def _shrink(self, changes: GroupChanges) -> None:
        """Mentors and seats that are gone, and the sessions that cannot go on for it."""
        facts, seats = self.facts, self.seats
        stands = {m: set(held) for m, held in enumerate(seats.stands)}
        changed: set[int] = set()
        seats.may_stand = list(seats.may_stand)
        for away in changes.absent:
            m = facts.mentor_index[away.mentor]
            gone = set(seats.may_stand[m]) if away.session is None else {facts.session_index[away.session]}
            seats.may_stand[m] -= gone
            stands[m] -= gone
            changed.add(m)
        seats.sessions = list(seats.sessions)
        resized = {facts.session_index[name]: 0 for name in changes.cancelled_sessions}
        resized |= {facts.session_index[new.session]: new.seats for new in changes.seats}
        for s, number in resized.items():
            seats.sessions[s] = replace(seats.sessions[s], seats=number)
        here = Counter(s for held in stands.values() for s in held)
        ends = {
            s
            for s, door in enumerate(seats.doors)
            if door is Door.OPEN and (here[s] < facts.min_mentors[s] or seats.sessions[s].seats < facts.min_pupils[s])
        }
        for m, held in stands.items():
            if not ends.isdisjoint(held):
                held -= ends
                changed.add(m)
        for s in ends:
            seats.doors[s] = Door.MAYBE
        seats.set_stands({m: frozenset(stands[m]) for m in sorted(changed)}, also={*resized, *ends})

    def _join(self, keys: Sequence[tuple[object, ...]]) -> None:
        if not self.new:
            return
        facts = self.facts
        few = replace(facts.problem, pupils=self.new, fixed=Fixed())
        near = Facts(few).within_reach
        behind: dict[int, list[int]] = defaultdict(list)
        for i in sorted(range(len(self.new)), key=lambda i: queue_key(self.new[i]), reverse=True):
            behind[bisect(keys, queue_key(self.new[i]))].append(i)
        for position, numbers in behind.items():
            weight = GAP * (len(keys) - position)
            for step, i in enumerate(numbers, start=1):
                self.seats.join(len(facts.pupils) + i, self.new[i].level, near[i], weight + step)

    def value(self) -> Value:
        """Fewest fixed pupils released, the goals down to `queue`, fewest moved; more is better."""
        seats, room = self.seats, self.seats.flow.room
        unserved = seats.unserved
        size = len(self.line)
        classes: Counter[int] = Counter()
        queue = 0
        for position, p in enumerate(self.line):
            if room[unserved[p]]:
                classes[self._pupil(p).class_] += 1
                queue += size - position
        middle = range(1, self.facts.problem.rules.classes - 1)
        goals = (classes[0], classes.total(), *(classes[k] for k in middle), queue)
        return (-len(self._released()), *goals, -self._moved())

    def _released(self) -> list[int]:
        seats = self.seats
        return [
            p for p, s in self.facts.fixed_seat.items() if p in seats.sits and not seats.flow.flowing(seats.sits[p][s])
        ]

    def _moved(self) -> int:
        seats, room = self.seats, self.seats.flow.room
        return sum(
            1
            for p, s in seats.seat_before.items()
            if p in seats.sits and room[seats.sits[p][s]] and room[seats.unserved[p]]
        )

    def outcome(self, seat_before: Mapping[str, str], stop: Stop) -> Outcome:
        """The best choice of new stands; a session that cannot reach its minimum size is held no longer."""
        facts, seats = self.facts, self.seats
        cases = 0
        while True:
            chooser = Chooser(seats, self.value, stop)
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
        seats.restore(choice.saved)
        for m, held in enumerate(seats.stands):
            for s in choice.stands.get(m, held):
                stands[s].add(m)
        released = set(self._released())
        return Outcome(
            kept=self._by_name(kept),
            fixed_pupils=frozenset(
                facts.pupils[p].id for p in facts.fixed_seat if p in seats.sits and p not in released
            ),
            stands=self._by_name(stands),
            seat=self._seat(),
            values=choice.value[1:-1],
            bounds=choice.bound[1:-1],
            ceiling=chooser.ceiling[1:-1],
            cases=cases,
        )

    def _close(self) -> None:
        """One session less of those that are held: one that is too small, else the one with the fewest pupils."""
        seats = self.seats
        held = [s for s, door in enumerate(seats.doors) if door is Door.OPEN]
        s = min(seats.too_small() or held, key=lambda s: (seats.taken(s), s))
        seats.doors[s] = Door.MAYBE
        here = {m: held - {s} for m, held in enumerate(seats.stands) if s in held}
        seats.set_stands(here, also={s})

    def _by_name(self, mentors: Mapping[int, set[int]]) -> dict[str, frozenset[str]]:
        facts = self.facts
        return {facts.sessions[s].id: frozenset(facts.mentors[m].id for m in here) for s, here in mentors.items()}

    def _seat(self) -> dict[str, str]:
        sessions = self.facts.sessions
        found = ((p, self.seats.session_of(p)) for p in self.line)
        return {self._pupil(p).id: sessions[s].id for p, s in found if s is not None}
