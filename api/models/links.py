"""Links in mails: hashed, one purpose, one object."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import LinkPurpose
from api.models.base import Base, Code, Created, Hash, Identified, ref
from api.models.people import Person
from api.models.personal import Retention, tag

_LINK = tag("let the receiver of a mail act on one thing", Retention.TOKEN)


class LinkToken(Identified, Created, Base):
    """What a link in a mail stands for.

    The secret is never kept: it is worked out from the id and the service's key, and only its SHA-256 is here.
    object_kind, object_id: table and row. used_at: set by the first act of a purpose that may be used once.
    """

    __tablename__ = "link_token"

    token_hash: Mapped[Hash] = mapped_column(unique=True, info=_LINK)
    purpose: Mapped[LinkPurpose] = mapped_column(info=_LINK)
    person_id: Mapped[str | None] = ref(Person.id, owned=True, info=_LINK)
    object_kind: Mapped[Code] = mapped_column(info=_LINK)
    object_id: Mapped[str] = mapped_column(String(36), info=_LINK)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=_LINK)
    used_at: Mapped[datetime | None] = mapped_column(info=_LINK)
    revoked_at: Mapped[datetime | None] = mapped_column(info=_LINK)

    person: Mapped[Person | None] = relationship()

    __table_args__ = (Index("ix_link_token_object_kind_object_id", "object_kind", "object_id"),)
