"""Sheets of role models, mentors, pupils and requests: what comes in, what is refused, what stays the same."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import Fallback, Gender, PriorityReason, RequestMode
from api.errors import InvalidInput
from api.models.companies import Company
from api.models.groups import Mentor
from api.models.people import Person
from api.models.pupils import Entry, Pupil
from api.models.records import AuditEntry
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.schemas import requests as rest
from api.services import import_mentors, import_pupils, import_requests, import_role_models
from api.services.audit import write_pending
from api.services.requests import create_request
from api.services.sheets import Imported
from api.services.tables import read_table
from tests import factories as make
from tests.api.services.sheet_files import OPERATOR, ORGNR, TODAY, World, make_world, write

ROLE_MODEL = {
    "Navn": "Rollemodell 1",
    "E-post": "rollemodell1@example.org",
    "Breddegrad": "59,91",
    "Lengdegrad": "10,75",
    "Lengste reise (minutter)": "60",
    "Trinn": "8-Vg3",
    "Fag": "energi, SPACE",
    "Språk": "norsk, engelsk",
    "Besøksform": "fysisk og digitalt",
    "Ledige tider": "ma-on 08:00-15:30, Friday 8.00–12",
    "Opplæring fullført": "1.9.2026",
}
MENTOR = {
    "Navn": "Mentor 1",
    "E-post": "mentor1@example.org",
    "Studiested": "Oslo-UiO",
    "Fag": "r2, matematikk 1P",
    "Kan disse kveldene": "ti 17:00, torsdag 17.00",
    "Avtalte kvelder i uka": "1",
    "Høyst kvelder i uka": "2",
}
PUPIL = {
    "Navn": "Elev 1",
    "E-post": "elev1@example.org",
    "Trinn": "10",
    "Fag": "1P",
    "Skole": "ålgård skole",
    "Postnummer": "150",
    "Ønsker": "oslo-uio to 17:00; oslo-uio ti 17:00",
    "Kjønn": "jente",
    "Meldt på": "2026-11-05",
    "Fortsetter": "nei",
    "Skjermet": "ja",
}
REQUEST = {
    "Skole": ORGNR,
    "Trinn": "9. trinn",
    "Klasser": "2",
    "Besøksform": "begge",
    "Fag": "energy",
    "Hvis det ryker": "annen dato",
    "Bestiller": "Bestiller 1",
    "E-post": "bestiller1@example.org",
    "Bestilt": "24.11.2026",
    "Tidspunkter": "2027-03-08 08:30-09:15 + 09:25-10:10 | 9.3.2027 10:15-11:00",
}
ROWS = {"role-models": ROLE_MODEL, "mentors": MENTOR, "pupils": PUPIL, "requests": REQUEST}
MODELS = {"role-models": RoleModel, "mentors": Mentor, "pupils": Entry, "requests": Request}


@pytest.fixture(autouse=True)
def day() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


def bring_in(kind: str, session: Session, path: Path, world: World, **more: Any) -> Imported:
    match kind:
        case "role-models":
            return import_role_models.import_role_models(session, path, actor=OPERATOR, **more)
        case "mentors":
            return import_mentors.import_mentors(session, path, season=world.season)
        case "pupils":
            return import_pupils.import_pupils(session, path, season=world.season)
    return import_requests.import_requests(session, path, actor=OPERATOR, season=world.season)


def counts(result: Imported) -> tuple[int, int, int]:
    return result.created, result.changed, result.same


def versions(session: Session, kind: str) -> set[tuple[Any, ...]]:
    session.expire_all()
    model = MODELS[kind]
    return {tuple(row) for row in session.execute(select(model.id, model.version))}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(
    ("suffix", "delimiter", "encoding"), [(".csv", ",", "cp1252"), (".csv", ";", "utf-8-sig"), (".xlsx", "", "")]
)
def test_again_gives_the_same_rows(
    session: Session, world: World, tmp_path: Path, kind: str, suffix: str, delimiter: str, encoding: str
) -> None:
    path = write(tmp_path / f"sheet{suffix}", ROWS[kind], delimiter=delimiter, encoding=encoding)

    assert counts(bring_in(kind, session, path, world)) == (1, 0, 0)
    before = versions(session, kind)
    assert counts(bring_in(kind, session, path, world)) == (0, 0, 1)

    assert versions(session, kind) == before
    assert len(before) == 1


def test_a_role_model_as_written(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("role-models", session, write(tmp_path / "a.csv", ROLE_MODEL), world)

    row = session.scalars(select(RoleModel)).one()
    assert (row.person.name, row.company_id, row.lat, row.lon) == ("Rollemodell 1", None, 59.91, 10.75)
    assert (row.lowest_grade, row.highest_grade, row.physical, row.digital) == (8, 13, True, True)
    assert {topic.code for topic in row.topics} == {"energy", "space"}
    assert {one.language for one in row.languages} == {"nb", "en"}
    assert {(free.weekday, free.starts, free.ends) for free in row.free_times} == {
        *((number, time(8), time(15, 30)) for number in (1, 2, 3)),
        (5, time(8), time(12)),
    }
    assert (row.max_lessons, row.max_per_day, row.trained_on) == (3, 1, date(2026, 9, 1))
    assert row.confirmed_at == TODAY


def test_what_changes_is_changed_and_empty_cells_leave_the_rest(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("role-models", session, write(tmp_path / "a.csv", ROLE_MODEL), world)
    other = ROLE_MODEL | {"E-post": "ROLLEMODELL1@example.org", "Fag": "energy", "Ledige tider": "", "Navn": "Ny 1"}

    assert counts(bring_in("role-models", session, write(tmp_path / "b.csv", other), world)) == (0, 1, 0)

    row = session.scalars(select(RoleModel)).one()
    assert (row.version, row.person.name, len(row.topics), len(row.free_times)) == (2, "Ny 1", 1, 4)


def test_a_company_must_be_there_unless_it_may_be_made(session: Session, world: World, tmp_path: Path) -> None:
    company = make.make_company(session, orgnr="923609016")
    known = write(tmp_path / "known.csv", ROLE_MODEL | {"Bedrift": "923 609 016"})
    new = write(
        tmp_path / "new.csv", *({**ROLE_MODEL, "Bedrift": "Ny bedrift", "E-post": f"r{n}@example.org"} for n in "12")
    )

    bring_in("role-models", session, known, world)
    with pytest.raises(InvalidInput) as caught:
        bring_in("role-models", session, new, world)
    made = bring_in("role-models", session, new, world, create_companies=True)

    assert (
        session.scalars(select(RoleModel.company_id).join(Person).where(Person.email.like("rolle%"))).one()
        == company.id
    )
    assert [(fault.field, "--create-companies" in str(fault.remedy)) for fault in caught.value.errors] == [
        ("row 2 Bedrift", True),
        ("row 3 Bedrift", True),
    ]
    assert made.notices == ["Companies: 1 new."]
    assert session.scalar(select(func.count()).where(Company.name == "Ny bedrift")) == 1


def test_the_same_address_at_another_company_is_someone_else_to_look_at(
    session: Session, world: World, tmp_path: Path
) -> None:
    bring_in("role-models", session, write(tmp_path / "a.csv", ROLE_MODEL), world)
    elsewhere = write(tmp_path / "b.csv", ROLE_MODEL | {"Bedrift": make.make_company(session).name})

    result = bring_in("role-models", session, elsewhere, world)

    assert (result.created, result.notices) == (1, ["Look at row 2: the address is known at another company."])


def test_a_mentor_as_written_keeps_sessions_of_other_seasons(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("mentors", session, write(tmp_path / "a.csv", MENTOR), world)
    row = session.scalars(select(Mentor)).one()
    assert (row.site_id, row.contracted, row.max_sessions) == (world.site.id, 1, 2)
    assert {level.code for level in row.levels} == {"1P", "R2"}
    assert set(row.sessions) == {world.tuesday, world.thursday}
    earlier = make.make_group_session(session, site_id=world.site.id)
    row.sessions.append(earlier)
    session.flush()

    fewer = write(tmp_path / "b.csv", MENTOR | {"Kan disse kveldene": "ti 17:00"})
    assert counts(bring_in("mentors", session, fewer, world)) == (0, 1, 0)

    assert set(row.sessions) == {world.tuesday, earlier}


def test_a_pupil_as_written(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("pupils", session, write(tmp_path / "a.csv", PUPIL), world)

    entry = session.scalars(select(Entry)).one()
    assert (entry.pupil.school_id, entry.pupil.postcode, entry.pupil.protected) == (world.school.id, "0150", True)
    assert (entry.pupil.gender, entry.pupil.lat, entry.level.code, entry.grade) == (Gender.GIRL, None, "1P", 10)
    assert [choice.session_id for choice in entry.choices] == [world.thursday.id, world.tuesday.id]
    assert (entry.priority_class, entry.priority_reason) == (1, PriorityReason.GRADE_10)
    assert entry.joined_on == date(2026, 11, 20)  # all of a registration period count from its last day


@pytest.mark.parametrize(
    ("change", "group", "reason", "joined"),
    [
        ({"Fortsetter": "ja"}, 0, PriorityReason.RETURNING, date(2026, 11, 20)),
        ({"Trinn": "Vg3"}, 1, PriorityReason.EXAM_YEAR, date(2026, 11, 20)),
        ({"Trinn": "vg 1", "Meldt på": "2026-11-21"}, 2, PriorityReason.REST, date(2026, 11, 21)),
        ({"Trinn": "9", "Meldt på": ""}, 2, PriorityReason.REST, date(2026, 12, 1)),
    ],
)
def test_the_group_and_the_day_that_counts(
    session: Session, world: World, tmp_path: Path, change: dict[str, str], group: int, reason: str, joined: date
) -> None:
    bring_in("pupils", session, write(tmp_path / "a.csv", PUPIL | change), world)

    entry = session.scalars(select(Entry)).one()
    assert (entry.priority_class, entry.priority_reason, entry.joined_on) == (group, reason, joined)


def test_a_pupil_of_last_season_gets_an_entry_of_this_one(session: Session, world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PUPIL)
    before = replace(world, season=make.make_season(session))
    elsewhere = {"season_id": before.season.id, "site_id": world.site.id, "programme_id": world.tuesday.programme_id}
    for weekday in (2, 4):
        make.make_group_session(session, weekday=weekday, **elsewhere)

    assert counts(bring_in("pupils", session, path, before)) == (1, 0, 0)
    assert counts(bring_in("pupils", session, path, world)) == (1, 0, 0)

    assert session.scalar(select(func.count(Pupil.id))) == 1
    assert session.scalar(select(func.count(Entry.id))) == 2


def test_new_choices_replace_the_old_ones(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("pupils", session, write(tmp_path / "a.csv", PUPIL), world)
    turned = PUPIL | {"Ønsker": "oslo-uio ti 17:00, oslo-uio to 17:00"}

    assert counts(bring_in("pupils", session, write(tmp_path / "b.csv", turned), world)) == (0, 1, 0)

    entry = session.scalars(select(Entry)).one()
    assert [choice.session_id for choice in entry.choices] == [world.tuesday.id, world.thursday.id]
    assert entry.version == 2


def test_two_sessions_at_once_are_told_apart_by_their_room(session: Session, world: World, tmp_path: Path) -> None:
    held = {"season_id": world.season.id, "site_id": world.site.id, "programme_id": world.tuesday.programme_id}
    room = make.make_room(session, site_id=world.site.id, name="Rom 2")
    second = make.make_group_session(session, room_id=room.id, **held)

    with pytest.raises(InvalidInput) as caught:
        bring_in("pupils", session, write(tmp_path / "a.csv", PUPIL), world)
    bring_in("pupils", session, write(tmp_path / "b.csv", PUPIL | {"Ønsker": "oslo-uio ti 17:00 Rom 2"}), world)
    bring_in("mentors", session, write(tmp_path / "c.csv", MENTOR), world)

    assert "Add the room" in caught.value.errors[0].sentence
    assert session.scalars(select(Entry)).one().choices[0].session_id == second.id
    assert set(session.scalars(select(Mentor)).one().sessions) == {world.tuesday, world.thursday, second}


def test_an_imported_request_equals_one_over_rest(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("requests", session, write(tmp_path / "a.csv", REQUEST | {"Bestilt": ""}), world)
    imported = session.scalars(select(Request)).one()
    lessons = [
        [{"starts_at": one.starts_at, "ends_at": one.ends_at} for one in option.lessons] for option in imported.options
    ]
    given = {
        "season": world.season.id,
        "school": world.school.id,
        "grade": 9,
        "classes": 2,
        "mode": RequestMode.EITHER,
        "topics": ["energy"],
        "fallback": Fallback.ANOTHER_DATE,
        "contact": {"name": "Bestiller 1", "email": "bestiller1@example.org"},
        "options": [{"lessons": times} for times in lessons],
    }
    made = create_request(session, OPERATOR, given)

    def all_of(row: Request) -> list[Any]:
        own = {"id", "reference", "contact_id"}
        return [
            *(getattr(row, column.key) for column in Request.__table__.columns if column.key not in own),
            [(topic.topic_id, topic.use) for topic in row.topics],
            row.contact and (row.contact.name, row.contact.email, row.contact.phone),
        ]

    session.flush()
    assert all_of(imported) == all_of(made)
    assert [len(times) for times in lessons] == [2, 1]
    assert lessons[0][0]["starts_at"].isoformat() == "2027-03-08T07:30:00+00:00"


def test_the_promise_counts_from_the_day_it_came_in(session: Session, world: World, tmp_path: Path) -> None:
    bring_in("requests", session, write(tmp_path / "a.csv", REQUEST), world)

    row = session.scalars(select(Request)).one()
    assert (row.submitted_at.date(), row.answer_on) == (date(2026, 11, 24), date(2026, 12, 8))


def test_a_reference_is_kept_and_known_again(session: Session, world: World, tmp_path: Path) -> None:
    named = write(tmp_path / "a.csv", REQUEST | {"Referanse": "b-17"}, REQUEST | {"Referanse": "b-18"})

    assert counts(bring_in("requests", session, named, world)) == (2, 0, 0)
    assert counts(bring_in("requests", session, named, world)) == (0, 0, 2)
    assert set(session.scalars(select(Request.reference))) == {"B-17", "B-18"}
    other = make.make_school(session, name="Berg skole").name
    with pytest.raises(InvalidInput) as caught:
        bring_in("requests", session, write(tmp_path / "b.csv", REQUEST | {"Referanse": "B-17", "Skole": other}), world)
    assert caught.value.errors[0].field == "row 2 Referanse"


def test_schools_of_one_name_need_their_municipality(session: Session, world: World, tmp_path: Path) -> None:
    place = make.make_municipality(session, name="Gjesdal")
    wanted = make.make_school(session, name="Ålgård skole", municipality_id=place.id)
    by_name = REQUEST | {"Skole": "Ålgård skole"}

    with pytest.raises(InvalidInput) as caught:
        bring_in("requests", session, write(tmp_path / "a.csv", by_name), world)
    bring_in("requests", session, write(tmp_path / "b.csv", {"Kommune": "gjesdal", **by_name}), world)

    assert (caught.value.errors[0].field, "municipality" in str(caught.value.errors[0].remedy)) == ("row 2 Skole", True)
    assert session.scalars(select(Request.school_id)).one() == wanted.id


def test_spreadsheets_may_hold_numbers_dates_and_booleans(session: Session, world: World, tmp_path: Path) -> None:
    typed = PUPIL | {
        "Trinn": 10,
        "Postnummer": 150,
        "Meldt på": datetime(2026, 11, 5),
        "Fortsetter": True,
        "Skjermet": False,
    }
    placed = {**typed, "Breddegrad": 59.9, "Lengdegrad": 10}

    bring_in("pupils", session, write(tmp_path / "a.xlsx", placed), world)

    entry = session.scalars(select(Entry)).one()
    assert (entry.grade, entry.joined_on, entry.priority_class) == (10, date(2026, 11, 20), 0)
    assert (entry.pupil.protected, entry.pupil.postcode, entry.pupil.lat, entry.pupil.lon) == (
        False,
        "0150",
        59.9,
        10.0,
    )


@pytest.mark.parametrize(
    ("kind", "headings"),
    [
        ("role-models", {"name": "Navn", "E MAIL": "E-post", "max_travel_minutes": "Lengste reise (minutter)"}),
        (
            "mentors",
            {"contracted": "Avtalte kvelder i uka", "MAX SESSIONS": "Høyst kvelder i uka", "Site": "Studiested"},
        ),
        ("pupils", {"Choices": "Ønsker", "joined on": "Meldt på", "Level": "Fag"}),
        ("requests", {"School": "Skole", "options": "Tidspunkter", "Contact Name": "Bestiller"}),
    ],
)
def test_headings_in_english(
    session: Session, world: World, tmp_path: Path, kind: str, headings: dict[str, str]
) -> None:
    english = {norwegian: heading for heading, norwegian in headings.items()}
    row = {english.get(heading, heading.upper()): cell for heading, cell in ROWS[kind].items()}

    assert counts(bring_in(kind, session, write(tmp_path / "a.csv", row), world)) == (1, 0, 0)


WRONG = [
    *(("role-models", "Navn", cell) for cell in ("", "a\x07b", "x" * 201)),
    *(("role-models", "E-post", cell) for cell in ("", "no mail", "a@b", "a@example.org b")),
    *(("role-models", "Breddegrad", cell) for cell in ("", "95", "nan", "inf", "north", "=1+1")),
    *(("role-models", "Lengste reise (minutter)", cell) for cell in ("-1", "1441", "an hour", "1.5")),
    *(("role-models", "Trinn", cell) for cell in ("13-8", "0-3", "8-9-10", "2026-12-08", "Vg4", "")),
    ("role-models", "Fag", "astrology"),
    ("role-models", "Språk", "klingonsk"),
    ("role-models", "Besøksform", "telepati"),
    *(
        ("role-models", "Ledige tider", cell)
        for cell in ("ma", "ma 15-08", "xx 08-10", "ma 25-26", "fr-ma 08-10", "ma 8-9, ma 8-10")
    ),
    *(("role-models", "Opplæring fullført", cell) for cell in ("2026-12-02", "31.2.2026", "soon", "1026-01-01")),
    ("mentors", "Studiested", "Atlantis"),
    ("mentors", "Fag", "R3"),
    *(("mentors", "Kan disse kveldene", cell) for cell in ("on 17:00", "ti", "17:00", "ti 25:00")),
    ("mentors", "Avtalte kvelder i uka", "3"),
    ("mentors", "Høyst kvelder i uka", "8"),
    *(("pupils", "Trinn", cell) for cell in ("7", "14", "")),
    *(("pupils", "Ønsker", cell) for cell in ("", ";", "ti 17:00", "Atlantis ti 17:00", "oslo-uio ti 18:00")),
    ("pupils", "Ønsker", "oslo-uio ti 17:00; oslo-uio ti 17:00"),
    ("pupils", "Skole", "999999999"),
    ("pupils", "Postnummer", "12345"),
    ("pupils", "Kjønn", "?"),
    ("pupils", "Meldt på", "2026-12-24"),
    ("pupils", "Skjermet", "maybe"),
    ("requests", "Klasser", "0"),
    ("requests", "Skole", "Ingen skole"),
    ("requests", "Besøksform", "brev"),
    ("requests", "Hvis det ryker", "gråte"),
    ("requests", "Bestiller", ""),
    *(
        ("requests", "Tidspunkter", cell)
        for cell in (
            "",
            "2027-03-08",
            "2027-03-08 10:00-09:00",
            "2026-11-02 10:00-11:00",
            "2029-03-08 10:00-11:00",
            "2027-03-08 10:00-11:00 + 10:30-11:30",
            "2027-03-08 10:00-11:00 | 2027-03-08 10:00-11:00",
            "2027-03-08 " + " + ".join(f"{hour}:00-{hour}:30" for hour in range(8, 15)),
        )
    ),
]


@pytest.mark.parametrize(("kind", "column", "cell"), WRONG)
def test_a_wrong_cell_is_named_with_its_remedy(
    session: Session, world: World, tmp_path: Path, kind: str, column: str, cell: str
) -> None:
    right = ROWS[kind]
    path = write(tmp_path / "a.csv", right, right | {column: cell, "E-post": "other@example.org"} | ({column: cell}))

    with pytest.raises(InvalidInput) as caught:
        bring_in(kind, session, path, world)

    assert {fault.field for fault in caught.value.errors} == {f"row 3 {column}"}
    assert all(fault.sentence and fault.remedy for fault in caught.value.errors)


def test_all_faults_are_told_at_once(session: Session, world: World, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        REQUEST | {"Tidspunkter": "2026-11-02 10:00-11:00"},
        REQUEST | {"Trinn": "99", "Fag": "astrology", "E-post": "b@example.org"},
        REQUEST | {"E-post": "c@example.org"},
        REQUEST | {"E-post": "c@example.org"},
    )

    with pytest.raises(InvalidInput) as caught:
        bring_in("requests", session, path, world)

    assert [fault.field for fault in caught.value.errors] == ["row 2 Tidspunkter", "row 3 Trinn", "row 3 Fag", "row 5"]


def test_one_half_of_a_place_is_refused(session: Session, world: World, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        bring_in("pupils", session, write(tmp_path / "a.csv", PUPIL | {"Breddegrad": "59"}), world)

    assert caught.value.errors[0].field == "row 2 Lengdegrad"


@pytest.mark.parametrize("kind", ROWS)
def test_headings_that_are_unknown_double_or_missing(session: Session, world: World, tmp_path: Path, kind: str) -> None:
    row = {"Yndlingsfarge": "blå", "trinn ": "8", "klasse-trinn": "8", "Navn": "x"}

    with pytest.raises(InvalidInput) as caught:
        bring_in(kind, session, write(tmp_path / "a.csv", row), world)

    told = " ".join(f"{fault.sentence} {fault.remedy}" for fault in caught.value.errors)
    assert "'Yndlingsfarge' is not known" in told
    assert "Known are " in told
    assert "is missing" in told
    assert {fault.field for fault in caught.value.errors} == {"row 1"}


def test_messages_hold_nobody(session: Session, world: World, tmp_path: Path) -> None:
    wrong = PUPIL | {"Navn": "Hemmelig\x07", "E-post": "hemmelig", "Telefon": "hemmelig" * 9, "Postnummer": "0x"}
    with pytest.raises(InvalidInput) as caught:
        bring_in("pupils", session, write(tmp_path / "a.csv", wrong), world)

    assert len(caught.value.errors) == 4
    assert "emmelig" not in repr(caught.value.errors)


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+47",
        "-1",
        "@SUM(1)",
        "Robert'); DROP TABLE person;--",
        "<b>Å</b>",
        "﷽",
        "e\u0301",
        "👩‍🔬",
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_texts_stay_texts(session: Session, world: World, tmp_path: Path, text: str, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", ROLE_MODEL | {"Tittel": "" if suffix == ".xlsx" else text})
    if suffix == ".xlsx":
        from openpyxl import load_workbook

        book = load_workbook(path)
        cell = book.worksheets[0].cell(2, len(ROLE_MODEL) + 1)
        cell.value, cell.data_type = text, "s"
        book.save(path)

    bring_in("role-models", session, path, world)

    assert session.scalars(select(RoleModel.title)).one() == text.replace("e\u0301", "é")


@pytest.mark.parametrize("kind", ROWS)
def test_one_audit_entry_with_counts_only(session: Session, world: World, tmp_path: Path, kind: str) -> None:
    bring_in(kind, session, write(tmp_path / "a.csv", ROWS[kind]), world)
    write_pending(session)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action.endswith(".import"))).one()
    assert all(isinstance(value, int) for value in entry.detail.values())
    assert (entry.detail["created"], entry.object_id) == (1, "csv")


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"\x00\x01"), ("a.xlsx", b"no spreadsheet"), ("a.csv", b'Navn,"E')]
)
def test_a_file_that_is_no_table_is_refused(
    session: Session, world: World, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInput):
        bring_in("pupils", session, tmp_path / name, world)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_broken_spreadsheet_is_refused(tmp_path: Path, part: str, kept: float) -> None:
    whole = write(tmp_path / "whole.xlsx", PUPIL)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "broken.xlsx", "w") as broken:
        for name in source.namelist():
            data = source.read(name)
            broken.writestr(name, data[: int(len(data) * kept)] if name == part else data)

    with pytest.raises(InvalidInput):
        read_table(tmp_path / "broken.xlsx")


def test_sheets_take_as_many_times_as_rest() -> None:
    assert (import_requests.MOST_OPTIONS, import_requests.MOST_LESSONS) == (rest.MOST_OPTIONS, rest.MOST_LESSONS)


@pytest.mark.long_on_postgres
def test_two_thousand_pupils(session: Session, world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *(PUPIL | {"E-post": f"elev{number}@example.org"} for number in range(2000)))

    assert len(read_table(path)[1]) == 2000
    assert counts(bring_in("pupils", session, path, world)) == (2000, 0, 0)
    assert counts(bring_in("pupils", session, path, world)) == (0, 0, 2000)
