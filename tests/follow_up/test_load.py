"""Many register at once, all from one address, as a class does: each is answered and there exactly once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from sqlalchemy import Engine, func, select

from api.db import reading, transaction
from api.domain.enums import EntryState, WindowKind
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.programmes import Season, Window
from api.models.pupils import Entry, Pupil
from tests import invariants
from tests.conftest import SECRET
from tests.year.town import Town, build

ROOT = Path(__file__).parents[2]
AT_ONCE = 50
PATIENCE = 60  # seconds until an answer, on a machine that does much else
MANY = int(os.environ.get("TREFFPUNKT_TEST_REGISTRATIONS", "1000"))


@contextmanager
def web(url: str, folder: Path) -> Iterator[str]:
    """The address of a web in a process of its own, as `treffpunkt serve` runs it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.server", url],
        cwd=ROOT,
        env=os.environ | {"TREFFPUNKT_SECRET_KEY": SECRET, "TREFFPUNKT_DATA": str(folder), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


def open_town() -> Town:
    """The town, whose registration is open today."""
    now = datetime.now(UTC)
    with transaction() as session:
        town = build(session)
        season = session.get_one(Season, town.season)
        season.starts_on, season.ends_on = now.date(), now.date() + timedelta(days=150)
        window = session.scalars(select(Window).where(Window.kind == WindowKind.REGISTRATION)).one()
        window.opens_at, window.closes_at = now - timedelta(days=7), now + timedelta(days=7)
        window.answer_on = now.date() + timedelta(days=14)
        return town


def register_all(address: str, town: Town, count: int) -> tuple[Counter[int], float]:
    """So many pupils register, and every tenth sends it twice. How often each status was answered, and the seconds."""

    def register(number: int) -> list[int]:
        given = {
            "season": town.season,
            "programme": town.group_programme,
            "name": f"Elev {number}",
            "email": f"pupil{number}@example.org",
            "grade": 10,
            "birth_year": 2008,
            "level": town.level,
            "choices": random.Random(number).sample(town.evenings, 2),
        }
        key = {"Idempotency-Key": str(uuid4())}
        times = 2 if number % 10 == 0 else 1
        return [
            requests.post(f"{address}/api/v1/entries", json=given, headers=key, timeout=PATIENCE).status_code
            for _ in range(times)
        ]

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [status for statuses in pool.map(register, range(count)) for status in statuses]
    return Counter(answers), time.monotonic() - began


def live_through(own_database: Engine, folder: Path, count: int) -> None:
    town = open_town()
    with web(own_database.url.render_as_string(hide_password=False), folder) as address:
        answers, seconds = register_all(address, town, count)
    sent = count + -(-count // 10)
    print(f"{sent} registrations in {seconds:.1f} s: {sent / seconds:.0f} a second")
    assert answers == {202: sent}
    with reading() as session:
        there = session.scalars(select(Person.email).join(Pupil, Pupil.person_id == Person.id).join(Entry)).all()
        assert sorted(there) == sorted(f"pupil{number}@example.org" for number in range(count))
        assert set(session.scalars(select(Entry.state))) == {EntryState.UNCONFIRMED}
        letters = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == "queue_confirm")
        assert session.scalar(letters) == count, "each gets one letter"
        assert invariants.broken(session) == []


@pytest.mark.long_on_postgres
def test_two_hundred_register_at_once_and_none_is_lost(own_database: Engine, tmp_path: Path) -> None:
    live_through(own_database, tmp_path, 200)


@pytest.mark.long
def test_a_thousand_register_at_once_and_none_is_lost(own_database: Engine, tmp_path: Path) -> None:
    live_through(own_database, tmp_path, MANY)
