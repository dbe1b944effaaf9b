"""Orders that are begun: kept on the server as they are typed, emptied when they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.models.drafts import OrderDraft
from api.models.visits import Request

LASTS = timedelta(days=14)
RECEIPT_LASTS = timedelta(days=1)


def draft(session: Session, draft_id: str | None, *, lock: bool = False) -> OrderDraft | None:
    """A draft that is not over, sent or not. lock: nobody else sends it before the transaction ends."""
    if not draft_id:
        return None
    wanted = select(OrderDraft).where(OrderDraft.id == draft_id, OrderDraft.expires_at > clock.now())
    return session.scalar(wanted.with_for_update() if lock else wanted)


def save(session: Session, draft_id: str | None, values: Mapping[str, Any]) -> OrderDraft:
    """Writes these fields into the draft, beside those it has; a new one where there is none, or it has been sent."""
    found = draft(session, draft_id, lock=True)
    if found is None or found.request_id is not None:
        found = OrderDraft(values={})
        session.add(found)
    found.values = {**found.values, **values}
    found.saved_at = clock.now()
    found.expires_at = found.saved_at + LASTS
    session.flush()
    return found


def sent(session: Session, found: OrderDraft, request: Request) -> None:
    """What was typed goes; what is left names the order, for the receipt and for a second click."""
    found.values = {}
    found.request_id = request.id
    found.expires_at = clock.now() + RECEIPT_LASTS
    session.flush()
