"""What a worker does with runs: claim, keep alive, end. Each is a conditional UPDATE whose row count decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from api.domain.enums import RunKind, RunState
from api.i18n import mark
from api.models.planning import Run

MOST_ATTEMPTS = 3
GAVE_UP = mark(
    "The run was begun three times and never came to an end. Order it again, or tell whoever runs the service."
)


class Wish(StrEnum):
    """What those who wait want of a run under way; LOST: it is no longer this worker's."""

    GO_ON = "go_on"
    STOP = "stop"
    CANCEL = "cancel"
    LOST = "lost"


class LostRun(Exception):
    """Another worker has the run now, or it was cancelled: nothing of it may be written."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could be claimed, as it was seen."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is this worker's until its lease ends. attempt: 1 and up."""

    run_id: str
    worker: str
    attempt: int
    kind: RunKind
    seed: int
    settings: dict[str, Any]


def settle_lapsed(session: Session, now: datetime) -> int:
    """End runs whose worker is gone and that nobody shall take up: cancelled ones, and those begun three times."""
    lapsed = and_(Run.state == RunState.RUNNING, Run.lease_until < now)
    cancelled = session.execute(
        update(Run)
        .where(lapsed, Run.cancel_requested)
        .values(state=RunState.CANCELLED, finished_at=now, version=Run.version + 1)
    )
    failed = session.execute(
        update(Run)
        .where(lapsed, Run.attempt >= MOST_ATTEMPTS)
        .values(state=RunState.FAILED, finished_at=now, error_code="gave_up", error=GAVE_UP, version=Run.version + 1)
    )
    return _count(cancelled) + _count(failed)


def next_candidate(session: Session, now: datetime) -> Candidate | None:
    """The oldest run that waits, or whose worker has let its lease lapse."""
    row = session.execute(
        select(Run.id, Run.attempt)
        .where(_claimable(now), Run.attempt < MOST_ATTEMPTS)
        .order_by(Run.created_at, Run.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else Candidate(*row)


def claim(session: Session, candidate: Candidate, worker: str, now: datetime, lease: timedelta) -> Claim | None:
    """Take a run; None when somebody else was faster. Effects: running, attempt + 1, lease set, progress empty."""
    taken = session.execute(
        update(Run)
        .where(Run.id == candidate.run_id, *_still_as_seen(candidate, now))
        .values(
            state=RunState.RUNNING,
            worker=worker,
            attempt=Run.attempt + 1,
            started_at=now,
            heartbeat_at=now,
            lease_until=now + lease,
            progress=[],
            problem=None,
            problem_sha256=None,
            document=None,
            stand_ins=None,
            version=Run.version + 1,
        )
    )
    if _count(taken) != 1:
        return None
    kind, seed, settings, attempt = session.execute(
        select(Run.kind, Run.seed, Run.settings, Run.attempt).where(Run.id == candidate.run_id)
    ).one()
    return Claim(candidate.run_id, worker, attempt, kind, seed, settings)


def keep_problem(session: Session, mine: Claim, problem: str, sha256: str) -> None:
    """Store what is solved, as text with its hash. Raises LostRun."""
    _change(session, mine, problem=problem, problem_sha256=sha256)


def heartbeat(
    session: Session, mine: Claim, now: datetime, lease: timedelta, progress: Sequence[dict[str, Any]] | None
) -> Wish:
    """Prolong the lease, store the progress so far, and hear what is wanted. Leaves the row's version alone.

    progress: None leaves it as it is.
    """
    told = {} if progress is None else {"progress": list(progress)}
    row = session.execute(
        update(Run)
        .where(*_mine(mine))
        .values(heartbeat_at=now, lease_until=now + lease, **told)
        .returning(Run.cancel_requested, Run.stop_requested)
    ).one_or_none()
    if row is None:
        return Wish.LOST
    if row.cancel_requested:
        return Wish.CANCEL
    return Wish.STOP if row.stop_requested else Wish.GO_ON


def mark_done(
    session: Session,
    mine: Claim,
    now: datetime,
    document: str,
    stand_ins: dict[str, Any] | None = None,
    *,
    code: str | None = None,
    error: str | None = None,
) -> None:
    """The run ends with a plan, whose JSON text is kept as `document`. Raises LostRun when it was cancelled or taken,
    and then no plan may be written.
    """
    _change(
        session,
        mine,
        Run.cancel_requested.is_(False),
        state=RunState.DONE,
        finished_at=now,
        document=document,
        stand_ins=stand_ins,
        error_code=code,
        error=error,
        version=Run.version + 1,
    )


def fail(session: Session, mine: Claim, now: datetime, code: str, error: str) -> None:
    """The run ends without a plan; `error` is for the person who ordered it, details after its first line."""
    _change(
        session,
        mine,
        state=RunState.FAILED,
        finished_at=now,
        error_code=code,
        error=error,
        version=Run.version + 1,
    )


def cancel(session: Session, mine: Claim, now: datetime) -> None:
    """The run ends as was asked, and nothing of it is kept."""
    _change(session, mine, state=RunState.CANCELLED, finished_at=now, version=Run.version + 1)


def give_back(session: Session, mine: Claim) -> None:
    """The worker must go: the run waits again, and this attempt does not count."""
    _change(
        session,
        mine,
        state=RunState.QUEUED,
        attempt=Run.attempt - 1,
        worker=None,
        lease_until=None,
        version=Run.version + 1,
    )


def _claimable(now: datetime) -> ColumnElement[bool]:
    lapsed = and_(Run.state == RunState.RUNNING, Run.lease_until < now)
    return and_(or_(Run.state == RunState.QUEUED, lapsed), Run.cancel_requested.is_(False))


def _still_as_seen(candidate: Candidate, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What makes the claim a race with one winner: nobody has begun the run since it was seen."""
    return _claimable(now), Run.attempt == candidate.attempt


def _mine(mine: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        Run.id == mine.run_id,
        Run.state == RunState.RUNNING,
        Run.worker == mine.worker,
        Run.attempt == mine.attempt,
    )


def _change(session: Session, mine: Claim, *conditions: ColumnElement[bool], **values: Any) -> None:
    if _count(session.execute(update(Run).where(*_mine(mine), *conditions).values(**values))) != 1:
        raise LostRun(mine.run_id)


def _count(result: Any) -> int:
    return int(result.rowcount)
