"""Messages that are to leave, each written in the transaction that causes it; and what people do not want to get."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import Channel, Locale, OutboxState
from api.models.base import Base, Code, Created, Identified, JsonObject, ref, text_column
from api.models.people import Person
from api.models.personal import Retention, tag

_MESSAGE = tag("tell people what concerns them, and show that it was told", Retention.MESSAGE)
_CHOICE = tag("heed what the person does not want to get", Retention.CONTACT)


class OutboxMessage(Identified, Created, Base):
    """A mail or SMS.

    kind: the letter, a key of api.mail.registry.LETTERS. values: what the letter says, JSON, emptied after 7 days.
    dedupe_key: at most one message has it. not_before: not sent earlier. message_id: the same at every attempt.
    """

    __tablename__ = "outbox_message"

    kind: Mapped[Code] = mapped_column(info=_MESSAGE)
    channel: Mapped[Channel] = mapped_column(default=Channel.MAIL, info=_MESSAGE)
    person_id: Mapped[str | None] = ref(Person.id, owned=True, info=_MESSAGE)
    address: Mapped[str] = mapped_column(String(254), info=_MESSAGE)
    locale: Mapped[Locale] = mapped_column(info=_MESSAGE)
    values: Mapped[JsonObject | None] = mapped_column(info=_MESSAGE)
    about_kind: Mapped[Code] = mapped_column(info=_MESSAGE)
    about_id: Mapped[str] = mapped_column(String(36), info=_MESSAGE)
    dedupe_key: Mapped[str | None] = mapped_column(unique=True, info=_MESSAGE)
    message_id: Mapped[str] = mapped_column(unique=True, info=_MESSAGE)
    state: Mapped[OutboxState] = mapped_column(default=OutboxState.WAITING, info=_MESSAGE)
    not_before: Mapped[datetime] = mapped_column(info=_MESSAGE)
    attempts: Mapped[int] = mapped_column(default=0, info=_MESSAGE)
    first_tried_at: Mapped[datetime | None] = mapped_column(info=_MESSAGE)
    lease_until: Mapped[datetime | None] = mapped_column(info=_MESSAGE)
    sent_at: Mapped[datetime | None] = mapped_column(info=_MESSAGE)
    error: Mapped[str | None] = text_column(info=_MESSAGE)

    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        Index("ix_outbox_message_state_not_before", "state", "not_before"),
        Index("ix_outbox_message_about_kind_about_id", "about_kind", "about_id"),
        CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("attempts >= 0", name="attempts"),
    )


class Unsubscription(Base):
    """A topic of messages that a person does not want; essential messages have no topic."""

    __tablename__ = "unsubscription"

    person_id: Mapped[str] = ref(Person.id, owned=True, primary_key=True, info=_CHOICE)
    topic: Mapped[Code] = mapped_column(primary_key=True, info=_CHOICE)
