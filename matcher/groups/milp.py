"""Linear and integer programs, solved so that a stop ends them within a fraction of a second.

HiGHS hears no interruption, so an integer program that takes long is solved in a child process: a stop ends the child,
and what it found is read from the file where HiGHS leaves each better solution. Small programs get a first second in
this process, since a child takes a third of a second to start.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from ortools.math_opt.python import mathopt
from ortools.util.python.solve_interrupter import SolveInterrupter

from matcher.control import Settings, Stop
from matcher.groups.goals import LinearGoal
from matcher.groups.highs import Job, OnBounds, Outcome, run_highs
from matcher.groups.linear import INFINITE, LinearModel, Values

FIRST_SECONDS = 1.0
SMALL = 4000
"""Columns up to which the first second is spent in this process."""
GRACE_SECONDS = 1.0
"""How long a child may run beyond its limit before it is ended."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`bound` holds for all whole solutions; None where the program was not finished; `infeasible`: none exist."""

    bound: int | None
    infeasible: bool


class Optimiser:
    """Solves programs under one stop, seed and settings.

    `reserve`: seconds before the stop's limit that are kept for other work.
    """

    def __init__(self, stop: Stop, seed: int, settings: Settings) -> None:
        self.stop = stop
        self.reserve = 0.0
        self.seed = seed
        self.nodes = None if settings.deterministic_limit is None else max(1, int(settings.deterministic_limit))

    def left(self) -> float:
        """Seconds left for solving, at least 0; 0 once a stop was requested."""
        return max(0.0, self.stop.remaining() - self.reserve)

    def relax(self, model: LinearModel, goal: LinearGoal) -> Relaxation:
        """The goal's bound over the linear relaxation, computed from its prices (see LinearModel.proven_bound)."""
        if self.left() <= 0:
            return Relaxation(None, infeasible=False)
        relaxed = mathopt.Model.from_model_proto(model.proto(goal.terms, maximize=goal.maximize))
        for variable in relaxed.variables():
            variable.integer = False
        with _interrupter(self.left) as interrupter:
            result = mathopt.solve(relaxed, mathopt.SolverType.GLOP, interrupter=interrupter)
        if result.termination.reason == mathopt.TerminationReason.INFEASIBLE:
            return Relaxation(None, infeasible=True)
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return Relaxation(None, infeasible=False)
        duals = result.dual_values()
        prices = np.array([duals[row] for row in relaxed.linear_constraints()])
        bound = model.proven_bound(goal.terms, prices, maximize=goal.maximize)
        return Relaxation(whole_bound(bound, maximize=goal.maximize) + goal.constant, infeasible=False)

    def optimise(
        self, model: LinearModel, goal: LinearGoal, start: Values | None, seconds: float, on_bounds: OnBounds
    ) -> Outcome:
        """The best whole solution found within `seconds` and until the stop. Bounds are of the terms, no constant."""
        seconds = min(seconds, self.left())
        nothing = Outcome("unknown", None, INFINITE if goal.maximize else -INFINITE)
        if seconds <= 0:
            return nothing
        proto = model.proto(goal.terms, maximize=goal.maximize)
        hint = None if start is None else start.tolist()
        deadline = time.monotonic() + seconds
        if len(model.lower) <= SMALL:
            job = Job(proto, hint, _delta(min(FIRST_SECONDS, seconds)), self.nodes, self.seed, None)
            first = run_highs(job, on_bounds)
            if first.status in ("optimal", "infeasible") or seconds <= FIRST_SECONDS:
                return first
        left = max(0.0, deadline - time.monotonic())
        with tempfile.TemporaryDirectory() as folder:
            solution_file = str(Path(folder) / "best.sol")
            job = Job(proto, hint, _delta(left), self.nodes, self.seed, solution_file)
            return _Child(job, len(model.lower), nothing).run(self.stop, left, on_bounds)


class _Child:
    """One job in a process of its own."""

    def __init__(self, job: Job, columns: int, nothing: Outcome) -> None:
        self._job = job
        self._columns = columns
        self._best = nothing
        self._messages: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def run(self, stop: Stop, seconds: float, on_bounds: OnBounds) -> Outcome:
        deadline = time.monotonic() + seconds + GRACE_SECONDS
        child = self._start()
        reader = threading.Thread(target=self._read, args=(child,), daemon=True)
        reader.start()
        try:
            self._send(child)
            while not stop.requested and time.monotonic() < deadline:
                try:
                    message = self._messages.get(timeout=LOOK_SECONDS)
                except Empty:
                    if not reader.is_alive() and self._messages.empty():
                        break
                    continue
                if "status" in message:
                    columns = None if message["columns"] is None else np.array(message["columns"])
                    return Outcome(message["status"], columns, message["bound"])
                if message["bound"] is not None:
                    self._best = Outcome("unknown", None, message["bound"])
                on_bounds(message["bound"], message["value"])
        finally:
            child.kill()
            child.wait()
            reader.join()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    _close(pipe)
        return self._rescued()

    def _start(self) -> "subprocess.Popen[bytes]":
        path = os.pathsep.join([entry or os.getcwd() for entry in sys.path])
        return subprocess.Popen(
            [sys.executable, "-m", "matcher.groups.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,
        )

    def _send(self, child: "subprocess.Popen[bytes]") -> None:
        model = self._job.model.SerializeToString()
        limit = self._job.limit
        head = {
            "bytes": len(model),
            "start": self._job.start,
            "seconds": None if limit is None else limit.total_seconds(),
            "nodes": self._job.nodes,
            "seed": self._job.seed,
            "solution_file": self._job.solution_file,
        }
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(head).encode() + b"\n" + model)
            child.stdin.flush()
        except BrokenPipeError:
            return

    def _read(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdout is not None
        for line in child.stdout:
            try:
                self._messages.put(json.loads(line))
            except ValueError:
                return

    def _rescued(self) -> Outcome:
        """What an ended child had found: its last bound, and its last solution if that is whole in the file."""
        columns = read_solution(Path(self._job.solution_file or ""), self._columns)
        return Outcome("unknown" if columns is None else "feasible", columns, self._best.bound)


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


def whole_bound(bound: float, *, maximize: bool) -> int:
    """The bound of a whole value from a bound in doubles: rounded outwards by 1e-6, and by 1e-9 of its size."""
    slack = 1e-6 + 1e-9 * abs(bound)
    return math.floor(bound + slack) if maximize else math.ceil(bound - slack)


@contextmanager
def _interrupter(left: Callable[[], float]) -> Iterator[SolveInterrupter]:
    """Interrupts a solve in this process once no seconds are left; for solvers that listen, as GLOP does."""
    interrupter = SolveInterrupter()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            if left() <= 0:
                interrupter.interrupt()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield interrupter
    finally:
        done.set()
        watcher.join()


def _delta(seconds: float) -> timedelta | None:
    return timedelta(seconds=seconds) if math.isfinite(seconds) else None


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return
