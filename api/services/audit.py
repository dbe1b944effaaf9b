"""Writes the audit trail: one entry for each change of state, in the same transaction as the change.

Entries wait in the session until it commits, and join the chain then: the chain has one end, so whoever writes there
holds up everybody else, and does it last.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session, SessionTransaction

from api import clock
from api.domain.audit import FIRST_PREVIOUS, entry_hash
from api.models.records import AuditEntry

CHAIN_LOCK = 7_214_002  # any number; writers on Postgres take turns at the end of the chain by it
_PENDING = "audit_pending"  # in session.info: (the savepoint it was recorded in, None outside one; content)


def record(
    session: Session,
    action: str,
    object_kind: str,
    object_id: str,
    *,
    actor_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append an entry to the chain when the transaction commits.

    action: a verb of at most 40 characters such as `run.cancel`. object_kind: a table. actor_id: the user, None for the
    system. detail: what a reader needs later, as JSON, without names and addresses of people.
    """
    content: dict[str, Any] = {
        "at": clock.now(),
        "actor_id": actor_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": detail or {},
    }
    session.info.setdefault(_PENDING, []).append((session.get_nested_transaction(), content))


def write_pending(session: Session) -> None:
    """Join what was recorded to the end of the chain; committing does it by itself."""
    pending = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).first()
    sequence, previous = (last.sequence, last.hash) if last else (0, FIRST_PREVIOUS)
    for _savepoint, content in pending:
        sequence += 1
        chained = {**content, "sequence": sequence, "previous_hash": previous}
        previous = entry_hash(**chained)
        session.add(AuditEntry(**chained, hash=previous))
    session.flush()


def _before_commit(session: Session) -> None:
    savepoint = session.get_nested_transaction()
    if savepoint is None:
        write_pending(session)
    elif _PENDING in session.info:
        outer = savepoint.parent if savepoint.parent and savepoint.parent.nested else None
        pending = session.info[_PENDING]
        for place in _of_savepoint(pending, savepoint):
            pending[place] = (outer, pending[place][1])


def _after_rollback(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(_PENDING, None)
    elif _PENDING in session.info:
        pending = session.info[_PENDING]
        del pending[len(pending) - len(_of_savepoint(pending, ended)) :]


def _of_savepoint(pending: list[Any], savepoint: SessionTransaction) -> range:
    """Where the entries of a savepoint stand: at the end, as savepoints end in the order opposite to their beginnings.

    Only they are looked at, since a use case may have thousands of savepoints.
    """
    first = len(pending)
    while first and pending[first - 1][0] is savepoint:
        first -= 1
    return range(first, len(pending))


event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_soft_rollback", _after_rollback)
