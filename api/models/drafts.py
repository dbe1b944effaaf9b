"""Orders that a school has begun and not sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column, relationship

from api import clock
from api.models.base import Base, Created, Identified, JsonObject, ref
from api.models.personal import Retention, tag
from api.models.visits import Request

_BEGUN = tag("let a school go on with an order it has begun", Retention.DRAFT)


class OrderDraft(Identified, Created, Base):
    """What has been typed in the order form, field by field; the browser that began it has its id in a signed cookie.

    values: field → text or list of texts, emptied when the order is sent. request_id: what became of it, so that a
    second click finds the same receipt. expires_at: moves with each change.
    """

    __tablename__ = "order_draft"

    values: Mapped[JsonObject] = mapped_column(default=dict, info=_BEGUN)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now, info=_BEGUN)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=_BEGUN)
    request_id: Mapped[str | None] = ref(Request.id, owned=True, info=_BEGUN)

    request: Mapped[Request | None] = relationship()
