"""A school orders and evaluates, orders by keyboard alone, and invites a role model by name without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestState, VisitState
from api.models.follow_up import Evaluation
from api.models.places import Municipality
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from tests import factories as make
from tests.journeys import axe
from tests.journeys.axe import DESK, PHONE
from tests.journeys.conftest import Service

READ = 2_200  # milliseconds; public forms are not taken sooner
SCHOOL = "Bekkestien ungdomsskole"
LINK = re.compile(r"https?://[^/\s]+(/bestilling/(?:bekreft|status)/[0-9a-f]{64})")
SAID = {
    "nb": ("Vi har fått bestillingen", "Vi finner en rollemodell", "Dere får besøk", "dager valgt"),
    "nn": ("Vi har fått bestillinga", "Vi finn ein rollemodell", "De får besøk", "dagar valde"),
    "en": ("We have got the order", "We are finding a role model", "You get a visit", "days chosen"),
}
QUICK = (DESK, "nb")  # walked on every change; there axe looks only at what no page test comes to
EVERYWHERE = [
    pytest.param(width, locale, marks=() if (width, locale) == QUICK else pytest.mark.long)
    for width in (PHONE, DESK)
    for locale in SAID
]
Rows = Callable[[], AbstractContextManager[Session]]
Letters = Callable[[str], list[str]]


@pytest.fixture(scope="module", autouse=True)
def school(rows: Rows) -> str:
    """A school in Oslo, where role models are near, and somebody of the catalogue beside it. Returns its id."""
    with rows() as session:
        oslo = session.scalars(select(Municipality).where(Municipality.name == "Oslo")).first()
        assert oslo is not None
        named = make.make_person(session, name="Gjest", email="havforsker@example.org")
        make.make_role_model(session, person_id=named.id, title="havforsker", place="Bygdøy", max_per_week=5)
        return make.make_school(session, name=SCHOOL, municipality_id=oslo.id).id


@contextmanager
def window(browser: Any, service: Service, width: int, locale: str = "nb", **more: Any) -> Iterator[Page]:
    """A page of that width in that language; an error in it fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **more)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
    page.goto(f"{service.url}/personvern?lang={locale}")
    yield page
    context.close()


def go_on(page: Page) -> None:
    page.locator(".tp-order-end button[value=next]").click()


def read(page: Page) -> None:
    """Until the page has been there so long that no program can have sent it; works without scripts of its own, too."""
    while page.evaluate("performance.now()") < READ:
        page.locator("h1").inner_text()


def send(page: Page) -> None:
    """Sends from the look over, once it has stood as long as a person needs to read it."""
    read(page)
    page.locator("main form .ds-button[type=submit]").first.click()


def link_to(letters: Letters, address: str) -> str:
    return next(match for text in letters(address) for match in LINK.findall(text))


def ordered(session: Session, address: str) -> Request:
    return session.scalars(select(Request).where(Request.contact.has(email=address))).one()


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_school_orders_is_ready_and_evaluates(
    browser: Any, service: Service, rows: Rows, letters: Letters, width: int, locale: str
) -> None:
    quick = (width, locale) == QUICK
    address = f"larer-{width}-{locale}@example.org"
    received, finding, visited, chosen = SAID[locale]
    with window(browser, service, width, locale) as page:
        page.goto(f"{service.url}/bestill")
        page.locator("#search").press_sequentially("bekkestien")
        page.locator("u-option", has_text=SCHOOL).click()
        expect(page.locator(".tp-school-chosen")).to_contain_text(SCHOOL)
        go_on(page)
        expect(page.locator("ds-error-summary")).to_be_focused()
        assert axe.faults(page) == []
        page.locator("input[name=grades][value='9']").check()
        page.locator("label[for=meeting-row]").click()
        for number, name in ((1, "9A"), (2, "9B")):
            page.fill(f"#class{number}", name)
            page.fill(f"#pupils{number}", "25")
        for number in (0, 1, 2):
            page.locator("input[name=days]").nth(number).check()
        expect(page.locator("[data-line]")).to_contain_text(f"3 {chosen}")
        page.goto(f"{service.url}/bestill")
        assert page.input_value("#class2") == "9B", "the draft comes back"
        go_on(page)
        page.fill("#name", "Rådgiver")
        page.fill("#email", address)
        page.fill("#phone", "000 00 000")
        assert quick or axe.faults(page) == []
        go_on(page)
        expect(page.locator(".tp-check").first).to_contain_text("9A")
        assert quick or axe.faults(page) == []
        send(page)
        expect(page.locator("h1")).to_have_text(received)
        expect(page.locator("h1")).to_be_focused()
        assert quick or axe.faults(page) == []
        page.goto(service.url + link_to(letters, address))
        page.locator("main form button").click()
        expect(page.locator("h1")).to_have_text(finding)
        assert quick or axe.faults(page) == []
        _visit(rows, address)
        page.reload()
        expect(page.locator("h1")).to_contain_text(visited)
        assert quick or axe.faults(page) == []
        page.locator("form[action$='/klar'] button").click()
        expect(page.locator("form[action$='/klar']")).to_have_count(0)
        _yesterday(rows, address)
        page.reload()
        page.locator("form[action$='/holdt'] button").click()
        for question in page.locator("form[action$='/evaluering'] fieldset").all():
            question.locator("input").nth(4).check()
        assert axe.faults(page) == []
        page.locator("form[action$='/evaluering'] button").click()
        expect(page.locator("form[action$='/evaluering']")).to_have_count(0)
    with rows() as session:
        held = session.scalars(select(Visit).where(Visit.request_id == ordered(session, address).id)).one()
        assert held.state is VisitState.HELD
        assert session.scalar(select(func.count()).where(Evaluation.visit_id == held.id)) == 1


@pytest.mark.long
@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_order_is_filled_in_by_keyboard_alone(
    browser: Any, service: Service, rows: Rows, width: int, locale: str
) -> None:
    address = f"tastatur-{width}-{locale}@example.org"
    with window(browser, service, width, locale) as page:
        page.goto(f"{service.url}/bestill")
        _tab_to(page, "#search")
        page.keyboard.type("bekkestien")
        page.locator("u-option", has_text=SCHOOL).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.locator(".tp-school-chosen").wait_for()
        _tab_to(page, "input[name=grades][value='9']")
        page.keyboard.press("Space")
        _tab_to(page, "input[name=meeting]")
        page.keyboard.press("ArrowDown")
        _tab_to(page, "#class1")
        for text in ("9A", "25", "9B", "24"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        _tab_to(page, "input[name=days]")
        page.keyboard.press("Space")
        _tab_to(page, ".tp-order-end button")
        page.keyboard.press("Enter")
        page.locator("#name").wait_for()
        _tab_to(page, "#name")
        for text in ("Rådgiver", address, "000 00 000"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        _tab_to(page, ".tp-order-end button")
        page.keyboard.press("Enter")
        page.locator(".tp-check").first.wait_for()
        read(page)
        _tab_to(page, "main form .ds-button[type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(SAID[locale][0])
    with rows() as session:
        assert ordered(session, address).classes == 2


def test_role_model_is_invited_by_name_without_javascript(
    browser: Any, service: Service, rows: Rows, letters: Letters
) -> None:
    address = "uten-skript@example.org"
    with window(browser, service, PHONE, java_script_enabled=False) as page:
        page.goto(f"{service.url}/rollemodeller?sted=Bygdøy")
        expect(page.locator(".tp-catalogue")).not_to_contain_text("Gjest")
        page.locator(".tp-catalogue a").click()
        expect(page.locator("main")).to_contain_text("havforsker")
        page.fill("#search", "ungdomsskole")
        page.locator("button[value=search]").click()
        if page.locator("input[name=school][type=radio]").count():
            page.get_by_label(SCHOOL).check()
            page.locator("button[value=school]").click()
        expect(page.locator(".tp-school-chosen")).to_contain_text(SCHOOL)
        page.locator("input[name=grades][value='10']").check()
        page.locator("input[name=days]").nth(5).check()
        go_on(page)
        page.fill("#name", "Rådgiver")
        page.fill("#email", address)
        page.fill("#phone", "000 00 000")
        go_on(page)
        send(page)
        expect(page.locator("h1")).to_have_text("Vi har fått bestillingen")
        page.goto(service.url + link_to(letters, address))
        page.locator("main form button").click()
        expect(page.locator("main")).to_contain_text("bestilling")
    with rows() as session:
        made = ordered(session, address)
        asked = session.scalars(select(Visit).where(Visit.request_id == made.id)).one()
        assert made.state is RequestState.VISIT
        assert [one.role_model.title for one in asked.role_models] == ["havforsker"]


def _visit(rows: Rows, address: str) -> None:
    """Somebody has said yes to the order's first day."""
    with rows() as session:
        request = ordered(session, address)
        person = session.scalars(select(RoleModel).where(RoleModel.title == "havforsker")).one()
        make.make_visit(session, person, request=request, state=VisitState.CONFIRMED)
        request.state = RequestState.VISIT
        request.answered_at = clock.now()


def _yesterday(rows: Rows, address: str) -> None:
    """The visit was yesterday."""
    with rows() as session:
        made = session.scalars(select(Visit).where(Visit.request_id == ordered(session, address).id)).one()
        lasted = made.ends_at - made.starts_at
        made.starts_at = clock.now() - timedelta(days=1)
        made.ends_at = made.starts_at + lasted


def _tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus: it must be reached within a page's worth of stops."""
    for _stop in range(90):
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")
