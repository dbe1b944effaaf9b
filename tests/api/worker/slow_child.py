"""A solver's process that never ends by itself: told "tell", it has found something; `stop` it ignores.

With the argument "deaf" it does not listen to the end of its standard input either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from api.services import solver_child


def main() -> None:
    os.read(0, 1)
    helper = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], stdin=subprocess.DEVNULL)
    print(json.dumps({"started": True}), flush=True)
    print(json.dumps({"goal": "helper", "value": helper.pid, "bound": os.getpid(), "seconds": 0.0}), flush=True)
    while os.read(0, 1 << 16) or "TREFFPUNKT_TEST_DEAF" in os.environ:
        if "TREFFPUNKT_TEST_DEAF" in os.environ:
            helper.wait()
    solver_child.end_all()


if __name__ == "__main__":
    main()
