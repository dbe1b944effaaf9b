"""`treffpunkt import`: templates, dry runs, exit codes, and nothing written where anything is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import responses
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select

from api import cli_import
from api.cli import main
from api.db import reading, transaction
from api.models.groups import Mentor
from api.models.people import Person
from api.models.places import School
from api.models.pupils import Entry
from api.models.records import AuditEntry
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.services.school_register import CSV_COLUMNS
from tests import factories as make
from tests.api.conftest import settings_for_tests
from tests.api.services.nsr_answers import NSR_URL, UNIT, answer_lists, answer_unit
from tests.api.services.sheet_files import TODAY, make_world, write

KINDS = {"role-models": RoleModel, "mentors": Mentor, "pupils": Entry, "requests": Request}
Import = Callable[..., Result]


@pytest.fixture
def run(own_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Runs `treffpunkt import ...` on a season in a database of its own."""
    url = own_database.url.render_as_string(hide_password=False)
    monkeypatch.setattr(cli_import, "settings", lambda: settings_for_tests(tmp_path, database_url=url))
    with time_machine.travel(TODAY, tick=False):
        with transaction() as session:
            make_world(session)
        yield lambda *words: CliRunner().invoke(main, ["import", *map(str, words)])


def rows() -> dict[str, int]:
    counted = {**KINDS, "people": Person, "schools": School, "audit": AuditEntry}
    with reading() as session:
        return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in counted.items()}


def test_every_template_comes_back_in_as_it_is_and_a_dry_run_writes_nothing(run: Import, tmp_path: Path) -> None:
    for kind in KINDS:
        for suffix in ("xlsx", "csv"):
            sheet = tmp_path / f"{kind}.{suffix}"
            wrote = run(kind, "--template", sheet)
            assert (wrote.exit_code, "Wrote" in wrote.output) == (0, True), wrote.output
        before = rows()
        tried = run(kind, sheet, "--dry-run")
        assert (tried.exit_code, "1 new" in tried.output, "nothing was written" in tried.output) == (0, True, True)
        assert rows() == before

        assert "1 new" in run(kind, tmp_path / f"{kind}.xlsx").output
        assert "0 new, 0 changed, 1 the same" in run(kind, sheet).output
        assert rows()[kind] == before[kind] + 1


def test_a_file_with_one_fault_writes_nothing_and_tells_the_row(run: Import, tmp_path: Path) -> None:
    right = {"Navn": "Mentor 1", "E-post": "m1@example.org", "Studiested": "oslo-uio", "Fag": "R2"}
    right |= {"Avtalte kvelder i uka": "1", "Høyst kvelder i uka": "1"}
    sheet = write(tmp_path / "a.csv", right, right | {"E-post": "m2@example.org", "Fag": "R7"}, encoding="cp1252")
    before = rows()

    refused = run("mentors", sheet)

    assert refused.exit_code == 2
    assert "row 3 Fag: There is no level 'R7'; there are 1P, R2. Write codes or names" in refused.output
    assert rows() == before


def test_schools_may_be_tried_first(run: Import, tmp_path: Path) -> None:
    school = dict.fromkeys(CSV_COLUMNS, "") | {"name": "Aker skole", "municipality_code_2024": "0301", "lat": "59.9"}
    right = write(tmp_path / "right.csv", school | {"lon": "10.8", "ownership": "public"})
    wrong = write(tmp_path / "wrong.csv", school | {"lon": "east", "ownership": "public"})
    before = rows()

    assert run("schools", right, "--dry-run").exit_code == 0
    refused = run("schools", wrong)
    assert (refused.exit_code, "row 2 lon" in refused.output) == (2, True)
    assert rows() == before

    assert "1 new" in run("schools", right, "--complete").output
    assert rows()["schools"] == before["schools"] + 1


@responses.activate
def test_schools_come_from_the_register_itself(run: Import) -> None:
    new = {"Organisasjonsnummer": "974589656", "Navn": "Berg skole"}
    answer_lists([UNIT | new])
    answer_unit(**new)
    before = rows()

    tried = run("schools", "--nsr", "--dry-run")
    assert (tried.exit_code, "1 new" in tried.stdout, "nothing was written" in tried.stdout) == (0, True, True)
    assert "1/1" in tried.stderr
    assert rows() == before

    assert "1 new" in run("schools", "--nsr").stdout
    assert "0 new, 0 changed, 1 the same" in run("schools", "--nsr").stdout
    assert rows()["schools"] == before["schools"] + 1


@responses.activate
def test_a_register_that_does_not_answer_is_one_line(run: Import) -> None:
    responses.get(f"{NSR_URL}/enheter", body=requests.ConnectionError())
    before = rows()

    refused = run("schools", "--nsr")

    assert refused.exit_code == 1
    (line,) = (line for line in refused.stderr.splitlines() if line.startswith("Error: "))
    assert line.startswith("Error: The school register does not answer (ConnectionError). Try again later, or import")
    assert rows() == before


def test_schools_come_from_a_file_or_from_the_register(run: Import, tmp_path: Path) -> None:
    assert run("schools").exit_code == 2
    both = run("schools", tmp_path / "a.csv", "--nsr")
    assert (both.exit_code, "Give a FILE to import, or --nsr" in both.output) == (2, True)


def test_the_season_is_asked_for_where_several_could_be_meant(run: Import, tmp_path: Path) -> None:
    with transaction() as session:
        make.make_season(session, code="2027h")

    asked = run("pupils", "--template", tmp_path / "a.csv")
    unknown = run("pupils", "--template", tmp_path / "a.csv", "--season", "2030v")

    assert (asked.exit_code, "one of 2027h, 2027v" in asked.output) == (2, True)
    assert (unknown.exit_code, "There is no season '2030v'" in unknown.output) == (2, True)
    assert run("pupils", "--template", tmp_path / "a.csv", "--season", "2027v").exit_code == 0


def test_either_a_file_or_a_template(run: Import, tmp_path: Path) -> None:
    assert run("mentors").exit_code == 2
    assert run("mentors", tmp_path / "missing.csv").exit_code == 2
    assert run("mentors", "--template", tmp_path / "a.pdf").exit_code == 2
    assert run("mentors", "--template", tmp_path / "no-such-folder" / "a.csv").exit_code == 2
