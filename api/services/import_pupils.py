"""The waiting list out of a sheet: a pupil is known again by e-mail and name, the entry by season and programme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from api import clock
from api.domain.enums import WindowKind
from api.domain.registration import counted_from, priority_group
from api.models.groups import GroupSession
from api.models.people import Person
from api.models.programmes import Level, Season, Window
from api.models.pupils import Entry, EntryChoice, Pupil
from api.services import sheet_names
from api.services.sheet_cells import (
    WEEKDAYS,
    GenderWord,
    Grade,
    Latitude,
    Longitude,
    Mail,
    Minutes,
    PastDay,
    Phone,
    Postcode,
    Text,
    YesNo,
    looked_up,
    parts,
)
from api.services.sheets import Column, Imported, Sheet, SheetRow, names_of, read_sheet, set_different

MOST_CHOICES = 5
FIRST_GRADE = 8
COLUMNS = (
    Column("name", "Navn", "Write the name.", private=True),
    Column("email", "E-post", "Write an address such as elev@example.org.", ("epostadresse", "mail"), True),
    Column("phone", "Telefon", "Write at most 32 characters.", ("mobil", "mobile"), True),
    Column("grade", "Trinn", "Write 8 to 10 or Vg1 to Vg3.", ("klassetrinn",)),
    Column("level", "Fag", "Write the code or name of one that is there.", ("nivå", "kurs")),
    Column("school", "Skole", "Write the organisation number, or the name where only one school has it.", ("orgnr",)),
    Column("postcode", "Postnummer", "Write four digits.", ("postnr",), True),
    Column("lat", "Breddegrad", "Write degrees such as 59.91, and the longitude too.", ("latitude",), True),
    Column("lon", "Lengdegrad", "Write degrees such as 10.75, and the latitude too.", ("longitude", "lng"), True),
    Column("max_travel_minutes", "Lengste reise (minutter)", "Write minutes, 0 to 1440.", ("reisetid", "travel")),
    Column(
        "choices", "Ønsker", "Write at most 5, best first, such as oslo-uio ti 17:00; oslo-uio to 17:00.", ("valg",)
    ),
    Column("gender", "Kjønn", "Write jente, gutt or annet, or nothing."),
    Column(
        "joined_on", "Meldt på", "Write a date that is not ahead, as 2027-03-08 or 8.3.2027.", ("påmeldt", "joined")
    ),
    Column("returning", "Fortsetter", "Write ja or nei.", ("gjenganger",)),
    Column("protected", "Skjermet", "Write ja or nei."),
)
_PERSON = ("name", "phone")
_PUPIL = ("postcode", "gender", "protected")


@dataclass(frozen=True, slots=True)
class _Names:
    levels: sheet_names.Directory[Level]
    schools: sheet_names.Schools
    sessions: sheet_names.Sessions


def _school(text: str, info: ValidationInfo) -> str:
    names = names_of(info, _Names)
    return names.schools.one(text)


def _choices(text: str, info: ValidationInfo) -> tuple[GroupSession, ...]:
    names = names_of(info, _Names)
    found = tuple(names.sessions.anywhere(item) for item in parts(text))
    if not 1 <= len(found) <= MOST_CHOICES:
        raise ValueError(f"There are {len(found)} choices.")
    if len(set(found)) != len(found):
        raise ValueError("The same choice is given twice.")
    if len({row.programme_id for row in found}) > 1:
        raise ValueError("The choices are of different programmes.")
    return found


class PupilRow(SheetRow):
    """A pupil and the place in the queue as a sheet has them. school: an id. lat, lon: both or neither."""

    name: Annotated[Text, Field(min_length=1)]
    email: Mail
    phone: Phone | None = None
    grade: Grade
    level: Annotated[Level, looked_up("levels")]
    school: Annotated[str | None, BeforeValidator(_school)] = None
    postcode: Postcode | None = None
    lat: Latitude | None = None
    lon: Annotated[Longitude | None, Field(validate_default=True)] = None
    max_travel_minutes: Minutes | None = None
    choices: Annotated[tuple[GroupSession, ...], BeforeValidator(_choices)]
    gender: GenderWord | None = None
    joined_on: PastDay | None = None
    returning: YesNo = False
    protected: YesNo = False

    @field_validator("grade")
    @classmethod
    def _of_study_groups(cls, value: int) -> int:
        if value < FIRST_GRADE:
            raise ValueError(f"Study groups are for grade {FIRST_GRADE} and up, not {value}.")
        return value

    @field_validator("lon")
    @classmethod
    def _with_lat(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "lat" in info.data and (value is None) != (info.data["lat"] is None):
            raise ValueError("Only one of latitude and longitude is given.")
        return value


def import_pupils(session: Session, path: Path, *, season: Season) -> Imported:
    """Makes the pupils of a sheet with their entries in the season's queue, and changes those who are there.

    The priority group comes from the grade and from whether the pupil returns; who joined in a registration period
    counts from its last day. A pupil is known again by e-mail and name; empty cells leave what is there. Raises
    InvalidInput with every fault.
    """
    sessions = sheet_names.Sessions(session, season, sheet_names.sites(session))
    names = _Names(sheet_names.levels(session), sheet_names.Schools(session), sessions)
    sheet: Sheet[PupilRow] = read_sheet(path, COLUMNS, PupilRow, names)
    sheet.refuse_repeats(
        lambda row: (*_key(row.email, row.name), row.choices[0].programme_id), "Keep one row for each pupil."
    )
    pupils, entries, periods = _pupils(session), _entries(session, season), _periods(session, season)
    new: list[Entry] = []
    result = Imported(f"Pupils, season {season.code}")
    for number, row in sheet.rows:
        same = pupils.get(_key(row.email, row.name), [])
        if len(same) > 1:
            sheet.faults.add(number, "email", "Several pupils have it with this name.", "Correct them by hand.")
            continue
        pupil = same[0] if same else None
        programme_id = row.choices[0].programme_id
        entry = entries.get((pupil.id, programme_id)) if pupil else None
        changed = pupil is not None and _change_pupil(pupil, row)
        values = _entry_values(row, entry, periods.get(programme_id, []))
        if entry is None:
            pupil = pupil or Pupil(person=Person(**row.given("email", *_PERSON)), **_pupil_values(row))
            entry = Entry(pupil=pupil, season_id=season.id, programme_id=programme_id, **values)
            entry.choices = _ranked(row)
            new.append(entry)
            continue
        changed = _change_entry(session, entry, values, row) or changed
        result.changed += changed
        result.same += not changed
    sheet.faults.refuse()
    session.add_all(new)
    session.flush()
    result.created = len(new)
    return result.audited(session, "entry", sheet.kind)


def example(session: Session, season: Season) -> dict[str, str]:
    """The row of a template, with names that are in the database."""
    level = session.scalars(select(Level.code).order_by(Level.position, Level.code).limit(1)).first()
    held = sheet_names.Sessions(session, season, sheet_names.sites(session)).first()
    choice = f"{held.site.code} {WEEKDAYS[held.weekday - 1]} {held.starts:%H:%M}" if held else ""
    return {
        "name": "Elev 1",
        "email": "ny.elev@example.org",
        "grade": "10",
        "level": level or "",
        "max_travel_minutes": "45",
        "choices": choice,
        "joined_on": clock.today().isoformat(),
        "returning": "nei",
        "protected": "nei",
    }


def _key(email: str | None, name: str) -> tuple[str, str]:
    return (email or "").casefold(), name.casefold()


def _pupils(session: Session) -> Mapping[tuple[str, str], list[Pupil]]:
    known: dict[tuple[str, str], list[Pupil]] = defaultdict(list)
    for row in session.scalars(select(Pupil).options(joinedload(Pupil.person))):
        known[_key(row.person.email, row.person.name)].append(row)
    return known


def _entries(session: Session, season: Season) -> dict[tuple[str, str], Entry]:
    rows = select(Entry).where(Entry.season_id == season.id).options(selectinload(Entry.choices))
    return {(row.pupil_id, row.programme_id): row for row in session.scalars(rows)}


def _periods(session: Session, season: Season) -> Mapping[str, list[tuple[date, date]]]:
    """First and last day of each registration period, by programme."""
    periods: dict[str, list[tuple[date, date]]] = defaultdict(list)
    windows = select(Window).where(Window.season_id == season.id, Window.kind == WindowKind.REGISTRATION)
    for row in session.scalars(windows.order_by(Window.opens_at, Window.id)):
        first = clock.to_local(row.opens_at).date()
        last = clock.to_local(row.closes_at - timedelta.resolution).date()
        periods[row.programme_id].append((first, last))
    return periods


def _pupil_values(row: PupilRow) -> dict[str, Any]:
    values = row.given("lat", "lon", *_PUPIL)
    return values | ({"school_id": row.school} if "school" in row.model_fields_set else {})


def _change_pupil(pupil: Pupil, row: PupilRow) -> bool:
    changed = set_different(pupil.person, row.given("phone"))
    return set_different(pupil, _pupil_values(row)) or changed


def _entry_values(row: PupilRow, entry: Entry | None, periods: list[tuple[date, date]]) -> dict[str, Any]:
    """What of the entry the row decides. Who has an entry and no date in the sheet keeps the day that counts."""
    returning = row.returning
    if entry is not None and "returning" not in row.model_fields_set:
        returning = entry.priority_class == 0
    group, reason = priority_group(row.grade, returning=returning)
    values = row.given("grade", "max_travel_minutes")
    values |= {"level_id": row.level.id, "priority_class": group, "priority_reason": reason}
    if entry is None or row.joined_on is not None:
        values["joined_on"] = counted_from(row.joined_on or clock.today(), periods)
    return values


def _ranked(row: PupilRow) -> list[EntryChoice]:
    return [EntryChoice(rank=rank, session_id=choice.id) for rank, choice in enumerate(row.choices, start=1)]


def _change_entry(session: Session, entry: Entry, values: Mapping[str, Any], row: PupilRow) -> bool:
    changed = set_different(entry, values)
    if [choice.session_id for choice in entry.choices] == [choice.id for choice in row.choices]:
        return changed
    entry.choices.clear()
    session.flush()
    entry.choices = _ranked(row)
    flag_modified(entry, "grade")  # choices have no version of their own
    return True
