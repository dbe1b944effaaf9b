"""Texts, dates and numbers: every text of the code is in every catalogue, and nothing else is."""

import datetime as dt
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api import i18n

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
TRANSLATED = [locale for locale in i18n.LOCALES if locale != "en"]
IN_NYNORSK = (
    "mail",
    "web/company",
    "web/templates/company",
    "services/companies",
    "web/role_model",
    "web/templates/role_model",
    "services/profiles",
    "web/school",
    "web/templates/school",
    "services/schools",
    "web/pupil",
    "web/templates/pupil",
    "web/mentor",
    "web/templates/mentor",
)
HARD = "\N{NO-BREAK SPACE}"


def texts_in_code(folder: str = ".") -> set[str]:
    """The (singular) texts that Babel finds as pyproject.toml tells it to look, in api or in a folder of it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    found = []
    for room in ("api", "scheduler"):
        methods, options = [], {}
        for mapping in mappings:
            pattern = mapping["pattern"].removeprefix(f"{room}/")
            methods.append((pattern, mapping["method"]))
            options[pattern] = {key: value for key, value in mapping.items() if key not in ("pattern", "method")}
        found += extract_from_dir(ROOT / room, methods, options, keywords=KEYWORDS)
    return {
        message if isinstance(message, str) else message[0]
        for file, _line, message, _comments, _context in found
        if folder == "." or file.startswith(f"{folder}/")
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


@pytest.mark.parametrize("folder", IN_NYNORSK)
def test_every_text_of_these_rooms_is_in_nynorsk(folder: str) -> None:
    wanted = texts_in_code(folder)
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
