"""Every page of the URL map in each language, on desk and phone: axe finds nothing, nothing scrolls sideways or leaves.

`make test` looks at every fourth page, language and width in turn; `make long` at all of them in every way, with
pictures of each in build/screenshots.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from api import db
from tests.journeys import axe
from tests.journeys.addresses import STATUSES
from tests.journeys.axe import DESK, PHONE

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "screenshots"
LANGUAGES = ("nb", "nn", "en")
WAYS = [(language, width) for language in LANGUAGES for width in (PHONE, DESK)]
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"
# What a form says when it comes back: posted as it is, half of it missing.
FORMS = (
    "/logg-inn",
    "/bedrift/ny",
    "/rollemodell/ny",
    "/elev/bli-med",
    "/bestilling/mistet-lenke",
    "/elev/mistet-lenke",
)


@dataclass(frozen=True)
class Shown:
    """A served page: endpoint of its rule ("extra" for a view of one), address, and the cookie of who looks."""

    endpoint: str
    address: str
    cookie: str | None


@dataclass(frozen=True)
class Pages:
    """The service with two of everything, and all of its pages."""

    url: str
    shown: list[Shown]


@pytest.fixture(scope="module")
def every_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("pages")
    url = f"sqlite:///{folder / 'pages.db'}"
    db.upgrade(url)
    with (folder / "log").open("w") as log:
        made = subprocess.run(
            [sys.executable, "-m", "tests.journeys.addresses", url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert made.returncode == 0, (folder / "log").read_text()
        command = [sys.executable, "-m", "tests.journeys.server", url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            try:
                assert process.stdout is not None
                port = process.stdout.readline().strip()
                yield Pages(f"http://127.0.0.1:{port}", [Shown(**one) for one in json.loads(made.stdout)])
            finally:
                process.terminate()


@pytest.mark.parametrize("eighth", [0, *(pytest.param(one, marks=pytest.mark.long) for one in range(1, 8))])
def test_pages_in_turn_can_be_used_by_everyone(browser: Browser, every_page: Pages, eighth: int) -> None:
    found: list[str] = []
    shown = every_page.shown[eighth::8]
    for turn, (language, width) in enumerate(WAYS):
        found += _look(browser, every_page, language, width, shown[turn :: len(WAYS)])
    assert not found, "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize(("language", "width"), WAYS)
def test_every_page_in_every_way(browser: Browser, every_page: Pages, language: str, width: int) -> None:
    found = _look(browser, every_page, language, width, every_page.shown, pictures=True)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("language", "width"),
    [pytest.param(*way, marks=() if way == ("nn", PHONE) else pytest.mark.long) for way in WAYS],
)
def test_forms_that_come_back_can_be_used_by_everyone(
    browser: Browser, every_page: Pages, language: str, width: int
) -> None:
    found: list[str] = []
    page = _opened(browser, every_page, language, width, None)
    for address in FORMS:
        page.goto(every_page.url + address)
        with page.expect_navigation():
            page.evaluate("document.querySelector('main form[method=post]').submit()")
        found += [f"{address}: {fault}" for fault in axe.faults(page)]
    page.context.close()
    assert not found, "\n".join(found)


def _look(
    browser: Browser, pages: Pages, language: str, width: int, shown: list[Shown], *, pictures: bool = False
) -> list[str]:
    """What is wrong with these pages, read in one language at one width."""
    found: list[str] = []
    for cookie in dict.fromkeys(one.cookie for one in shown):
        page = _opened(browser, pages, language, width, cookie)
        heard: list[str] = []
        _listen(page, pages.url, heard)
        for one in (one for one in shown if one.cookie == cookie):
            heard.clear()
            answer = page.goto(pages.url + one.address)
            assert answer is not None
            faults = [*_status(one, answer.status), *axe.faults(page), *heard]
            if pictures:
                _picture(page, one, language, width)
            page.evaluate(LARGE_TEXT)
            faults += [f"with large text {fault}" for fault in axe.scrolls(page)]
            found += [f"{one.address} {language} {width}: {fault}" for fault in faults]
        page.context.close()
    return found


def _opened(browser: Browser, pages: Pages, language: str, width: int, cookie: str | None) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": "language", "value": language, "url": pages.url}])
    if cookie:
        context.add_cookies([{"name": "session", "value": cookie, "url": pages.url}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def _status(one: Shown, status: int) -> list[str]:
    return [] if status in (200, STATUSES.get(one.endpoint)) else [f"answers {status}"]


def _picture(page: Page, one: Shown, language: str, width: int) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = (
        one.endpoint if one.endpoint != "extra" else "extra" + "".join(c if c.isalnum() else "-" for c in one.address)
    )
    page.screenshot(path=PICTURES / f"{name[:80]}-{language}-{width}.png", full_page=True)


def _listen(page: Page, own: str, heard: list[str]) -> None:
    page.on("request", lambda request: heard.extend(_elsewhere(request.url, own)))
    page.on("console", lambda message: heard.extend(_complaint(message)))
    page.on("pageerror", lambda error: heard.append(f"an error in the page: {error}"))


def _elsewhere(url: str, own: str) -> list[str]:
    parts = urlsplit(url)
    return [] if url.startswith(own) or parts.scheme in ("data", "blob") else [f"asks {url}"]


def _complaint(message: Any) -> list[str]:
    """What the browser complains of: blocked styles and scripts above all. `_status` has a word on statuses."""
    if message.type not in ("error", "warning") or "the server responded with a status of" in message.text:
        return []
    return [f"console: {message.text[:200]}"]
