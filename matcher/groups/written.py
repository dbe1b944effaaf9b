"""How seats, mentors, goals and those left out stand in a plan. Needs no solver."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from matcher.groups.facts import Facts
from matcher.groups.queue_order import out_of_turn
from matcher.groups.rooms import placement_of
from matcher.groups.roster import Roster
from matcher.plan import Certificate, Goal, GroupPlan, PlanMentor, PlanSession, UnservedPupil
from matcher.problem import problem_sha256


def written(
    facts: Facts,
    roster: Roster,
    seat: Mapping[int, int],
    contact: Mapping[int, int],
    goals: Sequence[Goal],
    certificate: Certificate,
) -> GroupPlan:
    """The plan of these seats and contact mentors; the certificate gets what is counted on it."""
    return GroupPlan(
        problem_sha256=problem_sha256(facts.problem),
        status="optimal" if all(goal.gap == 0 for goal in goals) else "feasible",
        sessions=listed_sessions(facts, roster, seat, contact),
        goals=tuple(goals),
        unserved=listed_unserved(facts, seat),
        certificate=replace(
            certificate,
            passed_over=out_of_turn(facts, roster, placement_of(facts, roster, seat, contact)),
            choice_envy=choice_envy(facts, seat, contact),
        ),
    )


def listed_sessions(
    facts: Facts, roster: Roster, seat: Mapping[int, int], contact: Mapping[int, int]
) -> tuple[PlanSession, ...]:
    """Open sessions by id, their mentors by id, and whom these are the contacts of, by id."""
    pupils: dict[tuple[int, int], list[str]] = defaultdict(list)
    for p, s in seat.items():
        pupils[s, contact[p]].append(facts.pupils[p].id)
    found = []
    for s in roster.open_sessions:
        mentors = [PlanMentor(id=facts.mentors[m].id, pupils=tuple(sorted(pupils[s, m]))) for m in roster.mentors[s]]
        mentors.sort(key=lambda mentor: mentor.id)
        found.append(PlanSession(session=facts.sessions[s].id, mentors=tuple(mentors)))
    return tuple(sorted(found, key=lambda session: session.session))


def listed_unserved(facts: Facts, seat: Mapping[int, int]) -> tuple[UnservedPupil, ...]:
    """Pupils without a seat in queue order, each with the number of them ahead who may sit in one of its sessions.

    By inclusion and exclusion: for each set of sessions it is known how many of those before may sit in all of them.
    """
    found = []
    waiting: Counter[tuple[int, ...]] = Counter()
    for p in facts.queue:
        if p not in seat:
            sessions = sorted(s for s, _ in facts.within_reach[p])
            sets = [some for size in range(1, len(sessions) + 1) for some in combinations(sessions, size)]
            ahead = sum(waiting[some] if len(some) % 2 else -waiting[some] for some in sets)
            waiting.update(sets)
            found.append(UnservedPupil(pupil=facts.pupils[p].id, ahead=ahead, reasons=()))
    return tuple(found)


def choice_envy(facts: Facts, seat: Mapping[int, int], contact: Mapping[int, int]) -> int:
    """Served pupils who prefer a session where someone behind them has a seat with a mentor for their level.

    Fixed pupils envy nobody and their seats are nobody's.
    """
    last: dict[tuple[int, str], int] = {}
    for p, s in seat.items():
        if p not in facts.fixed_seat:
            for level in facts.levels[contact[p]]:
                last[s, level] = max(last.get((s, level), -1), facts.position[p])
    envious = 0
    for p, seated in seat.items():
        if p not in facts.fixed_seat:
            index = dict(facts.choices[p])[seated]
            better = [s for s, i in facts.choices[p] if i < index]
            envious += any(last.get((s, facts.pupils[p].level), -1) > facts.position[p] for s in better)
    return envious
