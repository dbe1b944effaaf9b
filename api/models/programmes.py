"""Programmes and their rules, topics and levels, seasons with their windows and visit weeks."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import ProgrammeKind, WindowKind
from api.models.base import Base, Code, Created, Identified, JsonObject, Name, Versioned, ref
from api.models.places import Municipality


class Programme(Identified, Versioned, Created, Base):
    """A scheme such as Rollemodell or ENT3R: its numbers are in its rule versions, never in code."""

    __tablename__ = "programme"

    code: Mapped[Code] = mapped_column(unique=True)
    kind: Mapped[ProgrammeKind]
    name_nb: Mapped[Name]
    name_nn: Mapped[Name]
    name_en: Mapped[Name]
    audience: Mapped[Name] = mapped_column(default="")
    controller: Mapped[Name] = mapped_column(default="")

    rule_versions: Mapped[list[ProgrammeRuleVersion]] = relationship(
        order_by="ProgrammeRuleVersion.number", cascade="all, delete-orphan", passive_deletes=True
    )


class ProgrammeRuleVersion(Identified, Created, Base):
    """The settings of a programme from a moment on; never changed, a new number instead (1, 2, ...)."""

    __tablename__ = "programme_rule_version"

    programme_id: Mapped[str] = ref(Programme.id, owned=True, index=False)
    number: Mapped[int]
    settings: Mapped[JsonObject]

    __table_args__ = (UniqueConstraint("programme_id", "number"), CheckConstraint("number >= 1", name="number"))


class Topic(Identified, Versioned, Base):
    """A subject or field that requests ask for and role models speak about."""

    __tablename__ = "topic"

    code: Mapped[Code] = mapped_column(unique=True)
    name_nb: Mapped[Name]
    name_nn: Mapped[Name]
    name_en: Mapped[Name]
    position: Mapped[int] = mapped_column(default=0)


class Level(Identified, Versioned, Base):
    """A course pupils take and mentors teach, such as 1P or R2."""

    __tablename__ = "level"

    code: Mapped[Code] = mapped_column(unique=True)
    name_nb: Mapped[Name]
    name_nn: Mapped[Name]
    name_en: Mapped[Name]
    position: Mapped[int] = mapped_column(default=0)


class LevelCover(Base):
    """Who teaches `level_id` also teaches `covers_id`; written out, never followed in steps.

    Every level covers itself without a row.
    """

    __tablename__ = "level_cover"

    level_id: Mapped[str] = ref(Level.id, owned=True, primary_key=True)
    covers_id: Mapped[str] = ref(Level.id, owned=True, primary_key=True)

    __table_args__ = (
        Index("ix_level_cover_covers_id", "covers_id"),
        CheckConstraint("level_id <> covers_id", name="other"),
    )


class Season(Identified, Versioned, Base):
    """A term that is planned as one; visits and groups of all programmes share it."""

    __tablename__ = "season"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    windows: Mapped[list[Window]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    visit_weeks: Mapped[list[VisitWeek]] = relationship(
        order_by="VisitWeek.monday", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="order"),)


class Window(Identified, Versioned, Base):
    """A time in which requests or registrations come in and count as equal.

    answer_on: the published date by which everyone hears ("svar innen").
    """

    __tablename__ = "booking_window"

    season_id: Mapped[str] = ref(Season.id, owned=True)
    programme_id: Mapped[str] = ref(Programme.id)
    kind: Mapped[WindowKind]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    answer_on: Mapped[date]

    __table_args__ = (CheckConstraint("opens_at < closes_at", name="order"),)


class VisitWeek(Identified, Base):
    """A municipality's fixed visit week, named by its Monday; requests for it come in by its window."""

    __tablename__ = "visit_week"

    season_id: Mapped[str] = ref(Season.id, owned=True, index=False)
    municipality_id: Mapped[str] = ref(Municipality.id)
    monday: Mapped[date]
    window_id: Mapped[str | None] = ref(Window.id)

    municipality: Mapped[Municipality] = relationship()

    __table_args__ = (UniqueConstraint("season_id", "municipality_id", "monday"),)
