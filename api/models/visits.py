"""Requests of schools, refusals of role models, and live visits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api import clock
from api.domain.enums import Fallback, Mode, Purpose, RefusalScope, RequestMode, RequestState, TopicUse, VisitState
from api.domain.references import new_reference
from api.models.access import User
from api.models.base import Base, Code, Created, Identified, JsonList, Name, Versioned, ref, text_column
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import School
from api.models.planning import Plan
from api.models.programmes import Programme, Season, Topic, Window
from api.models.role_models import RoleModel

_REFUSAL = tag("never ask again for what was declined", Retention.CONTACT)
_VISIT = tag("know who visits whom", Retention.CONTACT)
LIVE_VISIT = "state IN ('planned', 'confirmed', 'held')"


class Request(Identified, Versioned, Created, Base):
    """A school's wish for a visit ("bestilling").

    reference: read aloud on the phone. grade: 1 to 13, the lowest one. more_grades: the others that take part; a role
    model takes all of them. classes: at least 1. class_list: [{name, pupils}], what the classes are called, where said.
    pupils: head-count, None where not said. note: what the role model ought to know, never about single pupils.
    role_models: people asked for, 1 to 3. answer_on: promise date ("svar innen"). priority: fell through and was
    promised anew. Class visits hold no pupil. answered_at: when the school first got a yes or a no. ordered_by_id: the
    user who ordered for a caller. previous_id: the one it repeats. invited_id: the role model whom the school named.
    merged_into_id: the one that stands for it.
    """

    __tablename__ = "request"

    reference: Mapped[Code] = mapped_column(unique=True, default=new_reference)
    season_id: Mapped[str] = ref(Season.id)
    programme_id: Mapped[str] = ref(Programme.id)
    window_id: Mapped[str | None] = ref(Window.id)
    school_id: Mapped[str] = ref(School.id)
    contact_id: Mapped[str | None] = ref(Person.id, info=tag("answer the request", Retention.CONTACT))
    state: Mapped[RequestState] = mapped_column(default=RequestState.OPEN)
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    answer_on: Mapped[date]
    grade: Mapped[int]
    more_grades: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    classes: Mapped[int] = mapped_column(default=1)
    class_list: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    pupils: Mapped[int | None]
    mode: Mapped[RequestMode] = mapped_column(default=RequestMode.PHYSICAL)
    prefers: Mapped[Mode] = mapped_column(default=Mode.PHYSICAL)
    role_models: Mapped[int] = mapped_column(default=1)
    language: Mapped[str | None] = mapped_column(String(3))
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.BROADEN)
    fallback: Mapped[Fallback] = mapped_column(default=Fallback.STAND_IN)
    curriculum: Mapped[Name] = mapped_column(default="")
    note: Mapped[str | None] = text_column()
    priority: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime | None]
    late_told_at: Mapped[datetime | None]
    ordered_by_id: Mapped[str | None] = ref(User.id, info=tag("know who took the call", Retention.CONTACT))
    previous_id: Mapped[str | None] = ref("request.id")
    merged_into_id: Mapped[str | None] = ref("request.id")
    invited_id: Mapped[str | None] = ref(RoleModel.id, info=tag("ask the one the school named", Retention.CONTACT))

    school: Mapped[School] = relationship()
    contact: Mapped[Person | None] = relationship()
    options: Mapped[list[RequestOption]] = relationship(
        order_by="RequestOption.position", cascade="all, delete-orphan", passive_deletes=True
    )
    topics: Mapped[list[RequestTopic]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 13", name="grade"),
        CheckConstraint("classes >= 1", name="classes"),
        CheckConstraint("pupils >= 0", name="pupils"),
        CheckConstraint("role_models BETWEEN 1 AND 3", name="role_models"),
    )


class RequestOption(Identified, Base):
    """One date that suits the school; position 0 first. The problem file numbers options by position."""

    __tablename__ = "request_option"

    request_id: Mapped[str] = ref(Request.id, owned=True, index=False)
    position: Mapped[int]

    lessons: Mapped[list[Lesson]] = relationship(
        order_by="Lesson.position", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        UniqueConstraint("request_id", "id"),
        CheckConstraint("position >= 0", name="position"),
    )


class Lesson(Base):
    """One lesson of an option; those of an option are on one date, in order, not overlapping."""

    __tablename__ = "lesson"

    option_id: Mapped[str] = ref(RequestOption.id, owned=True, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("position >= 0", name="position"),
    )


class RequestTopic(Base):
    """A topic the visit must touch (one of the needed ones is enough) or that would be nice."""

    __tablename__ = "request_topic"

    request_id: Mapped[str] = ref(Request.id, owned=True, primary_key=True)
    topic_id: Mapped[str] = ref(Topic.id, primary_key=True)
    use: Mapped[TopicUse] = mapped_column(primary_key=True)

    topic: Mapped[Topic] = relationship()

    __table_args__ = (Index("ix_request_topic_topic_id", "topic_id"),)


class Refusal(Identified, Created, Base):
    """A role model's no: to a time, to a request, or to a school. All that is given must match."""

    __tablename__ = "refusal"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, info=_REFUSAL)
    scope: Mapped[RefusalScope] = mapped_column(info=_REFUSAL)
    request_id: Mapped[str | None] = ref(Request.id, owned=True, info=_REFUSAL)
    school_id: Mapped[str | None] = ref(School.id, info=_REFUSAL)
    starts_at: Mapped[datetime | None] = mapped_column(info=_REFUSAL)

    __table_args__ = (
        CheckConstraint(
            "(scope = 'time' AND starts_at IS NOT NULL)"
            " OR (scope = 'request' AND request_id IS NOT NULL AND starts_at IS NULL)"
            " OR (scope = 'school' AND school_id IS NOT NULL AND request_id IS NULL AND starts_at IS NULL)",
            name="scope_given",
        ),
    )


class Visit(Identified, Versioned, Created, Base):
    """A visit that is to be, or was: a request, one of its options, and the role models. One live visit a request.

    starts_at, ends_at: from the first lesson's start to the last one's end. plan_id: the plan it came from, if any.
    school_ready_at, school_held_at: when the school ticked it. questions: of the class, without names.
    *_asked_at, day_before_told_at: when the system did so.
    """

    __tablename__ = "visit"

    request_id: Mapped[str] = ref(Request.id)
    option_id: Mapped[str] = mapped_column(String(36))
    plan_id: Mapped[str | None] = ref(Plan.id)
    mode: Mapped[Mode]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[VisitState] = mapped_column(default=VisitState.PLANNED)
    school_ready_at: Mapped[datetime | None]
    school_held_at: Mapped[datetime | None]
    questions: Mapped[str | None] = text_column()
    call_asked_at: Mapped[datetime | None]
    ready_asked_at: Mapped[datetime | None]
    day_before_told_at: Mapped[datetime | None]
    held_asked_at: Mapped[datetime | None]

    request: Mapped[Request] = relationship()
    role_models: Mapped[list[VisitRoleModel]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        ForeignKeyConstraint(["request_id", "option_id"], [RequestOption.request_id, RequestOption.id]),
        Index(
            "uq_visit_live_request",
            "request_id",
            unique=True,
            sqlite_where=text(LIVE_VISIT),
            postgresql_where=text(LIVE_VISIT),
        ),
        Index("ix_visit_request_id_option_id", "request_id", "option_id"),
        CheckConstraint("starts_at < ends_at", name="order"),
    )


class VisitRoleModel(Base):
    """A role model in a visit. travel_minutes: from home to the school, 0 when digital.

    called_at, ready_at, held_at: when the role model said so.
    """

    __tablename__ = "visit_role_model"

    visit_id: Mapped[str] = ref(Visit.id, owned=True, primary_key=True, info=_VISIT)
    role_model_id: Mapped[str] = ref(RoleModel.id, primary_key=True, info=_VISIT)
    travel_minutes: Mapped[int] = mapped_column(default=0, info=_VISIT)
    called_at: Mapped[datetime | None] = mapped_column(info=_VISIT)
    ready_at: Mapped[datetime | None] = mapped_column(info=_VISIT)
    held_at: Mapped[datetime | None] = mapped_column(info=_VISIT)

    role_model: Mapped[RoleModel] = relationship()

    __table_args__ = (
        Index("ix_visit_role_model_role_model_id", "role_model_id"),
        CheckConstraint("travel_minutes >= 0", name="travel"),
    )
