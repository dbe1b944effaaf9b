"""Pupils 90 days after the end of term: counted for the yearly figures, then deleted."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain.enums import OfferReason
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.jobs import SeasonCount
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from api.services.retention.erase import erase_person

RULE = "pupil"
Key = tuple[str, str, str, str]  # season, programme, what, of whom


def count_and_delete(session: Session, entry_ids: list[str], now: datetime) -> None:
    """Adds entries to the season's counts, then deletes them with everything that hangs on them.

    Counted: `registered` and `offered` in all; registered ones by `gender`, `grade` and `school`; those who sat by
    `site`. A value that is not known is counted as an empty one.
    """
    counts: Counter[Key] = Counter()
    offered = exists().where(SeatOffer.entry_id == Entry.id, SeatOffer.reason != OfferReason.SAME_DAY)
    sat = exists().where(Membership.entry_id == Entry.id)
    rows = session.execute(
        select(Entry.season_id, Entry.programme_id, Entry.grade, Pupil.gender, Pupil.school_id, offered | sat)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .where(Entry.id.in_(entry_ids))
    )
    for season, programme, grade, gender, school, had_offer in rows:
        of = {"registered": "", "gender": gender or "", "grade": str(grade), "school": school or ""}
        counts.update((season, programme, what, whom) for what, whom in of.items())
        if had_offer:
            counts[season, programme, "offered", ""] += 1
    sites = session.execute(
        select(Entry.season_id, Entry.programme_id, Entry.id, GroupSession.site_id)
        .join(Membership, Membership.entry_id == Entry.id)
        .join(GroupSession, Membership.session_id == GroupSession.id)
        .where(Entry.id.in_(entry_ids))
        .distinct()
    )
    counts.update((season, programme, "site", site) for season, programme, _entry, site in sites)
    _add(session, counts)
    session.execute(delete(Entry).where(Entry.id.in_(entry_ids)), execution_options={"synchronize_session": "fetch"})
    session.expire_all()


def delete_pupils(session: Session, pupil_ids: list[str], now: datetime) -> None:
    """Forgets pupils without entries and those who answered for them, and deletes their rows."""
    for pupil_id in pupil_ids:
        person_id = session.scalar(select(Pupil.person_id).where(Pupil.id == pupil_id))
        assert person_id is not None
        erase_person(session, person_id, RULE)
        session.execute(delete(Pupil).where(Pupil.id == pupil_id), execution_options={"synchronize_session": "fetch"})
        _delete_person(session, person_id)


def _delete_person(session: Session, person_id: str) -> None:
    """The nameless row goes too, unless something else still counts on it."""
    try:
        with session.begin_nested():
            session.execute(
                delete(Person).where(Person.id == person_id), execution_options={"synchronize_session": "fetch"}
            )
    except IntegrityError:
        return


def _add(session: Session, counts: Counter[Key]) -> None:
    for (season, programme, what, whom), number in sorted(counts.items()):
        row = session.get(SeasonCount, (season, programme, what, whom), with_for_update=True)
        if row is None:
            row = SeasonCount(season_id=season, programme_id=programme, what=what, of=whom, count=0)
            session.add(row)
        row.count += number
    session.flush()
