"""What follows a plan of study groups: offers, moves in the queue, who teaches and who came, guardians and friends."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api import clock
from api.domain.enums import DutyState, OfferReason, OfferState, Presence, QueueMove
from api.models.access import User
from api.models.base import Base, Code, Created, Identified, JsonObject, Versioned, ref
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.planning import Plan
from api.models.pupils import Entry, Pupil

_SEAT = tag("offer seats in the order of the queue", Retention.PUPIL)
_QUEUE = tag("show that the queue was kept", Retention.PUPIL)
_HERE = tag("know who comes, and free seats that stand empty", Retention.PUPIL)
_GUARDIAN = tag("ask and inform those who answer for a pupil", Retention.PUPIL)
_DUTY = tag("make the roster and the pay sheet", Retention.MENTOR)
_CLEARED = tag("show that a police certificate was seen, where a statute asks for it", Retention.MENTOR)
OPEN_OFFER = "state = 'open'"
STANDING = "to_date IS NULL"


class SeatOffer(Identified, Versioned, Created, Base):
    """A seat with a deadline. One open offer a pupil, and one a seat: the database refuses a second.

    seat: as in membership. stays_in_line: accepted, and still waiting for a higher choice.
    """

    __tablename__ = "seat_offer"

    entry_id: Mapped[str] = ref(Entry.id, owned=True, info=_SEAT)
    session_id: Mapped[str] = ref(GroupSession.id, info=_SEAT)
    mentor_id: Mapped[str | None] = ref(Mentor.id, info=_SEAT)
    plan_id: Mapped[str | None] = ref(Plan.id, info=_SEAT)
    seat: Mapped[int] = mapped_column(info=_SEAT)
    reason: Mapped[OfferReason] = mapped_column(info=_SEAT)
    state: Mapped[OfferState] = mapped_column(default=OfferState.OPEN, info=_SEAT)
    offered_at: Mapped[datetime] = mapped_column(default=clock.now, info=_SEAT)
    expires_at: Mapped[datetime] = mapped_column(info=_SEAT)
    answered_at: Mapped[datetime | None] = mapped_column(info=_SEAT)
    stays_in_line: Mapped[bool] = mapped_column(default=False, info=_SEAT)

    entry: Mapped[Entry] = relationship()
    session: Mapped[GroupSession] = relationship()

    __table_args__ = (
        Index(
            "uq_seat_offer_open_entry",
            "entry_id",
            unique=True,
            sqlite_where=text(OPEN_OFFER),
            postgresql_where=text(OPEN_OFFER),
        ),
        Index(
            "uq_seat_offer_open_seat",
            "session_id",
            "seat",
            unique=True,
            sqlite_where=text(OPEN_OFFER),
            postgresql_where=text(OPEN_OFFER),
        ),
        Index("ix_seat_offer_state_expires_at", "state", "expires_at"),
        CheckConstraint("seat >= 1", name="seat"),
        CheckConstraint("offered_at < expires_at", name="order"),
    )


class QueueEvent(Identified, Base):
    """A move in the queue and the rule it followed: the whole can be replayed.

    number: 1 for the entry's first move, and so on. detail: numbers and codes only.
    """

    __tablename__ = "queue_event"

    entry_id: Mapped[str] = ref(Entry.id, owned=True, index=False, info=_QUEUE)
    number: Mapped[int] = mapped_column(info=_QUEUE)
    at: Mapped[datetime] = mapped_column(default=clock.now, info=_QUEUE)
    move: Mapped[QueueMove] = mapped_column(info=_QUEUE)
    rule: Mapped[Code] = mapped_column(info=_QUEUE)
    session_id: Mapped[str | None] = ref(GroupSession.id, info=_QUEUE)
    detail: Mapped[JsonObject] = mapped_column(default=dict, info=_QUEUE)

    __table_args__ = (UniqueConstraint("entry_id", "number"), CheckConstraint("number >= 1", name="number"))


class FriendCode(Base):
    """Up to three entries that would like to sit together; met after placement, where nobody else loses by it."""

    __tablename__ = "friend_code"

    entry_id: Mapped[str] = ref(Entry.id, owned=True, primary_key=True, info=_SEAT)
    code: Mapped[Code] = mapped_column(info=_SEAT)
    position: Mapped[int] = mapped_column(info=_SEAT)

    __table_args__ = (
        UniqueConstraint("code", "position"),
        CheckConstraint("position BETWEEN 1 AND 3", name="position"),
    )


class GuardianLink(Identified, Created, Base):
    """Who answers for a pupil. confirmed_at: when the guardian said yes, where one has to."""

    __tablename__ = "guardian_link"

    pupil_id: Mapped[str] = ref(Pupil.id, owned=True, index=False, info=_GUARDIAN)
    person_id: Mapped[str] = ref(Person.id, info=_GUARDIAN)
    confirmed_at: Mapped[datetime | None] = mapped_column(info=_GUARDIAN)

    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("pupil_id", "person_id"),)


class Attendance(Base):
    """Whether a pupil was at a meeting: here, told or not told; never why. A row may stand before the meeting."""

    __tablename__ = "attendance"

    meeting_id: Mapped[str] = ref(Meeting.id, owned=True, primary_key=True, info=_HERE)
    entry_id: Mapped[str] = ref(Entry.id, owned=True, primary_key=True, info=_HERE)
    presence: Mapped[Presence] = mapped_column(info=_HERE)
    walk_in: Mapped[bool] = mapped_column(default=False, info=_HERE)
    marked_at: Mapped[datetime] = mapped_column(default=clock.now, info=_HERE)
    marked_by_id: Mapped[str | None] = ref(User.id, info=_HERE)

    __table_args__ = (Index("ix_attendance_entry_id", "entry_id"),)


class MentorAssignment(Identified, Versioned, Created, Base):
    """A mentor in a session's roster, from a day to a day (None: still)."""

    __tablename__ = "mentor_assignment"

    session_id: Mapped[str] = ref(GroupSession.id, owned=True, info=_DUTY)
    mentor_id: Mapped[str] = ref(Mentor.id, info=_DUTY)
    plan_id: Mapped[str | None] = ref(Plan.id, info=_DUTY)
    from_date: Mapped[date] = mapped_column(info=_DUTY)
    to_date: Mapped[date | None] = mapped_column(info=_DUTY)

    mentor: Mapped[Mentor] = relationship()

    __table_args__ = (
        Index(
            "uq_mentor_assignment_standing",
            "session_id",
            "mentor_id",
            unique=True,
            sqlite_where=text(STANDING),
            postgresql_where=text(STANDING),
        ),
        CheckConstraint("from_date <= to_date", name="order"),
    )


class Duty(Identified, Versioned, Created, Base):
    """A mentor at one meeting; what is paid is counted from these. substitute: came for somebody who was away."""

    __tablename__ = "duty"

    meeting_id: Mapped[str] = ref(Meeting.id, owned=True, index=False, info=_DUTY)
    mentor_id: Mapped[str] = ref(Mentor.id, info=_DUTY)
    state: Mapped[DutyState] = mapped_column(default=DutyState.PLANNED, info=_DUTY)
    substitute: Mapped[bool] = mapped_column(default=False, info=_DUTY)
    asked_at: Mapped[datetime | None] = mapped_column(info=_DUTY)
    answered_at: Mapped[datetime | None] = mapped_column(info=_DUTY)

    meeting: Mapped[Meeting] = relationship()
    mentor: Mapped[Mentor] = relationship()

    __table_args__ = (UniqueConstraint("meeting_id", "mentor_id"),)


class ExamBlock(Identified, Created, Base):
    """Days, both included, on which a mentor has exams and holds no meeting."""

    __tablename__ = "exam_block"

    mentor_id: Mapped[str] = ref(Mentor.id, owned=True, index=False, info=_DUTY)
    from_date: Mapped[date] = mapped_column(info=_DUTY)
    to_date: Mapped[date] = mapped_column(info=_DUTY)

    __table_args__ = (
        UniqueConstraint("mentor_id", "from_date"),
        CheckConstraint("from_date <= to_date", name="order"),
    )


class Clearance(Identified, Created, Base):
    """That a police certificate was seen, where the programme names its statute: never the paper."""

    __tablename__ = "clearance"

    mentor_id: Mapped[str] = ref(Mentor.id, owned=True, info=_CLEARED)
    issued_on: Mapped[date] = mapped_column(info=_CLEARED)
    seen_on: Mapped[date] = mapped_column(info=_CLEARED)
    seen_by_id: Mapped[str | None] = ref(User.id, info=_CLEARED)

    __table_args__ = (CheckConstraint("issued_on <= seen_on", name="order"),)
