"""A row of the outbox as the message it stands for: its letter, its links, its invitation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api import clock
from api.config import settings
from api.domain.enums import Channel, LinkPurpose
from api.domain.link_paths import path_of
from api.mail import render
from api.mail.calendar import event_of
from api.mail.letter import Letter
from api.mail.registry import write_letter
from api.mail.render import Envelope
from api.mail.transports import Sendable
from api.models.outbox import OutboxMessage
from api.services.links import secret_of
from api.services.outbox import CALENDAR, LINKS


def to_send(message: OutboxMessage) -> Sendable:
    """The message in the current locale. Raises BadAddress; any other error is a mistake in the letter."""
    letter, envelope = letter_of(message), envelope_of(message, clock.now())
    return render.mail(letter, envelope) if message.channel is Channel.MAIL else render.sms(letter, envelope)


def letter_of(message: OutboxMessage) -> Letter:
    """The letter in the current locale. Raises ValueError where retention has emptied the row."""
    return write_letter(message.kind, _values(message))


def envelope_of(message: OutboxMessage, at: datetime) -> Envelope:
    """Whom it goes to, with whole addresses for its links. at: aware."""
    config, values = settings(), _values(message)
    site = config.public_url
    return Envelope(
        to=message.address,
        sender=config.sender,
        message_id=message.message_id,
        at=at,
        site=site,
        links={"front": f"{site}/"}
        | {
            name: site + path_of(LinkPurpose(purpose), secret_of(token_id))
            for name, (purpose, token_id) in values.get(LINKS, {}).items()
        },
        event=event_of(values[CALENDAR]) if CALENDAR in values else None,
    )


def _values(message: OutboxMessage) -> dict[str, Any]:
    if message.values is None:
        raise ValueError("the message has been emptied")
    return message.values
