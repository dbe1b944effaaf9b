"""The days a school can order: weeks as rows, closed days with their reason, visit weeks with their window."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import monday_of
from api.domain.enums import WindowKind
from api.domain.programme_rules import VisitRules
from api.domain.school_days import FRIDAY, after_school_days, days
from api.models.places import BlockedDay, Holiday, Municipality, School
from api.models.programmes import Season, VisitWeek, Window

SHOWN_WEEKS, MORE_WEEKS, MOST_AHEAD = 5, 4, 12
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """A weekday. reason: why the school is closed, "" where nobody has said; None on a day that can be ordered.

    is_past: too near, or not in the season: it is not shown.
    """

    day: date
    reason: str | None = None
    is_past: bool = False

    @property
    def is_open(self) -> bool:
        return self.reason is None and not self.is_past


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Friday. visit_week_in: the municipality whose visit week it is, "" for any other week.

    closes_at: when orders for a visit week stop counting as equal, None without an open window.
    """

    monday: date
    days: tuple[Day, ...]
    visit_week_in: str = ""
    closes_at: datetime | None = None

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week

    @property
    def friday(self) -> date:
        return self.monday + timedelta(days=FRIDAY - 1)

    @property
    def closed_for(self) -> str | None:
        """The one reason for which the whole week is closed, None where a day of it is open or the reasons differ."""
        reasons = {one.reason for one in self.days if not one.is_past}
        return reasons.pop() if len(reasons) == 1 else None


@dataclass(frozen=True, slots=True)
class OrderCalendar:
    """All weeks of a season in which a school can still order, and the first day it can."""

    season: Season
    first: date
    weeks: tuple[Week, ...]

    @property
    def open_days(self) -> list[date]:
        return [one.day for week in self.weeks for one in week.days if one.is_open]

    def shown(self, chosen: Collection[date], until: date | None = None) -> tuple[Week, ...]:
        """The first weeks: five, and on to the next visit week, the last chosen day and the week that was asked for."""
        if not self.weeks:
            return ()
        last = self.weeks[min(SHOWN_WEEKS, len(self.weeks)) - 1].monday
        near = [one.monday for one in self.weeks[:MOST_AHEAD] if one.visit_week_in and one.closes_at]
        last = max([last, *near[:1], *(monday_of(day) for day in chosen), *([until] if until else [])])
        return tuple(one for one in self.weeks if one.monday <= last)

    def more_after(self, shown: Sequence[Week]) -> tuple[Week, ...]:
        """The next few weeks that are not shown yet."""
        return self.weeks[len(shown) : len(shown) + MORE_WEEKS]


def season_to_order_in(session: Session, rules: VisitRules, chosen: Collection[date] = ()) -> Season | None:
    """The season of the first chosen day, else the first one in which a day can still be ordered, else the last."""
    if chosen:
        day = min(chosen)
        held = select(Season).where(Season.starts_on <= day, Season.ends_on >= day)
        found = session.scalars(held.order_by(Season.starts_on, Season.id).limit(1)).first()
        if found is not None:
            return found
    first = _first_day(session, rules.lead_school_days)
    ahead = select(Season).where(Season.ends_on >= first).order_by(Season.starts_on, Season.id).limit(1)
    last = select(Season).order_by(Season.starts_on.desc(), Season.id).limit(1)
    return session.scalars(ahead).first() or session.scalars(last).first()


def order_calendar(
    session: Session, season: Season, rules: VisitRules, programme_id: str, school: School | None
) -> OrderCalendar:
    """The season's weeks from the lead time on. Without a school only public holidays are known to be closed."""
    alone = max(_first_day(session, rules.lead_school_days), season.starts_on)
    by_window = max(_first_day(session, rules.lead_after_window), season.starts_on)
    town = None if school is None else session.get(Municipality, school.municipality_id)
    named = _visit_weeks(session, season, programme_id, town)
    closed = _closed(session, season, school, town)
    weeks = []
    monday = monday_of(by_window)
    while monday <= season.ends_on:
        closes_at = named.get(monday)
        first = by_window if closes_at is not None else alone
        row = tuple(
            Day(day, closed.get(day), is_past=not first <= day <= season.ends_on)
            for day in days(monday, monday + timedelta(days=FRIDAY - 1))
        )
        if not all(one.is_past for one in row):
            weeks.append(Week(monday, row, town.name if town and monday in named else "", closes_at))
        monday += WEEK
    return OrderCalendar(season, alone, tuple(weeks))


def _first_day(session: Session, lead: int) -> date:
    today = clock.today()
    holidays = set(session.scalars(select(Holiday.day).where(Holiday.day >= today)))
    return after_school_days(today, lead, holidays)


def _visit_weeks(
    session: Session, season: Season, programme_id: str, town: Municipality | None
) -> dict[date, datetime | None]:
    """The town's visit weeks in the season, by Monday, with the end of the window that is open for them now."""
    if town is None:
        return {}
    now = clock.now()
    rows = session.execute(
        select(VisitWeek.monday, Window)
        .outerjoin(Window, VisitWeek.window_id == Window.id)
        .where(VisitWeek.season_id == season.id, VisitWeek.municipality_id == town.id)
    )
    found: dict[date, datetime | None] = {}
    for monday, window in rows:
        is_open = (
            window is not None
            and window.kind is WindowKind.REQUEST
            and window.programme_id == programme_id
            and window.opens_at <= now < window.closes_at
        )
        found[monday] = window.closes_at if is_open else None
    return found


def _closed(session: Session, season: Season, school: School | None, town: Municipality | None) -> dict[date, str]:
    """Weekdays without school, and why: the school's own word before the town's, the town's before the county's."""
    inside = (BlockedDay.to_date >= season.starts_on, BlockedDay.from_date <= season.ends_on)
    found: dict[date, str] = {}
    if school is not None and town is not None:
        whose = or_(
            BlockedDay.school_id == school.id,
            BlockedDay.municipality_id == town.id,
            BlockedDay.county_id.is_not(None) & (BlockedDay.county_id == town.county_id),
        )
        rows = session.scalars(select(BlockedDay).where(whose, *inside)).all()
        for row in sorted(rows, key=lambda row: (row.school_id is not None, row.municipality_id is not None)):
            for day in days(max(row.from_date, season.starts_on), min(row.to_date, season.ends_on)):
                found[day] = row.reason
    public = select(Holiday).where(Holiday.day.between(season.starts_on, season.ends_on))
    return found | {row.day: row.name for row in session.scalars(public)}
