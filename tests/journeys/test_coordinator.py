"""A coordinator's season: a line of today cleared; a plan made, read, locked, moved, compared, approved and undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from api.queries import season_now
from api.services.follow_up import exceptions
from tests import factories as make
from tests.journeys import axe
from tests.journeys.conftest import Service

Rows = Callable[[], AbstractContextManager[Session]]
COMBINATIONS = (
    pytest.param((axe.DESK, "nb"), id="desk-nb"),
    pytest.param((axe.PHONE, "nb"), id="phone-nb", marks=pytest.mark.long),
)


@pytest.fixture(params=COMBINATIONS)
def desk(request: Any, browser: Any, service: Service, coordinator_cookies: Any) -> Iterator[Page]:
    """The coordinator's page at a width, in a language."""
    width, locale = request.param
    context = browser.new_context(
        storage_state=coordinator_cookies, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    opened.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
    opened.goto(f"{service.url}/?lang={locale}")
    yield opened
    context.close()


def raised(rows: Rows, name: str) -> str:
    """A line about a person of its own, whose message was not delivered."""
    with rows() as session:
        person = make.make_person(session, name=name, email="feil-adresse@example.org", phone="00 00 00 00")
        season = season_now.shown_season(session)
        exceptions.raise_line(
            session,
            "mail_failed",
            person.id,
            reason={"code": "refused"},
            remedy={"code": "call_and_correct_address"},
            person_id=person.id,
            season_id=season.id if season else None,
        )
        return str(person.id)


def test_a_line_of_today_is_called_about_and_solved(desk: Page, service: Service, rows: Rows) -> None:
    for name in ("Rådgiver Avvik 1", "Rådgiver Avvik 2"):
        raised(rows, name)
    desk.goto(f"{service.url}/i-dag")
    assert axe.faults(desk) == []
    heading = desk.get_by_role("heading", level=1)
    before = int(re.sub(r"\D", "", heading.inner_text()))
    line = desk.locator(".tp-line-row", has_text="Rådgiver Avvik 1").first
    expect(line.get_by_role("link", name="00 00 00 00")).to_have_attribute("href", "tel:00000000")
    line.get_by_role("button", name="Ringt, svarte ikke").first.click()
    expect(line).to_contain_text("svarte ikke")
    expect(desk.locator("#said")).to_contain_text("Samtalen er notert.")
    expect(line.get_by_role("heading")).to_be_focused()
    after = line.locator("xpath=following-sibling::li[1]")
    following = after.get_by_role("heading").get_attribute("id") if after.count() else None
    line.get_by_label("Riktig e-postadresse").fill("rett-adresse@example.org")
    line.get_by_role("button", name="Lagre adressen og send på nytt").click()
    expect(desk.locator("#said")).to_contain_text("Adressen er lagret")
    expect(desk.locator(".tp-line-row", has_text="Rådgiver Avvik 1")).to_have_count(0)
    assert int(re.sub(r"\D", "", heading.inner_text() or "0") or 1) == before - 1
    if following is not None:
        expect(desk.locator(f"#{following}")).to_be_focused()


def test_a_plan_is_made_read_locked_and_moved(desk: Page, service: Service) -> None:
    desk.goto(f"{service.url}/kjoringer")
    desk.get_by_role("button", name="Lag forslag til besøk").click()
    expect(desk.locator("main h1")).to_contain_text("Ferdig.", timeout=60_000)
    assert axe.faults(desk) == []
    desk.get_by_role("link", name="Se forslaget").click()
    assert axe.faults(desk) == []
    lock = desk.get_by_role("button", name="Lås : Oslo skole 1").or_(
        desk.get_by_role("button", name=re.compile(r"^Lås.*Oslo skole 1$"))
    )
    lock.first.click()
    locked = desk.get_by_role("button", name=re.compile(r"^Låst.*Oslo skole 1$"))
    expect(locked).to_have_attribute("aria-pressed", "true")
    expect(locked).to_be_focused()
    views = desk.get_by_role("navigation", name="Måter å se forslaget på")
    views.get_by_role("link", name="Uke").click()
    expect(desk.locator(".tp-visit-locked")).to_have_count(1)
    assert axe.faults(desk) == []
    desk.get_by_role("link", name=re.compile("Uten besøk")).click()
    expect(desk.get_by_text("Det som skal til").first).to_be_visible()
    assert axe.faults(desk) == []
    views.get_by_role("link", name="Tabell").click()
    desk.get_by_role("button", name=re.compile(r"^Låst.*Oslo skole 1$")).click()
    mover = desk.get_by_role("link", name=re.compile(r"^Flytt.*Oslo skole 2$"))
    mover.click()
    drawer = desk.get_by_role("dialog")
    expect(drawer.get_by_label("Tid")).to_be_focused()
    assert axe.faults(desk) == []
    drawer.get_by_role("radio").nth(1).check()
    expect(drawer.get_by_role("status")).to_contain_text(re.compile("Dette går"))
    desk.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(mover).to_be_focused()


def test_a_plan_is_compared_approved_and_undone(desk: Page, service: Service) -> None:
    desk.goto(f"{service.url}/besok")
    desk.get_by_role("link", name="Sammenlign med gjeldende").click()
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    assert axe.faults(desk) == []
    desk.goto(f"{service.url}/besok")
    desk.get_by_role("link", name="Gå til godkjenning").click()
    expect(desk.get_by_role("heading", level=2).last).to_have_text("Hva som blir sendt, og til hvem")
    assert axe.faults(desk) == []
    desk.get_by_role("button", name=re.compile("Godkjenn og send")).click()
    heading = desk.get_by_role("heading", level=1)
    expect(heading).to_have_text("Godkjent. Ingenting er sendt ennå.")
    expect(heading).to_be_focused()
    expect(desk.get_by_role("heading", name="Dette skjer uten deg")).to_be_visible()
    assert axe.faults(desk) == []
    desk.get_by_role("link", name="Send nå").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sende nå?")
    assert axe.faults(desk) == []
    desk.go_back()
    desk.get_by_role("button", name="Angre godkjenningen").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Angret")


def test_today_works_without_javascript(browser: Any, service: Service, coordinator_cookies: Any, rows: Rows) -> None:
    raised(rows, "Rådgiver Avvik 3")
    context = browser.new_context(java_script_enabled=False, storage_state=coordinator_cookies, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{service.url}/i-dag?lang=nb")
    line = page.locator(".tp-line-row", has_text="Rådgiver Avvik 3").first
    line.get_by_label("Riktig e-postadresse").fill("rett-3@example.org")
    line.get_by_role("button", name="Lagre adressen og send på nytt").click()
    expect(page.get_by_role("status").filter(has_text="Adressen er lagret")).to_be_visible()
    expect(page.locator(".tp-line-row", has_text="Rådgiver Avvik 3")).to_have_count(0)
    context.close()
