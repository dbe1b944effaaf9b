"""How rows change state: the table says whether, a conditional UPDATE decides who wins, the audit trail keeps it.

A use case calls `begin` for a new row and `move` for one that is there, writes its messages with `outbox.write`, and
leaves the commit to its caller: row, audit entry and messages stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from api.domain.ids import new_id
from api.domain.permissions import Actor
from api.domain.transitions import IllegalStep, Party, step
from api.errors import Forbidden
from api.i18n import gettext
from api.services import audit


@dataclass(frozen=True, slots=True)
class By:
    """Who causes a change. user_id: None for the system and for the holder of a link."""

    party: Party
    user_id: str | None = None


SYSTEM = By(Party.SYSTEM)


def by(party: Party, actor: Actor | None = None) -> By:
    """A signed-in actor, or the holder of a link, as this party."""
    return By(party, actor.user_id if actor else None)


def begin(session: Session, row: Any, event: str, who: By, *, detail: Mapping[str, Any] | None = None) -> None:
    """Adds a new row in the state of `event`, with its audit entry. Raises Forbidden when `who` may never do it.

    In a `no_autoflush` block the caller flushes, once for many rows.
    """
    made = _allowed(row, event, who)
    row.state = row.__table__.c.state.type.enum_class(made.target)
    row.id = row.id or new_id()
    session.add(row)
    if session.autoflush:
        session.flush()
    _record(session, row, event, who, {"to": made.target, **(detail or {})})


def move(
    session: Session,
    row: Any,
    event: str,
    who: By,
    *,
    when: ColumnElement[bool] | None = None,
    values: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Changes the state of a row, its version and `values` in one UPDATE that only one of several can win.

    when: a further condition on the row, such as an offer that has not expired. detail: for the audit entry, without
    names and addresses. Raises IllegalStep when the row is not, or no longer, in a state for it.
    """
    wanted = _allowed(row, event, who)
    session.flush()
    kind, before = type(row), str(row.state)
    statement = update(kind).where(kind.id == row.id, kind.state.in_(wanted.sources))
    if when is not None:
        statement = statement.where(when)
    changed = session.execute(
        statement.values(state=wanted.target, version=kind.version + 1, **(values or {})),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(changed, CursorResult)
    session.refresh(row)
    if changed.rowcount != 1:
        raise IllegalStep(
            gettext("This has changed in the meantime."), remedy=gettext("Load the page again to see how it stands.")
        )
    _record(session, row, event, who, {"from": before, "to": wanted.target, **(detail or {})})


def _allowed(row: Any, event: str, who: By) -> Any:
    found = step(row.__tablename__, event)
    if who.party not in found.by:
        raise Forbidden(gettext("This is for others to do."))
    return found


def _record(session: Session, row: Any, event: str, who: By, detail: dict[str, Any]) -> None:
    audit.record(
        session, f"{row.__tablename__}.{event}", row.__tablename__, row.id, actor_id=who.user_id, detail=detail
    )
