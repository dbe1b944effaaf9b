"""The ledger of jobs: a row is what makes a due run happen once, whoever else believes to be the scheduler."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain.enums import JobState
from api.models.jobs import JobRun

KEEP_LEDGER = timedelta(days=90)


def claim(
    session: Session, job: str, due_at: datetime, *, next_due_at: datetime, now: datetime, leader_since: datetime
) -> str | None:
    """Begins the run of a job that was due at `due_at`: the id of its row, None when somebody has begun or done it.

    A failed run may be begun again, and so may one whose scheduler died: it was begun before `leader_since`.
    """
    row = JobRun(job=job, due_at=due_at, started_at=now, next_due_at=next_due_at)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return _begin_again(session, job, due_at, now, leader_since)
    return row.id


def finish(session: Session, run_id: str, now: datetime, items: int, error: str | None, *, frequent: bool) -> None:
    """Ends a run, done or failed. Of the successes of a frequent job only this one stays. error: no personal data."""
    row = session.get_one(JobRun, run_id)
    row.finished_at, row.items, row.error = now, items, error
    row.state = JobState.FAILED if error else JobState.DONE
    session.flush()
    if frequent and not error:
        session.execute(
            delete(JobRun).where(JobRun.job == row.job, JobRun.state == JobState.DONE, JobRun.due_at < row.due_at)
        )


def forget_unknown(session: Session, known: Collection[str]) -> None:
    """Takes jobs that are no longer in the table out of the ledger, so that nobody waits for them."""
    session.execute(delete(JobRun).where(JobRun.job.not_in(known)))


def is_due(session: Session, job: str, last_due: datetime) -> bool:
    """Whether the job has not been done since `last_due`."""
    done = select(JobRun.id).where(JobRun.job == job, JobRun.state == JobState.DONE, JobRun.due_at >= last_due)
    return session.scalar(done.limit(1)) is None


def prune(session: Session, now: datetime) -> int:
    """Forgets old runs, but of each job the newest success. Returns how many."""
    newest = (
        select(JobRun.job, func.max(JobRun.due_at).label("due_at"))
        .where(JobRun.state == JobState.DONE)
        .group_by(JobRun.job)
        .subquery()
    )
    kept = select(JobRun.id).join(newest, and_(JobRun.job == newest.c.job, JobRun.due_at == newest.c.due_at))
    gone = session.execute(delete(JobRun).where(JobRun.due_at < now - KEEP_LEDGER, JobRun.id.not_in(kept)))
    assert isinstance(gone, CursorResult)
    return gone.rowcount


def _begin_again(session: Session, job: str, due_at: datetime, now: datetime, leader_since: datetime) -> str | None:
    abandoned = and_(JobRun.state == JobState.RUNNING, JobRun.started_at < leader_since)
    begun = session.execute(
        update(JobRun)
        .where(JobRun.job == job, JobRun.due_at == due_at, or_(JobRun.state == JobState.FAILED, abandoned))
        .values(state=JobState.RUNNING, started_at=now, finished_at=None, error=None, items=0),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(begun, CursorResult)
    if begun.rowcount != 1:
        return None
    return session.scalar(select(JobRun.id).where(JobRun.job == job, JobRun.due_at == due_at))
