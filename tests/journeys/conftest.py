"""A small planned season behind a real server, and the system's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session

from api import clock, db
from api.domain.enums import RunKind
from api.domain.permissions import Grant, Role
from api.services import users
from tests.seasons import planned_season

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PASSWORD = "a long one for the journeys"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Service:
    """A running service: its address, its database, and the paths of a few pages in it."""

    url: str
    database: str
    visit: str
    why_not: str
    run: str
    municipality: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing = f"the journeys need a browser, one of {', '.join(CHROMIUMS)}, in PATH"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return {"executable_path": found, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"locale": "nb-NO", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("journeys")
    url = f"sqlite:///{folder / 'season.db'}"
    db.upgrade(url)
    paths = _build(url)
    command = [sys.executable, "-m", "tests.journeys.server", url]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, (folder / "log").read_text()
            yield Service(f"http://127.0.0.1:{port}", url, **paths)
        finally:
            process.terminate()


@pytest.fixture
def page(context: BrowserContext, service: Service) -> Page:
    """A page whose addresses are the service's; anything it does not expect fails the test."""
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
    return opened


@pytest.fixture(scope="session")
def rows(service: Service) -> Callable[[], AbstractContextManager[Session]]:
    """Opens a write transaction on the served database, for what a journey begins with: `with rows() as session:`."""
    engine = db.make_engine(service.database)
    return db.sessions_of(engine).write.begin


@pytest.fixture(scope="session")
def signed_in(browser: Any, service: Service) -> Callable[[str], Any]:
    """The browser state of a user who has signed in by the form with PASSWORD; each login does so once."""

    @lru_cache
    def sign_in(login: str) -> Any:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{service.url}/logg-inn")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda address: not address.startswith(f"{service.url}/logg-inn"))
        state = context.storage_state()
        context.close()
        return state

    return sign_in


@pytest.fixture(scope="session")
def letters(service: Service, browser: Any) -> Callable[[str], list[str]]:
    """The texts of the messages that went to an address, the newest first, as the mailbox page shows them."""

    def texts_to(address: str) -> list[str]:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{service.url}/dev/mail?to={address}")
        places = page.locator("main tbody a").evaluate_all("links => links.map(link => link.href)")
        found = []
        for place in places:
            page.goto(place)
            found.append(page.locator("main").inner_text())
        context.close()
        return found

    return texts_to


@pytest.fixture(scope="session")
def coordinator_cookies(signed_in: Callable[[str], Any]) -> Any:
    """The browser state of a coordinator who has signed in by the form."""
    return signed_in("coordinator@example.org")


@pytest.fixture
def coordinator(browser: Any, service: Service, coordinator_cookies: Any, browser_context_args: Any) -> Iterator[Page]:
    """A page in which a coordinator is signed in."""
    context = browser.new_context(storage_state=coordinator_cookies, **browser_context_args)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


def _build(url: str) -> dict[str, str]:
    engine = db.make_engine(url)
    monday = clock.today() + timedelta(days=70 - clock.today().weekday())
    with db.sessions_of(engine).write.begin() as session:
        world = planned_season(session, copies=7, monday=monday)
        for login, grants in (
            ("coordinator@example.org", [Grant(Role.COORDINATOR)]),
            ("leader@example.org", [Grant(Role.SITE_LEADER, world.blindern.id if world.blindern else None)]),
        ):
            users.create_user(session, login=login, password=PASSWORD, name="Koordinator", grants=grants)
        visit = session.connection().exec_driver_sql("SELECT min(id) FROM plan_visit").scalar_one()
        paths = {
            "visit": f"/besok/{visit}",
            "why_not": f"/besok/uten/{world.unserved[0].id}",
            "run": f"/kjoringer/{world.runs[RunKind.VISIT]}",
            "municipality": f"/kart?municipality={world.oslo.id}",
        }
    engine.dispose()
    return paths
