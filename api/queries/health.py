"""What a watchdog asks: is the database there and whole, who is at work, what waits and what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.clock import now
from api.db import alembic_config
from api.domain.enums import ExceptionState, OutboxState, RunState
from api.models.follow_up import ExceptionItem
from api.models.outbox import OutboxMessage
from api.models.planning import Run
from api.queries.jobs import last_beat, last_successes

SILENCE = timedelta(minutes=2)  # of the scheduler, whose frequent jobs run every few seconds
LATE = timedelta(minutes=10)  # of a job, after the moment it was due


def readiness(open_session: Callable[[], Session]) -> dict[str, Any]:
    """How the service is. Ages are in seconds, None where there was never any.

    status: ready; degraded (the scheduler is silent, or a job has not succeeded when it was due); unreachable or
    not_migrated. jobs: age of each job's last success. late_jobs: those that should have succeeded since.
    """
    try:
        session = open_session()
        if MigrationContext.configure(session.connection()).get_current_revision() != newest_revision():
            return {"status": "not_migrated"}
        worker, scheduler = session.scalar(select(func.max(Run.heartbeat_at))), last_beat(session)
        done = last_successes(session)
    except SQLAlchemyError:
        return {"status": "unreachable"}
    moment = now()
    late = sorted(name for name, run in done.items() if run.next_due_at + LATE < moment)
    silent = scheduler is None or scheduler + SILENCE < moment
    return {
        "status": "degraded" if silent or late else "ready",
        "worker_heartbeat_seconds": _age(moment, worker),
        "scheduler_heartbeat_seconds": _age(moment, scheduler),
        "jobs": {name: _age(moment, run.finished_at) for name, run in sorted(done.items())},
        "late_jobs": late,
    }


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database says of the service's work. Ages are in seconds, None where there is nothing.

    outbox, runs: how many in each state. oldest_message: age of the oldest that is due and has not left. jobs: age of
    each job's last success.
    """

    outbox: dict[str, int]
    oldest_message: int | None
    runs: dict[str, int]
    open_exceptions: int
    jobs: dict[str, int | None]
    worker: int | None
    scheduler: int | None


def figures(session: Session) -> Figures:
    """For the metrics, in six queries."""
    moment = now()
    due = select(func.min(OutboxMessage.not_before)).where(
        OutboxMessage.state.in_((OutboxState.WAITING, OutboxState.SENDING)), OutboxMessage.not_before <= moment
    )
    exceptions = select(func.count()).select_from(ExceptionItem).where(ExceptionItem.state == ExceptionState.OPEN)
    return Figures(
        outbox=_counts(session, OutboxMessage.state, [state.value for state in OutboxState]),
        oldest_message=_age(moment, session.scalar(due)),
        runs=_counts(session, Run.state, [state.value for state in RunState]),
        open_exceptions=session.scalar(exceptions) or 0,
        jobs={name: _age(moment, run.finished_at) for name, run in sorted(last_successes(session).items())},
        worker=_age(moment, session.scalar(select(func.max(Run.heartbeat_at)))),
        scheduler=_age(moment, last_beat(session)),
    )


@cache
def newest_revision() -> str | None:
    """The newest migration of the installed package."""
    return ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()


def _counts(session: Session, state: Any, states: list[str]) -> dict[str, int]:
    counted = {word.value: number for word, number in session.execute(select(state, func.count()).group_by(state))}
    return {word: counted.get(word, 0) for word in states}


def _age(moment: datetime, then: datetime | None) -> int | None:
    return None if then is None else max(0, round((moment - then).total_seconds()))
