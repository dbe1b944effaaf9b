"""How Alembic runs the migrations: all in one transaction, on a given connection or on the settings' database."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from api.config import settings
from api.db import make_engine
from api.models.registry import metadata

UPGRADE_LOCK = 7_214_001  # any number; two processes that upgrade at once take turns by it


def ours(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Exclusion constraints are made by hand in the migrations; models cannot say them for both databases."""
    return not (kind == "index" and name is not None and name.startswith("ex_"))


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, on SQLite with foreign keys off and checked at the end.

    Off because rebuilding a table drops it, and dropping it would delete or refuse its children's rows.
    """
    sqlite = connection.dialect.name == "sqlite"
    raw = connection.connection.driver_connection
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=ours,
        render_as_batch=sqlite,
        transactional_ddl=True,
    )
    if sqlite:
        raw.execute("PRAGMA foreign_keys = OFF")
    try:
        with context.begin_transaction():
            if not sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            context.run_migrations()
            if sqlite:
                check_foreign_keys(connection)
    finally:
        if sqlite:
            raw.execute("PRAGMA foreign_keys = ON")


def check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RuntimeError(f"the migration leaves a row of {broken[0]} without its {broken[2]}; nothing was changed")


def run() -> None:
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    engine = make_engine(context.config.attributes.get("url") or settings().database_url)
    try:
        with engine.connect() as connection:
            migrate(connection)
    finally:
        engine.dispose()


run()
