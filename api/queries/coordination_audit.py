"""The audit trail as it is read: entries of an object or of all, and whether the chain holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.audit import first_broken
from api.models.access import User
from api.models.people import Person
from api.models.records import AuditEntry
from api.queries.paging import Page, Window, page_of

CHECKED = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of state. who: the user's name, None for the system and for holders of a link."""

    sequence: int
    at: datetime
    action: str
    object_kind: str
    object_id: str
    who: str | None
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The last entries, held against each other. broken_at: the sequence where the chain breaks, None when it holds."""

    checked: int
    broken_at: int | None

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def entries(
    session: Session, window: Window, *, object_kind: str | None = None, object_id: str | None = None
) -> Page[Entry]:
    """Entries, of one table or one object where they are named; two queries. Sorts: sequence."""
    statement = (
        select(AuditEntry, Person.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Person, Person.id == User.person_id)
    )
    if object_kind:
        statement = statement.where(AuditEntry.object_kind == object_kind)
    if object_id:
        statement = statement.where(AuditEntry.object_id == object_id)
    page = page_of(session, statement, window, {"sequence": (AuditEntry.sequence,)})
    return page.map(
        lambda row: Entry(
            row.AuditEntry.sequence,
            row.AuditEntry.at,
            row.AuditEntry.action,
            row.AuditEntry.object_kind,
            row.AuditEntry.object_id,
            row.name,
            row.AuditEntry.detail,
            row.AuditEntry.hash,
        )
    )


def chain(session: Session) -> Chain:
    """Whether the newest entries, at most 2,000, hold together; one query."""
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(CHECKED)).all()
    if not newest:
        return Chain(0, None)
    rows = newest[::-1]
    return Chain(len(rows), first_broken(rows, after=(rows[0].sequence - 1, rows[0].previous_hash)))
