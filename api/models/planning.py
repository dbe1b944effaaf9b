"""Runs of the solver and the head of each plan; a plan's rows are in plan_rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import PlanStatus, RunKind, RunState, Sense
from api.models.access import User
from api.models.base import Base, Created, Hash, Identified, JsonList, JsonObject, Versioned, ref, text_column
from api.models.personal import Retention, tag
from api.models.programmes import ProgrammeRuleVersion, Season


class Run(Identified, Versioned, Created, Base):
    """One order to solve: written by the web, claimed by a worker, its progress read by both.

    problem: the JSON text that was solved, and problem_sha256 its hash; None until a worker has taken the snapshot.
    document: the plan as JSON text just as it was solved, to be judged anew beside the problem and kept as long; the
    rows of the plan are what of it still held when it was written. stand_ins: of a plan of visits, as
    matcher.visits.stand_ins.StandIns; None where they were not worked out.
    settings: the solver's (seconds, workers, ...). attempt: 0 before the first claim. lease_until: after it
    another worker may take the run. progress: events {goal, value, bound, seconds}, oldest first. stop_requested: keep
    the best so far; cancel_requested: keep nothing. error: one sentence for the person who ordered it.
    """

    __tablename__ = "run"

    kind: Mapped[RunKind]
    season_id: Mapped[str] = ref(Season.id)
    rule_version_id: Mapped[str] = ref(ProgrammeRuleVersion.id)
    requested_by_id: Mapped[str | None] = ref(User.id, info=tag("tell who ordered the run", Retention.AUDIT))
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED)
    seed: Mapped[int] = mapped_column(BigInteger, default=1)
    settings: Mapped[JsonObject] = mapped_column(default=dict)
    problem: Mapped[str | None] = text_column(deferred=True)
    problem_sha256: Mapped[Hash | None]
    document: Mapped[str | None] = text_column(deferred=True)
    stand_ins: Mapped[JsonObject | None] = mapped_column(deferred=True)
    worker: Mapped[str | None] = mapped_column(String(120))
    attempt: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    progress: Mapped[JsonList] = mapped_column(default=list)
    stop_requested: Mapped[bool] = mapped_column(default=False)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = text_column()

    season: Mapped[Season] = relationship()
    rule_version: Mapped[ProgrammeRuleVersion] = relationship()
    plan: Mapped[Plan | None] = relationship(back_populates="run")

    __table_args__ = (
        CheckConstraint("(problem IS NULL) = (problem_sha256 IS NULL)", name="problem"),
        CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name="lease"),
        CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("attempt >= 0", name="attempt"),
    )


class Plan(Identified, Created, Base):
    """What a run found: judged, certified, never changed afterwards.

    certificate: {judge, bound_source, seconds, seed, settings, versions, ...} as in the plan format.
    conflicts: the same.
    changed_since: [{code, ...}], one for each item that the world had moved away from when the plan was written.
    """

    __tablename__ = "plan"

    run_id: Mapped[str] = ref(Run.id, index=False)
    kind: Mapped[RunKind]
    season_id: Mapped[str] = ref(Season.id)
    status: Mapped[PlanStatus]
    problem_sha256: Mapped[Hash]
    certificate: Mapped[JsonObject]
    conflicts: Mapped[JsonList] = mapped_column(default=list)
    changed_since: Mapped[JsonList] = mapped_column(default=list)

    run: Mapped[Run] = relationship(back_populates="plan")
    season: Mapped[Season] = relationship()
    goals: Mapped[list[PlanGoal]] = relationship(
        order_by="PlanGoal.position", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (UniqueConstraint("run_id"),)


class PlanGoal(Base):
    """A goal's value and proven bound; position 0 is the most important."""

    __tablename__ = "plan_goal"

    plan_id: Mapped[str] = ref(Plan.id, owned=True, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40))
    sense: Mapped[Sense]
    value: Mapped[int] = mapped_column(BigInteger)
    bound: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("(sense = 'max' AND value <= bound) OR (sense = 'min' AND value >= bound)", name="bound"),
    )
