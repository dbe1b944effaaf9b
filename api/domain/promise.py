"""When a school hears: the promise date ("svar innen") that a request is given."""

from collections.abc import Collection
from datetime import date, timedelta

from api.domain.school_days import is_school_day

WORKING_DAYS = 10


def promise_date(today: date, holidays: Collection[date], *, published: date | None = None) -> date:
    """A window's published date where there is one, else the day 10 working days after `today`."""
    if published is not None:
        return published
    day = today
    for _ in range(WORKING_DAYS):
        day = next_working_day(day, holidays)
    return day


def next_working_day(day: date, holidays: Collection[date]) -> date:
    """The first working day after `day`: Monday to Friday, no public holiday."""
    day += timedelta(days=1)
    while not is_school_day(day, holidays):
        day += timedelta(days=1)
    return day
