"""Hours for pay, thin evenings, thin rosters, unmarked meetings, reminders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import ExceptionState, MembershipState, Presence
from api.errors import NotFound
from api.models.follow_up import ExceptionItem
from api.models.group_life import Attendance
from api.models.pupils import Membership
from api.services import change, exports
from api.services.campus import hours, meetings, stand_ins, warnings
from tests import campus_world as world
from tests import factories as make
from tests.api.counting import count_queries
from tests.campus_world import SITE, Campus, duty_of, make_campus, told


@pytest.fixture
def campus(session: Session) -> Campus:
    return make_campus(session)


def one_line(session: Session) -> ExceptionItem:
    return session.scalars(select(ExceptionItem)).one()


def test_hours_follow_who_was_present(session: Session, campus: Campus) -> None:
    campus.spare.person.name = "=HYPERLINK(1)"
    with time_machine.travel(world.DAY, tick=False):
        stand_ins.be_away(session, duty_of(session, campus.mentors[0], campus.meetings[0]), SITE)
        stand_ins.accept(session, duty_of(session, campus.spare, campus.meetings[0]), SITE)
    with time_machine.travel(world.EVENING + world.WEEK * 2, tick=False):
        for meeting in campus.meetings[:2]:
            meetings.hold(session, meeting, SITE)
        month = hours.of_month(session, campus.actor, campus.site.id, date(2027, 1, 31))
        with pytest.raises(NotFound):
            hours.of_month(session, make_campus(session).actor, campus.site.id, date(2027, 1, 1))
    by_mentor = {row.mentor_id: (row.meetings, row.substituted, row.minutes) for row in month.rows}
    assert by_mentor == {
        campus.mentors[0].id: (1, 0, 120),
        campus.mentors[1].id: (2, 0, 240),
        campus.spare.id: (1, 1, 120),
    }
    assert (month.meetings, month.minutes, month.unmarked) == (4, 480, 0)
    lines = exports.write("csv", *hours.sheet(month)).decode("utf-8-sig").splitlines()
    assert "'=HYPERLINK(1);1;1;2,00" in lines
    assert lines[-1].endswith("4;1;8,00")


def test_thin_evening_warns_two_weeks_before_the_start(session: Session, campus: Campus) -> None:
    campus.group.min_pupils = 6
    waiting = make.make_entry(session, campus.group)
    session.flush()
    assert warnings.due_underfilled(session, world.FIRST - timedelta(weeks=3)) == []
    near = world.FIRST - timedelta(days=10)
    assert warnings.due_underfilled(session, near) == [campus.group.id]
    warnings.do_underfilled(session, campus.group.id, near)
    warnings.do_underfilled(session, campus.group.id, near)
    line = one_line(session)
    assert (line.reason["seated"], line.reason["least"], line.reason["waiting"]) == (3, 6, 1)
    assert line.remedy["code"] == "send_offers"
    assert warnings.due_underfilled(session, near) == []
    campus.group.min_pupils = 3
    session.flush()
    assert warnings.due_underfilled(session, near) == [campus.group.id]
    warnings.do_underfilled(session, campus.group.id, near)
    assert one_line(session).state is ExceptionState.RESOLVED
    assert waiting.id


def test_thin_roster_is_told_within_the_notice(session: Session, campus: Campus) -> None:
    campus.group.min_mentors = 3
    session.flush()
    now = world.FIRST - timedelta(days=10)
    due = warnings.due_thin_rosters(session, now)
    assert due == [campus.meetings[0].id]
    warnings.do_thin_roster(session, due[0], now)
    assert (one_line(session).kind, one_line(session).reason["adults"]) == ("too_few_mentors", 2)
    assert warnings.due_thin_rosters(session, now) == []


def test_unmarked_meeting_becomes_a_line(session: Session, campus: Campus) -> None:
    evening = world.FIRST + timedelta(hours=4)
    assert warnings.due_not_marked(session, evening) == []
    next_day = world.FIRST + timedelta(days=1)
    assert warnings.due_not_marked(session, next_day) == [campus.meetings[0].id]
    warnings.do_not_marked(session, campus.meetings[0].id, next_day)
    warnings.do_not_marked(session, campus.meetings[0].id, next_day)
    assert one_line(session).remedy["code"] == "mark_attendance"
    session.add(Attendance(meeting_id=campus.meetings[0].id, entry_id=campus.entries[0].id, presence=Presence.HERE))
    session.flush()
    with time_machine.travel(next_day, tick=False):
        meetings.do_hold(session, campus.meetings[0].id, next_day)
    assert one_line(session).state is ExceptionState.RESOLVED


def test_empty_session_is_no_trouble(session: Session, campus: Campus) -> None:
    for member in session.scalars(select(Membership)).all():
        change.move(session, member, "end", SITE, values={"to_date": world.day_of(0)})
    assert {row.state for row in session.scalars(select(Membership))} == {MembershipState.ENDED}
    assert warnings.due_not_marked(session, world.FIRST + timedelta(days=1)) == []


def test_mentors_are_reminded_once(session: Session, campus: Campus) -> None:
    now = world.FIRST - timedelta(hours=24)
    assert warnings.due_reminders(session, now - timedelta(days=1)) == []
    with time_machine.travel(now, tick=False):
        due = warnings.due_reminders(session, now)
        assert len(due) == 2
        for duty_id in due:
            warnings.do_remind(session, duty_id, now)
            warnings.do_remind(session, duty_id, now)
    assert told(session, "mentor.reminder") == 2
    assert warnings.due_reminders(session, now) == []


@pytest.mark.parametrize(
    "due",
    [warnings.due_thin_rosters, warnings.due_underfilled, warnings.due_not_marked, warnings.due_reminders],
)
def test_looks_ask_as_much_of_one_campus_as_of_three(
    session: Session, campus: Campus, due: Callable[[Session, datetime], list[str]]
) -> None:
    now = world.FIRST - timedelta(hours=24)
    with count_queries(session) as one:
        due(session, now)
    for _ in range(2):
        more = make_campus(session)
        more.group.programme_id = campus.group.programme_id
    session.flush()
    session.expunge_all()
    with count_queries(session) as three:
        due(session, now)
    assert three.total == one.total <= 2
