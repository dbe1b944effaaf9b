"""Nobody and no room is taken twice: the database refuses it, even when two writers come at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from api.db import transaction
from api.models.bookings import Booking
from tests import factories as make

HOUR = timedelta(hours=1)
ROUNDS = 20
GUARDS = {
    "sqlite": ["DROP TRIGGER booking_no_overlap_insert", "DROP TRIGGER booking_no_overlap_update"],
    "postgresql": ["ALTER TABLE booking DROP CONSTRAINT ex_booking_person_id"],
}


def book(session: Session, person: str, start: datetime, end: datetime) -> Booking:
    return make.make_booking(session, person_id=person, starts_at=start, ends_at=end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (make.MORNING, make.MORNING + HOUR),
        (make.MORNING - HOUR / 2, make.MORNING + HOUR / 2),
        (make.MORNING + HOUR / 4, make.MORNING + HOUR / 2),
        (make.MORNING - HOUR, make.MORNING + 2 * HOUR),
    ],
)
def test_overlapping_booking_is_refused(session: Session, start: datetime, end: datetime) -> None:
    person = make.make_person(session)
    book(session, person.id, make.MORNING, make.MORNING + HOUR)
    with pytest.raises(IntegrityError, match="ex_booking_person_id"):
        book(session, person.id, start, end)


def test_back_to_back_bookings_are_allowed(session: Session) -> None:
    person = make.make_person(session)
    first = book(session, person.id, make.MORNING, make.MORNING + HOUR)
    second = book(session, person.id, make.MORNING + HOUR, make.MORNING + 2 * HOUR)
    assert first.ends_at == second.starts_at


def test_two_people_may_be_booked_at_one_time(session: Session) -> None:
    people = {make.make_booking(session).person_id for _ in range(2)}
    assert len(people) == 2


def test_released_time_can_be_booked_again(session: Session) -> None:
    person = make.make_person(session)
    first = book(session, person.id, make.MORNING, make.MORNING + HOUR)
    first.released_at = make.MORNING - HOUR
    session.flush()
    assert book(session, person.id, make.MORNING, make.MORNING + HOUR).released_at is None


def test_booking_cannot_be_moved_onto_another(session: Session) -> None:
    person = make.make_person(session)
    book(session, person.id, make.MORNING, make.MORNING + HOUR)
    later = book(session, person.id, make.MORNING + HOUR, make.MORNING + 2 * HOUR)
    later.starts_at = make.MORNING + HOUR / 2
    with pytest.raises(IntegrityError, match="ex_booking_person_id"):
        session.flush()


def test_release_cannot_be_taken_back_when_the_time_is_gone(session: Session) -> None:
    person = make.make_person(session)
    first = book(session, person.id, make.MORNING, make.MORNING + HOUR)
    first.released_at = make.MORNING - HOUR
    session.flush()
    book(session, person.id, make.MORNING, make.MORNING + HOUR)
    first.released_at = None
    with pytest.raises(IntegrityError, match="ex_booking_person_id"):
        session.flush()


def test_room_holds_one_meeting_at_a_time(session: Session) -> None:
    room = make.make_room(session)
    make.make_meeting(session, room_id=room.id)
    with pytest.raises(IntegrityError, match="ex_meeting_room_id"):
        make.make_meeting(session, room_id=room.id)


def test_cancelled_meeting_frees_its_room(session: Session) -> None:
    room = make.make_room(session)
    make.make_meeting(session, room_id=room.id, state="cancelled")
    assert make.make_meeting(session, room_id=room.id).room_id == room.id


def test_meetings_without_a_room_do_not_collide(session: Session) -> None:
    meetings = [make.make_meeting(session) for _ in range(2)]
    assert meetings[0].starts_at == meetings[1].starts_at


def race(attempt: Callable[[], None]) -> int:
    """How many of two writers that start together succeed."""
    start = Barrier(2)

    def writer() -> bool:
        start.wait(timeout=30)
        try:
            attempt()
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        return sum(done.result() for done in [pool.submit(writer) for _ in range(2)])


def race_for_a_person() -> int:
    with transaction() as session:
        person = make.make_person(session).id

    def attempt() -> None:
        with transaction() as session:
            book(session, person, make.MORNING, make.MORNING + HOUR)

    return race(attempt)


def overlaps(engine: Engine) -> int:
    other = aliased(Booking)
    pairs = select(func.count()).where(
        Booking.person_id == other.person_id,
        Booking.id < other.id,
        Booking.starts_at < other.ends_at,
        other.starts_at < Booking.ends_at,
    )
    with Session(engine) as session:
        return session.scalars(pairs).one()


def test_one_of_two_racing_writers_gets_the_person(own_database: Engine) -> None:
    assert [race_for_a_person() for _ in range(ROUNDS)] == [1] * ROUNDS
    assert overlaps(own_database) == 0


def test_both_writers_get_the_person_with_the_guard_off(own_database: Engine) -> None:
    with own_database.begin() as connection:
        for statement in GUARDS[own_database.dialect.name]:
            connection.execute(text(statement))
    assert [race_for_a_person() for _ in range(ROUNDS)] == [2] * ROUNDS
    assert overlaps(own_database) == ROUNDS
