"""Role models out of a sheet: known again by e-mail within their company, else made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import Mode
from api.domain.permissions import Actor
from api.errors import FieldError
from api.models.companies import Company
from api.models.programmes import Topic
from api.models.role_models import RoleModel
from api.services import sheet_names
from api.services.role_models import change_role_model, create_role_model
from api.services.sheet_cells import (
    FreeTimes,
    Grades,
    Languages,
    Latitude,
    Longitude,
    Mail,
    Minutes,
    Modes,
    PastDay,
    Phone,
    Text,
    all_looked_up,
    clean_text,
)
from api.services.sheets import Column, Imported, Sheet, SheetRow, names_of, read_sheet

COLUMNS = (
    Column("name", "Navn", "Write the name.", private=True),
    Column("email", "E-post", "Write an address such as rollemodell@example.org.", ("epostadresse", "mail"), True),
    Column("phone", "Telefon", "Write at most 32 characters.", ("mobil", "mobile"), True),
    Column("company", "Bedrift", "Write its name or organisation number; --create-companies makes it.", ("orgnr",)),
    Column("title", "Tittel", "Write at most 200 characters.", ("stilling",)),
    Column("place", "Sted", "Write at most 200 characters."),
    Column("lat", "Breddegrad", "Write degrees such as 59.91.", ("latitude",)),
    Column("lon", "Lengdegrad", "Write degrees such as 10.75.", ("longitude", "lng")),
    Column("max_travel_minutes", "Lengste reise (minutter)", "Write minutes, 0 to 1440.", ("reisetid", "travel")),
    Column("grades", "Trinn", "Write the lowest and the highest as 8-13 or 8-Vg3, in a cell of the kind text."),
    Column("topics", "Fag", "Write codes or names with commas between.", ("temaer", "tema", "emner")),
    Column("languages", "Språk", "Write names or codes such as nb, en, with commas between."),
    Column("modes", "Besøksform", "Write fysisk, digitalt or both.", ("form", "mode")),
    Column("free_times", "Ledige tider", "Write such as ma 08:00-15:30, on-fr 08:00-12:00.", ("ledig",)),
    Column("max_lessons", "Timer på rad", "Write a number, 0 to 20."),
    Column("max_per_day", "Høyst per dag", "Write a number, 0 to 20."),
    Column("max_per_week", "Høyst per uke", "Write a number, 0 to 50.", ("høyst per veke",)),
    Column("max_per_term", "Høyst per halvår", "Write a number, 0 to 200."),
    Column(
        "trained_on", "Opplæring fullført", "Write a date that is not ahead, as 2027-03-08 or 8.3.2027.", ("opplæring",)
    ),
)
_PLAIN = (
    "title",
    "place",
    "lat",
    "lon",
    "max_travel_minutes",
    "max_lessons",
    "max_per_day",
    "max_per_week",
    "max_per_term",
    "trained_on",
)
_PERSON = ("name", "phone")


@dataclass(frozen=True, slots=True)
class _Names:
    topics: sheet_names.Directory[Topic]
    companies: sheet_names.Directory[Company]
    create_companies: bool


def _company(text: str, info: ValidationInfo) -> Company | str:
    """The company; the name of a new one where that is wanted."""
    names = names_of(info, _Names)
    found = names.companies.get(text)
    if found is not None:
        return found
    if not names.create_companies or "".join(text.split()).isdigit():
        raise ValueError(f"There is no company {text[:60]!r}.")
    return clean_text(text)


class RoleModelRow(SheetRow):
    """A role model as a sheet has it. company: a new one's name, None for the independent."""

    name: Annotated[Text, Field(min_length=1)]
    email: Mail
    phone: Phone | None = None
    company: Annotated[Company | Text | None, BeforeValidator(_company)] = None
    title: Text = ""
    place: Text = ""
    lat: Latitude
    lon: Longitude
    max_travel_minutes: Minutes
    grades: Grades
    topics: Annotated[tuple[Topic, ...], all_looked_up("topics")] = ()
    languages: Languages = ()
    modes: Modes = ()
    free_times: FreeTimes = ()
    max_lessons: Annotated[int, Field(ge=0, le=20)] = 3
    max_per_day: Annotated[int, Field(ge=0, le=20)] = 1
    max_per_week: Annotated[int, Field(ge=0, le=50)] = 2
    max_per_term: Annotated[int, Field(ge=0, le=200)] = 6
    trained_on: PastDay | None = None


def import_role_models(
    session: Session,
    path: Path,
    *,
    actor: Actor,
    create_companies: bool = False,
    own: Company | None = None,
    faulty: list[FieldError] | None = None,
) -> Imported:
    """Makes the role models of a sheet, and changes those who are there.

    Someone is known again by e-mail within the same company; empty cells leave what is there. create_companies: makes
    companies that a name alone tells of; they are refused otherwise. own: all of them are of this company, and a row
    that names another is faulty. faulty: takes in what is right, and puts the faults of the rest into this list.
    Raises InvalidInput with every fault unless `faulty` is given.
    """
    names = _Names(sheet_names.topics(session), _companies(session, own), create_companies)
    sheet: Sheet[RoleModelRow] = read_sheet(path, COLUMNS, RoleModelRow, names)
    sheet.refuse_repeats(_key, "Keep one row for each role model.")
    known = _known(session)
    result = Imported("Role models")
    made: dict[str, Company] = {}
    for number, row in sheet.rows:
        if faulty is not None and number in _rows_of(sheet.faults.errors):
            continue
        company = own or (_made(session, row.company, made) if isinstance(row.company, str) else row.company)
        given = _given(row, company.id if company else None)
        same_mail = known.get(row.email.casefold(), [])
        there = [one for one in same_mail if one.company_id == given["company"]]
        if len(there) > 1:
            sheet.faults.add(number, "email", "Several role models of this company have it.", "Correct them by hand.")
        elif there:
            _change(session, there[0], given, result)
        else:
            create_role_model(session, actor, given)
            result.created += 1
            if same_mail:
                result.notices.append(f"Look at row {number}: the address is known at another company.")
    if faulty is None:
        sheet.faults.refuse()
    else:
        faulty += sheet.faults.errors
    if made:
        result.notices.append(f"Companies: {len(made)} new.")
    return result.audited(session, "role_model", sheet.kind, companies=len(made))


def example(session: Session) -> dict[str, str]:
    """The row of a template, with names that are in the database."""
    topic = session.scalars(select(Topic.code).order_by(Topic.position, Topic.code).limit(1)).first()
    return {
        "name": "Rollemodell 1",
        "email": "ny.rollemodell@example.org",
        "title": "Ingeniør",
        "place": "Oslo",
        "lat": "59.91",
        "lon": "10.75",
        "max_travel_minutes": "60",
        "grades": "8-13",
        "topics": topic or "",
        "languages": "nb, en",
        "modes": "fysisk, digitalt",
        "free_times": "ma 08:00-15:30, on 08:00-12:00",
        "max_lessons": "3",
        "max_per_day": "1",
        "max_per_week": "2",
        "max_per_term": "6",
    }


def _key(row: RoleModelRow) -> tuple[str, str]:
    company = row.company.name if isinstance(row.company, Company) else row.company or ""
    return row.email.casefold(), company.casefold()


def _rows_of(faults: list[FieldError]) -> set[int]:
    return {int(fault.field.split()[1]) for fault in faults}


def _companies(session: Session, own: Company | None) -> sheet_names.Directory[Company]:
    rows = [own] if own else session.scalars(select(Company).order_by(Company.name))
    return sheet_names.Directory("company", [(row, (row.name, row.orgnr)) for row in rows])


def _made(session: Session, name: str, made: dict[str, Company]) -> Company:
    key = name.casefold()
    if key not in made:
        made[key] = Company(name=name)
        session.add(made[key])
        session.flush()
    return made[key]


def _known(session: Session) -> Mapping[str, list[RoleModel]]:
    parts = (RoleModel.topics, RoleModel.languages, RoleModel.free_times)
    statement = select(RoleModel).options(joinedload(RoleModel.person), *(selectinload(part) for part in parts))
    known: dict[str, list[RoleModel]] = defaultdict(list)
    for row in session.scalars(statement):
        known[(row.person.email or "").casefold()].append(row)
    return known


def _given(row: RoleModelRow, company_id: str | None) -> dict[str, Any]:
    """The row as the services of role models take it: what REST would have given."""
    given = row.given(*_PLAIN, "modes") | {"company": company_id, "grades": list(row.grades)}
    given["person"] = row.given(*_PERSON, "email")
    if "topics" in row.model_fields_set:
        given["topics"] = sorted(topic.code for topic in row.topics)
    if "languages" in row.model_fields_set:
        given["languages"] = list(row.languages)
    if "free_times" in row.model_fields_set:
        given["free_times"] = [
            {"weekday": number, "starts": starts, "ends": ends} for number, starts, ends in row.free_times
        ]
    return given


def _change(session: Session, there: RoleModel, given: Mapping[str, Any], result: Imported) -> None:
    """Changes what differs, so that a sheet that is read again leaves rows and versions as they are."""
    now = _profile(there)
    different = {name: value for name, value in given.items() if name in now and now[name] != value}
    person = {name: given["person"][name] for name in _PERSON if name in given["person"]}
    person = {name: value for name, value in person.items() if getattr(there.person, name) != value}
    if different or person:
        change_role_model(session, there, different | {"person": person})
    result.changed += bool(different or person)
    result.same += not (different or person)


def _profile(row: RoleModel) -> dict[str, Any]:
    free_times = sorted((free.weekday, free.starts, free.ends) for free in row.free_times)
    modes = ((Mode.PHYSICAL, row.physical), (Mode.DIGITAL, row.digital))
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "grades": [row.lowest_grade, row.highest_grade],
        "modes": tuple(mode for mode, offered in modes if offered),
        "topics": sorted(topic.code for topic in row.topics),
        "languages": sorted(one.language for one in row.languages),
        "free_times": [{"weekday": number, "starts": starts, "ends": ends} for number, starts, ends in free_times],
    }
