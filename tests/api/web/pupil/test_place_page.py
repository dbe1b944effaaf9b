"""The page of the queue and what hangs on it: a number for each evening, offer first, checks, calendar, guardians."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, LinkPurpose, MembershipState, OfferState
from api.domain.transitions import Party
from api.models.group_life import GuardianLink, SeatOffer
from api.models.people import Person
from api.models.pupils import Entry, Membership
from api.queries import queue_place
from api.services import change, links
from api.services.queue import due, letters, offers
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.services.follow_up.live import mails_leave
from tests.api.services.queue import worlds
from tests.api.web.pupil.mailbox import hidden, kinds, link, press
from tests.api.web.reading import text

PUPIL = change.by(Party.PUPIL)


@pytest.fixture
def traveller() -> Iterator[Any]:
    with time_machine.travel(worlds.RUNNING, tick=False) as moved:
        yield moved


@pytest.fixture
def world(session: Session, traveller: Any) -> worlds.QueueWorld:
    return worlds.queue_world(session, evenings=3)


def own_page(session: Session, entry: Entry) -> str:
    return links.address_of(letters.entry_link(session, entry, entry.pupil.person_id))


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang=nb")
    assert answer.status_code == status
    return text(answer.get_data(as_text=True)).replace("\N{NO-BREAK SPACE}", " ")


def offer_to(session: Session, entry: Entry, world: worlds.QueueWorld, evening: int) -> SeatOffer:
    made = offers.offer_next(session, world.evenings[evening], clock.now())
    assert made is not None
    assert made.entry_id == entry.id
    return made


def lines(session: Session, entry: Entry) -> list[tuple[int | None, int, int]]:
    shown = queue_place.place_of_entry(session, entry, clock.now())
    return [(line.number, line.ahead, line.behind) for line in shown.lines]


def test_each_evening_has_its_own_number(client: FlaskClient, session: Session, world: worlds.QueueWorld) -> None:
    first, other, mine, last = (
        world.join(session, 0),
        world.join(session, 1, 0),
        world.join(session, 0, 1, 2),
        world.join(session, 2, 0),
    )
    assert lines(session, mine) == [(3, 2, 1), (2, 1, 0), (1, 0, 1)]
    assert (lines(session, first), lines(session, last)) == ([(1, 0, 3)], [(2, 1, 0), (4, 3, 0)])
    offers.accept(session, offer_to(session, other, world, 1), PUPIL)
    assert lines(session, mine) == [(2, 1, 1), (1, 0, 0), (1, 0, 1)]
    shown = page(client, own_page(session, mine))
    assert "Du står på venteliste" in shown
    assert "én foran deg" in shown
    assert "Tallet til høyre er nummeret ditt i køen." in shown


def test_who_sits_lower_and_stays_in_line_stands_in_front(session: Session, world: worlds.QueueWorld) -> None:
    mine, later = world.join(session, 0), world.join(session, 0, 1)
    assert lines(session, mine) == [(1, 0, 1)]
    offers.accept(session, offer_to(session, later, world, 1), PUPIL, stay=True)
    assert lines(session, mine) == [(2, 1, 0)]
    assert lines(session, later) == [(1, 0, 1)]


def test_offer_comes_first_and_says_what_each_answer_means(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    mine = world.join(session, 0, 1)
    offer = offer_to(session, mine, world, 1)
    path = own_page(session, mine)
    shown = page(client, path)
    assert shown.index("Du har fått tilbud om plass") < shown.index("Ditt 2. valg") < shown.index("(1. valg)")
    assert "Vent på mandag:" in shown
    assert "Ja takk, og vent på mandag" in shown
    assert "Svar innen onsdag 3. februar kl. 12" in shown
    assert "du beholder tirsdag, og får tilbud før nye elever hvis det blir ledig." in shown
    assert client.get(path).get_data(as_text=True).count('class="ds-button" type="submit"') == 1
    press(client, path, f"{path}/svar", answer="no", offer=offer.id)
    assert "Du har takket nei til tirsdag" in page(client, path)
    again = press(client, path, f"{path}/svar", answer="yes", offer=offer.id)
    assert again.status_code == 409
    assert "Du har takket nei til denne kvelden" in again.get_data(as_text=True)


def test_answer_of_another_pupils_offer_is_not_found(
    client: FlaskClient, session: Session, world: worlds.QueueWorld
) -> None:
    mine, other = world.join(session, 0), world.join(session, 1)
    offer = offer_to(session, other, world, 1)
    path = own_page(session, mine)
    assert press(client, path, f"{path}/svar", answer="yes", offer=offer.id).status_code == 404
    assert session.scalars(select(Membership.id)).all() == []


def test_yes_by_the_page_against_the_deadline(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    """A second before it the yes counts; at it the page says that it is over, whether or not the job has been there."""
    early, late = world.join(session, 0), world.join(session, 1)
    in_time, too_late = offer_to(session, early, world, 0), offer_to(session, late, world, 1)
    pages = {one.id: own_page(session, one) for one in (early, late)}
    link_of_offer = link(session, str(late.pupil.person.email), "queue_offer", "offer")
    mails_leave(session)
    traveller.move_to(in_time.expires_at - timedelta(seconds=1))
    assert press(client, pages[early.id], f"{pages[early.id]}/svar", answer="yes", offer=in_time.id).status_code == 303
    traveller.move_to(too_late.expires_at)
    assert "Tilbudet har gått ut" in page(client, link_of_offer, 410)
    by_mail = client.post(link_of_offer, data={**hidden(client, pages[late.id]), "answer": "yes"})
    assert (by_mail.status_code, "Tilbudet har gått ut" in by_mail.get_data(as_text=True)) == (410, True)
    refused = client.post(f"{pages[late.id]}/svar", data={"answer": "yes", "offer": too_late.id})
    assert refused.status_code in (400, 403, 409)
    assert "bakerst i gruppa" in page(client, link_of_offer, 410)
    due.do_expiry(session, too_late.id, clock.now())
    due.do_expiry(session, in_time.id, clock.now())
    session.expire_all()
    assert (in_time.state, too_late.state) == (OfferState.ACCEPTED, OfferState.EXPIRED)
    assert "Tilbudet har gått ut" in page(client, link_of_offer, 410)
    seated = session.scalars(select(Membership.entry_id).where(Membership.state == MembershipState.ACTIVE)).all()
    assert seated == [early.id]


def test_seat_with_its_meetings_and_calendar(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    mine = world.join(session, 0)
    for week in (-1, 1, 2):
        starts = clock.now() + timedelta(weeks=week)
        make.make_meeting(
            session, session_id=world.evenings[0].id, starts_at=starts, ends_at=starts + timedelta(hours=2)
        )
    offers.accept(session, offer_to(session, mine, world, 0), PUPIL)
    path = own_page(session, mine)
    shown = page(client, path)
    assert "Du har fått plass" in shown
    assert shown.count("Jeg kommer ikke") == 2
    feed = client.get(f"{path}/kalender.ics")
    assert feed.content_type.startswith("text/calendar")
    assert feed.get_data(as_text=True).count("BEGIN:VEVENT") == 2
    assert mine.pupil.person.name not in feed.get_data(as_text=True)


def test_check_page_sums_up_and_is_paged(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    for _ in range(27):
        world.join(session, 0)
    mine = world.join(session, 0)
    path = own_page(session, mine)
    assert "Ingen plass på kveldene dine" in page(client, f"{path}/sjekk")
    for _ in range(27):
        made = offers.offer_next(session, world.evenings[0], clock.now())
        assert made is not None
        offers.decline(session, made, PUPIL)
        for again in worlds.open_offers(session):
            offers.withdraw(session, again, change.SYSTEM)
    shown = page(client, f"{path}/sjekk")
    assert "Ingen gikk forbi deg." in shown
    assert "trekningsnummer 0028" in shown
    second = page(client, f"{path}/sjekk?page=2")
    assert 24 <= shown.count("Gikk til:") <= 25
    assert 0 < second.count("Gikk til:") <= 25
    assert client.get(f"{path}/sjekk?page=99").status_code == 200


def test_queries_do_not_grow_with_the_queue(client: FlaskClient, session: Session, traveller: Any) -> None:
    counts = []
    for many in (1, 3):
        with session.begin_nested() as inside:
            world = worlds.queue_world(session, evenings=3)
            mine = world.join(session, *range(many))
            for _ in range(many):
                world.join(session, 0, 1)
            path = own_page(session, mine)
            session.expire_all()
            with count_queries(session) as counted:
                assert client.get(path).status_code == 200
                assert client.get(f"{path}/sjekk").status_code == 200
            counts.append(counted.total)
            inside.rollback()
            session.expire_all()
    assert counts[0] == counts[1]


def guardian_page(session: Session, entry: Entry) -> tuple[str, Person]:
    person = make.make_person(session, email="foresatt@example.org")
    known = GuardianLink(pupil_id=entry.pupil_id, person_id=person.id)
    session.add(known)
    session.flush()
    until = clock.now() + timedelta(days=30)
    token = links.issue(session, LinkPurpose.GUARDIAN, "guardian_link", known.id, expires_at=until, person_id=person.id)
    return links.address_of(token), person


def test_guardian_sees_what_is_stored_and_copies_of_offers(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    mine = world.join(session, 0, 1)
    mine.pupil.birth_year = 2011
    path, _person = guardian_page(session, mine)
    offer = offer_to(session, mine, world, 0)
    shown = page(client, path)
    assert "Har et tilbud" in shown
    assert "Venter på svar" in shown
    assert mine.pupil.person.name in shown
    offers.decline(session, offer, PUPIL)
    assert "I køen" in page(client, path)
    mine.pupil.protected = True
    session.flush()
    assert mine.pupil.person.name not in page(client, path)


@pytest.mark.parametrize("what", ["nei", "slett"])
def test_guardian_takes_the_pupil_off_after_being_asked(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any, what: str
) -> None:
    mine = world.join(session, 0)
    pupil = mine.pupil.person
    path, guardian = guardian_page(session, mine)
    assert page(client, f"{path}/{what}")
    session.expire_all()
    assert mine.state is EntryState.WAITING
    assert press(client, f"{path}/{what}").status_code == 200
    session.expire_all()
    assert mine.state is EntryState.LEFT
    assert (pupil.email is None, guardian.email is None) == (what == "slett",) * 2


def test_link_of_the_guardian_is_sent_again_once_a_day(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    mine = world.join(session, 0, state=EntryState.UNCONFIRMED)
    mine.pupil.birth_year, mine.confirmed_at = 2012, clock.now()
    _path, guardian = guardian_page(session, mine)
    path = own_page(session, mine)
    assert "teller tiden din fra da du meldte deg på" in page(client, path)
    assert "innen 16. februar" in page(client, path)
    for _ in range(2):
        assert press(client, path, f"{path}/foresatt").status_code == 303
    assert kinds(session, str(guardian.email)) == ["queue_guardian_reminder"]
    traveller.shift(timedelta(days=1))
    press(client, path, f"{path}/foresatt")
    assert len(kinds(session, str(guardian.email))) == 2


def test_draw_pages_are_for_everyone(client: FlaskClient, session: Session, world: worlds.QueueWorld) -> None:
    assert "Det er ingen ennå" in page(client, "/elev/trekning")
