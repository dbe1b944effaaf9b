"""How long an offer of a seat stands, and when it is called to mind."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from api import clock
from api.domain.deadlines import after_working_days, after_working_hours
from api.domain.programme_rules import GroupRules
from api.domain.school_days import days, is_school_day


def expires_at(offered: datetime, starts_on: date, rules: GroupRules, holidays: Collection[date]) -> datetime:
    """When an offer made at `offered` (aware) is no longer good, in a term that starts on `starts_on`.

    Before the start: `offer_days`, in the last `late_weeks` `late_offer_hours`, neither counting days off. After it a
    seat must not stand empty: `running_offer_hours`, or `weekend_offer_hours` where a day off lies in between.
    """
    today = clock.to_oslo(offered).date()
    if today < starts_on - timedelta(weeks=rules.late_weeks):
        return after_working_days(offered, rules.offer_days, holidays)
    if today < starts_on:
        return after_working_hours(offered, rules.late_offer_hours, holidays)
    short = offered + timedelta(hours=rules.running_offer_hours)
    if all(is_school_day(day, holidays) for day in days(today, clock.to_oslo(short).date())):
        return short
    return offered + timedelta(hours=rules.weekend_offer_hours)


def reminds_at(offered: datetime, expires: datetime, rules: GroupRules) -> datetime | None:
    """When an unanswered offer is called to mind, None where it stands too short a time for that."""
    ahead = timedelta(hours=rules.offer_remind_hours)
    return expires - ahead if expires - offered > 2 * ahead else None
