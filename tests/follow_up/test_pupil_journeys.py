"""A pupil from joining to a place: the draw that anyone can check, an offer that runs out, the next in line, a swap."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from api import clock
from api.db import reading
from api.domain import lottery
from api.domain.enums import EntryState, LinkPurpose, RunKind
from api.models.people import Person
from api.models.pupils import Entry, Membership, Pupil
from tests.follow_up.post_office import PostOffice
from tests.follow_up.visits import hidden

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
        "birth_year": born, "choice_1": first, "choice_2": second,
        "guardian_name": "Foresatt", "guardian_email": guardian_of(pupil),
    }  # fmt: skip
    answer = client.post(JOIN, data=fields | typed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    office.send()
    office.pressed(office.link(address_of(pupil), "queue_confirm", LinkPurpose.ENTRY), "/bekreft")


def entries(office: PostOffice) -> dict[str, Entry]:
    """By the pupil's address."""
    with reading() as session:
        rows = select(Person.email, Entry).join(Pupil, Pupil.person_id == Person.id).join(Entry)
        return dict(session.execute(rows).all())


def seats(office: PostOffice) -> dict[str, str]:
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
    for address, entry in entries(office).items():
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
    assert entries(office)[young].state is EntryState.UNCONFIRMED, "a guardian has to say yes"
    guardian = office.link(guardian_of(PUPILS - 1), "queue_guardian_confirm", LinkPurpose.GUARDIAN)
    office.pressed(guardian, answer="yes")
    assert {one.state for one in entries(office).values()} == {EntryState.WAITING}
    draw_is_checked(office)
    office.at_peace()

    office.at(date(2026, 12, 7), 9)
    approve_groups(office)
    office.at(date(2026, 12, 7), 11, 59)
    assert offered(office) == {}
    office.at(date(2026, 12, 7), 12)
    first_offers = offered(office)
    assert len(first_offers) == 6
    numbers = {address: entry.lottery_number or 0 for address, entry in entries(office).items()}
    waiting = sorted(set(numbers) - set(first_offers), key=numbers.__getitem__)

    first, second = office.town.evenings
    silent, *others = sorted(first_offers, key=numbers.__getitem__)
    for one in others:
        office.pressed(first_offers[one], answer="stay")
    placed = seats(office)
    on_second = sorted((one for one, evening in placed.items() if evening == second), key=numbers.__getitem__)
    assert sorted(placed) == sorted(others)
    event = office.calendar(others[0], "queue_accepted")
    assert str(event["UID"]).startswith("membership-") or "@treffpunkt" in event["UID"]
    office.at_peace()

    silent_at = office.mail(silent, "queue_offer")
    office.at(date(2026, 12, 12), 11, 59)
    assert "queue_offer_reminder" in office.kinds(silent)
    assert "queue_expired" not in office.kinds(silent)
    office.at(date(2026, 12, 12), 12, 1)
    assert office.kinds(silent)[-1] == "queue_expired", silent_at["Subject"]
    assert office.app.test_client().post(first_offers[silent], data={"answer": "yes"}).status_code in (409, 410)

    freed_first = len([1 for evening in placed.values() if evening == first]) < 3
    next_one = on_second[0] if freed_first and on_second else waiting[0]
    again = office.link(next_one, "queue_offer", LinkPurpose.OFFER)
    assert again != first_offers.get(next_one), "the freed seat is offered to the next"
    office.pressed(again, answer="yes")
    if freed_first and on_second:
        assert seats(office)[next_one] == first, "who stayed in line comes before newcomers"
        assert office.kinds(next_one)[-1] == "queue_moved"
        office.at(date(2026, 12, 12), 12, 30)
        newcomer = office.link(waiting[0], "queue_offer", LinkPurpose.OFFER)
        office.pressed(newcomer, answer="yes")
        assert seats(office)[waiting[0]] == second
    assert len(seats(office)) == 6
    assert office.lines("nobody_found") == []
    office.at_peace()
