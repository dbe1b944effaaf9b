"""Every letter about visits says what it should, in three languages, from the values that services write."""

from __future__ import annotations

from typing import Any

import pytest

from api.i18n import use_mail_locale
from api.mail.letters import visits

VALUES: dict[str, Any] = {
    "reference": "AB12-CD34",
    "school": "Testskolen",
    "municipality": "Testby",
    "grade": 9,
    "classes": 2,
    "pupils": 50,
    "topics": {"nb": ["energi"], "nn": ["energi"], "en": ["energy"]},
    "answer_on": "2027-01-11",
    "fallback": "stand_in",
    "mode": "physical",
    "starts_at": "2027-01-18T07:30:00+00:00",
    "ends_at": "2027-01-18T09:00:00+00:00",
    "lessons": 2,
    "travel_minutes": 25,
    "answer_by": "2027-01-08T11:00:00+00:00",
    "contact": {"name": "Kontaktlærer", "phone": "", "email": "kontakt@example.org"},
    "people": [{"title": "ingeniør", "company": "Bedrift 1", "name": "Rollemodell A", "phone": "", "email": ""}],
    "verified": True,
    "changed": None,
    "hear_by": "2027-01-08T11:00:00+00:00",
    "asking": True,
    "reopened": False,
}


@pytest.mark.parametrize("locale", ["nb", "nn", "en"])
@pytest.mark.parametrize("kind", sorted(visits.LETTERS))
def test_letter_is_whole(kind: str, locale: str) -> None:
    with use_mail_locale(locale):
        letter = visits.LETTERS[kind](VALUES)
    parts = (letter.subject, *letter.lines, *letter.closing, *(part for fact in letter.facts for part in fact))
    assert all(part and "%(" not in part for part in parts)
    assert letter.sms is None or len(letter.sms) <= 160


@pytest.mark.parametrize("changed", ["person", "time", "digital", "fewer"])
@pytest.mark.parametrize("kind", ["visit_confirmed_school", "visit_asking_school"])
def test_a_change_is_said_first(kind: str, changed: str) -> None:
    with use_mail_locale("en"):
        plain, told = (visits.LETTERS[kind](VALUES | {"changed": one}) for one in (None, changed))
    assert told.lines[0] not in plain.lines


def test_languages_differ_and_days_are_norwegian() -> None:
    subjects = {}
    for locale in ("nb", "nn", "en"):
        with use_mail_locale(locale):
            subjects[locale] = visits.invitation_expired(VALUES).subject.replace("\N{NO-BREAK SPACE}", " ")
    assert subjects == {
        "nb": "Vi har spurt en annen: Testskolen, mandag 18. januar",
        "nn": "Vi har spurt ein annan: Testskolen, måndag 18. januar",
        "en": "We have asked somebody else: Testskolen, Monday 18 January",
    }


def test_an_unverified_school_reads_no_name() -> None:
    person = {"title": "ingeniør", "company": "Bedrift 1"}
    with use_mail_locale("nb"):
        letter = visits.visit_confirmed_school(VALUES | {"verified": False, "people": [person]})
    assert ("Hvem som kommer", "ingeniør, Bedrift 1") in letter.facts
    assert any("hører til skolen" in line for line in letter.lines)


def test_upper_secondary_is_called_by_its_year() -> None:
    assert visits.grade_of({"grade": 12}) == "Vg2"
