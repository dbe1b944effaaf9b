"""A campus: its leader offers seats and finds a stand-in, who says yes by a link; a mentor takes attendance on a phone,
also without net; and all of it without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ApprovalState, DutyState, EntryState, Presence, ProgrammeKind, RunKind, RunState
from api.domain.permissions import Grant, Role
from api.models.follow_up import PlanApproval
from api.models.group_life import Attendance, Duty, SeatOffer
from api.models.groups import GroupSession
from api.services import users
from tests import factories as make
from tests.journeys.axe import DESK, PHONE, faults
from tests.journeys.conftest import PASSWORD, Service

LINK = re.compile(r"https?://[^/\s]+(/mentor/lenke/[0-9a-f]+)")
# the week, the button for two offers, asking mentors, a yes, what it is answered with, attendance, no net
SAID = {
    "nb": (
        "Uka på", "Send 2 tilbud om plass", "Spør", "Ja, jeg kommer", "Takk. Samlingen er din.", "Før oppmøte",
        "Uten nett.",
    ),
    "nn": (
        "Uka på", "Send 2 tilbud om plass", "Spør", "Ja, eg kjem", "Takk. Samlinga er di.", "Før oppmøte", "Utan nett.",
    ),
    "en": (
        "The week at", "Send 2 offers of a seat", "Ask", "Yes, I come", "Thank you. The meeting is yours.",
        "Mark attendance", "No net.",
    ),
}  # fmt: skip
EVERYWHERE = [
    pytest.param(width, locale, marks=() if (width, locale) == (PHONE, "nb") else pytest.mark.long)
    for width in (PHONE, DESK)
    for locale in SAID
]
Rows = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Evening:
    """A campus of a journey's own. leader, mentor: logins. spare: address. entries: who sits there."""

    site: str
    session_id: str
    tonight: str
    leader: str
    mentor: str
    spare: str
    entries: list[str]
    programme: str
    season: str


def campus_of(session: Session, name: str) -> Evening:
    """One evening with two mentors and three pupils, two who wait, a meeting all day today, and one tomorrow where a
    mentor is away and nobody has been asked."""
    today = clock.today()
    site = make.make_site(session, name=name, code=name.lower().replace(" ", "-"))
    programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP, code=f"zz-{site.code}"[:40])
    rules = make.make_rule_version(session, programme_id=programme.id, settings={})
    starts = today + timedelta(days=200)
    season = make.make_season(session, name=f"Halvår {name}", starts_on=starts, ends_on=starts + timedelta(weeks=18))
    room = make.make_room(session, site_id=site.id, name="R7", seats=30)
    group = make.make_group_session(
        session, season_id=season.id, programme_id=programme.id, site_id=site.id, room_id=room.id, seats=10,
        ratio=8, min_mentors=2, min_pupils=2,
    )  # fmt: skip
    run = make.make_run(
        session,
        kind=RunKind.GROUP,
        season_id=season.id,
        rule_version_id=rules.id,
        state=RunState.DONE,
        finished_at=clock.now(),
    )
    sent = {"items": [site.id], "sent_items": [site.id], "send_at": clock.now(), "sent_at": clock.now()}
    session.add(PlanApproval(plan_id=make.make_plan(session, run=run).id, state=ApprovalState.SENT, **sent))
    level = make.make_level(session, name_nb="matematikk 1P", name_nn="matematikk 1P", name_en="mathematics 1P")
    mentors = []
    for number in range(3):
        login = f"{site.code}-{number}@example.org"
        user = users.create_user(
            session, login=login, password=PASSWORD, name=f"Mentor{number} {name}", grants=[Grant(Role.MENTOR, site.id)]
        )
        user.person.email = login
        mentors.append(
            make.make_mentor(session, site_id=site.id, person_id=user.person_id, levels=[level], sessions=[group])
        )
    meetings = [
        make.make_meeting(
            session, session_id=group.id, room_id=room.id, starts_at=clock.at_local(day, first),
            ends_at=clock.at_local(day, last),
        )
        for day, first, last in (
            (today, time(0, 1), time(23, 59)),
            (today + timedelta(days=2), time(17), time(19)),
        )
    ]  # fmt: skip
    for mentor in mentors[:2]:
        make.make_assignment(session, session_id=group.id, mentor_id=mentor.id, from_date=today)
        make.make_duty(session, meeting=meetings[0], mentor=mentor)
    make.make_duty(session, meeting=meetings[1], mentor=mentors[0])
    make.make_duty(session, meeting=meetings[1], mentor=mentors[1], booked=False, state=DutyState.AWAY)
    entries = []
    for number in range(5):
        person = make.make_person(session, name=f"Elev{number} Etternavn")
        entry = make.make_entry(
            session, group, pupil_id=make.make_pupil(session, person_id=person.id).id, level_id=level.id,
            state=EntryState.PLACED if number < 3 else EntryState.WAITING,
        )  # fmt: skip
        if number < 3:
            make.make_membership(
                session, entry_id=entry.id, session_id=group.id, seat=number + 1, mentor_id=mentors[number // 2].id,
                from_date=today - timedelta(days=9),
            )  # fmt: skip
            entries.append(entry.id)
    leader = f"leader-{site.code}@example.org"
    users.create_user(
        session, login=leader, password=PASSWORD, name="Prosjektleder", grants=[Grant(Role.SITE_LEADER, site.id)]
    )
    first, _second, spare = (f"{site.code}-{number}@example.org" for number in range(3))
    return Evening(site.code, group.id, meetings[0].id, leader, first, spare, entries, programme.id, season.id)


@pytest.fixture
def opened(browser: Browser, service: Service, signed_in: Callable[[str], Any]) -> Iterator[Callable[..., Page]]:
    """Opens a page as somebody, at a width and in a language."""
    contexts: list[BrowserContext] = []

    def open_as(login: str | None, path: str, width: int, locale: str, **given: Any) -> Page:
        state = signed_in(login) if login else None
        context = browser.new_context(
            storage_state=state, viewport={"width": width, "height": 900}, reduced_motion="reduce", **given
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
        page.goto(f"{service.url}{path}{'&' if '?' in path else '?'}lang={locale}")
        return page

    yield open_as
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_leader_offers_seats_and_finds_a_stand_in_who_says_yes_by_link(
    opened: Callable[..., Page], rows: Rows, letters: Callable[[str], list[str]], width: int, locale: str
) -> None:
    with rows() as session:
        evening = campus_of(session, f"Kampus {locale} {width}")
    week, send, ask, yes, thanks, _mark, _no_net = SAID[locale]
    page = opened(evening.leader, "/studiested", width, locale)
    expect(page.get_by_role("heading", level=1)).to_contain_text(week)
    assert faults(page) == []
    page.get_by_role("button", name=re.compile(f"^{send}")).click()
    expect(page.get_by_role("status").first).to_contain_text("2")
    expect(page.get_by_role("button", name=re.compile(f"^{send}"))).to_have_count(0)
    with rows() as session:
        assert len(session.scalars(select(SeatOffer).where(SeatOffer.session_id == evening.session_id)).all()) == 2
    page.get_by_role("button", name=re.compile(f"^{ask} Mentor2")).click()
    expect(page.locator(".tp-sick-people")).to_contain_text("Mentor2")
    (secret,) = {found for text in letters(evening.spare) for found in LINK.findall(text)}
    asked = opened(None, secret, width, locale)
    assert faults(asked) == []
    asked.get_by_role("button", name=yes).first.click()
    expect(asked.get_by_role("status").first).to_contain_text(thanks)
    page.reload()
    expect(page.locator(".tp-sick")).to_have_count(0)


@pytest.mark.parametrize(("width", "locale"), EVERYWHERE)
def test_attendance_on_a_phone_is_kept_without_net_and_sent_later(
    opened: Callable[..., Page], rows: Rows, width: int, locale: str
) -> None:
    with rows() as session:
        evening = campus_of(session, f"Uten nett {locale} {width}")
    mark, no_net = SAID[locale][5:]
    page = opened(evening.mentor, "/mentor", width, locale)
    assert faults(page) == []
    page.get_by_role("link", name=mark).click()
    pupils = page.locator("fieldset[data-pupil]:visible")
    expect(pupils).to_have_count(2)
    assert faults(page) == []
    boxes = [label.bounding_box() for label in pupils.first.locator("label").all()]
    assert all(box and box["height"] >= 56 and box["width"] >= 44 for box in boxes)
    with page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        pupils.first.locator("label").first.click()
    assert kept.value.ok
    first, second = (one.get_attribute("data-pupil") for one in pupils.all())
    page.context.set_offline(True)
    pupils.nth(1).locator("label").nth(2).click()
    expect(page.locator("#no-net")).to_contain_text(no_net)
    stored = page.evaluate("JSON.stringify(Object.values(localStorage))")
    assert second in stored
    assert "not_told" in stored
    assert "Elev" not in stored
    assert marks(rows, evening) == {first: Presence.HERE}
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.context.set_offline(False)
    expect(page.locator("#no-net")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0
    assert marks(rows, evening) == {first: Presence.HERE, second: Presence.NOT_TOLD}
    waits = [f"treffpunkt-oppmote:{evening.tonight}", second, clock.now().isoformat()]
    page.evaluate("([key, who, at]) => localStorage.setItem(key, JSON.stringify({[who]: ['told', at]}))", waits)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.reload()
    expect(pupils.nth(1).locator('input[type="radio"][value="told"]')).to_be_checked()
    page.wait_for_function("localStorage.length === 0")
    page.locator("#done").click()
    expect(page).to_have_url(re.compile("/mentor$"))
    assert marks(rows, evening) == {first: Presence.HERE, second: Presence.TOLD}


def test_leader_takes_attendance_and_sets_up_an_evening_without_javascript(
    opened: Callable[..., Page], rows: Rows
) -> None:
    with rows() as session:
        evening = campus_of(session, "Uten skript")
    page = opened(evening.leader, f"/oppmote/{evening.tonight}", PHONE, "nb", java_script_enabled=False)
    page.get_by_role("radio", name="Ikke meldt fra").first.check()
    page.get_by_role("button", name="Alle er her").click()
    expect(page.get_by_text("2 her · 0 meldt fra · 1 ikke")).to_be_visible()
    page.get_by_role("button", name="Ferdig").click()
    assert sorted(marks(rows, evening).values()) == [Presence.HERE, Presence.HERE, Presence.NOT_TOLD]
    page.goto(page.url.split("/oppmote")[0] + f"/studiested/{evening.site}/ny-kveld")
    page.locator("#programme").select_option(evening.programme)
    page.locator("#season").select_option(evening.season)
    page.locator("#weekday").select_option("3")
    page.locator("#seats").fill("ti")
    page.get_by_role("button", name="Sett opp kvelden").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Én ting må rettes")
    assert page.title().startswith("Feil:")
    assert page.locator("#seats").input_value() == "ti"
    page.locator("#seats").fill("12")
    page.get_by_role("button", name="Sett opp kvelden").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Onsdag")
    with rows() as session:
        made = session.scalars(select(GroupSession).where(GroupSession.season_id == evening.season)).all()
        assert sorted(one.seats for one in made) == [10, 12]
        assert session.scalars(select(Duty.id).where(Duty.meeting_id == evening.tonight)).all()


def marks(rows: Rows, evening: Evening) -> dict[str | None, Presence]:
    """What is kept of tonight's meeting, by entry."""
    with rows() as session:
        found = session.scalars(select(Attendance).where(Attendance.meeting_id == evening.tonight))
        return {row.entry_id: row.presence for row in found}
