"""Counties, municipalities, school owners, schools and the days they are closed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import IdentifierScheme, OwnerKind, Ownership, SchoolStatus
from api.models.base import Base, Code, Created, Hash, Identified, JsonObject, Name, Versioned, ref

PLACED = "lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180"


class County(Identified, Base):
    """A county as it is today. `code` has two digits."""

    __tablename__ = "county"

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]


class Municipality(Identified, Base):
    """A municipality as it is today; its codes through the years are `codes`."""

    __tablename__ = "municipality"

    name: Mapped[Name]
    county_id: Mapped[str | None] = ref(County.id)

    county: Mapped[County | None] = relationship()
    codes: Mapped[list[MunicipalityCode]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class MunicipalityCode(Base):
    """The four-digit code that a municipality has in the list of a year (2020, 2024)."""

    __tablename__ = "municipality_code"

    code: Mapped[Code] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    municipality_id: Mapped[str] = ref(Municipality.id, owned=True, index=False)

    __table_args__ = (UniqueConstraint("municipality_id", "year"),)


class SchoolOwner(Identified, Base):
    """Who runs schools: a municipality, a county, the state or a private body."""

    __tablename__ = "school_owner"

    name: Mapped[Name]
    orgnr: Mapped[Code | None] = mapped_column(unique=True)
    kind: Mapped[OwnerKind]
    municipality_id: Mapped[str | None] = ref(Municipality.id)


class School(Identified, Versioned, Created, Base):
    """A school.

    lowest_grade, highest_grade: 1 to 13, both None where the register names none. pupils: None where unknown.
    source: which register it came from, "" for hand-made; source_hash: of the register's values at the last import.
    overrides: column → value that a person set here; an import leaves those alone. postcode: four digits.
    """

    __tablename__ = "school"

    name: Mapped[Name]
    municipality_id: Mapped[str] = ref(Municipality.id)
    owner_id: Mapped[str | None] = ref(SchoolOwner.id)
    ownership: Mapped[Ownership] = mapped_column(default=Ownership.PUBLIC)
    address: Mapped[Name] = mapped_column(default="")
    postcode: Mapped[Code | None]
    lat: Mapped[float]
    lon: Mapped[float]
    lowest_grade: Mapped[int | None]
    highest_grade: Mapped[int | None]
    pupils: Mapped[int | None]
    status: Mapped[SchoolStatus] = mapped_column(default=SchoolStatus.ACTIVE)
    source: Mapped[Code] = mapped_column(default="")
    source_hash: Mapped[Hash | None]
    source_seen_at: Mapped[datetime | None]
    overrides: Mapped[JsonObject] = mapped_column(default=dict)

    municipality: Mapped[Municipality] = relationship()
    owner: Mapped[SchoolOwner | None] = relationship()
    identifiers: Mapped[list[SchoolIdentifier]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        CheckConstraint(PLACED, name="placed"),
        CheckConstraint(
            "(lowest_grade IS NULL) = (highest_grade IS NULL)"
            " AND lowest_grade >= 1 AND lowest_grade <= highest_grade AND highest_grade <= 13",
            name="grades",
        ),
        CheckConstraint("pupils >= 0", name="pupils"),
    )


class SchoolIdentifier(Base):
    """One of the names a school is known by elsewhere; no two schools share one."""

    __tablename__ = "school_identifier"

    scheme: Mapped[IdentifierScheme] = mapped_column(primary_key=True)
    value: Mapped[Name] = mapped_column(primary_key=True)
    school_id: Mapped[str] = ref(School.id, owned=True)


class BlockedDay(Identified, Base):
    """Days without lessons, both ends included, for one county, one municipality or one school."""

    __tablename__ = "blocked_day"

    county_id: Mapped[str | None] = ref(County.id, owned=True, index=False)
    municipality_id: Mapped[str | None] = ref(Municipality.id, owned=True, index=False)
    school_id: Mapped[str | None] = ref(School.id, owned=True, index=False)
    from_date: Mapped[date]
    to_date: Mapped[date]
    reason: Mapped[Name] = mapped_column(default="")

    __table_args__ = (
        UniqueConstraint("county_id", "from_date", "to_date"),
        UniqueConstraint("municipality_id", "from_date", "to_date"),
        UniqueConstraint("school_id", "from_date", "to_date"),
        CheckConstraint("from_date <= to_date", name="order"),
        CheckConstraint(
            "(CASE WHEN county_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN municipality_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN school_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
    )


class Holiday(Base):
    """A public holiday: nobody visits and no group meets."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[Name]
