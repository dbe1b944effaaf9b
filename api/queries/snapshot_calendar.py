"""On which days a school can be visited."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import SchoolStatus
from api.domain.school_days import days, is_school_day
from api.models.places import BlockedDay, Municipality


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """Term, holidays, and the blocked days of counties, municipalities and schools as (id, day)."""

    first: date
    last: date
    holidays: frozenset[date]
    blocked: frozenset[tuple[str, date]]
    counties: dict[str, str | None]

    @classmethod
    def read(cls, session: Session, holidays: Collection[date], term: tuple[date, date]) -> SchoolCalendar:
        """The calendar between two days, both included."""
        first, last = term
        rows = session.scalars(select(BlockedDay).where(BlockedDay.to_date >= first, BlockedDay.from_date <= last))
        blocked = {
            (row.school_id or row.municipality_id or row.county_id or "", day)
            for row in rows
            for day in days(max(row.from_date, first), min(row.to_date, last))
        }
        counties = dict(session.execute(select(Municipality.id, Municipality.county_id)).all())
        return cls(first, last, frozenset(holidays), frozenset(blocked), counties)

    def is_open(self, row: Any, day: date, first: date) -> bool:
        """Whether the school of `row` (Request, municipality_id, status) can be visited on the day, not before `first`.

        A closed school has no open days.
        """
        owners = (row.Request.school_id, row.municipality_id, self.counties.get(row.municipality_id))
        return (
            row.status is SchoolStatus.ACTIVE
            and max(self.first, first) <= day <= self.last
            and is_school_day(day, self.holidays)
            and not any((owner, day) in self.blocked for owner in owners)
        )
