"""A worker in a process of its own, which may kill itself at a named point of its way."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from typing import Any

from api import worker as worker_module
from api.services import planning, write_back
from api.services.executor import Executor, ProcessExecutor
from api.worker import Worker


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(place: Any, name: str) -> None:
    """Let the function `name` of `place` do its work, then die."""
    done = getattr(place, name)

    def then_die(*args: Any, **values: Any) -> None:
        done(*args, **values)
        die()

    setattr(place, name, then_die)


POINTS = {
    "claimed": lambda: setattr(worker_module, "take_snapshot", die),
    "problem kept": lambda: setattr(worker_module, "problem_sha256", die),
    "solver started": lambda: after(ProcessExecutor, "start"),
    "plan judged": lambda: setattr(worker_module, "write_plan", die),
    "run marked done": lambda: after(write_back, "mark_done"),
    "head written": lambda: after(write_back, "_write_head"),
    "rows written": lambda: after(write_back, "_write_visits"),
}


def main() -> None:
    point, child = sys.argv[1:]
    if point in POINTS:
        POINTS[point]()
    assert planning
    Worker(executor(child), lease=timedelta(seconds=60), beat_seconds=0.05).run_next()


def executor(child: str) -> Executor:
    """Where to solve: at the Dask scheduler that the environment names, or here."""
    if address := os.environ.get("DASK_SCHEDULER"):
        from api.services.executor_dask import DaskExecutor

        return DaskExecutor(address, child)
    return ProcessExecutor(child)


if __name__ == "__main__":
    main()
