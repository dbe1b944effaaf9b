"""A pupil from joining to a place: the draw that anyone can check, an offer that runs out, the next in line, a swap."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api import clock
from api.db import reading
from api.domain import lottery
from api.domain.enums import EntryState, LinkPurpose, OfferState, RunKind
from api.models.group_life import SeatOffer
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from tests.follow_up.post_office import PostOffice
from tests.follow_up.visits import hidden

pytestmark = pytest.mark.long_on_postgres

PUPILS = 8  # for six seats: three on each of two evenings
JOIN = "/elev/bli-med"
NUMBER = re.compile(r"(\d+)\s*$")


def address_of(pupil: int) -> str:
    return f"pupil{pupil}@example.org"


def guardian_of(pupil: int) -> str:
    return f"guardian{pupil}@example.org"


def join(office: PostOffice, pupil: int, *, born: str = "2008") -> None:
    """Fills in the form as slowly as a person, wishing for the first evening and then the second."""
    client = office.app.test_client()
    fields = hidden(client.get(JOIN))
    office.travel(clock.now() + timedelta(seconds=30))
    first, second = office.town.evenings
    typed = {
        "name": f"Elev {pupil}", "email": address_of(pupil), "grade": "10", "level": office.town.level,
        "birth_year": born, f"rank_{first}": "1", f"rank_{second}": "2",
        "guardian_name": "Foresatt", "guardian_email": guardian_of(pupil),
    }  # fmt: skip
    answer = client.post(JOIN, data=fields | typed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    office.send()
    office.pressed(office.link(address_of(pupil), "queue_confirm", LinkPurpose.ENTRY), "/bekreft")


def entries() -> dict[str, Entry]:
    """By the pupil's address."""
    with reading() as session:
        rows = select(Person.email, Entry).join(Pupil, Pupil.person_id == Person.id).join(Entry)
        return dict(session.execute(rows).all())


def seats() -> dict[str, str]:
    """Which evening each seated pupil has, by address."""
    with reading() as session:
        rows = (
            select(Person.email, Membership.session_id)
            .join(Pupil, Pupil.person_id == Person.id)
            .join(Entry)
            .join(Membership, Membership.entry_id == Entry.id)
            .where(Membership.to_date.is_(None))
        )
        return dict(session.execute(rows).all())


def offers_on(evening: str) -> list[str]:
    """Addresses of the pupils who are offered a seat on it."""
    with reading() as session:
        rows = select(Person.email).join(Pupil, Pupil.person_id == Person.id).join(Entry)
        rows = rows.join(SeatOffer, SeatOffer.entry_id == Entry.id).where(SeatOffer.session_id == evening)
        return [str(one) for one in session.scalars(rows.where(SeatOffer.state == OfferState.OPEN))]


def offered(office: PostOffice) -> dict[str, str]:
    """Links of the newest offers that pupils have got, by address."""
    got = [address_of(one) for one in range(PUPILS) if "queue_offer" in office.kinds(address_of(one))]
    return {one: office.link(one, "queue_offer", LinkPurpose.OFFER) for one in got}


def draw_is_checked(office: PostOffice) -> None:
    """The hash is shown before the seed, and anybody works out their number from the seed and their own id."""
    client = office.app.test_client()
    (before,) = client.get("/api/v1/lotteries").get_json()
    assert (before["seed"], len(before["seed_hash"])) == (None, 64)
    office.at(date(2026, 12, 1), 12)
    (after,) = client.get("/api/v1/lotteries").get_json()
    assert after["seed_hash"] == before["seed_hash"] == lottery.seed_hash(after["seed"])
    shown = client.get(f"/api/v1/lotteries/{after['id']}/tickets").get_json()
    for address, entry in entries().items():
        place = shown["tickets"].index(lottery.ticket(after["seed"], entry.id))
        number = shown["first"] + place
        subject = str(office.mail(address, "queue_drawn")["Subject"])
        assert NUMBER.search(subject), subject
        assert int(NUMBER.search(subject)[1]) == number  # type: ignore[index]


def approve_groups(office: PostOffice) -> Any:
    plan = office.plan(RunKind.GROUP)
    answer = office.leader.post(f"/api/v1/group-plans/{plan}/approvals", json={"sites": [office.town.site]})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


def test_pupil_from_joining_to_a_place(office: PostOffice) -> None:
    office.tick()
    for pupil in range(PUPILS - 1):
        join(office, pupil)
    join(office, PUPILS - 1, born="2011")
    young = address_of(PUPILS - 1)
    assert entries()[young].state is EntryState.UNCONFIRMED, "a guardian has to say yes"
    guardian = office.link(guardian_of(PUPILS - 1), "queue_guardian_confirm", LinkPurpose.GUARDIAN)
    office.pressed(guardian, answer="yes")
    assert {one.state for one in entries().values()} == {EntryState.WAITING}
    draw_is_checked(office)
    office.at_peace()

    office.at(date(2026, 12, 7), 9)
    approve_groups(office)
    office.at(date(2026, 12, 7), 11, 59)
    assert offered(office) == {}
    office.at(date(2026, 12, 7), 12)
    first_offers = offered(office)
    assert len(first_offers) == 6
    numbers = {address: entry.lottery_number or 0 for address, entry in entries().items()}
    waiting = sorted(set(numbers) - set(first_offers), key=numbers.__getitem__)

    first, second = office.town.evenings
    wished = offers_on(first)
    silent = min(wished, key=numbers.__getitem__)
    others = sorted(set(first_offers) - {silent}, key=numbers.__getitem__)
    for one in others:
        office.pressed(first_offers[one], answer="stay")
    placed = seats()
    assert {one: placed[one] == first for one in others} == {one: one in wished for one in others}
    office.at_peace()

    silence_runs_out(office, silent, first_offers[silent])
    swapped = min((one for one in others if one not in wished), key=numbers.__getitem__)
    office.pressed(office.link(swapped, "queue_offer", LinkPurpose.OFFER), answer="yes")
    assert seats()[swapped] == first, "who stayed in line comes before newcomers"
    assert office.kinds(swapped)[-1] == "queue_moved"
    before, after = office.calendar(swapped, "queue_accepted"), office.calendar(swapped, "queue_moved")
    assert after["UID"] == before["UID"], "the new evening takes the place of the old in the calendar"
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt != before["DTSTART"].dt
    office.at(date(2026, 12, 14), 12, 30)
    assert "queue_offer" not in office.kinds(waiting[1])
    office.pressed(office.link(waiting[0], "queue_offer", LinkPurpose.OFFER), answer="yes")
    assert seats()[waiting[0]] == second, "the seat that the swap freed goes on to the next"
    assert len(seats()) == 6
    office.at_peace()


def silence_runs_out(office: PostOffice, silent: str, link: str) -> None:
    """Five working days: a reminder a day before, and then the offer is over."""
    office.at(date(2026, 12, 13), 11, 59)
    assert "queue_offer_reminder" not in office.kinds(silent)
    office.at(date(2026, 12, 14), 11, 59)
    assert office.kinds(silent)[-1] == "queue_offer_reminder"
    office.at(date(2026, 12, 14), 12)
    assert office.kinds(silent)[-1] == "queue_expired"
    late = office.app.test_client().post(link, data={"answer": "yes"})
    assert late.status_code in (409, 410), "too late, and said so"
    assert silent not in seats()
