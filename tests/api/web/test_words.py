"""What the pages say: the line of verdict is never more than what was proven, and bokmål has every text."""

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import api
from api.i18n import use_locale
from api.web import words

API = Path(api.__file__).parent


@dataclass
class Goal:
    name: str
    value: int
    bound: int


PROVEN = [Goal("returning", 3, 3), Goal("served", 40, 40)]


def said(*goals: Goal, **given: int) -> str:
    with use_locale("nb"):
        found = words.verdict(goals, **given)
    return f"{found.sentence} {found.rest}"


def test_only_without_any_gap_is_there_no_better_plan() -> None:
    assert said(*PROVEN) == "Kontrollert: ingen bedre fordeling finnes. Alle regler er fulgt."


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [
        (Goal("schools", 39, 41), "Kontrollert: kan høyst bli 2 skoler bedre."),
        (Goal("schools", 39, 40), "Kontrollert: kan høyst bli én skole bedre."),
        (Goal("served", 3290, 3300), "Kontrollert: kan høyst bli 10 elever bedre."),
        (Goal("wishes", 50, 100), "Kontrollert: «Ønsker som ble møtt» kan høyst bli 50 bedre."),
    ],
)
def test_first_gap_says_how_much_better_it_could_be(goal: Goal, sentence: str) -> None:
    assert said(goal, Goal("spread", 9, 1)).startswith(sentence)


def test_what_is_proven_before_the_gap_is_said() -> None:
    pupils = said(*PROVEN, Goal("queue", 9_000, 10_000))
    assert pupils.startswith("Kontrollert: det er ikke plass til flere elever. «De første i køen» kan høyst bli 10,00")
    group = said(*PROVEN, Goal("served_class_1", 20, 35))
    assert "Høyst 15 flere av «10. trinn og eksamensår»." in group
    assert "flere skoler kan ikke få besøk" in said(Goal("schools", 4, 4), Goal("spread", 9, 1))


def test_locks_and_changes_are_part_of_the_line() -> None:
    assert "de 2 låste står" in said(*PROVEN, locks=2)
    assert "Én linje passer ikke lenger" in said(*PROVEN, changed=1)


def test_nobody_is_said_to_be_missing_unless_everybody_is() -> None:
    with use_locale("nb"):
        assert words.why_none([{"code": "distance", "count": 240}], 1, 240) == "Ingen rollemodell bor nær nok."
        near = words.why_none([{"code": "distance", "count": 214}], 1, 240)
        assert near == "Ingen av de 26 som bor nær nok, kan komme."
        taken = words.why_none([{"code": "distance", "count": 200}, {"code": "taken", "count": 7}], 1, 240)
        assert taken == "Alle 7 som kunne kommet, er brukt på andre besøk."
        two = words.why_none([{"code": "available", "count": 1}], 2, 240)
        assert two == "Dere ba om 2 rollemodeller. Bare 1 kan komme."


def test_every_text_of_the_pages_is_in_bokmal() -> None:
    translated = {
        message.id
        for catalogue in (API / "translations/nb/LC_MESSAGES").glob("*.po")
        for message in read_po(io.BytesIO(catalogue.read_bytes()), locale="nb")
        if message.id and message.string and all(message.string)
    }
    methods = [("templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
    options = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "true"}}
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
    used = extract_from_dir(API / "web", methods, options, keywords=keywords)
    missing = {
        message for _, _, message, _, _ in used if (message if isinstance(message, str) else message[:2])
    } - translated
    assert missing == set()
