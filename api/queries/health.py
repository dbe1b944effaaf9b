"""What a watchdog asks: is the database there, has it every migration, and is a worker at work."""

from collections.abc import Callable
from functools import cache
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.clock import now
from api.db import alembic_config
from api.models.planning import Run


def readiness(open_session: Callable[[], Session]) -> dict[str, Any]:
    """status: ready, unreachable or not_migrated. worker_heartbeat_seconds: age of the newest one, None without."""
    try:
        session = open_session()
        if MigrationContext.configure(session.connection()).get_current_revision() != newest_revision():
            return {"status": "not_migrated", "worker_heartbeat_seconds": None}
        beat = session.scalar(select(func.max(Run.heartbeat_at)))
    except SQLAlchemyError:
        return {"status": "unreachable", "worker_heartbeat_seconds": None}
    age = None if beat is None else max(0, round((now() - beat).total_seconds()))
    return {"status": "ready", "worker_heartbeat_seconds": age}


@cache
def newest_revision() -> str | None:
    """The newest migration of the installed package."""
    return ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()
