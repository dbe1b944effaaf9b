"""The chain of the audit trail: each entry's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

FIRST_PREVIOUS = "0" * 64


class Entry(Protocol):
    """What of an audit entry its hash covers, and the hash."""

    @property
    def sequence(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def actor_id(self) -> str | None: ...
    @property
    def action(self) -> str: ...
    @property
    def object_kind(self) -> str: ...
    @property
    def object_id(self) -> str: ...
    @property
    def detail(self) -> dict[str, Any]: ...
    @property
    def previous_hash(self) -> str: ...
    @property
    def hash(self) -> str: ...


def entry_hash(
    *,
    sequence: int,
    at: datetime,
    actor_id: str | None,
    action: str,
    object_kind: str,
    object_id: str,
    detail: dict[str, Any],
    previous_hash: str,
) -> str:
    """SHA-256, in hexadecimal, of the entry as UTF-8 JSON with sorted keys and the moment in UTC."""
    content = {
        "sequence": sequence,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": actor_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": detail,
        "previous_hash": previous_hash,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken(entries: Iterable[Entry], *, after: tuple[int, str] = (0, FIRST_PREVIOUS)) -> int | None:
    """The sequence at which the chain breaks, None when it holds. entries: from the first on, by sequence.

    after: sequence and hash of the last entry that retention has cut off (api.services.retention.trail).
    It breaks where an entry was changed, left out, put in or moved. Entries cut off at the end cannot be seen from the
    rest: compare the last hash with a copy kept elsewhere.
    """
    sequence, previous = after
    for expected, entry in enumerate(entries, start=sequence + 1):
        if entry.sequence != expected or entry.previous_hash != previous or entry.hash != _hash_of(entry):
            return expected
        previous = entry.hash
    return None


def _hash_of(entry: Entry) -> str:
    return entry_hash(
        sequence=entry.sequence,
        at=entry.at,
        actor_id=entry.actor_id,
        action=entry.action,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        detail=entry.detail,
        previous_hash=entry.previous_hash,
    )
