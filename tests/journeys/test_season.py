"""From the front page to a visit and why, to the groups, to a new plan; by mouse, by keyboard, without JavaScript."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.axe import PHONE
from tests.journeys.conftest import PASSWORD, Service


def test_everyone_sees_figures_and_signs_in_for_rows(page: Page, service: Service) -> None:
    page.goto(service.url)
    page.get_by_role("main").get_by_role("link", name="Kart").first.click()
    expect(page.locator("[data-ready]")).to_be_visible()
    expect(page.locator(".tp-table tbody").get_by_role("link")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Logg inn").click()
    page.fill("#login", "coordinator@example.org")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Forslag til fordeling av besøk")


def test_from_figures_to_the_reason_of_one_visit(coordinator: Page, service: Service) -> None:
    coordinator.goto(service.url)
    expect(coordinator.get_by_role("heading", level=1)).to_have_text(
        "Realfag blir ekte når du møter noen som bruker dem"
    )
    coordinator.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name="Besøk", exact=True).click()
    expect(coordinator.get_by_text("Kontrollert: ingen bedre fordeling finnes.").first).to_be_visible()
    coordinator.get_by_role("navigation", name="Måter å se forslaget på").get_by_role("link", name="Kart").click()
    expect(coordinator.locator("[data-ready] .tp-mark-link").first).to_be_visible()
    expect(coordinator.locator("[data-ready] .tp-mark-link")).to_have_count(2)
    coordinator.get_by_role("link", name="Bergen", exact=True).click()
    expect(coordinator.get_by_role("heading", level=2)).to_have_text("7 skoler i Bergen")
    coordinator.get_by_role("navigation", name="Måter å se forslaget på").get_by_role("link", name="Tabell").click()
    expect(coordinator.get_by_role("heading", level=2)).to_have_text("21 besøk")
    coordinator.get_by_role("link", name="Skole og klasse").click()
    expect(coordinator.locator('th[aria-sort="ascending"]')).to_contain_text("Skole og klasse")
    expect(coordinator.locator(".tp-table tbody th").first).to_contain_text("Bergen skole 0")
    coordinator.get_by_role("link", name="Skole og klasse").click()
    expect(coordinator.locator(".tp-table tbody th").first).to_contain_text("Oslo skole 6")
    coordinator.get_by_role("navigation", name="Bla i sider").or_(coordinator.locator(".ds-pagination")).get_by_role(
        "link", name="2"
    ).click()
    expect(coordinator.locator(".tp-table tbody tr")).to_have_count(6)
    coordinator.get_by_label("Skole, rollemodell eller bedrift").fill("oslo skole 3")
    coordinator.get_by_role("button", name="Vis").click()
    expect(coordinator.locator(".tp-table tbody tr")).to_have_count(1)
    coordinator.get_by_role("link", name="Oslo skole 3", exact=True).click()
    expect(coordinator.get_by_role("heading", level=1)).to_have_text("Oslo skole 3")
    expect(coordinator.get_by_text("Avsatt for Oslo den uka, etter avtale.")).to_be_visible()
    coordinator.go_back()
    coordinator.get_by_role("link", name="Uten besøk (7)").click()
    coordinator.get_by_role("link", name=re.compile("Alle grunner.*Øygard skole 0")).click()
    expect(coordinator.get_by_text(re.compile(r"^\d+ bor for langt unna"))).to_be_visible()


def test_from_sites_to_the_queue_of_one(coordinator: Page, service: Service) -> None:
    coordinator.goto(service.url)
    coordinator.get_by_role("link", name="Finn et ENT3R-sted").click()
    coordinator.get_by_role("link", name="Blindern").click()
    expect(coordinator.get_by_role("heading", level=1)).to_have_text("Blindern")
    coordinator.get_by_role("link", name="Se køen, nummer for nummer").click()
    expect(coordinator.locator(".tp-table tbody tr", has_text="Nummer 3").first).to_contain_text("rommet er fullt")


def test_coordinator_orders_a_plan_and_watches_it_to_the_end(coordinator: Page, service: Service) -> None:
    coordinator.goto(service.url)
    coordinator.get_by_role("link", name="Kjøringer").click()
    coordinator.get_by_role("button", name="Lag forslag til studiegrupper").click()
    expect(coordinator.locator("main h1")).to_contain_text("studiegrupper")
    expect(coordinator.locator("main h1")).to_contain_text("Ferdig.", timeout=60_000)
    expect(coordinator.locator(".tp-goal-done")).to_have_count(8)
    coordinator.get_by_role("link", name="Se forslaget").click()
    expect(coordinator.get_by_text("Kontrollert: ingen bedre fordeling finnes.")).to_be_visible()
    coordinator.locator("summary").click()
    expect(coordinator.get_by_role("cell", name="nådd").first).to_be_visible()


def test_a_run_in_the_queue_can_be_cancelled(coordinator: Page, service: Service) -> None:
    coordinator.goto(f"{service.url}/kjoringer")
    for _ in range(2):
        coordinator.goto(f"{service.url}/kjoringer")
        coordinator.get_by_role("button", name="Lag forslag til besøk").click()
    expect(coordinator.locator("main h1")).to_be_visible()
    button = coordinator.get_by_role("button", name="Avbryt")
    if button.is_visible():
        button.click()
    expect(coordinator.locator("main h1")).to_contain_text("avbrutt", timeout=60_000)


def test_keyboard_alone(coordinator: Page, service: Service) -> None:
    coordinator.goto(service.url)
    coordinator.keyboard.press("Tab")
    expect(coordinator.locator(".ds-skip-link")).to_be_focused()
    coordinator.keyboard.press("Enter")
    expect(coordinator.locator("main")).to_be_focused()
    coordinator.keyboard.press("Tab")
    expect(coordinator.get_by_role("link", name="Bestill besøk")).to_be_focused()
    _tab_to(coordinator, coordinator.get_by_role("link", name="se kartet"))
    coordinator.keyboard.press("Enter")
    _tab_to(coordinator, coordinator.get_by_role("link", name="Tabell"))
    coordinator.keyboard.press("Enter")
    search = coordinator.get_by_label("Skole, rollemodell eller bedrift")
    _tab_to(coordinator, search)
    coordinator.keyboard.type("bergen")
    coordinator.keyboard.press("Enter")
    expect(coordinator.get_by_role("heading", level=2)).to_have_text("14 besøk")
    first = coordinator.locator(".tp-table tbody th a").first
    _tab_to(coordinator, first)
    coordinator.keyboard.press("Enter")
    expect(coordinator.get_by_role("heading", level=1)).to_contain_text("Bergen skole")
    coordinator.goto(f"{service.url}/kart")
    coordinator.wait_for_selector("[data-ready]")
    _tab_to(coordinator, coordinator.locator(".leaflet-control-zoom-in"))
    _tab_to(coordinator, coordinator.get_by_role("contentinfo").get_by_role("link").first)


def test_menu_of_a_telephone_opens_and_closes_by_keyboard(coordinator: Page, service: Service) -> None:
    coordinator.set_viewport_size({"width": PHONE, "height": 844})
    coordinator.goto(service.url)
    menu = coordinator.get_by_role("navigation", name="Hovedmeny")
    opener = coordinator.get_by_role("button", name="Meny")
    expect(menu).to_be_hidden()
    _tab_to(coordinator, opener)
    coordinator.keyboard.press("Enter")
    expect(menu).to_be_visible()
    coordinator.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()
    coordinator.keyboard.press("Space")
    _tab_to(coordinator, menu.get_by_role("link", name="Avtaler"))
    coordinator.keyboard.press("Enter")
    expect(coordinator).to_have_url(f"{service.url}/avtaler")
    expect(menu).to_be_hidden()


def test_without_javascript_everything_is_there(browser: Any, service: Service, coordinator_cookies: Any) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=coordinator_cookies, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{service.url}/kart")
    expect(page.locator("[data-map]")).to_be_hidden()
    expect(page.locator(".tp-map-columns tbody tr")).to_have_count(3)
    page.get_by_label("Kommune", exact=True).select_option(label="Oslo")
    page.get_by_role("button", name="Vis").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("7 skoler i Oslo")
    page.goto(f"{service.url}/besok")
    page.locator("summary").click()
    expect(page.get_by_role("cell", name="nådd").first).to_be_visible()
    page.goto(f"{service.url}/kjoringer")
    page.get_by_role("button", name="Lag forslag til studiegrupper").click()
    expect(page.locator("main h1")).to_contain_text("studiegrupper")
    if page.locator('meta[http-equiv="refresh"]').count():
        page.get_by_role("link", name="Last siden nå").click()
    expect(page.locator("main h1")).to_contain_text("Ferdig.", timeout=60_000)
    context.close()


def test_words_change_and_the_place_is_kept(coordinator: Page, service: Service) -> None:
    coordinator.goto(f"{service.url}/besok?sort=-school&digital=1")
    coordinator.get_by_role("link", name="English").click()
    expect(coordinator.get_by_role("heading", level=1)).to_have_text("Plan for the visits")
    expect(coordinator.locator("html")).to_have_attribute("lang", "en")
    expect(coordinator.locator(".tp-table tbody tr")).to_have_count(7)
    expect(coordinator.locator('th[aria-sort="descending"]')).to_contain_text("School and class")
    coordinator.goto(f"{service.url}/grupper")
    expect(coordinator.get_by_role("heading", level=1)).to_have_text("Plan for the study groups")


def _tab_to(page: Page, target: Any) -> None:
    """Presses Tab until the target has focus; fails when it never gets it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{target} is not reached by Tab")
