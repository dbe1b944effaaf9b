"""Pupils of seasons, counted: what retention keeps when they are deleted, and what the report adds up until then.

Both count in one way, so that the figures of a season are the same before and after its pupils are gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from api.domain.enums import EntryState, OfferReason, QueueMove
from api.models.group_life import QueueEvent, SeatOffer
from api.models.groups import GroupSession
from api.models.jobs import SeasonCount
from api.models.pupils import Entry, EntryChoice, Membership, Pupil

Key = tuple[str, str, str, str]  # season, programme, what, of whom


def of_entries(session: Session, condition: ColumnElement[bool]) -> Counter[Key]:
    """Counts of the entries that `condition` names, in two queries.

    Counted are `registered` and `offered` in all; registered ones by `gender`, `grade`, `level`, `school` and the site
    of their first choice (`asked`), and of these the offered ones (`asked_offered`); those who sat by `site`. Offered
    is who had an offer or a seat, other than for one evening. Who never confirmed the registration did not apply. A
    value that is not known is counted as an empty one.
    """
    counts: Counter[Key] = Counter()
    offered = exists().where(SeatOffer.entry_id == Entry.id, SeatOffer.reason != OfferReason.SAME_DAY)
    sat = exists().where(Membership.entry_id == Entry.id)
    first, evening = aliased(EntryChoice), aliased(GroupSession)
    rows = session.execute(
        select(
            Entry.season_id, Entry.programme_id, Entry.grade, Entry.level_id, Pupil.gender, Pupil.school_id,
            evening.site_id, or_(offered, sat),
        )
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .outerjoin(first, (first.entry_id == Entry.id) & (first.rank == 1))
        .outerjoin(evening, evening.id == first.session_id)
        .where(condition, applied())
    )  # fmt: skip
    for season, programme, grade, level, gender, school, site, had_offer in rows:
        of = {"registered": "", "grade": str(grade), "level": level}
        of |= {"gender": gender or "", "school": school or "", "asked": site or ""}
        if had_offer:
            of |= {"offered": "", "asked_offered": site or ""}
        counts.update((season, programme, what, whom) for what, whom in of.items())
    sites = session.execute(
        select(Entry.season_id, Entry.programme_id, Entry.id, GroupSession.site_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .join(GroupSession, Membership.session_id == GroupSession.id)
        .where(condition, applied())
        .distinct()
    )
    counts.update((season, programme, "site", site) for season, programme, _entry, site in sites)
    return counts


def of_seasons(session: Session, season_ids: Collection[str]) -> Counter[Key]:
    """Counts of seasons: what was kept of pupils who are gone, and those who are still here."""
    counts = of_entries(session, Entry.season_id.in_(season_ids))
    kept = select(SeasonCount).where(SeasonCount.season_id.in_(season_ids))
    for row in session.scalars(kept):
        counts[row.season_id, row.programme_id, row.what, row.of] += row.count
    return counts


def applied() -> ColumnElement[bool]:
    """Entries that are in line or placed, or were before they left; not those whose mail was never answered."""
    joined = exists().where(QueueEvent.entry_id == Entry.id, QueueEvent.move == QueueMove.JOINED)
    return or_(
        Entry.state.in_((EntryState.WAITING, EntryState.PLACED)),
        (Entry.state == EntryState.LEFT) & or_(Entry.lottery_number.is_not(None), joined),
    )
