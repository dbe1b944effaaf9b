"""What the order form says, kept as it was typed, and read into what a new request is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Fallback, Mode, Purpose, RequestMode, TopicUse
from api.i18n import gettext as _
from api.models.places import School
from api.models.programmes import Season
from api.models.visits import Request
from api.queries.school_search import schools_named
from api.web import form_values

FORM = "order"
DAYS = ("day1", "day2", "day3", "day4", "day5")
KEPT = (
    "key", "search", "school", "grade", "classes", "together", "pupils", *DAYS, "starts", "purpose", "mode", "fallback",
    "name", "email", "phone", "invited", "previous",
)  # fmt: skip
CHOICES = {"purpose": Purpose, "mode": RequestMode, "fallback": Fallback}
LESSON, BREAK = timedelta(minutes=45), timedelta(minutes=10)
IN_A_ROW = 3
SHORTEST_MAIL, LONGEST_MAIL = 3, 254


class OrderForm:
    """typed: the fields as texts. faults: field → sentence. schools: those that the search found."""

    def __init__(
        self, session: Session, typed: Mapping[str, str] | None = None, topics: Collection[str] | None = None
    ) -> None:
        """typed, topics: what stands in the form; what was posted if left out."""
        self.typed = {name: form_values.text(name) if typed is None else typed.get(name, "") for name in KEPT}
        self.topics = request.form.getlist("topics")[:30] if topics is None else list(topics)
        self.faults: dict[str, str] = {}
        self.schools: list[tuple[School, str]] = []
        self.school: School | None = None
        self._find_school(session)

    def of(self, name: str) -> str:
        return self.typed[name]

    @classmethod
    def of_request(cls, session: Session, row: Request, later: timedelta = timedelta(0)) -> OrderForm:
        """What a request asks for, as it would be typed. later: so much later than it asks for it."""
        lessons = row.options[0].lessons
        days = sorted({clock.to_oslo(option.lessons[0].starts_at).date() + later for option in row.options})
        typed = {
            "search": row.school.name,
            "school": row.school_id,
            "grade": str(row.grade),
            "classes": str(row.classes),
            "together": "1" if len(lessons) < row.classes else "",
            "pupils": "" if row.pupils is None else str(row.pupils),
            "starts": f"{clock.to_local(lessons[0].starts_at):%H:%M}",
            "purpose": row.purpose.value,
            "mode": row.mode.value,
            "fallback": row.fallback.value,
            **{name: day.isoformat() for name, day in zip(DAYS, days, strict=False)},
        }
        if row.contact is not None:
            typed |= {"name": row.contact.name, "email": row.contact.email or "", "phone": row.contact.phone or ""}
        needed = [wish.topic.code for wish in row.topics if wish.use is TopicUse.NEEDED]
        return cls(session, typed, needed)

    def read(self, season: Season) -> dict[str, Any]:
        """What a new request is made of; `faults` says what is wrong with it."""
        days = self._days()
        if not days and not any(name in self.faults for name in DAYS):
            self.faults["day1"] = _("Choose at least one day that suits.")
        grade, classes, pupils = self._whole("grade", 1, 13), self._whole("classes", 1, 50), None
        if self.of("pupils"):
            pupils = self._whole("pupils", 0, 5000)
        lessons = 1 if self.of("together") else classes
        if lessons > IN_A_ROW:
            self.faults.setdefault("classes", _("Three classes is the most that one role model takes in a row."))
        if self.school is None:
            self.faults["search"] = _("Choose the school from the list.")
        mail = self.of("email")
        if not SHORTEST_MAIL <= len(mail) <= LONGEST_MAIL or "@" not in mail.strip("@") or " " in mail:
            self.faults["email"] = _("Give an e-mail address, such as name@school.no.")
        if not self.of("name"):
            self.faults["name"] = _("Say whom we may answer.")
        starts = self._starts()
        chosen = {name: self.of(name) for name, words in CHOICES.items() if self.of(name) in list(words)}
        if chosen.get("mode") == RequestMode.DIGITAL.value:
            chosen["prefers"] = Mode.DIGITAL.value
        return {
            "season": season.id,
            "school": self.school.id if self.school else "",
            "grade": grade,
            "classes": classes,
            "pupils": pupils,
            "topics": self.topics,
            "options": [{"lessons": _lessons(day, starts, lessons)} for day in days],
            "contact": {"name": self.of("name"), "email": mail, "phone": self.of("phone")[:32] or None},
            **chosen,
        }

    def _find_school(self, session: Session) -> None:
        self.schools = schools_named(session, self.of("search"))
        by_id = {school.id: school for school, _town in self.schools}
        if self.of("school") in by_id:
            self.school = by_id[self.of("school")]
        elif len(self.schools) == 1:
            self.school = self.schools[0][0]

    def _days(self) -> list[date]:
        found: list[date] = []
        for name in DAYS:
            try:
                day = date.fromisoformat(self.of(name)) if self.of(name) else None
            except ValueError:
                self.faults[name] = _("Give a date such as 2027-02-04.")
                continue
            if day is not None and day not in found:
                found.append(day)
        return sorted(found)

    def _whole(self, name: str, least: int, most: int) -> int:
        given = self.of(name)
        if given.isascii() and given.isdigit() and len(given) < 6 and least <= int(given) <= most:
            return int(given)
        self.faults[name] = _("Give a number from %(least)s to %(most)s.", least=least, most=most)
        return least

    def _starts(self) -> time:
        try:
            return time.fromisoformat(self.of("starts").replace(".", ":")).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.faults["starts"] = _("Give a time such as 17:00.")
            return time(9)


def _lessons(day: date, starts: time, count: int) -> list[dict[str, datetime]]:
    """So many lessons of 45 minutes with ten minutes between them."""
    first = clock.at_local(day, starts)
    begins = [first + number * (LESSON + BREAK) for number in range(min(count, IN_A_ROW))]
    return [{"starts_at": at, "ends_at": at + LESSON} for at in begins]
