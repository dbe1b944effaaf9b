"""Companies, and their agreements with municipalities and visit weeks."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.base import Base, Code, Created, Identified, Name, Versioned, ref
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import Municipality
from api.models.programmes import Season, VisitWeek


class Company(Identified, Versioned, Created, Base):
    """An employer of role models. quota: engagements of its people in a term, None for no limit."""

    __tablename__ = "company"

    name: Mapped[Name] = mapped_column(unique=True)
    orgnr: Mapped[Code | None] = mapped_column(unique=True)
    quota: Mapped[int | None]
    contact_id: Mapped[str | None] = ref(Person.id, info=tag("ask the company", Retention.CONTACT))

    contact: Mapped[Person | None] = relationship()
    agreements: Mapped[list[Agreement]] = relationship(back_populates="company")

    __table_args__ = (CheckConstraint("quota >= 0", name="quota"),)


agreement_municipality = Table(
    "agreement_municipality",
    Base.metadata,
    Column("agreement_id", ForeignKey("agreement.id", ondelete="CASCADE"), primary_key=True),
    Column("municipality_id", ForeignKey(Municipality.id), primary_key=True, index=True),
)

agreement_visit_week = Table(
    "agreement_visit_week",
    Base.metadata,
    Column("agreement_id", ForeignKey("agreement.id", ondelete="CASCADE"), primary_key=True),
    Column("visit_week_id", ForeignKey(VisitWeek.id, ondelete="CASCADE"), primary_key=True, index=True),
)


class Agreement(Identified, Versioned, Created, Base):
    """What a company promises for a season: so many people, for these municipalities, in these visit weeks.

    Who they are is in `agreement_role_model`; in those weeks they are reserved for those municipalities.
    """

    __tablename__ = "agreement"

    company_id: Mapped[str] = ref(Company.id, index=False)
    season_id: Mapped[str] = ref(Season.id)
    pledged_people: Mapped[int]

    company: Mapped[Company] = relationship(back_populates="agreements")
    municipalities: Mapped[list[Municipality]] = relationship(secondary=agreement_municipality)
    visit_weeks: Mapped[list[VisitWeek]] = relationship(secondary=agreement_visit_week)

    __table_args__ = (
        UniqueConstraint("company_id", "season_id"),
        CheckConstraint("pledged_people >= 0", name="pledged"),
    )
