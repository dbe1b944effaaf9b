"""One of several at once wins: yes against silence, two times yes, one seat for two. Each with its control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.enums import MembershipState, OfferState, QueueMove
from api.domain.transitions import IllegalStep, Party
from api.models.group_life import QueueEvent, SeatOffer
from api.models.groups import GroupSession
from api.models.pupils import Membership
from api.services import change
from api.services.queue import offers
from tests.api.services.queue import worlds

CONTROLS = 4
ROUNDS = pytest.mark.parametrize("rounds", [20, pytest.param(100, marks=pytest.mark.long)])
PUPIL = change.by(Party.PUPIL)


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    with time_machine.travel(worlds.RUNNING, tick=False):
        yield


def open_offers(rounds: int) -> list[str]:
    """So many open offers, each of another evening to another pupil."""
    with transaction() as session:
        world = worlds.queue_world(session, evenings=7)
        made = []
        for number in range(rounds):
            evening = world.evenings[number % 7]
            evening.seats, evening.ratio = number // 7 + 1, rounds
            world.join(session, number % 7)
            offer = offers.offer_next(session, evening, worlds.RUNNING)
            assert offer is not None
            made.append(offer.id)
        return made


def at_once(*acts: Callable[[Session], Any]) -> list[str]:
    """Each act in a transaction of its own, all at the same moment. Returns the names of those that went through."""
    ready = Barrier(len(acts))

    def go(act: Callable[[Session], Any]) -> str | None:
        ready.wait()
        try:
            with transaction() as session:
                act(session)
        except (IllegalStep, IntegrityError):
            return None
        return act.__name__

    with ThreadPoolExecutor(len(acts)) as pool:
        return [name for name in pool.map(go, acts) if name is not None]


def yes_and_silence(offer_id: str) -> list[str]:
    """A yes just before the deadline and the scheduler just after it."""

    def accept(session: Session) -> None:
        offers.accept(session, session.get_one(SeatOffer, offer_id), PUPIL)

    def expire(session: Session) -> None:
        offer = session.get_one(SeatOffer, offer_id)
        offers.expire(session, offer, offer.expires_at + timedelta(seconds=1))

    return at_once(accept, expire)


def yes_twice(offer_id: str) -> list[str]:
    def accept(session: Session) -> None:
        offers.accept(session, session.get_one(SeatOffer, offer_id), PUPIL)

    return at_once(accept, accept)


def unguarded(session: Session, row: Any, event: str, who: change.By, **given: Any) -> None:
    """The control: writes the state whatever it is by now."""
    target = change._allowed(row, event, who).target
    session.flush()
    values = {"state": target, **(given.get("values") or {})}
    session.execute(update(type(row)).where(type(row).id == row.id).values(**values))
    session.refresh(row)


@ROUNDS
def test_yes_against_silence_has_one_winner(own_database: Engine, rounds: int) -> None:
    ids = open_offers(rounds)
    winners = Counter(tuple(yes_and_silence(offer_id)) for offer_id in ids)
    assert set(winners) <= {("accept",), ("expire",)}
    with reading() as session:
        states = dict(session.execute(select(SeatOffer.id, SeatOffer.state).where(SeatOffer.id.in_(ids))).all())
        seated = set(session.scalars(select(Membership.entry_id)))
        entries = dict(session.execute(select(SeatOffer.id, SeatOffer.entry_id).where(SeatOffer.id.in_(ids))).all())
        moves = session.execute(select(QueueEvent.move, QueueEvent.detail)).all()
    ended = Counter(
        detail["offer"] for move, detail in moves if move in (QueueMove.ACCEPTED, QueueMove.EXPIRED, QueueMove.SWAPPED)
    )
    assert set(states.values()) <= {OfferState.ACCEPTED, OfferState.EXPIRED}
    assert all(ended[offer_id] == 1 for offer_id in ids)
    for offer_id in ids:
        assert (entries[offer_id] in seated) == (states[offer_id] is OfferState.ACCEPTED)


def test_yes_and_silence_both_win_without_the_guard(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = open_offers(CONTROLS)
    monkeypatch.setattr(change, "move", unguarded)
    assert any(len(yes_and_silence(offer_id)) == 2 for offer_id in ids)


@ROUNDS
def test_two_times_yes_is_one_seat(own_database: Engine, rounds: int) -> None:
    ids = open_offers(rounds)
    assert all(yes_twice(offer_id) == ["accept"] for offer_id in ids)
    with reading() as session:
        assert len(session.scalars(select(Membership.id)).all()) == rounds


@ROUNDS
def test_one_seat_is_offered_once(own_database: Engine, rounds: int) -> None:
    with transaction() as session:
        world = worlds.queue_world(session, seats=1, evenings=1)
        session_id = world.evenings[0].id
        for _ in range(rounds + 1):
            world.join(session, 0)

    def offer(session: Session) -> None:
        offers.offer_next(session, session.get_one(GroupSession, session_id), worlds.RUNNING)

    for _ in range(rounds):
        assert at_once(offer, offer) == ["offer", "offer"]
        with transaction() as session:
            (found,) = worlds.open_offers(session)
            offers.withdraw(session, found, change.SYSTEM)
            worlds.drop_wish(session, found)


def test_one_seat_is_offered_twice_at_once_only_where_nobody_takes_turns(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what taking turns prevents, the database refuses; on SQLite writers always take turns."""
    with transaction() as session:
        world = worlds.queue_world(session, seats=1, evenings=1)
        first, second = world.join(session, 0), world.join(session, 0)
        held = world.evenings[0]
        made = [
            SeatOffer(
                entry_id=one.id,
                session_id=held.id,
                seat=1,
                reason="queue",
                expires_at=worlds.RUNNING + timedelta(days=1),
            )
            for one in (first, second)
        ]
    with pytest.raises(IntegrityError), transaction() as session:
        session.add_all(made)
    with reading() as session:
        assert session.scalars(select(Membership.id).where(Membership.state == MembershipState.ACTIVE)).all() == []
