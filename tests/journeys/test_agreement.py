"""The agreement week: a company sets time aside, the plan is approved, its people are told, one objects, and the ledger
shows what was promised, asked, accepted and held. Then the municipality's page, and a school that is asked once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.domain.transitions import Party
from api.models.bookings import Booking
from api.models.programmes import VisitWeek
from api.models.role_models import RoleModelFreeTime
from api.models.visits import Visit
from api.services import users
from api.services.change import By
from api.services.follow_up import visits
from tests import factories as make
from tests.journeys.axe import DESK, PHONE, faults
from tests.journeys.conftest import Service
from tests.seasons import World, lessons_on, plan_now

UP_NORTH = {"lat": 70.07, "lon": 29.75}
LINK = re.compile(r"https?://[^/\s]+(/invitasjon/[0-9a-f]+)")
# the filled buttons of approving, sending and objecting, by language
SAID = {
    "nb": (re.compile("Godkjenn og send"), "Send nå", "Avtaler"),
    "nn": (re.compile("Godkjenn og send"), "Send nå", "Avtalar"),
    "en": (re.compile("Approve and send"), "Send now", "Agreements"),
}
EVERYWHERE = [
    pytest.param(width, locale, marks=() if (width, locale) == (DESK, "nb") else pytest.mark.long)
    for width in (DESK, PHONE)
    for locale in SAID
]
Rows = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Week:
    """The rows of one journey. people: role model and address, for Monday and for Tuesday. token: the company's."""

    season: str
    town: str
    company: str
    plan: str
    token: str
    monday: date
    people: list[tuple[str, str]]


def agreement_week(session: Session, name: str) -> Week:
    """Two people of a company, each free on one day, two schools that ask for those days, and a plan with both."""
    today = clock.today()
    monday = today + timedelta(days=126 - today.weekday())
    season = make.make_season(
        session, name=name, starts_on=monday - timedelta(weeks=1), ends_on=monday + timedelta(weeks=8)
    )
    programme = make.make_programme(session, code=f"zz-{name}"[:40])
    rules = make.make_rule_version(session, programme_id=programme.id, settings={"lead_school_days": 0})
    town = make.make_municipality(session, name=name)
    world = World(season, rules, rules, monday, today, town)
    week = VisitWeek(season_id=season.id, municipality_id=town.id, monday=monday)
    session.add(week)
    company = make.make_company(session, name=f"Bedrift {name}")
    agreement = make.make_agreement(session, company_id=company.id, season_id=season.id, pledged_people=2)
    agreement.municipalities, agreement.visit_weeks = [town], [week]
    people = []
    for day in (1, 2):
        address = f"fagperson{day}.{name.lower()}@example.org"
        person = make.make_person(session, name=f"Fagperson {day}", email=address)
        free = [RoleModelFreeTime(weekday=day, starts=time(8), ends=time(15))]
        one = make.make_role_model(session, person_id=person.id, company_id=company.id, free_times=free, **UP_NORTH)
        one.agreements, one.confirmed_at = [agreement], clock.now()
        people.append((one.id, address))
        school = make.make_school(session, name=f"{name} skole {day}", municipality_id=town.id, **UP_NORTH)
        asks = {"season_id": season.id, "programme_id": programme.id, "school_id": school.id, "pupils": 24}
        make.make_request(session, starts=(lessons_on(world, day - 1),), answer_on=monday, **asks)
    make.make_school(session, name=f"{name} skole 3", municipality_id=town.id, **UP_NORTH)
    session.flush()
    plan_now(session, world, RunKind.VISIT)
    contact = make.make_user(session)
    make.make_grant(session, user_id=contact.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    token = users.create_token(session, user_id=contact.id, name="journey", scopes=("read", "write"))
    return Week(season.id, town.id, company.id, world.plans[RunKind.VISIT], token, monday, people)


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_agreement_week(
    browser: Any,
    service: Service,
    rows: Rows,
    letters: Callable[[str], list[str]],
    coordinator_cookies: Any,
    width: int,
    locale: str,
) -> None:
    name = f"Avtaleby{width}{locale}"
    approve, send, agreements = SAID[locale]
    with rows() as session:
        week = agreement_week(session, name)
    context = browser.new_context(storage_state=coordinator_cookies, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{service.url}/?lang={locale}")
    set_aside(page, service, week)

    page.goto(f"{service.url}/godkjenn/{week.plan}")
    page.get_by_role("button", name=approve).click()
    page.wait_for_url("**/godkjent/**")
    page.goto(page.url.rstrip("/") + "/send")
    page.get_by_role("button", name=send).click()
    page.wait_for_url(re.compile(r"/godkjent/[^/]+$"))

    object_to(browser, service, letters(week.people[0][1]))
    with rows() as session:
        hold(session, week.people[1][0])

    page.goto(f"{service.url}/avtaler?season={week.season}")
    expect(page.get_by_role("heading", level=1)).to_have_text(agreements)
    cells = page.locator("tbody tr", has_text=f"Bedrift {name}").first.locator("td.tp-number")
    expect(cells).to_have_text(["2", "2", "1", "1", "0", "1"])
    assert faults(page) == []
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert faults(page) == []
    page.goto(f"{service.url}/avtaler/{week.town}?utskrift=1&season={week.season}")
    expect(page.locator(".tp-paper")).to_contain_text(f"{name} skole 1")
    assert faults(page) == []

    page.goto(f"{service.url}/kontaktliste/{week.town}?season={week.season}")
    line = page.locator("tbody tr", has_text=f"{name} skole 3")
    line.get_by_role("button").click()
    expect(line.locator(".ds-tag")).to_have_count(1)
    assert faults(page) == []
    for path in ("/dekning", "/dekning/kommuner", "/belastning", "/dobbelt", "/regler", "/historikk"):
        page.goto(service.url + path)
        assert faults(page) == [], path
    context.close()


def set_aside(page: Page, service: Service, week: Week) -> None:
    """The company keeps a time of its first person for the week."""
    answer = page.request.post(
        f"{service.url}/api/v1/companies/{week.company}/pledge-slots?season={week.season}",
        headers={"Authorization": f"Bearer {week.token}", "Idempotency-Key": week.company},
        data={"role_model": week.people[0][0], "day": week.monday.isoformat(), "starts": "08:00", "ends": "12:00"},
    )
    assert answer.status == 201, answer.text()


def object_to(browser: Any, service: Service, told: list[str]) -> None:
    """Whoever was told opens the link of the letter and says that it does not suit."""
    found = LINK.search(told[0])
    assert found is not None, told[0]
    context = browser.new_context(viewport={"width": PHONE, "height": 900})
    page = context.new_page()
    page.goto(f"{service.url}{found.group(1)}/nei")
    page.locator("form[action$='/nei'] button[type=submit]").first.click()
    page.wait_for_load_state()
    context.close()


def hold(session: Session, role_model: str) -> None:
    """The visit of this role model was yesterday, and the school has said that it was held."""
    visit = session.scalars(select(Visit).where(Visit.role_models.any(role_model_id=role_model))).one()
    back = visit.starts_at - clock.now() + timedelta(days=1)
    for booking in session.scalars(select(Booking).where(Booking.visit_id == visit.id)):
        booking.starts_at, booking.ends_at = booking.starts_at - back, booking.ends_at - back
    visit.starts_at, visit.ends_at = visit.starts_at - back, visit.ends_at - back
    session.flush()
    visits.mark_held(session, visit.id, By(Party.SCHOOL))
