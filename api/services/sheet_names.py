"""Finds the rows that cells of a sheet name: topics, levels, sites, schools, sessions, the season."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from api import clock
from api.domain.enums import IdentifierScheme, SchoolStatus, SessionState
from api.errors import InvalidInput
from api.models.groups import GroupSession, Site
from api.models.places import Municipality, MunicipalityCode, School, SchoolIdentifier
from api.models.programmes import Level, Season, Topic
from api.services.sheet_cells import WEEKDAYS, time_of_day, weekday
from api.services.sheets import plain

MOST_NAMED = 30
_SESSION = re.compile(r"(?:(?P<site>.+?)\s+)?(?P<day>[^\W\d]+\.?)\s+(?P<time>\d{1,2}[:.]\d{2})(?:\s+(?P<room>.+))?")
NamedT = TypeVar("NamedT")


class Directory(Generic[NamedT]):
    """Things by any of their names; letter case, spaces and signs do not matter."""

    def __init__(self, what: str, named: Iterable[tuple[NamedT, Sequence[str | None]]]) -> None:
        """what: for messages, such as `topic`. named: each thing with its names, the one to list it by first."""
        self._what = what
        self._listed: list[str] = []
        self._found: dict[str, list[NamedT]] = defaultdict(list)
        for thing, names in named:
            self._listed.append(str(names[0]))
            self.add(thing, names)

    def add(self, thing: NamedT, names: Sequence[str | None]) -> None:
        """One more thing to find."""
        for key in {plain(name) for name in names if name}:
            self._found[key].append(thing)

    def get(self, text: str) -> NamedT | None:
        """The thing of this name; None when there is none. Raises ValueError when there are several."""
        found = self._found.get(plain(text), [])
        if len(found) > 1:
            raise ValueError(f"There are {len(found)} with the name {text[:60]!r}; give the code or number.")
        return found[0] if found else None

    def one(self, text: str) -> NamedT:
        """The thing of this name. Raises ValueError naming those there are."""
        thing = self.get(text)
        if thing is None:
            raise ValueError(f"There is no {self._what} {text[:60]!r}{self._choices()}.")
        return thing

    def _choices(self) -> str:
        if not self._listed:
            return f"; no {self._what} has been set up"
        return f"; there are {listed(self._listed)}" if len(self._listed) <= MOST_NAMED else ""


def topics(session: Session) -> Directory[Topic]:
    """Topics by code and name."""
    rows = session.scalars(select(Topic).order_by(Topic.position, Topic.code))
    return Directory("topic", [(row, (row.code, row.name_nb, row.name_nn, row.name_en)) for row in rows])


def levels(session: Session) -> Directory[Level]:
    """Levels by code and name."""
    rows = session.scalars(select(Level).order_by(Level.position, Level.code))
    return Directory("level", [(row, (row.code, row.name_nb, row.name_nn, row.name_en)) for row in rows])


def sites(session: Session) -> Directory[Site]:
    """Active sites by code and name."""
    rows = session.scalars(select(Site).where(Site.is_active).order_by(Site.code))
    return Directory("site", [(row, (row.code, row.name)) for row in rows])


def municipalities(session: Session) -> Directory[str]:
    """Ids of municipalities by name and by their codes of all years."""
    codes: dict[str, list[str]] = defaultdict(list)
    for owner, code in session.execute(select(MunicipalityCode.municipality_id, MunicipalityCode.code)):
        codes[owner].append(code)
    rows = session.execute(select(Municipality.id, Municipality.name).order_by(Municipality.name))
    return Directory("municipality", [(row_id, (name, *sorted(set(codes[row_id])))) for row_id, name in rows])


def listed(words: Iterable[str]) -> str:
    """Some words for a message."""
    return ", ".join(words)


class Schools:
    """Ids of schools by organisation number, or by name and, where several share it, municipality."""

    def __init__(self, session: Session) -> None:
        numbers = select(SchoolIdentifier).where(SchoolIdentifier.scheme == IdentifierScheme.ORGNR)
        self._by_number = {row.value: row.school_id for row in session.scalars(numbers)}
        self._by_name: dict[str, list[tuple[str, str]]] = defaultdict(list)
        rows = select(School.id, School.name, School.municipality_id).where(School.status == SchoolStatus.ACTIVE)
        for school_id, name, municipality_id in session.execute(rows):
            self._by_name[plain(name)].append((school_id, municipality_id))

    def one(self, text: str, municipality_id: str | None = None) -> str:
        """The school's id. Raises ValueError when none or several fit."""
        number = "".join(text.split())
        if re.fullmatch(r"\d{9}", number, re.ASCII):
            if number not in self._by_number:
                raise ValueError(f"There is no school with the organisation number {number}.")
            return self._by_number[number]
        found = [
            school_id
            for school_id, place in self._by_name.get(plain(text), [])
            if municipality_id is None or place == municipality_id
        ]
        if not found:
            where = "" if municipality_id is None else " in this municipality"
            raise ValueError(f"There is no school {text[:60]!r}{where}.")
        if len(found) > 1:
            raise ValueError(f"There are {len(found)} schools with the name {text[:60]!r}.")
        return found[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    site: str | None
    day: int
    starts: time
    room: str | None


class Sessions:
    """The active sessions of a season, by site, day and start, and by room where several start at once."""

    def __init__(self, session: Session, season: Season, all_sites: Directory[Site]) -> None:
        self._sites = all_sites
        self._at: dict[str, list[GroupSession]] = defaultdict(list)
        rows = session.scalars(
            select(GroupSession)
            .where(GroupSession.season_id == season.id, GroupSession.state == SessionState.ACTIVE)
            .options(joinedload(GroupSession.room), joinedload(GroupSession.site))
            .order_by(GroupSession.weekday, GroupSession.starts, GroupSession.id)
        )
        for row in rows:
            self._at[row.site_id].append(row)

    def of_site(self, text: str, site: Site) -> list[GroupSession]:
        """The sessions of a site at a time such as `ti 17:00`, one or more. Raises ValueError naming all there are."""
        return self._find(_asked(text), site, text)

    def anywhere(self, text: str) -> GroupSession:
        """The session that `oslo-uio ti 17:00` names. Raises ValueError when none or several fit."""
        asked = _asked(text)
        if asked.site is None:
            raise ValueError(f"{text[:60]!r} names no site.")
        found = self._find(asked, self._sites.one(asked.site), text)
        if len(found) > 1:
            rooms = listed(session_name(row) for row in found)
            raise ValueError(f"There are {len(found)} sessions at {text[:60]!r}: {rooms}. Add the room.")
        return found[0]

    def first(self) -> GroupSession | None:
        """Any of them that can be named without its room, for an example."""
        for rows in self._at.values():
            times = [(row.weekday, row.starts) for row in rows]
            for row in rows:
                if times.count((row.weekday, row.starts)) == 1:
                    return row
        return None

    def _find(self, asked: _Asked, site: Site, text: str) -> list[GroupSession]:
        here = self._at[site.id]
        found = [row for row in here if (row.weekday, row.starts) == (asked.day, asked.starts)]
        if asked.room:
            found = [row for row in found if row.room and plain(row.room.name) == plain(asked.room)]
        if not found:
            there_are = (
                f"there are {listed(session_name(row) for row in here)}" if here else "it has none in this season"
            )
            raise ValueError(f"There is no session {text[:60]!r} at {site.code}; {there_are}.")
        return found


def session_name(row: GroupSession) -> str:
    """A session as cells name it: `ti 17:00`, with its room."""
    room = f" {row.room.name}" if row.room else ""
    return f"{WEEKDAYS[row.weekday - 1]} {row.starts:%H:%M}{room}"


def _asked(text: str) -> _Asked:
    found = _SESSION.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:60]!r} is not a day with a time.")
    return _Asked(found["site"], weekday(found["day"]), time_of_day(found["time"]), found["room"])


def season_named(session: Session, code: str | None) -> Season:
    """The season with this code; without one the only season, else the one under way, else the one ahead.

    Raises InvalidInput naming the seasons there are.
    """
    rows = list(session.scalars(select(Season).order_by(Season.starts_on, Season.code)))
    today = clock.today()
    fits = [row for row in rows if code is None or plain(row.code) == plain(code)]
    under_way = [row for row in fits if row.starts_on <= today <= row.ends_on]
    ahead = [row for row in fits if row.ends_on >= today]
    for some in (fits, under_way, ahead):
        if len(some) == 1:
            return some[0]
    if not rows:
        raise InvalidInput("There is no season yet.", field="season", remedy="Set one up first.")
    sentence = "It is not clear which season is meant." if code is None else f"There is no season {code!r}."
    raise InvalidInput(sentence, field="season", remedy=f"Give --season, one of {listed(row.code for row in rows)}.")
