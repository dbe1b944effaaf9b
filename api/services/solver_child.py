"""The solver's own process: reads a job from standard input, answers in JSON lines on standard output.

When standard input ends, whoever asked is gone: this process and all that it started end with it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

from matcher.control import Settings, Stop
from matcher.fields import InvalidProblem
from matcher.plan import to_json
from matcher.problem import load_problem
from matcher.solve import RefusedPlan, solve

STDIN, STDOUT, STDERR = 0, 1, 2


def main() -> None:
    """Solve the job of the first line; obey the commands of the lines after it."""
    answers = _Answers(os.fdopen(os.dup(STDOUT), "w", encoding="utf-8"))
    os.dup2(STDERR, STDOUT)  # what solvers print must not mix with the answers
    lines = _lines()
    job = json.loads(next(lines))
    commands = _Commands(lines)
    commands.start()
    try:
        problem = load_problem(job["problem"])
    except InvalidProblem as error:
        answers.say({"invalid": error.errors})
        return
    stop = commands.stop = Stop(job["seconds"])
    if commands.asked_to_stop.is_set():
        stop.request()
    answers.say({"started": True})
    try:
        plan = solve(
            problem,
            stop=stop,
            seed=job["seed"],
            settings=Settings(**job["settings"]),
            on_progress=lambda progress: answers.say(asdict(progress)),
        )
    except RefusedPlan as error:
        answers.say({"refused": [violation.code for violation in error.violations]})
        return
    answers.say({"plan": json.dumps(to_json(plan), ensure_ascii=False), "peak_mb": _peak_mb()})


class _Commands(threading.Thread):
    """Listens for `stop`, and for the end of standard input."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        super().__init__(daemon=True)
        self.stop: Stop | None = None
        self.asked_to_stop = threading.Event()
        self._lines = lines

    def run(self) -> None:
        for line in self._lines:
            if line == b"stop":
                self.asked_to_stop.set()
                if self.stop is not None:
                    self.stop.request()
        end_all()


class _Answers:
    """JSON lines; solvers may tell of progress from several threads."""

    def __init__(self, pipe: TextIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._pipe.write(json.dumps(message) + "\n")
            self._pipe.flush()


def _lines() -> Iterator[bytes]:
    """Lines of standard input, unbuffered: a buffered reader in a waiting thread would hang the interpreter's end."""
    buffer = bytearray()
    while chunk := os.read(STDIN, 1 << 20):
        buffer += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(buffer).split(b"\n")
            yield from whole
            buffer = bytearray(rest)


def end_all() -> None:
    """End this process and all that it started, at once."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _peak_mb() -> int:
    """The most memory held by this process or by one that it started, in megabytes."""
    kilobytes = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return kilobytes // (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
