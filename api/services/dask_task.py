"""What a Dask worker does with a job: solve it in a process of its own, tell of progress, and end when nobody wants it.

The machine needs this package and nothing else of the service: no database and no secret.
"""

from __future__ import annotations

import json
import uuid
import zlib
from dataclasses import asdict, astuple
from typing import Any

from distributed import Event as Flag
from distributed import Worker, get_worker

from api.services.executor import Event, Improved, Job, ProcessExecutor

LOOK_SECONDS = 0.2


def pack(job: Job) -> bytes:
    """A job as it travels."""
    return zlib.compress(json.dumps(asdict(job), ensure_ascii=False).encode())


def solve_here(packed: bytes, module: str, grace_seconds: float, topic: str) -> Event | None:
    """Solve a packed job and return its end; None when it was cancelled, or whoever asked is gone.

    Progress goes to `topic`, marked with the task's key and an attempt: Dask begins a task anew on another machine when
    one dies. A `Flag` named like the key asks for the best plan so far.
    """
    worker = get_worker()
    key = str(worker.get_current_task())
    mark = {"job": key, "attempt": uuid.uuid4().hex}
    stop = Flag(key)
    stopped = False
    solving = ProcessExecutor(module, grace_seconds).start(Job(**json.loads(zlib.decompress(packed))))
    worker.log_event(topic, mark)
    try:
        while is_wanted(worker, key):
            event = solving.next(LOOK_SECONDS)
            if isinstance(event, Improved):
                worker.log_event(topic, mark | {"improved": astuple(event)})
            elif event is not None:
                return event
            elif not stopped and stop.is_set():
                stopped = True
                solving.stop()
        return None
    finally:
        solving.kill()


def is_wanted(worker: Worker, key: str) -> bool:
    """Whether the scheduler still wants this task: not after a cancel, nor when the one who submitted it is gone."""
    task: Any = worker.state.tasks.get(key)
    return task is not None and task.state in ("executing", "long-running")
