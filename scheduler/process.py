"""The scheduler's life: stand by, lead, and hand over."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError

from api import clock
from api.clock import OSLO
from api.db import transaction
from api.process import beat
from api.services import jobs as ledger
from scheduler.jobs import Job
from scheduler.leader import Lock
from scheduler.runner import due_now, run_due

LOOK_SECONDS = 1.0
CATCH_UP_MINUTES = 10
THREADS = 4

_log = structlog.get_logger("treffpunkt.scheduler")


class Scheduler:
    """One process. leaving: set to have it finish what it is doing and go."""

    def __init__(self, jobs: Sequence[Job], lock: Lock) -> None:
        self.leaving = threading.Event()
        self._jobs = jobs
        self._lock = lock

    def run(self) -> None:
        """Leads whenever the lock is to be had, until `leaving` is set."""
        _log.info("scheduler_started")
        while not self.leaving.is_set():
            beat()
            if self._lock.acquire():
                try:
                    self._lead()
                finally:
                    self._lock.release()
            else:
                self.leaving.wait(LOOK_SECONDS)
        _log.info("scheduler_left")

    def _lead(self) -> None:
        """Starts the timers, and stops them when the lock is lost; an item that is under way comes to its end."""
        since = clock.now()
        stopping = threading.Event()
        _log.info("scheduler_leads")
        timers = self._timers(since, stopping)
        timers.start()
        try:
            while not self.leaving.wait(LOOK_SECONDS):
                beat()
                if not self._lock.held():
                    _log.warning("leadership_lost")
                    break
        finally:
            stopping.set()
            timers.shutdown(wait=True)

    def _timers(self, since: datetime, stopping: threading.Event) -> BackgroundScheduler:
        timers = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=OSLO,
        )
        for job in self._jobs:
            timers.add_job(_run, job.when.trigger(), args=(job, since, stopping), id=job.name)
        timers.add_job(
            self._catch_up,
            IntervalTrigger(minutes=CATCH_UP_MINUTES, timezone=OSLO),
            args=(timers,),
            next_run_time=since,
        )
        return timers

    def _catch_up(self, timers: BackgroundScheduler) -> None:
        """Has run at once what is due and not done: after a stop, after a failure, after another leader's death."""
        try:
            with transaction() as session:
                ledger.forget_unknown(session, [job.name for job in self._jobs])
            late = due_now(self._jobs)
        except DBAPIError as error:
            _log.error("database_unreachable", exc_info=error)
            return
        for job in late:
            timers.modify_job(job.name, next_run_time=clock.now())


def _run(job: Job, since: datetime, stopping: threading.Event) -> None:
    if stopping.is_set():
        return
    try:
        run_due(job, since, stopping)
    except Exception as error:
        _log.error("job_not_recorded", job=job.name, exc_info=error)
