"""Two mentors say yes at once to stepping in for one: the first has it. With the control."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.enums import DutyState
from api.domain.transitions import IllegalStep
from api.models.bookings import Booking
from api.models.group_life import Duty
from api.models.groups import Meeting
from api.services.campus import stand_ins
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import SITE, duty_of, make_campus

ROUNDS = pytest.mark.parametrize("rounds", [4, pytest.param(30, marks=pytest.mark.long)])


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(world.DAY, tick=False):
        yield


def asked_for_one() -> list[str]:
    """A mentor is away, and two others are asked; the ids of what they are asked."""
    with transaction() as session:
        campus = make_campus(session)
        make.make_mentor(session, site_id=campus.site.id)
        asked = stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE)
        return [duty.id for duty in asked]


def yes_at_once(duties: list[str]) -> list[str]:
    """Which of the yeses went through."""
    start = Barrier(len(duties))

    def say_yes(duty_id: str) -> str | None:
        start.wait(timeout=20)
        try:
            with transaction() as session:
                stand_ins.accept(session, session.get_one(Duty, duty_id), SITE)
        except IllegalStep:
            return None
        return duty_id

    with ThreadPoolExecutor(len(duties)) as pool:
        return [one for one in pool.map(say_yes, duties) if one is not None]


@ROUNDS
def test_of_two_yeses_to_one_stand_in_one_has_it(own_database: Engine, rounds: int) -> None:
    for _ in range(rounds):
        asked = asked_for_one()
        assert len(asked) == 2
        (winner,) = yes_at_once(asked)
        (late,) = set(asked) - {winner}
        with reading() as session:
            states = {one: session.get_one(Duty, one).state for one in asked}
            booked = session.scalars(
                select(Booking.person_id).where(
                    Booking.meeting_id == session.get_one(Duty, winner).meeting_id, Booking.released_at.is_(None)
                )
            ).all()
        assert states == {winner: DutyState.PLANNED, late: DutyState.WITHDRAWN}
        assert len(booked) == 2


def test_both_have_it_where_each_sees_what_stood_before(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a look at who is missing that does not wait for the other's yes."""

    def before_either(_session: Session, _meeting: Meeting) -> int:
        return 1

    monkeypatch.setattr(stand_ins, "missing", before_either)
    assert len(yes_at_once(asked_for_one())) == 2
