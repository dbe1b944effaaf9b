"""Counting what is asked for too often, in fixed windows; one statement a hit, so no two processes lose one."""

from datetime import timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from api.clock import now
from api.models.rates import RateBucket


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
