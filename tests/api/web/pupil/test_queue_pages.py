"""A pupil on the pages: from the form to a seat, by the links in the mails, and what nobody may learn or do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, OfferState, Presence
from api.models.group_life import Attendance, GuardianLink, SeatOffer
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from api.services.queue import due, join
from tests import factories as make
from tests.api.services.queue import worlds
from tests.api.web.pupil import mailbox
from tests.api.web.pupil.mailbox import kinds, link, press, ranked, sign_up

MAIL, GUARDIAN = "elev1@example.org", "foresatt@example.org"


@pytest.fixture
def traveller() -> Iterator[Any]:
    with time_machine.travel(worlds.RUNNING, tick=False) as moved:
        yield moved


@pytest.fixture
def world(session: Session, traveller: Any) -> worlds.QueueWorld:
    return worlds.queue_world(session)


def only_entry(session: Session) -> Entry:
    session.expire_all()
    return session.scalars(select(Entry)).one()


def test_from_the_form_to_a_seat(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    answer = sign_up(client, traveller, world)
    assert (answer.status_code, answer.location) == (303, "/elev/bli-med/takk")
    entry = only_entry(session)
    assert entry.state is EntryState.UNCONFIRMED
    page = link(session, MAIL, "queue_confirm")
    assert client.get(page).status_code == 200
    assert only_entry(session).state is EntryState.UNCONFIRMED
    assert press(client, page, f"{page}/bekreft").status_code == 303
    entry = only_entry(session)
    assert (entry.state, entry.lottery_number, entry.joined_on) == (EntryState.WAITING, 1, clock.today())
    shown = client.get(f"{page}?lang=en").get_data(as_text=True)
    assert shown.count("number in the queue </span>1</strong>") == 2
    due.do_next(session, world.evenings[1].id, clock.now())
    offered = link(session, MAIL, "queue_offer", "offer")
    assert press(client, offered, answer="stay").status_code == 303
    entry = only_entry(session)
    assert (entry.state, entry.stays_in_line) == (EntryState.PLACED, True)
    assert client.post(offered, data={"answer": "yes"}).status_code == 409
    assert kinds(session, MAIL) == ["queue_accepted", "queue_confirm", "queue_offer", "queue_place"]
    assert world.evenings[1].site.name in client.get(page).get_data(as_text=True)


def test_same_form_twice_makes_one_entry(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    first, second = sign_up(client, traveller, world), sign_up(client, traveller, world, name="ELEV 1")
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert session.scalar(select(func.count()).select_from(Entry)) == 1


def test_known_pupil_gets_the_same_answer_and_a_mail(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    fresh = sign_up(client, traveller, world)
    page = link(session, MAIL, "queue_confirm")
    press(client, page, f"{page}/bekreft")
    again = sign_up(client, traveller, world, **ranked(world.evenings[1].id, world.evenings[0].id))
    assert (again.status_code, again.location) == (fresh.status_code, fresh.location)
    assert "queue_known" in kinds(session, MAIL)
    assert [choice.session_id for choice in only_entry(session).choices] == [row.id for row in world.evenings]


def test_what_is_wrong_is_said_and_what_was_typed_kept(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    ids = [one.id for one in world.evenings]
    answer = sign_up(client, traveller, world, email="ikke en adresse", **dict.fromkeys(ranked(*ids), ""))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="Elev 1"' in page
    assert page.count('<li><a class="ds-link" href="#') == 2
    assert 'id="email-fault"' in page
    assert session.scalar(select(func.count()).select_from(Entry)) == 0


def test_guardian_says_yes_and_the_own_day_counts(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    refused = sign_up(client, traveller, world, birth_year="2012", grade="10")
    assert refused.status_code == 422
    sign_up(client, traveller, world, birth_year="2012", grade="10", guardian_email=GUARDIAN)
    own_day = clock.today()
    assert kinds(session, GUARDIAN) == []
    page = link(session, MAIL, "queue_confirm")
    press(client, page, f"{page}/bekreft")
    assert only_entry(session).state is EntryState.UNCONFIRMED
    traveller.shift(timedelta(days=7))
    entry_id = only_entry(session).id
    assert join.due_guardian_reminders(session, clock.now()) == [entry_id]
    join.do_guardian_reminder(session, entry_id, clock.now())
    assert join.due_guardian_reminders(session, clock.now()) == []
    traveller.shift(timedelta(days=6))
    asked = link(session, GUARDIAN, "queue_guardian_confirm", "guardian")
    assert client.get(asked).status_code == 200
    press(client, asked, answer="yes")
    entry = only_entry(session)
    assert (entry.state, entry.joined_on) == (EntryState.WAITING, own_day)
    assert kinds(session, GUARDIAN) == ["queue_guardian_confirm", "queue_guardian_reminder", "queue_guardian_told"]


def test_late_yes_of_a_guardian_counts_from_its_own_day(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    sign_up(client, traveller, world, birth_year="2012", grade="10", guardian_email=GUARDIAN)
    page = link(session, MAIL, "queue_confirm")
    press(client, page, f"{page}/bekreft")
    traveller.shift(timedelta(days=15))
    press(client, link(session, GUARDIAN, "queue_guardian_confirm", "guardian"), answer="yes")
    assert only_entry(session).joined_on == clock.today()


def test_nobody_confirms_and_the_registration_lapses(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    sign_up(client, traveller, world)
    entry_id = only_entry(session).id
    traveller.shift(timedelta(days=6))
    assert join.due_unconfirmed(session, clock.now()) == []
    traveller.shift(timedelta(days=1))
    join.do_unconfirmed(session, entry_id, clock.now())
    join.do_unconfirmed(session, entry_id, clock.now())
    assert only_entry(session).state is EntryState.LEFT
    sign_up(client, traveller, world)
    assert only_entry(session).state is EntryState.UNCONFIRMED


def test_lost_link_is_the_same_answer_for_everyone(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    entry = world.join(session, 0)
    known = session.get_one(Pupil, entry.pupil_id).person.email
    answers = []
    for address in (known, "ukjent@example.org"):
        fields = mailbox.hidden(client, "/elev/mistet-lenke")
        traveller.shift(mailbox.AT_LEAST)
        answer = client.post("/elev/mistet-lenke", data={**fields, "email": address})
        answers.append((answer.status_code, answer.location, answer.get_data()))
    assert answers[0] == answers[1]
    assert kinds(session, known) == ["queue_lost_link"]
    assert kinds(session, "ukjent@example.org") == []


def own_page(session: Session, entry: Entry) -> str:
    join.letters.tell(session, entry, "queue_lost_link")
    return link(session, str(entry.pupil.person.email), "queue_lost_link")


def test_change_check_absence_and_leaving(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    entry, other = world.join(session, 0), world.join(session, 0)
    meeting = make.make_meeting(
        session,
        session_id=world.evenings[0].id,
        starts_at=clock.now() + timedelta(hours=4),
        ends_at=clock.now() + timedelta(hours=6),
    )
    page, others = own_page(session, entry), own_page(session, other)
    due.do_next(session, world.evenings[0].id, clock.now())
    press(client, page, f"{page}/svar", answer="yes")
    session.expire_all()
    assert session.scalar(select(Membership.entry_id)) == entry.id
    assert "Stands in front" in client.get(f"{others}/sjekk?lang=en").get_data(as_text=True)
    assert press(client, page, f"{page}/fravaer", meeting=meeting.id).status_code == 303
    assert session.get_one(Attendance, (meeting.id, entry.id)).presence is Presence.TOLD
    assert "queue_same_day" in kinds(session, str(other.pupil.person.email))
    changed = press(
        client, f"{others}/endre", level=world.level.id, **ranked(world.evenings[1].id, world.evenings[0].id)
    )
    assert changed.status_code == 303
    session.expire_all()
    assert [choice.session_id for choice in other.choices] == [world.evenings[1].id, world.evenings[0].id]
    assert worlds.moves_of(session, other)[-1] == ("changed", "own_wish")
    assert client.get(f"{page}/forlat").status_code == 200
    assert press(client, f"{page}/forlat").status_code == 200
    session.expire_all()
    assert entry.state is EntryState.LEFT
    assert session.scalars(select(SeatOffer.entry_id).where(SeatOffer.state == OfferState.OPEN)).all() == [other.id]


def test_delete_me_leaves_no_name(client: FlaskClient, session: Session, world: worlds.QueueWorld) -> None:
    entry = world.join(session, 0)
    person_id = entry.pupil.person_id
    page = own_page(session, entry)
    assert press(client, f"{page}/slett").status_code == 200
    session.expire_all()
    assert session.get_one(Person, person_id).email is None
    assert client.get(page).status_code == 404


def test_unknown_and_old_links(client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any) -> None:
    entry = world.join(session, 0)
    page = own_page(session, entry)
    assert client.get("/ko/" + "0" * 64).status_code == 404
    assert client.get(page.replace("/ko/", "/plass/")).status_code == 404
    traveller.shift(timedelta(weeks=30))
    assert client.get(page).status_code == 410


def test_signed_in_pupil_opens_only_their_own_place(
    session: Session, world: worlds.QueueWorld, signed_in: Any, traveller: Any
) -> None:
    entry, foreign = world.join(session, 0), world.join(session, 0)
    user = make.make_user(session, person_id=entry.pupil.person_id)
    browser = signed_in(user)
    token = mailbox.hidden(browser, "/elev/ko")
    opened = browser.post(f"/elev/ko/{entry.id}", data=token)
    assert opened.status_code == 303
    assert browser.get(opened.location).status_code == 200
    assert browser.post(f"/elev/ko/{foreign.id}", data=token).status_code == 404
    assert session.scalar(select(func.count()).select_from(GuardianLink)) == 0
