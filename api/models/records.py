"""What happened: the audit trail, each entry chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.models.access import User
from api.models.base import Base, Code, Hash, Identified, JsonObject, ref
from api.models.personal import Retention, tag

_AUDIT = tag("show who changed what", Retention.AUDIT)


class AuditEntry(Identified, Base):
    """One change of state.

    sequence: 1, 2, ... without gaps. object_kind, object_id: table and row. detail: what a reader needs, without names
    and addresses. previous_hash: hash of the entry before, 64 zeros for the first. hash: see api.domain.audit.
    """

    __tablename__ = "audit_entry"

    sequence: Mapped[int] = mapped_column(unique=True, info=_AUDIT)
    at: Mapped[datetime] = mapped_column(info=_AUDIT)
    actor_id: Mapped[str | None] = ref(User.id, info=_AUDIT)
    action: Mapped[Code] = mapped_column(info=_AUDIT)
    object_kind: Mapped[Code] = mapped_column(info=_AUDIT)
    object_id: Mapped[str] = mapped_column(String(36), info=_AUDIT)
    detail: Mapped[JsonObject] = mapped_column(info=_AUDIT)
    previous_hash: Mapped[Hash] = mapped_column(unique=True, info=_AUDIT)
    hash: Mapped[Hash] = mapped_column(unique=True, info=_AUDIT)

    __table_args__ = (
        Index("ix_audit_entry_object_kind_object_id", "object_kind", "object_id"),
        CheckConstraint("sequence >= 1", name="sequence"),
    )
