"""The roster of an approved plan becomes the live one; the share of meetings that a pupil attended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import MeetingState, Presence, ProgrammeKind, RunKind
from api.domain.transitions import Party
from api.models.bookings import Booking
from api.models.group_life import Attendance, Duty, ExamBlock, MentorAssignment
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.plan_rows import PlanMentor, PlanSession
from api.models.planning import Plan
from api.services import change
from api.services.campus import duties
from api.services.campus.attendance import attendance_share
from api.services.campus.roster import take_over
from tests import factories as make

SITE = change.by(Party.SITE)
FIRST = datetime(2027, 1, 19, 16, tzinfo=UTC)
TODAY = datetime(2027, 1, 8, 9, tzinfo=UTC)  # the first meeting is closer than 14 days


@pytest.fixture
def group(session: Session) -> GroupSession:
    """A session with four weekly meetings."""
    group = make.make_group_session(session)
    for week in range(4):
        starts = FIRST + timedelta(weeks=week)
        make.make_meeting(session, session_id=group.id, starts_at=starts, ends_at=starts + timedelta(hours=2))
    return group


def plan_of(session: Session, group: GroupSession, *mentors: Mentor) -> Plan:
    rules = make.make_rule_version(session, programme_id=group.programme_id, number=2 + make._number())
    run = make.make_run(session, kind=RunKind.GROUP, season_id=group.season_id, rule_version_id=rules.id)
    plan = make.make_plan(session, run=run)
    session.add(PlanSession(plan_id=plan.id, session_id=group.id))
    session.flush()
    session.add_all([PlanMentor(plan_id=plan.id, session_id=group.id, mentor_id=one.id) for one in mentors])
    session.flush()
    return plan


def duties_of(session: Session, mentor: Mentor) -> list[str]:
    return [
        duty.state.value
        for duty in session.scalars(
            select(Duty).join(Meeting).where(Duty.mentor_id == mentor.id).order_by(Meeting.starts_at)
        )
    ]


def booked(session: Session, mentor: Mentor) -> int:
    rows = select(Booking).where(Booking.person_id == mentor.person_id, Booking.released_at.is_(None))
    return len(session.scalars(rows).all())


@time_machine.travel(TODAY, tick=False)
def test_plan_makes_assignments_duties_and_bookings(session: Session, group: GroupSession) -> None:
    mentor = make.make_mentor(session)
    plan = plan_of(session, group, mentor)
    changed = take_over(session, plan.id, [group.site_id], SITE)
    assert duties_of(session, mentor) == ["asked", "planned", "planned", "planned"]
    assert booked(session, mentor) == 3
    assert len(changed.asked) == 1
    assert [row.plan_id for row in session.scalars(select(MentorAssignment))] == [plan.id]
    again = take_over(session, plan.id, [group.site_id], SITE)
    assert (again.begun, again.ended, again.asked, again.left_out) == ([], [], [], [])


@time_machine.travel(TODAY, tick=False)
def test_dropped_mentor_keeps_what_is_close(session: Session, group: GroupSession) -> None:
    old, new = make.make_mentor(session), make.make_mentor(session)
    take_over(session, plan_of(session, group, old).id, [group.site_id], SITE)
    first = session.scalars(select(Duty).join(Meeting).order_by(Meeting.starts_at)).first()
    assert first is not None
    change.move(session, first, "accept", SITE)
    changed = take_over(session, plan_of(session, group, new).id, [group.site_id], SITE)
    assert duties_of(session, old) == ["planned", "withdrawn", "withdrawn", "withdrawn"]
    assert [row.to_date for row in changed.ended] == [date(2027, 1, 19)]
    assert booked(session, old) == 0  # the asked duty was accepted without its booking by this test
    assert duties_of(session, new) == ["asked", "planned", "planned", "planned"]


@time_machine.travel(TODAY, tick=False)
def test_another_site_is_left_alone(session: Session, group: GroupSession) -> None:
    mentor = make.make_mentor(session)
    plan = plan_of(session, group, mentor)
    take_over(session, plan.id, [make.make_site(session).id], SITE)
    assert duties_of(session, mentor) == []


@time_machine.travel(TODAY, tick=False)
def test_mentor_is_left_out_where_something_is_against_it(session: Session, group: GroupSession) -> None:
    untrained = make.make_mentor(session, trained_on=None)
    busy = make.make_mentor(session)
    examined = make.make_mentor(session)
    third = FIRST + timedelta(weeks=2)
    make.make_booking(session, person_id=busy.person_id, starts_at=third, ends_at=third + timedelta(hours=1))
    session.add(ExamBlock(mentor_id=examined.id, from_date=date(2027, 2, 1), to_date=date(2027, 2, 5)))
    changed = take_over(session, plan_of(session, group, untrained, busy, examined).id, [group.site_id], SITE)
    assert duties_of(session, untrained) == []
    assert duties_of(session, busy) == ["asked", "planned", "planned"]
    assert duties_of(session, examined) == ["asked", "planned", "planned"]
    assert sorted(reason for _, _, reason in changed.left_out) == ["exams", *["not_ready"] * 4, "taken"]


@time_machine.travel(TODAY, tick=False)
def test_a_duty_whose_time_is_taken_in_the_last_instant_is_not_left_behind(
    session: Session, group: GroupSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = make.make_mentor(session)
    third = FIRST + timedelta(weeks=2)
    make.make_booking(session, person_id=busy.person_id, starts_at=third, ends_at=third + timedelta(hours=1))
    monkeypatch.setattr(duties, "free_at", lambda _session, _mentor, meetings: {one.id for one in meetings})
    changed = take_over(session, plan_of(session, group, busy).id, [group.site_id], SITE)
    assert [reason for _, _, reason in changed.left_out] == ["taken"]
    assert duties_of(session, busy) == ["asked", "planned", "planned"]


def test_share_counts_held_meetings_of_the_pupils_own_time(session: Session, group: GroupSession) -> None:
    entry = make.make_entry(session, group)
    make.make_membership(session, entry_id=entry.id, session_id=group.id, from_date=date(2027, 1, 20))
    meetings = session.scalars(select(Meeting).order_by(Meeting.starts_at)).all()
    assert attendance_share(session, entry.pupil_id, group.programme_id, 2026) is None
    for meeting in meetings[:3]:
        meeting.state = MeetingState.HELD
    meetings[3].state = MeetingState.CANCELLED
    session.add(Attendance(meeting_id=meetings[0].id, entry_id=entry.id, presence=Presence.HERE))
    session.add(Attendance(meeting_id=meetings[1].id, entry_id=entry.id, presence=Presence.HERE))
    session.add(Attendance(meeting_id=meetings[2].id, entry_id=entry.id, presence=Presence.TOLD))
    session.flush()
    assert attendance_share(session, entry.pupil_id, group.programme_id, 2026) == 0.5
    assert attendance_share(session, entry.pupil_id, group.programme_id, 2027) is None
    other = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    assert attendance_share(session, entry.pupil_id, other.id, 2026) is None
