"""What happens by itself: the ledger of jobs, switches, what was erased, and what was counted first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api import clock
from api.domain.enums import JobState
from api.models.base import Base, Code, Identified, ref, text_column
from api.models.programmes import Programme, Season


class JobRun(Identified, Base):
    """One due run of a job: the row is what makes it happen once.

    next_due_at: when the job is due after that, so that a watchdog knows a missing run. items: how many things it did.
    """

    __tablename__ = "job_run"

    job: Mapped[Code]
    due_at: Mapped[datetime]
    next_due_at: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
    state: Mapped[JobState] = mapped_column(default=JobState.RUNNING)
    items: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = text_column()

    __table_args__ = (
        UniqueConstraint("job", "due_at"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("items >= 0", name="items"),
    )


class Switch(Base):
    """Something that an operator turns on: `outbox_paused`."""

    __tablename__ = "switch"

    name: Mapped[Code] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=clock.now)


class ErasureLog(Identified, Base):
    """A row that was deleted and must stay so after a restore. Opaque ids only."""

    __tablename__ = "erasure_log"

    object_kind: Mapped[Code]
    object_id: Mapped[str] = mapped_column(String(36))
    erased_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    rule: Mapped[Code]

    __table_args__ = (Index("ix_erasure_log_object_kind_object_id", "object_kind", "object_id"),)


class SeasonCount(Base):
    """How many pupils a season had, kept when they are deleted.

    what: `registered`, `offered`, `gender`, `grade`, `level`, `school`, `site`, `asked` or `asked_offered`
    (api.queries.report.counts). of: which gender, grade, level, school or site; empty for all, and for what was not
    told. Whoever shows it leaves out cells under 5.
    """

    __tablename__ = "season_count"

    season_id: Mapped[str] = ref(Season.id, primary_key=True)
    programme_id: Mapped[str] = ref(Programme.id, primary_key=True)
    what: Mapped[Code] = mapped_column(primary_key=True)
    of: Mapped[Code] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (
        Index("ix_season_count_programme_id", "programme_id"),
        CheckConstraint("count >= 1", name="count"),
    )
