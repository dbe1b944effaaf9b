"""Writes the audit trail: one entry for each change of state, in the same transaction as the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock
from api.domain.audit import FIRST_PREVIOUS, entry_hash
from api.models.records import AuditEntry

CHAIN_LOCK = 7_214_002  # any number; writers on Postgres take turns at the end of the chain by it


def record(
    session: Session,
    action: str,
    object_kind: str,
    object_id: str,
    *,
    actor_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append an entry to the chain.

    action: a verb of at most 40 characters such as `run.cancel`. object_kind: a table. actor_id: the user, None for the
    system. detail: what a reader needs later, as JSON, without names and addresses of people.
    Until the transaction ends nobody else can append, so call this last.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).first()
    content: dict[str, Any] = {
        "sequence": last.sequence + 1 if last else 1,
        "at": clock.now(),
        "actor_id": actor_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": detail or {},
        "previous_hash": last.hash if last else FIRST_PREVIOUS,
    }
    entry = AuditEntry(**content, hash=entry_hash(**content))
    session.add(entry)
    session.flush()
    return entry
