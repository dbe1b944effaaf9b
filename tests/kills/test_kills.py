"""kill -9 of web, worker, scheduler with its sender, and solver, at named points and at random: nothing is lost.

Each round the three processes live for a moment at a later time of the season; one of them kills itself at a named
point, the others are killed where they happen to be. When all is over, what is due is done, and the invariants hold.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest
import requests
from sqlalchemy import Engine, func, select

from api.db import reading
from api.domain.enums import JobState, OutboxState, RunState
from api.models.jobs import JobRun
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.planning import Run
from api.models.visits import Request
from scheduler.jobs import JOBS
from tests import invariants
from tests.api.mail.post import Inbox, mail_server
from tests.kills.driver import Driver
from tests.kills.processes import Place, Point, start
from tests.kills.world import START, small_world

ROLES = ("web", "scheduler", "worker")
POINTS = {
    "web": ("before_commit", "after_commit"),
    "scheduler": ("before_commit", "after_commit", "after_mail"),
    "worker": ("before_commit", "after_commit"),
}
DEEPEST = 12  # a process kills itself at one of the first so many times that it reaches its point
LIVES = (0.4, 1.6)  # seconds of a round in which nobody kills himself sooner
BETWEEN_ROUNDS = timedelta(hours=7)
DEADLINE_SECONDS = 60.0
MOST_HOURS = 12
FIRST = "school1@example.org"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)


def one_round(place: Place, driver: Driver, dice: random.Random) -> str | None:
    """The processes live and are killed. Returns the role that killed itself, None when nobody did."""
    victim = dice.choice(ROLES)
    point = Point(dice.choice(POINTS[victim]), dice.randint(1, DEEPEST))
    living = {role: start(role, place, point if role == victim else None) for role in ROLES}
    wait_for(lambda: driver.is_answered() or living[victim].exitcode is not None, "the web")
    over = threading.Event()
    acting = threading.Thread(target=driver.act_until, args=(over,))
    acting.start()
    try:
        living[victim].join(dice.uniform(*LIVES))
        died = living[victim].exitcode is not None
    finally:
        for process in living.values():
            process.kill()
        over.set()
        acting.join()
        for process in living.values():
            process.join()
    return victim if died else None


def all_done(since: datetime) -> bool:
    """Whether every job that comes several times a day has had its turn since then."""
    frequent = {job.name for job in JOBS if job.when.frequent}
    with reading() as session:
        done = select(JobRun.job).where(JobRun.state == JobState.DONE, JobRun.started_at >= since)
        return frequent <= set(session.scalars(done))


def at_rest() -> bool:
    with reading() as session:
        waiting = session.scalar(
            select(func.count()).where(OutboxMessage.state.in_((OutboxState.WAITING, OutboxState.SENDING)))
        )
        running = session.scalar(select(func.count()).where(Run.state.in_((RunState.QUEUED, RunState.RUNNING))))
    return not waiting and not running


def orphans() -> list[int]:
    """Solver processes that outlived the worker that started them."""
    found = []
    for process in psutil.process_iter(["cmdline", "ppid"]):
        command = process.info["cmdline"] or []
        if "api.services.solver_child" in command and process.info["ppid"] == 1:
            found.append(process.pid)
    return found


def kill_often(url: str, folder: Path, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    world = small_world()
    inbox = Inbox()
    with mail_server(inbox) as server:
        place = Place(url, folder, free_port(), server.port, START)
        driver = Driver(world, f"http://127.0.0.1:{place.web_port}", dice)
        killed = [one_round(place.later(BETWEEN_ROUNDS * number), driver, dice) for number in range(1, rounds + 1)]
        survive(place.later(BETWEEN_ROUNDS * (rounds + 1)))
        assert driver.failures == []
        assert len(driver.acknowledged) >= rounds / 4, "the season was not idle"
        assert len(inbox.ids) >= rounds / 2, "the sender was not idle"
        with reading() as session:
            assert invariants.broken(session) == []
            assert invariants.acknowledged(session, driver.acknowledged) == []
            assert invariants.outbox_at_rest(session) == []
            # each round kills one sender, wherever it was
            assert invariants.arrived(session, inbox.ids, sender_kills=rounds) == []
    assert set(killed) - {None}, "somebody reached its point"
    wait_for(lambda: not orphans(), "the end of the solvers")


def survive(place: Place) -> None:
    """Scheduler and worker live on, an hour at a time, until every job was done and there is nothing left to send."""
    for hour in range(1, MOST_HOURS):
        later = place.later(timedelta(hours=hour))
        living = [start(role, later) for role in ("scheduler", "worker")]
        try:
            wait_for(lambda since=later.at: all_done(since), "the turn of every job")
        finally:
            for process in living:
                process.kill()
                process.join()
        if at_rest():
            return
    raise AssertionError(f"there was no rest in {MOST_HOURS} hours")


def test_nothing_is_lost_in_thirty_kills(own_database: Engine, tmp_path: Path) -> None:
    kill_often(own_database.url.render_as_string(hide_password=False), tmp_path, rounds=10, seed=1)


def order_twice(url: str, folder: Path, *, with_keys: bool) -> int:
    """How many requests an order makes whose web died between commit and answer, when it is sent again."""
    world = small_world()
    place = Place(url, folder, free_port(), 0, START + BETWEEN_ROUNDS)
    driver = Driver(world, f"http://127.0.0.1:{place.web_port}", random.Random(1), with_keys)
    for point in (Point("after_commit", 2), None):  # the first commit notes that the token is in use
        web = start("web", place, point)
        try:
            wait_for(lambda web=web: send(driver) or web.exitcode is not None, "an answer")
        finally:
            web.kill()
            web.join()
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Request).join(Person).where(Person.email == FIRST)) or 0


def send(driver: Driver) -> bool:
    with suppress(requests.RequestException):
        driver.order()
    return bool(driver.acknowledged)


def test_order_that_was_not_answered_is_made_once(own_database: Engine, tmp_path: Path) -> None:
    assert order_twice(own_database.url.render_as_string(hide_password=False), tmp_path, with_keys=True) == 1


def test_order_without_a_key_would_be_made_twice(own_database: Engine, tmp_path: Path) -> None:
    """The control: what the keys are for."""
    assert order_twice(own_database.url.render_as_string(hide_password=False), tmp_path, with_keys=False) == 2


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_in_hundreds_of_kills(own_database: Engine, tmp_path: Path, seed: int) -> None:
    rounds = int(os.environ.get("TREFFPUNKT_TEST_ROUNDS", "42"))
    kill_often(own_database.url.render_as_string(hide_password=False), tmp_path, rounds=rounds, seed=seed)
