"""A draw as anyone can check it: the promised hash, the seed, every ticket, and the number of one registration."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
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
    """A draw with its season and programme."""

    lottery: Lottery
    season: Season
    programme: Programme


@dataclass(frozen=True, slots=True)
class Drawn:
    """The numbers of a draw, by registration. first: 1, unless numbers had been given before it."""

    numbers: dict[str, int]

    @property
    def first(self) -> int:
        return min(self.numbers.values(), default=1)


@dataclass(frozen=True, slots=True)
class Own:
    """One registration in a draw: its ticket, and the number that follows from all tickets."""

    ticket: str
    number: int


def draws(session: Session) -> list[Draw]:
    """Every draw, newest first."""
    rows = session.execute(_draws().order_by(Lottery.committed_at.desc(), Lottery.id))
    return [Draw(row, season, programme) for row, season, programme in rows]


def draw(session: Session, lottery_id: str) -> Draw:
    """One draw. Raises NotFound."""
    found = session.execute(_draws().where(Lottery.id == lottery_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such draw."))
    row, season, programme = found
    return Draw(row, season, programme)


def drawn(session: Session, of: Draw) -> Drawn:
    """The number that each registration drew; none before the draw."""
    events = session.execute(
        select(QueueEvent.entry_id, QueueEvent.detail)
        .join(Entry, QueueEvent.entry_id == Entry.id)
        .where(Entry.season_id == of.lottery.season_id, Entry.programme_id == of.lottery.programme_id)
        .where(QueueEvent.move == QueueMove.DRAWN)
    )
    return Drawn({entry_id: detail["place"][2] for entry_id, detail in events})


def tickets(of: Draw, result: Drawn) -> list[str]:
    """Every ticket of a draw, in the order of the numbers; none before the seed is shown."""
    if of.lottery.seed is None:
        return []
    return sorted(lottery.ticket(of.lottery.seed, entry_id) for entry_id in result.numbers)


def check(of: Draw, result: Drawn, entry_id: str) -> Own | None:
    """Ticket and number of a registration, worked out anew; None where it was not in the draw."""
    if of.lottery.seed is None or entry_id not in result.numbers:
        return None
    again = lottery.draw(of.lottery.seed, result.numbers, first=result.first)
    return Own(lottery.ticket(of.lottery.seed, entry_id), again[entry_id])


def _draws() -> Select[Lottery, Season, Programme]:
    return (
        select(Lottery, Season, Programme)
        .join(Season, Lottery.season_id == Season.id)
        .join(Programme, Lottery.programme_id == Programme.id)
    )
