"""The judge of group plans: what is asked beyond a valid placement, from a fair queue to goals recounted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import combinations

from matcher.check_common import (
    Recount,
    Violation,
    broken,
    is_another_problem,
    unsorted,
    wrong_empty_plan,
    wrong_goals,
)
from matcher.check_groups import PLACEMENT_RULES, GroupFacts, Seat, is_placed, sessions_of_mentors, unknown
from matcher.check_queue import Room, Seated, Waiting, better_choices, passed_over_pupils, replay_differences
from matcher.check_repair import wrong_moves
from matcher.check_told import promised_sessions, wrong_bottlenecks
from matcher.plan import UNKNOWN_CHANGE, GroupPlan
from matcher.problem import GroupProblem


def wrong_problem(facts: GroupFacts) -> Iterator[str]:
    """The plan is for this very problem."""
    yield from is_another_problem(facts.problem, facts.plan)


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
    if not is_placed(facts):
        return
    rooms, line = rooms_of(facts), line_of(facts)
    if facts.problem.rules.placement == "queue_first":
        for pupil in replay_differences(rooms, line):
            yield f"pupil {pupil!r} could have a better choice when it is their turn"
    else:
        for pupil in passed_over_pupils(rooms, line):
            yield f"pupil {pupil!r} is passed over"


def smallest_change(facts: GroupFacts) -> Iterator[str]:
    """A change told is one of that pupil, and a valid placement with it seats them and everyone ahead who is served.

    With `queue_first` those ahead stay in their sessions. What one more mentor gives is not asked here, and `unknown`
    says that it was not found out.
    """
    digital = {session for session in facts.seats_in if facts.is_digital(session)}
    promised = {}
    for item in facts.plan.unserved:
        pupil, change = facts.pupils.get(item.pupil), item.smallest_change
        if pupil is not None and pupil.id not in facts.seat_of and change not in (None, UNKNOWN_CHANGE):
            minutes = partial(facts.minutes_from_home, pupil)
            sessions = promised_sessions(change, pupil, facts.seats_in, digital, minutes)
            if not sessions:
                yield f"pupil {pupil.id!r} is told a smallest change that they do not have"
            elif change["kind"] != "mentor":
                promised[pupil.id] = tuple(sessions)
    if promised and is_placed(facts):
        line = [
            entry._replace(choices=promised.get(entry.pupil, ())) if isinstance(entry, Waiting) else entry
            for entry in line_of(facts)
        ]
        moving = facts.problem.rules.placement == "most_served"
        seated = set(passed_over_pupils(rooms_of(facts), line, moving=moving))
        for name in promised:
            if name not in seated:
                yield f"the smallest change of pupil {name!r} gives them no seat"


def bottlenecks(facts: GroupFacts) -> Iterator[str]:
    """Open sessions, the most served first, each with the levels asked for there; a number that can be.

    One more mentor serves at least 1 and at most all without a seat; with `most_served` at most the session's ratio,
    as that much more can flow.
    """
    levels: dict[str, set[str]] = defaultdict(set)
    for pupil in facts.problem.pupils:
        for session in facts.eligible[pupil.id]:
            levels[session].add(pupil.level)
    waiting, by_flow = len(facts.pupils) - len(facts.seat_of), facts.problem.rules.placement == "most_served"
    most = {s: min(waiting, facts.sessions[s].ratio) if by_flow else waiting for s in facts.seats_in}
    yield from wrong_bottlenecks(facts.plan.bottlenecks, levels, most)


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
    if wrong or not is_placed(facts) or facts.problem.rules.placement == "queue_first":
        return
    claimed = next(goal for goal in facts.plan.goals if goal.name == "choices")
    if claimed.gap == 0:
        pupil = next(better_choices(rooms_of(facts), line_of(facts)), None)
        if pupil is not None:
            yield f"choices has a false bound: pupil {pupil!r} could have a better choice with everyone served seated"


def recount(facts: GroupFacts) -> list[Recount]:
    """The value of every goal, in their order."""
    served = facts.seat_of.values()
    classes = Counter(seat.pupil.class_ for seat in served)
    shifts = Counter({mentor: len(sessions) for mentor, sessions in sessions_of_mentors(facts).items()})
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
    if facts.plan.status in ("optimal", "feasible"):
        if facts.plan.conflicts:
            yield "a plan with an answer names no conflicts"
        return
    stays = facts.problem.fixed
    entries = {"fixed.mentors": len(stays.mentors), "fixed.pupils": len(stays.pupils)}
    yield from wrong_empty_plan(facts.plan, entries, len(facts.plan.sessions))


GROUP_RULES = (
    wrong_problem, *PLACEMENT_RULES, order, unserved, moved, passed_over, smallest_change, bottlenecks, choice_envy,
    goals, status,
)  # fmt: skip
"""Every rule of a group plan; the function's name is the rule's code."""


def rooms_of(facts: GroupFacts) -> list[Room]:
    """The open sessions with their mentors, as the replay of the queue sees them."""
    mentors: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for shift in facts.shifts:
        mentors[shift.session.id][shift.mentor.id] = frozenset(shift.mentor.levels)
    rooms = []
    for session in sorted(facts.seats_in):
        details = facts.sessions[session]
        rooms.append(Room(session, details.seats, details.ratio, max(1, details.min_pupils), mentors[session]))
    return rooms


def line_of(facts: GroupFacts) -> list[Seated | Waiting]:
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
