"""Schools that have not ordered, and that somebody has asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api import clock
from api.domain.enums import AskingState
from api.models.base import Base, Created, Identified, Versioned, ref
from api.models.places import School
from api.models.programmes import Season


class SchoolAsking(Identified, Versioned, Created, Base):
    """A school was asked this season whether it would like a visit, once for all: nobody asks it twice.

    asked_at: when that was last noted. Who noted it stands in the audit trail.
    """

    __tablename__ = "school_asking"

    season_id: Mapped[str] = ref(Season.id, owned=True, index=False)
    school_id: Mapped[str] = ref(School.id, owned=True)
    state: Mapped[AskingState]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("season_id", "school_id"),)
