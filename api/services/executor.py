"""The one seam to solving: a job goes in, events come out; a process of this machine by default.

`executor_dask` is the other one: several machines. Ortools is loaded in the child process only.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Protocol

from api.config import Settings
from api.errors import ConfigurationError

START_SECONDS = 120.0
GRACE_SECONDS = 30.0  # to load the solvers, and to explain and judge what was found when the limit came
END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """A problem as JSON text and how to solve it. seconds: the limit, above 0. settings: matcher.control.Settings.

    silence: of a problem of visits, each role model's chance not to come, for the stand-ins.
    """

    problem: str
    seconds: float
    seed: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    silence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Improved:
    """One goal's value (None before there is a plan) and bound, seconds after the start."""

    goal: str
    value: int | None
    bound: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Solved:
    """The end: a plan as JSON text, the most memory the solver held, in megabytes, and a plan of visits' stand-ins."""

    plan: str
    peak_mb: int
    stand_ins: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The end: the problem cannot be solved as it is; a line for each fault."""

    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The end: the judge found broken rules in what the solver made; their codes."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crashed:
    """The end: the solver came to no result. `reason` is a sentence for the log and the run."""

    reason: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The job was begun anew where another machine can do it; what was heard before counts no more."""


Event = Improved | Restarted | Solved | Invalid | Refused | Crashed


class Solving(Protocol):
    """One job under way. Only Improved and Restarted are followed by others."""

    def next(self, timeout: float) -> Event | None:
        """The next event, or None when there was none within `timeout` seconds."""

    def stop(self) -> None:
        """Ask for the best plan found so far."""

    def kill(self) -> None:
        """End it at once, with all that it started. May be called at any time, and twice."""


class Executor(Protocol):
    """Whoever can solve a job."""

    def start(self, job: Job) -> Solving:
        """Begin with a job and return at once."""


class ProcessExecutor:
    """Solves each job in a fresh process of this machine, which dies with the one that started it."""

    def __init__(self, module: str = "api.services.solver_child", grace_seconds: float = GRACE_SECONDS) -> None:
        self._command = [sys.executable, "-m", module]
        self._grace_seconds = grace_seconds

    def start(self, job: Job) -> Solving:
        """Begin with a job; the child may take `START_SECONDS` to load, then twice its limit, or limit and grace."""
        return _SolverProcess(self._command, job, self._grace_seconds)


class _SolverProcess:
    """A child in a session of its own. Its standard input carries the job, then commands; the end of it means: die."""

    def __init__(self, command: list[str], job: Job, grace_seconds: float) -> None:
        self._limit = max(2 * job.seconds, job.seconds + grace_seconds)
        self._deadline = time.monotonic() + START_SECONDS
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended = False
        self._sending = threading.Lock()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True, encoding="utf-8"
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        threading.Thread(target=self._send, args=(json.dumps(asdict(job)),), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def next(self, timeout: float) -> Event | None:
        left = self._deadline - time.monotonic()
        try:
            message = self._events.get(timeout=max(0.0, min(timeout, left)))
        except queue.Empty:
            if self._process.poll() is not None:
                _kill_group(self._process.pid)  # what it left behind may hold the pipe open, whose end is the news
            return self._overtime() if time.monotonic() >= self._deadline else None
        if message is None:
            return self._silent_end()
        return self._event(message)

    def stop(self) -> None:
        self._send("stop")

    def kill(self) -> None:
        if self._process.poll() is None:
            _kill_group(self._process.pid)
            self._process.wait()
        self._close()

    def _event(self, message: dict[str, Any]) -> Event | None:
        match message:
            case {"started": True}:
                self._deadline = time.monotonic() + self._limit
                return None
            case {"goal": goal, "value": value, "bound": bound, "seconds": seconds}:
                return Improved(goal, value, bound, seconds)
            case {"plan": plan, "stand_ins": stand_ins, "peak_mb": peak_mb}:
                self._finish()
                return Solved(plan, peak_mb, stand_ins)
            case {"invalid": errors}:
                self._finish()
                return Invalid(tuple(errors))
            case {"refused": codes}:
                self._finish()
                return Refused(tuple(codes))
        return None

    def _overtime(self) -> Event:
        self.kill()
        return Crashed("The solver did not end within twice its time limit.")

    def _silent_end(self) -> Event:
        code = self._process.wait()
        self._close()
        return Crashed(f"The solver ended without a plan (exit code {code}).")

    def _finish(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()

    def _close(self) -> None:
        if not self._ended:
            self._ended = True
            _kill_group(self._process.pid)
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._sending, suppress(BrokenPipeError, ValueError):  # it has ended; `next` says how
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _listen(self, lines: IO[str]) -> None:
        with lines, suppress(json.JSONDecodeError):  # a line broken off by its end
            for line in lines:
                self._events.put(json.loads(line))
        self._events.put(None)


def _kill_group(pid: int) -> None:
    """End whatever is left of the child's session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def executor_of(config: Settings) -> Executor:
    """Where this installation solves. Raises ConfigurationError when it is elsewhere and Dask is not installed."""
    if config.dask_scheduler is None:
        return ProcessExecutor()
    try:
        from api.services.executor_dask import DaskExecutor
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            "DASK_SCHEDULER is set, and Dask is not installed.",
            field="DASK_SCHEDULER",
            remedy="Install the extra: pip install 'treffpunkt[dask]'; or leave the setting out to solve here.",
        ) from missing
    return DaskExecutor(config.dask_scheduler)
