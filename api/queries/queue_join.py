"""What the page of registration shows: programmes that can be joined, their evenings, and demand that steers nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import EntryState, ProgrammeKind, SessionState, WindowKind
from api.domain.programme_rules import GroupRules
from api.models.groups import GroupSession
from api.models.programmes import Programme, Season, Window
from api.models.pupils import Entry, EntryChoice
from api.queries.campus_rules import rules_now
from matcher.problem import Travel
from matcher.travel import TravelTimes, place


@dataclass(frozen=True, slots=True)
class Joinable:
    """A season and programme that takes registrations now. window: its registration period, None where it has none."""

    season: Season
    programme: Programme
    window: Window | None
    rules: GroupRules
    last_day: date

    def in_period(self, now: datetime) -> bool:
        """Whether all who register now count as equal."""
        return self.window is not None and self.window.opens_at <= now < self.window.closes_at


def joinable(session: Session, now: datetime) -> list[Joinable]:
    """Every programme of study groups that can be joined at `now`, the season that begins first in front."""
    rows = session.execute(
        select(Season, Programme)
        .join(GroupSession, GroupSession.season_id == Season.id)
        .join(Programme, GroupSession.programme_id == Programme.id)
        .where(Programme.kind == ProgrammeKind.STUDY_GROUP, GroupSession.state == SessionState.ACTIVE)
        .distinct()
        .order_by(Season.starts_on, Programme.code)
    )
    found = []
    for season, programme in rows:
        rules, window = rules_now(session, programme.id), registration_window(session, season.id, programme.id)
        last_day = season.ends_on - timedelta(weeks=rules.join_ends_weeks)
        opened = window is None or window.opens_at <= now
        if opened and clock.to_oslo(now).date() <= last_day:
            found.append(Joinable(season, programme, window, rules, last_day))
    return found


def registration_window(session: Session, season_id: str, programme_id: str) -> Window | None:
    """The first registration period of a season and programme."""
    return session.scalar(
        select(Window)
        .where(Window.season_id == season_id, Window.programme_id == programme_id)
        .where(Window.kind == WindowKind.REGISTRATION)
        .order_by(Window.opens_at, Window.id)
        .limit(1)
    )


def periods(session: Session, season_id: str, programme_id: str) -> list[tuple[date, date]]:
    """First and last day of each registration period."""
    rows = session.scalars(
        select(Window)
        .where(Window.season_id == season_id, Window.programme_id == programme_id)
        .where(Window.kind == WindowKind.REGISTRATION)
        .order_by(Window.opens_at, Window.id)
    )
    return [
        (clock.to_local(row.opens_at).date(), clock.to_local(row.closes_at - timedelta.resolution).date())
        for row in rows
    ]


def evenings(session: Session, season_id: str, programme_id: str) -> list[GroupSession]:
    """The sessions that can be wished for: by site, weekday and time, the digital ones last."""
    rows = session.scalars(
        select(GroupSession)
        .where(GroupSession.season_id == season_id, GroupSession.programme_id == programme_id)
        .where(GroupSession.state == SessionState.ACTIVE)
        .options(joinedload(GroupSession.site))
    )
    return sorted(rows, key=lambda row: (row.site.digital, row.site.name, row.weekday, row.starts, row.id))


def demand(session: Session, open_: Joinable, now: datetime) -> Mapping[tuple[str, int], int] | None:
    """How many wish for an evening, by site and weekday; None where nothing is known.

    While everyone counts as equal it is last term's, since live numbers would steer the wishes: the newest earlier
    season of the programme. Afterwards it is this season's, of those who wait.
    """
    season_id = open_.season.id
    if open_.in_period(now):
        earlier = session.scalar(
            select(Season.id)
            .join(Entry, Entry.season_id == Season.id)
            .where(Entry.programme_id == open_.programme.id, Season.ends_on < open_.season.starts_on)
            .order_by(Season.ends_on.desc())
            .limit(1)
        )
        if earlier is None:
            return None
        season_id = earlier
    rows = session.execute(
        select(GroupSession.site_id, GroupSession.weekday, func.count())
        .join(EntryChoice, EntryChoice.session_id == GroupSession.id)
        .join(Entry, EntryChoice.entry_id == Entry.id)
        .where(Entry.season_id == season_id, Entry.programme_id == open_.programme.id, EntryChoice.rank == 1)
        .where(Entry.state.in_((EntryState.WAITING, EntryState.PLACED)))
        .group_by(GroupSession.site_id, GroupSession.weekday)
    )
    return {(site, weekday): count for site, weekday, count in rows}


def minutes_to(
    evenings_: Sequence[GroupSession], rules: GroupRules, lat: float | None, lon: float | None
) -> dict[str, int | None]:
    """Minutes of travel to each session from a home; None for digital ones, and where the home is not known."""
    times = TravelTimes(Travel(detour=rules.detour, kmh=rules.kmh))
    if lat is None or lon is None:
        return {row.id: None for row in evenings_}
    home = place("pupil", "home", lat, lon)
    return {
        row.id: None
        if row.site.digital
        else times.minutes(home, place("site", row.site_id, row.site.lat, row.site.lon))
        for row in evenings_
    }
