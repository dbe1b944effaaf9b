"""The child process of parts.py: solves one part of a season for its parent, and dies with it.

In: one line of JSON, the job; a second line asks for the best plan so far. Out: JSON lines: {"goal", "value", "bound"}
on the way, {"plan"} at the end.
"""

import json
import os
import sys
import threading
import time
from typing import Any

from matcher import plan as plans
from matcher.control import Progress, Settings, Stop
from matcher.problem import VisitProblem, load_problem
from matcher.visits.frame import Frame
from matcher.visits.solve import solve_frame


def main() -> None:
    """Read the job, solve it, write the plan, and end while the other thread still listens."""
    job: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    problem = load_problem(json.dumps(job["problem"]))
    assert isinstance(problem, VisitProblem)
    stop = Stop(None if job["until"] is None else max(0.0, job["until"] - time.monotonic()))
    threading.Thread(target=_listen, args=(stop,), daemon=True).start()
    frame = Frame(problem)
    plan, _ = solve_frame(frame, stop=stop, seed=job["seed"], settings=Settings(**job["settings"]), on_progress=_report)
    _tell({"plan": plans.to_json(plan)})
    os._exit(0)


def _listen(stop: Stop) -> None:
    """A line asks for an end; the end of input is the parent's end."""
    while sys.stdin.buffer.readline():
        stop.request()
    os._exit(1)


def _report(progress: Progress) -> None:
    _tell({"goal": progress.goal, "value": progress.value, "bound": progress.bound})


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
