"""Who is taken when: the rows by which the database refuses a double booking."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Created, Identified, ref
from api.models.groups import Meeting
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.visits import Visit

_TAKEN = tag("never promise a person twice at one time", Retention.CONTACT)


class Booking(Identified, Created, Base):
    """A person's time, half-open [starts_at, ends_at), for a visit, a meeting or by itself.

    Two bookings of a person that are not released never overlap: an exclusion constraint on Postgres, triggers on
    SQLite. released_at: set when the time is given back; the row stays.
    Writers who book one person at once take turns; book several people in the order of their ids, so that two
    transactions on Postgres wait for each other rather than deadlock.
    """

    __tablename__ = "booking"

    person_id: Mapped[str] = ref(Person.id, index=False, info=_TAKEN)
    starts_at: Mapped[datetime] = mapped_column(info=_TAKEN)
    ends_at: Mapped[datetime] = mapped_column(info=_TAKEN)
    visit_id: Mapped[str | None] = ref(Visit.id, owned=True, info=_TAKEN)
    meeting_id: Mapped[str | None] = ref(Meeting.id, owned=True, info=_TAKEN)
    released_at: Mapped[datetime | None] = mapped_column(info=_TAKEN)

    __table_args__ = (
        Index("ix_booking_person_id_starts_at", "person_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("visit_id IS NULL OR meeting_id IS NULL", name="one_cause"),
    )
