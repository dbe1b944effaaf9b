"""Every page in both languages, on desk and phone: axe finds nothing, nothing scrolls sideways, nothing leaves."""

from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import Service

PHONE, DESK = 390, 1280
WIDTH_OF = {"nb": PHONE, "en": DESK}
EVERYONE = (
    "/", "/kart", "/kart/grupper", "/grupper/steder", "/grupper/uten", "/grupper/blindern", "/personvern",
    "/tilgjengelighet", "/logg-inn", "/nowhere",
)  # fmt: skip
COORDINATORS = (
    "/besok", "/besok/uten", "/grupper", "/grupper/blindern", "/grupper/blindern/venteliste", "/kjoringer",
)  # fmt: skip


@pytest.mark.parametrize("locale", WIDTH_OF)
def test_every_page_can_be_used_by_everyone(
    browser: Any, service: Service, coordinator_cookies: Any, locale: str
) -> None:
    """axe at one width a language; sideways scroll at both in both."""
    special = (service.visit, service.why_not, service.municipality, service.run)
    width = WIDTH_OF[locale]
    faults: list[str] = []
    for state, addresses in ((None, EVERYONE), (coordinator_cookies, (*COORDINATORS, *special))):
        context = browser.new_context(
            storage_state=state, viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        page = context.new_page()
        _listen(page, service.url, faults)
        page.goto(f"{service.url}/?lang={locale}")
        for address in addresses:
            page.goto(service.url + address)
            if address.startswith("/kart"):
                page.wait_for_selector("[data-ready]")
            faults += [f"{address}: {fault}" for fault in _faults(page)]
            for wide in (PHONE + DESK - width, width):
                page.set_viewport_size({"width": wide, "height": 900})
                if page.evaluate("document.documentElement.scrollWidth") > wide:
                    faults.append(f"{address}: scrolls sideways at {wide}")
        context.close()
    assert faults == []


def _listen(page: Any, own: str, faults: list[str]) -> None:
    page.on("request", lambda request: faults.extend(_elsewhere(request.url, own)))
    page.on("console", lambda message: faults.extend(_complaint(message)))


def _faults(page: Any) -> list[str]:
    found = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    ]
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    if levels[:1] != [1] or levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
        found.append(f"headings leap: {levels}")
    if " · Treffpunkt" not in page.title() or not page.title().split(" · ")[0].strip():
        found.append(f"title: {page.title()}")
    return found


def _elsewhere(url: str, own: str) -> list[str]:
    parts = urlsplit(url)
    return [] if url.startswith(own) or parts.scheme in ("data", "blob") else [f"asks {url}"]


def _complaint(message: Any) -> list[str]:
    """What the browser complains of: blocked styles and scripts above all. The missing page is missing on purpose."""
    if message.type not in ("error", "warning") or "404" in message.text:
        return []
    return [f"console: {message.text[:200]}"]
