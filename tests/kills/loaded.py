"""Everything that the processes need, imported once by the server they are forked from; and a turn of the scheduler."""

from __future__ import annotations

import threading

import api.app
import api.worker
from api import clock
from api.mail.transports import SmtpTransport
from scheduler.jobs import JOBS
from scheduler.runner import run_due

assert api.app
assert api.worker

MAIL_TRANSPORT = SmtpTransport


def turns() -> None:
    """What the leader does, one job after the other, for as long as it lives."""
    began, nobody_stops = clock.now(), threading.Event()
    while True:
        for job in JOBS:
            run_due(job, began, nobody_stops)
        nobody_stops.wait(0.02)
