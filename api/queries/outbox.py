"""Messages of the outbox: how each stands, without what it says."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import OutboxState
from api.errors import NotFound
from api.i18n import gettext
from api.models.outbox import OutboxMessage
from api.queries.paging import Page, Window, page_of


def messages(
    session: Session, window: Window, *, state: OutboxState | str | None = None, address: str | None = None
) -> Page[OutboxMessage]:
    """Messages, in all states or one, to all receivers or one. Sorts: created_at, state, kind."""
    statement = select(OutboxMessage)
    if state is not None:
        statement = statement.where(OutboxMessage.state == state)
    if address:
        statement = statement.where(OutboxMessage.address == address)
    newest = (OutboxMessage.created_at, OutboxMessage.id)
    sorts = {"created_at": newest, "state": (OutboxMessage.state, *newest), "kind": (OutboxMessage.kind, *newest)}
    return page_of(session, statement, window, sorts)


def message(session: Session, message_id: str) -> OutboxMessage:
    """One message. Raises NotFound."""
    found = session.get(OutboxMessage, message_id, populate_existing=True)
    if found is None:
        raise NotFound(gettext("There is no such message."))
    return found


def receivers(session: Session) -> list[str]:
    """Every address that has a message, in the order of the alphabet."""
    return list(session.scalars(select(OutboxMessage.address).distinct().order_by(OutboxMessage.address)))
