"""One scheduler leads, its death hands over within seconds, and without the lock there would be two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from scheduler.jobs import Job
from scheduler.leader import AdvisoryLeadership, lock_of
from scheduler.process import Scheduler
from scheduler.when import daily
from tests.api.worker.worlds import DEADLINE_SECONDS, wait_for
from tests.scheduler import worlds
from tests.scheduler.worlds import leave_work, ledger, work_left

TAKE_OVER_SECONDS = 5.0


_heard = threading.Condition()


@dataclass
class Running:
    """A scheduler's process, and what it has logged."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with _heard:
                self.lines.append(line)
                _heard.notify_all()

    def has_logged(self, event: str) -> bool:
        return any(f'"{event}"' in line for line in self.lines)

    @property
    def leads(self) -> bool:
        return self.has_logged("scheduler_leads")


def hear(what: Callable[[], bool], *of: Running) -> None:
    """Returns when the logs say so; fails with what they say instead."""
    with _heard:
        assert _heard.wait_for(what, DEADLINE_SECONDS), [running.lines[-20:] for running in of]


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@contextmanager
def started(engine: Engine, guard: str = "locked") -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scheduler.scheduler_process", address(engine), guard],
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Running(process)
    listener = threading.Thread(target=running.listen, daemon=True)
    listener.start()
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        listener.join()
        assert process.stderr is not None
        process.stderr.close()


def test_standby_takes_over_within_five_seconds_when_the_leader_is_killed(own_database: Engine) -> None:
    with started(own_database) as first, started(own_database) as second:
        hear(lambda: first.has_logged("scheduler_started") and second.has_logged("scheduler_started"), first, second)
        hear(lambda: first.has_logged("job_ran") or second.has_logged("job_ran"), first, second)
        leader, standby = (first, second) if first.leads else (second, first)
        assert not standby.leads
        killed = time.monotonic()
        os.kill(leader.process.pid, signal.SIGKILL)
        hear(lambda: standby.leads, standby)
        assert time.monotonic() - killed < TAKE_OVER_SECONDS


def test_without_the_lock_both_lead(own_database: Engine) -> None:
    with started(own_database, "unlocked") as first, started(own_database, "unlocked") as second:
        hear(lambda: first.leads and second.leads, first, second)


def test_asked_to_go_a_leader_leaves_and_the_lock_is_free(own_database: Engine) -> None:
    with started(own_database) as leader:
        hear(lambda: leader.has_logged("job_ran"), leader)
        leader.process.send_signal(signal.SIGTERM)
        assert leader.process.wait(DEADLINE_SECONDS) == 0
        hear(lambda: leader.has_logged("scheduler_left"), leader)
        lock = lock_of(address(own_database))
        assert lock.acquire()
        lock.release()
    assert {row.state for row in ledger()} == {"done"}


def test_lock_is_one_holder_s_at_a_time(own_database: Engine) -> None:
    one, two = lock_of(address(own_database)), lock_of(address(own_database))
    assert (one.acquire(), two.acquire()) == (True, False)
    assert (one.held(), two.held()) == (True, False)
    one.release()
    assert (one.held(), two.acquire()) == (False, True)
    two.release()


class Leading:
    """A scheduler in a thread of this process."""

    def __init__(self, engine: Engine, *jobs: Job) -> None:
        self.lock = lock_of(address(engine))
        self.scheduler = Scheduler(jobs, self.lock)
        self.thread = threading.Thread(target=self.scheduler.run)

    def __enter__(self) -> Leading:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.scheduler.leaving.set()
        self.thread.join()


def test_what_was_due_while_nobody_led_is_done_at_take_over(own_database: Engine) -> None:
    leave_work("a", "b")
    with Leading(own_database, worlds.job(daily("04:00"))):
        wait_for(lambda: not work_left())
        wait_for(lambda: [row.state for row in ledger()] == ["done"])


def test_leader_that_is_asked_to_go_ends_the_item_under_way_and_begins_no_other(own_database: Engine) -> None:
    leave_work("a", "b")
    begun, go_on = threading.Event(), threading.Event()

    def do(session: Session, name: str, now: datetime) -> None:
        begun.set()
        assert go_on.wait(30)
        worlds.do(session, name, now)

    with Leading(own_database, Job("tidy", daily("04:00"), "Tidies.", worlds.due, do)) as leading:
        assert begun.wait(30)
        leading.scheduler.leaving.set()
        leading.thread.join(1.5)
        assert leading.thread.is_alive()
        go_on.set()
        leading.thread.join(30)
        assert not leading.thread.is_alive()
    assert work_left() == ["b"]
    assert [(row.state, row.items) for row in ledger()] == [("failed", 1)]


def test_lost_connection_is_lost_leadership(own_database: Engine) -> None:
    if own_database.dialect.name != "postgresql":
        pytest.skip("a file lock has no connection to lose")
    lock = lock_of(address(own_database))
    assert isinstance(lock, AdvisoryLeadership)
    assert lock.acquire()
    with own_database.connect() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ).all()
    assert len(ended) == 1
    wait_for(lambda: not lock.held())
    assert lock.acquire()
    assert lock.held()
    lock.release()
