"""The draw: promised before, once, the same for whoever works it out; who comes later stands behind."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState
from api.errors import ConfigurationError
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, Lottery
from api.queries import queue_draw
from api.services.queue import join, lottery
from tests.api.services.queue import worlds


def drawn_world(session: Session, pupils: int = 5) -> tuple[worlds.QueueWorld, Lottery]:
    """A period that has closed and been drawn; the first pupil has yet to confirm."""
    with time_machine.travel(worlds.OPENS, tick=False) as traveller:
        world = worlds.queue_world(session, window=True)
        (window_id,) = lottery.due_commits(session, clock.now())
        lottery.do_commit(session, window_id, clock.now())
        assert lottery.due_commits(session, clock.now()) == []
        for number in range(pupils):
            state = EntryState.WAITING if number else EntryState.UNCONFIRMED
            world.join(session, 0, lottery_number=None, joined_on=worlds.CLOSES.date(), state=state)
        row = session.scalars(select(Lottery)).one()
        assert row.seed is None
        assert lottery.due_draws(session, worlds.CLOSES - timedelta(seconds=1)) == []
        traveller.move_to(worlds.CLOSES)
        assert lottery.due_draws(session, clock.now()) == [row.id]
        lottery.do_draw(session, row.id, clock.now())
        session.expire_all()
    return world, row


def test_seed_is_the_promised_one_and_numbers_follow_from_it(session: Session) -> None:
    world, row = drawn_world(session)
    assert row.seed is not None
    assert hashlib.sha256(row.seed.encode()).hexdigest() == row.seed_hash
    by_ticket = sorted(world.entries, key=lambda one: hashlib.sha256(f"{row.seed}:{one.id}".encode()).hexdigest())
    assert [entry.lottery_number for entry in by_ticket] == [1, 2, 3, 4, 5]
    assert [worlds.moves_of(session, entry) for entry in world.entries] == [[("drawn", "lottery")]] * 5
    told = session.scalars(select(OutboxMessage.person_id).where(OutboxMessage.kind == "queue_drawn")).all()
    assert sorted(filter(None, told)) == sorted(entry.pupil.person_id for entry in world.entries[1:])


def test_draw_happens_once(session: Session) -> None:
    world, row = drawn_world(session)
    numbers = {entry.id: (entry.lottery_number, entry.version) for entry in world.entries}
    lottery.do_draw(session, row.id, worlds.CLOSES + timedelta(hours=1))
    session.expire_all()
    assert {entry.id: (entry.lottery_number, entry.version) for entry in world.entries} == numbers


def test_another_key_cannot_draw(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(worlds.OPENS, tick=False):
        worlds.queue_world(session, window=True)
        lottery.do_commit(session, lottery.due_commits(session, clock.now())[0], clock.now())
    row = session.scalars(select(Lottery)).one()
    monkeypatch.setattr(lottery, "seed_of", lambda _: "0" * 64)
    with pytest.raises(ConfigurationError):
        lottery.do_draw(session, row.id, worlds.CLOSES)
    assert row.seed is None


def test_who_comes_after_the_draw_stands_behind(session: Session) -> None:
    world, _row = drawn_world(session)
    with time_machine.travel(worlds.CLOSES + timedelta(days=3), tick=False):
        late = world.join(
            session,
            0,
            lottery_number=None,
            joined_on=clock.today(),
            state=EntryState.UNCONFIRMED,
            grade=10,
            priority_class=1,
        )
        join.confirm(session, late)
        first = session.get_one(Entry, world.entries[0].id)
        join.confirm(session, first)
    assert (late.state, late.lottery_number) == (EntryState.WAITING, 6)
    assert first.joined_on == worlds.CLOSES.date()


def test_anyone_checks_their_own_number(client: FlaskClient, session: Session) -> None:
    world, row = drawn_world(session)
    entry = world.entries[2]
    page = client.get(f"/elev/trekning/{row.id}?pamelding={entry.id}&lang=en").get_data(as_text=True)
    assert f"number {entry.lottery_number} of {len(world.entries)}." in page
    assert client.get("/elev/trekning").status_code == 200
    told = client.get(f"/api/v1/lotteries/{row.id}").get_json()
    tickets = client.get(f"/api/v1/lotteries/{row.id}/tickets").get_json()
    mine = hashlib.sha256(f"{told['seed']}:{entry.id}".encode()).hexdigest()
    assert tickets["first"] + tickets["tickets"].index(mine) == entry.lottery_number
    assert client.get(f"/elev/trekning/{row.id}/lodd.txt").get_data(as_text=True).split() == tickets["tickets"]
    (found,) = queue_draw.draws(session)
    assert queue_draw.check(found, queue_draw.drawn(session, found), "0" * 36) is None


def test_seed_is_not_told_before_the_draw(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(worlds.OPENS, tick=False):
        worlds.queue_world(session, window=True)
        lottery.do_commit(session, lottery.due_commits(session, clock.now())[0], clock.now())
    row = session.scalars(select(Lottery)).one()
    told = client.get(f"/api/v1/lotteries/{row.id}").get_json()
    assert (told["seed"], told["seed_hash"]) == (None, row.seed_hash)
    assert lottery.seed_of(row.id) not in client.get(f"/elev/trekning/{row.id}").get_data(as_text=True)
    assert client.get(f"/api/v1/lotteries/{row.id}/tickets").get_json()["tickets"] == []
