"""The service as a process of its own: web and worker on one database. Prints its port when it listens."""

import os
import sys
import threading
from pathlib import Path

from waitress import create_server

from api.app import create_app
from api.config import Settings
from api.services.executor import ProcessExecutor
from api.worker import Worker


def main() -> None:
    url = sys.argv[1]
    secret = os.environ["TREFFPUNKT_SECRET_KEY"]
    settings = Settings(env="development", data=Path.cwd(), database_url=url, secret=secret)
    server = create_server(create_app(settings), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=Worker(ProcessExecutor()).run_until, daemon=True).start()
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
