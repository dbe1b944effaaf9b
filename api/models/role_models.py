"""Role models: what they can, where, when and how often."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import ProfileState, TravelPayer
from api.models.base import Base, Created, Identified, Name, Versioned, ref
from api.models.companies import Agreement, Company
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import PLACED
from api.models.programmes import Topic

_MATCH = tag("find the visits that suit the role model", Retention.CONTACT)
_REACH = tag("travel from home or work to the school", Retention.CONTACT)
_LIMIT = tag("never ask for more than was offered", Retention.CONTACT)
_READY = tag("know whether the role model may be asked now", Retention.CONTACT)

role_model_topic = Table(
    "role_model_topic",
    Base.metadata,
    Column("role_model_id", ForeignKey("role_model.id", ondelete="CASCADE"), primary_key=True, info=_MATCH),
    Column("topic_id", ForeignKey(Topic.id), primary_key=True, index=True, info=_MATCH),
)

agreement_role_model = Table(
    "agreement_role_model",
    Base.metadata,
    Column("agreement_id", ForeignKey(Agreement.id, ondelete="CASCADE"), primary_key=True, info=_READY),
    Column(
        "role_model_id",
        ForeignKey("role_model.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=_READY,
    ),
)


class RoleModel(Identified, Versioned, Created, Base):
    """Someone from working life who visits classes.

    company_id: None for the independent. place, lat, lon: home or work, whichever they leave from.
    grades: 1 to 13, both included. physical, digital: the modes, at least one.
    away_until, paused_until: not matched before or on that day. trained_on: day of the four films.
    confirmed_at: when the profile was last confirmed. confirm_asked_at: when that was last asked for.
    travel_payer: None where nobody has said. films: those seen so far, until trained_on says all of them.
    """

    __tablename__ = "role_model"

    person_id: Mapped[str] = ref(Person.id, index=False, info=_MATCH)
    company_id: Mapped[str | None] = ref(Company.id, info=_MATCH)
    title: Mapped[Name] = mapped_column(default="", info=tag("shown to schools before the name is", Retention.CONTACT))
    place: Mapped[Name] = mapped_column(default="", info=_REACH)
    lat: Mapped[float] = mapped_column(info=_REACH)
    lon: Mapped[float] = mapped_column(info=_REACH)
    max_travel_minutes: Mapped[int] = mapped_column(info=_REACH)
    lowest_grade: Mapped[int] = mapped_column(info=_MATCH)
    highest_grade: Mapped[int] = mapped_column(info=_MATCH)
    physical: Mapped[bool] = mapped_column(default=True, info=_MATCH)
    digital: Mapped[bool] = mapped_column(default=False, info=_MATCH)
    max_lessons: Mapped[int] = mapped_column(default=3, info=_LIMIT)
    max_per_day: Mapped[int] = mapped_column(default=1, info=_LIMIT)
    max_per_week: Mapped[int] = mapped_column(default=2, info=_LIMIT)
    max_per_term: Mapped[int] = mapped_column(default=6, info=_LIMIT)
    trained_on: Mapped[date | None] = mapped_column(info=_READY)
    confirmed_at: Mapped[datetime | None] = mapped_column(info=_READY)
    away_until: Mapped[date | None] = mapped_column(info=_READY)
    paused_until: Mapped[date | None] = mapped_column(info=_READY)
    state: Mapped[ProfileState] = mapped_column(
        default=ProfileState.ACTIVE, server_default=ProfileState.ACTIVE.value, info=_READY
    )
    confirm_asked_at: Mapped[datetime | None] = mapped_column(info=_READY)
    travel_payer: Mapped[TravelPayer | None] = mapped_column(info=_REACH)

    person: Mapped[Person] = relationship()
    company: Mapped[Company | None] = relationship()
    topics: Mapped[list[Topic]] = relationship(secondary=role_model_topic)
    agreements: Mapped[list[Agreement]] = relationship(secondary=agreement_role_model)
    languages: Mapped[list[RoleModelLanguage]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    free_times: Mapped[list[RoleModelFreeTime]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    blocked: Mapped[list[RoleModelBlocked]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    films: Mapped[list[RoleModelFilm]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint(PLACED, name="placed"),
        CheckConstraint("lowest_grade >= 1 AND lowest_grade <= highest_grade AND highest_grade <= 13", name="grades"),
        CheckConstraint("physical OR digital", name="modes"),
        CheckConstraint("max_travel_minutes >= 0", name="travel"),
        CheckConstraint(
            "max_lessons >= 0 AND max_per_day >= 0 AND max_per_week >= 0 AND max_per_term >= 0", name="limits"
        ),
    )


class RoleModelLanguage(Base):
    """A language the role model can hold a visit in, as a code of two or three letters (nb, en, se)."""

    __tablename__ = "role_model_language"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, primary_key=True, info=_MATCH)
    language: Mapped[str] = mapped_column(String(3), primary_key=True, info=_MATCH)


class RoleModelFreeTime(Identified, Base):
    """A weekly time, Norwegian wall clock, in which the role model can be at a school. weekday: 1 Monday to 7."""

    __tablename__ = "role_model_free_time"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, index=False, info=_MATCH)
    weekday: Mapped[int] = mapped_column(info=_MATCH)
    starts: Mapped[time] = mapped_column(info=_MATCH)
    ends: Mapped[time] = mapped_column(info=_MATCH)

    __table_args__ = (
        UniqueConstraint("role_model_id", "weekday", "starts"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("starts < ends", name="order"),
    )


class RoleModelBlocked(Identified, Base):
    """Days, both ends included, on which the weekly times do not hold. No reason is asked for."""

    __tablename__ = "role_model_blocked"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, index=False, info=_MATCH)
    from_date: Mapped[date] = mapped_column(info=_MATCH)
    to_date: Mapped[date] = mapped_column(info=_MATCH)

    __table_args__ = (
        UniqueConstraint("role_model_id", "from_date", "to_date"),
        CheckConstraint("from_date <= to_date", name="order"),
    )


class RoleModelFilm(Base):
    """A film of the training that the role model has seen. film: its number, from 1."""

    __tablename__ = "role_model_film"

    role_model_id: Mapped[str] = ref(RoleModel.id, owned=True, primary_key=True, info=_READY)
    film: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=_READY)
    seen_on: Mapped[date] = mapped_column(info=_READY)

    __table_args__ = (CheckConstraint("film >= 1", name="film"),)
