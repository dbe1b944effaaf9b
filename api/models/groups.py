"""Sites with rooms, weekly sessions with dated meetings, and the mentors who hold them."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import MeetingState, SessionState
from api.models.base import Base, Code, Created, Identified, Name, Versioned, ref
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import PLACED, Municipality
from api.models.programmes import Level, Programme, Season

_ROSTER = tag("make the roster and the pay sheet", Retention.MENTOR)


class Site(Identified, Versioned, Created, Base):
    """A campus of an institution, or the digital site."""

    __tablename__ = "site"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    institution: Mapped[Name]
    municipality_id: Mapped[str | None] = ref(Municipality.id)
    lat: Mapped[float]
    lon: Mapped[float]
    digital: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)

    municipality: Mapped[Municipality | None] = relationship()
    rooms: Mapped[list[Room]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (CheckConstraint(PLACED, name="placed"),)


class Room(Identified, Versioned, Base):
    """A room at a site. No two meetings are held in it at the same time."""

    __tablename__ = "room"

    site_id: Mapped[str] = ref(Site.id, owned=True, index=False)
    name: Mapped[Name]
    seats: Mapped[int]

    __table_args__ = (UniqueConstraint("site_id", "name"), CheckConstraint("seats >= 0", name="seats"))


class GroupSession(Identified, Versioned, Created, Base):
    """A room at one weekly time of a season ("fast kveld").

    weekday: 1 Monday to 7. starts, ends: Norwegian wall clock. seats: most pupils. ratio: most pupils of a mentor.
    target: pupils of a mentor that are aimed at. min_mentors, min_pupils: what an open session needs.
    """

    __tablename__ = "group_session"

    season_id: Mapped[str] = ref(Season.id)
    programme_id: Mapped[str] = ref(Programme.id)
    site_id: Mapped[str] = ref(Site.id)
    room_id: Mapped[str | None] = ref(Room.id)
    weekday: Mapped[int]
    starts: Mapped[time]
    ends: Mapped[time]
    seats: Mapped[int]
    ratio: Mapped[int] = mapped_column(default=8)
    target: Mapped[int] = mapped_column(default=5)
    min_mentors: Mapped[int] = mapped_column(default=2)
    min_pupils: Mapped[int] = mapped_column(default=6)
    state: Mapped[SessionState] = mapped_column(default=SessionState.ACTIVE)

    site: Mapped[Site] = relationship()
    room: Mapped[Room | None] = relationship()
    meetings: Mapped[list[Meeting]] = relationship(
        order_by="Meeting.starts_at", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("starts < ends", name="order"),
        CheckConstraint("seats >= 0 AND ratio >= 1 AND target >= 1", name="sizes"),
        CheckConstraint("min_mentors >= 0 AND min_pupils >= 0", name="minimums"),
    )


class Meeting(Identified, Versioned, Base):
    """A session on one date ("samling"). Its room is refused to any other meeting at that time."""

    __tablename__ = "meeting"

    session_id: Mapped[str] = ref(GroupSession.id, owned=True, index=False)
    room_id: Mapped[str | None] = ref(Room.id)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[MeetingState] = mapped_column(default=MeetingState.PLANNED)

    __table_args__ = (UniqueConstraint("session_id", "starts_at"), CheckConstraint("starts_at < ends_at", name="order"))


mentor_level = Table(
    "mentor_level",
    Base.metadata,
    Column("mentor_id", ForeignKey("mentor.id", ondelete="CASCADE"), primary_key=True, info=_ROSTER),
    Column("level_id", ForeignKey(Level.id), primary_key=True, index=True, info=_ROSTER),
)

mentor_session = Table(
    "mentor_session",
    Base.metadata,
    Column("mentor_id", ForeignKey("mentor.id", ondelete="CASCADE"), primary_key=True, info=_ROSTER),
    Column(
        "session_id",
        ForeignKey(GroupSession.id, ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=_ROSTER,
    ),
)


class Mentor(Identified, Versioned, Created, Base):
    """A university student who teaches pupils.

    levels: those named by hand; what they cover besides is in `level_cover`. sessions: when the mentor can.
    contracted, max_sessions: sessions a week, as agreed and at most. trained_on: None until trained.
    """

    __tablename__ = "mentor"

    person_id: Mapped[str] = ref(Person.id, index=False, info=_ROSTER)
    site_id: Mapped[str] = ref(Site.id, info=_ROSTER)
    contracted: Mapped[int] = mapped_column(default=0, info=_ROSTER)
    max_sessions: Mapped[int] = mapped_column(default=1, info=_ROSTER)
    trained_on: Mapped[date | None] = mapped_column(info=_ROSTER)
    is_active: Mapped[bool] = mapped_column(default=True, info=_ROSTER)

    person: Mapped[Person] = relationship()
    site: Mapped[Site] = relationship()
    levels: Mapped[list[Level]] = relationship(secondary=mentor_level)
    sessions: Mapped[list[GroupSession]] = relationship(secondary=mentor_session)

    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint("contracted >= 0 AND contracted <= max_sessions", name="hours"),
    )
