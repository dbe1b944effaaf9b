"""The child process of children.py: solves integer programs one after the other for its parent, dies with it.

In: for each job a line of JSON, then the model. Out: lines of JSON; {"bound", "value"} on the way, the outcome at the
end of each.
"""

import json
import os
import sys
import threading
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

from ortools.math_opt import model_pb2

from matcher.groups.highs import Job, run_highs


def main() -> None:
    """Serve jobs from standard input until it ends."""
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_read, args=(jobs,), daemon=True).start()
    while True:
        outcome = run_highs(jobs.get(), lambda bound, value: _tell({"bound": bound, "value": value}))
        columns = None if outcome.columns is None else outcome.columns.tolist()
        _tell({"status": outcome.status, "bound": outcome.bound, "columns": columns})


def _read(jobs: SimpleQueue[Job]) -> None:
    """Jobs as they come; at the end of input, which is the parent's end, the process ends whatever it does."""
    while line := sys.stdin.buffer.readline():
        head: dict[str, Any] = json.loads(line)
        model = model_pb2.ModelProto.FromString(sys.stdin.buffer.read(head["bytes"]))
        seconds = head["seconds"]
        limit = None if seconds is None else timedelta(seconds=seconds)
        jobs.put(Job(model, head["start"], limit, head["nodes"], head["seed"], head["solution_file"]))
    os._exit(1)


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
