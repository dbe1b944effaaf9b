"""What the page of a profile lists in words: the films, and who may pay the travel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.domain.enums import TravelPayer
from api.i18n import gettext as _
from api.i18n import mark
from api.models.role_models import RoleModel
from api.services.profiles.training import FILMS

FILM_NAMES = (
    mark("What a role model does"),
    mark("Tell about your own way"),
    mark("The lesson, minute by minute"),
    mark("When pupils ask, and when they do not"),
)


@dataclass(frozen=True, slots=True)
class FilmStep:
    """A film of the training. seen_on: None while it is not seen; is_next: the one to see now."""

    number: int
    name: str
    seen_on: date | None
    is_next: bool


def films(role_model: RoleModel) -> list[FilmStep]:
    """The steps of the training; all are done on the day that the profile says, however they were ticked."""
    seen = {one.film: one.seen_on for one in role_model.films}
    days = {number: seen.get(number, role_model.trained_on) for number in FILMS}
    first = next((number for number, day in days.items() if day is None), None)
    return [FilmStep(number, _(FILM_NAMES[number - 1]), day, number == first) for number, day in days.items()]


def payers(role_model: RoleModel) -> list[tuple[str, str]]:
    """Values and words of who pays the travel."""
    employer = _("%(company)s pays", company=role_model.company.name) if role_model.company else _("My employer pays")
    return [
        ("", _("Not decided")),
        (TravelPayer.SCHOOL.value, _("The school pays")),
        (TravelPayer.EMPLOYER.value, employer),
        (TravelPayer.SELF.value, _("I pay myself")),
    ]
