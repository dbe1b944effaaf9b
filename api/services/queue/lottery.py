"""The draw of a registration period: a seed that is fixed before it closes, and shown after.

The seed is HMAC-SHA-256 of the lottery's id under the service's key. Until the draw it is nowhere but in the process
that works it out: whoever reads the database cannot know the numbers beforehand, and its hash is public from the start.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import CursorResult, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.domain import lottery
from api.domain.enums import EntryState, QueueMove, WindowKind
from api.domain.ids import new_id
from api.errors import ConfigurationError
from api.models.base import Base
from api.models.group_life import QueueEvent
from api.models.programmes import Window
from api.models.pupils import Entry, Lottery
from api.services import audit
from api.services.queue import events, letters, line


def due_commits(session: Session, now: datetime) -> list[str]:
    """Registration periods that have opened and whose seed is not fixed yet."""
    fixed = select(Lottery.id).where(Lottery.season_id == Window.season_id, Lottery.programme_id == Window.programme_id)
    return list(
        session.scalars(
            select(Window.id)
            .where(Window.kind == WindowKind.REGISTRATION, Window.opens_at <= now, ~fixed.exists())
            .order_by(Window.opens_at, Window.id)
        )
    )


def do_commit(session: Session, window_id: str, now: datetime) -> None:
    """Fixes the seed of a period and publishes its hash. Effects: lottery, audit entry."""
    window = session.get(Window, window_id)
    if window is None or window_id not in due_commits(session, now):
        return
    lottery_id = new_id()
    row = Lottery(
        id=lottery_id,
        season_id=window.season_id,
        programme_id=window.programme_id,
        seed_hash=lottery.seed_hash(seed_of(lottery_id)),
        committed_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, "lottery.commit", "lottery", row.id, detail={"seed_hash": row.seed_hash})


def due_draws(session: Session, now: datetime) -> list[str]:
    """Lotteries whose registration period has closed and that are not drawn."""
    return list(
        session.scalars(
            select(Lottery.id)
            .join(
                Window,
                (Window.season_id == Lottery.season_id)
                & (Window.programme_id == Lottery.programme_id)
                & (Window.kind == WindowKind.REGISTRATION),
            )
            .where(Lottery.seed.is_(None), Window.closes_at <= now, Lottery.committed_at < now)
            .distinct()
            .order_by(Lottery.id)
        )
    )


def do_draw(session: Session, lottery_id: str, now: datetime) -> None:
    """Draws, once. Effects, in order: other seat movers wait, seed shown, a number each, events, letters, audit entry.

    Everyone who has registered takes part, also who has yet to confirm: their own day counts when they do. Raises
    ConfigurationError when the seed is not the one that was promised.
    """
    row = session.get(Lottery, lottery_id)
    if row is None or lottery_id not in due_draws(session, now):
        return
    seed = seed_of(row.id)
    if lottery.seed_hash(seed) != row.seed_hash:
        raise ConfigurationError(
            "The service's key has changed since the seed of this draw was fixed.",
            field="TREFFPUNKT_SECRET_KEY",
            remedy="Start with the key of that day, draw, and change the key afterwards.",
        )
    line.hold(session, row.season_id)
    shown = session.execute(
        update(Lottery).where(Lottery.id == row.id, Lottery.seed.is_(None)).values(seed=seed, revealed_at=now),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(shown, CursorResult)
    if shown.rowcount != 1:
        return
    session.refresh(row)
    entries = _without_number(session, row)
    first = line.highest_number(session, row.season_id, row.programme_id) + 1
    numbers = lottery.draw(seed, [entry.id for entry in entries], first=first)
    _write_numbers(session, entries, numbers)
    for entry in entries:
        if entry.state is EntryState.WAITING:
            letters.tell(session, entry, "queue_drawn", dedupe=f"drawn:{entry.id}")
    audit.record(session, "lottery.draw", "lottery", row.id, detail={"entries": len(entries), "seed": seed})


def seed_of(lottery_id: str) -> str:
    """The seed of a lottery: 64 hexadecimal digits."""
    return hmac.new(settings().secret_key.encode(), f"lottery:{lottery_id}".encode(), hashlib.sha256).hexdigest()


def _without_number(session: Session, row: Lottery) -> list[Entry]:
    return list(
        session.scalars(
            select(Entry)
            .where(Entry.season_id == row.season_id, Entry.programme_id == row.programme_id)
            .where(Entry.state != EntryState.LEFT, Entry.lottery_number.is_(None))
            .order_by(Entry.id)
        )
    )


def _write_numbers(session: Session, entries: list[Entry], numbers: dict[str, int]) -> None:
    if not entries:
        return
    table = Base.metadata.tables["entry"]
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("of"))
        .values(lottery_number=bindparam("drawn"), version=table.c.version + 1),
        [{"of": entry.id, "drawn": numbers[entry.id]} for entry in entries],
    )
    for entry in entries:
        session.refresh(entry)
    moment = clock.now()
    made = dict(
        session.execute(select(QueueEvent.entry_id, func.max(QueueEvent.number)).group_by(QueueEvent.entry_id)).all()
    )
    session.execute(
        insert(QueueEvent),
        [
            {
                "id": new_id(),
                "entry_id": entry.id,
                "number": made.get(entry.id, 0) + 1,
                "at": moment,
                "move": QueueMove.DRAWN,
                "rule": "lottery",
                "detail": {"place": events.place_of(entry)},
            }
            for entry in entries
        ],
    )
