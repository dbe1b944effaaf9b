"""Several machines: the same plan as on one, a machine that dies costs time only, and the run's row stays the truth.

The machines are real processes of a real Dask cluster on this one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import LocalCluster
from sqlalchemy import Engine

from api.config import read_settings
from api.domain.enums import RunState
from api.errors import ConfigurationError
from api.models.planning import Run
from api.services.executor import Crashed, Executor, Improved, Invalid, Job, ProcessExecutor, Solved, executor_of
from api.services.executor_dask import DaskExecutor
from api.worker import Worker
from matcher.problem import to_json
from tests.api.worker.test_killed import (
    EMPTY,
    SLOW,
    ending,
    is_alive,
    is_taken_up_again,
    killed_in_the_end,
    solver_pids,
    worker_process,
)
from tests.api.worker.worlds import change, old_plan_stands, plan_of, planned, state, visit_season, wait_for
from tests.matcher.random_groups import random_group_problem
from tests.matcher.random_visits import random_visit_problem

GATED = "tests.api.worker.gated_child"
GATE = "TREFFPUNKT_TEST_GATE"


@contextmanager
def machines(folder: Path, count: int) -> Iterator[LocalCluster]:
    """A cluster of machines with room for one job each."""
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=str(folder),
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two machines. Their gated solvers wait until `open_gate`."""
    gate = tmp_path_factory.mktemp("gate") / "gate"
    os.mkfifo(gate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GATE, str(gate))
        with machines(gate.parent, 2) as two:
            yield two


@contextmanager
def under_way(worker: Worker) -> Iterator[None]:
    """The worker does its next run meanwhile, and has come to its end afterwards."""
    thread = threading.Thread(target=worker.run_next)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def scheduler_and_machine(address: str, folder: Path) -> Iterator[None]:
    """Both as programs of their own, killed in the end."""
    port = address.rpartition(":")[2]
    common = [sys.executable, "-m", "dask"]
    scheduler = [
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--no-dashboard",
        "--dashboard-address",
        "127.0.0.1:0",
    ]
    machine = [
        "worker",
        address,
        "--host",
        "127.0.0.1",
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--dashboard-address",
        "127.0.0.1:0",
    ]
    with (
        subprocess.Popen([*common, *scheduler], stderr=subprocess.DEVNULL) as one,
        subprocess.Popen([*common, *machine, "--local-directory", str(folder)], stderr=subprocess.DEVNULL) as other,
    ):
        try:
            yield
        finally:
            one.kill()
            other.kill()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def open_gate() -> None:
    """Lets the solver that waits at the gate through."""
    Path(os.environ[GATE]).write_text("")


def at_the_gate(run_id: str, *known: int) -> int:
    """The process number of a solver that waits at the gate, as the run's progress has it, and that is not known."""
    found = wait_for(lambda: [one["bound"] for one in state(run_id).progress if one["bound"] not in known])
    return int(found[0])


def kill_machine_of(solver: int) -> None:
    """kill -9 of the machine on which the solver runs, and of the solver."""
    machine = psutil.Process(solver).parent()
    assert machine is not None
    machine.kill()
    os.kill(solver, signal.SIGKILL)


def plans(executor: Executor, problems: list[Any], *, at_once: int) -> list[dict[str, Any]]:
    """What the executor makes of the problems, so many begun at once; without the seconds that it took."""

    def plan(problem: Any) -> dict[str, Any]:
        job = Job(json.dumps(to_json(problem)), 60.0, seed=7, settings={"workers": 1})
        end, _ = ending(executor, job)
        assert isinstance(end, Solved)
        found: dict[str, Any] = json.loads(end.plan)
        del found["certificate"]["seconds"]
        return found

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(plan, problems))


@pytest.mark.long_on_postgres
def test_machine_killed_in_mid_solve_costs_time_only(own_database: Engine, cluster: LocalCluster) -> None:
    ids = visit_season()
    with under_way(Worker(DaskExecutor(cluster.scheduler_address, GATED), beat_seconds=0.05)):
        first = at_the_gate(ids.run)
        kill_machine_of(first)
        second = at_the_gate(ids.run, first)
        assert [one["bound"] for one in state(ids.run).progress] == [second]
        open_gate()
    run = state(ids.run)
    assert (run.state, run.attempt) == (RunState.DONE, 1)
    assert sorted(planned(ids.run)) == sorted(ids.requests)


@pytest.mark.long
def test_machine_killed_in_mid_solve_fails_the_run_where_nothing_is_begun_anew(
    own_database: Engine, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    ids = visit_season()
    with under_way(Worker(DaskExecutor(cluster.scheduler_address, GATED), beat_seconds=0.05)):
        kill_machine_of(at_the_gate(ids.run))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, "crashed")
    assert old_plan_stands(ids)


@pytest.mark.long
def test_two_machines_find_the_plans_that_one_finds_and_that_are_found_here(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    problems = [make(seed) for seed in range(5) for make in (random_group_problem, random_visit_problem)]
    here = plans(ProcessExecutor(), problems, at_once=2)
    assert plans(DaskExecutor(cluster.scheduler_address), problems, at_once=len(problems)) == here
    with machines(tmp_path, 1) as one:
        assert plans(DaskExecutor(one.scheduler_address), problems, at_once=len(problems)) == here


@pytest.mark.long
def test_cancelled_run_ends_its_solver_on_the_other_machine_within_a_second(
    own_database: Engine, cluster: LocalCluster
) -> None:
    ids = visit_season()
    with under_way(Worker(DaskExecutor(cluster.scheduler_address, SLOW), beat_seconds=0.05)):
        solver, helper = solver_pids(ids.run)
        change(Run, ids.run, cancel_requested=True)()
        asked = time.monotonic()
        wait_for(lambda: not is_alive(solver) and not is_alive(helper))
        assert time.monotonic() - asked < 1.0
    assert state(ids.run).state is RunState.CANCELLED
    assert plan_of(ids.run) is None


@pytest.mark.long
def test_solver_on_the_other_machine_ends_when_the_worker_is_killed_and_the_run_is_taken_up(
    own_database: Engine, cluster: LocalCluster
) -> None:
    ids = visit_season()
    worker = worker_process(own_database, "nowhere", SLOW, DASK_SCHEDULER=cluster.scheduler_address)
    solver, helper = solver_pids(ids.run)
    with killed_in_the_end(solver, helper):
        worker.kill()
        worker.wait()
        wait_for(lambda: not is_alive(solver) and not is_alive(helper))
    assert old_plan_stands(ids)
    is_taken_up_again(ids)


@pytest.mark.long
def test_stopped_run_has_its_best_plan_from_the_other_machine(cluster: LocalCluster) -> None:
    solving = DaskExecutor(cluster.scheduler_address, GATED).start(Job(EMPTY, 600.0))
    gate = wait_for(lambda: solving.next(1.0))
    assert isinstance(gate, Improved)
    solving.stop()
    open_gate()
    assert isinstance(wait_for(lambda: not isinstance(event := solving.next(1.0), Improved) and event), Solved)
    solving.kill()


@pytest.mark.long
def test_job_is_submitted_again_when_the_scheduler_has_lost_its_memory(
    own_database: Engine, cluster: LocalCluster, tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    ids = visit_season()
    with under_way(Worker(DaskExecutor(address, GATED), beat_seconds=0.05)):
        with scheduler_and_machine(address, tmp_path / "first"):
            first = at_the_gate(ids.run)
        with scheduler_and_machine(address, tmp_path / "second"), killed_in_the_end(first):
            second = at_the_gate(ids.run, first)
            assert [one["bound"] for one in state(ids.run).progress] == [second]
            open_gate()
            wait_for(lambda: state(ids.run).state is not RunState.RUNNING)
    run = state(ids.run)
    assert (run.state, run.attempt, run.error) == (RunState.DONE, 1, None)


@pytest.mark.long
def test_job_without_any_machine_is_given_up(tmp_path: Path) -> None:
    with machines(tmp_path, 0) as none:
        event, _ = ending(DaskExecutor(none.scheduler_address, patience=0.1), Job(EMPTY, 20.0))
        address = none.scheduler_address
    assert isinstance(event, Crashed)
    assert address in event.reason
    again, _ = ending(DaskExecutor(address, patience=0.1), Job(EMPTY, 20.0))
    assert again == event


@pytest.mark.long
def test_problem_that_is_none_is_said_by_the_other_machine(cluster: LocalCluster) -> None:
    event, _ = ending(DaskExecutor(cluster.scheduler_address), Job(EMPTY.replace("2026-11-02", "soon"), 20.0))
    assert isinstance(event, Invalid)
    assert event.errors[0].startswith("today")


def test_worker_solves_here_unless_a_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "api.services.executor_dask", raising=False)
    assert isinstance(executor_of(read_settings({})), ProcessExecutor)
    with pytest.raises(ConfigurationError, match="Dask is not installed") as caught:
        executor_of(read_settings({"DASK_SCHEDULER": "tls://plans.example.org:8786"}))
    assert "treffpunkt[dask]" in str(caught.value.remedy)


def test_named_scheduler_is_where_the_worker_solves() -> None:
    executor = executor_of(read_settings({"DASK_SCHEDULER": "tcp://127.0.0.1:8786"}))
    assert isinstance(executor, DaskExecutor)
    assert executor.address == "tcp://127.0.0.1:8786"
