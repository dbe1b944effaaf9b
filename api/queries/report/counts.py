"""Pupils of seasons, counted: what retention keeps when they are deleted, and what the report adds up until then.

Both count in one way, so that the figures of a season are the same before and after its pupils are gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import ColumnElement, CompoundSelect, exists, or_, select
from sqlalchemy.orm import Session, aliased

from api.domain.enums import EntryState, OfferReason, QueueMove
from api.models.group_life import QueueEvent, SeatOffer
from api.models.groups import GroupSession
from api.models.jobs import SeasonCount
from api.models.pupils import Entry, EntryChoice, Membership, Pupil

Key = tuple[str, str, str, str]  # season, programme, what, of whom
_COLUMNS = {"grade": 2, "level": 3, "gender": 4, "school": 5, "asked": 6}
_SITE, _OFFERED = 6, 7


def of_entries(session: Session, condition: ColumnElement[bool]) -> Counter[Key]:
    """Counts of the entries that `condition` names, in two queries.

    Counted are `registered` and `offered` in all; registered ones by `gender`, `grade`, `level`, `school` and the site
    of their first choice (`asked`), and of these the offered ones (`asked_offered`); those who sat by `site`. Offered
    is who had an offer or a seat, other than for one evening. Who never confirmed the registration did not apply. A
    value that is not known is counted as an empty one.
    """
    first, evening = aliased(EntryChoice), aliased(GroupSession)
    rows = session.execute(
        select(
            Entry.season_id, Entry.programme_id, Entry.grade, Entry.level_id, Pupil.gender, Pupil.school_id,
            evening.site_id, Entry.id.in_(_offered()),
        )
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(first, (first.entry_id == Entry.id) & (first.rank == 1))
        .outerjoin(evening, evening.id == first.session_id)
        .where(condition, applied())
    ).all()  # fmt: skip
    counts: Counter[Key] = Counter()
    for what, column in _COLUMNS.items():
        counted = Counter((row[0], row[1], row[column]) for row in rows)
        counts.update({(season, of, what, str(whom or "")): n for (season, of, whom), n in counted.items()})
    offered = [row for row in rows if row[_OFFERED]]
    counts.update((row[0], row[1], "registered", "") for row in rows)
    counts.update((row[0], row[1], "offered", "") for row in offered)
    counts.update((row[0], row[1], "asked_offered", str(row[_SITE] or "")) for row in offered)
    sites = session.execute(
        select(Entry.season_id, Entry.programme_id, Entry.id, GroupSession.site_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .join(GroupSession, Membership.session_id == GroupSession.id)
        .where(condition, applied())
        .distinct()
    )
    counts.update((season, programme, "site", site) for season, programme, _entry, site in sites)
    return counts


def _offered() -> CompoundSelect[str]:
    """Entries that had an offer or a seat, other than for one evening."""
    lasting = select(SeatOffer.entry_id).where(SeatOffer.reason != OfferReason.SAME_DAY)
    return lasting.union(select(Membership.entry_id))


def of_seasons(session: Session, season_ids: Collection[str]) -> Counter[Key]:
    """Counts of seasons: what was kept of pupils who are gone, and those who are still here."""
    counts = of_entries(session, Entry.season_id.in_(season_ids))
    key = (SeasonCount.season_id, SeasonCount.programme_id, SeasonCount.what, SeasonCount.of)
    kept = select(*key, SeasonCount.count).where(SeasonCount.season_id.in_(season_ids))
    for season, programme, what, whom, count in session.execute(kept):
        counts[season, programme, what, whom] += count
    return counts


def applied() -> ColumnElement[bool]:
    """Entries that are in line or placed, or were before they left; not those whose mail was never answered."""
    joined = exists().where(QueueEvent.entry_id == Entry.id, QueueEvent.move == QueueMove.JOINED)
    return or_(
        Entry.state.in_((EntryState.WAITING, EntryState.PLACED)),
        (Entry.state == EntryState.LEFT) & or_(Entry.lottery_number.is_not(None), joined),
    )
