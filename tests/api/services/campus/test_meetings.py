"""Meetings: made for a season, added, moved, cancelled, held; the room is refused by the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import DutyState, MeetingState, Presence
from api.domain.transitions import IllegalStep
from api.errors import Conflict, DoubleBooking, InvalidInput, NotFound
from api.models.group_life import Attendance, ExamBlock
from api.models.groups import Meeting
from api.models.outbox import OutboxMessage
from api.models.places import BlockedDay, Holiday
from api.queries.campus_rules import rules_now
from api.services.campus import meetings
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import SITE, Campus, duty_of, is_booked, make_campus, told


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session, meetings_most=12)


@time_machine.travel(world.BEFORE, tick=False)
def test_season_leaves_out_holidays_blocked_days_and_exams(session: Session, campus: Campus) -> None:
    session.add(Holiday(day=date(2027, 1, 12), name="Test holiday"))
    session.add(
        BlockedDay(municipality_id=campus.municipality.id, from_date=date(2027, 2, 22), to_date=date(2027, 2, 26))
    )
    for mentor in [*campus.mentors, campus.spare][:2]:
        session.add(ExamBlock(mentor_id=mentor.id, from_date=date(2027, 3, 1), to_date=date(2027, 3, 5)))
    session.flush()
    made = meetings.dates(session, campus.group, rules_now(session, campus.programme.id), without=[date(2027, 1, 5)])
    assert len(made.days) == 12
    assert all(day.isoweekday() == 2 for day in made.days)
    assert dict(made.left_out) == {
        date(2027, 1, 5): "chosen",
        date(2027, 1, 12): "holiday",
        date(2027, 2, 23): "blocked",
        date(2027, 3, 2): "exams",
    }


@time_machine.travel(world.BEFORE, tick=False)
def test_added_meeting_has_its_roster_and_is_told(session: Session, campus: Campus) -> None:
    added = meetings.add(session, campus.actor, campus.group.id, {"day": date(2027, 2, 16)})
    assert added.starts_at == datetime(2027, 2, 16, 16, tzinfo=UTC)
    assert all(is_booked(session, mentor, added) for mentor in campus.mentors)
    assert told(session, "campus.meeting_added") == 3 + 1 + 2  # pupils, a guardian, mentors
    event = session.scalars(select(OutboxMessage)).first()
    assert event is not None
    assert event.values is not None
    assert event.values["calendar"]["uid"] == f"meeting-{added.id}@treffpunkt"


@time_machine.travel(world.BEFORE, tick=False)
def test_taken_room_is_refused_by_name(session: Session, campus: Campus) -> None:
    other = make.make_group_session(session, site_id=campus.site.id, programme_id=campus.programme.id)
    with pytest.raises(DoubleBooking, match="Rom 1"):
        meetings.add(session, campus.actor, other.id, {"day": world.day_of(0), "room_id": campus.room.id})
    with pytest.raises(Conflict, match="allerede"):
        meetings.add(session, campus.actor, campus.group.id, {"day": world.day_of(0), "room_id": None})
    assert len(session.scalars(select(Meeting)).all()) == 4


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"day": date(2026, 12, 30)}, "day"),
        ({"day": date(2027, 2, 16), "starts": time(20), "ends": time(19)}, "ends"),
        ({"day": date(2027, 2, 16), "room_id": "another"}, "room"),
    ],
)
@time_machine.travel(world.BEFORE, tick=False)
def test_impossible_meetings_name_the_field(
    session: Session, campus: Campus, given: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        meetings.add(session, campus.actor, campus.group.id, given)
    assert refused.value.field == field


@time_machine.travel(world.BEFORE, tick=False)
def test_move_takes_the_mentors_along(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[1]
    other = make.make_booking(
        session,
        person_id=campus.mentors[1].person_id,
        starts_at=datetime(2027, 1, 27, 16, tzinfo=UTC),
        ends_at=datetime(2027, 1, 27, 17, tzinfo=UTC),
    )
    meetings.move(session, campus.actor, meeting, {"day": date(2027, 1, 27)})
    assert meeting.starts_at == other.starts_at
    assert meeting.version == 2
    assert is_booked(session, campus.mentors[0], meeting)
    assert duty_of(session, campus.mentors[1], meeting).state is DutyState.WITHDRAWN
    assert told(session, "campus.meeting_moved") == 3 + 1 + 1
    assert told(session, "mentor.asked") == 0


@time_machine.travel(world.DAY, tick=False)
def test_move_close_to_the_day_asks_the_mentors(session: Session, campus: Campus) -> None:
    meetings.move(session, campus.actor, campus.meetings[0], {"starts": time(18), "ends": time(20)})
    assert [duty_of(session, one, campus.meetings[0]).state for one in campus.mentors] == [DutyState.ASKED] * 2
    assert not is_booked(session, campus.mentors[0], campus.meetings[0])
    assert told(session, "mentor.asked") == 2
    assert not [row for row in session.scalars(select(OutboxMessage)) if row.channel == "sms"]  # nobody has a phone


@time_machine.travel(world.BEFORE, tick=False)
def test_cancelled_meeting_frees_everyone(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[0]
    meetings.cancel(session, meeting, campus.group, SITE)
    assert meeting.state is MeetingState.CANCELLED
    assert {duty_of(session, one, meeting).state for one in campus.mentors} == {DutyState.WITHDRAWN}
    assert not is_booked(session, campus.mentors[0], meeting)
    message = session.scalars(select(OutboxMessage)).first()
    assert message is not None
    assert message.values is not None
    assert message.values["calendar"]["cancelled"] is True
    with pytest.raises(IllegalStep):
        meetings.cancel(session, meeting, campus.group, SITE)
    with pytest.raises(Conflict):
        meetings.move(session, campus.actor, meeting, {"starts": time(18), "ends": time(20)})


def test_marked_meeting_is_held_when_its_day_is_over(session: Session, campus: Campus) -> None:
    marked, bare = campus.meetings[0], campus.meetings[1]
    session.add(Attendance(meeting_id=marked.id, entry_id=campus.entries[0].id, presence=Presence.HERE))
    session.add(Attendance(meeting_id=bare.id, entry_id=campus.entries[0].id, presence=Presence.TOLD))
    session.flush()
    same_night = world.FIRST + timedelta(hours=3)
    assert meetings.due_hold(session, same_night) == []
    with time_machine.travel(world.FIRST + timedelta(weeks=2), tick=False):
        now = world.FIRST + timedelta(weeks=2)
        assert meetings.due_hold(session, now) == [marked.id]
        meetings.do_hold(session, marked.id, now)
        meetings.do_hold(session, marked.id, now)
    assert marked.state is MeetingState.HELD
    assert {duty_of(session, one, marked).state for one in campus.mentors} == {DutyState.PRESENT}


@time_machine.travel(world.BEFORE, tick=False)
def test_other_sites_leader_finds_nothing(session: Session, campus: Campus) -> None:
    stranger = make_campus(session).actor
    with pytest.raises(NotFound):
        meetings.add(session, stranger, campus.group.id, {"day": date(2027, 2, 16)})
    with pytest.raises(NotFound):
        meetings.move(session, stranger, campus.meetings[0], {"starts": time(18), "ends": time(20)})
