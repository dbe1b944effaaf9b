"""What the pages say: the line of verdict is never more than what was proven, and bokmål has every text."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def said(*goals: Goal, **given: Any) -> str:
    with use_locale("nb"):
        found = words.verdict(goals, **given)
    return f"{found.sentence} {found.rest}"


def test_only_without_any_gap_is_there_no_better_plan() -> None:
    assert said(*PROVEN) == "Kontrollert: ingen bedre fordeling finnes. Alle regler er fulgt."


GAINS = {
    "priority": ("høyst 2 flere av dem som er lovet besøk på nytt, kan få det.", "2 more of those promised anew"),
    "reserved": ("høyst 2 flere avsatte tider kan brukes.", "2 more reserved times can be used."),
    "schools": ("kan høyst bli 2 skoler bedre.", "at most 2 schools better."),
    "first_visits": ("høyst 2 flere skoler uten besøk på 12 måneder kan få et.", "2 more schools without a visit"),
    "classes": ("høyst 2 flere klasser kan få besøk.", "2 more classes can get a visit."),
    "days_waited": ("de som får besøk, kan til sammen ha ventet høyst 2 dager lenger.", "at most 2 days longer."),
    "wishes": ("høyst 2 flere ønsker kan oppfylles.", "at most 2 more wishes can be met."),
    "travel_minutes": ("reisen kan bli høyst 2 minutter kortere i alt.", "at most 2 minutes shorter in all."),
    "spread": ("tallet for jevn fordeling kan bli høyst 2 lavere.", "at most 2 lower."),
    "returning": ("kan høyst bli 2 elever bedre.", "at most 2 pupils better."),
    "served": ("kan høyst bli 2 elever bedre.", "at most 2 pupils better."),
    "served_class_1": ("høyst 2 flere av dem kan være fra «10. trinn og eksamensår».", "at most 2 more of"),
    "queue": (
        "de som får plass, kan til sammen stå høyst 2,00\u00a0% lenger fram i køen.",
        "at most 2.00% further ahead",
    ),
    "short_hours": (
        "mentorene kan høyst få 2 flere av kveldene de er lovet.",
        "at most 2 more of the evenings they were promised",
    ),
    "extra_shifts": ("det kan bli høyst 2 færre kvelder ut over det mentorene er lovet.", "2 fewer evenings beyond"),
    "choices": ("elevene kan til sammen komme høyst 2 trinn høyere på sine egne lister.", "2 steps higher"),
    "continuity": ("høyst 2 flere elever kan få mentoren de ba om.", "at most 2 more pupils can have the mentor"),
}


@pytest.mark.parametrize("name", GAINS)
def test_first_gap_is_a_count_with_a_unit_and_a_direction(name: str) -> None:
    bokmal, english = GAINS[name]
    goal = Goal(name, 98, 100)
    assert said(goal, Goal("spread", 9, 1)) == f"Kontrollert: {bokmal} Alle regler er fulgt."
    with use_locale("en"):
        assert english in words.verdict([goal]).sentence


def test_every_goal_of_a_plan_has_such_a_line() -> None:
    assert set(GAINS) - {"served_class_1"} == set(words.GOALS)


def test_one_is_written_out() -> None:
    assert said(Goal("schools", 39, 40)).startswith("Kontrollert: kan høyst bli én skole bedre.")
    assert said(Goal("wishes", 39, 40)).startswith("Kontrollert: høyst ett ønske til kan oppfylles.")


def test_what_is_proven_before_the_gap_is_said() -> None:
    pupils = said(*PROVEN, Goal("short_hours", 15, 0))
    assert "det er ikke plass til flere elever, og mentorene kan høyst få 15 flere av kveldene" in pupils
    schools = said(Goal("schools", 4, 4), Goal("travel_minutes", 90, 60))
    assert "flere skoler kan ikke få besøk, og reisen kan bli høyst 30 minutter kortere i alt." in schools


def test_readers_without_the_goals_are_told_of_schools_and_pupils_only() -> None:
    assert said(Goal("schools", 39, 41), detailed=False).startswith("Kontrollert: kan høyst bli 2 skoler bedre.")
    assert said(Goal("served", 39, 41), detailed=False).startswith("Kontrollert: kan høyst bli 2 elever bedre.")
    later = said(Goal("schools", 4, 4), Goal("spread", 9, 1), detailed=False)
    assert later.startswith("Kontrollert: flere skoler kan ikke få besøk, men resten kan kanskje bli bedre.")
    assert "men resten kan kanskje" in said(*PROVEN, Goal("queue", 9, 10), detailed=False)
    assert said(Goal("reserved", 3, 4), detailed=False).startswith("Kontrollert: kan kanskje bli bedre.")


def test_with_queue_first_the_gap_is_the_price_of_the_rule() -> None:
    priced = said(Goal("returning", 3, 3), Goal("served", 40, 52), queue_first=True)
    assert "fikk det beste ønsket som ennå var ledig. Uten den regelen kunne høyst 12 flere elever" in priced
    assert "Regelen koster ingen elev en plass." in said(*PROVEN, Goal("queue", 9, 10), queue_first=True)
    assert "koster" not in said(Goal("returning", 2, 3), Goal("served", 40, 40), queue_first=True)
    assert said(*PROVEN, queue_first=True).startswith("Kontrollert: ingen bedre fordeling finnes.")


def test_locks_are_part_of_the_line() -> None:
    assert "de 2 låste står" in said(*PROVEN, locks=2)


def test_nothing_is_proven_of_a_plan_that_lost_rows() -> None:
    for detailed in (True, False):
        with use_locale("nb"):
            found = words.verdict(PROVEN, changed=2, detailed=detailed)
        assert not found.proven
        assert "ingen bedre" not in found.sentence
        assert found.sentence == "Kontrollert, men endret etterpå: 2 linjer passer ikke lenger og er tatt ut."
        assert ("Målene er fra før endringen." in found.rest) is detailed


def test_every_code_of_a_reason_has_words() -> None:
    codes = [*words.REASONS, words.NO_DATE, words.CHANGED]
    for locale in ("nb", "en"):
        with use_locale(locale):
            assert [code for code in codes if not words.reasons([{"code": code, "count": 2}])] == []
            spoken = words.why_none([{"code": "language", "count": 240}], 1, 240)
            assert spoken in (
                "Ingen rollemodell snakker språket dere ba om.",
                "No role model speaks the language asked for.",
            )


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
