"""What the judge asks of a repaired plan: that it says truly who was moved and dropped."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from matcher.check_common import Violation, unsorted
from matcher.plan import GroupPlan, Held, Plan, Visit, VisitPlan, plan_sha256


def held_as(visit: Visit) -> Held:
    """The visit as a repair names it."""
    people = tuple(sorted(person.id for person in visit.role_models))
    return Held(option=visit.option, start=visit.start, mode=visit.mode, role_models=people)


def wrong_moves(plan: Plan, now: Mapping[str, Any], known: Container[str]) -> Iterator[str]:
    """What `moved` and `dropped` say that the plan itself denies. `now`: where everyone served is, by id."""
    if plan.based_on is None and (plan.moved or plan.dropped):
        yield "moved or dropped are listed, and based_on names no plan before"
    told, count = plan.certificate.settings.get("moved"), len(plan.moved) + len(plan.dropped)
    if isinstance(told, dict) and (told.get("value") != count or told.get("bound") not in range(count + 1)):
        yield f"certificate.settings.moved says {told.get('value')}, at least {told.get('bound')}; {count} are listed"
    yield from unsorted("moved", [move.id for move in plan.moved])
    yield from unsorted("dropped", [drop.id for drop in plan.dropped])
    for move in plan.moved:
        if move.from_ == move.to:
            yield f"{move.id!r} is listed as moved and stays"
        if now.get(move.id) != move.to:
            yield f"{move.id!r} is not where moved says"
    for drop in plan.dropped:
        if drop.id in now or drop.id not in known:
            yield f"{drop.id!r} is listed as dropped and is {'served' if drop.id in now else 'unknown'}"


def based_on(old: Plan, new: Plan) -> list[Violation]:
    """Where the new plan tells wrongly what became of the old one: each a violation of `based_on`; empty when true."""
    return [Violation("based_on", message) for message in _untold(old, new)]


def _untold(old: Plan, new: Plan) -> Iterator[str]:
    if old.format != new.format:
        yield f"a {new.format} cannot be based on a {old.format}"
        return
    expected = plan_sha256(old)
    if new.based_on != expected:
        yield f"the plan is based on {(new.based_on or 'nothing')[:12]!r}, this is {expected[:12]!r}"
    was, now = _where(old), _where(new)
    left_out = (
        {item.pupil for item in new.unserved} if isinstance(new, GroupPlan) else {i.request for i in new.unserved}
    )
    moved = {key: (place, now[key]) for key, place in was.items() if key in now and now[key] != place}
    dropped = {key: place for key, place in was.items() if key in left_out}
    yield from _differences("moved", moved, {move.id: (move.from_, move.to) for move in new.moved})
    yield from _differences("dropped", dropped, {drop.id: drop.from_ for drop in new.dropped})
    if isinstance(old, GroupPlan) and isinstance(new, GroupPlan):
        asked = {(stand.mentor, stand.session) for stand in new.new_stands}
        if asked != _stands(new) - _stands(old):
            yield "new_stands are not the stands that the plan before had not"


def _where(plan: Plan) -> dict[str, Any]:
    """Where everyone served is: a pupil's session, how a request is held."""
    if isinstance(plan, VisitPlan):
        return {visit.request: held_as(visit) for visit in plan.visits}
    return {pupil: entry.session for entry in plan.sessions for mentor in entry.mentors for pupil in mentor.pupils}


def _stands(plan: GroupPlan) -> set[tuple[str, str]]:
    return {(mentor.id, entry.session) for entry in plan.sessions for mentor in entry.mentors}


def _differences(what: str, true: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(true.keys() | told.keys()):
        if key not in told:
            yield f"{key!r} is {what} and not listed"
        elif true.get(key) != told[key]:
            yield f"{key!r} is listed as {what}, which the plan before does not bear out"
