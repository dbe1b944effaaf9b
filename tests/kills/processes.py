"""The processes of the service, each forked from a server that has everything loaded, so that one can be killed often.

Each lives at a moment of its own: `at` is the clock it starts with, which then ticks on. A process may be told to kill
itself at a named point: the n-th time it is about to commit, or has just committed, or has just handed over a mail.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import time_machine
from sqlalchemy import event
from sqlalchemy.orm import Session

from api.config import settings
from api.db import init_engine

PRELOADED = ["tests.kills.loaded"]
LEASE = timedelta(seconds=2)

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th time (1 and up) of `before_commit`, `after_commit` or `after_mail`."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process lives: its database, its folder, the port of the web, of the mail server, and its clock."""

    url: str
    folder: Path
    web_port: int
    mail_port: int
    at: datetime

    def later(self, passed: timedelta) -> Place:
        """The same place when so much time has passed."""
        return replace(self, at=self.at + passed)


def start(role: str, place: Place, point: Point | None = None) -> BaseProcess:
    """A running process: `web`, `worker` or `scheduler`."""
    process = _server.Process(target=_live, args=(role, place, point), daemon=True)
    process.start()
    return process


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _live(role: str, place: Place, point: Point | None) -> None:
    os.environ.update(
        DATABASE_URL=place.url,
        TREFFPUNKT_ENV="development",
        TREFFPUNKT_DATA=str(place.folder),
        TREFFPUNKT_SMTP_URL=f"smtp://127.0.0.1:{place.mail_port}",
    )
    from tests.kills import loaded

    settings.cache_clear()
    init_engine()
    if point is not None:
        _arm(point, loaded.MAIL_TRANSPORT)
    with time_machine.travel(place.at, tick=True):
        _ROLES[role](place)


def _arm(point: Point, transport: type) -> None:
    reached = 0
    counting = threading.Lock()

    def passed(*_: Any, **__: Any) -> None:
        nonlocal reached
        with counting:
            reached += 1
            if reached == point.count:
                die()

    if point.name == "after_mail":
        send = transport.send  # type: ignore[attr-defined]

        def send_then_pass(*args: Any, **values: Any) -> Any:
            result = send(*args, **values)
            passed()
            return result

        transport.send = send_then_pass  # type: ignore[attr-defined]
    else:
        event.listen(Session, point.name, passed)


def _web(place: Place) -> None:
    from waitress import serve

    from tests.kills.loaded import APP

    serve(APP, host="127.0.0.1", port=place.web_port, threads=4, _quiet=True)


def _worker(_place: Place) -> None:
    from api.services.executor import ProcessExecutor
    from api.worker import Worker

    Worker(ProcessExecutor(), lease=LEASE, beat_seconds=0.1).run_until()


def _scheduler(_place: Place) -> None:
    from tests.kills.loaded import turns

    turns()


_ROLES: dict[str, Callable[[Place], None]] = {"web": _web, "worker": _worker, "scheduler": _scheduler}
