"""Weekly sessions: set up with their meetings, changed with them, given up so that pupils wait where they stood."""

from __future__ import annotations

from datetime import time

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import DutyState, EntryState, MeetingState, MembershipState, OfferState, SessionState
from api.errors import AppError, Conflict, DoubleBooking, InvalidInput, NotFound
from api.models.group_life import Duty, MentorAssignment
from api.models.groups import Meeting
from api.models.pupils import Membership
from api.services.campus import sessions
from api.services.queue import offers
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import Campus, is_booked, make_campus, told


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


def wanted(campus: Campus, **given: object) -> dict[str, object]:
    return {
        "season_id": campus.group.season_id,
        "programme_id": campus.programme.id,
        "site_id": campus.site.id,
        "room_id": campus.room.id,
        "weekday": 4,
        "starts": time(17),
        "ends": time(19),
        "seats": 20,
        **given,
    }


@time_machine.travel(world.BEFORE, tick=False)
def test_new_evening_has_its_meetings(session: Session, campus: Campus) -> None:
    group, made = sessions.create(session, campus.actor, wanted(campus))
    rows = session.scalars(select(Meeting).where(Meeting.session_id == group.id)).all()
    assert (len(rows), len(made.days), group.min_mentors, group.ratio) == (12, 12, 2, 8)
    assert {row.room_id for row in rows} == {campus.room.id}


@time_machine.travel(world.BEFORE, tick=False)
@pytest.mark.parametrize(
    ("given", "fault", "field"),
    [
        ({"weekday": 2}, DoubleBooking, "room"),
        ({"seats": 41}, InvalidInput, "seats"),
        ({"min_mentors": 1}, InvalidInput, "min_mentors"),
        ({"ends": time(16)}, InvalidInput, "ends"),
        ({"room_id": "elsewhere"}, InvalidInput, "room"),
        ({"season_id": "none"}, InvalidInput, "season"),
        ({"site_id": "another"}, NotFound, None),
    ],
)
def test_impossible_evenings_name_the_field(
    session: Session, campus: Campus, given: dict[str, object], fault: type[AppError], field: str | None
) -> None:
    with pytest.raises(fault) as refused:
        sessions.create(session, campus.actor, wanted(campus, **given))
    assert refused.value.field == field


@time_machine.travel(world.BEFORE, tick=False)
def test_new_time_takes_meetings_and_mentors_along(session: Session, campus: Campus) -> None:
    sessions.change_session(
        session, campus.actor, campus.group, {"weekday": 3, "starts": time(18), "ends": time(20), "min_pupils": 3}
    )
    assert [one.starts_at for one in campus.meetings] == [
        world.FIRST.replace(day=20, hour=17) + world.WEEK * number for number in range(4)
    ]
    assert all(is_booked(session, mentor, one) for mentor in campus.mentors for one in campus.meetings)
    assert told(session, "campus.session_changed") == 3 + 1 + 2
    assert told(session, "campus.meeting_moved") == 0


@time_machine.travel(world.BEFORE, tick=False)
def test_seats_never_fall_below_those_who_sit(session: Session, campus: Campus) -> None:
    with pytest.raises(Conflict) as refused:
        sessions.change_session(session, campus.actor, campus.group, {"seats": 2})
    assert refused.value.field == "seats"
    with pytest.raises(NotFound):
        sessions.change_session(session, make_campus(session).actor, campus.group, {"seats": 9})


@time_machine.travel(world.DAY, tick=False)
def test_given_up_evening_frees_everyone(session: Session, campus: Campus) -> None:
    make.make_entry(session, campus.group)
    sessions.cancel(session, campus.actor, campus.group)
    assert campus.group.state is SessionState.CANCELLED
    assert {one.state for one in session.scalars(select(Meeting))} == {MeetingState.CANCELLED}
    assert {one.state for one in session.scalars(select(Duty))} == {DutyState.WITHDRAWN}
    assert {one.state for one in session.scalars(select(Membership))} == {MembershipState.ENDED}
    assert {entry.state for entry in campus.entries} == {EntryState.WAITING}
    assert all(row.to_date is not None for row in session.scalars(select(MentorAssignment)))
    assert told(session, "mentor.session_cancelled") == 2
    assert told(session, "queue_released") == 3
    with pytest.raises(Conflict):
        sessions.cancel(session, campus.actor, campus.group)


@time_machine.travel(world.DAY, tick=False)
def test_who_was_offered_a_seat_there_is_told_and_stands_where_they_stood(session: Session, campus: Campus) -> None:
    offered = make.make_entry(session, campus.group, level_id=campus.level.id)
    (offer,) = offers.fill(session, campus.group, world.DAY)
    number = offered.lottery_number
    sessions.cancel(session, campus.actor, campus.group)
    session.refresh(offered)
    assert offer.state is OfferState.WITHDRAWN
    assert (offered.state, offered.lottery_number, offered.silences) == (EntryState.WAITING, number, 0)
    assert told(session, "queue_withdrawn") == 1
