"""What the form of a profile says, kept as it was typed, and read into what changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, TravelPayer
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.role_models import RoleModel
from api.queries.profiles import grid, place_at
from api.queries.snapshot_languages import NORWEGIAN
from api.web import form_values
from api.web.role_model.languages import COMMON, codes_of, name_of

LIMITS = {"max_lessons": 20, "max_per_day": 20, "max_per_week": 50, "max_per_term": 200}
MOST_MINUTES = 1440
PHONE_MOST = 32
_TIME = re.compile(r"([1-7]) (\d\d):(\d\d) (\d\d):(\d\d)")


@dataclass
class ProfileForm:
    """typed: what was sent. faults: field → sentence. stored, lists: what the profile says where nothing was sent."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)

    @property
    def is_sent(self) -> bool:
        """Whether the profile itself was sent, and not another form of its page."""
        return "place" in self.typed

    def of(self, name: str) -> str:
        """What was typed in a field, or what is stored where nothing was sent."""
        return self.typed[name] if name in self.typed else self.stored.get(name, "")

    def chosen(self, name: str) -> set[str]:
        """The values of a list that are ticked."""
        return set(request.form.getlist(name)) if self.is_sent else self.lists.get(name, set())


def typed() -> ProfileForm:
    return ProfileForm({name: form_values.text(name) for name in request.form})


def fill(form: ProfileForm, role_model: RoleModel) -> ProfileForm:
    """The form with what the profile has beside what was typed."""
    plain = ("title", "place", "max_travel_minutes", "lowest_grade", "highest_grade", *LIMITS)
    form.stored = {name: str(getattr(role_model, name)) for name in plain}
    form.stored |= {
        "phone": role_model.person.phone or "",
        "travel_payer": role_model.travel_payer or "",
        "away_until": role_model.away_until.isoformat() if role_model.away_until else "",
    }
    for number, row in enumerate(sorted(role_model.blocked, key=lambda one: one.from_date)):
        form.stored |= {f"from_{number}": row.from_date.isoformat(), f"to_{number}": row.to_date.isoformat()}
    spoken = {"nb" if one.language in NORWEGIAN else one.language for one in role_model.languages} or {"nb"}
    form.stored["other_languages"] = ", ".join(sorted(name_of(one) for one in spoken - set(COMMON)))
    rows, others = grid(role_model)
    form.lists = {
        "topics": {topic.code for topic in role_model.topics},
        "modes": {mode.value for mode in Mode if getattr(role_model, mode.value)},
        "languages": spoken & set(COMMON),
        "times": {box.value for boxes in (*rows, others) for box in boxes if box.ticked},
    }
    return form


def read(session: Session, form: ProfileForm, role_model: RoleModel) -> dict[str, Any]:
    """What changes, as `change_role_model` takes it; `faults` says what is wrong."""
    given: dict[str, Any] = {"modes": _modes(form), "topics": request.form.getlist("topics")[:50]}
    given["title"], given["person"] = form.of("title"), {"phone": form.of("phone")[:PHONE_MOST] or None}
    payer = form.of("travel_payer")
    given["travel_payer"] = TravelPayer(payer) if payer in list(TravelPayer) else None
    _whole(form, given, "max_travel_minutes", MOST_MINUTES)
    _place(session, form, role_model, given)
    for name, most in LIMITS.items():
        _whole(form, given, name, most)
    _whole(form, given, "lowest_grade", 13)
    _whole(form, given, "highest_grade", 13)
    lowest, highest = given.pop("lowest_grade", None), given.pop("highest_grade", None)
    if lowest and highest and lowest <= highest:
        given["grades"] = (lowest, highest)
    else:
        form.faults.setdefault("lowest_grade", _("Choose the lowest year first, and then the highest."))
    given["languages"] = _languages(form)
    given["free_times"] = _free_times(form)
    given["blocked"] = _blocked(form)
    return given


def away_until(form: ProfileForm) -> date | None:
    """The day of "away until", None for not away."""
    try:
        day = form_values.day("away_until")
    except InvalidInput as error:
        form.faults["away_until"] = f"{error.sentence} {error.remedy}"
        return None
    if day is not None and day < clock.today():
        form.faults["away_until"] = _("That day has been. Give a day to come, or leave it empty.")
    return day


def _modes(form: ProfileForm) -> tuple[Mode, ...]:
    modes = tuple(mode for mode in Mode if mode.value in request.form.getlist("modes"))
    if not modes:
        form.faults["modes"] = _("Tick at least one.")
    return modes


def _languages(form: ProfileForm) -> list[str]:
    ticked = [code for code in COMMON if code in request.form.getlist("languages")]
    others, unknown = codes_of(form.of("other_languages"))
    if unknown:
        form.faults["other_languages"] = _("We do not know the language «%(name)s».", name=unknown)
    elif not (ticked or others):
        form.faults["languages"] = _("Tick at least one.")
    return [*ticked, *others]


def _place(session: Session, form: ProfileForm, role_model: RoleModel, given: dict[str, Any]) -> None:
    place = form.of("place")
    if place == role_model.place:
        return
    found = place_at(session, place)
    if found is None:
        form.faults["place"] = _("Write the name of a municipality, a postcode, or a school near you.")
        return
    given["place"], (given["lat"], given["lon"]) = place, found


def _whole(form: ProfileForm, given: dict[str, Any], name: str, most: int) -> None:
    try:
        value = form_values.whole(name, most)
    except InvalidInput as error:
        form.faults[name] = f"{error.sentence} {error.remedy}"
        return
    if value is None:
        form.faults[name] = _("Give a number from 0 to %(most)s.", most=most)
    else:
        given[name] = value


def _free_times(form: ProfileForm) -> list[dict[str, Any]]:
    """The ticked times, those that touch joined into one."""
    spans: dict[int, list[tuple[time, time]]] = {}
    for value in request.form.getlist("times")[:100]:
        found = _TIME.fullmatch(value)
        try:
            numbers = [int(part) for part in found.groups()] if found else []
            day, hour, minute, last_hour, last_minute = numbers
            starts, ends = time(hour, minute), time(last_hour, last_minute)
        except ValueError:
            day, starts, ends = 0, time.min, time.min
        if starts >= ends:
            form.faults["times"] = _("Tick the times once more.")
            return []
        spans.setdefault(day, []).append((starts, ends))
    return [
        {"weekday": day, "starts": starts, "ends": ends}
        for day in sorted(spans)
        for starts, ends in _joined(sorted(spans[day]))
    ]


def _joined(spans: list[tuple[time, time]]) -> list[tuple[time, time]]:
    joined: list[tuple[time, time]] = []
    for starts, ends in spans:
        if joined and starts <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((starts, ends))
    return joined


def _blocked(form: ProfileForm) -> list[dict[str, date]]:
    """The rows of days on which nothing suits; an empty row says nothing, one day alone is both ends."""
    rows: list[dict[str, date]] = []
    numbers = sorted({int(name[5:]) for name in form.typed if re.fullmatch(r"from_\d{1,2}", name)})
    for number in numbers:
        try:
            first, last = form_values.day(f"from_{number}"), form_values.day(f"to_{number}")
        except InvalidInput as error:
            form.faults[f"from_{number}"] = f"{error.sentence} {error.remedy}"
            continue
        if first is None and last is None:
            continue
        first, last = first or last, last or first
        assert first is not None
        assert last is not None
        if first > last:
            form.faults[f"from_{number}"] = _("The last day must not come before the first.")
        elif {"from_date": first, "to_date": last} not in rows:
            rows.append({"from_date": first, "to_date": last})
    return rows
