"""The judge of group plans: one named function for each rule, and every goal recounted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from matcher.check_common import (
    Minutes,
    Recount,
    Violation,
    broken,
    is_another_problem,
    unsorted,
    wrong_empty_plan,
    wrong_goals,
)
from matcher.check_queue import Room, Seated, Waiting, better_choices, passed_over_pupils, replay_differences
from matcher.check_repair import wrong_moves
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
        self.eligible = self._eligible_sessions()
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

    def _eligible_sessions(self) -> dict[str, tuple[str, ...]]:
        """For each pupil the choices within reach, best first."""
        sites = {site.id: site for site in self.problem.sites}
        minutes = Minutes(self.problem.travel)

        def is_within_reach(pupil: Pupil, choice: str) -> bool:
            site = sites[self.sessions[choice].site]
            if pupil.lat is None or pupil.lon is None or pupil.max_travel_minutes is None or site.digital:
                return True
            home, there = (pupil.lat, pupil.lon), (site.lat, site.lon)
            return minutes.between(f"pupil:{pupil.id}", home, f"site:{site.id}", there) <= pupil.max_travel_minutes

        return {
            pupil.id: tuple(choice for choice in pupil.choices if is_within_reach(pupil, choice))
            for pupil in self.problem.pupils
        }

    @property
    def free_seats(self) -> Iterator[Seat]:
        """Seats that are not fixed: only of them choices, distance and levels are asked."""
        return (seat for seat in self.seats if not seat.fixed)


def wrong_problem(facts: GroupFacts) -> Iterator[str]:
    """The plan is for this very problem."""
    yield from is_another_problem(facts.problem, facts.plan)


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


def _sessions_of_mentors(facts: GroupFacts) -> dict[str, dict[str, Session]]:
    sessions: dict[str, dict[str, Session]] = defaultdict(dict)
    for shift in facts.shifts:
        sessions[shift.mentor.id][shift.session.id] = shift.session
    return sessions


def mentor_max(facts: GroupFacts) -> Iterator[str]:
    """Sessions of a mentor ≤ max_sessions."""
    for mentor, sessions in _sessions_of_mentors(facts).items():
        if len(sessions) > facts.mentors[mentor].max_sessions:
            yield f"mentor {mentor!r} is in {len(sessions)} sessions, at most {facts.mentors[mentor].max_sessions}"


def mentor_overlap(facts: GroupFacts) -> Iterator[str]:
    """No two sessions of a mentor overlap on a weekday."""
    for mentor, sessions in _sessions_of_mentors(facts).items():
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


def order(facts: GroupFacts) -> Iterator[str]:
    """Sessions, their mentors and their pupils by id, unserved in queue order."""
    yield from unsorted("sessions", [listed.session for listed in facts.plan.sessions])
    for listed in facts.plan.sessions:
        yield from unsorted(f"mentors of {listed.session!r}", [entry.id for entry in listed.mentors])
        for entry in listed.mentors:
            if list(entry.pupils) != sorted(entry.pupils):
                yield f"pupils of {entry.id!r} in {listed.session!r} are not in order"
    positions = [facts.position[item.pupil] for item in facts.plan.unserved if item.pupil in facts.position]
    if positions != sorted(positions):
        yield "unserved pupils are not in queue order"


def unserved(facts: GroupFacts) -> Iterator[str]:
    """Each pupil without a seat is listed exactly once, with how many stand ahead, and nobody else."""
    listed = Counter(item.pupil for item in facts.plan.unserved)
    for pupil in facts.pupils:
        if pupil not in facts.seat_of and listed[pupil] != 1:
            yield f"pupil {pupil!r} has no seat and is listed as unserved {listed[pupil]} times"
    for pupil in listed:
        if pupil in facts.seat_of:
            yield f"pupil {pupil!r} has a seat and is listed as unserved"
        elif pupil not in facts.pupils:
            yield f"{pupil!r} is listed as unserved and is no pupil of the problem"
    ahead = _ahead(facts)
    for item in facts.plan.unserved:
        if item.pupil in ahead and item.ahead != ahead[item.pupil]:
            yield f"pupil {item.pupil!r} has {ahead[item.pupil]} ahead, not {item.ahead}"


def _ahead(facts: GroupFacts) -> dict[str, int]:
    """For each unserved pupil: unserved ones earlier in the queue who may sit in one of the same sessions.

    `waiting[some]`: how many may sit in all of some sessions; from these, who may sit in one of several is counted by
    inclusion and exclusion.
    """
    waiting: Counter[frozenset[str]] = Counter()
    ahead = {}
    for pupil in facts.queue:
        if pupil.id not in facts.seat_of:
            sessions = facts.eligible[pupil.id]
            sets = [frozenset(some) for n in range(len(sessions)) for some in combinations(sessions, n + 1)]
            ahead[pupil.id] = sum(-waiting[some] if len(some) % 2 == 0 else waiting[some] for some in sets)
            waiting.update(sets)
    return ahead


def moved(facts: GroupFacts) -> Iterator[str]:
    """Who is listed as moved sits there now, who is listed as dropped has no seat, and new stands are in the plan."""
    now = {pupil: seat.session.id for pupil, seat in facts.seat_of.items()}
    yield from wrong_moves(facts.plan, now, facts.pupils)
    present = {(shift.mentor.id, shift.session.id) for shift in facts.shifts}
    stands = [(stand.mentor, stand.session) for stand in facts.plan.new_stands]
    yield from unsorted("new_stands", stands)
    for mentor, session in stands:
        if (mentor, session) not in present:
            yield f"mentor {mentor!r} is listed with a new stand in session {session!r} and is not there"


def passed_over(facts: GroupFacts) -> Iterator[str]:
    """Going through the queue on this roster serves exactly the pupils served; the certificate says 0.

    With `queue_first` each also sits in the best choice that was still free.
    """
    if facts.plan.certificate.passed_over != 0:
        yield f"certificate.passed_over is {facts.plan.certificate.passed_over}; should be 0"
    if not _is_placed(facts):
        return
    rooms, line = _rooms(facts), _line(facts)
    if facts.problem.rules.placement == "queue_first":
        for pupil in replay_differences(rooms, line):
            yield f"pupil {pupil!r} could have a better choice when it is their turn"
    else:
        for pupil in passed_over_pupils(rooms, line):
            yield f"pupil {pupil!r} is passed over"


def choice_envy(facts: GroupFacts) -> Iterator[str]:
    """The certificate counts the served who prefer a session where someone behind them has a seat they could take."""
    counted = _choice_envy(facts)
    if facts.plan.certificate.choice_envy != counted:
        yield f"certificate.choice_envy is {facts.plan.certificate.choice_envy}; should be {counted}"


def _choice_envy(facts: GroupFacts) -> int:
    last: dict[tuple[str, str], int] = {}
    for seat in facts.free_seats:
        for covered in set(seat.mentor.levels):
            key = (seat.session.id, covered)
            last[key] = max(last.get(key, -1), facts.position[seat.pupil.id])
    envious = 0
    for seat in facts.seat_of.values():
        if not seat.fixed and seat.session.id in seat.pupil.choices:
            preferred = seat.pupil.choices[: seat.pupil.choices.index(seat.session.id)]
            behind = (last.get((session, seat.pupil.level), -1) for session in preferred)
            reachable = zip(preferred, behind, strict=True)
            envious += any(
                position > facts.position[seat.pupil.id] and session in facts.eligible[seat.pupil.id]
                for session, position in reachable
            )
    return envious


def goals(facts: GroupFacts) -> Iterator[str]:
    """All goals named and ordered, values as recounted and never beyond the bound, no gap under `optimal`.

    `choices` may have a bound equal to its value only when the replay in queue order agrees.
    """
    wrong = list(wrong_goals(facts.plan, recount(facts)))
    yield from wrong
    if wrong or not _is_placed(facts) or facts.problem.rules.placement == "queue_first":
        return
    claimed = next(goal for goal in facts.plan.goals if goal.name == "choices")
    if claimed.gap == 0:
        pupil = next(better_choices(_rooms(facts), _line(facts)), None)
        if pupil is not None:
            yield f"choices has a false bound: pupil {pupil!r} could have a better choice with everyone served seated"


def recount(facts: GroupFacts) -> list[Recount]:
    """The value of every goal, in their order."""
    served = facts.seat_of.values()
    classes = Counter(seat.pupil.class_ for seat in served)
    shifts = Counter({mentor: len(sessions) for mentor, sessions in _sessions_of_mentors(facts).items()})
    owed = [(mentor.contracted, shifts[mentor.id]) for mentor in facts.problem.mentors]
    middle = range(1, facts.problem.rules.classes - 1)
    return [
        Recount("returning", "max", classes[0]),
        Recount("served", "max", len(served)),
        *(Recount(f"served_class_{number}", "max", classes[number]) for number in middle),
        Recount("queue", "max", sum(len(facts.queue) - facts.position[seat.pupil.id] for seat in served)),
        Recount("short_hours", "min", sum(max(0, contracted - stands) for contracted, stands in owed)),
        Recount("extra_shifts", "min", sum(max(0, stands - contracted) for contracted, stands in owed)),
        Recount("choices", "min", sum(_choice_index(seat) for seat in served)),
        Recount("continuity", "max", sum(seat.pupil.mentor == seat.mentor.id for seat in served)),
    ]


def _choice_index(seat: Seat) -> int:
    return seat.pupil.choices.index(seat.session.id) if seat.session.id in seat.pupil.choices else 0


def status(facts: GroupFacts) -> Iterator[str]:
    """A plan with sessions is optimal or feasible; an infeasible one names conflicts among the fixed entries."""
    if facts.plan.status not in ("optimal", "feasible"):
        stays = facts.problem.fixed
        entries = {"fixed.mentors": len(stays.mentors), "fixed.pupils": len(stays.pupils)}
        yield from wrong_empty_plan(facts.plan, entries, len(facts.plan.sessions))


PLACEMENT_RULES = (
    unknown, seat, choice, distance, level, ratio, seats, min_mentors, min_pupils,
    mentor_session, mentor_max, mentor_overlap, fixed,
)  # fmt: skip
"""The rules that make a placement valid; fairness is asked of valid placements only."""

GROUP_RULES = (wrong_problem, *PLACEMENT_RULES, order, unserved, moved, passed_over, choice_envy, goals, status)
"""Every rule of a group plan; the function's name is the rule's code."""


def _is_placed(facts: GroupFacts) -> bool:
    if facts.is_placed is None:
        facts.is_placed = not broken(PLACEMENT_RULES, facts)
    return facts.is_placed


def _rooms(facts: GroupFacts) -> list[Room]:
    """The open sessions with their mentors, as the replay of the queue sees them."""
    mentors: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for shift in facts.shifts:
        mentors[shift.session.id][shift.mentor.id] = frozenset(shift.mentor.levels)
    rooms = []
    for session in sorted(facts.seats_in):
        details = facts.sessions[session]
        rooms.append(Room(session, details.seats, details.ratio, max(1, details.min_pupils), mentors[session]))
    return rooms


def _line(facts: GroupFacts) -> list[Seated | Waiting]:
    """The queue, first one first, as the replay sees it."""
    line: list[Seated | Waiting] = []
    for pupil in facts.queue:
        seat = facts.seat_of.get(pupil.id)
        choices = tuple(session for session in facts.eligible[pupil.id] if session in facts.seats_in)
        if seat is None:
            line.append(Waiting(pupil.id, pupil.level, choices))
        else:
            line.append(Seated(pupil.id, pupil.level, choices, seat.session.id, seat.mentor.id, seat.fixed))
    return line


def group_violations(problem: GroupProblem, plan: GroupPlan) -> list[Violation]:
    """Every broken rule of a group plan; of a plan without an answer only what can be asked of it."""
    facts = GroupFacts(problem, plan)
    asked = GROUP_RULES if plan.status in ("optimal", "feasible") else (wrong_problem, unknown, status)
    return broken(asked, facts)
