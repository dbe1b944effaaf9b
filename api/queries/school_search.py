"""Schools by what people type: a name, a municipality or an organisation number."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from api.domain.enums import IdentifierScheme, SchoolStatus
from api.models.places import Municipality, School, SchoolIdentifier
from api.queries.names import by_name

MOST = 10
ORGNR_DIGITS = 9


class Found(NamedTuple):
    """A school with its municipality's name."""

    school: School
    town: str


def schools_named(session: Session, typed: str) -> list[Found]:
    """At most ten open schools, those whose name begins as typed first, then by name; none for an empty text.

    Every word must be part of the school's or the municipality's name; nine digits are an organisation number.
    """
    digits = typed.replace(" ", "")
    statement = (
        select(School, Municipality.name)
        .join(Municipality, School.municipality_id == Municipality.id)
        .where(School.status == SchoolStatus.ACTIVE)
        .limit(MOST)
    )
    if digits.isascii() and digits.isdigit() and len(digits) == ORGNR_DIGITS:
        known = select(SchoolIdentifier.school_id).where(
            SchoolIdentifier.scheme == IdentifierScheme.ORGNR, SchoolIdentifier.value == digits
        )
        statement = statement.where(School.id.in_(known)).order_by(by_name(School.name), School.id)
    elif words := typed.split():
        for word in words:
            # SQLite knows capitals of ASCII only: the word is looked for as it is typed, and with a capital.
            forms = {word, word.lower(), word.capitalize()}
            found = [
                column.icontains(form, autoescape=True)
                for column in (School.name, Municipality.name)
                for form in sorted(forms)
            ]
            statement = statement.where(or_(*found))
        begins = School.name.istartswith(words[0], autoescape=True)
        statement = statement.order_by(case((begins, 0), else_=1), by_name(School.name), School.id)
    else:
        return []
    return [Found(school, town) for school, town in session.execute(statement)]


def school_of(session: Session, school_id: str) -> School | None:
    """An open school by its id."""
    found = session.get(School, school_id)
    return found if found is not None and found.status is SchoolStatus.ACTIVE else None
