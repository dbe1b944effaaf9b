"""What the forms of pupils say: read leniently, judged strictly, given back as typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.places import School
from api.queries.queue_join import Joinable
from api.schemas.entries import NewEntrySchema

RANKS = 5
LONGEST = 254


@dataclass
class JoinForm:
    """What was typed, by field, and what is wrong with it."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    schools: list[School] = field(default_factory=list)

    def of(self, name: str) -> str:
        """What was typed in a field."""
        return self.typed.get(name, "")


def typed() -> JoinForm:
    """The form as it was sent, cut to what any field can hold."""
    return JoinForm({name: value.strip()[:LONGEST] for name, value in request.form.items()})


def read(session: Session, form: JoinForm, open_: Joinable) -> Mapping[str, Any] | None:
    """The registration that the form asks for, None when something has to be put right: `faults` says what."""
    given: dict[str, Any] = {"season": open_.season.id, "programme": open_.programme.id}
    for name in ("name", "email", "phone", "level", "friend_code", "guardian_name", "guardian_email"):
        if form.of(name):
            given[name] = form.of(name)
    for name in ("grade", "birth_year", "max_travel_minutes"):
        if form.of(name):
            given[name] = int(form.of(name)) if form.of(name).isdecimal() else form.of(name)
    given["choices"] = ranked(form)
    _read_home(session, form, given)
    try:
        loaded: Mapping[str, Any] = NewEntrySchema().load(given)
    except ValidationError as error:
        for name in error.normalized_messages():
            form.faults.setdefault(name, _label(name))
        return None
    return loaded if not form.faults else None


def ranked(form: JoinForm) -> list[str]:
    """The evenings of the selects "1st choice" to "5th choice", best first; those left empty are skipped."""
    return [form.of(f"choice_{rank}") for rank in range(1, RANKS + 1) if form.of(f"choice_{rank}")]


def keep_faults(form: JoinForm, error: InvalidInput) -> None:
    """Puts what a service refused beside its fields."""
    for fault in error.errors:
        form.faults[fault.field] = " ".join(filter(None, (fault.sentence, fault.remedy)))
    if error.field:
        form.faults[error.field] = " ".join(filter(None, (error.sentence, error.remedy)))


def _read_home(session: Session, form: JoinForm, given: dict[str, Any]) -> None:
    """A postcode, or a school by its name; several of one name come back as a choice."""
    if form.of("school"):
        given["school"] = form.of("school")
        return
    home = form.of("home")
    if not home:
        return
    if home[:4].isdecimal() and (len(home) == 4 or home[4:5] == " "):
        given["postcode"] = home[:4]
        return
    wanted = func.lower(School.name)
    form.schools = list(
        session.scalars(
            select(School).where(wanted.startswith(home.lower(), autoescape=True)).order_by(School.name).limit(10)
        )
    )
    if len(form.schools) == 1:
        given["school"] = form.schools[0].id
    else:
        form.faults["home"] = _("Choose your school below, write a postcode of four digits, or leave it empty.")


def _label(name: str) -> str:
    return {
        "name": _("Write your name."),
        "email": _("Write an e-mail address such as pupil@example.org."),
        "phone": _("Write at most 32 characters."),
        "grade": _("Choose your year."),
        "level": _("Choose a subject."),
        "birth_year": _("Write the year you were born, with four digits."),
        "choices": _("Choose at least one evening, and five at most."),
        "max_travel_minutes": _("Write minutes as a number."),
        "friend_code": _("Use letters and digits, at most 20."),
        "guardian_email": _("Write an e-mail address such as guardian@example.org."),
    }.get(name, _("This cannot be used."))
