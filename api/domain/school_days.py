"""Which days schools can be visited, and counting by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

FRIDAY = 5
AUGUST = 8


def months_before(day: date, months: int) -> date:
    """The same day of the month, so many months earlier; the last day of that month where it is shorter."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))


def days(first: date, last: date) -> Iterator[date]:
    """Every date from first to last, both included; none when last is before first."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def is_school_day(day: date, holidays: Collection[date]) -> bool:
    """Monday to Friday and no public holiday."""
    return day.isoweekday() <= FRIDAY and day not in holidays


def after_school_days(day: date, count: int, holidays: Collection[date]) -> date:
    """The first school day with at least `count` school days between `day` and itself; `day` counts as neither."""
    passed = -1
    while passed < count:
        day += timedelta(days=1)
        passed += is_school_day(day, holidays)
    return day


def school_year(day: date) -> int:
    """The school year of a day, by the year of its autumn: it runs from 1 August to 31 July."""
    return day.year if day.month >= AUGUST else day.year - 1
