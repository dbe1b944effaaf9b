"""Transactions: what is written together stands together, and a reader sees one moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api import db
from api.config import read_settings
from api.db import reading, transaction
from api.models.people import Person
from tests import factories as make


def people() -> int:
    with reading() as session:
        return session.scalars(select(func.count()).select_from(Person)).one()


def test_transaction_commits_at_its_end(own_database: Engine) -> None:
    with transaction() as session:
        make.make_person(session)
    assert people() == 1


def test_transaction_leaves_nothing_when_it_raises(own_database: Engine) -> None:
    def fail() -> None:
        with transaction() as session:
            make.make_person(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert people() == 0


def test_rows_can_be_read_after_the_transaction(own_database: Engine) -> None:
    with transaction() as session:
        person = make.make_person(session, name="Adviser")
    assert person.name == "Adviser"


def test_reader_cannot_write(own_database: Engine) -> None:
    with reading() as session, pytest.raises(DBAPIError, match=r"read.?only"):
        make.make_person(session)
    assert people() == 0


def test_writer_can_write_after_a_reader_had_the_connection(own_database: Engine) -> None:
    assert people() == 0
    with transaction() as session:
        make.make_person(session)
    assert people() == 1


def test_reader_sees_one_moment(own_database: Engine) -> None:
    question = select(func.count()).select_from(Person)
    with reading() as session:
        before = session.scalars(question).one()
        with transaction() as writer:
            make.make_person(writer)
        assert session.scalars(question).one() == before
    assert people() == before + 1


def test_first_use_reads_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'treffpunkt.db'}"
    db.upgrade(url)
    engine = db.init_engine(read_settings({"DATABASE_URL": url}))
    try:
        assert people() == 0
    finally:
        db.use_sessions(None)
        engine.dispose()


def sqlite_file(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'seats.db'}"
    db.upgrade(url)
    return url


def claim_last_seat(engine: Engine, meeting: Barrier) -> None:
    """Read, then write what the reading allows; wait a moment in between in case the other gets here too."""
    with Session(engine) as session, session.begin():
        taken = session.scalars(select(func.count()).select_from(Person)).one()
        with suppress(BrokenBarrierError):
            meeting.wait(timeout=0.3)
        if taken == 0:
            make.make_person(session)


def seats_given(engine: Engine) -> int:
    meeting = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(claim_last_seat, engine, meeting) for _ in range(2)]:
            done.result()
    with Session(engine) as session:
        given = session.scalars(select(func.count()).select_from(Person)).one()
    engine.dispose()
    return given


def test_sqlite_writers_take_turns(tmp_path: Path) -> None:
    assert seats_given(db.make_engine(sqlite_file(tmp_path))) == 1


def test_sqlite_writers_oversell_without_our_engine(tmp_path: Path) -> None:
    assert seats_given(create_engine(sqlite_file(tmp_path))) == 2


def test_sqlite_is_safe_against_power_loss_and_lost_parents(tmp_path: Path) -> None:
    engine = db.make_engine(sqlite_file(tmp_path))
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": db.BUSY_TIMEOUT_MS}
