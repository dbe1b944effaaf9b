"""Counting what is asked for too often: in fixed windows for flask-limiter, in token buckets for forms and links."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from api.clock import now
from api.errors import TooManyRequests
from api.i18n import gettext
from api.models.rates import RateBucket


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: `size` at once, then one more every `seconds`."""

    size: int
    seconds: float


def take(session: Session, key_hash: str, bucket: Bucket) -> int:
    """Takes one token. Returns 0, or the whole seconds until there is one again, and then nothing is taken.

    The row says when the bucket will be full again, which is all there is to know about it.
    """
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    found = insert(RateBucket).values(key_hash=key_hash, hits=0, expires_at=now())
    found = found.on_conflict_do_update(index_elements=[RateBucket.key_hash], set_={"hits": RateBucket.hits})
    full_at = session.execute(found.returning(RateBucket.expires_at)).scalar_one()  # and the row is ours until commit
    moment = now()  # later than that of whoever had the row before: no token is lost to a clock read too early
    full_then = max(full_at, moment) + timedelta(seconds=bucket.seconds)
    wait = (full_then - moment).total_seconds() - bucket.size * bucket.seconds
    if wait > 0:
        return math.ceil(wait)
    session.execute(
        update(RateBucket)
        .where(RateBucket.key_hash == key_hash)
        .values(hits=RateBucket.hits + 1, expires_at=full_then)
        .execution_options(synchronize_session=False)
    )
    return 0


def demand(session: Session, key_hash: str, bucket: Bucket) -> None:
    """Takes one token. Raises TooManyRequests where there is none."""
    wait = take(session, key_hash, bucket)
    if wait:
        raise TooManyRequests(gettext("That was many times in a short while."), retry_after=wait)


def count(session: Session, key_hash: str, *, seconds: int, amount: int = 1) -> int:
    """Adds `amount` hits to a key and returns its hits in the running window; a window starts at its first hit."""
    moment = now()
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = insert(RateBucket).values(
        key_hash=key_hash, hits=amount, expires_at=moment + timedelta(seconds=seconds)
    )
    fresh = RateBucket.expires_at <= moment
    hit = statement.on_conflict_do_update(
        index_elements=[RateBucket.key_hash],
        set_={
            "hits": case((fresh, statement.excluded.hits), else_=RateBucket.hits + statement.excluded.hits),
            "expires_at": case((fresh, statement.excluded.expires_at), else_=RateBucket.expires_at),
        },
    ).returning(RateBucket.hits)
    hits = session.execute(hit).scalar_one()
    if hits == amount:
        forget_expired(session)  # a new window is the moment to sweep
    return hits


def counted(session: Session, key_hash: str) -> tuple[int, float]:
    """Hits of a key's running window, and when it ends in seconds since 1970; (0, now) without one."""
    moment = now()
    bucket = session.execute(
        select(RateBucket.hits, RateBucket.expires_at).where(
            RateBucket.key_hash == key_hash, RateBucket.expires_at > moment
        )
    ).one_or_none()
    return (bucket.hits, bucket.expires_at.timestamp()) if bucket else (0, moment.timestamp())


def forget(session: Session, key_hash: str | None = None) -> int:
    """Removes one key's counter, or every one; returns how many went."""
    statement = delete(RateBucket)
    if key_hash is not None:
        statement = statement.where(RateBucket.key_hash == key_hash)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def forget_expired(session: Session) -> int:
    """Removes counters whose window is over; returns how many went."""
    return int(session.execute(delete(RateBucket).where(RateBucket.expires_at <= now())).rowcount)  # type: ignore[attr-defined]
