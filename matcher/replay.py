"""The auditor of group plans: lottery, queue and choices replayed from the problem, on the roster of a plan.

Of the plan only who stands in which open session is taken; who is served, and where each one sits, is found anew
(`replay_seats`) and held against the plan. Needs no solver. The queue is class, then joined, then lottery, then id.

`most_served`: a pupil is kept when some valid placement seats everyone kept so far and this pupil; then each one kept,
in queue order, gets the best choice that leaves everyone kept seated and those ahead where they are. `queue_first`:
each in queue order gets the best choice for which some valid placement keeps everyone ahead where they are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from matcher.check_groups import GroupFacts
from matcher.fields import InvalidProblem
from matcher.plan import GroupPlan, Plan
from matcher.problem import GroupProblem, Problem, Pupil
from matcher.replay_seats import ANY_LEVEL, CannotOpen, Place, Room, Seating, Team, covers

__all__ = ["CannotOpen", "Draw", "Turn", "audit", "first_difference", "load_draw", "lottery_faults", "replay"]

LINE = ("position", "pupil", "class", "joined", "lottery", "session", "choice", "fixed", "missed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A pupil's turn in the queue.

    position: 0 first. session: where they sit, None for nowhere; choice: its index among theirs, None also where a
    fixed seat is none of them. missed: why they have none of the better choices (of all, without a seat), best first:
    `distance`, `closed`, `level` (nobody there teaches it) or `taken` (by those ahead, or needed so that they have a
    seat).
    """

    position: int
    pupil: str
    class_: int
    joined: str
    lottery: int
    session: str | None
    choice: int | None
    fixed: bool
    missed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """A lottery as it was published: seed and its SHA-256 (hex), all tickets, smallest first, and the first number."""

    seed: str
    seed_hash: str
    tickets: tuple[str, ...]
    first: int = 1


def audit(problem: Problem, plan: Plan, pupil: str | None, draw: Draw | None) -> tuple[list[str], list[str]]:
    """A JSON line for each turn in queue order, and a sentence for each fault: of the draw, then the first difference.

    pupil: only this one's line, and faults that are theirs. Raises InvalidProblem where there is no such queue or
    pupil.
    """
    if not isinstance(problem, GroupProblem) or not isinstance(plan, GroupPlan):
        raise InvalidProblem(["--replay: only study groups have a queue; give a group problem and its plan"])
    asked = [one for one in problem.pupils if pupil in (None, one.id)]
    if pupil is not None and not asked:
        raise InvalidProblem([f"--pupil: {pupil!r} is unknown; give the id of a pupil of the problem"])
    faults = lottery_faults(asked, draw) if draw else []
    if plan.status not in ("optimal", "feasible"):
        return [], [*faults, f"the plan is {plan.status}: it seats nobody, so there is nothing to replay"]
    try:
        turns = [turn for turn in replay(problem, plan) if pupil in (None, turn.pupil)]
    except CannotOpen as reason:
        return [], [*faults, f"the roster admits no placement: {reason}"]
    difference = first_difference(turns, problem, plan)
    return [_line(turn) for turn in turns], [*faults, difference] if difference else faults


def replay(problem: GroupProblem, plan: GroupPlan) -> list[Turn]:
    """Every pupil's turn, first in the queue first. Raises CannotOpen when the roster admits no placement at all."""
    facts = GroupFacts(problem, plan)
    rooms = _rooms(facts)
    seating = Seating(rooms, {pupil.id: _ways(facts, rooms, pupil) for pupil in facts.queue})
    for pupil in facts.fixed_seats:
        _seat_fixed(seating, pupil)
    seating.fill()
    line = [pupil.id for pupil in facts.queue if pupil.id not in facts.fixed_seats]
    if problem.rules.placement == "queue_first":
        _choose_first(seating, line)
    else:
        _serve(seating, line)
        _choose(seating, line)
    return [_turn(facts, rooms, pupil, seating.seat.get(pupil.id)) for pupil in facts.queue]


def first_difference(turns: Iterable[Turn], problem: GroupProblem, plan: GroupPlan) -> str | None:
    """A sentence on the first in the queue for whom the plan does otherwise, or None.

    Where the plan itself says that its choices are not those of the queue (a gap of `choices`), only seats are
    compared.
    """
    seats = {pupil: s.session for s in plan.sessions for mentor in s.mentors for pupil in mentor.pupils}
    claimed = problem.rules.placement == "queue_first" or all(g.gap == 0 for g in plan.goals if g.name == "choices")
    for turn in turns:
        given = seats.get(turn.pupil)
        if given != turn.session and (claimed or given is None or turn.session is None):
            has, gets = (f"session {place!r}" if place else "no seat" for place in (given, turn.session))
            return f"position {turn.position}, pupil {turn.pupil!r}: the queue gives {gets}, the plan {has}"
    return None


def load_draw(text: str | bytes) -> Draw:
    """A draw from JSON with `seed`, `seed_hash`, `tickets` and `first` (= 1); other fields of the service's answers
    may stay.

    Raises InvalidProblem, a line for each fault.
    """
    try:
        data: Any = json.loads(text)
    except ValueError:
        raise InvalidProblem(["is no JSON; give the draw as the service publishes it"]) from None
    if not isinstance(data, dict):
        raise InvalidProblem(["is no object; give one with seed, seed_hash and tickets"])
    tickets, first = data.get("tickets"), data.get("first", 1)
    faults = [
        f"{key}: is not a text; give it as published" for key in ("seed", "seed_hash") if type(data.get(key)) is not str
    ]
    if not isinstance(tickets, list) or not all(isinstance(ticket, str) for ticket in tickets):
        faults.append("tickets: is no list of texts; give all tickets, smallest first")
    if type(first) is not int:
        faults.append("first: is no whole number; give the number of the first ticket")
    if faults:
        raise InvalidProblem(faults)
    return Draw(data["seed"], data["seed_hash"], tuple(data["tickets"]), first)


def lottery_faults(pupils: Iterable[Pupil], draw: Draw) -> list[str]:
    """What does not agree between a published draw and the pupils' lottery numbers, a sentence each.

    ticket = SHA-256(seed + ":" + id of the pupil); the smallest has the first number, and so on without gaps. Who has
    no ticket came before or after the draw and has none of its numbers.
    """
    faults = []
    if _sha256(draw.seed) != draw.seed_hash:
        faults.append("the seed is not the one whose hash was published")
    if not draw.tickets:
        faults.append("the draw has no tickets, so it says nothing of any number")
    if any(later <= earlier for earlier, later in pairwise(draw.tickets)):
        faults.append("the tickets are not in order, each once")
    number_of = {ticket: number for number, ticket in enumerate(draw.tickets, start=draw.first)}
    drawn = range(draw.first, draw.first + len(draw.tickets))
    for pupil in pupils:
        number = number_of.get(_sha256(f"{draw.seed}:{pupil.id}"))
        if number is not None and pupil.lottery != number:
            faults.append(f"pupil {pupil.id!r} has number {pupil.lottery}, and their ticket has {number}")
        elif number is None and pupil.lottery in drawn:
            faults.append(f"pupil {pupil.id!r} has number {pupil.lottery} of this draw without a ticket in it")
    return faults


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line(turn: Turn) -> str:
    values = asdict(turn) | {"missed": [{"session": session, "code": code} for session, code in turn.missed]}
    values["class"] = values.pop("class_")
    return json.dumps({key: values[key] for key in LINE}, ensure_ascii=False)


def _rooms(facts: GroupFacts) -> dict[str, Room]:
    """The sessions that are open in the plan."""
    rooms = {}
    for session in sorted(facts.seats_in):
        details = facts.sessions[session]
        present = Counter(
            Team(session, frozenset(shift.mentor.levels)) for shift in facts.shifts if shift.session.id == session
        )
        teams = {team: mentors * details.ratio for team, mentors in present.items()}
        rooms[session] = Room(details.seats, max(1, details.min_pupils), teams)
    return rooms


def _ways(facts: GroupFacts, rooms: Mapping[str, Room], pupil: Pupil) -> tuple[Place, ...]:
    """The places where a pupil may sit, best first."""
    if pupil.id in facts.fixed_seats:
        session = facts.fixed_seats[pupil.id]
        return (Place(session, ANY_LEVEL),) if session in rooms else ()
    return tuple(
        Place(choice, pupil.level)
        for choice in facts.eligible[pupil.id]
        if choice in rooms and any(covers(team, pupil.level) for team in rooms[choice].teams)
    )


def _seat_fixed(seating: Seating, pupil: str) -> None:
    ways = seating.ways[pupil]
    if not ways or not seating.enter(pupil, ways[0]):
        raise CannotOpen(f"fixed pupil {pupil!r} has no room in the session")
    seating.settle(pupil)


def _serve(seating: Seating, line: list[str]) -> None:
    """Keeps whoever can have a seat beside everyone kept so far."""
    for pupil in line:
        if pupil in seating.seat or any(seating.enter(pupil, place) for place in seating.ways[pupil]):
            seating.keep(pupil)
        else:
            seating.settle(pupil)


def _choose(seating: Seating, line: list[str]) -> None:
    """Gives each one served the best choice that leaves everyone served seated and those ahead where they are."""
    for pupil in line:
        if pupil in seating.seat:
            ways = seating.ways[pupil]
            any(seating.move(pupil, place) for place in ways[: ways.index(seating.seat[pupil])])
            seating.settle(pupil)


def _choose_first(seating: Seating, line: list[str]) -> None:
    """Gives each one the best choice that some valid placement has beside those ahead where they are."""
    for pupil in line:
        ways, here = seating.ways[pupil], seating.seat.get(pupil)
        if here is None:
            any(seating.enter(pupil, place) for place in ways)
        else:
            any(seating.move(pupil, place) for place in ways[: ways.index(here)])
        seating.settle(pupil)


def _turn(facts: GroupFacts, rooms: Mapping[str, Room], pupil: Pupil, seat: Place | None) -> Turn:
    session = None if seat is None else seat.session
    choice = pupil.choices.index(session) if session in pupil.choices else None
    fixed = pupil.id in facts.fixed_seats
    better = () if fixed else pupil.choices[:choice]
    return Turn(
        position=facts.position[pupil.id],
        pupil=pupil.id,
        class_=pupil.class_,
        joined=pupil.joined.isoformat(),
        lottery=pupil.lottery,
        session=session,
        choice=choice,
        fixed=fixed,
        missed=tuple((choice, _why(facts, rooms, pupil, choice)) for choice in better),
    )


def _why(facts: GroupFacts, rooms: Mapping[str, Room], pupil: Pupil, choice: str) -> str:
    if choice not in facts.eligible[pupil.id]:
        return "distance"
    if choice not in rooms:
        return "closed"
    return "taken" if any(covers(team, pupil.level) for team in rooms[choice].teams) else "level"
