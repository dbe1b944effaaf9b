"""Sends what waits in the outbox: claimed by a lease, sent outside of any transaction, noted at once.

Several senders may run. Each claims a few messages by one UPDATE that only takes what still waits; a message whose
sender died is taken up again when its lease is over. A message can arrive twice only when the sender dies between the
server's answer and our commit, and then with the same Message-ID.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.db import reading, transaction
from api.domain.enums import OutboxState
from api.errors import Conflict
from api.i18n import use_mail_locale
from api.mail import registry, render
from api.mail.transports import TIMEOUT_SECONDS, NotNow, Refused, Transports, Unreachable, transports_of
from api.models.jobs import Switch
from api.models.outbox import OutboxMessage
from api.services import outbox_failures
from api.services.outbox_envelopes import to_send

PAUSED = "outbox_paused"
AT_ONCE = 500  # messages of one call, so that a long queue lets others have their turn
BATCH = 20
LEASE = timedelta(minutes=5)
ONE_TAKES = timedelta(seconds=5 * TIMEOUT_SECONDS)  # at most: connecting, and four steps of a conversation
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
JITTER = 0.25
GIVE_UP_AFTER = timedelta(hours=4)

_log = structlog.get_logger("treffpunkt.outbox")


def send_due(now: datetime, *, limit: int = AT_ONCE, transports: Transports | None = None) -> int:
    """Sends at most `limit` messages that are due. Returns how many have left.

    Nothing is sent while the switch `outbox_paused` is on, and no more is tried once a server takes nothing at all.
    Raises ConfigurationError where mail is not set up.
    """
    ways = transports if transports is not None else transports_of(settings())
    tried = sent = 0
    reachable = True
    try:
        while reachable and tried < limit:
            waiting = _waiting(now, min(BATCH, limit - tried))
            if not waiting:
                break
            left, reachable = _send_batch(_claim(waiting, now), ways)
            tried += len(waiting)
            sent += left
    finally:
        for way in ways.values():
            way.close()
    return sent


def _waiting(now: datetime, most: int) -> Sequence[str]:
    """Ids of messages that are due: those that a person waits for at the screen first, then in their order."""
    with reading() as session:
        if session.get(Switch, PAUSED) is not None:
            return []
        urgent = case((OutboxMessage.kind.in_(registry.URGENT), 0), else_=1)
        order = (urgent, OutboxMessage.not_before, OutboxMessage.id)
        return session.scalars(select(OutboxMessage.id).where(_is_due(now)).order_by(*order).limit(most)).all()


def _claim(ids: Sequence[str], now: datetime) -> Sequence[OutboxMessage]:
    """Those of the messages that are ours now: still due when the UPDATE meets them, and not locked by another."""
    moment = clock.now()
    free = select(OutboxMessage.id).where(OutboxMessage.id.in_(ids), _still_due(now)).with_for_update(skip_locked=True)
    with transaction() as session:
        ours = session.scalars(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(free.scalar_subquery()))
            .values(
                state=OutboxState.SENDING,
                lease_until=moment + LEASE,
                attempts=OutboxMessage.attempts + 1,
                first_tried_at=func.coalesce(OutboxMessage.first_tried_at, moment),
            )
            .returning(OutboxMessage),
            execution_options={"synchronize_session": False},
        ).all()
        return sorted(ours, key=lambda message: ids.index(message.id))


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting and its time has come, or left behind by a sender that died; never one that retention has emptied."""
    waiting = and_(OutboxMessage.state == OutboxState.WAITING, OutboxMessage.not_before <= now)
    left_behind = and_(OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_until <= now)
    return and_(or_(waiting, left_behind), OutboxMessage.values.is_not(None))


_still_due = _is_due


def _send_batch(batch: Sequence[OutboxMessage], ways: Transports) -> tuple[int, bool]:
    """How many left, and whether there is any use in trying more."""
    sent = 0
    for position, message in enumerate(batch):
        assert message.lease_until is not None
        try:
            if clock.now() + ONE_TAKES > message.lease_until:
                _give_back(batch[position:])  # slow: what is left may be somebody else's before it has left
                return sent, True
            _send(message, ways)
        except Unreachable as error:
            _later(message, error)
            _give_back(batch[position + 1 :])
            return sent, False
        except NotNow as error:
            _later(message, error)
        except Refused as error:
            _fail(message, error.code, error)
        except render.BadAddress as error:
            _fail(message, "bad_address", error)
        except Exception as error:  # one letter that cannot be written must not hold up the rest
            _fail(message, "letter", error)
        else:
            sent += _note_sent(message)
    return sent, True


def _send(message: OutboxMessage, ways: Transports) -> None:
    if message.channel not in ways:
        raise Refused("no gateway is set up")
    with use_mail_locale(message.locale):
        made = to_send(message)
    ways[message.channel].send(made)


def _note_sent(message: OutboxMessage) -> int:
    """First that it has left, by itself: nothing else may undo that. Then what follows for the list of exceptions."""
    with transaction() as session:
        noted = _settle(session, message, state=OutboxState.SENT, sent_at=clock.now(), error=None)
    if not noted:
        _log.warning("sent_without_lease", message=message.id)
        return 0
    with suppress(Conflict), transaction() as session:  # a line may be closed by somebody else at the same time
        outbox_failures.arrived(session, message)
        if outbox_failures.down(session):
            outbox_failures.back_again(session)
    return 1


def _later(message: OutboxMessage, error: NotNow) -> None:
    """Tries again after a pause that doubles; four hours after the first attempt a person has to look."""
    assert message.first_tried_at is not None
    moment, end = clock.now(), message.first_tried_at + GIVE_UP_AFTER
    if moment >= end:
        _fail(message, error.code, error)
        return
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 10), LONGEST_PAUSE)
    pause *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (spreads attempts, guards nothing)
    _log.info("not_sent_yet", message=message.id, attempts=message.attempts, why=str(error))
    with transaction() as session:
        _settle(session, message, state=OutboxState.WAITING, not_before=min(moment + pause, end), error=error.code)


def _fail(message: OutboxMessage, code: str, error: Exception) -> None:
    _log.error("not_sent", message=message.id, letter=message.kind, code=code, exc_info=error)
    try:
        _note_failed(message, code)
    except (Conflict, IntegrityError):
        _note_failed(message, code)  # another sender raised or closed the same line; now it is seen


def _note_failed(message: OutboxMessage, code: str) -> None:
    with transaction() as session:
        if _settle(session, message, state=OutboxState.FAILED, error=code):
            outbox_failures.tell(session, message, code)


def _give_back(batch: Sequence[OutboxMessage]) -> None:
    """What was claimed and not tried waits as before."""
    with transaction() as session:
        for message in batch:
            untried = message.attempts == 1
            _settle(
                session,
                message,
                state=OutboxState.WAITING,
                attempts=message.attempts - 1,
                first_tried_at=None if untried else message.first_tried_at,
            )


def _settle(session: Session, message: OutboxMessage, **values: object) -> bool:
    """Ends our claim with these values. False when the lease ran out and another sender has the message."""
    changed = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id, OutboxMessage.state == OutboxState.SENDING)
        .where(OutboxMessage.attempts == message.attempts)
        .values(lease_until=None, **values),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(changed, CursorResult)
    return bool(changed.rowcount == 1)
