"""`treffpunkt-scheduler`: the process in which things happen by themselves."""

from __future__ import annotations

import logging
import signal

import click

from api.config import settings
from api.db import init_engine
from api.logs import configure_logging
from api.mail.transports import transports_of
from api.models import registry
from api.process import leave_with_parent, one_line_errors, require_current
from scheduler.jobs import JOBS
from scheduler.leader import lock_of
from scheduler.process import Scheduler

assert registry.THEMES, "rows of all tables are known"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Do what is due: messages, deadlines, reminders, nightly plans, deletion. `treffpunkt jobs` lists all of it.

    Start as many as you like: one leads, the others stand by and take over within seconds. Ctrl-C or SIGTERM lets the
    item under way come to its end.
    """
    with one_line_errors():
        config = settings()
        require_current(config)
        transports_of(config)  # says what is missing before anything is left unsent
        configure_logging()
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # the ledger and our own log say what ran
        init_engine(config)
        scheduler = Scheduler(JOBS, lock_of(config.database_url))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: scheduler.leaving.set())
        leave_with_parent(scheduler.leaving.set)
        scheduler.run()


if __name__ == "__main__":
    main()
