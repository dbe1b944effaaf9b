"""Messages that could not be sent, for a person to see: a line for each receiver, or one for a server that is down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Channel, ExceptionState, OutboxState
from api.mail.transports import Unreachable
from api.models.follow_up import ExceptionItem
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession, Meeting, Mentor
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, EntryChoice, Membership
from api.services.follow_up.exceptions import raise_line, resolve_lines

MAIL_FAILED, MAIL_DOWN = "mail_failed", "mail_down"
THE_OUTBOX = "outbox"  # what a server that is down concerns: all of it


def tell(session: Session, message: OutboxMessage, code: str) -> None:
    """A line about a message that has failed. code: why, as in the row's `error`."""
    if code == Unreachable.code:
        raise_line(session, MAIL_DOWN, THE_OUTBOX, reason={"code": code}, remedy={"code": "check_mail_server"})
        return
    raise_line(
        session,
        MAIL_FAILED,
        message.person_id or message.id,
        person_id=message.person_id,
        site_id=_site_of(session, message.about_kind, message.about_id),
        reason={"code": code, "message": message.id, "letter": message.kind, "channel": message.channel.value},
        remedy={"code": "call_and_correct_address"},
    )


def down(session: Session) -> bool:
    """Whether a line says that the server is down."""
    line = select(ExceptionItem.id).where(ExceptionItem.kind == MAIL_DOWN, ExceptionItem.state == ExceptionState.OPEN)
    return session.scalar(line) is not None


def back_again(session: Session) -> None:
    """The server takes messages again: those that failed with it wait once more, and the line is closed."""
    _wait_again(session, OutboxMessage.error == Unreachable.code)
    resolve_lines(session, THE_OUTBOX, MAIL_DOWN)


def send_to(session: Session, person_id: str, address: str) -> None:
    """The mails that did not reach a person wait once more, for another address."""
    mails = OutboxMessage.person_id == person_id, OutboxMessage.channel == Channel.MAIL
    _wait_again(session, *mails, address=address)


def arrived(session: Session, message: OutboxMessage) -> None:
    """A person was reached again: a line that said otherwise is closed."""
    if message.person_id is not None:
        resolve_lines(session, message.person_id, MAIL_FAILED)


def _wait_again(session: Session, *which: ColumnElement[bool], **changes: str) -> None:
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state == OutboxState.FAILED, OutboxMessage.values.is_not(None), *which)
        .values(state=OutboxState.WAITING, attempts=0, first_tried_at=None, not_before=clock.now(), **changes),
        execution_options={"synchronize_session": False},
    )


def _site_of(session: Session, about_kind: str, about_id: str) -> str | None:
    """The site whose leader is to call; None for what the coordination looks after."""
    if about_kind == "site":
        return about_id
    first_choice = select(EntryChoice.session_id).where(EntryChoice.entry_id == about_id, EntryChoice.rank == 1)
    seated = select(Membership.session_id).where(Membership.entry_id == about_id, Membership.to_date.is_(None))
    sessions: dict[str, Any] = {
        "group_session": [about_id],
        "meeting": select(Meeting.session_id).where(Meeting.id == about_id),
        "membership": select(Membership.session_id).where(Membership.id == about_id),
        "seat_offer": select(SeatOffer.session_id).where(SeatOffer.id == about_id),
        "entry": seated.union_all(first_choice),
    }
    if about_kind == "mentor":
        return session.scalar(select(Mentor.site_id).where(Mentor.id == about_id))
    if about_kind == "pupil":
        entry_id = session.scalar(select(Entry.id).where(Entry.pupil_id == about_id).order_by(Entry.id.desc()))
        return _site_of(session, "entry", entry_id) if entry_id else None
    if about_kind not in sessions:
        return None
    found = GroupSession.id.in_(sessions[about_kind])
    return session.scalar(select(GroupSession.site_id).where(found).limit(1))
