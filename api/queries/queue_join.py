"""What the page of registration shows: programmes that can be joined, their evenings, and demand that steers nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import EntryState, MembershipState, OfferState, ProgrammeKind, SessionState, WindowKind
from api.domain.programme_rules import GroupRules
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession, Site
from api.models.places import School
from api.models.programmes import Level, Programme, Season, Window
from api.models.pupils import Entry, EntryChoice, Membership, Pupil
from api.queries import people_and_topics
from api.queries.campus_rules import rules_now
from matcher.problem import Travel
from matcher.travel import TravelTimes, place

Slot = tuple[str, int, time]


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


def of_queue(session: Session, season_id: str, programme_id: str) -> Joinable:
    """A season and programme as `joinable` gives them, whether or not anybody can join now."""
    season, rules = session.get_one(Season, season_id), rules_now(session, programme_id)
    window = registration_window(session, season_id, programme_id)
    last_day = season.ends_on - timedelta(weeks=rules.join_ends_weeks)
    return Joinable(season, session.get_one(Programme, programme_id), window, rules, last_day)


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


@dataclass(frozen=True, slots=True)
class Home:
    """Where a pupil lives, in degrees, for travel time only. rough: known no better than by the postcode's schools."""

    lat: float
    lon: float
    rough: bool = False


@dataclass(frozen=True, slots=True)
class Evening:
    """A session to wish for. minutes: of travel, None where unknown or digital. seats: the most it takes.

    room: its name where another room of the site is used at the same time, else "".
    wishes: how many have it as first choice, None where that is not known.
    """

    session: GroupSession
    minutes: int | None
    seats: int
    wishes: int | None
    room: str = ""


@dataclass(frozen=True, slots=True)
class SiteToChoose:
    """A site with evenings to wish for. minutes: of travel, None where unknown or digital. count: of its evenings."""

    site: Site
    minutes: int | None
    count: int


@dataclass(frozen=True, slots=True)
class SiteEvenings:
    """A site with its evenings, by weekday and time."""

    site: Site
    minutes: int | None
    evenings: tuple[Evening, ...]


def sites(session: Session, open_: Joinable, home: Home | None) -> list[SiteToChoose]:
    """Every site that can be wished for: the nearest first, or by name where no home is known; digital last."""
    rows = session.execute(
        select(Site, func.count())
        .join(GroupSession, GroupSession.site_id == Site.id)
        .where(GroupSession.season_id == open_.season.id, GroupSession.programme_id == open_.programme.id)
        .where(GroupSession.state == SessionState.ACTIVE)
        .group_by(Site.id)
    ).all()
    minutes = _minutes_to([site for site, _count in rows], open_.rules, home)
    found = [SiteToChoose(site, minutes[site.id], count) for site, count in rows]
    return sorted(found, key=lambda one: (one.site.digital, one.minutes or 0, one.site.name, one.site.id))


def evenings(session: Session, open_: Joinable, wanted: Sequence[SiteToChoose], now: datetime) -> list[SiteEvenings]:
    """What can be wished for at these sites, in their order."""
    rows = session.scalars(
        select(GroupSession)
        .where(GroupSession.season_id == open_.season.id, GroupSession.programme_id == open_.programme.id)
        .where(GroupSession.state == SessionState.ACTIVE)
        .where(GroupSession.site_id.in_([one.site.id for one in wanted]))
        .options(joinedload(GroupSession.site), joinedload(GroupSession.room))
        .order_by(GroupSession.weekday, GroupSession.starts, GroupSession.id)
    ).all()
    minutes = {one.site.id: one.minutes for one in wanted}
    wishes, times = first_choices(session, open_, rows, now), Counter(_slot(row) for row in rows)
    found: dict[str, list[Evening]] = {one.site.id: [] for one in wanted}
    for row in rows:
        seats = row.seats if row.room is None else min(row.seats, row.room.seats)
        room = row.room.name if row.room and times[_slot(row)] > 1 else ""
        found[row.site_id].append(Evening(row, minutes[row.site_id], seats, wishes[row.id], room))
    return [SiteEvenings(one.site, one.minutes, tuple(found[one.site.id])) for one in wanted]


def sites_of_sessions(session: Session, session_ids: Iterable[str]) -> set[str]:
    """Ids of the sites where these sessions are."""
    return set(session.scalars(select(GroupSession.site_id).where(GroupSession.id.in_(list(session_ids)))))


def has_free_seats(session: Session, one: Evening) -> bool:
    """Whether more seats are free than there are pupils who wait for the evening."""
    wanted = [
        select(func.count(Membership.id)).where(
            Membership.session_id == one.session.id, Membership.state == MembershipState.ACTIVE
        ),
        select(func.count(SeatOffer.id)).where(
            SeatOffer.session_id == one.session.id, SeatOffer.state == OfferState.OPEN
        ),
        select(func.count(Entry.id))
        .join(EntryChoice, EntryChoice.entry_id == Entry.id)
        .where(EntryChoice.session_id == one.session.id, Entry.state == EntryState.WAITING),
    ]
    return sum(session.scalar(question) or 0 for question in wanted) < one.seats


def first_choices(
    session: Session, open_: Joinable, rows: Sequence[GroupSession], now: datetime
) -> dict[str, int | None]:
    """How many have each session as their first choice, by its id; None where nothing is known of it.

    While everyone counts as equal it is last term's, of the same site, day and time, since live numbers would steer the
    wishes. Afterwards it is this season's, of those who wait or sit.
    """
    if not rows:
        return {}
    live = not open_.in_period(now)
    season_id = open_.season.id if live else _season_before(session, open_)
    counted = session.execute(
        select(GroupSession.id, GroupSession.site_id, GroupSession.weekday, GroupSession.starts, func.count())
        .join(EntryChoice, EntryChoice.session_id == GroupSession.id)
        .join(Entry, EntryChoice.entry_id == Entry.id)
        .where(Entry.season_id == season_id, Entry.programme_id == open_.programme.id, EntryChoice.rank == 1)
        .where(Entry.state.in_((EntryState.WAITING, EntryState.PLACED)))
        .where(GroupSession.site_id.in_({row.site_id for row in rows}))
        .group_by(GroupSession.id, GroupSession.site_id, GroupSession.weekday, GroupSession.starts)
    ).all()
    if live:
        by_id = {row.id: row[-1] for row in counted}
        return {row.id: by_id.get(row.id, 0) for row in rows}
    before: Counter[Slot] = Counter()
    for _id, site_id, weekday, starts, count in counted:
        before[site_id, weekday, starts] += count
    rooms = Counter(_slot(row) for row in rows)  # at one time in several rooms: a share each, rounded up
    return {row.id: -(-before[_slot(row)] // rooms[_slot(row)]) if _slot(row) in before else None for row in rows}


def level_choices(session: Session) -> list[tuple[str, str]]:
    """Id and short name of every level in the reader's language, in their order."""
    names = people_and_topics.level_names(session)
    rows = session.execute(select(Level.id, Level.code).order_by(Level.position, Level.code))
    return [(level_id, names[code]) for level_id, code in rows]


def _slot(row: GroupSession) -> Slot:
    return row.site_id, row.weekday, row.starts


def _season_before(session: Session, open_: Joinable) -> str | None:
    """The newest season of the programme that ended before this one."""
    return session.scalar(
        select(Season.id)
        .join(Entry, Entry.season_id == Season.id)
        .where(Entry.programme_id == open_.programme.id, Season.ends_on < open_.season.starts_on)
        .order_by(Season.ends_on.desc())
        .limit(1)
    )


def home_of(session: Session, pupil: Pupil) -> Home | None:
    """The pupil's home, or the school where that is all we know."""
    if pupil.lat is not None and pupil.lon is not None:
        return Home(pupil.lat, pupil.lon, rough=pupil.postcode is not None)
    school = session.get(School, pupil.school_id) if pupil.school_id else None
    return Home(school.lat, school.lon) if school else None


def minutes_to(site: Site, rules: GroupRules, home: Home | None) -> int | None:
    """Minutes of travel to a site; None for a digital one, and where the home is not known."""
    return _minutes_to([site], rules, home)[site.id]


def _minutes_to(wanted: Iterable[Site], rules: GroupRules, home: Home | None) -> dict[str, int | None]:
    """Minutes of travel to each site; None for digital ones, and where the home is not known."""
    if home is None:
        return {site.id: None for site in wanted}
    times, start = TravelTimes(Travel(detour=rules.detour, kmh=rules.kmh)), place("pupil", "home", home.lat, home.lon)
    return {
        site.id: None if site.digital else times.minutes(start, place("site", site.id, site.lat, site.lon))
        for site in wanted
    }
