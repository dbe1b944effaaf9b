"""A role model on a phone without JavaScript: yes, no with a scope, silence and back; and the slider with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, ProfileState, VisitState
from api.models.follow_up import Invitation, SilenceEpisode
from api.models.role_models import RoleModel
from api.services import links
from api.services.follow_up import messages
from api.services.profiles import letters as profile_letters
from tests import factories as make
from tests.journeys.conftest import Service

Rows = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def phone(browser: Any) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="nb-NO")
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


def invited(session: Session, hours: int = 72) -> tuple[str, str]:
    """The path of a new invitation to a visit, and the id of its role model."""
    person = make.make_role_model(session, confirmed_at=clock.now() - timedelta(days=30), trained_on=clock.today())
    contact = make.make_person(session, name="Kontaktlærer", email="larer@example.org", phone="000 00 000")
    starts = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=40)
    request = make.make_request(session, contact_id=contact.id, starts=(starts,))
    visit = make.make_visit(session, person, request=request, state=VisitState.PLANNED)
    asked = Invitation(
        visit_id=visit.id,
        role_model_id=person.id,
        state=InvitationState.SENT,
        sent_at=clock.now() - timedelta(days=1),
        answer_by=clock.now() + timedelta(hours=hours),
    )
    session.add(asked)
    session.flush()
    return links.address_of(messages.invitation_link(session, asked)), person.id


def test_yes_in_two_taps_and_the_number_to_call(phone: Page, service: Service, rows: Rows) -> None:
    with rows() as session:
        path, _person = invited(session)
    phone.goto(service.url + path)
    yes = phone.get_by_role("button", name="Ja, jeg kommer")
    no = phone.get_by_role("link", name="Nei, ikke denne gangen")
    for button in (yes, no):
        box = button.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844  # on the first screen
        assert box["height"] >= 44
    yes.click()
    expect(phone.get_by_text("Du har sagt ja", exact=True)).to_be_visible()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Ring læreren innen")
    expect(phone.get_by_role("link", name="Ring 000 00 000")).to_have_attribute("href", "tel:00000000")
    phone.goto(service.url + path)  # opened once more: it says so, and asks nothing
    expect(phone.get_by_role("button", name="Ja, jeg kommer")).to_have_count(0)


def test_no_asks_for_its_scope_with_the_mildest_chosen(phone: Page, service: Service, rows: Rows) -> None:
    with rows() as session:
        path, person = invited(session)
    phone.goto(service.url + path)
    phone.get_by_role("link", name="Nei, ikke denne gangen").click()
    expect(phone.get_by_label("Bare denne dagen")).to_be_checked()
    phone.get_by_role("button", name="Send nei").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Takk for svaret")
    with rows() as session:
        answered = session.scalars(select(Invitation).where(Invitation.role_model_id == person)).one()
        assert answered.state is InvitationState.DECLINED


def test_after_silence_one_click_leads_back(phone: Page, service: Service, rows: Rows) -> None:
    with rows() as session:
        path, person = invited(session, hours=-2)
        asked = session.scalars(select(Invitation).where(Invitation.role_model_id == person)).one()
        asked.state = InvitationState.EXPIRED
        for weeks in (1, 3):
            monday = clock.today() - timedelta(days=7 * weeks + clock.today().weekday())
            session.add(SilenceEpisode(role_model_id=person, week=monday, invitation_id=asked.id))
        session.get_one(RoleModel, person).state = ProfileState.PAUSED
    phone.goto(service.url + path)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Fristen gikk ut")
    phone.get_by_role("button", name="Ja, spør meg igjen").click()
    expect(phone.get_by_role("status")).to_contain_text("Vi spør deg igjen")
    with rows() as session:
        assert session.get_one(RoleModel, person).state is ProfileState.ACTIVE


def test_the_slider_says_what_more_minutes_open_for(page: Page, service: Service, rows: Rows) -> None:
    with rows() as session:
        person = session.scalars(select(RoleModel).where(RoleModel.company_id.is_(None)).order_by(RoleModel.id)).first()
        if person is None:
            person = make.make_role_model(session)
        path = links.address_of(profile_letters.profile_link(session, person))
        stored, asked = person.max_travel_minutes, person.id
    page.goto(service.url + path)
    slider = page.locator("#reach-slider")
    expect(slider).to_be_visible()
    slider.fill("30")
    expect(page.locator("#reach output")).to_have_text("30 minutter")
    expect(page.locator("#max_travel_minutes")).to_have_value("30")
    slider.press("PageUp")
    expect(page.locator("#reach output")).to_have_text("45 minutter")
    expect(slider).to_have_attribute("aria-valuetext", "45 minutter")
    page.fill("#max_travel_minutes", "60")
    expect(slider).to_have_value("60")
    expect(page.locator("#reach-said")).to_contain_text("åpne bestillinger")
    with rows() as session:
        same = select(func.count()).where(RoleModel.id == asked, RoleModel.max_travel_minutes == stored)
        assert session.scalar(same) == 1
