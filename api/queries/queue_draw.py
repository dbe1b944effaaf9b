"""A draw as anyone can check it: the promised hash, the seed, every ticket, and the number of one registration."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import lottery
from api.domain.enums import QueueMove
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.group_life import QueueEvent
from api.models.programmes import Programme, Season
from api.models.pupils import Entry, Lottery


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw with its season and programme; drawn: how many took part."""

    lottery: Lottery
    season: Season
    programme: Programme
    drawn: int


@dataclass(frozen=True, slots=True)
class Own:
    """One registration in a draw: its ticket, and the number that follows from all tickets."""

    ticket: str
    number: int


def draws(session: Session) -> list[Draw]:
    """Every draw, newest first."""
    rows = session.execute(
        select(Lottery, Season, Programme)
        .join(Season, Lottery.season_id == Season.id)
        .join(Programme, Lottery.programme_id == Programme.id)
        .order_by(Lottery.committed_at.desc(), Lottery.id)
    )
    return [Draw(row, season, programme, len(_numbers(session, row))) for row, season, programme in rows]


def draw(session: Session, lottery_id: str) -> Draw:
    """One draw. Raises NotFound."""
    found = next((one for one in draws(session) if one.lottery.id == lottery_id), None)
    if found is None:
        raise NotFound(_("There is no such draw."))
    return found


def tickets(session: Session, of: Draw) -> list[str]:
    """Every ticket of a draw, in the order of the numbers; none before the seed is shown."""
    if of.lottery.seed is None:
        return []
    return sorted(lottery.ticket(of.lottery.seed, entry_id) for entry_id in _numbers(session, of.lottery))


def first_number(session: Session, of: Draw) -> int:
    """The number of the smallest ticket: 1, unless numbers had been given before the draw."""
    return min(_numbers(session, of.lottery).values(), default=1)


def check(session: Session, of: Draw, entry_id: str) -> Own | None:
    """Ticket and number of a registration, worked out anew; None where it was not in the draw."""
    numbers = _numbers(session, of.lottery)
    if of.lottery.seed is None or entry_id not in numbers:
        return None
    again = lottery.draw(of.lottery.seed, numbers, first=min(numbers.values()))
    return Own(lottery.ticket(of.lottery.seed, entry_id), again[entry_id])


def _numbers(session: Session, row: Lottery) -> dict[str, int]:
    """The number that each registration drew."""
    events = session.execute(
        select(QueueEvent.entry_id, QueueEvent.detail)
        .join(Entry, QueueEvent.entry_id == Entry.id)
        .where(Entry.season_id == row.season_id, Entry.programme_id == row.programme_id)
        .where(QueueEvent.move == QueueMove.DRAWN)
    )
    return {entry_id: detail["place"][2] for entry_id, detail in events}
