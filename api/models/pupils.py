"""Pupils, apart from their entries in the queue; the lottery; who sits where."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api import clock
from api.domain.enums import EntryState, Gender, MembershipReason, MembershipState, PriorityReason
from api.models.base import Base, Code, Created, Hash, Identified, Versioned, ref
from api.models.groups import GroupSession, Mentor
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import PLACED, School
from api.models.planning import Plan
from api.models.programmes import Level, Programme, Season

_PLACE = tag("place the pupil in a study group", Retention.PUPIL)
_QUEUE = tag("keep the queue, and show that it was kept", Retention.PUPIL)
_TRAVEL = tag("how far the pupil has to the site; may be left out", Retention.PUPIL)
SEATED = "to_date IS NULL"


class Pupil(Identified, Versioned, Created, Base):
    """A pupil. lat, lon: middle of the postcode, or left out. protected: a number in every list, feed and export."""

    __tablename__ = "pupil"

    person_id: Mapped[str] = ref(Person.id, index=False, info=_PLACE)
    school_id: Mapped[str | None] = ref(School.id, info=_PLACE)
    postcode: Mapped[Code | None] = mapped_column(info=_TRAVEL)
    lat: Mapped[float | None] = mapped_column(info=_TRAVEL)
    lon: Mapped[float | None] = mapped_column(info=_TRAVEL)
    gender: Mapped[Gender | None] = mapped_column(info=tag("yearly statistics, never placement", Retention.PUPIL))
    protected: Mapped[bool] = mapped_column(default=False, info=tag("hide name and address", Retention.PUPIL))
    birth_year: Mapped[int | None] = mapped_column(info=tag("know whether a guardian is asked", Retention.PUPIL))

    person: Mapped[Person] = relationship()
    school: Mapped[School | None] = relationship()

    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint(f"(lat IS NULL) = (lon IS NULL) AND {PLACED}", name="placed"),
    )


class Entry(Identified, Versioned, Created, Base):
    """A pupil on the waiting list of a season and programme. Its id is the pupil's id in problem files.

    grade: 8 to 13. priority_class: 0 first, below the programme's number of classes, and why. joined_on: the closing
    day of the registration period for all who came in it; who stayed in the queue keeps the date of the first term.
    lottery_number: drawn once for the season, None before. max_travel_minutes: None for any. mentor_id: wished for.
    stays_in_line: placed, and still waiting for a higher choice. silences: offers that were not answered.
    """

    __tablename__ = "entry"

    pupil_id: Mapped[str] = ref(Pupil.id, index=False, info=_PLACE)
    season_id: Mapped[str] = ref(Season.id, index=False, info=_PLACE)
    programme_id: Mapped[str] = ref(Programme.id, info=_PLACE)
    level_id: Mapped[str] = ref(Level.id, info=_PLACE)
    grade: Mapped[int] = mapped_column(info=_PLACE)
    state: Mapped[EntryState] = mapped_column(default=EntryState.WAITING, info=_QUEUE)
    priority_class: Mapped[int] = mapped_column(info=_QUEUE)
    priority_reason: Mapped[PriorityReason] = mapped_column(info=_QUEUE)
    joined_on: Mapped[date] = mapped_column(info=_QUEUE)
    lottery_number: Mapped[int | None] = mapped_column(info=_QUEUE)
    max_travel_minutes: Mapped[int | None] = mapped_column(info=_TRAVEL)
    mentor_id: Mapped[str | None] = ref(Mentor.id, info=_PLACE)
    stays_in_line: Mapped[bool] = mapped_column(default=False, server_default=false(), info=_QUEUE)
    silences: Mapped[int] = mapped_column(default=0, server_default="0", info=_QUEUE)
    confirmed_at: Mapped[datetime | None] = mapped_column(info=_QUEUE)

    pupil: Mapped[Pupil] = relationship()
    level: Mapped[Level] = relationship()
    choices: Mapped[list[EntryChoice]] = relationship(
        order_by="EntryChoice.rank", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("pupil_id", "season_id", "programme_id"),
        UniqueConstraint("season_id", "programme_id", "lottery_number"),
        CheckConstraint("grade BETWEEN 8 AND 13", name="grade"),
        CheckConstraint("priority_class >= 0", name="priority_class"),
        CheckConstraint("max_travel_minutes >= 0", name="travel"),
    )


class EntryChoice(Base):
    """One of up to five sessions the pupil would come to; rank 1 is the best."""

    __tablename__ = "entry_choice"

    entry_id: Mapped[str] = ref(Entry.id, owned=True, primary_key=True, info=_PLACE)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=_PLACE)
    session_id: Mapped[str] = ref(GroupSession.id, info=_PLACE)

    __table_args__ = (
        UniqueConstraint("entry_id", "session_id"),
        CheckConstraint("rank BETWEEN 1 AND 5", name="rank"),
    )


class Lottery(Identified, Base):
    """The draw of a season and programme: the seed's hash is shown before registration closes, the seed after."""

    __tablename__ = "lottery"

    season_id: Mapped[str] = ref(Season.id, index=False)
    programme_id: Mapped[str] = ref(Programme.id)
    seed_hash: Mapped[Hash]
    committed_at: Mapped[datetime] = mapped_column(default=clock.now)
    seed: Mapped[Hash | None]
    revealed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("season_id", "programme_id"),
        CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name="revealed"),
        CheckConstraint("committed_at < revealed_at", name="order"),
    )


class Membership(Identified, Versioned, Created, Base):
    """A pupil's seat in a session, from a day to a day (None: still sitting).

    seat: 1 and up, at most the session's seats; the database gives no seat, and no pupil a place, twice at a time.
    """

    __tablename__ = "membership"

    entry_id: Mapped[str] = ref(Entry.id, owned=True, info=_PLACE)
    session_id: Mapped[str] = ref(GroupSession.id, info=_PLACE)
    mentor_id: Mapped[str | None] = ref(Mentor.id, info=_PLACE)
    plan_id: Mapped[str | None] = ref(Plan.id, info=_PLACE)
    seat: Mapped[int] = mapped_column(info=_PLACE)
    from_date: Mapped[date] = mapped_column(info=_PLACE)
    to_date: Mapped[date | None] = mapped_column(info=_PLACE)
    reason: Mapped[MembershipReason] = mapped_column(info=_QUEUE)
    state: Mapped[MembershipState] = mapped_column(
        default=MembershipState.ACTIVE, server_default=MembershipState.ACTIVE.value, info=_QUEUE
    )

    __table_args__ = (
        Index(
            "uq_membership_seated_entry",
            "entry_id",
            unique=True,
            sqlite_where=text(SEATED),
            postgresql_where=text(SEATED),
        ),
        Index(
            "uq_membership_seat",
            "session_id",
            "seat",
            unique=True,
            sqlite_where=text(SEATED),
            postgresql_where=text(SEATED),
        ),
        CheckConstraint("seat >= 1", name="seat"),
        CheckConstraint("from_date <= to_date", name="order"),
    )
