"""Writes messages into the outbox, in the transaction that causes them; `outbox_sending` sends after the commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.domain.enums import Channel, OutboxState
from api.domain.ids import new_id
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, Forbidden, NotFound
from api.i18n import gettext, use_mail_locale
from api.mail.registry import LETTERS, write_letter
from api.mail.render import UNSUBSCRIBE
from api.mail.transports import has_sms
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.services import audit, unsubscribing

LINKS = "links"  # in a message's values: name → [purpose, id of the token]
CALENDAR = "calendar"  # in a message's values: what api.mail.calendar.CalendarEvent is made of


def write(
    session: Session,
    kind: str,
    to: Person,
    values: Mapping[str, Any] | None = None,
    *,
    about: tuple[str, str],
    links: Mapping[str, LinkToken] | None = None,
    calendar: Mapping[str, Any] | None = None,
    dedupe: str | None = None,
    not_before: datetime | None = None,
    channel: Channel = Channel.MAIL,
) -> OutboxMessage | None:
    """A message of this kind to a person, in the person's language.

    None where there is no address, where it is written already, where the person does not want such messages, and for
    an SMS where no gateway is set up.

    kind: of api.mail.registry.LETTERS. values: what the letter needs, as JSON (moments and dates in ISO format).
    about: table and id of what it is about. links: by the names that the letter's buttons use. calendar: an invitation
    to attach (api.mail.calendar). dedupe: at most one message ever has it. not_before: aware; now unless given.
    Flushed by the caller in a `no_autoflush` block.
    """
    assert kind in LETTERS, kind
    address = to.email if channel is Channel.MAIL else to.phone
    if not address or (dedupe is not None and _is_written(session, dedupe)):
        return None
    if channel is Channel.SMS and not has_sms(settings()):
        return None
    message_id = new_id()
    told: dict[str, Any] = dict(values or {})
    with use_mail_locale(to.locale):
        letter = write_letter(kind, told)  # a mistake in it stops the use case, not the sender
    assert channel is Channel.MAIL or letter.sms is not None, kind
    wanted = dict(links or {})
    if letter.topic is not None:
        if unsubscribing.is_unwanted(session, to.id, letter.topic):
            return None
        wanted[UNSUBSCRIBE] = unsubscribing.way_out(session, to.id, letter.topic)
    if wanted:
        told[LINKS] = {name: [token.purpose.value, token.id] for name, token in wanted.items()}
    if calendar:
        told[CALENDAR] = dict(calendar)
    message = OutboxMessage(
        id=message_id,
        kind=kind,
        channel=channel,
        person_id=to.id,
        address=address,
        locale=to.locale,
        values=told,
        about_kind=about[0],
        about_id=about[1],
        dedupe_key=dedupe,
        message_id=f"{message_id}@treffpunkt",
        not_before=not_before or clock.now(),
    )
    session.add(message)
    if session.autoflush:
        session.flush()
    return message


def withdraw(session: Session, about_kind: str, about_id: str, *kinds: str) -> None:
    """Takes back what has not left about an object, and may still: all of it, or these kinds of letter."""
    statement = update(OutboxMessage).where(
        OutboxMessage.about_kind == about_kind,
        OutboxMessage.about_id == about_id,
        OutboxMessage.state.in_((OutboxState.WAITING, OutboxState.FAILED)),
    )
    if kinds:
        statement = statement.where(OutboxMessage.kind.in_(kinds))
    session.flush()
    session.execute(statement.values(state=OutboxState.WITHDRAWN), execution_options={"synchronize_session": "fetch"})


def retry(session: Session, actor: Actor, message_id: str) -> OutboxMessage:
    """Lets a failed message wait once more, for the address that the person has now.

    Raises NotFound without the right to messages, Conflict when it has not failed or its words are gone.
    """
    message = session.get(OutboxMessage, message_id)
    if message is None or not reach(actor, Action.SEE_MESSAGES):
        raise NotFound(gettext("There is no such message."))
    if actor.read_only:
        raise Forbidden(gettext("This token may only read."), remedy=gettext("Use one with the scope write."))
    address = message.address
    if message.person is not None:
        address = (message.person.email if message.channel is Channel.MAIL else message.person.phone) or address
    changed = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == OutboxState.FAILED)
        .where(OutboxMessage.values.is_not(None))
        .values(
            state=OutboxState.WAITING,
            address=address,
            attempts=0,
            first_tried_at=None,
            error=None,
            not_before=clock.now(),
        ),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount != 1:
        raise Conflict(
            gettext("Only a message that has failed can be sent again, and only while its words are kept."),
            remedy=gettext("Write to the person anew."),
        )
    audit.record(session, "outbox.retry", "outbox_message", message_id, actor_id=actor.user_id)
    session.refresh(message)
    return message


def _is_written(session: Session, dedupe: str) -> bool:
    return session.scalar(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == dedupe)) is not None
