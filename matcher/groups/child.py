"""The child process of milp.py: solves one integer program for its parent, tells bounds on the way, dies with it.

In: a line of JSON, then the model. Out: lines of JSON; {"bound", "value"} on the way, the outcome at the end.
"""

import json
import os
import sys
import threading
from datetime import timedelta
from typing import Any

from ortools.math_opt import model_pb2

from matcher.groups.highs import Job, run_highs


def main() -> None:
    """Serve one job from standard input."""
    head: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    model = model_pb2.ModelProto.FromString(sys.stdin.buffer.read(head["bytes"]))
    threading.Thread(target=_die_with_parent, daemon=True).start()
    seconds = head["seconds"]
    job = Job(
        model=model,
        start=head["start"],
        limit=None if seconds is None else timedelta(seconds=seconds),
        nodes=head["nodes"],
        seed=head["seed"],
        solution_file=head["solution_file"],
    )
    outcome = run_highs(job, lambda bound, value: _tell({"bound": bound, "value": value}))
    columns = None if outcome.columns is None else outcome.columns.tolist()
    _tell({"status": outcome.status, "bound": outcome.bound, "columns": columns})


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
