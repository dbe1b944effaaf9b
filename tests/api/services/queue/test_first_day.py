"""The first meeting is told of the day before, once, and only where the yes has not just done so."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import MeetingState
from api.domain.transitions import Party
from api.services import change
from api.services.queue import first_day, offers
from tests import factories as make
from tests.api.services.queue import worlds

PUPIL = change.by(Party.PUPIL)
DAY = timedelta(days=1)


def seat_with_meetings(session: Session, *days: float, state: MeetingState = MeetingState.PLANNED) -> worlds.QueueWorld:
    """A pupil who sits, and meetings so many days from now."""
    world = worlds.queue_world(session)
    world.join(session, 0)
    for day in days:
        starts = clock.now() + day * DAY
        make.make_meeting(
            session,
            session_id=world.evenings[0].id,
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            state=state if day == days[0] else MeetingState.PLANNED,
        )
    offer = offers.offer_next(session, world.evenings[0], clock.now())
    assert offer is not None
    offers.accept(session, offer, PUPIL)
    return world


def send(session: Session) -> int:
    due = first_day.due_first_days(session, clock.now())
    for one in [*due, *due]:
        first_day.do_first_day(session, one, clock.now())
    return len(due)


def test_pupil_is_told_the_day_before_and_once(session: Session) -> None:
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        world = seat_with_meetings(session, 5, 12)
        assert send(session) == 0
        traveller.shift(4 * DAY)
        assert send(session) == 1
        assert worlds.letters_to(session, world.entries[0]).count("queue_first_day") == 1
        traveller.shift(7 * DAY)
        assert send(session) == 0, "the second meeting is no first"


@pytest.mark.parametrize(
    ("days", "state", "later", "told"),
    [
        ((1,), MeetingState.PLANNED, 0.1, 0),  # the yes said it a moment ago
        ((5, 12), MeetingState.CANCELLED, 4, 0),  # the first is not held
        ((5, 12), MeetingState.CANCELLED, 11, 1),  # so the next is the first
    ],
)
def test_which_meeting_is_the_first(
    session: Session, days: tuple[float, ...], state: MeetingState, later: float, told: int
) -> None:
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        seat_with_meetings(session, *days, state=state)
        traveller.shift(later * DAY)
        assert send(session) == told
