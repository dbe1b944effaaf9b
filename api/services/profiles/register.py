"""Somebody without a company becomes a role model: a profile that waits for a yes by the link in the mail.

Whoever asks gets the same answer whether the address has a profile already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Locale, ProfileState
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.people import Person
from api.models.role_models import RoleModel
from api.queries.profiles import place_at
from api.services.change import begin
from api.services.profiles import letters
from api.services.profiles.own import ROLE_MODEL

MINUTES = 45
GRADES = (8, 13)


def register(session: Session, given: Mapping[str, Any], *, locale: str) -> None:
    """Makes a profile that is not yet confirmed, and writes to its person; or sends the link to the one there is.

    given: name, email, place, title. Raises InvalidInput for a place that nobody knows.
    """
    at = place_at(session, given["place"])
    if at is None:
        raise InvalidInput(_("Write the name of a municipality, a postcode, or a school near you."), field="place")
    known = _known(session, given["email"])
    if known is not None:
        letters.tell(session, "profile_link", known, dedupe=f"profile_link:{known.id}:{clock.today()}")
        return
    role_model = RoleModel(
        person=Person(name=given["name"], email=given["email"], locale=Locale(locale)),
        title=given["title"],
        place=given["place"],
        lat=at[0],
        lon=at[1],
        max_travel_minutes=MINUTES,
        lowest_grade=GRADES[0],
        highest_grade=GRADES[1],
        physical=True,
    )
    begin(session, role_model, "register", ROLE_MODEL)
    letters.tell(session, "profile_registered", role_model)


def _known(session: Session, email: str) -> RoleModel | None:
    statement = select(RoleModel).join(RoleModel.person).where(func.lower(Person.email) == email.lower())
    return session.scalars(
        statement.where(RoleModel.state != ProfileState.LEFT).order_by(RoleModel.created_at, RoleModel.id).limit(1)
    ).first()
