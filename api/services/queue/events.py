"""The queue's own record: each move with its rule, in numbers and codes, so that the whole can be replayed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import QueueMove
from api.models.group_life import QueueEvent
from api.models.pupils import Entry


def record(
    session: Session, entry: Entry, move: QueueMove, rule: str, session_id: str | None = None, **detail: Any
) -> QueueEvent:
    """Writes down a move of an entry. rule: the code of the rule it followed. detail: numbers and codes only."""
    before = session.scalar(select(func.max(QueueEvent.number)).where(QueueEvent.entry_id == entry.id))
    event = QueueEvent(
        entry_id=entry.id,
        number=(before or 0) + 1,
        at=clock.now(),
        move=move,
        rule=rule,
        session_id=session_id,
        detail={"place": place_of(entry), **detail},
    )
    session.add(event)
    session.flush()
    return event


def place_of(entry: Entry) -> list[Any]:
    """What decides the entry's place, as JSON: class, joined, lottery number."""
    return [entry.priority_class, entry.joined_on.isoformat(), entry.lottery_number]
