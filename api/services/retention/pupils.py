"""Pupils 90 days after the end of term: counted for the yearly figures, then deleted."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.models.jobs import SeasonCount
from api.models.people import Person
from api.models.pupils import Entry, Pupil
from api.queries.report import counts
from api.queries.report.counts import Key
from api.services.retention.erase import erase_person

RULE = "pupil"


def count_and_delete(session: Session, entry_ids: list[str], now: datetime) -> None:
    """Adds entries to the season's counts, then deletes them with everything that hangs on them.

    What is counted, and how, api.queries.report.counts says; the report reads the same.
    """
    _add(session, counts.of_entries(session, Entry.id.in_(entry_ids)))
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


def _add(session: Session, more: Counter[Key]) -> None:
    for (season, programme, what, whom), number in sorted(more.items()):
        row = session.get(SeasonCount, (season, programme, what, whom), with_for_update=True)
        if row is None:
            row = SeasonCount(season_id=season, programme_id=programme, what=what, of=whom, count=0)
            session.add(row)
        row.count += number
    session.flush()
