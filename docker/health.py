"""Asked by the container's health check. web: the pages answer. beat: the process has moved within two minutes."""

import os
import sys
import time
import urllib.request

PATIENCE_SECONDS = 120


def main() -> int:
    if sys.argv[1:] == ["web"]:
        address = f"http://127.0.0.1:{os.environ['TREFFPUNKT_PORT']}/readyz"
        with urllib.request.urlopen(address, timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    age = time.time() - os.stat(os.environ["TREFFPUNKT_BEAT"]).st_mtime
    return 0 if age < PATIENCE_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
