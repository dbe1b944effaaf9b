"""A scheduler in a process of its own. Arguments: the database, and "unlocked" to let it lead without a lock."""

from __future__ import annotations

import signal
import sys

from api.config import read_settings
from api.db import init_engine
from api.logs import configure_logging
from api.models import registry
from scheduler.jobs import Job
from scheduler.leader import lock_of
from scheduler.process import Scheduler
from scheduler.when import every

assert registry.THEMES


class NoLock:
    """Everybody may lead: what would happen without the guard."""

    def acquire(self) -> bool:
        return True

    def held(self) -> bool:
        return True

    def release(self) -> None:
        pass


def main() -> None:
    url, guard = sys.argv[1:]
    configure_logging()
    init_engine(read_settings({"DATABASE_URL": url, "TREFFPUNKT_ENV": "development"}))
    jobs = [Job("beat", every(seconds=1), "Does one thing.", run=lambda now: 1)]
    scheduler = Scheduler(jobs, NoLock() if guard == "unlocked" else lock_of(url))
    signal.signal(signal.SIGTERM, lambda *_: scheduler.leaving.set())
    scheduler.run()


if __name__ == "__main__":
    main()
