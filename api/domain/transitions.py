"""Every change of state there is: one table, from which docs/states.md is drawn and by which services move rows.

A row that is not in the table cannot happen: `step` refuses it. Who is concerned (`by`) says which kind of actor may
cause it; which one exactly, the service asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from api.errors import Conflict


class Party(StrEnum):
    """Who causes a change. `coordination`: coordinator, deputy, assistant. `site`: leader and mentors of a campus."""

    SYSTEM = "system"
    SCHOOL = "school"
    ROLE_MODEL = "role_model"
    COMPANY = "company"
    COORDINATION = "coordination"
    SITE = "site"
    PUPIL = "pupil"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a `thing` (a table) by an `event`. sources: the states it may come from; "" before there is a row."""

    thing: str
    event: str
    sources: tuple[str, ...]
    target: str
    by: frozenset[Party]


class IllegalStep(Conflict):
    """The row is not in a state from which this can happen."""

    default_code = "illegal_step"


def _step(thing: str, event: str, sources: str, target: str, by: str) -> Step:
    """Words apart by blanks; `-` stands for no row yet."""
    return Step(
        thing,
        event,
        tuple("" if source == "-" else source for source in sources.split()),
        target,
        frozenset(Party(party) for party in by.split()),
    )


# thing, event, from, to, by
STEPS: tuple[Step, ...] = (
    _step("request", "draft", "-", "unconfirmed", "school"),
    _step("request", "order", "-", "open", "school coordination"),
    _step("request", "confirm", "unconfirmed", "open", "school coordination"),
    _step("request", "lapse", "unconfirmed", "cancelled", "system"),
    _step("request", "serve", "open declined", "visit", "system coordination school"),
    _step("request", "reopen", "visit declined", "open", "system coordination school"),
    _step("request", "decline", "open", "declined", "system coordination"),
    _step("request", "cancel", "unconfirmed open visit declined", "cancelled", "school coordination"),
    _step("request", "merge", "unconfirmed open declined", "cancelled", "coordination"),
    _step("visit", "propose", "-", "planned", "system coordination school"),
    _step("visit", "confirm", "planned", "confirmed", "system role_model coordination"),
    _step("visit", "ask_again", "confirmed", "planned", "system role_model company coordination"),
    _step("visit", "move", "planned confirmed", "planned", "system role_model coordination school"),
    _step("visit", "hold", "confirmed", "held", "school role_model coordination system"),
    _step("visit", "fall_through", "planned confirmed", "fell_through", "system role_model coordination"),
    _step("visit", "cancel", "planned confirmed", "cancelled", "school coordination"),
    _step("visit", "undo", "planned confirmed", "cancelled", "coordination"),
    _step("invitation", "queue", "-", "queued", "system coordination school"),
    _step("invitation", "notify", "-", "accepted", "system coordination"),
    _step("invitation", "send", "queued", "sent", "system"),
    _step("invitation", "accept", "queued sent", "accepted", "role_model coordination"),
    _step("invitation", "decline", "queued sent", "declined", "role_model coordination"),
    _step("invitation", "object", "accepted", "declined", "role_model coordination"),
    _step("invitation", "expire", "sent", "expired", "system"),
    _step("invitation", "fall_through", "accepted", "fell_through", "role_model coordination"),
    _step("invitation", "withdraw", "queued sent accepted", "withdrawn", "system coordination school"),
    _step("alternative", "hold", "-", "open", "system"),
    _step("alternative", "choose", "open", "chosen", "school coordination"),
    _step("alternative", "lapse", "open", "lapsed", "system"),
    _step("alternative", "take", "open", "taken", "system"),
    _step("plan_approval", "approve", "-", "approved", "coordination site"),
    _step("plan_approval", "send", "approved", "sent", "system coordination site"),
    _step("plan_approval", "undo", "approved", "undone", "coordination site"),
    _step("role_model", "register", "-", "unconfirmed", "company coordination role_model"),
    _step("role_model", "confirm", "unconfirmed active paused", "active", "role_model"),
    _step("role_model", "pause", "active", "paused", "system role_model coordination"),
    _step("role_model", "resume", "paused", "active", "role_model coordination"),
    _step("role_model", "leave", "unconfirmed active paused", "left", "system role_model company coordination"),
    _step("entry", "draft", "-", "unconfirmed", "pupil"),
    _step("entry", "join", "-", "waiting", "site coordination"),
    _step("entry", "rejoin", "left", "unconfirmed", "pupil"),
    _step("entry", "confirm", "unconfirmed", "waiting", "pupil"),
    _step("entry", "lapse", "unconfirmed", "left", "system"),
    _step("entry", "place", "waiting", "placed", "pupil site system"),
    _step("entry", "unseat", "placed", "waiting", "pupil site system"),
    _step("entry", "leave", "unconfirmed waiting placed", "left", "pupil site system"),
    _step("seat_offer", "offer", "-", "open", "system site"),
    _step("seat_offer", "accept", "open", "accepted", "pupil"),
    _step("seat_offer", "decline", "open", "declined", "pupil"),
    _step("seat_offer", "expire", "open", "expired", "system"),
    _step("seat_offer", "withdraw", "open", "withdrawn", "system site pupil"),
    _step("membership", "seat", "-", "active", "pupil site system"),
    _step("membership", "end", "active", "ended", "pupil site system"),
    _step("group_session", "open", "-", "active", "site"),
    _step("group_session", "cancel", "active", "cancelled", "site"),
    _step("meeting", "plan", "-", "planned", "site system"),
    _step("meeting", "hold", "planned", "held", "site system"),
    _step("meeting", "cancel", "planned", "cancelled", "site system"),
    _step("duty", "ask", "-", "asked", "site system"),
    _step("duty", "plan", "-", "planned", "site system"),
    _step("duty", "accept", "asked", "planned", "site"),
    _step("duty", "decline", "asked", "declined", "site"),
    _step("duty", "ask_again", "declined withdrawn", "asked", "site system"),
    _step("duty", "plan_again", "declined withdrawn", "planned", "site system"),
    _step("duty", "withdraw", "asked planned away", "withdrawn", "system site"),
    _step("duty", "be_away", "planned present", "away", "site"),
    _step("duty", "return", "away", "planned", "site"),
    _step("duty", "be_present", "planned away", "present", "site system"),
    _step("exception_item", "raise", "-", "open", "system coordination site"),
    _step("exception_item", "resolve", "open", "resolved", "coordination site system"),
    _step("school_asking", "ask", "- no_answer will_order not_now not_asked", "asked", "coordination"),
    _step("school_asking", "miss", "- asked will_order not_now not_asked", "no_answer", "coordination"),
    _step("school_asking", "promise", "- asked no_answer not_now not_asked", "will_order", "coordination"),
    _step("school_asking", "turn_down", "- asked no_answer will_order not_asked", "not_now", "coordination"),
    _step("school_asking", "take_back", "asked no_answer will_order not_now", "not_asked", "coordination"),
)
_BY_EVENT = {(step.thing, step.event): step for step in STEPS}


def step(thing: str, event: str) -> Step:
    """The step of this event. Raises LookupError when there is none: that is a mistake in the code."""
    return _BY_EVENT[thing, event]


def things(steps: Iterable[Step] = STEPS) -> list[str]:
    """Everything that has states, in the table's order."""
    return list(dict.fromkeys(one.thing for one in steps))
