"""Texts, dates and numbers: every text of the code is in every catalogue, and nothing else is."""

import datetime as dt
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api import i18n

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
TRANSLATED = [locale for locale in i18n.LOCALES if locale != "en"]
IN_NYNORSK = (
    "edge",
    "mail",
    "schemas",
    "services/accounts",
    "services/companies",
    "services/feeds.py",
    "services/follow_up",
    "services/links.py",
    "services/profiles",
    "services/requests.py",
    "services/role_models.py",
    "services/schools",
    "services/surveys.py",
    "services/campus/attendance.py",
    "services/queue/join.py",
    "services/queue/leave.py",
    "web/account*.py",
    "web/company",
    "web/form_values.py",
    "web/maps.py",
    "web/mentor",
    "web/navigation.py",
    "web/privacy_words.py",
    "web/pupil",
    "web/report/surveys.py",
    "web/role_model",
    "web/school",
    "web/site_words.py",
    "web/words.py",
    "web/templates/[!c]*.html",
    "web/templates/account",
    "web/templates/company",
    "web/templates/mail",
    "web/templates/mentor",
    "web/templates/public",
    "web/templates/pupil",
    "web/templates/report/answer.html",
    "web/templates/report/open.html",
    "web/templates/report/survey.html",
    "web/templates/report/survey_over.html",
    "web/templates/role_model",
    "web/templates/school",
    "web/templates/site/attendance.html",
)
HARD = "\N{NO-BREAK SPACE}"


@cache
def places_in_code() -> list[tuple[PurePosixPath, str]]:
    """Each file of api (or scheduler) with each (singular) text that Babel finds in it as pyproject.toml tells it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    found: list[Any] = []
    for room in ("api", "scheduler"):
        methods, options = [], {}
        for mapping in mappings:
            pattern = mapping["pattern"].removeprefix(f"{room}/")
            methods.append((pattern, mapping["method"]))
            options[pattern] = {key: value for key, value in mapping.items() if key not in ("pattern", "method")}
        found += extract_from_dir(ROOT / room, methods, options, keywords=KEYWORDS)
    return [
        (PurePosixPath(file), message if isinstance(message, str) else message[0])
        for file, _line, message, _comments, _context in found
    ]


def same_place(path: PurePosixPath, pattern: str) -> bool:
    return len(path.parts) == pattern.count("/") + 1 and path.match(pattern)


def texts_in_code(place: str = "**") -> set[str]:
    """The texts of all the code, or of a file or folder of api, given as a pattern."""
    return {
        text
        for file, text in places_in_code()
        if place == "**" or any(same_place(part, place) for part in (file, *file.parents))
    }


def catalogues(locale: str) -> list[Catalog]:
    made = []
    for path in sorted((ROOT / "api" / "translations" / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as lines:
            made.append(read_po(lines, locale=locale, abort_invalid=True))
    return made


def translations(locale: str) -> Counter[str]:
    """How often each text is translated into a language."""
    translated: Counter[str] = Counter()
    for catalogue in catalogues(locale):
        for message in catalogue:
            key = message.id if isinstance(message.id, str) else message.id[0]
            given = [message.string] if isinstance(message.string, str) else list(message.string)
            if key and all(given) and not message.fuzzy:
                translated[key] += 1
    return translated


def test_every_text_is_translated_and_none_is_left_over() -> None:
    translated = translations("nb")
    wanted = texts_in_code()
    assert len(wanted) > 100
    assert sorted(wanted - translated.keys()) == []
    assert sorted(translated.keys() - wanted) == []


@pytest.mark.parametrize("place", IN_NYNORSK)
def test_every_text_of_these_rooms_is_in_nynorsk(place: str) -> None:
    wanted = texts_in_code(place)
    assert wanted
    assert sorted(wanted - translations("nn").keys()) == []


def test_nothing_is_left_over_in_nynorsk() -> None:
    assert sorted(translations("nn").keys() - texts_in_code()) == []


def test_what_nynorsk_lacks_is_said_in_bokmål() -> None:
    with i18n.use_locale("nn"):
        assert (i18n.current_locale(), i18n.catalogue("nn").gettext("Sign in")) == ("nn", "Logg inn")


@pytest.mark.parametrize("locale", TRANSLATED)
def test_placeholders_are_those_of_the_text(locale: str) -> None:
    faults = [
        (message.id, str(fault))
        for catalogue in catalogues(locale)
        for message in catalogue
        for fault in message.check(catalogue)
    ]
    assert faults == []


def test_one_text_has_one_translation_across_files() -> None:
    for locale in TRANSLATED:
        known: dict[str, object] = {}
        for catalogue in catalogues(locale):
            for message in catalogue:
                key = message.id if isinstance(message.id, str) else message.id[0]
                assert not key or known.setdefault(key, message.string) == message.string, key


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("nb", ("to. 4. feb. kl. 10.15", "torsdag 4. februar", "4. februar 2027", "4 512", "0,25", "68 %")),
        ("nn", ("to. 4. feb. kl. 10.15", "torsdag 4. februar", "4. februar 2027", "4 512", "0,25", "68 %")),
        ("en", ("Thu 4 Feb at 10:15", "Thursday 4 February", "4 February 2027", "4,512", "0.25", "68%")),
    ],
)
def test_dates_and_numbers_by_language(locale: str, expected: tuple[str, ...]) -> None:
    moment = dt.datetime(2027, 2, 4, 9, 15, tzinfo=dt.UTC)
    with i18n.use_mail_locale(locale):
        shown = (
            i18n.short_datetime(moment),
            i18n.long_date(moment),
            i18n.full_date(moment),
            i18n.number(4512),
            i18n.number(0.25, 2),
            i18n.percent(0.68),
        )
    assert shown == tuple(text.replace(" ", HARD) for text in expected)


def test_both_nights_of_the_clock_are_shown_in_oslo_time() -> None:
    with i18n.use_locale("nb"):
        spring = [i18n.clock_time(dt.datetime(2027, 3, 28, hour, 30, tzinfo=dt.UTC)) for hour in (0, 1)]
        autumn = [i18n.clock_time(dt.datetime(2027, 10, 31, hour, 30, tzinfo=dt.UTC)) for hour in (0, 1)]
    assert (spring, autumn) == (["01.30", "03.30"], ["02.30", "02.30"])


@pytest.mark.parametrize(
    ("given", "known"),
    [("nb-NO", "nb"), ("no", "nb"), ("nn", "nn"), ("EN_gb", "en"), ("fr", None), ("", None), (None, None)],
)
def test_language_tags_are_understood(given: str | None, known: str | None) -> None:
    assert i18n.known_locale(given) == known


def test_a_count_is_filled_in_where_the_code_gives_nothing_else() -> None:
    with i18n.use_locale("en"):
        assert i18n.ngettext("%(num)s thing", "%(num)s things", 3) == "3 things"
