"""Texts, dates and numbers in the reader's language, without Flask: the edge, mails and jobs all use this module.

The texts in the code are English; `api/translations/<locale>/LC_MESSAGES/messages.po` holds the others. A language is
added by its catalogue and one line in LOCALES. The locale of the running request, mail or job is a context variable.
What the catalogue of nynorsk lacks is said in bokmål.
"""

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from babel import Locale as BabelLocale
from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from api.clock import to_local

DEFAULT_LOCALE = "nb"
LOCALES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
MAIL_LOCALES = tuple(LOCALES)

_REGIONS = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}
_PATTERNS = {
    "nb": {
        "short_date": "EEEEEE d. MMM",
        "long_date": "EEEE d. MMMM",
        "full_date": "d. MMMM y",
        "day_and_month": "d. MMMM",
        "day_in_cell": "d. MMM",
        "time": "HH.mm",
        "at": "{date} kl. {time}",
        "percent": "{share} %",
    },
    "en": {
        "short_date": "EEE d MMM",
        "long_date": "EEEE d MMMM",
        "full_date": "d MMMM y",
        "day_and_month": "d MMMM",
        "day_in_cell": "d MMM",
        "time": "HH:mm",
        "at": "{date} at {time}",
        "percent": "{share}%",
    },
}
_PATTERNS["nn"] = _PATTERNS["nb"]
_FALLBACKS = {"nn": "nb"}
_HARD_SPACE = "\N{NO-BREAK SPACE}"

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


def current_locale() -> str:
    """The locale texts are given in now, one of LOCALES."""
    return _locale.get()


def set_locale(locale: str | None) -> None:
    """Use `locale` for the rest of this request or job; an unknown one means the default."""
    _locale.set(known_locale(locale) or DEFAULT_LOCALE)


@contextmanager
def use_locale(locale: str | None) -> Iterator[None]:
    """Use `locale` inside the block, as pages do: a text in another language."""
    with _within(known_locale(locale) or DEFAULT_LOCALE):
        yield


@contextmanager
def use_mail_locale(locale: str) -> Iterator[None]:
    """Use a receiver's language, one of MAIL_LOCALES, inside the block: a mail, a calendar."""
    with _within(locale if locale in MAIL_LOCALES else DEFAULT_LOCALE):
        yield


@contextmanager
def _within(locale: str) -> Iterator[None]:
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


def known_locale(locale: str | None) -> str | None:
    """The one of LOCALES that `locale` ("nb-NO", "no", "EN") means, or None."""
    language = (locale or "").replace("_", "-").split("-")[0].lower()
    language = "nb" if language == "no" else language
    return language if language in LOCALES else None


@lru_cache(maxsize=8)
def catalogue(locale: str) -> NullTranslations:
    """The texts of one language, read from its .po files once (a room may keep its own file); English needs none."""
    folder = files("api").joinpath("translations", locale, "LC_MESSAGES")
    texts = catalogue(_FALLBACKS[locale]) if locale in _FALLBACKS else NullTranslations()
    sources = [entry for entry in folder.iterdir() if entry.name.endswith(".po")] if folder.is_dir() else []
    for source in sorted(sources, key=lambda entry: entry.name):
        compiled = io.BytesIO()
        with source.open("rb") as lines:
            write_mo(compiled, read_po(lines, locale=locale))
        compiled.seek(0)
        part = GNUTranslations(compiled)
        part.add_fallback(texts)
        texts = part
    return texts


def gettext(message: str, /, **values: object) -> str:
    """`message` in the current locale, `%(name)s` filled from `values` when there are any."""
    text = catalogue(current_locale()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """The form that `count` takes in the current locale, filled; `%(num)s` is the count."""
    return plural_form(singular, plural, count) % {"num": count, **values}


def plural_form(singular: str, plural: str, count: int, /) -> str:
    """The form that `count` takes in the current locale, not filled yet: templates fill it themselves."""
    return catalogue(current_locale()).ngettext(singular, plural, count)


def mark(message: str, /) -> str:
    """Marks a text for the catalogue where it is defined; `gettext` translates it where it is shown."""
    return message


def short_date(day: dt.date) -> str:
    """A date in a list: "to. 4. feb."; a datetime counts as its day in Oslo."""
    return _formatted(day, "short_date")


def long_date(day: dt.date) -> str:
    """A date in a sentence: "torsdag 4. februar"."""
    return _formatted(day, "long_date")


def full_date(day: dt.date) -> str:
    """A date with its year: "4. februar 2027"."""
    return _formatted(day, "full_date")


def day_and_month(day: dt.date) -> str:
    """A date beside others of its week: "4. februar"."""
    return _formatted(day, "day_and_month")


def day_in_cell(day: dt.date) -> str:
    """A date in a calendar: "4. feb."."""
    return _formatted(day, "day_in_cell")


def clock_time(moment: dt.datetime | dt.time) -> str:
    """A time of day: "10.15". Aware datetimes are shown in Oslo time, naive ones are local already."""
    if isinstance(moment, dt.datetime):
        moment = _local(moment).time()
    return dates.format_time(moment, _pattern("time"), locale=_babel_locale())


def short_datetime(moment: dt.datetime) -> str:
    """A moment in a list: "to. 4. feb. kl. 10.15", unbreakable."""
    text = _pattern("at").format(date=short_date(moment), time=clock_time(moment))
    return text.replace(" ", _HARD_SPACE)


def number(value: float, decimals: int | None = None) -> str:
    """A number with hard spaces between thousands: "4 512"; `decimals` fixes the digits after the comma."""
    pattern = None if decimals is None else f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    text = numbers.format_decimal(value, format=pattern, locale=_babel_locale())
    return text.replace(" ", _HARD_SPACE)


def percent(share: float, decimals: int = 0) -> str:
    """A share from 0 to 1 as per cent: "68 %", in English "68%"."""
    return _pattern("percent").format(share=number(share * 100, decimals)).replace(" ", _HARD_SPACE)


def _formatted(day: dt.date, name: str) -> str:
    if isinstance(day, dt.datetime):
        day = _local(day).date()
    return dates.format_date(day, _pattern(name), locale=_babel_locale()).replace(" ", _HARD_SPACE)


def _local(moment: dt.datetime) -> dt.datetime:
    return to_local(moment) if moment.tzinfo else moment


def _pattern(name: str) -> str:
    return _PATTERNS.get(current_locale(), _PATTERNS[DEFAULT_LOCALE])[name]


def _babel_locale() -> BabelLocale:
    return BabelLocale.parse(_REGIONS[current_locale()])
