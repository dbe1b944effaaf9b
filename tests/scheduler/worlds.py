"""Jobs whose work is rows that anybody can count: a switch that is there is due, doing it takes it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.errors import Conflict
from api.models.jobs import JobRun, Switch
from scheduler.jobs import Job
from scheduler.when import When

POISON, TAKEN = "poison", "taken"


def leave_work(*names: str) -> None:
    with transaction() as session:
        session.add_all(Switch(name=name) for name in names)


def work_left() -> list[str]:
    with reading() as session:
        return sorted(session.scalars(select(Switch.name)))


def due(session: Session, now: datetime) -> list[str]:
    return list(session.scalars(select(Switch.name).where(Switch.since <= now).order_by(Switch.name)))


def do(session: Session, name: str, now: datetime) -> None:
    row = session.get(Switch, name)
    if row is None:
        return
    session.delete(row)
    session.flush()
    if name == POISON:
        raise ZeroDivisionError("what a person typed")
    if name == TAKEN:
        raise Conflict("Somebody was faster.")


def job(when: When, name: str = "tidy") -> Job:
    return Job(name, when, "Takes away what is there.", due, do)


def ledger() -> Sequence[JobRun]:
    with reading() as session:
        return session.scalars(select(JobRun).order_by(JobRun.due_at, JobRun.job)).all()
