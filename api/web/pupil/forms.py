"""What the forms of pupils say: read leniently, judged strictly, given back as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.places import School
from api.queries.postcodes import place_of_postcode
from api.queries.queue_join import Home, Joinable
from api.queries.school_search import schools_named
from api.schemas.entries import NewEntrySchema, WishChangeSchema

RANKS = 5
LONGEST = 254
RANK = "rank_"
SITE = "site_"
TEXTS = ("name", "email", "phone", "level", "friend_code", "guardian_email")
NUMBERS = ("grade", "birth_year", "max_travel_minutes")
IN_ORDER = (
    "grade", "level", "home", "choices", "max_travel_minutes", "friend_code", "name", "email", "phone", "birth_year",
    "guardian_email",
)  # fmt: skip


@dataclass
class JoinForm:
    """What was typed, by field, and what is wrong with it. schools: those that the typed name may mean."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    schools: Sequence[tuple[School, str]] = ()
    home: Home | None = None

    def of(self, name: str) -> str:
        """What was typed in a field."""
        return self.typed.get(name, "")

    def rank(self, session_id: str) -> str:
        """Which choice an evening is, "1" to "5", or nothing."""
        return self.of(f"{RANK}{session_id}")

    def chosen(self) -> list[str]:
        """Ids of the chosen evenings, best first; two of one rank as they stand on the page."""
        ranks = {name.removeprefix(RANK): value for name, value in self.typed.items() if name.startswith(RANK)}
        numbers = {key: int(value) for key, value in ranks.items() if value.isdecimal()}
        return sorted(numbers, key=lambda key: numbers[key])

    def sites(self) -> set[str]:
        """Ids of the sites whose evenings were asked for, now or before."""
        before = {name.removeprefix(SITE) for name, value in self.typed.items() if name.startswith(SITE) and value}
        return before | ({self.of("site")} if self.of("site") else set())

    def choose_too(self, session_id: str) -> None:
        """Puts one more evening behind those that are chosen, while there is room."""
        chosen = self.chosen()
        if session_id not in chosen and len(chosen) < RANKS:
            self.set_chosen([*chosen, session_id])

    def set_chosen(self, session_ids: list[str]) -> None:
        """Makes these the choices, best first."""
        self.typed = {name: value for name, value in self.typed.items() if not name.startswith(RANK)}
        self.typed |= {f"{RANK}{one}": str(number) for number, one in enumerate(session_ids, start=1)}

    def in_order(self) -> None:
        """Sorts the faults as their fields stand on the page."""
        order = {name: number for number, name in enumerate(IN_ORDER)}
        self.faults = dict(sorted(self.faults.items(), key=lambda item: order.get(item[0], len(order))))


def typed() -> JoinForm:
    """The form as it was sent, cut to what any field can hold."""
    return JoinForm({name: value.strip()[:LONGEST] for name, value in request.form.items()})


def read(session: Session, form: JoinForm, open_: Joinable) -> Mapping[str, Any] | None:
    """The registration that the form asks for, None when something has to be put right: `faults` says what."""
    given: dict[str, Any] = {"season": open_.season.id, "programme": open_.programme.id}
    given |= {name: form.of(name) for name in TEXTS if form.of(name)}
    for name in NUMBERS:
        if form.of(name):
            given[name] = _number(form.of(name))
    given["choices"] = form.chosen()
    given |= read_home(session, form)
    try:
        loaded: Mapping[str, Any] = NewEntrySchema().load(given)
    except ValidationError as error:
        for name in error.normalized_messages():
            form.faults.setdefault(name, _remedy(name))
        loaded = {}
    if "grade" not in form.faults and loaded and loaded["grade"] < open_.rules.lowest_grade:
        form.faults["grade"] = _remedy("grade")
    if twice_ranked(form):
        form.faults["choices"] = _("Two evenings have the same number. Give each its own.")
    form.in_order()
    return loaded if not form.faults else None


def wishes(form: JoinForm, home: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a pupil wants changed, None when something has to be put right. home: from `read_home`."""
    given: dict[str, Any] = {"level": form.of("level"), "choices": form.chosen()}
    given["max_travel_minutes"] = _number(form.of("max_travel_minutes")) if form.of("max_travel_minutes") else None
    given["friend_code"] = form.of("friend_code") or None
    try:
        loaded: Mapping[str, Any] = WishChangeSchema().load(given)
    except ValidationError as error:
        for name in error.normalized_messages():
            form.faults.setdefault(name, _remedy(name))
        loaded = {}
    if twice_ranked(form):
        form.faults["choices"] = _("Two evenings have the same number. Give each its own.")
    form.in_order()
    return {**loaded, "home": home} if not form.faults else None


def twice_ranked(form: JoinForm) -> bool:
    """Whether two evenings are the same choice."""
    ranks = [value for name, value in form.typed.items() if name.startswith(RANK) and value]
    return len(set(ranks)) < len(ranks)


def read_home(session: Session, form: JoinForm) -> dict[str, Any]:
    """The fields of the home that was typed, a postcode or a school's name; sets `home`, `schools` and its fault.

    A postcode whose place is not known is kept, and no travel time is shown. Several schools of one name come back as
    a choice.
    """
    typed_home = form.of("home")
    if not typed_home:
        return {}
    digits = typed_home[:4]
    if digits.isascii() and digits.isdigit() and len(digits) == 4 and typed_home[4:5] in ("", " "):
        found = place_of_postcode(session, digits)
        if found is None:
            return {"postcode": digits}
        form.home = Home(found.lat, found.lon, rough=True)
        return {"postcode": digits, "lat": found.lat, "lon": found.lon}
    named = schools_named(session, typed_home.partition(",")[0]) if typed_home.isprintable() else []
    chosen = next((row for row, _town in named if row.id == form.of("school")), None)
    exact = [row for row, town in named if f"{row.name}, {town}".casefold() == typed_home.casefold()]
    school = chosen or (named[0][0] if len(named) == 1 else exact[0] if len(exact) == 1 else None)
    if school is None:
        form.schools = named
        form.faults["home"] = (
            _("Choose your school below.")
            if named
            else _("Write a postcode of four digits or the name of your school, or leave it empty.")
        )
        return {}
    form.home = Home(school.lat, school.lon)
    return {"school": school.id}


def keep_faults(form: JoinForm, error: InvalidInput) -> None:
    """Puts what a service refused beside its fields."""
    for fault in error.errors:
        form.faults[fault.field] = " ".join(filter(None, (fault.sentence, fault.remedy)))
    if error.field:
        form.faults[error.field] = " ".join(filter(None, (error.sentence, error.remedy)))
    form.in_order()


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else text


def _remedy(name: str) -> str:
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
