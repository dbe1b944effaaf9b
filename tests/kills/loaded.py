"""Everything that the processes need, imported once by the server they are forked from; and a turn of the scheduler."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import api.worker
from api import clock
from api.app import create_app
from api.config import Settings
from api.mail.transports import SmtpTransport
from scheduler.jobs import JOBS
from scheduler.runner import run_due

assert api.worker

NOWHERE = Path("/nowhere")  # each process brings its own database
APP = create_app(
    Settings(
        env="development",
        data=NOWHERE,
        database_url=f"sqlite:///{NOWHERE}/never-opened.db",
        secret=os.environ["TREFFPUNKT_SECRET_KEY"],
    )
)
MAIL_TRANSPORT = SmtpTransport


def turns() -> None:
    """What the leader does, one job after the other, for as long as it lives: each life in another order."""
    began, nobody_stops = clock.now(), threading.Event()
    in_order = random.Random(began.timestamp()).sample(JOBS, len(JOBS))
    while True:
        for job in in_order:
            run_due(job, began, nobody_stops)
        nobody_stops.wait(0.02)
