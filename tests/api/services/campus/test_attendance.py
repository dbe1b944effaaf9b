"""Attendance: one tap, the later one stands; untold absences raise a line, coming again closes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import EntryState, ExceptionState, MembershipState, Presence
from api.domain.permissions import Actor, Grant, Role
from api.errors import Conflict, InvalidInput, NotFound
from api.models.follow_up import ExceptionItem
from api.models.group_life import Attendance
from api.models.groups import Mentor
from api.models.people import Person
from api.models.pupils import Membership
from api.queries import campus_attendance
from api.services.campus import attendance, meetings, stand_ins
from api.services.campus.attendance import Mark
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import SITE, Campus, duty_of, make_campus


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


def as_mentor(session: Session, campus: Campus, mentor: Mentor) -> Actor:
    return Actor("a mentor", frozenset({Grant(Role.MENTOR, campus.site.id)}), person_id=mentor.person_id)


def stay_away(session: Session, campus: Campus, *numbers: int, entry: int = 0) -> None:
    for number in numbers:
        with time_machine.travel(world.EVENING + world.WEEK * number, tick=False):
            attendance.mark(
                session,
                campus.actor,
                campus.meetings[number].id,
                [Mark(campus.entries[entry].id, Presence.NOT_TOLD)],
            )


def line(session: Session) -> ExceptionItem:
    return session.scalars(select(ExceptionItem).where(ExceptionItem.kind == "absent")).one()


@time_machine.travel(world.EVENING, tick=False)
def test_later_tap_stands_and_repeats_change_nothing(session: Session, campus: Campus) -> None:
    entry, meeting = campus.entries[0], campus.meetings[0]
    early, late = world.EVENING - timedelta(minutes=9), world.EVENING - timedelta(minutes=2)
    actor = campus.actor
    user = make.make_user(session)
    actor = Actor(user.id, actor.grants, person_id=user.person_id)
    attendance.mark(session, actor, meeting.id, [Mark(entry.id, Presence.HERE, late)])
    attendance.mark(session, actor, meeting.id, [Mark(entry.id, Presence.NOT_TOLD, early)])
    attendance.mark(session, actor, meeting.id, [Mark(entry.id, Presence.HERE, late)])
    row = session.scalars(select(Attendance)).one()
    assert (row.presence, row.marked_at, row.walk_in) == (Presence.HERE, late, False)


@time_machine.travel(world.EVENING, tick=False)
def test_mentor_marks_own_meeting_on_its_day_only(session: Session, campus: Campus) -> None:
    mentor = as_mentor(session, campus, campus.mentors[0])
    spare = as_mentor(session, campus, campus.spare)
    marks = [Mark(campus.entries[0].id, Presence.HERE)]
    with pytest.raises(NotFound):
        attendance.mark(session, spare, campus.meetings[0].id, marks)
    with pytest.raises(NotFound):
        attendance.mark(session, mentor, campus.meetings[1].id, marks)
    stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE)
    with pytest.raises(NotFound):
        attendance.mark(session, mentor, campus.meetings[0].id, marks)
    with pytest.raises(NotFound):
        attendance.mark(session, make_campus(session).actor, campus.meetings[0].id, marks)
    assert session.scalars(select(Attendance)).all() == []


@time_machine.travel(world.EVENING, tick=False)
def test_walk_ins_are_of_the_same_queue(session: Session, campus: Campus) -> None:
    waiting = make.make_entry(session, campus.group)
    attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(waiting.id, Presence.HERE)])
    assert session.scalars(select(Attendance)).one().walk_in is True
    stranger = make.make_entry(session)
    with pytest.raises(InvalidInput):
        attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(stranger.id, Presence.HERE)])
    with pytest.raises(InvalidInput):
        attendance.mark(session, campus.actor, campus.meetings[1].id, [Mark(waiting.id, Presence.HERE)])


def test_second_untold_absence_calls_third_may_release(session: Session, campus: Campus) -> None:
    stay_away(session, campus, 0)
    assert session.scalars(select(ExceptionItem)).all() == []
    stay_away(session, campus, 1)
    told = line(session)
    guardian = session.scalars(select(Person).where(Person.name == "Foresatt")).one()
    assert (told.remedy["code"], told.reason["times"], told.person_id) == ("call_home", 2, guardian.id)
    assert told.site_id == campus.site.id
    member = session.scalars(select(Membership).where(Membership.entry_id == campus.entries[0].id)).one()
    with time_machine.travel(world.EVENING + world.WEEK, tick=False), pytest.raises(Conflict):
        attendance.release_seat(session, campus.actor, member.id)
    stay_away(session, campus, 2)
    assert line(session).remedy["code"] == "release_seat"
    with time_machine.travel(world.EVENING + world.WEEK * 2, tick=False):
        with pytest.raises(NotFound):
            attendance.release_seat(session, make_campus(session).actor, member.id)
        attendance.release_seat(session, campus.actor, member.id)
    session.refresh(member)
    session.refresh(campus.entries[0])
    assert (member.state, campus.entries[0].state) == (MembershipState.ENDED, EntryState.WAITING)
    assert (line(session).state, line(session).resolution) == (ExceptionState.RESOLVED, "release_seat")


def test_coming_again_closes_the_line(session: Session, campus: Campus) -> None:
    stay_away(session, campus, 0, 1)
    with time_machine.travel(world.EVENING + world.WEEK * 2, tick=False):
        attendance.mark(session, campus.actor, campus.meetings[2].id, [Mark(campus.entries[0].id, Presence.HERE)])
    assert (line(session).state, line(session).resolution) == (ExceptionState.RESOLVED, "came_again")


def test_cancelled_meetings_and_told_absences_never_count(session: Session, campus: Campus) -> None:
    stay_away(session, campus, 0)
    with time_machine.travel(world.EVENING, tick=False):
        meetings.cancel(session, campus.meetings[0], campus.group, SITE)
    with time_machine.travel(world.EVENING + world.WEEK, tick=False):
        attendance.mark(session, campus.actor, campus.meetings[1].id, [Mark(campus.entries[0].id, Presence.TOLD)])
        with pytest.raises(Conflict):
            attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(campus.entries[0].id, Presence.HERE)])
    stay_away(session, campus, 2)
    assert session.scalars(select(ExceptionItem)).all() == []


def test_nobody_is_named_for_a_protected_pupil(session: Session, campus: Campus) -> None:
    campus.entries[0].pupil.protected = True
    stay_away(session, campus, 0, 1)
    assert line(session).person_id is None
    assert line(session).reason["number"] == campus.entries[0].lottery_number


@time_machine.travel(world.EVENING, tick=False)
def test_walk_in_stays_one_after_getting_a_seat_and_raises_no_line(session: Session, campus: Campus) -> None:
    waiting = make.make_entry(session, campus.group, level_id=campus.level.id)
    attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(waiting.id, Presence.HERE)])
    attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(waiting.id, Presence.NOT_TOLD)])
    row = session.scalars(select(Attendance)).one()
    assert (row.walk_in, row.presence) == (True, Presence.NOT_TOLD)
    assert session.scalars(select(ExceptionItem)).all() == []
    rows = campus_attendance.attendance_list(session, campus.meetings[0], campus.group, None)
    assert [one.walk_in for one in rows] == [False, False, False, True]
    assert campus_attendance.could_walk_in(session, campus.group, campus.meetings[0]) == []
    later = campus_attendance.could_walk_in(session, campus.group, campus.meetings[1])
    assert [entry for entry, _name in later] == [waiting.id]


@time_machine.travel(world.EVENING, tick=False)
def test_who_left_the_queue_or_is_not_confirmed_cannot_walk_in(session: Session, campus: Campus) -> None:
    for state in (EntryState.LEFT, EntryState.UNCONFIRMED):
        gone = make.make_entry(session, campus.group, state=state)
        with pytest.raises(InvalidInput):
            attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(gone.id, Presence.HERE)])


@time_machine.travel(world.EVENING, tick=False)
def test_pupil_of_another_evening_who_comes_by_keeps_the_seat_there(session: Session, campus: Campus) -> None:
    other = make.make_group_session(
        session, site_id=campus.site.id, programme_id=campus.programme.id, season_id=campus.group.season_id
    )
    entry = make.make_entry(session, other, state=EntryState.PLACED)
    make.make_membership(session, entry_id=entry.id, session_id=other.id)
    attendance.mark(session, campus.actor, campus.meetings[0].id, [Mark(entry.id, Presence.HERE)])
    seat = session.scalars(select(Membership).where(Membership.entry_id == entry.id)).one()
    assert (seat.session_id, seat.state) == (other.id, MembershipState.ACTIVE)
    assert session.scalars(select(Attendance)).one().walk_in is True
