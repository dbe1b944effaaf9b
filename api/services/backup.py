"""Copies of the database and how they come back: mail stands still, and what was forgotten is forgotten again.

The log of erasures lies beside the copies as `erasures.jsonl`, one line a person, with opaque ids only. It is newer
than an old copy, so it knows of people whom that copy would bring back.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from api.clock import require_aware
from api.errors import ConfigurationError, InvalidInput
from api.models.jobs import ErasureLog, Switch
from api.services.outbox_sending import PAUSED
from api.services.retention.erase import PERSON, replay

LOG_NAME = "erasures.jsonl"


@dataclass(frozen=True, slots=True, order=True)
class Erasure:
    """Somebody who was forgotten: when, whose row, and by which rule."""

    erased_at: datetime
    person_id: str
    rule: str


def back_up(database_url: str, target: Path) -> None:
    """A whole copy of the database as one file, made while the service runs. Raises ConfigurationError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    url = make_url(database_url)
    unfinished = target.with_name(f"{target.name}.part")
    if url.get_backend_name() == "sqlite":
        unfinished.unlink(missing_ok=True)
        _copy_sqlite(str(url.database), unfinished)
    else:
        _postgres(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
    unfinished.replace(target)


def bring_back(database_url: str, copy: Path) -> None:
    """Puts a copy in the place of what the database holds; nothing else may be using it. Raises InvalidInput."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        if copy.read_bytes()[:16] != b"SQLite format 3\0":
            raise InvalidInput(f"{copy} is no copy of an SQLite database.", field="FILE")
        target = Path(str(url.database))
        try:
            _copy_sqlite(str(copy), target)
        except sqlite3.DatabaseError:  # what is there is no whole database any more
            for broken in (target, *target.parent.glob(f"{target.name}-*")):
                broken.unlink(missing_ok=True)
            _copy_sqlite(str(copy), target)
        return
    if copy.read_bytes()[:5] != b"PGDMP":
        raise InvalidInput(f"{copy} is no copy of a Postgres database (pg_dump --format=custom).", field="FILE")
    _postgres(
        url, "psql", "--quiet", "--set=ON_ERROR_STOP=1", "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    )
    _postgres(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy))


def erasures(session: Session) -> list[Erasure]:
    """What the database knows of, oldest first."""
    rows = select(ErasureLog.erased_at, ErasureLog.object_id, ErasureLog.rule).where(ErasureLog.object_kind == PERSON)
    return sorted(Erasure(*row) for row in session.execute(rows))


def read_log(file: Path) -> list[Erasure]:
    """The log beside the copies; empty where there is none. Raises InvalidInput for a line that cannot be read."""
    return parse_log(file.read_text(encoding="utf-8"), str(file)) if file.exists() else []


def parse_log(text: str, name: str) -> list[Erasure]:
    """The lines of a log. name: of the file, for the error. Raises InvalidInput for a line that cannot be read."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            moment = require_aware(datetime.fromisoformat(entry["erased_at"]))
            found.append(Erasure(moment, str(entry["person_id"]), str(entry["rule"])))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"Line {number} of {name} is no erasure.", field="FILE") from error
    return found


def log_lines(known: Iterable[Erasure]) -> list[str]:
    """Oldest first; the same erasure is the same line each time."""
    return [
        json.dumps({"erased_at": one.erased_at.isoformat(), "person_id": one.person_id, "rule": one.rule})
        for one in sorted(known)
    ]


def keep_log(file: Path, known: Iterable[Erasure]) -> int:
    """Writes what is known and what the file knew already: an erasure never leaves it. Returns how many there are."""
    by_person: dict[str, Erasure] = {}
    for one in sorted([*read_log(file), *known]):
        by_person.setdefault(one.person_id, one)
    lines = log_lines(by_person.values())
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(file)
    return len(lines)


def finish_restore(session: Session, log: Iterable[Erasure]) -> int:
    """After a copy came back: the outbox stands still, and who was forgotten since is forgotten again. How many."""
    pause_outbox(session)
    return replay(session, [(one.person_id, one.erased_at, one.rule) for one in log])


def pause_outbox(session: Session) -> None:
    """Nothing is sent until `resume_outbox`."""
    if session.get(Switch, PAUSED) is None:
        session.add(Switch(name=PAUSED))
        session.flush()


def resume_outbox(session: Session) -> None:
    """Messages leave again."""
    switch = session.get(Switch, PAUSED)
    if switch is not None:
        session.delete(switch)
        session.flush()


def _copy_sqlite(source: str, target: Path) -> None:
    """The online backup of SQLite: a whole and unbroken copy, whoever writes meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)


def _postgres(url: URL, tool: str, *arguments: str) -> None:
    """One of Postgres' own programs. The password goes by the environment, where no list of processes shows it."""
    program = shutil.which(tool)
    if program is None:
        raise ConfigurationError(
            f"{tool} is not on this machine.",
            remedy="Install the client programs of your Postgres, or use docker/backup.sh and docker/restore.sh.",
        )
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    done = subprocess.run(
        [program, f"--dbname={address}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ConfigurationError(
            f"{tool} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}",
            remedy="The program must not be older than the server, and DATABASE_URL must name the database's owner.",
        )
