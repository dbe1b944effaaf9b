"""Requests of schools out of a sheet, made by the same rules as over REST; one that is there already is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from api import clock
from api.domain.enums import Fallback, IdentifierScheme, Purpose, RequestMode, RequestState, SchoolStatus
from api.domain.permissions import Actor
from api.errors import InvalidInput
from api.models.places import Holiday, School, SchoolIdentifier
from api.models.programmes import Season, Topic
from api.models.visits import Request, RequestOption
from api.services import sheet_names
from api.services.requests import create_request, visit_programme
from api.services.sheet_cells import (
    Grade,
    Language,
    Mail,
    OneMode,
    PastDay,
    Phone,
    Text,
    all_looked_up,
    day,
    looked_up,
    time_range,
    word_of,
)
from api.services.sheets import Column, Faults, Imported, Sheet, SheetRow, names_of, read_sheet

MOST_OPTIONS, MOST_LESSONS = 20, 6
EXAMPLE_LEAD = timedelta(weeks=4)
COLUMNS = (
    Column("municipality", "Kommune", "Write the name, or the number where several have it.", ("kommunenummer",)),
    Column("school", "Skole", "Write the organisation number, or the name with the municipality.", ("orgnr",)),
    Column("grade", "Trinn", "Write 1 to 10 or Vg1 to Vg3.", ("klassetrinn",)),
    Column("classes", "Klasser", "Write a number, 1 to 50.", ("antall klasser",)),
    Column("pupils", "Elever", "Write a head-count, 0 to 5000; never names.", ("antall elever",)),
    Column("role_models", "Rollemodeller", "Write a number, 1 to 3.", ("antall rollemodeller",)),
    Column("mode", "Besøksform", "Write fysisk, digitalt or begge.", ("form",)),
    Column("prefers", "Helst", "Write fysisk or digitalt."),
    Column("language", "Språk", "Write a name or a code such as nb."),
    Column("topics", "Fag", "Write codes or names with commas between.", ("temaer", "tema", "emner")),
    Column("wishes", "Ønsker", "Write codes or names of topics with commas between."),
    Column("purpose", "Formål", "Write vise bredden, fordype or vekke interesse."),
    Column("fallback", "Hvis det ryker", "Write reserve, digitalt, annen dato or dropp.", ("reserveløsning",)),
    Column("curriculum", "Læreplan", "Write at most 200 characters.", ("kompetansemål",)),
    Column("contact_name", "Bestiller", "Write the name.", ("kontakt", "contact"), True),
    Column("contact_email", "E-post", "Write an address such as bestiller@example.org.", ("email", "mail"), True),
    Column("contact_phone", "Telefon", "Write at most 32 characters.", ("phone", "mobil"), True),
    Column("submitted_on", "Bestilt", "Write a date that is not ahead, as 2027-03-08 or 8.3.2027.", ("submitted",)),
    Column("options", "Tidspunkter", "Write such as 2027-03-08 08:30-09:15 + 09:25-10:10 | 2027-03-09 10:15-11:00."),
    Column("reference", "Referanse", "Write letters, digits and hyphens, at most 40.", ("referansenummer",)),
)
_PLAIN = (
    "grade",
    "classes",
    "pupils",
    "role_models",
    "mode",
    "prefers",
    "language",
    "purpose",
    "fallback",
    "curriculum",
)
_MODES = {
    "fysisk": RequestMode.PHYSICAL,
    "digitalt": RequestMode.DIGITAL,
    "begge": RequestMode.EITHER,
    "digital": RequestMode.DIGITAL,
    "physical": RequestMode.PHYSICAL,
    "either": RequestMode.EITHER,
    "both": RequestMode.EITHER,
}
_PURPOSES = {
    "vise bredden": Purpose.BROADEN,
    "fordype": Purpose.DEEPEN,
    "vekke interesse": Purpose.INTEREST,
    "broaden": Purpose.BROADEN,
    "deepen": Purpose.DEEPEN,
    "interest": Purpose.INTEREST,
}
_FALLBACKS = {
    "reserve": Fallback.STAND_IN,
    "digitalt": Fallback.DIGITAL,
    "annen dato": Fallback.ANOTHER_DATE,
    "dropp": Fallback.DROP,
    "stand-in": Fallback.STAND_IN,
    "digital": Fallback.DIGITAL,
    "another date": Fallback.ANOTHER_DATE,
    "drop": Fallback.DROP,
}
_Times = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class _Names:
    topics: sheet_names.Directory[Topic]
    municipalities: sheet_names.Directory[str]
    schools: sheet_names.Schools


def _school(text: str, info: ValidationInfo) -> str:
    names = names_of(info, _Names)
    return names.schools.one(text, info.data.get("municipality"))


def _options(text: str) -> tuple[_Times, ...]:
    """Options, each of lessons with start and end as moments."""
    found = []
    for item in filter(None, (piece.strip() for piece in re.split(r"[|;\n]", text))):
        on, _, times = item.partition(" ")
        date_of = day(on)
        ranges = [time_range(lesson) for lesson in times.split("+")]
        if len(ranges) > MOST_LESSONS:
            raise ValueError(f"An option has {len(ranges)} lessons; {MOST_LESSONS} are the most.")
        found.append(tuple((clock.at_local(date_of, start), clock.at_local(date_of, end)) for start, end in ranges))
    if not 1 <= len(found) <= MOST_OPTIONS:
        raise ValueError(f"There are {len(found)} options; 1 to {MOST_OPTIONS} can be given.")
    return tuple(found)


def _reference(text: str) -> str:
    if not re.fullmatch(r"[A-Z0-9-]{1,40}", text.upper()):
        raise ValueError(f"{text[:40]!r} is no reference.")
    return text.upper()


class RequestRow(SheetRow):
    """A request as a sheet has it. municipality, school: ids. options: lessons of each as UTC moments."""

    municipality: Annotated[str | None, looked_up("municipalities")] = None
    school: Annotated[str, BeforeValidator(_school)]
    grade: Grade
    classes: Annotated[int, Field(ge=1, le=50)] = 1
    pupils: Annotated[int, Field(ge=0, le=5000)] | None = None
    role_models: Annotated[int, Field(ge=1, le=3)] = 1
    mode: Annotated[RequestMode, BeforeValidator(word_of(_MODES))] = RequestMode.PHYSICAL
    prefers: OneMode | None = None
    language: Language | None = None
    topics: Annotated[tuple[Topic, ...], all_looked_up("topics")] = ()
    wishes: Annotated[tuple[Topic, ...], all_looked_up("topics")] = ()
    purpose: Annotated[Purpose, BeforeValidator(word_of(_PURPOSES))] = Purpose.BROADEN
    fallback: Annotated[Fallback, BeforeValidator(word_of(_FALLBACKS))] = Fallback.STAND_IN
    curriculum: Text = ""
    contact_email: Mail | None = None
    contact_phone: Phone | None = None
    contact_name: Annotated[Text | None, Field(validate_default=True)] = None
    submitted_on: PastDay | None = None
    options: Annotated[tuple[_Times, ...], BeforeValidator(_options)]
    reference: Annotated[str | None, AfterValidator(lambda text: text and _reference(text))] = None

    @field_validator("contact_name")
    @classmethod
    def _of_whom(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and (info.data.get("contact_email") or info.data.get("contact_phone")):
            raise ValueError("There is an address or a phone without a name.")
        return value


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells requests apart that have no reference."""

    school: str
    grade: int
    classes: int
    mail: str
    options: frozenset[_Times]


def import_requests(session: Session, path: Path, *, actor: Actor, season: Season) -> Imported:
    """Makes the requests of a sheet in a season, each as `create_request` does for REST.

    One that is there is left as it is: by its reference, else by school, grade, classes, contact's address and times.
    Raises InvalidInput with every fault.
    """
    visit_programme(session, None)
    names = _Names(sheet_names.topics(session), sheet_names.municipalities(session), sheet_names.Schools(session))
    sheet: Sheet[RequestRow] = read_sheet(path, COLUMNS, RequestRow, names)
    sheet.refuse_repeats(
        lambda row: row.reference or _key_of_row(row), "Put the classes in one row, or give each its reference."
    )
    references = {row.reference: row for row in session.scalars(select(Request))}
    there = _keys(session, season)
    result = Imported(f"Requests, season {season.code}")
    for number, row in sheet.rows:
        known = references.get(row.reference or "")
        if known is not None and (known.school_id, known.season_id) != (row.school, season.id):
            sheet.faults.add(number, "reference", "Another school or season has this reference.", "Leave it out.")
        elif known is not None or (row.reference is None and _key_of_row(row) in there):
            result.same += 1
        elif _made(session, actor, season, number, row, sheet.faults):
            result.created += 1
    sheet.faults.refuse()
    session.flush()
    return result.audited(session, "request", sheet.kind)


def example(session: Session, season: Season) -> dict[str, str]:
    """The row of a template, with names that are in the database and a school day of the season."""
    topic = session.scalars(select(Topic.code).order_by(Topic.position, Topic.code).limit(1)).first()
    return {
        **_example_school(session),
        "grade": "9",
        "classes": "2",
        "pupils": "50",
        "role_models": "1",
        "mode": "fysisk",
        "prefers": "fysisk",
        "topics": topic or "",
        "purpose": "vise bredden",
        "fallback": "reserve",
        "contact_name": "Bestiller 1",
        "contact_email": "ny.bestiller@example.org",
        "submitted_on": clock.today().isoformat(),
        "options": _example_options(session, season),
    }


def _made(session: Session, actor: Actor, season: Season, number: int, row: RequestRow, faults: Faults) -> bool:
    try:
        request = create_request(session, actor, _given(row, season), submitted_at=_submitted_at(row))
    except InvalidInput as error:
        for fault in error.errors:
            where = re.findall(r"\d+", fault.field)
            place = ", ".join(f"{word} {int(at) + 1}" for word, at in zip(("option", "lesson"), where, strict=False))
            faults.add(number, "options", f"{place}: {fault.sentence}".removeprefix(": "), fault.remedy)
        if not error.errors:
            faults.add(number, error.field, error.sentence, error.remedy)
        return False
    if row.reference:
        request.reference = row.reference
    return True


def _given(row: RequestRow, season: Season) -> dict[str, Any]:
    """The row as `create_request` takes it: what REST would have given."""
    given: dict[str, Any] = row.given(*_PLAIN) | {"school": row.school, "season": season.id}
    given["topics"] = [topic.code for topic in row.topics]
    given["wishes"] = [topic.code for topic in row.wishes]
    given["options"] = [
        {"lessons": [{"starts_at": start, "ends_at": end} for start, end in lessons]} for lessons in row.options
    ]
    if row.contact_name is not None:
        given["contact"] = {"name": row.contact_name, "email": row.contact_email, "phone": row.contact_phone}
    return given


def _submitted_at(row: RequestRow) -> datetime | None:
    """Noon of the day, or now when noon is ahead."""
    if row.submitted_on is None:
        return None
    return min(clock.now(), clock.at_local(row.submitted_on, time(12)))


def _key_of_row(row: RequestRow) -> _Key:
    return _Key(row.school, row.grade, row.classes, (row.contact_email or "").casefold(), frozenset(row.options))


def _keys(session: Session, season: Season) -> set[_Key]:
    rows: Iterable[Request] = session.scalars(
        select(Request)
        .where(Request.season_id == season.id, Request.state != RequestState.CANCELLED)
        .options(joinedload(Request.contact), selectinload(Request.options).selectinload(RequestOption.lessons))
    )
    return {
        _Key(
            row.school_id,
            row.grade,
            row.classes,
            ((row.contact.email if row.contact else None) or "").casefold(),
            frozenset(tuple((one.starts_at, one.ends_at) for one in option.lessons) for option in row.options),
        )
        for row in rows
    }


def _example_school(session: Session) -> dict[str, str]:
    """A school that one cell names: by number, else by its name and municipality."""
    schools = select(School).where(School.status == SchoolStatus.ACTIVE).options(joinedload(School.municipality))
    orgnr = SchoolIdentifier.scheme == IdentifierScheme.ORGNR
    numbered = session.scalars(
        select(SchoolIdentifier.value).join(School).where(orgnr, School.status == SchoolStatus.ACTIVE).limit(1)
    ).first()
    if numbered:
        return {"school": numbered}
    school = session.scalars(schools.order_by(School.name, School.id).limit(1)).first()
    return {"school": school.name, "municipality": school.municipality.name} if school else {}


def _example_options(session: Session, season: Season) -> str:
    first = min(max(clock.today() + EXAMPLE_LEAD, season.starts_on), season.ends_on)
    free = set(session.scalars(select(Holiday.day)))
    while first.isoweekday() > 5 or first in free:
        first += timedelta(days=1)
    return f"{first.isoformat()} 08:30-09:15 + 09:25-10:10"
