"""Counters that slow down whoever asks too often, shared by every process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Hash


class RateBucket(Base):
    """How often something was asked for in the window that ends at expires_at. key_hash: of what is limited."""

    __tablename__ = "rate_bucket"

    key_hash: Mapped[Hash] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (CheckConstraint("hits >= 0", name="hits"),)
