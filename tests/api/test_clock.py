from datetime import UTC, date, datetime, time

import pytest
import time_machine

from api import clock


def test_today_is_the_date_in_norway() -> None:
    with time_machine.travel(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        assert clock.today() == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("wall_clock", "moment"),
    [
        (datetime(2027, 1, 18, 8, 30), datetime(2027, 1, 18, 7, 30, tzinfo=UTC)),
        (datetime(2027, 6, 18, 8, 30), datetime(2027, 6, 18, 6, 30, tzinfo=UTC)),
        (datetime(2027, 3, 28, 1, 59), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (datetime(2027, 3, 28, 3, 0), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (datetime(2027, 10, 31, 3, 0), datetime(2027, 10, 31, 2, 0, tzinfo=UTC)),
    ],
)
def test_wall_clock_goes_to_utc_and_back(wall_clock: datetime, moment: datetime) -> None:
    assert clock.from_local(wall_clock) == moment
    assert clock.to_local(moment) == wall_clock


def test_hour_that_occurs_twice_is_the_first() -> None:
    assert clock.from_local(datetime(2027, 10, 31, 2, 30)) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_hour_that_is_left_out_moves_on() -> None:
    moment = clock.from_local(datetime(2027, 3, 28, 2, 30))
    assert clock.to_local(moment) == datetime(2027, 3, 28, 3, 30)


def test_date_and_time_make_a_moment() -> None:
    assert clock.at_local(date(2027, 1, 19), time(17)) == datetime(2027, 1, 19, 16, tzinfo=UTC)


def test_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        clock.to_local(datetime(2027, 1, 18, 8, 30))


def test_aware_wall_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="has a zone"):
        clock.from_local(datetime(2027, 1, 18, 8, 30, tzinfo=UTC))
