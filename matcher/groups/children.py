"""Child processes that solve integer programs side by side, each told to end within a fraction of a second.

HiGHS hears no interruption: a stop ends the child, and what it found is read from the file where HiGHS leaves each
better solution. A child that finished its job waits for the next one, since it takes a third of a second to start.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from matcher.groups.highs import Job, OnBounds, Outcome
from matcher.groups.linear import INFINITE, Values

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Message:
    child: "_Child"
    content: dict[str, Any] | None
    """None: the child is gone."""


class Children:
    """The children of one solve. Not for several threads at once."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []

    def run(
        self, jobs: Sequence[Job], width: int, left: Callable[[], float], on_bounds: OnBounds | None = None
    ) -> list[Outcome]:
        """The outcome of each job, `width` of them solved side by side; `on_bounds` hears those of a single job.

        `left` says how many seconds there are; at 0 all jobs end, each with the last bound told and the best solution
        of its solution file.
        """
        heard: SimpleQueue[_Message] = SimpleQueue()
        outcomes = [_nothing(job) for job in jobs]
        waiting = list(enumerate(jobs))
        busy: dict[_Child, int] = {}
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / f"{number}.sol") for number in range(len(jobs))]
            try:
                while (waiting or busy) and left() > 0:
                    while waiting and len(busy) < width:
                        number, job = waiting.pop(0)
                        child = self._idle.pop() if self._idle else _Child()
                        busy[child] = number
                        child.send(replace(job, solution_file=files[number]), heard)
                    with suppress(Empty):
                        message = heard.get(timeout=LOOK_SECONDS)
                        self._hear(message, busy, outcomes, on_bounds if len(jobs) == 1 else None)
            finally:
                for child in busy:
                    child.end()
            for number in busy.values():
                outcomes[number] = _rescued(Path(files[number]), jobs[number], outcomes[number].bound)
        return outcomes

    def _hear(
        self, message: "_Message", busy: "dict[_Child, int]", outcomes: list[Outcome], on_bounds: OnBounds | None
    ) -> None:
        number, content = busy[message.child], message.content
        if content is None:
            raise RuntimeError("a child process of the solver ended by itself; is there enough memory?")
        if "status" in content:
            del busy[message.child]
            self._idle.append(message.child)
            columns = None if content["columns"] is None else np.array(content["columns"])
            outcomes[number] = Outcome(content["status"], columns, content["bound"])
            return
        if content["bound"] is not None:
            outcomes[number] = Outcome("unknown", None, content["bound"])
        if on_bounds is not None:
            on_bounds(content["bound"], content["value"])

    def close(self) -> None:
        """End the children that wait."""
        while self._idle:
            self._idle.pop().end()


class _Child:
    """One process and the thread that hears it."""

    def __init__(self) -> None:
        path = os.pathsep.join([entry or os.getcwd() for entry in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "matcher.groups.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,
        )
        self._heard: SimpleQueue[_Message] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, job: Job, heard: SimpleQueue[_Message]) -> None:
        self._heard = heard
        model = job.model.SerializeToString()
        head = {
            "bytes": len(model),
            "start": None if job.start is None else list(job.start),
            "seconds": None if job.limit is None else job.limit.total_seconds(),
            "nodes": job.nodes,
            "seed": job.seed,
            "solution_file": job.solution_file,
        }
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(head).encode() + b"\n" + model)
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self._heard.put(_Message(self, json.loads(line)))
            except ValueError:
                break
        self._heard.put(_Message(self, None))


def read_solution(path: Path, count: int) -> Values | None:
    """The columns of the last whole solution in a file of HiGHS's better solutions, one after the other; None: none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    heads = [number for number, line in enumerate(lines) if line == f"# Columns {count}"]
    for head in reversed(heads):
        try:
            values = np.array([float(line.split()[-1]) for line in lines[head + 1 : head + 1 + count]])
        except (ValueError, IndexError):
            continue
        if len(values) == count:
            return values
    return None


def _nothing(job: Job) -> Outcome:
    return Outcome("unknown", None, INFINITE if job.model.objective.maximize else -INFINITE)


def _rescued(path: Path, job: Job, bound: float) -> Outcome:
    """What an ended child had found: its last bound, and its last solution if that is whole in the file."""
    columns = read_solution(path, len(job.model.variables.ids))
    return Outcome("unknown" if columns is None else "feasible", columns, bound)


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return
