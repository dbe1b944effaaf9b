"""The words of the order form: rows of the look over, choices, times, and what the receipt says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from babel import Locale
from babel.dates import format_interval
from sqlalchemy.orm import Session, object_session

from api import clock
from api.domain.enums import Fallback, Purpose, RequestMode
from api.errors import AppError
from api.i18n import clock_time, current_locale, day_and_month, long_date, mark, ngettext, number, percent
from api.i18n import gettext as _
from api.models.programmes import Window
from api.models.visits import Request
from api.queries import schools as catalogue
from api.queries.chances import VisitChance
from api.queries.order_calendar import Week
from api.queries.snapshot_languages import NORWEGIAN
from api.web.school.order_form import GATHERED, ROW, ROWS, OrderForm
from api.web.words import grade

FIRST_START, LAST_START, QUARTER = 8 * 60, 14 * 60, 15
HARD_SPACE = "\N{NO-BREAK SPACE}"
COMES_BEFORE = timedelta(minutes=15)
PURPOSES = (
    (Purpose.BROADEN.value, mark("Show the breadth"), mark("See what one can become")),
    (Purpose.DEEPEN.value, mark("Go deeper"), mark("Deeper into a subject you work with")),
    (Purpose.INTEREST.value, mark("Raise interest"), mark("Open their eyes to a field")),
)
MODES = (
    (RequestMode.PHYSICAL.value, mark("At the school")),
    (RequestMode.DIGITAL.value, mark("Digitally")),
    (RequestMode.EITHER.value, mark("Both are fine")),
)
FALLBACKS = (
    (Fallback.STAND_IN.value, mark("Find a stand-in the same day")),
    (Fallback.DIGITAL.value, mark("Hold it digitally the same day")),
    (Fallback.ANOTHER_DATE.value, mark("Find another day")),
    (Fallback.DROP.value, mark("Drop the visit")),
)

# By what matcher.chance_visits answers: a word, and what it means.
CHANCES: dict[str | None, tuple[str, str]] = {
    "at_once": (
        mark("A visit fits, as the plan stands today."),
        mark("Somebody who suits is free on one of your days."),
    ),
    "by_moving": (
        mark("A visit fits if a few others are moved."),
        mark("They keep their visits, with another role model or at another time that suits them."),
    ),
    "perhaps": (
        mark("It is uncertain whether a visit fits."),
        mark("Those who suit are taken on your days, and others may have to be moved. More days help."),
    ),
    "no": (
        mark("Not with today's role models."),
        mark("Nobody can come on these days without a school losing its visit. Other days or topics can change that."),
    ),
    None: (
        mark("How likely a visit is, is not known yet."),
        mark("There is no plan for these weeks so far."),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the look over. more: a quiet second line. field: where it is changed."""

    label: str
    value: str
    field: str
    more: str = ""


def week_span(week: Week) -> str:
    """ "11.–15. jan."."""
    return str(format_interval(week.monday, week.friday, "MMMd", locale=current_locale()))


def saved_at(moment: datetime) -> str:
    return _("Draft saved at %(time)s", time=clock_time(moment))


def come(count: int | None) -> str:
    """How many could come on a day, in the cell of the calendar."""
    if count is None:
        return ""
    return _("None yet") if count == 0 else _("%(count)s can come", count=number(count))


def chance(found: VisitChance | None) -> tuple[str, str]:
    """What an order can expect: a word, and what it means. Both empty while there is nothing to go by."""
    if found is None:
        return "", ""
    word, meaning = (_(said) for said in CHANCES[found.now])
    if found.past is not None:
        before = _(
            "In %(season)s %(share)s of %(count)s orders like this got a visit.",
            season=found.past.season,
            share=percent(found.past.share),
            count=number(found.past.like),
        )
    elif found.now is not None:
        before = _("How orders like this fared last time is not known yet.")
    else:
        before = ""
    return word, f"{meaning} {before}".strip()


def starts(chosen: str) -> list[tuple[str, str]]:
    """Each quarter of an hour of a school's morning, and what is chosen already."""
    offered = {f"{at // 60:02}:{at % 60:02}" for at in range(FIRST_START, LAST_START + 1, QUARTER)}
    values = sorted(offered | ({chosen} if _is_time(chosen) else set()))
    return [(value, clock_time(time.fromisoformat(value))) for value in values]


def sentence(error: AppError) -> str:
    """What cannot be done, and what helps."""
    return " ".join([error.sentence, error.remedy or "", *(fault.sentence for fault in error.errors)]).strip()


def wishes_of(session: Session, form: OrderForm) -> dict[str, Any]:
    """What the page of wishes offers."""
    spoken = [code for code in catalogue.languages(session) if code not in NORWEGIAN]
    chosen = [form.of("language")] if form.of("language") and form.of("language") not in ("", *spoken) else []
    return {
        "purposes": [(value, _(words), _(line)) for value, words, line in PURPOSES],
        "modes": [(value, _(words)) for value, words in MODES],
        "fallbacks": [(value, _(words), "") for value, words in FALLBACKS],
        "topics": [(one.code, capital(getattr(one, f"name_{current_locale()}"))) for one in catalogue.topics(session)],
        "language_choices": [("", _("Norwegian")), *((code, language(code)) for code in [*spoken, *chosen])],
    }


def language(code: str) -> str:
    """What a language is called, in the reader's own."""
    return str(Locale.parse(current_locale()).languages.get(code, code))


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def listed(words: Sequence[str]) -> str:
    """ "9A, 9B og 9C"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(most)s and %(last)s", most=", ".join(words[:-1]), last=words[-1])


def either(words: Sequence[str]) -> str:
    """ "20., 21. eller 22. april"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(most)s or %(last)s", most=", ".join(words[:-1]), last=words[-1])


def grades_of(grades: Sequence[int]) -> str:
    return listed([grade(one) for one in sorted(grades)])


def days_of(days: Sequence[date], *, weekdays: bool = True) -> str:
    """ "tirsdag 20., onsdag 21. eller torsdag 22. april": the month once where it is one, in Norwegian."""
    said = [long_date(day) if weekdays else day_and_month(day) for day in days]
    if current_locale() != "en" and len({(day.year, day.month) for day in days}) == 1:
        said[:-1] = [words.rpartition(HARD_SPACE)[0] for words in said[:-1]]
    return either(said)


def short_facts(form: OrderForm) -> list[tuple[str, str]]:
    """What has been said on the first page, beside the second."""
    facts = [
        (_("School"), form.school.name if form.school else ""),
        (_("Years of school"), grades_of(form.grades)),
        (_("Classes"), _class_names(form)),
        (_("Days"), days_of(form.days, weekdays=False)),
    ]
    return [(label, words) for label, words in facts if words]


def when_rows(form: OrderForm, town: str) -> list[Row]:
    """School, grades, classes, days and start."""
    weeks = [number(week) for week, _days in groupby(form.days, key=lambda day: day.isocalendar().week)]
    return [
        Row(_("School"), f"{form.school.name}, {town}" if form.school else "", "search"),
        Row(_("Years of school"), grades_of(form.grades), "grades"),
        Row(_("Classes"), _classes(form), "meeting"),
        Row(_("Days that suit"), capital(days_of(form.days)), "days", _("Week %(weeks)s", weeks=listed(weeks))),
        Row(_("Start"), _("At %(time)s", time=clock_time(form.first_lesson)), "starts"),
    ]


def wish_rows(session: Session, form: OrderForm) -> list[Row]:
    """Whom we answer, and the wishes."""
    offered = wishes_of(session, form)
    purpose, mode, fallback = (
        {value: words for value, words, *_line in offered[key]}.get(form.of(name), "")
        for key, name in (("purposes", "purpose"), ("modes", "mode"), ("fallbacks", "fallback"))
    )
    named = [words for code, words in offered["topics"] if code in form.lists["topics"]]
    rows = [
        Row(_("Contact"), form.of("name"), "name", " · ".join(filter(None, (form.of("email"), form.of("phone"))))),
        Row(_("Purpose"), purpose, "purpose"),
        Row(_("Topics"), ", ".join(named) or _("All suit"), "topics"),
        Row(_("Meeting place"), mode, "mode"),
        Row(_("If it does not work out"), fallback, "fallback"),
        Row(_("To the role model"), form.of("note"), "note"),
        Row(_("Role models"), form.of("role_models") if form.of("role_models") != "1" else "", "role_models"),
        Row(_("Language"), language(form.of("language")) if form.of("language") else "", "language"),
        Row(_("In the curriculum"), form.of("curriculum"), "curriculum"),
    ]
    return [row for row in rows if row.value]


def window_of(made: Request) -> datetime | None:
    """Until when orders count as equal with this one, None outside a window."""
    session = object_session(made)
    window = session.get(Window, made.window_id) if session and made.window_id else None
    return window.closes_at if window is not None and window.closes_at > clock.now() else None


def _class_names(form: OrderForm) -> str:
    if form.of("meeting") == GATHERED:
        count = int(form.of("classes")) if form.of("classes").isdecimal() else 1
        return ngettext("%(num)s class", "%(num)s classes", count, num=count)
    rows = ROWS if form.of("meeting") == ROW else ROWS[:1]
    return listed([form.of(f"class{n}") for n in rows if form.of(f"class{n}")])


def _classes(form: OrderForm) -> str:
    names = _class_names(form)
    rows = ROWS if form.of("meeting") == ROW else ROWS[:1]
    counts = [form.of(f"pupils{n}") for n in rows] if form.of("meeting") != GATHERED else [form.of("pupils")]
    pupils = sum(int(one) for one in counts if one.isdecimal())
    if form.of("meeting") == GATHERED:
        said = _("Gathered: %(classes)s", classes=names)
    elif form.of("meeting") == ROW:
        said = _("After one another: %(classes)s", classes=names)
    else:
        said = names or _("One class")
    if not pupils:
        return said
    return f"{said} ({ngettext('%(num)s pupil', '%(num)s pupils', pupils, num=pupils)})"


def _is_time(given: str) -> bool:
    try:
        time.fromisoformat(given)
    except ValueError:
        return False
    return len(given) == len("09:00")
