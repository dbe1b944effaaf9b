"""Whoever gives out people's time takes turns.

Whether a person may come depends on rows of other visits (limits of a day, a week and a term, a company's quota,
invitations that are open), which no constraint can hold together. So each use case of the follow-up takes the turn
first. SQLite has one writer at a time anyway; on Postgres the turn is a lock that ends with the transaction.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

TURN_LOCK = 7_214_004  # any number that no other lock has
_TAKEN_IN = "follow_up_turn"


def take(session: Session) -> None:
    """Waits until nobody else changes visits, and keeps it so until this transaction ends.

    What the session had read before may be old by then, so rows are read anew after it.
    """
    mine = session.get_transaction()
    if mine is not None and session.info.get(_TAKEN_IN) is mine:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TURN_LOCK})
    session.expire_all()
    session.info[_TAKEN_IN] = session.get_transaction()
