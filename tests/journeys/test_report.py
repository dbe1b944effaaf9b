"""A pupil answers the survey on a phone; the coordinator reads the year, narrows it and keeps it as a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, Locale, ProgrammeKind
from api.domain.surveys import GENDERS, GRADES, REPLIES, SURE
from api.models.reports import Survey, SurveyAnswer
from api.services import surveys
from tests import factories as make
from tests.journeys.axe import DESK, PHONE, faults
from tests.journeys.conftest import Service

WAYS = [
    pytest.param(width, locale, marks=() if (width, locale) == (PHONE, "nb") else pytest.mark.long)
    for width, locale in ((PHONE, "nb"), (PHONE, "nn"), (DESK, "en"))
]
SEND = {"nb": "Send svarene", "nn": "Send svara", "en": "Send the answers"}
THANKS = {"nb": "Takk for svaret", "nn": "Takk for svaret", "en": "Thank you for your answer"}
Rows = Callable[[], AbstractContextManager[Session]]


def survey(rows: Rows, name: str, locale: str) -> tuple[str, str]:
    """A programme whose term has just ended, with nine pupils and the letters out. Returns a mail address and the
    programme's id."""
    today = clock.today()
    with rows() as session:
        ended = {"starts_on": today - timedelta(days=150), "ends_on": today - timedelta(days=2)}
        season = make.make_season(session, code=f"report-{name}", name=f"Termin {name}", **ended)
        names = dict.fromkeys(("name_nb", "name_nn", "name_en"), f"Kveld {name}")
        programme = make.make_programme(session, code=f"report-{name}", kind=ProgrammeKind.STUDY_GROUP, **names)
        site = make.make_site(session, code=f"report-{name}", name=f"Sted {name}")
        at = make.make_group_session(session, season_id=season.id, programme_id=programme.id, site_id=site.id)
        level, school = make.make_level(session, code=f"report-{name}"), make.make_school(session, name=f"Skole {name}")
        for number in range(9):
            mail = f"elev{number}.{name}@example.org"
            person = make.make_person(session, name=f"Elev {number} {name}", email=mail, locale=Locale(locale))
            pupil = make.make_pupil(session, person_id=person.id, school_id=school.id)
            entry = make.make_entry(session, at, pupil_id=pupil.id, level_id=level.id, state=EntryState.PLACED)
            make.make_membership(
                session, entry_id=entry.id, session_id=at.id, seat=number + 1, from_date=season.starts_on
            )
        now = clock.now()
        for due, do in ((surveys.due_openings, surveys.do_open), (surveys.due_invitations, surveys.do_invite)):
            for key in due(session, now):
                do(session, key, now)
        return f"elev0.{name}@example.org", programme.id


def link_in(texts: list[str]) -> str:
    return next(word for word in texts[0].split() if "/evaluering/" in word)


@pytest.mark.parametrize(("width", "locale"), WAYS)
def test_the_survey_and_the_year(
    browser: Any,
    service: Service,
    rows: Rows,
    letters: Callable[[str], list[str]],
    coordinator_cookies: Any,
    width: int,
    locale: str,
) -> None:
    found: list[str] = []
    address, programme = survey(rows, f"{width}{locale}", locale)
    context = browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{service.url}/evaluering/{link_in(letters(address)).split('/evaluering/')[1]}?lang={locale}")
    found += [f"survey: {one}" for one in faults(page)]
    send = page.get_by_role("button", name=SEND[locale])
    send.click()  # too soon: the summary takes focus and names what is missing
    assert page.locator("ds-error-summary a").count() == 4
    assert page.evaluate("document.activeElement.tagName") == "DS-ERROR-SUMMARY"
    found += [f"survey with errors: {one}" for one in faults(page)]
    for question, value in (("satisfied", GRADES[4]), ("mentors", GRADES[3]), ("better_grade", SURE[0])):
        page.locator(f"input[name={question}][value='{value}']").check()
    page.locator(f"input[name=inspired][value={SURE[2]}]").check()
    page.locator(f"input[name=gender][value={GENDERS[0]}]").check()
    page.get_by_role("button", name=SEND[locale]).dblclick()
    page.get_by_role("heading", name=THANKS[locale]).wait_for()
    found += [f"thanks: {one}" for one in faults(page)]
    with rows() as session:
        counts = select(SurveyAnswer.count).join(Survey, SurveyAnswer.survey_id == Survey.id)
        wanted = counts.where(Survey.programme_id == programme, SurveyAnswer.question == REPLIES)
        assert session.scalars(wanted).all() == [1]
    context.close()
    found += reads_the_year(browser, service, coordinator_cookies, width, locale, programme)
    assert found == []


def reads_the_year(browser: Any, service: Service, cookies: Any, width: int, locale: str, programme: str) -> list[str]:
    """Filters, a table opened from the keyboard, the file, the results of a survey, a target and what it says."""
    found = []
    context = browser.new_context(
        storage_state=cookies, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    year = (clock.today() - timedelta(days=150)).year
    page.goto(f"{service.url}/aret?year={year}&lang={locale}")
    page.select_option("#programme", programme)
    page.locator("form.tp-filters button[type=submit]").click()
    assert f"programme={programme}" in page.url
    assert page.locator(".tp-year-figures .tp-figure").first.inner_text() == "9"
    assert page.locator("#programme").input_value() == programme
    summary = page.locator("details.tp-chart-table summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.tp-chart-table[open] table").first).to_be_visible()
    found += [f"year: {one}" for one in faults(page)]
    csv = page.locator("a[href*='tall.csv']").get_attribute("href")
    sheet = page.request.get(service.url + csv)
    assert sheet.status == 200
    assert "9" in sheet.text()
    page.goto(f"{service.url}/aret/undersokelser")
    page.locator("main tbody a").first.click()
    found += [f"results: {one}" for one in faults(page)]
    page.goto(f"{service.url}/aret/mal?year={year}")
    page.fill(f"#target-{programme}-registered", "8")
    page.locator("main form[method=post] button[type=submit]").click()
    page.goto(f"{service.url}/aret?year={year}&programme={programme}")
    assert page.locator(".tp-against").first.is_visible()
    context.close()
    return found
