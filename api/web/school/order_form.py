"""What the order form says, kept as it was typed, and read into what a new request is made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
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
from api.queries.school_search import Found, school_of, schools_named
from api.web import form_values

ONE, ROW, GATHERED = "one", "row", "gathered"
ROWS = (1, 2, 3)
WHEN = (
    "search", "school", "meeting", *(f"class{n}" for n in ROWS), *(f"pupils{n}" for n in ROWS), "classes", "pupils",
    "starts", "invited",
)  # fmt: skip
WISHES = (
    "name", "email", "phone", "purpose", "mode", "fallback", "note", "role_models", "language", "curriculum",
)  # fmt: skip
LISTS = {"when": ("grades", "days"), "wishes": ("topics",)}
FIELDS = {"when": WHEN, "wishes": WISHES}
KEPT = (*WHEN, *WISHES, "previous", "looked")
USUAL = {
    "meeting": ONE, "starts": "09:00", "purpose": "broaden", "mode": "physical", "fallback": "stand_in",
    "role_models": "1",
}  # fmt: skip
CHOICES = {"purpose": Purpose, "mode": RequestMode, "fallback": Fallback}
LESSON, BREAK = timedelta(minutes=45), timedelta(minutes=10)
SHORTEST_MAIL, LONGEST_MAIL, LONGEST_NOTE, MOST_DAYS = 3, 254, 500, 20
SHORTEST_PHONE, LONGEST_PHONE = 5, 32
GRADES = range(1, 14)
OFFERED_GRADES = range(8, 14)


class OrderForm:
    """texts, lists: what stands in the form. faults: field → sentence. schools: those that the search found."""

    def __init__(self, session: Session, values: Mapping[str, Any] | None = None) -> None:
        given = values or {}
        self.texts = {name: str(given.get(name) or USUAL.get(name, "")) for name in KEPT}
        self.lists: dict[str, list[str]] = {
            name: [str(one) for one in given.get(name) or []] for names in LISTS.values() for name in names
        }
        self.faults: dict[str, str] = {}
        self.schools: list[Found] = []
        self.school: School | None = None
        self._find_school(session)

    def of(self, name: str) -> str:
        return self.texts[name]

    @property
    def days(self) -> list[date]:
        """The chosen days that are dates, in order."""
        return sorted({day for one in self.lists["days"] if (day := _day(one)) is not None})

    @property
    def grades(self) -> list[int]:
        return sorted({int(one) for one in self.lists["grades"] if one.isdecimal() and int(one) in GRADES})

    @property
    def offered_grades(self) -> list[int]:
        """Lower and upper secondary school, and what the chosen school has below it."""
        lowest = (self.school.lowest_grade if self.school else None) or OFFERED_GRADES.start
        return sorted({*range(min(lowest, OFFERED_GRADES.start), OFFERED_GRADES.stop), *self.grades})

    @property
    def lessons(self) -> int:
        """How many lessons in a row it is about."""
        if self.of("meeting") != ROW:
            return 1
        return max(1, sum(1 for n in ROWS if self.of(f"class{n}") or self.of(f"pupils{n}")))

    @property
    def mode(self) -> RequestMode:
        return RequestMode(self.of("mode")) if self.of("mode") in list(RequestMode) else RequestMode.PHYSICAL

    @property
    def first_lesson(self) -> time:
        return _time(self.of("starts")) or time(9)

    @property
    def times(self) -> list[tuple[time, time]]:
        """From when to when each lesson of a row lasts, about."""
        return [(start.time(), end.time()) for start, end in _lessons(self.first_lesson, len(ROWS))]

    @classmethod
    def of_request(cls, session: Session, row: Request, later: timedelta = timedelta(0)) -> OrderForm:
        """What a request asks for, as it would be typed. later: so much later than it asks for it."""
        return cls(session, values_of(row, later))

    def read_when(self, season: Season, closed: Mapping[date, str]) -> dict[str, Any]:
        """School, classes and days. closed: days that cannot be chosen, and why. `faults` says what is wrong."""
        if self.school is None:
            self.faults["search"] = _("Choose the school from the list.")
        if not self.grades:
            self.faults["grades"] = _("Choose at least one year of school.")
        classes = self._classes()
        days = self._usable_days(season, closed)
        starts = _time(self.of("starts"))
        if starts is None:
            self.faults["starts"] = _("Give a time such as 17:00.")
        lessons = _lessons(starts or time(9), self.lessons)
        return classes | {
            "season": season.id,
            "school": self.school.id if self.school else "",
            "grade": self.grades[0] if self.grades else GRADES.start,
            "more_grades": self.grades[1:],
            "options": [{"lessons": [_on(day, lesson) for lesson in lessons]} for day in days],
        }

    def read_wishes(self) -> dict[str, Any]:
        """Whom we answer, and what for. `faults` says what is wrong with it."""
        mail, phone = self.of("email"), self.of("phone")
        if not self.of("name"):
            self.faults["name"] = _("Say whom we may answer.")
        if not SHORTEST_MAIL <= len(mail) <= LONGEST_MAIL or "@" not in mail.strip("@") or " " in mail:
            self.faults["email"] = _("Give the whole address, such as name@school.no.")
        if not SHORTEST_PHONE <= len(phone) <= LONGEST_PHONE or not any(one.isdecimal() for one in phone):
            self.faults["phone"] = _("Give a number that the role model can call.")
        return {"contact": {"name": self.of("name"), "email": mail, "phone": phone}} | self.read_choices()

    def read_choices(self) -> dict[str, Any]:
        """The wishes without the contact."""
        chosen: dict[str, Any] = {
            name: words(self.of(name)) for name, words in CHOICES.items() if self.of(name) in list(words)
        }
        if chosen.get("mode"):
            chosen["prefers"] = Mode.DIGITAL if chosen["mode"] is RequestMode.DIGITAL else Mode.PHYSICAL
        language = self.of("language").lower()
        return chosen | {
            "topics": self.lists["topics"],
            "note": self.of("note") or None,
            "role_models": self._whole("role_models", 1, 3) or 1,
            "language": language if language.isascii() and language.isalpha() and len(language) <= 3 else None,
            "curriculum": self.of("curriculum"),
        }

    def _classes(self) -> dict[str, Any]:
        """classes, class_list, pupils: by the way they meet the role model."""
        if self.of("meeting") == GATHERED:
            pupils = self._whole("pupils", 0, 5000) if self.of("pupils") else None
            return {"classes": self._whole("classes", 1, 50) or 1, "class_list": [], "pupils": pupils}
        rows = []
        for n in ROWS if self.of("meeting") == ROW else ROWS[:1]:
            name, count = self.of(f"class{n}")[:40], self.of(f"pupils{n}")
            if name or count:
                rows.append({"name": name, "pupils": self._whole(f"pupils{n}", 1, 200) if count else None})
        if self.of("meeting") == ROW and len(rows) < len(ROWS[:2]):
            self.faults["class1"] = _("Write the classes that come after one another, such as 9A and 9B.")
        counts = [row["pupils"] for row in rows]
        return {
            "classes": max(1, len(rows)),
            "class_list": [row for row in rows if row["name"]],
            "pupils": sum(one or 0 for one in counts) if any(counts) else None,
        }

    def _usable_days(self, season: Season, closed: Mapping[date, str]) -> list[date]:
        today, found = clock.today(), self.days
        wrong = [day for day in found if day <= today or not season.starts_on <= day <= season.ends_on or day in closed]
        if wrong:
            said = _("%(day)s cannot be chosen. Take another day.", day=wrong[0].strftime("%d.%m.%Y"))
            self.faults["days"] = f"{said} {closed.get(wrong[0], '')}".strip()
            self.lists["days"] = [day.isoformat() for day in found if day not in wrong]
        elif not found:
            self.faults["days"] = _("Choose at least one day that suits.")
        elif len(found) > MOST_DAYS:
            self.faults["days"] = _("Choose at most %(most)s days.", most=MOST_DAYS)
        return found

    def _find_school(self, session: Session) -> None:
        if self.of("school"):
            self.school = school_of(session, self.of("school"))
        if self.school is None and self.of("search"):
            self.schools = schools_named(session, self.of("search"))
            if len(self.schools) == 1:
                self.school = self.schools[0].school
        self.texts["school"] = self.school.id if self.school else ""

    def _whole(self, name: str, least: int, most: int) -> int | None:
        given = self.of(name)
        if given.isascii() and given.isdigit() and len(given) < 6 and least <= int(given) <= most:
            return int(given)
        self.faults[name] = _("Give a number from %(least)s to %(most)s.", least=least, most=most)
        return None


def posted(part: str) -> dict[str, Any]:
    """The fields of one page ("when" or "wishes") as they were sent, cut to what a row can hold."""
    texts: dict[str, Any] = {name: form_values.text(name) for name in FIELDS[part]}
    if "note" in texts:
        texts["note"] = lines(request.form.get("note", ""), LONGEST_NOTE)
    lists = {name: [one[:40] for one in request.form.getlist(name)[:30]] for name in LISTS[part]}
    return texts | {name: [one for one in given if one.isprintable()] for name, given in lists.items()}


def lines(given: str, most: int) -> str:
    """A text of several lines without what no row can hold, at most so long."""
    text = unicodedata.normalize("NFC", given).replace("\r\n", "\n")
    kept = (one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))
    return "".join(kept).strip()[:most]


def values_of(row: Request, later: timedelta = timedelta(0)) -> dict[str, Any]:
    """What a request asks for, field by field."""
    lessons = row.options[0].lessons
    days = sorted({clock.to_oslo(option.lessons[0].starts_at).date() + later for option in row.options})
    values: dict[str, Any] = {
        "school": row.school_id,
        "search": row.school.name,
        "grades": [str(one) for one in (row.grade, *row.more_grades)],
        "meeting": GATHERED if len(lessons) < row.classes else ROW if row.classes > 1 else ONE,
        "classes": str(row.classes),
        "pupils": "" if row.pupils is None else str(row.pupils),
        "starts": f"{clock.to_local(lessons[0].starts_at):%H:%M}",
        "days": [day.isoformat() for day in days],
        "topics": [wish.topic.code for wish in row.topics if wish.use is TopicUse.NEEDED],
    } | _class_rows(row)
    for name in ("purpose", "mode", "fallback", "note", "role_models", "language", "curriculum"):
        value = getattr(row, name)
        values[name] = "" if value is None else str(getattr(value, "value", value))
    if row.contact is not None:
        values |= {name: getattr(row.contact, name) or "" for name in ("name", "email", "phone")}
    return values


def _class_rows(row: Request) -> dict[str, str]:
    """The rows of classes; those without a name are numbered, so that there are as many as the request has."""
    named = list(row.class_list)[: len(ROWS)]
    if not named and 1 < row.classes <= len(ROWS):
        named = [{"name": str(n), "pupils": None} for n in range(1, row.classes + 1)]
    if not named and row.classes == 1 and row.pupils:
        named = [{"name": "", "pupils": row.pupils}]
    found: dict[str, str] = {}
    for n, one in zip(ROWS, named, strict=False):
        found |= {f"class{n}": one["name"], f"pupils{n}": "" if one["pupils"] is None else str(one["pupils"])}
    return found


def _lessons(starts: time, count: int) -> Sequence[tuple[datetime, datetime]]:
    """So many lessons of 45 minutes with ten minutes between them, on no particular day."""
    first = datetime.combine(date(2000, 1, 3), starts)
    begins = [first + number * (LESSON + BREAK) for number in range(count)]
    return [(at, at + LESSON) for at in begins]


def _on(day: date, lesson: tuple[datetime, datetime]) -> dict[str, datetime]:
    start, end = lesson
    return {"starts_at": clock.at_local(day, start.time()), "ends_at": clock.at_local(day, end.time())}


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _time(given: str) -> time | None:
    try:
        return time.fromisoformat(given.replace(".", ":")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None
