"""The open lines of a site's list, with whom to call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from api.domain.enums import (
    ExceptionState,
)
from api.models.follow_up import ExceptionItem
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from api.queries.campus_people import shown_name
from api.queries.protected import unnamed


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open line of the site's list. who, phone: whom to call; a protected pupil is a number and has none."""

    line: ExceptionItem
    what: str
    who: str
    phone: str
    pupil: str = ""
    calls: tuple[tuple[datetime, str], ...] = field(default=())


def troubles(session: Session, site_id: str) -> list[Trouble]:
    """The open lines of a site, nearest first, each with whom to call."""
    lines = session.scalars(
        select(ExceptionItem)
        .options(joinedload(ExceptionItem.person), joinedload(ExceptionItem.calls))
        .where(ExceptionItem.site_id == site_id, ExceptionItem.state == ExceptionState.OPEN)
        .order_by(ExceptionItem.due_on, ExceptionItem.id)
    ).unique()
    return [_trouble(session, line) for line in lines]


def _trouble(session: Session, line: ExceptionItem) -> Trouble:
    person = None if unnamed(session, [line.person_id]) else line.person
    pupil = ""
    if line.kind == "absent":
        row = session.execute(
            select(Entry.id, Person.name, Pupil.protected, Entry.lottery_number)
            .join(Membership, Membership.entry_id == Entry.id)
            .join(Pupil, Entry.pupil_id == Pupil.id)
            .join(Person, Pupil.person_id == Person.id)
            .where(Membership.id == line.object_id)
        ).one_or_none()
        if row is not None:
            pupil = shown_name(row.name, row.protected, row.lottery_number, row.id)
    return Trouble(
        line,
        line.kind,
        person.name if person else "",
        (person.phone or "") if person else "",
        pupil,
        tuple((call.at, call.outcome.value) for call in line.calls),
    )
