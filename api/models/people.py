"""People, apart from what they do and from how they sign in."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.enums import Locale
from api.models.base import Base, Created, Identified, Versioned
from api.models.personal import Retention, tag


class Person(Identified, Versioned, Created, Base):
    """Someone we know: how to address and reach them, nothing more. Two people may share an address."""

    __tablename__ = "person"

    name: Mapped[str] = mapped_column(info=tag("address the person", Retention.CONTACT))
    email: Mapped[str | None] = mapped_column(
        String(254), index=True, info=tag("messages about what they take part in", Retention.CONTACT)
    )
    phone: Mapped[str | None] = mapped_column(
        String(32), info=tag("calls when something falls through", Retention.CONTACT)
    )
    locale: Mapped[Locale] = mapped_column(
        default=Locale.NB, info=tag("write in the person's language", Retention.CONTACT)
    )

    __table_args__ = (CheckConstraint("name <> ''", name="named"),)
