"""A company registers with the keyboard alone, and puts its people in from a sheet with a wrong row put right."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.permissions import Grant, Role
from api.models.places import Municipality
from api.models.role_models import RoleModel
from api.queries.season_now import shown_season
from api.services import users
from tests import factories as make
from tests.journeys.conftest import PASSWORD, Service

Rows = Callable[[], AbstractContextManager[Session]]
SHEET = "Navn;E-post;Sted;Postnummer\nRollemodell 101;r101@example.org;Oslo;\nRollemodell 102;r102@example.org;;70\n"


def test_a_company_registers_with_the_keyboard_alone(page: Page, service: Service, letters: Any) -> None:
    address = "tastatur@example.org"
    page.goto(f"{service.url}/bedrift/ny")
    page.locator("#orgnr").focus()
    page.keyboard.type("123456786")
    _type_after_tab(page, "name", "Tastatur Fjord")
    _type_after_tab(page, "contact_name", "Bedriftskontakt")
    _type_after_tab(page, "contact_email", address)
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Feil:"))
    expect(page.locator("ds-error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#orgnr")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("123456785", delay=250)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se i e-posten din")
    [letter] = letters(address)
    path = re.search(r"/bedrift/lenke/[0-9a-f]{64}", letter)
    assert path is not None
    page.goto(service.url + path[0])
    button = page.get_by_role("button", name="Bekreft bedriften")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Bedriften er bekreftet")


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.long)])
def test_a_sheet_with_a_wrong_row_is_put_right(
    browser: Any, service: Service, rows: Rows, signed_in: Any, width: int
) -> None:
    login = f"bedrift{width}@example.org"
    with rows() as session:
        season = shown_season(session)
        town = session.scalars(select(Municipality).where(Municipality.name == "Oslo")).first()
        company = make.make_company(session, name=f"Regneark {width}")
        assert town is not None
        assert season is not None
        monday = clock.today() + timedelta(days=84 - clock.today().weekday())
        week = make.make_visit_week(session, season_id=season.id, municipality_id=town.id, monday=monday)
        own = make.make_agreement(session, company_id=company.id, season_id=season.id)
        own.visit_weeks, own.municipalities = [week], [town]
        grants = [Grant(Role.COMPANY_CONTACT, company.id)]
        users.create_user(session, login=login, password=PASSWORD, name="Bedriftskontakt", grants=grants)
        base = f"{service.url}/bedrift/{company.id}"
    context = browser.new_context(
        storage_state=signed_in(login), viewport={"width": width, "height": 900}, locale="nb-NO"
    )
    page = context.new_page()
    page.goto(f"{base}/regneark")
    page.set_input_files("#sheet", {"name": "folk.csv", "mimeType": "text/csv", "buffer": SHEET.encode()})
    page.get_by_role("button", name="Se over").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sjekk regnearket før du legger det inn")
    expect(page.locator("ds-error-summary")).to_be_focused()
    page.locator("ds-error-summary a").click()
    field = page.locator("#c-3-postcode")
    expect(field).to_be_focused()
    field.fill("")
    page.get_by_role("button", name="Sjekk på nytt").click()
    page.locator("#c-3-postcode").fill("")
    expect(page.get_by_role("button", name="Legg inn 1, hopp over 1")).to_be_visible()
    page.get_by_role("button", name="Legg inn 1, hopp over 1").click()
    expect(page.get_by_role("status")).to_contain_text("1 rad er lagt inn.")
    page.goto(base)
    page.get_by_role("button", name=re.compile(r"^Sett av\s*:")).first.click()
    expect(page.get_by_role("status")).to_contain_text("satt av")
    page.get_by_role("button", name=re.compile("^Gi tilbake")).click()
    expect(page.get_by_role("status")).to_contain_text("gitt tilbake")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    with rows() as session:
        made = session.scalars(select(RoleModel).where(RoleModel.company_id == company.id)).one()
        assert made.person.email == "r101@example.org"


def _type_after_tab(page: Page, name: str, text: str) -> None:
    """Tab to the field of this name, and type as slowly as a person: the form refuses who is done in two seconds."""
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            page.keyboard.type(text, delay=60)
            return
    pytest.fail(f"{name} is not reached by Tab")
