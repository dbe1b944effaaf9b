"""Solving on other machines: a job becomes a Dask task, and whoever claimed the run hears of it through Dask.

Machines may die, and a scheduler may lose its memory: the run's row stays the truth, and whoever keeps it alive has the
job. Dask begins a task anew when its machine is gone; a job whose scheduler is gone is submitted again here.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from distributed import Client, Future
from distributed import Event as Flag

from api.services.dask_task import pack, solve_here
from api.services.executor import END_SECONDS, GRACE_SECONDS, Crashed, Event, Improved, Job, Restarted

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.2
FAILED = "No machine could do the job: {error}"
NOBODY = "No machine is connected to the Dask scheduler {address}, or it does not answer."


class DaskExecutor:
    """Solves each job in a fresh process on one of the machines of a Dask scheduler.

    address: of the scheduler, such as tls://host:8786. module: what the fresh process runs.
    patience: seconds without a scheduler that has a machine before a job is given up.
    """

    def __init__(
        self,
        address: str,
        module: str = "api.services.solver_child",
        grace_seconds: float = GRACE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.address = address
        self.patience = patience
        self.topic = f"treffpunkt-{uuid.uuid4().hex}"
        self._how = (module, grace_seconds, self.topic)

    def start(self, job: Job) -> DaskSolving:
        """Begin with a job and return at once. It waits until a machine is free; only then its limit begins."""
        return DaskSolving(self, pack(job), self._how)


class DaskSolving:
    """A job at the scheduler, followed by a thread from submission to submission until it has an end."""

    def __init__(self, executor: DaskExecutor, packed: bytes, how: tuple[str, float, str]) -> None:
        self._executor = executor
        self._arguments = (packed, *how)
        self._key = ""
        self._attempt = ""
        self._seen = time.monotonic()  # when there was last a machine
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._news = threading.Event()
        self._stopped = False
        self._killed = False
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def next(self, timeout: float) -> Event | None:
        with suppress(queue.Empty):
            return self._events.get(timeout=max(0.0, timeout))
        return None

    def stop(self) -> None:
        self._stopped = True
        self._news.set()

    def kill(self) -> None:
        self._killed = True
        self._news.set()
        self._thread.join(END_SECONDS)

    def _follow(self) -> None:
        while not self._killed:
            end = self._submitted()
            if end is None and time.monotonic() - self._seen > self._executor.patience:
                end = Crashed(NOBODY.format(address=self._executor.address))
            if end is not None:
                self._events.put(end)
                return
            self._news.wait(LOOK_SECONDS)

    def _submitted(self) -> Event | None:
        """Submit the job and wait for its end; None when it was killed, or the scheduler is not there any more.

        With its client gone, the scheduler wants the task no longer, and the machine ends it.
        """
        with (
            suppress(OSError, CancelledError),
            Client(self._executor.address, timeout=CONNECT_SECONDS, set_as_default=False) as client,
        ):
            self._key = f"solve-{uuid.uuid4().hex}"
            client.subscribe_topic(self._executor.topic, self._hear)
            future = client.submit(solve_here, *self._arguments, key=self._key, pure=False)
            future.add_done_callback(lambda _: self._news.set())
            self._wait(client, future)
            if future.status == "error":
                return Crashed(FAILED.format(error=repr(future.exception())))
            return None if self._killed else future.result()
        return None

    def _wait(self, client: Client, future: Future[Event | None]) -> None:
        """Until the job ends, is killed, or the scheduler is gone. Passes on a wish to stop."""
        flag, told = Flag(self._key, client), False
        while not (self._killed or future.done()):
            self._news.clear()
            if self._stopped and not told:
                flag.set()
                told = True
            if client.scheduler_info(n_workers=1)["workers"]:
                self._seen = time.monotonic()
            elif time.monotonic() - self._seen > self._executor.patience:
                future.cancel()
            self._news.wait(LOOK_SECONDS)
        if told:
            flag.clear()

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Progress of the newest attempt; a later attempt begins from nothing."""
        _, told = event
        if told["job"] != self._key:
            return
        if "improved" not in told:
            if self._attempt:
                self._events.put(Restarted())
            self._attempt = told["attempt"]
        elif told["attempt"] == self._attempt:
            self._events.put(Improved(*told["improved"]))
