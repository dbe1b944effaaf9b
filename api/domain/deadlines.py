"""When things fall due in the follow-up of visits: plain functions of moments, rules and holidays.

A deadline that a person has to meet counts working days only (Monday to Friday, no public holiday) and keeps the time
of day in Norway, so that a clock change never moves it. Moments in and out are aware; those out are in UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from api import clock
from api.domain.programme_rules import GroupRules, VisitRules
from api.domain.promise import next_working_day
from api.domain.school_days import days, is_school_day

HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class InvitationClock:
    """When an invitation reminds, soonest first, and when silence counts as no. near: the visit is close."""

    reminders: tuple[datetime, ...]
    answer_by: datetime
    near: bool


def after_working_days(moment: datetime, count: int, holidays: Collection[date]) -> datetime:
    """The same time of day on the `count`-th working day after the moment's own day; `count` at least 0."""
    local = clock.to_local(moment)
    day = local.date()
    for _ in range(count):
        day = next_working_day(day, holidays)
    return clock.at_local(day, local.time())


def after_working_hours(moment: datetime, hours: int, holidays: Collection[date]) -> datetime:
    """A moment on a working day, so many hours of working days later; 24 hours are one working day.

    hours: at least 0. What would fall on a day off comes at the same time of the next working day.
    """
    whole, rest = divmod(hours, HOURS_A_DAY)
    local = clock.to_local(after_working_days(moment, whole, holidays)) + timedelta(hours=rest)
    day = local.date()
    if not is_school_day(day, holidays):
        day = next_working_day(day, holidays)
    return clock.at_local(day, local.time())


def is_near(sent_at: datetime, visit_starts_at: datetime, rules: VisitRules, holidays: Collection[date]) -> bool:
    """Whether a visit is so close that an invitation to it has the short deadlines."""
    return visit_starts_at <= after_working_days(sent_at, rules.near_working_days, holidays)


def invitation_clock(
    sent_at: datetime, visit_starts_at: datetime, rules: VisitRules, holidays: Collection[date]
) -> InvitationClock:
    """Reminders and deadline of an invitation that leaves at `sent_at`; the deadline is never past the visit start."""
    near = is_near(sent_at, visit_starts_at, rules, holidays)
    if near:
        after = [rules.near_remind_hours]
        answer_by = after_working_hours(sent_at, rules.near_silence_hours, holidays)
    else:
        after = [rules.remind_hours, rules.later_remind_hours]
        answer_by = after_working_days(sent_at, rules.silence_working_days, holidays)
    answer_by = min(answer_by, max(visit_starts_at, sent_at))
    reminders = sorted(after_working_hours(sent_at, hours, holidays) for hours in after)
    return InvitationClock(tuple(one for one in reminders if one < answer_by), answer_by, near)


def object_by(sent_at: datetime, rules: VisitRules, holidays: Collection[date]) -> datetime:
    """Until when somebody who was told of a visit may object."""
    return after_working_hours(sent_at, rules.objection_hours, holidays)


def send_time(approved_at: datetime, rules: VisitRules | GroupRules) -> datetime:
    """When what was approved leaves: the next `send_hour` in Norway that is at least `send_minutes` away."""
    soonest = clock.to_local(approved_at) + timedelta(minutes=rules.send_minutes)
    day = soonest.date()
    if clock.at_local(day, time(rules.send_hour)) < approved_at + timedelta(minutes=rules.send_minutes):
        day += timedelta(days=1)
    return clock.at_local(day, time(rules.send_hour))


def school_days_before(day: date, count: int, holidays: Collection[date]) -> date:
    """The day `count` school days before `day`; `count` at least 0."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_school_day(day, holidays):
            day -= timedelta(days=1)
    return day


def promise_told_at(answer_on: date, rules: VisitRules) -> datetime:
    """When a promise for this day that is not kept is said to be late: that day, at the hour of sending."""
    return clock.at_local(answer_on, time(rules.send_hour))


def is_silence_episode(
    sent_at: datetime, answer_by: datetime, holidays: Collection[date], off: Collection[date], away_until: date | None
) -> bool:
    """Whether a silence tells something of the person: not in a time with holidays or with days the person was away.

    off: days on which the person or the school has no time. away_until: the person's last day away, if any.
    """
    first, last = clock.to_oslo(sent_at).date(), clock.to_oslo(answer_by).date()
    if away_until is not None and away_until >= first:
        return False
    return not any(day in off or (day.isoweekday() <= 5 and day in holidays) for day in days(first, last))


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
