"""kill -9 of worker and solver, at named points and in mid-solve: the old plan stands, the run is taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine

from api.domain.enums import RunState
from api.services.executor import Crashed, Executor, Improved, Invalid, Job, ProcessExecutor, Solved
from api.worker import Worker
from tests.api.worker.worker_process import POINTS
from tests.api.worker.worlds import (
    Ids,
    let_lease_lapse,
    old_plan_stands,
    plan_of,
    planned,
    really,
    state,
    visit_season,
    wait_for,
)
from tests.matcher.small_problems import visit_data

SLOW = "tests.api.worker.slow_child"
REAL = "api.services.solver_child"
EMPTY = (
    '{"format":"treffpunkt.visit-problem/1","today":"2026-11-02",'
    '"schools":[],"companies":[],"requests":[],"role_models":[]}'
)


def worker_process(engine: Engine, point: str, child: str, **environment: str) -> subprocess.Popen[bytes]:
    url = engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.api.worker.worker_process", point, child],
        env=os.environ | {"DATABASE_URL": url, "TREFFPUNKT_ENV": "development"} | environment,
    )


@contextmanager
def killed_in_the_end(*pids: int) -> Iterator[None]:
    try:
        yield
    finally:
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def solver_pids(run_id: str) -> tuple[int, int]:
    """The slow child tells its own number and its helper's as progress."""
    [event, *_] = wait_for(lambda: state(run_id).progress)
    return event["bound"], event["value"]


def is_taken_up_again(ids: Ids) -> None:
    assert not Worker(really()).run_next()
    let_lease_lapse(ids.run)
    assert Worker(really()).run_next()
    run = state(ids.run)
    assert (run.state, run.attempt) == (RunState.DONE, 2)
    assert sorted(planned(ids.run)) == sorted(ids.requests)


@pytest.mark.long_on_postgres
@pytest.mark.parametrize("point", sorted(POINTS))
def test_worker_killed_at_a_named_point_leaves_the_old_plan_and_the_run_is_taken_up(
    own_database: Engine, point: str
) -> None:
    ids = visit_season()
    assert worker_process(own_database, point, REAL).wait() == -signal.SIGKILL
    assert state(ids.run).state is RunState.RUNNING
    assert old_plan_stands(ids)
    is_taken_up_again(ids)


@pytest.mark.long_on_postgres
def test_worker_that_is_not_killed_ends_the_run(own_database: Engine) -> None:
    ids = visit_season()
    assert worker_process(own_database, "nowhere", REAL).wait() == 0
    assert state(ids.run).state is RunState.DONE


@pytest.mark.long_on_postgres
def test_solver_dies_with_its_worker_and_the_run_is_taken_up(own_database: Engine) -> None:
    ids = visit_season()
    worker = worker_process(own_database, "nowhere", SLOW)
    solver, helper = solver_pids(ids.run)
    with killed_in_the_end(solver, helper):
        worker.kill()
        worker.wait()
        wait_for(lambda: not is_alive(solver) and not is_alive(helper))
    assert old_plan_stands(ids)
    is_taken_up_again(ids)


@pytest.mark.long_on_postgres
def test_solver_that_does_not_listen_would_outlive_its_worker(own_database: Engine) -> None:
    ids = visit_season()
    worker = worker_process(own_database, "nowhere", SLOW, TREFFPUNKT_TEST_DEAF="1")
    solver, helper = solver_pids(ids.run)
    with killed_in_the_end(solver, helper):
        worker.kill()
        worker.wait()
        assert is_alive(solver)
        assert is_alive(helper)


@pytest.mark.long_on_postgres
def test_killed_solver_fails_the_run_and_the_old_plan_stands(own_database: Engine) -> None:
    ids = visit_season()
    worker = Worker(ProcessExecutor(SLOW), beat_seconds=0.05)
    thread = threading.Thread(target=worker.run_next)
    thread.start()
    solver, helper = solver_pids(ids.run)
    with killed_in_the_end(solver, helper):
        os.kill(solver, signal.SIGKILL)
        thread.join()
        wait_for(lambda: not is_alive(helper))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, "crashed")
    assert plan_of(ids.run) is None
    assert old_plan_stands(ids)


def ending(executor: Executor, job: Job) -> tuple[Any, list[Improved]]:
    solving = executor.start(job)
    heard = []
    while True:
        event = solving.next(1.0)
        if isinstance(event, Improved):
            heard.append(event)
        elif event is not None:
            return event, heard


def test_process_solves_a_job_and_tells_of_progress() -> None:
    job = Job(json.dumps(visit_data()), 20.0, settings={"workers": 1}, silence={"r0": 0.5})
    event, heard = ending(ProcessExecutor(), job)
    assert isinstance(event, Solved)
    assert '"status": "optimal"' in event.plan
    assert event.peak_mb > 10
    assert event.stand_ins is not None
    assert (event.stand_ins["people"], event.stand_ins["share_without"], event.stand_ins["proven"]) == (2, 0.675, True)
    told = [one.goal for one in heard]
    assert told == sorted(told, key=told.index)


def test_process_says_what_is_wrong_with_a_problem() -> None:
    event, _ = ending(ProcessExecutor(), Job(EMPTY.replace("2026-11-02", "soon"), 20.0))
    assert isinstance(event, Invalid)
    assert len(event.errors) == 1
    assert event.errors[0].startswith("today")


def test_process_that_takes_twice_its_limit_is_ended_with_all_it_started() -> None:
    event, [told] = ending(ProcessExecutor(SLOW, grace_seconds=0.0), Job(EMPTY, 0.1))
    assert isinstance(event, Crashed)
    assert "twice" in event.reason
    assert told.value is not None
    assert told.bound is not None
    wait_for(lambda: not is_alive(told.value or 0) and not is_alive(told.bound or 0))


def test_process_that_cannot_start_is_a_crash() -> None:
    event, _ = ending(ProcessExecutor("tests.api.worker.no_such_module"), Job(EMPTY, 5.0))
    assert isinstance(event, Crashed)
    assert "exit code 1" in event.reason
