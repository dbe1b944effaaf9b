"""Deadlines of the follow-up: properties over two years with holidays, week 53 and both nights of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import clock
from api.domain.deadlines import (
    after_working_days,
    after_working_hours,
    invitation_clock,
    is_silence_episode,
    monday_of,
    object_by,
    promise_told_at,
    school_days_before,
    send_time,
)
from api.domain.programme_rules import VisitRules
from api.domain.school_days import days, is_school_day

RULES = VisitRules()
FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 12, 31)
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
holiday_sets = st.frozensets(st.dates(FIRST.date(), LAST.date()), max_size=30)
NO_HOLIDAYS: frozenset[date] = frozenset()


def working_days_between(first: date, last: date, holidays: frozenset[date]) -> int:
    """After `first`, up to and with `last`."""
    return sum(is_school_day(day, holidays) for day in days(first + timedelta(days=1), last))


@given(moments, st.integers(0, 15), holiday_sets)
def test_working_days_keep_the_time_of_day_and_count_no_day_off(
    moment: datetime, count: int, holidays: frozenset[date]
) -> None:
    found = clock.to_local(after_working_days(moment, count, holidays))
    local = clock.to_local(moment)
    assert working_days_between(local.date(), found.date(), holidays) == count
    assert count == 0 or is_school_day(found.date(), holidays)
    # the hour that spring leaves out is the one after
    assert found.time() == local.time() or (local.hour == 2 and found.hour == 3)


@given(moments, st.integers(0, 200), holiday_sets)
def test_working_hours_end_on_a_working_day_and_give_no_less(
    moment: datetime, hours: int, holidays: frozenset[date]
) -> None:
    found = after_working_hours(moment, hours, holidays)
    local, start = clock.to_local(found), clock.to_local(moment)
    assert is_school_day(local.date(), holidays)
    given_days = working_days_between(start.date(), local.date(), holidays)
    assert given_days >= hours // 24
    assert given_days <= hours // 24 + 2
    assert after_working_hours(moment, hours + 24, holidays) >= found


@given(moments, st.integers(1, 120), holiday_sets)
def test_an_invitation_reminds_before_it_ends_and_ends_before_the_visit(
    sent_at: datetime, days_ahead: int, holidays: frozenset[date]
) -> None:
    starts_at = sent_at + timedelta(days=days_ahead)
    found = invitation_clock(sent_at, starts_at, RULES, holidays)
    assert sent_at <= found.answer_by <= starts_at
    assert all(sent_at <= one < found.answer_by for one in found.reminders)
    assert list(found.reminders) == sorted(found.reminders)
    assert found.near == (starts_at <= after_working_days(sent_at, 10, holidays))
    last = clock.to_local(found.answer_by).date()
    if not found.near:
        assert working_days_between(clock.to_local(sent_at).date(), last, holidays) == 5
        assert len(found.reminders) == 2


def test_the_days_of_the_screens() -> None:
    """Sent on Friday 26 February 2027 at noon: reminded on Tuesday and Thursday, over on Friday 5 March at noon."""
    noon = clock.at_local(date(2027, 2, 26), time(12))
    found = invitation_clock(noon, clock.at_local(date(2027, 4, 20), time(9)), RULES, NO_HOLIDAYS)
    assert [clock.to_local(one) for one in (*found.reminders, found.answer_by)] == [
        datetime(2027, 3, 2, 12),
        datetime(2027, 3, 4, 12),
        datetime(2027, 3, 5, 12),
    ]


def test_a_close_visit_has_a_day_and_two_days() -> None:
    noon = clock.at_local(date(2027, 2, 22), time(12))
    found = invitation_clock(noon, clock.at_local(date(2027, 3, 4), time(9)), RULES, NO_HOLIDAYS)
    assert [clock.to_local(one) for one in (*found.reminders, found.answer_by)] == [
        datetime(2027, 2, 23, 12),
        datetime(2027, 2, 24, 12),
    ]


def test_objecting_has_two_days_without_a_weekend() -> None:
    assert clock.to_local(object_by(clock.at_local(date(2027, 2, 26), time(12)), RULES, NO_HOLIDAYS)) == datetime(
        2027, 3, 2, 12
    )


@given(moments)
def test_sending_is_at_noon_and_at_least_half_an_hour_away(approved_at: datetime) -> None:
    found = send_time(approved_at, RULES)
    assert clock.to_local(found).time() == time(12)
    assert timedelta(minutes=30) <= found - approved_at < timedelta(hours=25, minutes=30)


@pytest.mark.parametrize(
    ("approved", "sent"),
    [
        (datetime(2027, 2, 26, 11, 30), datetime(2027, 2, 26, 12)),
        (datetime(2027, 2, 26, 11, 31), datetime(2027, 2, 27, 12)),
        (datetime(2027, 3, 27, 23, 50), datetime(2027, 3, 28, 12)),
        (datetime(2027, 10, 30, 12, 0), datetime(2027, 10, 31, 12)),
    ],
)
def test_half_an_hour_decides_the_noon(approved: datetime, sent: datetime) -> None:
    assert clock.to_local(send_time(clock.from_local(approved), RULES)) == sent


@given(st.dates(FIRST.date(), LAST.date()), st.integers(0, 20), holiday_sets)
def test_school_days_before_are_counted_back(day: date, count: int, holidays: frozenset[date]) -> None:
    found = school_days_before(day, count, holidays)
    assert sum(is_school_day(one, holidays) for one in days(found, day - timedelta(days=1))) == count


def test_week_53_begins_on_its_monday_and_a_promise_is_told_at_noon() -> None:
    assert monday_of(date(2027, 1, 3)) == date(2026, 12, 28)
    assert monday_of(date(2026, 12, 31)).isocalendar()[:2] == (2026, 53)
    assert clock.to_local(promise_told_at(date(2027, 3, 12), RULES)) == datetime(2027, 3, 12, 12)


@pytest.mark.parametrize(
    ("holidays", "off", "away_until", "counts"),
    [
        (set(), set(), None, True),
        ({date(2027, 3, 3)}, set(), None, False),
        ({date(2027, 2, 28)}, set(), None, True),
        (set(), {date(2027, 3, 1)}, None, False),
        (set(), set(), date(2027, 2, 26), False),
        (set(), set(), date(2027, 2, 25), True),
    ],
)
def test_silence_in_holidays_or_while_away_tells_nothing(
    holidays: set[date], off: set[date], away_until: date | None, counts: bool
) -> None:
    sent, over = clock.at_local(date(2027, 2, 26), time(12)), clock.at_local(date(2027, 3, 5), time(12))
    assert is_silence_episode(sent, over, holidays, off, away_until) is counts
