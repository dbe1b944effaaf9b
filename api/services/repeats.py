"""Orders that may be sent twice: the same key gets the first answer, and the thing is made once."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.clock import now
from api.errors import Conflict, InvalidInput
from api.i18n import gettext
from api.models.access import IdempotencyKey

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, headers (plain texts) and the body's text."""

    status: int
    headers: dict[str, str]
    body: str


def once(session: Session, *, owner: str, key: str | None, asked: Any, make: Callable[[], Answer]) -> Answer:
    """The answer of `make`, or the stored first one where this owner has sent this key before.

    asked: what the request says, as plain JSON values. All in the caller's transaction: a second request with the key
    waits for the first. Raises InvalidInput where the key came with something else, Conflict while it is
    being answered.
    """
    if key is None:
        return make()
    request_hash = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
    moment = now()
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= moment))
    known = session.scalar(select(IdempotencyKey).where(IdempotencyKey.owner == owner, IdempotencyKey.key == key))
    if known is not None:
        return _first_answer(known, request_hash)
    row = IdempotencyKey(owner=owner, key=key, request_hash=request_hash, expires_at=moment + KEPT)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(
            gettext("This request is being answered just now."), remedy=gettext("Send it again in a moment.")
        ) from error
    answer = make()
    row.response_status, row.response_headers, row.response_body = answer.status, dict(answer.headers), answer.body
    session.flush()
    return answer


def _first_answer(known: IdempotencyKey, request_hash: str) -> Answer:
    if known.request_hash != request_hash:
        raise InvalidInput(
            gettext("This key was used for another request."),
            field="Idempotency-Key",
            remedy=gettext("Send a new key with a new request."),
        )
    if known.response_status is None:
        raise Conflict(
            gettext("This request is being answered just now."), remedy=gettext("Send it again in a moment.")
        )
    return Answer(known.response_status, dict(known.response_headers or {}), known.response_body or "")
