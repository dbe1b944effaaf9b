"""A pupil on a phone: joins and ranks by buttons or by keyboard alone, accepts and stays in line, swaps, lets an offer
expire; a guardian says yes without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import OfferReason, ProgrammeKind, WindowKind
from api.models.group_life import SeatOffer
from api.models.groups import GroupSession
from api.models.people import Person
from api.models.pupils import Entry, Pupil
from api.queries.campus_rules import rules_now
from api.services.queue import offers
from api.web.pupil.links_of import own_page
from tests import factories as make
from tests.journeys.conftest import Service

PHONE, DESK = 390, 1280
CODE = "journey-pupils"
JOIN = f"/elev/bli-med?program={CODE}"
NEAR, HOME, FAR = {"lat": 63.42, "lon": 10.40}, {"lat": 63.40, "lon": 10.40}, {"lat": 62.47, "lon": 6.15}
LINK = re.compile(r"https?://[^/\s]+(/(?:ko|plass|foresatt)/[0-9a-f]{64})")
SAID = {
    "nb": ("Stå på venteliste", "Tirsdag er nå 1. valg", "Du har fått plass"),
    "nn": ("Stå på venteliste", "Tysdag er no 1. val", "Du har fått plass"),
    "en": ("Stand on the waiting list", "Tuesday is now choice number 1", "You have a place"),
}
EVERYWHERE = [
    pytest.param(width, locale, marks=() if (width, locale) == (PHONE, "nb") else pytest.mark.long)
    for width in (PHONE, DESK)
    for locale in SAID
]
Rows = Callable[[], AbstractContextManager[Session]]
Letters = Callable[[str], list[str]]
Pupils = Callable[..., str]


@pytest.fixture(scope="module")
def programme(rows: Rows) -> str:
    """A programme that can be joined: three evenings near a school, one far away, one digital. Returns its id."""
    with rows() as session:
        made = make.make_programme(session, code=CODE, kind=ProgrammeKind.STUDY_GROUP)
        make.make_rule_version(session, programme_id=made.id, settings={"min_mentors": 0, "min_pupils": 0})
        starts = clock.today() + timedelta(days=250)
        season = make.make_season(session, name="Reisehalvår", starts_on=starts, ends_on=starts + timedelta(weeks=20))
        make.make_window(
            session,
            season_id=season.id,
            programme_id=made.id,
            kind=WindowKind.REGISTRATION,
            opens_at=clock.now() - timedelta(days=2),
            closes_at=clock.now() + timedelta(days=30),
            answer_on=clock.today() + timedelta(days=40),
        )
        make.make_level(session, name_nb="matematikk R1", name_nn="matematikk R1", name_en="mathematics R1")
        make.make_school(session, name="Reise ungdomsskole", postcode="7290", **HOME)
        near = make.make_site(session, name="NTNU Gløshaugen", **NEAR)
        far = make.make_site(session, name="NTNU Ålesund", **FAR)
        digital = make.make_site(session, name="ENT3R digital", digital=True, **NEAR)
        for site, weekday in ((near, 1), (near, 2), (near, 4), (far, 3), (digital, 5)):
            make.make_group_session(
                session,
                season_id=season.id,
                programme_id=made.id,
                site_id=site.id,
                weekday=weekday,
                starts=time(17),
                ends=time(19),
                seats=20,
            )
        return made.id


@pytest.fixture
def waiting(rows: Rows, programme: str, service: Service) -> Pupils:
    """Puts a pupil with an address on the list for the near evenings, Thursday first; returns the entry's id."""

    def put(email: str, **given: Any) -> str:
        with rows() as session:
            held = evenings(session, programme)
            person = make.make_person(session, name="Elev", email=email, locale=given.pop("locale", "nb"))
            pupil = make.make_pupil(session, person_id=person.id, **NEAR)
            wished = [held[4], held[2], held[1]]
            row = make.make_entry(
                session,
                *wished,
                pupil_id=pupil.id,
                season_id=wished[0].season_id,
                programme_id=programme,
                lottery_number=1 + (session.scalar(select(func.max(Entry.lottery_number))) or 0),
                **given,
            )
            return row.id

    return put


def evenings(session: Session, programme: str) -> dict[int, GroupSession]:
    """The programme's sessions by weekday."""
    found = session.scalars(select(GroupSession).where(GroupSession.programme_id == programme))
    return {row.weekday: row for row in found}


def offer(rows: Rows, entry_id: str, weekday: int, *, at: datetime | None = None) -> str:
    """Offers the entry a seat on an evening, as the scheduler would; returns the offer's id."""
    with rows() as session:
        entry = session.get_one(Entry, entry_id)
        held = evenings(session, entry.programme_id)[weekday]
        seat = 1 + len(session.scalars(select(SeatOffer.id).where(SeatOffer.session_id == held.id)).all())
        rules = rules_now(session, entry.programme_id)
        return offers.make(session, entry, held, seat, None, OfferReason.QUEUE, at or clock.now(), rules).id


def link_to(letters: Letters, address: str, kind: str) -> str:
    """The path of the newest link of a kind ("ko", "plass", "foresatt") in the letters to an address."""
    found = (match for text in letters(address) for match in LINK.findall(text) if match.startswith(f"/{kind}/"))
    return next(found)


@contextmanager
def phone(browser: Any, service: Service, width: int = PHONE, locale: str = "nb", **more: Any) -> Iterator[Page]:
    """A page of that width in that language."""
    context = browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce", **more)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
    page.goto(f"{service.url}/logg-inn?lang={locale}")
    yield page
    context.close()


@pytest.fixture
def looks(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Looks at one more state of a page, as `is_fine` does; in the long runs only, each axe takes a second."""
    return is_fine if request.node.get_closest_marker("long") else lambda page: None


def is_fine(page: Page) -> None:
    """axe finds nothing, and nothing scrolls sideways."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    outside = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
      [...document.querySelectorAll("main *")]
      .filter(one => one.getBoundingClientRect().right > innerWidth).map(one => one.outerHTML.slice(0, 200))"""
    assert page.evaluate(outside) == []


def fill_in_person(page: Page, email: str, born: int) -> None:
    """Fills in who one is, the address as slowly as a person: the form refuses who is done within two seconds."""
    page.fill("#name", "Elev på telefon")
    page.locator("#email").press_sequentially(email, delay=100)
    page.fill("#birth_year", str(born))


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_pupil_joins_and_ranks_by_buttons(
    browser: Any,
    service: Service,
    rows: Rows,
    letters: Letters,
    programme: str,
    looks: Callable[[Page], None],
    width: int,
    locale: str,
) -> None:
    join, moved, _seated = SAID[locale]
    email = f"elev-{width}-{locale}@example.org"
    with phone(browser, service, width, locale) as page:
        page.goto(service.url + JOIN)
        page.locator("#grade .ds-chip").nth(2).click()
        page.locator("#level .ds-chip", has_text="R1").last.click()
        page.fill("#home", "7290")
        page.press("#home", "Enter")
        near = page.locator(".tp-site", has=page.get_by_text("NTNU Gløshaugen", exact=True)).first
        expect(near).to_contain_text("4 min")
        for row in (0, 1, 2):
            near.locator(".tp-evening button").nth(row).click()
        cards = page.locator("[data-ranked] li")
        expect(cards).to_have_count(3)
        up = cards.nth(1).locator("[data-move='-1']")
        up.click()
        expect(cards.nth(0).locator("[data-move='-1']")).to_be_focused()
        expect(page.locator("[data-status]")).to_have_text(moved)
        expect(page.locator("[data-digital]")).to_be_hidden()
        is_fine(page)
        fill_in_person(page, email, clock.today().year - 19)
        expect(page.locator("#guardian_email")).to_be_hidden()
        page.get_by_role("button", name=join).last.dblclick()
        page.wait_for_url("**/elev/bli-med/takk")
        looks(page)
        page.goto(service.url + link_to(letters, email, "ko"))
        page.get_by_role("button", name=join).click()
        expect(page.locator(".tp-places li, .tp-ranked-card").first).to_be_visible()
        looks(page)
    with rows() as session:
        found = select(Entry).join(Pupil).join(Person).where(Person.email == email)
        (entry,) = session.scalars(found).all()
        held = evenings(session, programme)
        assert [one.session_id for one in entry.choices] == [held[2].id, held[1].id, held[4].id]
        assert (entry.pupil.postcode, entry.pupil.lat) == ("7290", HOME["lat"])


def test_join_form_by_keyboard_alone(
    browser: Any, service: Service, rows: Rows, letters: Letters, programme: str
) -> None:
    email = "elev-tastatur@example.org"
    with phone(browser, service) as page:
        page.goto(service.url + JOIN)
        press_to(page, "input[name=grade]")
        page.keyboard.press("Space")
        press_to(page, "input[name=level]")
        page.keyboard.press("Space")
        press_to(page, "#home")
        page.keyboard.type("Reise ungdomsskole")
        page.keyboard.press("Tab")
        expect(page.locator(".tp-site").first).to_contain_text("4 min")
        press_to(page, ".tp-evening button")
        page.keyboard.press("Enter")
        press_to(page, ".tp-evening button[aria-pressed=false]")
        page.keyboard.press("Space")
        press_to(page, "[data-ranked] li:last-child [data-move='-1']", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("[data-ranked] li:first-child [data-move='-1']")).to_be_focused()
        press_to(page, "#name")
        page.keyboard.press("Tab")
        page.keyboard.type("ikke en adresse")
        page.keyboard.press("Enter")
        summary = page.locator("ds-error-summary")
        expect(summary).to_be_focused()
        expect(page).to_have_title(re.compile("^Feil:"))
        press_to(page, "a[href='#name']")
        page.keyboard.press("Enter")
        expect(page.locator("#name")).to_be_focused()
        page.keyboard.type("Elev ved tastaturet")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type(email, delay=100)  # as slowly as a person
        press_to(page, "#birth_year")
        page.keyboard.type("2005")
        page.keyboard.press("Enter")
        page.wait_for_url("**/elev/bli-med/takk")
    with rows() as session:
        (entry,) = session.scalars(select(Entry).join(Pupil).join(Person).where(Person.email == email)).all()
        assert len(entry.choices) == 2
        assert entry.pupil.school is not None


def press_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Presses Tab until this has focus."""
    for _ in range(80):
        page.keyboard.press(key)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by {key}")


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_pupil_accepts_stays_in_line_swaps_and_lets_one_expire(
    browser: Any,
    service: Service,
    rows: Rows,
    letters: Letters,
    waiting: Pupils,
    looks: Callable[[Page], None],
    width: int,
    locale: str,
) -> None:
    email = f"elev-ko-{width}-{locale}@example.org"
    entry_id = waiting(email, locale=locale)
    seated = SAID[locale][2]
    late = clock.now() - timedelta(days=20)
    first = offer(rows, entry_id, 1, at=late)
    with phone(browser, service, width, locale) as page:
        answer = page.goto(service.url + link_to(letters, email, "plass"))
        assert answer is not None
        assert answer.status == 410
        looks(page)
        with rows() as session:
            offers.expire(session, session.get_one(SeatOffer, first), clock.now())
            own = service.url + own_page(session, session.get_one(Entry, entry_id))
        page.goto(own)
        expect(page.locator(".tp-places li")).to_have_count(3)
        looks(page)
        offer(rows, entry_id, 2)
        page.reload()
        is_fine(page)
        page.locator("button[value=stay]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(seated)
        expect(page.locator(".tp-queue-number strong")).to_be_visible()
        is_fine(page)
        offer(rows, entry_id, 4)
        page.goto(own)
        page.locator("button[value=yes]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(seated)
        expect(page.locator(".tp-queue-number")).to_have_count(0)
        page.goto(own + "/sjekk")
        looks(page)
        page.goto(own + "/endre")
        expect(page.locator("[data-ranked] li")).to_have_count(3)
        looks(page)
        page.goto(own + "/forlat")
        looks(page)
        page.locator("button[data-color=danger]").click()
        expect(page.locator("main h1")).to_be_visible()
        looks(page)


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_guardian_says_yes_without_javascript(
    browser: Any,
    service: Service,
    rows: Rows,
    letters: Letters,
    programme: str,
    looks: Callable[[Page], None],
    width: int,
    locale: str,
) -> None:
    join = SAID[locale][0]
    email, guardian = f"ung-{width}-{locale}@example.org", f"foresatt-{width}-{locale}@example.org"
    with phone(browser, service, width, locale, java_script_enabled=False) as page:
        page.goto(service.url + JOIN)
        page.locator("#grade .ds-chip").first.click()
        page.locator("#level .ds-chip", has_text="R1").last.click()
        page.fill("#home", "7290")
        page.locator("button[name=look]").click()
        page.locator(".tp-evening select").nth(1).select_option("1")
        page.locator(".tp-evening select").nth(0).select_option("2")
        fill_in_person(page, email, clock.today().year - 15)
        page.get_by_role("button", name=join).last.click()
        assert page.title().startswith(("Feil:", "Error:"))
        page.locator("#guardian_email").press_sequentially(guardian, delay=100)  # as slowly as a person
        page.get_by_role("button", name=join).last.click()
        page.wait_for_url("**/elev/bli-med/takk")
        with rows() as session:
            found = select(Entry).join(Pupil).join(Person).where(Person.email == email)
            own = service.url + own_page(session, session.scalars(found).one())
        page.goto(own)
        page.get_by_role("button", name=join).click()
        page.locator("form[action$='/foresatt'] button").click()
        asked = service.url + link_to(letters, guardian, "foresatt")
        page.goto(asked)
        page.locator("button[value=yes]").click()
        expect(page.locator("button[value=yes]")).to_have_count(0)
        page.goto(own)
        expect(page.locator(".tp-places li")).to_have_count(2)
    with phone(browser, service, width, locale) as page:
        page.goto(asked)
        is_fine(page)
        for path in ("/slett", "/nei"):
            page.goto(asked + path)
            looks(page)


@pytest.mark.long
@pytest.mark.parametrize("locale", SAID)
def test_pages_for_everyone_about_the_queue(browser: Any, service: Service, programme: str, locale: str) -> None:
    with phone(browser, service, PHONE, locale) as page:
        for path in (JOIN, "/elev/bli-med/takk", "/elev/mistet-lenke", "/elev/mistet-lenke/sendt", "/elev/trekning"):
            page.goto(service.url + path)
            is_fine(page)
