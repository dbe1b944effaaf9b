"""One scheduler leads: whoever holds a lock that its death lets go. The others stand by and try again."""

from __future__ import annotations

from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

LEADER_LOCK = 7_214_003  # any number, the same in every version
# A server that has vanished without a word is noticed within seconds, on both ends of the connection.
PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 3000,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "options": "-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3",
}


class Lock(Protocol):
    """What one process at a time can hold."""

    def acquire(self) -> bool:
        """Takes it without waiting; False when another holds it, or when it cannot be reached."""

    def held(self) -> bool:
        """Whether it is still ours. Asked each second."""

    def release(self) -> None:
        """Lets it go. May be called when it is not held."""


def lock_of(database_url: str) -> Lock:
    """The lock of a database: an advisory one on Postgres, a file beside it on SQLite."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return FileLeadership(f"{url.database}.scheduler")
    return AdvisoryLeadership(database_url)


class AdvisoryLeadership:
    """A session's advisory lock on a connection of its own: the connection's end is the lock's end."""

    def __init__(self, database_url: str) -> None:
        self._engine: Engine = create_engine(
            database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=PATIENCE
        )
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        self.release()
        try:
            self._connection = self._engine.connect()
            taken = self._connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK})
        except DBAPIError:
            taken = False
        if not taken:
            self.release()
        return bool(taken)

    def held(self) -> bool:
        if self._connection is None:
            return False
        try:
            # asks for the lock and not for an answer: a connection that was made anew would not have it
            return bool(
                self._connection.scalar(
                    text(
                        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
                        " AND pid = pg_backend_pid() AND classid = 0 AND objid = :key)"
                    ),
                    {"key": LEADER_LOCK},
                )
            )
        except DBAPIError:
            return False

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class FileLeadership:
    """A lock of the operating system on a file, for the processes of one machine."""

    def __init__(self, path: str) -> None:
        self._lock = FileLock(path)

    def acquire(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def held(self) -> bool:
        return bool(self._lock.is_locked)

    def release(self) -> None:
        self._lock.release()
