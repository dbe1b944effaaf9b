"""The audit trail as it is read: entries of an object or of all, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from api.domain.audit import first_broken
from api.models.access import User
from api.models.asking import SchoolAsking
from api.models.follow_up import PlanApproval
from api.models.people import Person
from api.models.records import AuditEntry
from api.models.sign_in import Contact
from api.models.visits import Request, Visit
from api.queries.paging import Page, Window, page_of

CHECKED = 2000

PARTS: dict[str, dict[str, Callable[[str], Select[str]]]] = {
    "school": {
        "contact": lambda school: select(Contact.id).where(Contact.school_id == school),
        "request": lambda school: select(Request.id).where(Request.school_id == school),
        "school_asking": lambda school: select(SchoolAsking.id).where(SchoolAsking.school_id == school),
        "visit": lambda school: select(Visit.id).join(Request).where(Request.school_id == school),
    },
    "plan": {
        "plan_approval": lambda plan: select(PlanApproval.id).where(PlanApproval.plan_id == plan),
        "visit": lambda plan: select(Visit.id).where(Visit.plan_id == plan),
    },
}
"""What belongs to a thing that changes little itself: its history is theirs. Kind of part → ids by the thing's id."""


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
    """Entries, of one table or one object and what belongs to it (PARTS) where they are named; two queries.

    Sorts: sequence.
    """
    statement = (
        select(AuditEntry, Person.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Person, Person.id == User.person_id)
    )
    if object_kind and object_id:
        statement = statement.where(or_(*_of(object_kind, object_id)))
    elif object_kind:
        statement = statement.where(AuditEntry.object_kind == object_kind)
    elif object_id:
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


def _of(kind: str, object_id: str) -> Iterator[ColumnElement[bool]]:
    """One condition for the object itself, and one for each kind of thing that belongs to it."""
    yield (AuditEntry.object_kind == kind) & (AuditEntry.object_id == object_id)
    for part, belongs in PARTS.get(kind, {}).items():
        yield (AuditEntry.object_kind == part) & AuditEntry.object_id.in_(belongs(object_id))


def chain(session: Session) -> Chain:
    """Whether the newest entries, at most 2,000, hold together; one query."""
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(CHECKED)).all()
    if not newest:
        return Chain(0, None)
    rows = newest[::-1]
    return Chain(len(rows), first_broken(rows, after=(rows[0].sequence - 1, rows[0].previous_hash)))
