"""What both halves of a demo season stand on: its dates, places, schools, topics, levels and programmes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import holidays as public_holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.demo.rows import Rows
from api.demo.towns import COUNTIES, POSTCODES, TOWNS, Town
from api.domain.enums import Ownership, ProgrammeKind, SchoolStatus, WindowKind
from api.domain.school_days import days
from api.models.places import BlockedDay, County, Holiday, Municipality, MunicipalityCode, School
from api.models.programmes import Level, LevelCover, Programme, ProgrammeRuleVersion, Season, Topic, Window

WEEK = timedelta(weeks=1)
TERMS = ((1, 11, 6, 12), (8, 24, 12, 11))
WINTER_BREAK, AUTUMN_BREAK = 8, 40
LATER_BREAK = frozenset({"11", "15", "18", "42", "46", "55", "56"})  # a week after the others
KM_PER_DEGREE = 111.2

TOPICS = (
    ("mathematics", "matematikk", "matematikk", "mathematics"),
    ("physics", "fysikk", "fysikk", "physics"),
    ("chemistry", "kjemi", "kjemi", "chemistry"),
    ("biology", "biologi", "biologi", "biology"),
    ("programming", "programmering", "programmering", "programming"),
    ("energy", "energi", "energi", "energy"),
    ("construction", "bygg og anlegg", "bygg og anlegg", "construction"),
    ("ocean", "hav og maritim teknologi", "hav og maritim teknologi", "ocean technology"),
    ("health", "helseteknologi", "helseteknologi", "health technology"),
    ("space", "romfart", "romfart", "space"),
)
LEVELS = (
    ("MAT10", "matematikk 10. trinn", "matematikk 10. trinn", "mathematics grade 10", ()),
    ("1P", "matematikk 1P", "matematikk 1P", "mathematics 1P", ("MAT10",)),
    ("1T", "matematikk 1T", "matematikk 1T", "mathematics 1T", ("MAT10", "1P")),
    ("2P", "matematikk 2P", "matematikk 2P", "mathematics 2P", ("MAT10", "1P")),
    ("S1", "matematikk S1", "matematikk S1", "mathematics S1", ("MAT10", "1P", "1T", "2P")),
    ("R1", "matematikk R1", "matematikk R1", "mathematics R1", ("MAT10", "1P", "1T", "2P", "S1")),
    ("S2", "matematikk S2", "matematikk S2", "mathematics S2", ("MAT10", "1P", "1T", "2P", "S1")),
    ("R2", "matematikk R2", "matematikk R2", "mathematics R2", ("MAT10", "1P", "1T", "2P", "S1", "R1", "S2")),
)
PROGRAMMES = (
    (
        "rollemodell",
        ProgrammeKind.SCHOOL_VISIT,
        "Rollemodell",
        {"detour": 1.3, "kmh": 50, "lead_school_days": 15, "lead_after_window": 5},
    ),
    (
        "ent3r",
        ProgrammeKind.STUDY_GROUP,
        "ENT3R",
        {"classes": 3, "placement": "most_served", "max_ratio": 8, "min_mentors": 2, "min_pupils": 6},
    ),
)


@dataclass(frozen=True, slots=True)
class Dates:
    """A term, and the part of it that is still to plan. Visits are asked for from `first` (a Monday) on."""

    code: str
    name: str
    starts_on: date
    ends_on: date
    first: date


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """A school of the season, in a town."""

    id: str
    town: Town
    municipality: str
    lat: float
    lon: float
    upper: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Ids and dates by which the halves refer to each other."""

    today: date
    scale: int
    dates: Dates
    season: str
    programmes: dict[str, str]
    rules: dict[str, str]
    windows: dict[str, str]
    topics: dict[str, str]
    levels: dict[str, str]
    municipalities: dict[str, str]
    closed: frozenset[date]
    schools: list[DemoSchool] = field(default_factory=list)

    def lesson_days(self, county: str, monday: date) -> list[date]:
        """Monday to Friday of a week, without holidays and the county's break."""
        if monday.isocalendar().week == break_week(county, monday):
            return []
        return [day for day in days(monday, monday + timedelta(days=4)) if day not in self.closed]


def season_dates(today: date) -> Dates:
    """The first term of which ten weeks or more can still be planned, five weeks ahead."""
    for year in (today.year, today.year + 1):
        for first_month, first_day, last_month, last_day in TERMS:
            starts_on, ends_on = date(year, first_month, first_day), date(year, last_month, last_day)
            first = max(starts_on, today + 5 * WEEK)
            first += timedelta(days=-first.weekday() % 7)
            if first + 10 * WEEK <= ends_on:
                name, letter = ("Vår", "v") if first_month == 1 else ("Høst", "h")
                return Dates(f"{year}{letter}", f"{name} {year}", starts_on, ends_on, first)
    raise AssertionError("every year has a spring of more than ten weeks")


def break_week(county: str, day: date) -> int:
    """The ISO week of a county's winter or autumn break, in the half of the year of `day`."""
    return (WINTER_BREAK if day.month < 7 else AUTUMN_BREAK) + (county in LATER_BREAK)


def km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometres between two places of Norway, well enough to choose among them."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return KM_PER_DEGREE * math.hypot(lat - other_lat, east)


def make_frame(session: Session, rows: Rows, code: str, today: date, scale: int, *, from_register: bool) -> Frame:
    """Everything but the people. Rows that are there already (places, topics, programmes) are used as they are."""
    dates = season_dates(today)
    season = rows.add(Season, code=code, name=dates.name, starts_on=dates.starts_on, ends_on=dates.ends_on)
    programmes, rules = _programmes(session, rows)
    municipalities, counties = _places(session, rows)
    closed = _holidays(session, rows, {today.year, dates.starts_on.year})
    _breaks(session, rows, counties, dates)
    frame = Frame(
        today=today,
        scale=scale,
        dates=dates,
        season=season,
        programmes=programmes,
        rules=rules,
        windows=_windows(rows, season, programmes, today),
        topics=_named(session, rows, Topic, [row[:4] for row in TOPICS]),
        levels=_levels(session, rows),
        municipalities=municipalities,
        closed=closed,
    )
    frame.schools.extend(_schools(session, rows, frame, from_register=from_register))
    return frame


def _programmes(session: Session, rows: Rows) -> tuple[dict[str, str], dict[str, str]]:
    programmes = dict(session.execute(select(Programme.code, Programme.id)).all())
    rules = dict(
        session.execute(
            select(Programme.code, ProgrammeRuleVersion.id)
            .join(ProgrammeRuleVersion, ProgrammeRuleVersion.programme_id == Programme.id)
            .order_by(ProgrammeRuleVersion.number)
        ).all()
    )
    for code, kind, name, settings in PROGRAMMES:
        if code not in programmes:
            programmes[code] = rows.add(Programme, code=code, kind=kind, name_nb=name, name_nn=name, name_en=name)
        if code not in rules:
            rules[code] = rows.add(
                ProgrammeRuleVersion, programme_id=programmes[code], number=1, settings=dict(settings)
            )
    return programmes, rules


def _places(session: Session, rows: Rows) -> tuple[dict[str, str], dict[str, str]]:
    """Municipalities by their code of 2024, and counties by theirs."""
    counties = dict(session.execute(select(County.code, County.id)).all())
    for code, name in COUNTIES.items():
        if code not in counties:
            counties[code] = rows.add(County, code=code, name=name)
    found = dict(
        session.execute(
            select(MunicipalityCode.code, MunicipalityCode.municipality_id).order_by(MunicipalityCode.year)
        ).all()
    )
    for town in TOWNS:
        if town.code not in found:
            county = counties[town.code[:2]]
            found[town.code] = rows.add(Municipality, name=town.municipality, county_id=county)
            rows.add(MunicipalityCode, code=town.code, year=2024, municipality_id=found[town.code])
    return found, counties


def _holidays(session: Session, rows: Rows, years: set[int]) -> frozenset[date]:
    known = set(session.scalars(select(Holiday.day)))
    calendar = public_holidays.country_holidays("NO", years=years, language="no")
    for day, name in sorted(calendar.items()):
        if day not in known:
            rows.add(Holiday, day=day, name=name)
    return frozenset(known | set(calendar))


def _breaks(session: Session, rows: Rows, counties: dict[str, str], dates: Dates) -> None:
    known = set(session.execute(select(BlockedDay.county_id, BlockedDay.from_date)).all())
    name = "vinterferie" if dates.starts_on.month < 7 else "høstferie"
    for code in COUNTIES:
        monday = date.fromisocalendar(dates.starts_on.year, break_week(code, dates.starts_on), 1)
        if (counties[code], monday) not in known:
            friday = monday + timedelta(days=4)
            rows.add(BlockedDay, county_id=counties[code], from_date=monday, to_date=friday, reason=name)


def _windows(rows: Rows, season: str, programmes: dict[str, str], today: date) -> dict[str, str]:
    """Both windows closed yesterday at noon; everyone hears within a week."""
    kinds = {"rollemodell": WindowKind.REQUEST, "ent3r": WindowKind.REGISTRATION}
    return {
        code: rows.add(
            Window,
            season_id=season,
            programme_id=programmes[code],
            kind=kind,
            opens_at=clock.at_local(today - 6 * WEEK, time(8)),
            closes_at=clock.at_local(today - timedelta(days=1), time(12)),
            answer_on=today + WEEK,
        )
        for code, kind in kinds.items()
    }


def _named(
    session: Session, rows: Rows, model: type[Topic] | type[Level], names: list[tuple[str, ...]]
) -> dict[str, str]:
    found = dict(session.execute(select(model.code, model.id)).all())
    for position, (code, nb, nn, en) in enumerate(names):
        if code not in found:
            found[code] = rows.add(model, code=code, name_nb=nb, name_nn=nn, name_en=en, position=position)
    return found


def _levels(session: Session, rows: Rows) -> dict[str, str]:
    found = _named(session, rows, Level, [row[:4] for row in LEVELS])
    known = set(session.execute(select(LevelCover.level_id, LevelCover.covers_id)).all())
    for code, *_, covers in LEVELS:
        for other in covers:
            if (found[code], found[other]) not in known:
                rows.add(LevelCover, level_id=found[code], covers_id=found[other])
    return found


def _schools(session: Session, rows: Rows, frame: Frame, *, from_register: bool) -> Iterator[DemoSchool]:
    """Each town's schools: lower secondary ones the nearest of the register where asked for; the rest new."""
    register = _register(session) if from_register else []
    for town in TOWNS:
        register.sort(key=lambda row: (km(row.lat, row.lon, town.lat, town.lon), row.id))
        real, register = register[: town.lower * frame.scale], register[town.lower * frame.scale :]
        for row in real:
            yield DemoSchool(row.id, town, row.municipality_id, row.lat, row.lon, upper=False)
        for number in range(len(real) + 1, town.lower * frame.scale + 1):
            yield _new_school(rows, frame, town, number, upper=False)
        for number in range(1, town.upper * frame.scale + 1):
            yield _new_school(rows, frame, town, number, upper=True)


def _register(session: Session) -> list[School]:
    """Schools with a grade 10 that have pupils."""
    return list(
        session.scalars(
            select(School)
            .where(
                School.status == SchoolStatus.ACTIVE,
                School.lowest_grade <= 10,
                School.highest_grade == 10,
                School.pupils > 0,
                School.source != "",
            )
            .order_by(School.id)
        )
    )


def _new_school(rows: Rows, frame: Frame, town: Town, number: int, *, upper: bool) -> DemoSchool:
    spread = 0.02 + 0.04 * (town.lower > 9)
    lat = round(rows.chance.gauss(town.lat, spread / 2), 5)
    lon = round(rows.chance.gauss(town.lon, spread), 5)
    municipality = frame.municipalities[town.code]
    postcodes = POSTCODES[town.name].split()
    school = rows.add(
        School,
        name=f"{town.name} {'videregående' if upper else 'ungdomsskole'} {number}",
        municipality_id=municipality,
        ownership=Ownership.PUBLIC,
        postcode=postcodes[number % len(postcodes)],
        lat=lat,
        lon=lon,
        lowest_grade=11 if upper else 8,
        highest_grade=13 if upper else 10,
        pupils=rows.chance.randrange(250, 900) if upper else rows.chance.randrange(90, 520),
    )
    return DemoSchool(school, town, municipality, lat, lon, upper)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of the Norwegian clock, in UTC."""
    return clock.at_local(day, time(hour, minute))
