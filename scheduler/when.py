"""When a job is due: every so often, or once a day at a time of day in Norway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from api.clock import OSLO, at_local, to_oslo

START = datetime(2026, 1, 1, tzinfo=UTC)


class When(Protocol):
    """Moments without end, the same for every process that asks."""

    @property
    def frequent(self) -> bool:
        """Several times a day."""

    def trigger(self) -> BaseTrigger:
        """The same for APScheduler."""

    def last_due(self, now: datetime) -> datetime:
        """The newest due moment that is not after `now`."""

    def next_due(self, now: datetime) -> datetime:
        """The first due moment after `now`."""

    def __str__(self) -> str:
        """For a list of jobs."""


@dataclass(frozen=True, slots=True)
class Every:
    """In even steps of UTC, which know neither summer nor winter time. seconds: 1 and up."""

    seconds: int

    @property
    def frequent(self) -> bool:
        return True

    def trigger(self) -> BaseTrigger:
        return IntervalTrigger(seconds=self.seconds, start_date=START, timezone=UTC)

    def last_due(self, now: datetime) -> datetime:
        return START + (now - START) // timedelta(seconds=self.seconds) * timedelta(seconds=self.seconds)

    def next_due(self, now: datetime) -> datetime:
        return self.last_due(now) + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        return f"every {self.seconds} s" if seconds else f"every {minutes} min"


@dataclass(frozen=True, slots=True)
class Daily:
    """At a time of day in Norway; never from 02:00 to 03:00, which one night has twice and another not at all."""

    at: time

    @property
    def frequent(self) -> bool:
        return False

    def trigger(self) -> BaseTrigger:
        return CronTrigger(hour=self.at.hour, minute=self.at.minute, timezone=OSLO)

    def last_due(self, now: datetime) -> datetime:
        today = to_oslo(now).date()
        due = at_local(today, self.at)
        return due if due <= now else at_local(today - timedelta(days=1), self.at)

    def next_due(self, now: datetime) -> datetime:
        today = to_oslo(now).date()
        due = at_local(today, self.at)
        return due if due > now else at_local(today + timedelta(days=1), self.at)

    def __str__(self) -> str:
        return f"daily {self.at:%H:%M}"


def every(*, minutes: int = 0, seconds: int = 0) -> Every:
    """So often, counted from a fixed moment."""
    return Every(60 * minutes + seconds)


def daily(at: str) -> Daily:
    """Once a day at HH:MM in Norway."""
    return Daily(time.fromisoformat(at))
