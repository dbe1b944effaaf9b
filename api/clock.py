"""The one clock: aware UTC inside, Europe/Oslo at the edge.

Tests move it with time-machine, which replaces `datetime.now`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
_then: ContextVar[datetime | None] = ContextVar("then", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC; the told one within `as_of`."""
    return _then.get() or datetime.now(UTC)


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Lets `now` be an aware moment of the past: the demo lives through its last weeks. Nothing else may use it."""
    before = _then.set(require_aware(moment).astimezone(UTC))
    try:
        yield
    finally:
        _then.reset(before)


def today() -> date:
    """Today's date in Norway."""
    return now().astimezone(OSLO).date()


def to_oslo(moment: datetime) -> datetime:
    """An aware moment as aware Norwegian time. Raises ValueError on a naive one."""
    return require_aware(moment).astimezone(OSLO)


def to_local(moment: datetime) -> datetime:
    """An aware moment as Norwegian wall-clock time without a zone, as problem files hold it."""
    return to_oslo(moment).replace(tzinfo=None)


def from_local(wall_clock: datetime) -> datetime:
    """Norwegian wall-clock time without a zone as an aware UTC moment.

    The hour that occurs twice in autumn means its first occurrence; the hour that spring leaves out
    means the moment it would have been (02:30 becomes 03:30). Raises ValueError on an aware argument.
    """
    if wall_clock.tzinfo is not None:
        raise ValueError(f"{wall_clock.isoformat()} has a zone; give Norwegian wall-clock time without one")
    return wall_clock.replace(tzinfo=OSLO).astimezone(UTC)


def at_local(day: date, at: time) -> datetime:
    """The aware UTC moment of a Norwegian date and time of day."""
    return from_local(datetime.combine(day, at))


def require_aware(moment: datetime) -> datetime:
    """The moment itself. Raises ValueError when it has no zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no zone; use api.clock")
    return moment
