"""A solver's process that tells its number, then waits at a gate, a named pipe, until it is opened for writing."""

from __future__ import annotations

import json
import os

from api.services import solver_child


def main() -> None:
    print(json.dumps({"goal": "gate", "value": None, "bound": os.getpid(), "seconds": 0.0}), flush=True)
    with open(os.environ["TREFFPUNKT_TEST_GATE"]):
        pass
    solver_child.main()


if __name__ == "__main__":
    main()
