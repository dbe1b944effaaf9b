"""Every roster of a small group problem with what it serves, by plain enumeration; knows neither solver nor judge.

On one roster the pupils are taken in queue order through a table of loads: for each way to fill the mentors so far, the
best record of what those pupils got. The best record in queue order is what "first in the queue first" means, with no
flow theory in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import NamedTuple

from matcher.problem import GroupProblem, Pupil
from matcher.travel import TravelTimes, place

Roster = frozenset[tuple[str, str]]
"""Pairs (mentor, session)."""

Vector = tuple[int, ...]
UNSERVED = -99


class Slot(NamedTuple):
    """Mentors of one session who cover the same levels, as one with the pupils of all."""

    session: str
    levels: frozenset[str]
    capacity: int


class Outcome(NamedTuple):
    """What becomes of the pupils, in queue order: how good each one's place is, and the slot (None: unserved)."""

    record: tuple[int, ...]
    slots: tuple[Slot | None, ...]


class GroupEnumeration:
    """All rosters of one problem and what each serves."""

    def __init__(self, problem: GroupProblem) -> None:
        self.problem = problem
        self.sessions = {session.id: session for session in problem.sessions}
        self.mentors = {mentor.id: mentor for mentor in problem.mentors}
        self.queue = sorted(problem.pupils, key=lambda p: (p.class_, p.joined, p.lottery, p.id))
        self.fixed_seats = {f.pupil: f.session for f in problem.fixed.pupils}
        self.eligible = {pupil.id: self._eligible(pupil) for pupil in problem.pupils}
        self._seen: dict[tuple[object, ...], Outcome | None] = {}

    @property
    def goals(self) -> tuple[tuple[str, str], ...]:
        """The six roster goals, the last two apart."""
        middle = [(f"served_class_{k}", "max") for k in range(1, self.problem.rules.classes - 1)]
        hours = [("short_hours", "min"), ("extra_shifts", "min")]
        return (("returning", "max"), ("served", "max"), *middle, ("queue", "max"), *hours)

    def _eligible(self, pupil: Pupil) -> tuple[str, ...]:
        sites = {site.id: site for site in self.problem.sites}
        times = TravelTimes(self.problem.travel)
        near = []
        for choice in pupil.choices:
            site = sites[self.sessions[choice].site]
            if pupil.lat is not None and pupil.lon is not None and pupil.max_travel_minutes is not None:
                home, there = place("pupil", pupil.id, pupil.lat, pupil.lon), place("site", site.id, site.lat, site.lon)
                if not site.digital and times.minutes(home, there) > pupil.max_travel_minutes:
                    continue
            near.append(choice)
        return tuple(near)

    def rosters(self) -> Iterator[Roster]:
        """Every roster that keeps the mentors' own rules, the fixed ones and min_mentors where anybody stands."""
        fixed = defaultdict(set)
        for entry in self.problem.fixed.mentors:
            fixed[entry.mentor].add(entry.session)
        stands = []
        for mentor in self.problem.mentors:
            able = sorted(set(mentor.sessions) | fixed[mentor.id])
            sets = [set(some) for n in range(mentor.max_sessions + 1) for some in combinations(able, n)]
            stands.append([some for some in sets if fixed[mentor.id] <= some and not self._overlap(some)])
        for chosen in product(*stands):
            present = Counter(session for some in chosen for session in some)
            if all(n >= self.sessions[session].min_mentors for session, n in present.items()):
                yield frozenset((m.id, s) for m, some in zip(self.problem.mentors, chosen, strict=True) for s in some)

    def _overlap(self, sessions: set[str]) -> bool:
        pairs = combinations([self.sessions[s] for s in sessions], 2)
        return any(a.weekday == b.weekday and a.start < b.end and b.start < a.end for a, b in pairs)

    def slots(self, roster: Roster) -> tuple[Slot, ...]:
        """The roster's mentors by session and levels."""
        kinds = Counter((session, frozenset(self.mentors[mentor].levels)) for mentor, session in roster)
        ordered = sorted(kinds.items(), key=lambda item: (item[0][0], sorted(item[0][1])))
        return tuple(Slot(session, levels, n * self.sessions[session].ratio) for (session, levels), n in ordered)

    def placement(self, roster: Roster) -> Outcome | None:
        """The placement by the problem's rule with choices in queue order; None when the roster admits none."""
        slots = self.slots(roster)
        if slots not in self._seen:
            if self.problem.rules.placement == "queue_first":
                self._seen[slots] = self._best(slots, None)
            else:
                served = self._best(slots, {})
                kept = served and {p.id: bool(slot) for p, slot in zip(self.queue, served.slots, strict=True)}
                self._seen[slots] = self._best(slots, kept) if kept is not None else None
        return self._seen[slots]

    def _best(self, slots: tuple[Slot, ...], kept: Mapping[str, bool] | None) -> Outcome | None:
        """The best record in queue order.

        `kept` None: choices count, and nobody must be served. `kept` {}: only being served counts. Otherwise exactly
        the kept are served, and choices count.
        """
        table = {(0,) * len(slots): Outcome((), ())}
        for pupil in self.queue:
            table = self._next(table, pupil, slots, kept)
        done = [outcome for loads, outcome in table.items() if self._keeps_minimum(slots, loads)]
        return max(done, default=None, key=lambda outcome: outcome.record)

    def _next(
        self,
        table: dict[tuple[int, ...], Outcome],
        pupil: Pupil,
        slots: tuple[Slot, ...],
        kept: Mapping[str, bool] | None,
    ) -> dict[tuple[int, ...], Outcome]:
        found: dict[tuple[int, ...], Outcome] = {}
        for loads, outcome in table.items():
            for number, worth in self._ways(pupil, slots, kept):
                after = loads
                if number is not None:
                    after = (*loads[:number], loads[number] + 1, *loads[number + 1 :])
                    if not self._has_room(slots, after, number):
                        continue
                slot = None if number is None else slots[number]
                new = Outcome((*outcome.record, worth), (*outcome.slots, slot))
                if after not in found or new.record > found[after].record:
                    found[after] = new
        return found

    def _ways(
        self, pupil: Pupil, slots: tuple[Slot, ...], kept: Mapping[str, bool] | None
    ) -> list[tuple[int | None, int]]:
        if pupil.id in self.fixed_seats:
            return [(n, 0) for n, slot in enumerate(slots) if slot.session == self.fixed_seats[pupil.id]]
        ways: list[tuple[int | None, int]] = []
        for n, slot in enumerate(slots):
            if pupil.level in slot.levels and slot.session in self.eligible[pupil.id]:
                ways.append((n, 0 if kept == {} else -pupil.choices.index(slot.session)))
        if not kept:
            return [*ways, (None, UNSERVED)]
        return ways if kept[pupil.id] else [(None, UNSERVED)]

    def _has_room(self, slots: tuple[Slot, ...], loads: tuple[int, ...], number: int) -> bool:
        session = slots[number].session
        total = sum(load for slot, load in zip(slots, loads, strict=True) if slot.session == session)
        return loads[number] <= slots[number].capacity and total <= self.sessions[session].seats

    def _keeps_minimum(self, slots: tuple[Slot, ...], loads: tuple[int, ...]) -> bool:
        totals: Counter[str] = Counter()
        for slot, load in zip(slots, loads, strict=True):
            totals[slot.session] += load
        return all(total >= max(1, self.sessions[session].min_pupils) for session, total in totals.items())

    def roster_values(self, roster: Roster, outcome: Outcome) -> Vector:
        """The values of the roster goals."""
        served = [pupil for pupil, slot in zip(self.queue, outcome.slots, strict=True) if slot]
        position = {pupil.id: n for n, pupil in enumerate(self.queue)}
        classes = Counter(pupil.class_ for pupil in served)
        stands = Counter(mentor for mentor, _ in roster)
        owed = [(mentor.contracted, stands[mentor.id]) for mentor in self.problem.mentors]
        return (
            classes[0],
            len(served),
            *(classes[k] for k in range(1, self.problem.rules.classes - 1)),
            sum(len(self.queue) - position[pupil.id] for pupil in served),
            sum(max(0, contracted - n) for contracted, n in owed),
            sum(max(0, n - contracted) for contracted, n in owed),
        )

    def outcomes(self) -> dict[Roster, tuple[Vector, Outcome]]:
        """All rosters that admit a placement, with their goal values; empty when the problem is infeasible."""
        found = {}
        for roster in self.rosters():
            outcome = self.placement(roster)
            if outcome is not None:
                found[roster] = (self.roster_values(roster, outcome), outcome)
        return found

    def choices(self, outcome: Outcome) -> int:
        """The value of the goal `choices`."""
        placed = [(pupil.choices, slot.session) for pupil, slot in zip(self.queue, outcome.slots, strict=True) if slot]
        return sum(choices.index(session) for choices, session in placed if session in choices)

    def seating(self, roster: Roster, outcome: Outcome) -> dict[str, tuple[str, str]]:
        """For each served pupil (session, mentor): sessions of the outcome, as many as can be with whom they name."""
        seats: dict[str, tuple[str, str]] = {}
        for session in {session for _, session in roster}:
            pupils = [p for p, slot in zip(self.queue, outcome.slots, strict=True) if slot and slot.session == session]
            mentors = sorted(mentor for mentor, s in roster if s == session)
            table: dict[tuple[int, ...], tuple[int, tuple[str, ...]]] = {(0,) * len(mentors): (0, ())}
            for pupil in pupils:
                found: dict[tuple[int, ...], tuple[int, tuple[str, ...]]] = {}
                for loads, (met, given) in table.items():
                    for n, mentor in enumerate(mentors):
                        fits = pupil.id in self.fixed_seats or pupil.level in self.mentors[mentor].levels
                        if fits and loads[n] < self.sessions[session].ratio:
                            after = (*loads[:n], loads[n] + 1, *loads[n + 1 :])
                            new = (met + (pupil.mentor == mentor), (*given, mentor))
                            found[after] = max(new, found.get(after, new))
                table = found
            _, best = max(table.values())
            seats |= {pupil.id: (session, mentor) for pupil, mentor in zip(pupils, best, strict=True)}
        return seats

    def continuity(self, seats: Mapping[str, tuple[str, str]]) -> int:
        """The value of the goal `continuity`."""
        return sum(seats[pupil.id][1] == pupil.mentor for pupil in self.problem.pupils if pupil.id in seats)
