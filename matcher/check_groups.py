"""The judge of group plans: the rules of a valid placement, one named function for each."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from matcher.check_common import Minutes, broken
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem, Mentor, Pupil, Session


class Seat(NamedTuple):
    """A pupil's place in the plan; `fixed`: it is the fixed one."""

    pupil: Pupil
    session: Session
    mentor: Mentor
    fixed: bool


class Shift(NamedTuple):
    """A mentor in a session of the plan and how many pupils it lists there."""

    mentor: Mentor
    session: Session
    pupils: int


class GroupFacts:
    """A group problem and plan, looked up once for all rules. Items with unknown ids are left to `unknown`."""

    def __init__(self, problem: GroupProblem, plan: GroupPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.sessions = {session.id: session for session in problem.sessions}
        self.mentors = {mentor.id: mentor for mentor in problem.mentors}
        self.pupils = {pupil.id: pupil for pupil in problem.pupils}
        self.fixed_seats = {stays.pupil: stays.session for stays in problem.fixed.pupils}
        self.fixed_shifts = {(stays.mentor, stays.session) for stays in problem.fixed.mentors}
        queue = sorted(problem.pupils, key=lambda pupil: (pupil.class_, pupil.joined, pupil.lottery, pupil.id))
        self.queue = tuple(queue)
        self.position = {pupil.id: position for position, pupil in enumerate(queue)}
        self._sites = {site.id: site for site in problem.sites}
        self._minutes = Minutes(problem.travel)
        self.eligible = {pupil.id: self._within_reach(pupil) for pupil in problem.pupils}
        self.is_placed: bool | None = None
        self.seats: list[Seat] = []
        self.shifts: list[Shift] = []
        for listed in plan.sessions:
            session = self.sessions.get(listed.session)
            for entry in listed.mentors if session is not None else ():
                mentor = self.mentors.get(entry.id)
                if session is not None and mentor is not None:
                    self.shifts.append(Shift(mentor, session, len(entry.pupils)))
                    known = (self.pupils[pupil] for pupil in entry.pupils if pupil in self.pupils)
                    self.seats += (
                        Seat(pupil, session, mentor, self.fixed_seats.get(pupil.id) == session.id) for pupil in known
                    )
        self.seat_of = {seat.pupil.id: seat for seat in self.seats}
        self.seats_in: dict[str, list[Seat]] = defaultdict(list)
        for seat in self.seats:
            self.seats_in[seat.session.id].append(seat)

    def _within_reach(self, pupil: Pupil) -> tuple[str, ...]:
        """The choices within reach, best first."""
        most = pupil.max_travel_minutes
        return tuple(c for c in pupil.choices if most is None or self.minutes_from_home(pupil, c) <= most)

    def is_digital(self, session: str) -> bool:
        """Held on a digital site."""
        return self._sites[self.sessions[session].site].digital

    def minutes_from_home(self, pupil: Pupil, session: str) -> int:
        """Minutes from home to a session's site; 0 to a digital one, or where no home is given."""
        site = self._sites[self.sessions[session].site]
        if pupil.lat is None or pupil.lon is None or site.digital:
            return 0
        return self._minutes.between(
            f"pupil:{pupil.id}", (pupil.lat, pupil.lon), f"site:{site.id}", (site.lat, site.lon)
        )

    @property
    def free_seats(self) -> Iterator[Seat]:
        """Seats that are not fixed: only of them choices, distance and levels are asked."""
        return (seat for seat in self.seats if not seat.fixed)


def unknown(facts: GroupFacts) -> Iterator[str]:
    """Sessions, mentors and pupils are those of the problem."""
    for listed in facts.plan.sessions:
        if listed.session not in facts.sessions:
            yield f"session {listed.session!r} is none of the problem"
        for entry in listed.mentors:
            if entry.id not in facts.mentors:
                yield f"mentor {entry.id!r} of session {listed.session!r} is none of the problem"
            for pupil in entry.pupils:
                if pupil not in facts.pupils:
                    yield f"pupil {pupil!r} of session {listed.session!r} is none of the problem"


def seat(facts: GroupFacts) -> Iterator[str]:
    """A pupil has at most one seat."""
    for pupil, seats in Counter(seat.pupil.id for seat in facts.seats).items():
        if seats > 1:
            yield f"pupil {pupil!r} has {seats} seats"


def choice(facts: GroupFacts) -> Iterator[str]:
    """A seat is in a session of the pupil's choices."""
    for seat in facts.free_seats:
        if seat.session.id not in seat.pupil.choices:
            yield f"pupil {seat.pupil.id!r} did not choose session {seat.session.id!r}"


def distance(facts: GroupFacts) -> Iterator[str]:
    """Minutes from home to the session's site ≤ max_travel_minutes where both are given; a digital site is 0 away."""
    for seat in facts.free_seats:
        if seat.session.id in seat.pupil.choices and seat.session.id not in facts.eligible[seat.pupil.id]:
            yield f"session {seat.session.id!r} is too far for pupil {seat.pupil.id!r}"


def level(facts: GroupFacts) -> Iterator[str]:
    """A pupil's mentor covers the pupil's level."""
    for seat in facts.free_seats:
        if seat.pupil.level not in seat.mentor.levels:
            yield f"mentor {seat.mentor.id!r} does not cover level {seat.pupil.level!r} of pupil {seat.pupil.id!r}"


def ratio(facts: GroupFacts) -> Iterator[str]:
    """Pupils of a mentor in a session ≤ the session's ratio."""
    for shift in facts.shifts:
        if shift.pupils > shift.session.ratio:
            yield f"mentor {shift.mentor.id!r} has {shift.pupils} pupils in session {shift.session.id!r}"


def seats(facts: GroupFacts) -> Iterator[str]:
    """Pupils of a session ≤ seats."""
    for session, taken in facts.seats_in.items():
        if len(taken) > facts.sessions[session].seats:
            yield f"session {session!r} has {len(taken)} pupils and {facts.sessions[session].seats} seats"


def min_mentors(facts: GroupFacts) -> Iterator[str]:
    """An open session has at least min_mentors mentors."""
    present = Counter(shift.session.id for shift in facts.shifts)
    for session in facts.seats_in:
        if present[session] < facts.sessions[session].min_mentors:
            yield f"session {session!r} has {present[session]} mentors, needs {facts.sessions[session].min_mentors}"


def min_pupils(facts: GroupFacts) -> Iterator[str]:
    """An open session has at least min_pupils pupils."""
    for session, taken in facts.seats_in.items():
        if len(taken) < facts.sessions[session].min_pupils:
            yield f"session {session!r} has {len(taken)} pupils, needs {facts.sessions[session].min_pupils}"


def mentor_session(facts: GroupFacts) -> Iterator[str]:
    """Mentors stand only in open sessions, among those they can; a fixed mentor may stand in any open one."""
    for shift in facts.shifts:
        mentor, session = shift.mentor.id, shift.session.id
        if session not in shift.mentor.sessions and (mentor, session) not in facts.fixed_shifts:
            yield f"mentor {mentor!r} cannot be in session {session!r}"
    for listed in facts.plan.sessions:
        if listed.session in facts.sessions and listed.session not in facts.seats_in:
            yield f"session {listed.session!r} is listed without a pupil, so it is not open"


def sessions_of_mentors(facts: GroupFacts) -> dict[str, dict[str, Session]]:
    """The sessions of each mentor of the plan, by id."""
    sessions: dict[str, dict[str, Session]] = defaultdict(dict)
    for shift in facts.shifts:
        sessions[shift.mentor.id][shift.session.id] = shift.session
    return sessions


def mentor_max(facts: GroupFacts) -> Iterator[str]:
    """Sessions of a mentor ≤ max_sessions."""
    for mentor, sessions in sessions_of_mentors(facts).items():
        if len(sessions) > facts.mentors[mentor].max_sessions:
            yield f"mentor {mentor!r} is in {len(sessions)} sessions, at most {facts.mentors[mentor].max_sessions}"


def mentor_overlap(facts: GroupFacts) -> Iterator[str]:
    """No two sessions of a mentor overlap on a weekday."""
    for mentor, sessions in sessions_of_mentors(facts).items():
        for one, other in combinations(sessions.values(), 2):
            if one.weekday == other.weekday and one.start < other.end and other.start < one.end:
                yield f"mentor {mentor!r} is in {one.id!r} and {other.id!r}, which overlap"


def fixed(facts: GroupFacts) -> Iterator[str]:
    """Fixed mentors and pupils stay where they are."""
    present = {(shift.mentor.id, shift.session.id) for shift in facts.shifts}
    for mentor, session in sorted(facts.fixed_shifts - present):
        yield f"mentor {mentor!r} is fixed in session {session!r} and not there"
    for pupil, session in facts.fixed_seats.items():
        if not any(seat.fixed for seat in facts.seats_in.get(session, ()) if seat.pupil.id == pupil):
            yield f"pupil {pupil!r} is fixed in session {session!r} and not there"


PLACEMENT_RULES = (
    unknown, seat, choice, distance, level, ratio, seats, min_mentors, min_pupils,
    mentor_session, mentor_max, mentor_overlap, fixed,
)  # fmt: skip
"""The rules that make a placement valid; fairness is asked of valid placements only."""


def is_placed(facts: GroupFacts) -> bool:
    """The plan breaks none of these rules."""
    if facts.is_placed is None:
        facts.is_placed = not broken(PLACEMENT_RULES, facts)
    return facts.is_placed
