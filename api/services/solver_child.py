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
from matcher.plan import Plan, VisitPlan, to_json
from matcher.problem import Problem, VisitProblem, load_problem
from matcher.solve import RefusedPlan, solve

STDIN, STDOUT, STDERR = 0, 1, 2
STAND_IN_SECONDS = 10.0  # within the grace that a run has after its limit
MOST_VISITS = 1_000  # a plan of so many has 80,000 ways to keep somebody in reserve


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
    stand_ins = stand_ins_of(problem, plan, job["silence"], job["seed"])
    text = json.dumps(to_json(plan), ensure_ascii=False)
    answers.say({"plan": text, "stand_ins": stand_ins, "peak_mb": _peak_mb()})


def stand_ins_of(problem: Problem, plan: Plan, silence: dict[str, float], seed: int) -> dict[str, Any] | None:
    """Whom to keep in reserve, in a few seconds at most; None for other plans, and for those that are too large."""
    if not isinstance(problem, VisitProblem) or not isinstance(plan, VisitPlan) or not plan.visits:
        return None
    if len(plan.visits) > MOST_VISITS:
        return None
    from matcher.visits.stand_ins import plan_stand_ins  # its solver is loaded for plans of visits only

    found = plan_stand_ins(problem, plan, silence=silence, stop=Stop(STAND_IN_SECONDS), seed=seed)
    reserves = [{**one._asdict(), "date": one.date.isoformat()} for one in found.reserves]
    return {**asdict(found), "reserves": reserves}


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
