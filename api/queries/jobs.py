"""What the ledger of jobs tells: how each went last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import JobState
from api.models.jobs import JobRun


def last_runs(session: Session) -> dict[str, JobRun]:
    """The newest run of each job, by name."""
    return _newest(session, tuple(JobState))


def last_successes(session: Session) -> dict[str, JobRun]:
    """The newest successful run of each job, by name."""
    return _newest(session, (JobState.DONE,))


def last_beat(session: Session) -> datetime | None:
    """When the scheduler last began or ended something: frequent jobs are its heartbeat. None before the first."""
    return session.scalar(select(func.max(func.coalesce(JobRun.finished_at, JobRun.started_at))))


def _newest(session: Session, states: Sequence[JobState]) -> dict[str, JobRun]:
    newest = (
        select(JobRun.job, func.max(JobRun.due_at).label("due_at"))
        .where(JobRun.state.in_(states))
        .group_by(JobRun.job)
        .subquery()
    )
    rows = session.scalars(
        select(JobRun).join(newest, (JobRun.job == newest.c.job) & (JobRun.due_at == newest.c.due_at))
    )
    return {row.job: row for row in rows}
