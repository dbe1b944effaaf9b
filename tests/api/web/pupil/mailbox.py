"""What a pupil has in the mailbox, and the fields of a page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.services import links
from tests.api.services.queue.worlds import QueueWorld

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SIGN_UP = "/elev/bli-med"
AT_LEAST = timedelta(seconds=5)


def messages(session: Session, address: str) -> list[OutboxMessage]:
    """Everything written to an address."""
    session.expire_all()
    rows = select(OutboxMessage).where(OutboxMessage.address == address)
    return list(session.scalars(rows.order_by(OutboxMessage.not_before, OutboxMessage.id)))


def kinds(session: Session, address: str) -> list[str]:
    return sorted(message.kind for message in messages(session, address))


def link(session: Session, address: str, kind: str, name: str = "queue") -> str:
    """The path behind a button of the newest letter of this kind."""
    newest = [message for message in messages(session, address) if message.kind == kind][-1]
    return links.address_of(session.get_one(LinkToken, newest.values["links"][name][1]))


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    page = client.get(path)
    assert page.status_code == 200, page.get_data(as_text=True)
    return dict(HIDDEN.findall(page.get_data(as_text=True)))


def press(client: FlaskClient, page: str, target: str | None = None, **fields: str) -> Any:
    """Posts a form of a page with its hidden fields."""
    known = hidden(client, page)
    return client.post(target or page, data={**known, **fields})


def ranked(*session_ids: str) -> dict[str, str]:
    """The fields that choose these evenings, best first."""
    return {f"rank_{one}": str(number) for number, one in enumerate(session_ids, start=1)}


def sign_up(client: FlaskClient, traveller: Any, world: QueueWorld, **given: str) -> Any:
    """Fills in the form and sends it, as slowly as a person."""
    fields = hidden(client, SIGN_UP)
    traveller.shift(AT_LEAST)
    typed = {
        "name": "Elev 1",
        "email": "elev1@example.org",
        "grade": "12",
        "level": world.level.id,
        "birth_year": "2008",
        **ranked(world.evenings[0].id, world.evenings[1].id),
    }
    return client.post(SIGN_UP, data={**fields, **typed, **given})
