"""A municipality's schools that have not ordered this season: whom to reach there, and whether they were asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from api.domain.enums import AskingState, IdentifierScheme, SchoolStatus
from api.models.asking import SchoolAsking
from api.models.people import Person
from api.models.places import School, SchoolIdentifier
from api.models.programmes import Season
from api.models.sign_in import Contact
from api.models.visits import Request
from api.queries import protected, school_reach
from api.queries.paging import Page, Window, page_of

NOBODY_YET = "to_ask"


@dataclass(frozen=True, slots=True)
class Reach:
    """A person at the school whom we may write to or call: verified, or who has ordered for it before."""

    name: str
    email: str | None
    phone: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A school. orgnr: by which its public number is found. state: what came of asking, None before.

    version: of that note, 0 before there is one. last: its last visit that was held.
    """

    id: str
    name: str
    address: str
    orgnr: str | None
    lowest_grade: int | None
    highest_grade: int | None
    last: datetime | None
    state: AskingState | None
    asked_at: datetime | None
    version: int
    contacts: Sequence[Reach]

    @property
    def is_asked(self) -> bool:
        return self.state not in (None, AskingState.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a municipality's open schools without a request: all, and those that nobody has asked yet."""

    schools: int
    to_ask: int


def schools_to_ask(
    session: Session, season: Season, municipality_id: str, asked: Window, *, only: str = ""
) -> Page[ToAsk]:
    """Those without a request in the season, never visited first. only: `to_ask` or a word of AskingState.

    Sorts: last, name; a fixed number of queries.
    """
    last = school_reach.last_visit()
    orgnr = (
        select(func.min(SchoolIdentifier.value))
        .where(SchoolIdentifier.school_id == School.id, SchoolIdentifier.scheme == IdentifierScheme.ORGNR)
        .correlate(School)
        .scalar_subquery()
    )
    statement = (
        select(School, last.label("last"), orgnr.label("orgnr"), SchoolAsking)
        .outerjoin(SchoolAsking, and_(SchoolAsking.school_id == School.id, SchoolAsking.season_id == season.id))
        .where(*_without_request(season.id, municipality_id), *_only(only))
    )
    columns = {
        "last": (func.coalesce(last, school_reach.LONG_AGO), School.name, School.id),
        "name": (School.name, School.id),
    }
    page = page_of(session, statement, asked, columns)
    reach = _contacts(session, [row.School.id for row in page.items])
    return page.map(lambda row: _to_ask(row, reach[row.School.id]))


def counts(session: Session, season: Season, municipality_id: str) -> Counts:
    """How many schools have not ordered, and how many of them nobody has asked; one query."""
    total, asked = session.execute(
        select(func.count(School.id), func.count(SchoolAsking.id))
        .outerjoin(
            SchoolAsking,
            and_(
                SchoolAsking.school_id == School.id,
                SchoolAsking.season_id == season.id,
                SchoolAsking.state != AskingState.NOT_ASKED,
            ),
        )
        .where(*_without_request(season.id, municipality_id))
    ).one()
    return Counts(total, total - asked)


def _without_request(season_id: str, municipality_id: str) -> list[ColumnElement[bool]]:
    return [
        School.municipality_id == municipality_id,
        School.status == SchoolStatus.ACTIVE,
        School.id.not_in(school_reach.ordered_in(season_id)),
    ]


def _only(word: str) -> list[ColumnElement[bool]]:
    if word == NOBODY_YET:
        return [SchoolAsking.id.is_(None) | (SchoolAsking.state == AskingState.NOT_ASKED)]
    return [SchoolAsking.state == AskingState(word)] if word in set(AskingState) else []


def _to_ask(row: Any, contacts: Sequence[Reach]) -> ToAsk:
    school, note = row.School, row.SchoolAsking
    return ToAsk(
        id=school.id,
        name=school.name,
        address=school.address,
        orgnr=row.orgnr,
        lowest_grade=school.lowest_grade,
        highest_grade=school.highest_grade,
        last=row.last,
        state=note.state if note else None,
        asked_at=note.asked_at if note else None,
        version=note.version if note else 0,
        contacts=contacts,
    )


def _contacts(session: Session, schools: Iterable[str]) -> dict[str, list[Reach]]:
    """Who answers for each school, verified first, and at most two: others have not asked to be written to."""
    wanted = list(schools)
    known: defaultdict[str, dict[str, tuple[Person, bool]]] = defaultdict(dict)
    for school_id, person, verified_at in session.execute(
        select(Contact.school_id, Person, Contact.verified_at)
        .join(Person, Contact.person_id == Person.id)
        .where(Contact.school_id.in_(wanted))
        .order_by(Contact.verified_at.is_(None), Contact.created_at.desc(), Contact.id)
    ):
        known[str(school_id)].setdefault(person.id, (person, verified_at is not None))
    for school_id, person in session.execute(
        select(Request.school_id, Person)
        .join(Person, Request.contact_id == Person.id)
        .where(Request.school_id.in_(wanted))
        .order_by(Request.submitted_at.desc(), Request.id)
    ):
        known[school_id].setdefault(person.id, (person, False))
    hidden = protected.unnamed(session, {one for people in known.values() for one in people})
    found: defaultdict[str, list[Reach]] = defaultdict(list)
    for school_id, people in known.items():
        for person_id, (person, verified) in people.items():
            if person_id not in hidden and len(found[school_id]) < 2:
                found[school_id].append(Reach(person.name, person.email, person.phone, verified))
    return found
