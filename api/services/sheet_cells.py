"""What the cells of a sheet may hold, read from text as people write it in Norwegian or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar

from babel import Locale
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from api import clock
from api.domain.enums import Gender, Mode
from api.services.sheets import plain

FIRST_YEAR, LAST_YEAR = 1990, 2199
WEEKDAYS = ("ma", "ti", "on", "to", "fr", "lø", "sø")
_WEEKDAY_NAMES = (
    ("mandag", "måndag", "monday"),
    ("tirsdag", "tysdag", "tuesday"),
    ("onsdag", "wednesday"),
    ("torsdag", "thursday"),
    ("fredag", "friday"),
    ("lørdag", "laurdag", "saturday"),
    ("søndag", "sundag", "sunday"),
)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NORWEGIAN_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::00)?", re.ASCII)
_FREE_TIME = re.compile(r"([^\W\d]+)\.?(?:\s*[-–]\s*([^\W\d]+)\.?)?\s+(.+)")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_YES = frozenset({"ja", "yes", "y", "j", "true", "sann", "1", "x"})
_NO = frozenset({"nei", "no", "n", "false", "usann", "0"})
WordT = TypeVar("WordT", bound=StrEnum)


def clean_text(text: str) -> str:
    """The text in Unicode's composed form (NFC). Raises ValueError for what cannot be written on one line."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("The text holds a line break or a character that cannot be written.")
    return unicodedata.normalize("NFC", text)


def parts(text: str) -> list[str]:
    """The items of a list in a cell, separated by comma, semicolon, bar or line break."""
    return [item for item in (piece.strip() for piece in re.split(r"[,;|\n]", text)) if item]


def day(text: str) -> date:
    """A date as 2027-03-08 or 8.3.2027."""
    if found := _ISO_DAY.fullmatch(text):
        year, month, number = found.groups()
    elif found := _NORWEGIAN_DAY.fullmatch(text):
        number, month, year = found.groups()
    else:
        raise ValueError(f"{text[:40]!r} is no date.")
    try:
        made = date(int(year), int(month), int(number))
    except ValueError:
        raise ValueError(f"There is no date {text!r}.") from None
    if not FIRST_YEAR <= made.year <= LAST_YEAR:
        raise ValueError(f"The year of {text!r} is not from {FIRST_YEAR} to {LAST_YEAR}.")
    return made


def past_day(text: str) -> date:
    """A date that is not ahead."""
    made = day(text)
    if made > clock.today():
        raise ValueError(f"{made.isoformat()} has not come yet.")
    return made


def time_of_day(text: str) -> time:
    """A time as 17:00, 17.00 or 17."""
    found = _TIME.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise ValueError(f"{text[:40]!r} is no time of day.")
    return time(int(found[1]), int(found[2] or 0))


def time_range(text: str) -> tuple[time, time]:
    """Two times as 08:30-09:15, the later one last."""
    both = re.split(r"[-–]", text)
    if len(both) != 2:
        raise ValueError(f"{text[:40]!r} is no time from and to.")
    starts, ends = (time_of_day(one) for one in both)
    if starts >= ends:
        raise ValueError(f"{text[:40]!r} ends before it starts.")
    return starts, ends


def weekday(text: str) -> int:
    """1 Monday to 7, from at least two letters of its name in bokmål, nynorsk or English."""
    start = text.casefold().rstrip(".")
    for number, names in enumerate(_WEEKDAY_NAMES, start=1):
        if len(start) >= 2 and any(name.startswith(start) for name in names):
            return number
    raise ValueError(f"{text[:40]!r} is no day of the week.")


def grade(text: str) -> int:
    """1 to 13, from 9, 9. trinn or Vg1 (11)."""
    word = plain(text).removesuffix("trinn")
    if re.fullmatch(r"vg[123]", word):
        return 10 + int(word[2])
    if re.fullmatch(r"\d{1,2}", word, re.ASCII) and 1 <= int(word) <= 13:
        return int(word)
    raise ValueError(f"{text[:40]!r} is no grade.")


def _grades(text: str) -> tuple[int, int]:
    both = [grade(one) for one in re.split(r"[-–]|\btil\b|\bto\b", text)]
    if len(both) > 2:
        raise ValueError(f"{text[:40]!r} is not a lowest and a highest grade.")
    if both[0] > both[-1]:
        raise ValueError(f"{text[:40]!r} has the highest grade first.")
    return both[0], both[-1]


def _free_times(text: str) -> tuple[tuple[int, time, time], ...]:
    found: list[tuple[int, time, time]] = []
    for item in parts(text):
        words = _FREE_TIME.fullmatch(item)
        if not words:
            raise ValueError(f"{item[:40]!r} is not a day with a time from and to.")
        first, last = weekday(words[1]), weekday(words[2] or words[1])
        if first > last:
            raise ValueError(f"{item[:40]!r} has the later day first.")
        starts, ends = time_range(words[3])
        found += [(number, starts, ends) for number in range(first, last + 1)]
    if len({(number, starts) for number, starts, _ in found}) != len(found):
        raise ValueError("The same time is given twice.")
    return tuple(sorted(found))


def _yes_no(text: str) -> bool:
    word = plain(text)
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"{text[:40]!r} is neither yes nor no.")


def _mail(text: str) -> str:
    if not _MAIL.fullmatch(text) or not text.isprintable() or len(text) > 254:
        raise ValueError("This is no e-mail address.")
    return unicodedata.normalize("NFC", text)


def _postcode(text: str) -> str:
    if not re.fullmatch(r"\d{3,4}", text, re.ASCII):  # a spreadsheet takes 0150 for the number 150
        raise ValueError(f"{text[:40]!r} is no postcode.")
    return text.zfill(4)


@cache
def _language_codes() -> Mapping[str, str]:
    """Code and name in bokmål, nynorsk and English → code; Norwegian without more means bokmål."""
    known: dict[str, str] = {}
    for locale in ("nb", "nn", "en"):
        for code, name in Locale.parse(locale).languages.items():
            if re.fullmatch(r"[a-z]{2,3}", code):
                known[code] = known[plain(name)] = code
    return known | {"no": "nb", "norsk": "nb", "norwegian": "nb", "bokmål": "nb", "nynorsk": "nn", "samisk": "se"}


def language(text: str) -> str:
    """A language's code of two or three letters, from that or from its name."""
    code = _language_codes().get(plain(text))
    if code is None:
        raise ValueError(f"{text[:40]!r} is no language.")
    return code


def word_of(words: Mapping[str, WordT]) -> Callable[[str], WordT]:
    """Reads one of these words; letter case, spaces and signs do not matter."""
    known = {plain(text): meaning for text, meaning in words.items()}

    def read(text: str) -> WordT:
        if plain(text) not in known:
            raise ValueError(f"{text[:40]!r} is not one of {', '.join(words)}.")
        return known[plain(text)]

    return read


MODE_WORDS = {
    "fysisk": Mode.PHYSICAL,
    "digitalt": Mode.DIGITAL,
    "digital": Mode.DIGITAL,
    "physical": Mode.PHYSICAL,
}
_GENDERS = {
    "jente": Gender.GIRL,
    "gutt": Gender.BOY,
    "annet": Gender.OTHER,
    "anna": Gender.OTHER,
    "girl": Gender.GIRL,
    "boy": Gender.BOY,
    "other": Gender.OTHER,
}


def _modes(text: str) -> tuple[Mode, ...]:
    if plain(text) in ("begge", "both"):
        return (Mode.PHYSICAL, Mode.DIGITAL)
    given = {word_of(MODE_WORDS)(item) for item in re.split(r"[,;|/\n]|\bog\b|\band\b", text) if item.strip()}
    if not given:
        raise ValueError("No mode is given.")
    return tuple(mode for mode in Mode if mode in given)


def looked_up(directory: str) -> BeforeValidator:
    """The row that a cell names, from that attribute (a Directory) of the validation context."""

    def find(text: str, info: ValidationInfo) -> Any:
        return getattr(info.context, directory).one(text)

    return BeforeValidator(find)


def all_looked_up(directory: str) -> BeforeValidator:
    """The rows that the items of a cell name, each once."""

    def find(text: str, info: ValidationInfo) -> tuple[Any, ...]:
        names = getattr(info.context, directory)
        return tuple(dict.fromkeys(names.one(item) for item in parts(text)))

    return BeforeValidator(find)


Text = Annotated[str, AfterValidator(clean_text), Field(max_length=200)]
Phone = Annotated[str, AfterValidator(clean_text), Field(max_length=32)]
Mail = Annotated[str, AfterValidator(_mail)]
Latitude = Annotated[
    float, BeforeValidator(lambda text: text.replace(",", ".")), Field(ge=-90, le=90, allow_inf_nan=False)
]
Longitude = Annotated[
    float, BeforeValidator(lambda text: text.replace(",", ".")), Field(ge=-180, le=180, allow_inf_nan=False)
]
Postcode = Annotated[str, AfterValidator(_postcode)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
PastDay = Annotated[date, BeforeValidator(past_day)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
Grade = Annotated[int, BeforeValidator(grade)]
Grades = Annotated[tuple[int, int], BeforeValidator(_grades)]
FreeTimes = Annotated[tuple[tuple[int, time, time], ...], BeforeValidator(_free_times)]
Language = Annotated[str, BeforeValidator(language)]
Languages = Annotated[
    tuple[str, ...], BeforeValidator(lambda text: tuple(sorted({language(item) for item in parts(text)})))
]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(_modes)]
OneMode = Annotated[Mode, BeforeValidator(word_of(MODE_WORDS))]
GenderWord = Annotated[Gender, BeforeValidator(word_of(_GENDERS))]
