"""When letters left: nobody is silent about what has not been sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import OutboxState
from api.models.outbox import OutboxMessage

LATE = timedelta(hours=1)  # a letter that leaves within it is as good as sent at once
TOLD_STATES = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.FAILED, OutboxState.SENT)
AT_A_TIME = 500


def left_at(
    session: Session, about_kind: str, about: Iterable[str], kinds: Sequence[str]
) -> dict[str, datetime | None]:
    """When the first letter of these kinds left, by what it is about; None while none has left.

    Whatever no such letter was written about is not in it: the person has no address, so somebody calls.
    """
    wanted = sorted(set(about))
    found: dict[str, datetime | None] = {}
    for start in range(0, len(wanted), AT_A_TIME):
        rows = session.execute(
            select(OutboxMessage.about_id, OutboxMessage.sent_at).where(
                OutboxMessage.about_kind == about_kind,
                OutboxMessage.about_id.in_(wanted[start : start + AT_A_TIME]),
                OutboxMessage.kind.in_(kinds),
                OutboxMessage.state.in_(TOLD_STATES),
            )
        )
        for key, sent_at in rows:
            known = [one for one in (found.get(key), sent_at) if one is not None]
            found[key] = min(known, default=None)
    return found


def is_heard(left: dict[str, datetime | None], key: str, since: datetime | None) -> bool:
    """Whether a deadline that counts from `since` counts from when the letter left."""
    moment = left.get(key, since)
    return moment is not None and not is_late(moment, since)


def is_late(left: datetime | None, since: datetime | None) -> bool:
    """Whether a letter left so long after `since` that the deadline has to be moved."""
    return left is not None and since is not None and left > since + LATE
