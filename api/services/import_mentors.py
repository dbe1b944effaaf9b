"""Mentors out of a sheet: known again by e-mail within their site, else made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from api.models.groups import GroupSession, Mentor, Site
from api.models.people import Person
from api.models.programmes import Level, Season
from api.services import sheet_names
from api.services.sheet_cells import WEEKDAYS, Mail, PastDay, Phone, Text, all_looked_up, looked_up, parts
from api.services.sheets import Column, Imported, Sheet, SheetRow, names_of, read_sheet, set_different

COLUMNS = (
    Column("name", "Navn", "Write the name.", private=True),
    Column("email", "E-post", "Write an address such as mentor@example.org.", ("epostadresse", "mail"), True),
    Column("phone", "Telefon", "Write at most 32 characters.", ("mobil", "mobile"), True),
    Column("site", "Studiested", "Write the code or name of one that is there.", ("sted", "campus")),
    Column("levels", "Fag", "Write codes or names with commas between.", ("nivåer", "kurs")),
    Column(
        "sessions", "Kan disse kveldene", "Write such as ti 17:00, to 17:00, with commas between.", ("kvelder", "økter")
    ),
    Column("contracted", "Avtalte kvelder i uka", "Write a number, 0 to 7, no more than the most.", ("avtalt",)),
    Column("max_sessions", "Høyst kvelder i uka", "Write a number, 0 to 7.", ("høyst",)),
    Column(
        "trained_on", "Opplæring fullført", "Write a date that is not ahead, as 2027-03-08 or 8.3.2027.", ("opplæring",)
    ),
)
_PLAIN = ("contracted", "max_sessions", "trained_on")
_PERSON = ("name", "phone")
_Count = Annotated[int, Field(ge=0, le=7)]


@dataclass(frozen=True, slots=True)
class _Names:
    sites: sheet_names.Directory[Site]
    levels: sheet_names.Directory[Level]
    sessions: sheet_names.Sessions


def _own_sessions(text: str, info: ValidationInfo) -> tuple[GroupSession, ...]:
    """All sessions at these times at the mentor's site; none while the site is not known."""
    site = info.data.get("site")
    if site is None:
        return ()
    names = names_of(info, _Names)
    return tuple(dict.fromkeys(row for item in parts(text) for row in names.sessions.of_site(item, site)))


class MentorRow(SheetRow):
    """A mentor as a sheet has it. contracted, max_sessions: sessions a week."""

    name: Annotated[Text, Field(min_length=1)]
    email: Mail
    phone: Phone | None = None
    site: Annotated[Site, looked_up("sites")]
    levels: Annotated[tuple[Level, ...], all_looked_up("levels"), Field(min_length=1)]
    sessions: Annotated[tuple[GroupSession, ...], BeforeValidator(_own_sessions)] = ()
    max_sessions: _Count
    contracted: _Count
    trained_on: PastDay | None = None

    @field_validator("contracted")
    @classmethod
    def _within_the_most(cls, value: int, info: ValidationInfo) -> int:
        most = info.data.get("max_sessions", value)
        if value > most:
            raise ValueError(f"{value} sessions a week are more than the most, {most}.")
        return value


def import_mentors(session: Session, path: Path, *, season: Season) -> Imported:
    """Makes the mentors of a sheet and changes those who are there.

    Someone is known again by e-mail within the same site; empty cells leave what is there, and sessions of other
    seasons stay. Raises InvalidInput with every fault.
    """
    sites = sheet_names.sites(session)
    names = _Names(sites, sheet_names.levels(session), sheet_names.Sessions(session, season, sites))
    sheet: Sheet[MentorRow] = read_sheet(path, COLUMNS, MentorRow, names)
    sheet.refuse_repeats(lambda row: (row.email.casefold(), row.site.id), "Keep one row for each mentor.")
    known = _known(session)
    new: list[Mentor] = []
    result = Imported(f"Mentors, season {season.code}")
    for number, row in sheet.rows:
        there = known.get((row.email.casefold(), row.site.id), [])
        if len(there) > 1:
            sheet.faults.add(number, "email", "Several mentors of this site have it.", "Correct them by hand.")
        elif there:
            changed = _change(there[0], row, season)
            result.changed += changed
            result.same += not changed
        else:
            person = Person(**row.given("email", *_PERSON))
            mentor = Mentor(person=person, site_id=row.site.id, **row.given(*_PLAIN))
            mentor.levels, mentor.sessions = list(row.levels), list(row.sessions)
            new.append(mentor)
    sheet.faults.refuse()
    session.add_all(new)
    session.flush()
    result.created = len(new)
    return result.audited(session, "mentor", sheet.kind)


def example(session: Session, season: Season) -> dict[str, str]:
    """The row of a template, with names that are in the database."""
    level = session.scalars(select(Level.code).order_by(Level.position.desc(), Level.code).limit(1)).first()
    sites = sheet_names.sites(session)
    held = sheet_names.Sessions(session, season, sites).first()
    site = held.site.code if held else session.scalars(select(Site.code).where(Site.is_active).limit(1)).first()
    return {
        "name": "Mentor 1",
        "email": "ny.mentor@example.org",
        "site": site or "",
        "levels": level or "",
        "sessions": f"{WEEKDAYS[held.weekday - 1]} {held.starts:%H:%M}" if held else "",
        "contracted": "1",
        "max_sessions": "2",
    }


def _known(session: Session) -> Mapping[tuple[str, str], list[Mentor]]:
    statement = select(Mentor).options(
        joinedload(Mentor.person), selectinload(Mentor.levels), selectinload(Mentor.sessions)
    )
    known: dict[tuple[str, str], list[Mentor]] = defaultdict(list)
    for row in session.scalars(statement):
        known[(row.person.email or "").casefold(), row.site_id].append(row)
    return known


def _change(there: Mentor, row: MentorRow, season: Season) -> bool:
    """Changes what differs; true when anything did."""
    different = set_different(there.person, row.given(*_PERSON))
    different |= set_different(there, row.given(*_PLAIN))
    parts_differ = False
    if set(there.levels) != set(row.levels):
        there.levels, parts_differ = list(row.levels), True
    if "sessions" in row.model_fields_set:
        others = [one for one in there.sessions if one.season_id != season.id]
        if set(there.sessions) != {*others, *row.sessions}:
            there.sessions, parts_differ = [*others, *row.sessions], True
    if parts_differ:
        flag_modified(there, "contracted")  # parts of a mentor have no version of their own
    return different or parts_differ
