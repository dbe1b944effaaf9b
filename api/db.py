"""Engines, transactions and migrations, without Flask.

Writes run in `with transaction() as session:`, which commits at the end; reads in `with reading() as session:`, which
sees one moment of the database throughout and cannot write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker

from api.config import Settings, settings
from api.domain.name_order import name_key

BUSY_TIMEOUT_MS = 30_000
READ_ONLY = "treffpunkt_read_only"


@dataclass(frozen=True, slots=True)
class Sessions:
    """Where `transaction()` and `reading()` get their sessions from."""

    write: sessionmaker[Session]
    read: sessionmaker[Session]


_sessions: Sessions | None = None


def make_engine(url: str | URL) -> Engine:
    """An engine with the habits of this house; an SQLite file's folder is created."""
    target = make_url(url)
    if target.get_backend_name() != "sqlite":
        return create_engine(target, pool_pre_ping=True)
    if target.database and target.database != ":memory:":
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def sessions_of(engine: Engine) -> Sessions:
    """Sessions on an engine: writers as they are, readers on a snapshot that refuses writes."""
    if engine.dialect.name == "sqlite":
        reader = engine.execution_options(**{READ_ONLY: True})
    else:
        reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Sessions(
        write=sessionmaker(engine, expire_on_commit=False), read=sessionmaker(reader, expire_on_commit=False)
    )


def init_engine(config: Settings | None = None) -> Engine:
    """Make the engine of this process from its settings and let `transaction()` and `reading()` use it."""
    engine = make_engine((config or settings()).database_url)
    use_sessions(sessions_of(engine))
    return engine


def use_sessions(sessions: Sessions | None) -> Sessions | None:
    """Let `transaction()` and `reading()` use these sessions. Returns those used until now."""
    global _sessions
    before, _sessions = _sessions, sessions
    return before


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it raises."""
    with _current().write.begin() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reads: one snapshot for the whole block, writes refused, nothing committed."""
    with _current().read() as session:
        yield session


def refresh_statistics(session: Session) -> None:
    """Tell Postgres at once what a bulk write has changed; by itself it takes a minute, with slow plans until then."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE"))


def alembic_config(url: str | URL, connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of the installed package."""
    spec = find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package migrations is not installed beside api")
    config = Config(attributes={"url": make_url(url), "connection": connection})
    config.set_main_option("script_location", next(iter(spec.submodule_search_locations)).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Bring the database at the URL to a revision, by default the newest."""
    make_engine(url).dispose()  # creates the folder of an SQLite file
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str | URL, revision: str) -> None:
    """Take the database at the URL back to a revision; "base" is the empty database."""
    command.downgrade(alembic_config(url), revision)


def is_current(engine: Engine) -> bool:
    """True when the database has every migration of the installed package."""
    head = ScriptDirectory.from_config(alembic_config(engine.url)).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _current() -> Sessions:
    if _sessions is None:
        init_engine()
    assert _sessions is not None
    return _sessions


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("name_key", 1, lambda name: None if name is None else name_key(name), deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the write lock at once: a read that turns into a write later can lose its race unseen."""
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
