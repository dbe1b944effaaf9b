"""When jobs are due: each day once, also on the nights when the clock is moved, and never in the hour that moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from api.clock import to_oslo
from scheduler.jobs import JOBS
from scheduler.when import Daily, When, daily, every

SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)


def due_between(when: When, start: datetime, end: datetime) -> list[datetime]:
    found = []
    moment = start
    while (moment := when.next_due(moment)) < end:
        found.append(moment)
    return found


@pytest.mark.parametrize("middle", [SPRING, AUTUMN])
def test_daily_job_is_due_once_a_day_over_the_nights_when_the_clock_is_moved(middle: datetime) -> None:
    when = daily("04:00")
    found = [to_oslo(moment) for moment in due_between(when, middle - timedelta(days=3), middle + timedelta(days=3))]
    days = {moment.date() for moment in found}
    assert len(found) == len(days) == 6
    assert {moment.time() for moment in found} == {time(4)}
    assert middle.date() in days


@pytest.mark.parametrize("when", [daily("04:00"), daily("23:30"), every(seconds=10), every(minutes=5)])
@pytest.mark.parametrize("middle", [SPRING, AUTUMN])
def test_apscheduler_fires_at_the_moments_that_the_ledger_knows(when: When, middle: datetime) -> None:
    trigger = when.trigger()
    moment = middle - timedelta(hours=30)
    for _ in range(60):
        fires = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
        assert fires == when.next_due(moment)
        assert when.last_due(fires) == fires
        assert when.last_due(fires - timedelta(seconds=1)) < fires
        moment = fires.astimezone(UTC)


def test_moments_of_frequent_jobs_are_the_same_whoever_asks() -> None:
    asked = datetime(2027, 3, 28, 0, 59, 58, tzinfo=UTC)
    assert every(minutes=5).last_due(asked) == datetime(2027, 3, 28, 0, 55, tzinfo=UTC)
    assert every(seconds=10).next_due(asked) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_no_job_of_the_table_has_a_time_from_two_to_three() -> None:
    assert [job.name for job in JOBS if isinstance(job.when, Daily) and time(2) <= job.when.at < time(3)] == []


def test_names_of_jobs_are_unique_and_fit_the_ledger() -> None:
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert [name for name in names if len(name) > 40] == []


def test_when_reads_well_in_a_list() -> None:
    assert [str(every(seconds=10)), str(every(minutes=5)), str(daily("04:00"))] == [
        "every 10 s",
        "every 5 min",
        "daily 04:00",
    ]
    assert date(2027, 3, 28) == to_oslo(SPRING).date()
