"""Whatever pupils do in whatever order: the queue is kept, no seat is sold twice, and each offer ends once."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from typing import Any

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, MembershipState, OfferReason, QueueMove
from api.domain.queue import queue_key
from api.domain.transitions import Party
from api.models.group_life import QueueEvent, SeatOffer
from api.models.pupils import Entry, Membership
from api.services import change
from api.services.queue import due, leave, offers, seats
from tests.api.services.follow_up.live import mails_leave
from tests.api.services.queue import worlds

PUPIL, SITE = change.by(Party.PUPIL), change.by(Party.SITE)
ACTS = ("join", "join_other", "offer", "yes", "stay", "no", "silence", "leave", "release", "change")
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.booleans()), min_size=4, max_size=16)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_queue_is_kept_whatever_happens(session: Session, steps: list[tuple[str, int, bool]]) -> None:
    with contextlib.ExitStack() as after, time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        inside = session.begin_nested()
        after.callback(session.expire_all)
        after.callback(inside.rollback)
        world = worlds.queue_world(session, seats=2)
        for _ in range(3):
            world.join(session, 0, 1)
        for act, which, flag in steps:
            traveller.shift(timedelta(minutes=1))
            before = lines(session, world)
            last = set(session.scalars(select(SeatOffer.id)))
            do(session, world, act, which, flag)
            session.expire_all()
            check_seats(session, world)
            if act == "offer":
                check_order(session, before, last)
        check_endings(session)
        assert worlds.broken_rules(session, world) == set()


def do(session: Session, world: worlds.QueueWorld, act: str, which: int, flag: bool) -> None:
    """One act of somebody, where there is anybody for it."""
    entry = world.entries[which % len(world.entries)]
    offer = offers.open_offer(session, entry.id)
    if act.startswith("join"):
        choices = (0, 1) if flag else (1, 0)
        world.join(session, *choices, level_id=world.other.id if act == "join_other" else world.level.id)
    elif act == "offer":
        offers.offer_next(session, world.evenings[which % 2], clock.now())
    elif act in ("yes", "stay") and offer is not None:
        offers.accept(session, offer, PUPIL, stay=act == "stay")
    elif act == "no" and offer is not None:
        offers.decline(session, offer, PUPIL)
    elif act == "silence" and offer is not None:
        mails_leave(session)
        due.do_expiry(session, offer.id, offer.expires_at)
    elif act == "leave":
        leave.leave(session, entry, PUPIL)
    elif act == "release" and (member := seats.members.active_seat(session, entry.id)) is not None:
        seats.release(session, member, SITE, seats.ABSENCE)
    elif act == "change" and entry.state is not EntryState.LEFT:
        order = world.evenings if flag else world.evenings[::-1]
        leave.change_wishes(session, entry, {"choices": [row.id for row in order]}, PUPIL)


def lines(session: Session, world: worlds.QueueWorld) -> dict[str, list[dict[str, Any]]]:
    """By session who wishes for a seat in it, first in line first, counted anew from the rows."""
    found: dict[str, list[dict[str, Any]]] = {row.id: [] for row in world.evenings}
    for entry in session.scalars(select(Entry).where(Entry.season_id == world.season.id)):
        member = seats.members.active_seat(session, entry.id)
        ranks = {choice.session_id: choice.rank for choice in entry.choices}
        for session_id, rank in ranks.items():
            waits = entry.state is EntryState.WAITING
            swaps = member is not None and entry.stays_in_line and rank < ranks.get(member.session_id, 99)
            if waits or swaps:
                has_offer = offers.open_offer(session, entry.id) is not None
                why = "open_offer" if has_offer else "level" if entry.level_id == world.other.id else None
                found[session_id].append({"id": entry.id, "swap": not waits, "key": queue_key(entry), "why": why})
    for claims in found.values():
        claims.sort(key=lambda claim: (not claim["swap"], claim["key"]))
    return found


def check_order(session: Session, before: dict[str, list[dict[str, Any]]], known: set[str]) -> None:
    """A new offer went to the first in line; everyone in front was skipped, with a reason that is true."""
    new = [offer for offer in session.scalars(select(SeatOffer)) if offer.id not in known]
    for offer in new:
        claims = before[offer.session_id]
        position = [claim["id"] for claim in claims].index(offer.entry_id)
        assert claims[position]["swap"] == (offer.reason is OfferReason.SWAP)
        events = session.scalars(select(QueueEvent).where(QueueEvent.move == QueueMove.SKIPPED))
        told = {event.entry_id: event.rule for event in events if event.detail["offer"] == offer.id}
        assert told == {claim["id"]: claim["why"] for claim in claims[:position]}
        assert None not in told.values()


def check_seats(session: Session, world: worlds.QueueWorld) -> None:
    """No seat twice, no pupil twice, no room too full."""
    members = session.scalars(select(Membership).where(Membership.state == MembershipState.ACTIVE)).all()
    open_ = worlds.open_offers(session)
    taken = Counter((row.session_id, row.seat) for row in [*members, *open_])
    assert all(count == 1 for count in taken.values())
    assert max(Counter(row.entry_id for row in members).values(), default=1) == 1
    assert max(Counter(row.entry_id for row in open_).values(), default=1) == 1
    assert all(seat <= 2 for _session, seat in taken)
    placed = set(session.scalars(select(Entry.id).where(Entry.state == EntryState.PLACED)))
    assert placed == {row.entry_id for row in members}


def check_endings(session: Session) -> None:
    """An offer is accepted, declined or expired once, and never both."""
    ends = (QueueMove.ACCEPTED, QueueMove.SWAPPED, QueueMove.DECLINED, QueueMove.EXPIRED)
    events = session.scalars(select(QueueEvent).where(QueueEvent.move.in_(ends)))
    assert max(Counter(event.detail["offer"] for event in events).values(), default=1) == 1
