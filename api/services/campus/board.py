"""What can be done on a campus now: seats that can be offered, where one more mentor helps most. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from api.domain.filling import Evening, Filled, fill, with_one_more
from api.domain.swaps import Claim
from api.models.groups import GroupSession, Site
from api.queries import campus_board
from api.queries.campus_board import Helper
from api.queries.campus_rules import rules_now
from api.services.queue import offers


@dataclass(frozen=True, slots=True)
class OneMore:
    """What one more mentor in an evening would give. serves: pupils, by level id. helper: who could; None for nobody.

    Where nobody could, it is counted for a mentor who covers every level.
    """

    session_id: str
    serves: Counter[str]
    helper: Helper | None

    @property
    def pupils(self) -> int:
        return self.serves.total()


@dataclass(frozen=True, slots=True)
class Board:
    """now: who would be offered a seat at once, by session, as sending the offers one evening after the other gives it.

    one_more: evenings where one more mentor makes enough adults and serves somebody whom the seats of now do not, most
    first. until: the deadline of an offer made now; None where no seats are given out yet. levels: of those who sit
    there, by session.
    """

    now: dict[str, tuple[Claim, ...]]
    one_more: list[OneMore]
    until: datetime | None
    levels: dict[str, Counter[str]]

    @property
    def offers(self) -> int:
        return sum(len(several) for several in self.now.values())

    def more_in(self, session_id: str) -> OneMore | None:
        """What one more mentor would give in one evening."""
        return next((one for one in self.one_more if one.session_id == session_id), None)

    def days_of(self, level_id: str) -> Counter[str]:
        """How many of a level, who wait, would be offered a seat now, by session."""
        return Counter(
            session_id
            for session_id, several in self.now.items()
            for claim in several
            if claim.level_id == level_id and not claim.seated
        )


def board(session: Session, site: Site, groups: Sequence[GroupSession], now: datetime) -> Board:
    """What can be done for the queue of a site's sessions, in their order. now: aware.

    The same order, levels, ratios, seats and distances as offers go by, so the numbers are exact for the seats that are
    free now; what people answer is not foreseen.
    """
    rules = {key: rules_now(session, key) for key in {one.programme_id for one in groups}}
    offering = _offering(session, groups, now)
    evenings = campus_board.evenings(session, site, groups, rules)
    taken: set[str] = set()
    given: dict[str, tuple[Claim, ...]] = {}
    after = []
    for evening in evenings:
        filled = fill(evening, without=taken) if evening.id in offering else Filled((), evening.seated)
        given[evening.id] = filled.served
        taken.update(claim.id for claim in filled.served)
        after.append(replace(evening, seated=filled.seated))
    helpers = campus_board.helpers(session, site, groups, rules)
    least = {one.id: max(one.min_mentors, rules[one.programme_id].min_mentors) for one in groups}
    more = [
        _one_more(evening, helpers[evening.id], taken)
        for evening in after
        if len(evening.mentors) + 1 >= least[evening.id]
    ]
    first = next((one for one in groups if one.id in offering), None)
    return Board(
        now=given,
        one_more=sorted((one for one in more if one is not None), key=lambda one: -one.pupils),
        until=offers.deadline(session, first, now, rules[first.programme_id]) if first is not None else None,
        levels={one.id: Counter(pupil.level for pupil in one.seated.values()) for one in evenings},
    )


def send_offers(session: Session, groups: Sequence[GroupSession], now: datetime) -> int:
    """Offers every free seat of these sessions to the next in line, one evening after the other; how many offers."""
    return sum(len(offers.fill(session, one, now)) for one in groups)


def _offering(session: Session, groups: Sequence[GroupSession], now: datetime) -> set[str]:
    """Which of the sessions give out seats by now; asked once a queue, as sessions of one queue and site are alike."""
    known: dict[tuple[str, str], bool] = {}
    for one in groups:
        key = (one.season_id, one.programme_id)
        if key not in known:
            known[key] = offers.is_offering(session, one, now)
    return {one.id for one in groups if known[one.season_id, one.programme_id]}


def _one_more(evening: Evening, helpers: Sequence[Helper], taken: set[str]) -> OneMore | None:
    """The mentor who would serve most; None where nobody would be served."""
    levels = frozenset(claim.level_id for claim in evening.claims)
    served: tuple[Claim, ...] = with_one_more(evening, levels, without=taken) if levels else ()
    if not served:
        return None
    tried = [(with_one_more(evening, one.levels, without=taken), one) for one in helpers]
    by_helper, helper = max(tried, key=lambda one: len(one[0]), default=((), None))
    if not by_helper:
        helper = None
    return OneMore(evening.id, Counter(claim.level_id for claim in by_helper or served), helper)
