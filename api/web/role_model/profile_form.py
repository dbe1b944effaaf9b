"""What the form of a profile says, kept as it was typed, and read into what changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.role_models import RoleModel
from api.queries.profiles import place_at
from api.web import form_values

LIMITS = {"max_lessons": 20, "max_per_day": 20, "max_per_week": 50, "max_per_term": 200}
LANGUAGE = re.compile(r"[a-z]{2,3}")
_TIME = re.compile(r"([1-7]) (\d\d):(\d\d) (\d\d):(\d\d)")
ROWS = range(3)


@dataclass
class ProfileForm:
    """typed: what was sent. faults: field → sentence."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, stored: object = "") -> str:
        """What was typed in a field, or what is stored where nothing was sent."""
        return self.typed[name] if name in self.typed else "" if stored is None else str(stored)

    def ticked(self, name: str, value: str, stored: bool) -> bool:
        """Whether a box is to be ticked."""
        return value in request.form.getlist(name) if self.typed else stored


def typed() -> ProfileForm:
    return ProfileForm({name: form_values.text(name) for name in request.form})


def read(session: Session, form: ProfileForm, role_model: RoleModel) -> dict[str, Any]:
    """What changes, as `change_role_model` takes it; `faults` says what is wrong."""
    given: dict[str, Any] = {"modes": _modes(form), "topics": request.form.getlist("topics")[:50]}
    _place(session, form, role_model, given)
    _whole(form, given, "max_travel_minutes", 1440)
    for name, most in LIMITS.items():
        _whole(form, given, name, most)
    _whole(form, given, "lowest_grade", 13)
    _whole(form, given, "highest_grade", 13)
    lowest, highest = given.pop("lowest_grade", None), given.pop("highest_grade", None)
    if lowest and highest and lowest <= highest:
        given["grades"] = (lowest, highest)
    else:
        form.faults.setdefault("lowest_grade", _("Choose the lowest year first, and then the highest."))
    given["languages"] = [word for word in form.of("languages").lower().replace(",", " ").split() if word]
    if not all(LANGUAGE.fullmatch(word) for word in given["languages"]):
        form.faults["languages"] = _("Write codes such as nb, nn, en, with commas between.")
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


def _place(session: Session, form: ProfileForm, role_model: RoleModel, given: dict[str, Any]) -> None:
    place = form.of("place")
    if place == role_model.place:
        return
    found = place_at(session, place)
    if found is None:
        form.faults["place"] = _("Write the name of a municipality, or of a school near you.")
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
