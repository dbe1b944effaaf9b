"""Does one due run of a job: ledger, items, outcome."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from api import clock
from api.db import reading, transaction
from api.errors import Conflict
from api.services import jobs as ledger
from scheduler.jobs import Job

_log = structlog.get_logger("treffpunkt.scheduler")


@dataclass(frozen=True, slots=True)
class Outcome:
    """items: things done. failed: things that failed, and why, by kind of error. passed: somebody else was faster."""

    items: int
    failed: Counter[str]
    passed: int = 0

    @property
    def error(self) -> str | None:
        """For the ledger: counts and kinds of errors, nothing that a person typed."""
        if not self.failed:
            return None
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.failed.items()))
        return f"{self.failed.total()} failed: {kinds}. The log says where."


def due_now(jobs: Iterable[Job]) -> list[Job]:
    """The jobs that have not been done since they were last due."""
    now = clock.now()
    with reading() as session:
        return [job for job in jobs if ledger.is_due(session, job.name, job.when.last_due(now))]


def tick(jobs: Iterable[Job]) -> dict[str, Outcome]:
    """Does all that is due now, one after the other, by name."""
    leaving = threading.Event()
    outcomes = {job.name: run_due(job, clock.now(), leaving) for job in due_now(jobs)}
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def run_due(job: Job, leader_since: datetime, leaving: threading.Event) -> Outcome | None:
    """The newest due run of a job; None when it was done already. leaving: set when nothing more shall begin."""
    return run_at(job, job.when.last_due(clock.now()), leader_since, leaving)


def run_at(job: Job, due_at: datetime, leader_since: datetime, leaving: threading.Event) -> Outcome | None:
    """The run of a job that is due at `due_at`: claimed in the ledger first, which makes it happen once."""
    now = clock.now()
    with transaction() as session:
        run_id = ledger.claim(
            session, job.name, due_at, next_due_at=job.when.next_due(now), now=now, leader_since=leader_since
        )
    if run_id is None:
        return None
    outcome = _work(job, now, leaving)
    with transaction() as session:
        ledger.finish(session, run_id, clock.now(), outcome.items, outcome.error, frequent=job.when.frequent)
    if outcome.items or outcome.failed or outcome.passed:
        counts = {"items": outcome.items, "failed": outcome.failed.total(), "passed": outcome.passed}
        _log.info("job_ran", job=job.name, **counts)
    return outcome


def _work(job: Job, now: datetime, leaving: threading.Event) -> Outcome:
    failed: Counter[str] = Counter()
    items = passed = 0
    try:
        if job.run is not None:
            return Outcome(job.run(now), failed)
        assert job.due is not None
        with reading() as session:
            waiting = job.due(session, now)
    except Exception as error:
        _log.error("job_failed", job=job.name, exc_info=error)
        failed[type(error).__name__] += 1
        return Outcome(items, failed)
    for item in waiting:
        if leaving.is_set():
            failed["left_undone"] += 1
            continue
        try:
            _do(job, item, now)
            items += 1
        except Conflict:
            passed += 1  # somebody else has done it since it was read
            _log.info("item_passed", job=job.name, item=item)
        except Exception as error:
            _log.error("item_failed", job=job.name, item=item, exc_info=error)
            failed[type(error).__name__] += 1
    return Outcome(items, failed, passed)


def _do(job: Job, item: str, now: datetime) -> None:
    assert job.do is not None
    with transaction() as session:
        job.do(session, item, now)
