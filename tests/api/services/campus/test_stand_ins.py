"""A mentor is away: the others are asked, the first yes has it, the leader hears when too few are left."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import DutyState, ExceptionState
from api.domain.transitions import IllegalStep
from api.errors import Conflict
from api.models.follow_up import ExceptionItem
from api.models.group_life import Duty
from api.models.outbox import OutboxMessage
from api.services import outbox
from api.services.campus import stand_ins
from tests import campus_world as world
from tests import factories as make
from tests.campus_world import SITE, Campus, duty_of, is_booked, make_campus, told


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


def lines(session: Session) -> list[tuple[str, ExceptionState]]:
    return [(row.kind, row.state) for row in session.scalars(select(ExceptionItem).order_by(ExceptionItem.id))]


@time_machine.travel(world.DAY, tick=False)
def test_away_asks_who_could_come_and_tells_the_leader(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[0]
    make.make_mentor(session, site_id=campus.site.id, trained_on=None)
    busy = make.make_mentor(session, site_id=campus.site.id)
    make.make_booking(session, person_id=busy.person_id, starts_at=meeting.starts_at, ends_at=meeting.ends_at)
    asked = stand_ins.be_away(session, duty_of(session, campus.mentors[0], meeting), SITE)
    assert [duty.mentor_id for duty in asked] == [campus.spare.id]
    assert not is_booked(session, campus.mentors[0], meeting)
    assert told(session, "mentor.can_you_come") == 1
    line = session.scalars(select(ExceptionItem)).one()
    assert (line.kind, line.site_id, line.remedy["code"]) == ("too_few_mentors", campus.site.id, "cancel_meeting")
    assert (line.reason["adults"], line.reason["least"], line.reason["pupils"]) == (1, 2, 3)
    assert line.person_id == campus.mentors[0].person_id


@time_machine.travel(world.DAY, tick=False)
def test_first_yes_wins_and_the_rest_are_told(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[0]
    other = make.make_mentor(session, site_id=campus.site.id)
    stand_ins.be_away(session, duty_of(session, campus.mentors[0], meeting), SITE)
    stand_ins.accept(session, duty_of(session, campus.spare, meeting), SITE)
    assert is_booked(session, campus.spare, meeting)
    late = duty_of(session, other, meeting)
    assert late.state is DutyState.WITHDRAWN
    assert told(session, "mentor.filled") == 1
    with pytest.raises(IllegalStep):
        stand_ins.accept(session, late, SITE)
    assert lines(session) == [("too_few_mentors", ExceptionState.RESOLVED)]
    with pytest.raises(Conflict):
        stand_ins.come_after_all(session, duty_of(session, campus.mentors[0], meeting), SITE)


@time_machine.travel(world.DAY, tick=False)
def test_second_yes_loses_even_while_still_asked(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[0]
    other = make.make_mentor(session, site_id=campus.site.id)
    stand_ins.be_away(session, duty_of(session, campus.mentors[0], meeting), SITE)
    first, second = duty_of(session, campus.spare, meeting), duty_of(session, other, meeting)
    make.make_booking(
        session,
        person_id=first.mentor.person_id,
        meeting_id=meeting.id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
    )
    first.state = DutyState.PLANNED
    session.flush()
    with pytest.raises(IllegalStep, match="raskere"):
        stand_ins.accept(session, second, SITE)


@time_machine.travel(world.DAY, tick=False)
def test_well_again_takes_the_duty_back(session: Session, campus: Campus) -> None:
    duty = duty_of(session, campus.mentors[0], campus.meetings[0])
    stand_ins.be_away(session, duty, SITE)
    stand_ins.come_after_all(session, duty, SITE)
    assert (duty.state, is_booked(session, campus.mentors[0], campus.meetings[0])) == (DutyState.PLANNED, True)
    assert duty_of(session, campus.spare, campus.meetings[0]).state is DutyState.WITHDRAWN
    assert lines(session) == [("too_few_mentors", ExceptionState.RESOLVED)]


@time_machine.travel(world.DAY, tick=False)
def test_full_week_is_not_asked(session: Session, campus: Campus) -> None:
    campus.spare.max_sessions = campus.spare.contracted = 0
    session.flush()
    assert stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE) == []


@time_machine.travel(world.DAY, tick=False)
def test_pupils_hear_of_fewer_mentors_once(session: Session, campus: Campus) -> None:
    meeting = campus.meetings[0]
    stand_ins.be_away(session, duty_of(session, campus.mentors[0], meeting), SITE)
    assert stand_ins.due_tell_fewer(session, world.DAY) == []
    near = meeting.starts_at - timedelta(hours=2)
    assert stand_ins.due_tell_fewer(session, near) == [meeting.id]
    with time_machine.travel(near, tick=False):
        stand_ins.do_tell_fewer(session, meeting.id, near)
        stand_ins.do_tell_fewer(session, meeting.id, near)
    assert told(session, "campus.fewer_mentors") == 3 + 1


@time_machine.travel(world.EVENING, tick=False)
def test_mail_to_a_stand_in_goes_to_the_phone_too(
    session: Session, campus: Campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "has_sms", lambda _: True)
    campus.spare.person.phone = "00000000"
    meeting = campus.meetings[1]
    duty = duty_of(session, campus.mentors[0], meeting)
    with time_machine.travel(meeting.starts_at - timedelta(hours=8), tick=False):
        stand_ins.be_away(session, duty, SITE)
    channels = [row.channel.value for row in session.scalars(select(OutboxMessage))]
    assert sorted(channels) == ["mail", "sms"]
    assert session.scalars(select(Duty).where(Duty.substitute)).one().mentor_id == campus.spare.id
