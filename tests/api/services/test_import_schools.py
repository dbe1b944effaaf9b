"""The register of schools, as it is published and as it breaks."""

from __future__ import annotations

import csv
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import IdentifierScheme, SchoolStatus
from api.errors import InvalidInput
from api.models.places import Municipality, MunicipalityCode, School, SchoolIdentifier
from api.services.import_schools import import_schools
from api.services.school_register import CSV_COLUMNS

REGISTER = Path(__file__).parents[4] / "shared" / "data"
needs_register = pytest.mark.skipif(not REGISTER.is_dir(), reason="the real register is not beside this checkout")

AKER = {
    "orgnr": "974589648",
    "name": "Aker skole",
    "municipality_code_2020": "0301",
    "municipality": "Oslo",
    "municipality_code_2024": "0301",
    "address": "Enebakkveien 264",
    "pupils": "540",
    "lowest_grade": "1",
    "highest_grade": "10",
    "ownership": "public",
    "lat": "59.881370",
    "lon": "10.825390",
}
Register = Callable[..., Path]


@pytest.fixture
def register(tmp_path: Path) -> Register:
    def write(*schools: dict[str, str], delimiter: str = ",", encoding: str = "utf-8") -> Path:
        path = tmp_path / "schools.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            table = csv.DictWriter(file, CSV_COLUMNS, delimiter=delimiter)
            table.writeheader()
            table.writerows(schools)
        return path

    return write


def rows(session: Session) -> set[tuple[object, ...]]:
    return set(session.execute(select(School.id, School.name, School.lat, School.status, School.version)))


@needs_register
def test_the_real_register_comes_in_whole_and_again_changes_nothing(session: Session) -> None:
    started = time.process_time()
    first = import_schools(session, REGISTER / "schools_no.csv")
    seconds = time.process_time() - started
    session.flush()
    before = rows(session)
    ids = dict(session.execute(select(SchoolIdentifier.scheme, func.count()).group_by(SchoolIdentifier.scheme)).all())
    again = import_schools(session, REGISTER / "schools_no.csv", complete=True)
    session.expire_all()

    assert (first.created, first.changed, first.same) == (2667, 0, 0)
    assert ids == {IdentifierScheme.ORGNR: 2667 - 423, IdentifierScheme.PLACE: 2667}
    assert (again.created, again.changed, again.same, again.closed) == (0, 0, 2667, 0)
    assert rows(session) == before
    assert seconds < 60  # a hang, not a measurement: tests/benchmarks has the figure


@needs_register
def test_order_of_the_file_does_not_matter(session: Session, tmp_path: Path) -> None:
    import_schools(session, REGISTER / "schools_no.csv")
    heading, *lines = (REGISTER / "schools_no.csv").read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(lines)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([heading, *lines]), encoding="utf-8")

    result = import_schools(session, shuffled)

    assert (result.created, result.changed, result.same) == (0, 0, 2667)


@needs_register
def test_municipalities_of_2020_and_2024_are_told_apart(session: Session) -> None:
    result = import_schools(session, REGISTER / "schools_no.csv")
    of_code = {
        (year, code): owner
        for year, code, owner in session.execute(
            select(MunicipalityCode.year, MunicipalityCode.code, MunicipalityCode.municipality_id)
        )
    }
    names = dict(session.execute(select(Municipality.id, Municipality.name)).all())

    assert of_code[2020, "1507"] == of_code[2024, "1508"] != of_code[2024, "1580"]
    assert names[of_code[2020, "5411"]] == names[of_code[2024, "5510"]] == "Kvæfjord"
    assert names[of_code[2024, "1160"]] == "Vindafjord"
    assert [notice for notice in result.notices if "5411" in notice and "1160" in notice]


@needs_register
def test_geonorge_finds_the_same_schools_by_number(session: Session) -> None:
    import_schools(session, REGISTER / "schools_no.csv")
    before = session.scalar(select(func.count(School.id)))
    sample = json.loads((REGISTER / "geonorge_grunnskoler_sample.geojson").read_text(encoding="utf-8"))
    numbers = [feature["properties"]["organisasjonsnummer"] for feature in sample["features"]]
    known = session.scalars(
        select(SchoolIdentifier.value).where(
            SchoolIdentifier.scheme == IdentifierScheme.ORGNR, SchoolIdentifier.value.in_(numbers)
        )
    ).all()

    result = import_schools(session, REGISTER / "geonorge_grunnskoler_sample.geojson")

    assert result.created == len(numbers) - len(known)
    assert session.scalar(select(func.count(School.id))) == before + result.created
    nsr = select(func.count()).where(SchoolIdentifier.scheme == IdentifierScheme.NSR)
    assert session.scalar(nsr) == len(numbers)


def test_a_missing_school_is_closed_and_comes_back(session: Session, register: Register) -> None:
    other = AKER | {"orgnr": "974589656", "name": "Berg skole", "lat": "59.9"}
    import_schools(session, register(AKER, other))
    import_schools(session, register(AKER))
    assert set(session.scalars(select(School.status))) == {SchoolStatus.ACTIVE}

    assert import_schools(session, register(AKER), complete=True).closed == 1
    session.flush()
    assert session.scalars(select(School.status).where(School.name == "Berg skole")).one() is SchoolStatus.CLOSED

    assert import_schools(session, register(AKER, other), complete=True).changed == 1
    session.flush()
    assert session.scalars(select(School.status).where(School.name == "Berg skole")).one() is SchoolStatus.ACTIVE


def test_what_a_person_set_stays(session: Session, register: Register) -> None:
    import_schools(session, register(AKER))
    school = session.scalars(select(School)).one()
    school.name, school.overrides = "Aker ungdomsskole", {"name": "Aker ungdomsskole"}
    session.flush()

    import_schools(session, register(AKER | {"name": "Aker", "pupils": "550"}))

    assert (school.name, school.pupils) == ("Aker ungdomsskole", 550)


def test_postcodes_come_from_a_column_that_may_be_left_out(
    session: Session, register: Register, tmp_path: Path
) -> None:
    path = tmp_path / "with.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, (*CSV_COLUMNS, "postcode"))
        table.writeheader()
        table.writerow({**AKER, "postcode": "0752"})
    import_schools(session, path)
    assert session.scalars(select(School.postcode)).all() == ["0752"]
    import_schools(session, register(AKER))
    assert session.scalars(select(School.postcode)).all() == ["0752"], "a register without them takes none away"


def test_a_school_that_gets_a_number_is_the_same_school(session: Session, register: Register) -> None:
    import_schools(session, register(AKER | {"orgnr": ""}))
    before = session.scalars(select(School.id)).one()

    assert import_schools(session, register(AKER)).created == 0
    moved = AKER | {"lat": "60.5", "name": "Aker nye skole"}
    assert import_schools(session, register(moved)).created == 0
    assert session.scalars(select(School.id)).one() == before


def test_two_numbers_at_one_place_are_two_schools(session: Session, register: Register) -> None:
    import_schools(session, register(AKER))
    result = import_schools(session, register(AKER, AKER | {"orgnr": "974589656"}))

    assert result.created == 1
    assert "stands 2 times" in result.notices[0]


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), (",", "cp1252"), (";", "cp1252")])
def test_norwegian_letters_in_every_usual_file(
    session: Session, register: Register, delimiter: str, encoding: str
) -> None:
    import_schools(session, register(AKER | {"name": "Ålgård skole, øst"}, delimiter=delimiter, encoding=encoding))

    assert session.scalars(select(School.name)).one() == "Ålgård skole, øst"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lat": "95"}, "row 3 lat"),
        ({"lon": "nan"}, "row 3 lon"),
        ({"name": ""}, "row 3 name"),
        ({"orgnr": "12"}, "row 3 orgnr"),
        ({"lowest_grade": "9", "highest_grade": "8"}, "row 3"),
        ({"pupils": "many"}, "row 3 pupils"),
        ({"ownership": "mine"}, "row 3 ownership"),
        ({"municipality_code_2020": "", "municipality_code_2024": "", "municipality": ""}, "school 2"),
    ],
)
def test_one_faulty_row_keeps_all_out(session: Session, register: Register, change: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        import_schools(session, register(AKER, AKER | {"orgnr": "974589656"} | change))

    assert caught.value.errors[0].field == says
    assert session.scalar(select(func.count(School.id))) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("other.csv", b"a,b\n1,2\n"),
        ("binary.csv", b"\x00\x01\x02"),
        ("quotes.csv", b'orgnr,"name\n1,2'),
        ("broken.geojson", b"{"),
        ("list.geojson", b"[]"),
        ("deep.json", b"[" * 100_000),
        ("sheet.xlsx", b"not a spreadsheet"),
    ],
)
def test_a_file_that_is_no_register_is_refused(session: Session, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInput):
        import_schools(session, tmp_path / name)
