"""The rows of plans, written once; live visits and memberships are apart. And the locks of the next run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import LockKind, Mode
from api.models.access import User
from api.models.base import Base, Created, Identified, JsonList, JsonObject, Name, ref
from api.models.groups import GroupSession, Mentor
from api.models.personal import Retention, tag
from api.models.planning import Plan
from api.models.programmes import Season
from api.models.pupils import Entry
from api.models.role_models import RoleModel
from api.models.visits import Request, RequestOption

_PLAN = tag("show what was proposed and why", Retention.PLAN)
_LOCK = tag("keep what a person has decided", Retention.PLAN)


class PlanVisit(Identified, Base):
    """A proposed visit."""

    __tablename__ = "plan_visit"

    plan_id: Mapped[str] = ref(Plan.id, owned=True, index=False)
    request_id: Mapped[str] = ref(Request.id, index=False)
    option_id: Mapped[str] = mapped_column(String(36))
    mode: Mapped[Mode]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    request: Mapped[Request] = relationship()
    role_models: Mapped[list[PlanVisitRoleModel]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        ForeignKeyConstraint(["request_id", "option_id"], [RequestOption.request_id, RequestOption.id]),
        UniqueConstraint("plan_id", "request_id"),
        Index("ix_plan_visit_request_id_option_id", "request_id", "option_id"),
        CheckConstraint("starts_at < ends_at", name="order"),
    )


class PlanVisitRoleModel(Base):
    """A role model in a proposed visit. travel_minutes: from home to the school, 0 when digital."""

    __tablename__ = "plan_visit_role_model"

    plan_visit_id: Mapped[str] = ref(PlanVisit.id, owned=True, primary_key=True, info=_PLAN)
    role_model_id: Mapped[str] = ref(RoleModel.id, primary_key=True, info=_PLAN)
    travel_minutes: Mapped[int] = mapped_column(info=_PLAN)

    role_model: Mapped[RoleModel] = relationship()

    __table_args__ = (
        Index("ix_plan_visit_role_model_role_model_id", "role_model_id"),
        CheckConstraint("travel_minutes >= 0", name="travel"),
    )


class PlanSession(Base):
    """A session that the plan opens."""

    __tablename__ = "plan_session"

    plan_id: Mapped[str] = ref(Plan.id, owned=True, primary_key=True)
    session_id: Mapped[str] = ref(GroupSession.id, primary_key=True)

    session: Mapped[GroupSession] = relationship()

    __table_args__ = (Index("ix_plan_session_session_id", "session_id"),)


class PlanMentor(Base):
    """A mentor in a session of the plan."""

    __tablename__ = "plan_mentor"

    plan_id: Mapped[str] = mapped_column(String(36), primary_key=True, info=_PLAN)
    session_id: Mapped[str] = mapped_column(String(36), primary_key=True, info=_PLAN)
    mentor_id: Mapped[str] = ref(Mentor.id, primary_key=True, info=_PLAN)

    mentor: Mapped[Mentor] = relationship()

    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_id", "session_id"], [PlanSession.plan_id, PlanSession.session_id], ondelete="CASCADE"
        ),
        Index("ix_plan_mentor_mentor_id", "mentor_id"),
    )


class PlanSeat(Base):
    """A pupil's proposed seat and contact mentor. choice: index among the choices, None when outside them."""

    __tablename__ = "plan_seat"

    plan_id: Mapped[str] = mapped_column(String(36), primary_key=True, info=_PLAN)
    entry_id: Mapped[str] = ref(Entry.id, owned=True, primary_key=True, info=_PLAN)
    session_id: Mapped[str] = mapped_column(String(36), info=_PLAN)
    mentor_id: Mapped[str] = mapped_column(String(36), info=_PLAN)
    choice: Mapped[int | None] = mapped_column(info=_PLAN)

    entry: Mapped[Entry] = relationship()

    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_id", "session_id", "mentor_id"],
            [PlanMentor.plan_id, PlanMentor.session_id, PlanMentor.mentor_id],
            ondelete="CASCADE",
        ),
        Index("ix_plan_seat_plan_id_session_id_mentor_id", "plan_id", "session_id", "mentor_id"),
        Index("ix_plan_seat_entry_id", "entry_id"),
        CheckConstraint("choice BETWEEN 0 AND 4", name="choice"),
    )


class PlanUnserved(Identified, Base):
    """A request or an entry that the plan leaves out, and why.

    reasons: [{code, count}]. smallest_change: as in the plan format, or None. ahead: for entries, unserved pupils in
    front who may sit in one of their sessions.
    """

    __tablename__ = "plan_unserved"

    plan_id: Mapped[str] = ref(Plan.id, owned=True, index=False, info=_PLAN)
    request_id: Mapped[str | None] = ref(Request.id, info=_PLAN)
    entry_id: Mapped[str | None] = ref(Entry.id, owned=True, info=_PLAN)
    ahead: Mapped[int | None] = mapped_column(info=_PLAN)
    reasons: Mapped[JsonList] = mapped_column(info=_PLAN)
    smallest_change: Mapped[JsonObject | None] = mapped_column(info=_PLAN)

    __table_args__ = (
        UniqueConstraint("plan_id", "request_id"),
        UniqueConstraint("plan_id", "entry_id"),
        CheckConstraint("(request_id IS NULL) <> (entry_id IS NULL)", name="one_thing"),
        CheckConstraint("(entry_id IS NULL) = (ahead IS NULL)", name="ahead"),
    )


lock_role_model = Table(
    "lock_role_model",
    Base.metadata,
    Column("lock_id", ForeignKey("lock.id", ondelete="CASCADE"), primary_key=True, info=_LOCK),
    Column("role_model_id", ForeignKey(RoleModel.id), primary_key=True, index=True, info=_LOCK),
)


class Lock(Identified, Created, Base):
    """What the next runs of a season must leave as it is: a visit, a mentor's session or a pupil's seat."""

    __tablename__ = "lock"

    season_id: Mapped[str] = ref(Season.id, info=_LOCK)
    kind: Mapped[LockKind] = mapped_column(info=_LOCK)
    request_id: Mapped[str | None] = ref(Request.id, index=False, owned=True, info=_LOCK)
    option_id: Mapped[str | None] = mapped_column(String(36), info=_LOCK)
    mode: Mapped[Mode | None] = mapped_column(info=_LOCK)
    mentor_id: Mapped[str | None] = ref(Mentor.id, index=False, owned=True, info=_LOCK)
    entry_id: Mapped[str | None] = ref(Entry.id, index=False, owned=True, info=_LOCK)
    session_id: Mapped[str | None] = ref(GroupSession.id, info=_LOCK)
    created_by_id: Mapped[str | None] = ref(User.id, info=_LOCK)
    reason: Mapped[Name] = mapped_column(default="", info=_LOCK)

    role_models: Mapped[list[RoleModel]] = relationship(secondary=lock_role_model)

    __table_args__ = (
        ForeignKeyConstraint(
            ["request_id", "option_id"], [RequestOption.request_id, RequestOption.id], ondelete="CASCADE"
        ),
        UniqueConstraint("request_id"),
        UniqueConstraint("mentor_id", "session_id"),
        UniqueConstraint("entry_id"),
        Index("ix_lock_request_id_option_id", "request_id", "option_id"),
        CheckConstraint(
            "(kind = 'visit' AND request_id IS NOT NULL AND option_id IS NOT NULL AND mode IS NOT NULL"
            " AND mentor_id IS NULL AND entry_id IS NULL AND session_id IS NULL)"
            " OR (kind = 'mentor' AND mentor_id IS NOT NULL AND session_id IS NOT NULL"
            " AND request_id IS NULL AND entry_id IS NULL)"
            " OR (kind = 'pupil' AND entry_id IS NOT NULL AND session_id IS NOT NULL"
            " AND request_id IS NULL AND mentor_id IS NULL)",
            name="one_thing",
        ),
    )
