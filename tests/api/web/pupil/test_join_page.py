"""The join form: travel time and demand on each evening, faults beside their fields, any text, and clicked twice."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.enums import EntryState, SessionState
from api.models.people import Person
from api.models.pupils import Entry, Pupil
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.services.queue import worlds
from tests.api.web.pupil.mailbox import SIGN_UP, hidden, link, press, ranked, sign_up
from tests.api.web.reading import text
from tests.seasons import planned_season

NAUGHTY = (
    "Åse Øverlændet", "A\u030ase Overlande", "Áhkká Čuđđi Ŋávdŋ Šuvččat Ŧoŋŋo Žžž", "\u202eעברית العربية",
    "' OR 1=1 --", "<script>alert(1)</script>", "{{ 7 * 7 }}", "%s %(name)s", "🧪" * 20, "=cmd|'/c calc'!A1",
)  # fmt: skip
MAIL = "elev1@example.org"


@pytest.fixture
def traveller() -> Iterator[Any]:
    with time_machine.travel(worlds.RUNNING, tick=False) as moved:
        yield moved


@pytest.fixture
def world(session: Session, traveller: Any) -> worlds.QueueWorld:
    return worlds.queue_world(session)


def shown(client: FlaskClient, path: str = SIGN_UP) -> str:
    return text(client.get(f"{path}?lang=nb").get_data(as_text=True))


def looked(client: FlaskClient, *, part: bool = False, **fields: str) -> str:
    """The page, or the part of it with the evenings, as it comes back when travel time is asked for."""
    given = {**hidden(client, SIGN_UP), "look": "1", **fields}
    answer = client.post(f"{SIGN_UP}?lang=nb", data=given, headers={"HX-Request": "true"} if part else {})
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_any_name_comes_through_as_it_was_typed(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    for number, typed in enumerate(NAUGHTY):
        address = f"naughty{number}@example.org"
        assert sign_up(client, traveller, world, name=typed, email=address).status_code == 303
        (person,) = session.scalars(select(Person).where(Person.email == address)).all()
        assert person.name == unicodedata.normalize("NFC", typed)


@pytest.mark.parametrize("field", ["name", "email", "home", "friend_code", "level", "birth_year"])
def test_no_field_falls_over(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any, field: str
) -> None:
    for number, typed in enumerate(("\x00", "a\x00b", "\ufffd", "x" * 5_000, "９９９９", "-1")):
        given = {"email": f"odd{number}@example.org", field: typed}
        assert sign_up(client, traveller, world, **given).status_code in (303, 422)


def test_same_form_clicked_twice_is_one_pupil(app: Flask, own_database: Engine) -> None:
    """Two at once, from two browsers' tabs, each with its own connection."""
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        with transaction() as session:
            world = worlds.queue_world(session)
            first = world.evenings[0].id
            level = world.level.id
        clients = [app.test_client() for _ in range(2)]
        forms = [hidden(client, SIGN_UP) for client in clients]
        traveller.shift(timedelta(seconds=5))
        typed = {"name": "Elev 1", "email": MAIL, "grade": "12", "level": level, "birth_year": "2005", **ranked(first)}
        ready, codes = threading.Barrier(2), []

        def send(client: FlaskClient, form: dict[str, str]) -> None:
            ready.wait()
            codes.append(client.post(SIGN_UP, data={**form, **typed}).status_code)

        threads = [threading.Thread(target=send, args=pair) for pair in zip(clients, forms, strict=True)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert codes == [303, 303]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 1
        assert session.scalar(select(func.count()).select_from(Pupil)) == 1


def test_faults_are_named_in_the_order_of_the_page(
    client: FlaskClient, world: worlds.QueueWorld, traveller: Any
) -> None:
    ids = [one.id for one in world.evenings]
    answer = sign_up(
        client, traveller, world, grade="", email="?", birth_year="x", **{f"rank_{one}": "1" for one in ids}
    )
    page = answer.get_data(as_text=True)
    links = [part.split('"')[0] for part in page.split('<a class="ds-link" href="#')[1:]]
    assert links == ["grade", "choices", "email", "birth_year"]
    assert "<title>Feil:" in client.post(f"{SIGN_UP}?lang=nb", data=hidden(client, SIGN_UP)).get_data(as_text=True)


def test_postcode_gives_travel_time_and_sorts_the_sites(
    client: FlaskClient, session: Session, world: worlds.QueueWorld
) -> None:
    far = make.make_site(session, name="Aa langt borte", lat=62.0, lon=10.75)
    make.make_group_session(session, season_id=world.season.id, programme_id=world.programme.id, site_id=far.id)
    make.make_school(session, name="Nær skole", postcode="0484", lat=59.92, lon=10.75)
    near = world.evenings[0].site.name
    before = shown(client)
    assert before.index(far.name) < before.index(near)
    part = text(looked(client, part=True, home="0480"))
    assert part.index(near) < part.index(far.name)
    assert "omtrentlig" in part
    assert "2 min" in part
    assert "Velg trinn" not in part
    assert "2 min" in text(looked(client, home="Nær skole"))
    assert "vet ikke hvor dette postnummeret er" in text(looked(client, home="9999"))
    assert "Skriv et postnummer" in text(looked(client, home="ingen slik skole"))
    assert "Skriv et postnummer" in text(looked(client, part=True, home="ingen slik skole"))


def test_many_sites_are_names_until_asked_for_or_near(
    client: FlaskClient, session: Session, world: worlds.QueueWorld
) -> None:
    made = []
    for number in range(6):
        site = make.make_site(session, name=f"Sted {number}", lat=60.5 + number, lon=10.75)
        of_queue = {"season_id": world.season.id, "programme_id": world.programme.id}
        made.append(make.make_group_session(session, site_id=site.id, **of_queue))
    page = client.get(f"{SIGN_UP}?lang=nb").get_data(as_text=True)
    assert "rank_" not in page
    assert all(f'<option value="{one.site_id}">' in page for one in made)
    asked = looked(client, site=made[3].site_id)
    assert asked.count("data-evening=") == 1
    assert f'<option value="{made[3].site_id}">' not in asked
    both = looked(client, site=made[4].site_id, **{f"site_{made[3].site_id}": "1"}, **ranked(made[5].id))
    assert [f"rank_{one.id}" in both for one in made] == [False, False, False, True, True, True]
    make.make_school(session, postcode="0480", lat=59.92, lon=10.75)
    near = looked(client, home="0480")
    assert [f"rank_{one.id}" in near for one in (world.evenings[0], made[0], made[5])] == [True, False, False]
    assert "Sted 5 · " in near
    assert "rank_" not in looked(client, site="\x00", **ranked("\x00" * 36))


def test_digital_says_that_seats_are_free_only_when_they_are(
    client: FlaskClient, session: Session, world: worlds.QueueWorld
) -> None:
    site = make.make_site(session, name="ENT3R digital", digital=True)
    given = {"season_id": world.season.id, "programme_id": world.programme.id, "site_id": site.id}
    digital = make.make_group_session(session, weekday=5, seats=1, **given)
    make.make_school(session, postcode="9990", lat=70.0, lon=30.0)
    assert "ENT3R digital har ledige plasser: " in text(looked(client, home="9990"))
    pupil = make.make_pupil(session)
    del given["site_id"]
    make.make_entry(session, digital, pupil_id=pupil.id, **given)
    full = text(looked(client, home="9990"))
    assert "har ledige plasser" not in full
    assert "delta hjemmefra" in full


def test_several_schools_of_a_name_come_back_as_a_choice(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    schools = [make.make_school(session, name="Berg skole", lat=60 + n, lon=10.75) for n in range(2)]
    asked = sign_up(client, traveller, world, home="Berg skole")
    assert asked.status_code == 422
    assert asked.get_data(as_text=True).count('name="school"') == 2
    assert sign_up(client, traveller, world, home="Berg skole", school=schools[1].id).status_code == 303
    assert session.scalars(select(Pupil.school_id)).all() == [schools[1].id]


def test_postcode_is_kept_with_its_rough_place(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    make.make_school(session, postcode="7290", lat=63.04, lon=10.29)
    sign_up(client, traveller, world, home="7290 Støren")
    (pupil,) = session.scalars(select(Pupil)).all()
    assert (pupil.postcode, pupil.lat, pupil.lon, pupil.school_id) == ("7290", 63.04, 10.29, None)


def test_digital_is_suggested_and_never_put_in(client: FlaskClient, session: Session, world: worlds.QueueWorld) -> None:
    site = make.make_site(session, name="ENT3R digital", digital=True)
    digital = make.make_group_session(
        session, season_id=world.season.id, programme_id=world.programme.id, site_id=site.id, weekday=5
    )
    make.make_school(session, postcode="9990", lat=70.0, lon=30.0)
    assert 'data-digital="' in looked(client, home="9990")
    assert f'data-digital="{digital.id}" hidden' in looked(client, **ranked(world.evenings[0].id))
    page = looked(client, home="9990", **ranked(world.evenings[0].id))
    assert f'data-digital="{digital.id}">' in page
    assert "selected" not in page.split(f'name="rank_{digital.id}"')[1].split("</select>")[0]
    added = looked(client, home="9990", add=digital.id, **ranked(world.evenings[0].id))
    assert '<option value="2" selected>' in added.split(f'name="rank_{digital.id}"')[1].split("</select>")[0]


def last_term(session: Session, world: worlds.QueueWorld, first_choices: int) -> None:
    """A season before, with one evening like the first of this one, wished for so many times."""
    evening = world.evenings[0]
    before = make.make_season(session, starts_on=date(2026, 8, 20), ends_on=date(2026, 10, 20))
    like = make.make_group_session(
        session,
        season_id=before.id,
        programme_id=world.programme.id,
        site_id=evening.site_id,
        weekday=evening.weekday,
        starts=evening.starts,
        ends=evening.ends,
        state=SessionState.ACTIVE,
    )
    for _ in range(first_choices):
        make.make_entry(session, like, state=EntryState.WAITING)


def test_while_all_count_as_equal_the_demand_is_last_terms(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(worlds.OPENS + timedelta(days=3), tick=False):
        world = worlds.queue_world(session, window=True)
        world.join(session, 0)
        assert shown(client).count("Ikke kjent ennå") == 2
        last_term(session, world, 3)
        page = shown(client)
    assert "3 om én plass" in page
    assert page.count("Ikke kjent ennå") == 1
    assert "førstevalg i forrige halvår" in page
    assert "innen tirsdag 1. desember, teller likt" in page


def test_after_it_the_demand_is_that_of_now(client: FlaskClient, session: Session, world: worlds.QueueWorld) -> None:
    last_term(session, world, 3)
    world.join(session, 0, 1)
    assert "1 om én plass" in shown(client)
    assert "0 om én plass" in shown(client)
    assert "Ikke kjent" not in shown(client)


def test_next_term_can_be_joined_while_this_one_still_can(
    client: FlaskClient, session: Session, world: worlds.QueueWorld
) -> None:
    later = make.make_season(session, name="Neste halvår", starts_on=date(2027, 8, 20), ends_on=date(2027, 12, 20))
    held = {"season_id": later.id, "programme_id": world.programme.id, "site_id": world.evenings[0].site_id}
    evening = make.make_group_session(session, weekday=5, **held)
    page = client.get(f"{SIGN_UP}?lang=nb").get_data(as_text=True)
    address = f"{SIGN_UP}?program={world.programme.code}&amp;sesong={later.code}"
    assert f'href="{address}"' in page
    assert f"rank_{evening.id}" not in page
    there = client.get(address.replace("&amp;", "&")).get_data(as_text=True)
    assert f"rank_{evening.id}" in there
    assert f'action="{address}"' in there


def test_each_evening_says_what_the_queue_would_do(client: FlaskClient, session: Session) -> None:
    planned = planned_season(session)
    asked = {"level": session.scalars(select(Entry.level_id)).first() or "", "part": "1"}
    with time_machine.travel(planned.today, tick=False):
        assert "står det ved hver kveld" in text(looked(client, **asked))
        rest, tenth = (text(looked(client, grade=grade, **asked)) for grade in ("12", "10"))
    for page, full in ((rest, "Ingen ledig plass nå: 2 foran deg"), (tenth, "Ingen ledig plass nå: 2 foran deg")):
        assert [full in page, "Det er en plass til deg slik køen er nå" in page] == [True, True]
        assert "står det ved hver kveld" not in page


def test_queries_do_not_grow_with_the_evenings(client: FlaskClient, session: Session, traveller: Any) -> None:
    counts = []
    for evenings in (1, 3):
        with session.begin_nested() as inside:
            worlds.queue_world(session, evenings=evenings)
            session.expire_all()
            with count_queries(session) as counted:
                assert client.get(SIGN_UP).status_code == 200
            counts.append(counted.total)
            inside.rollback()
    assert counts[0] == counts[1]


def test_nothing_to_join_says_so(client: FlaskClient, session: Session) -> None:
    assert "Det går ikke an å melde seg på nå" in shown(client)
    assert client.post(SIGN_UP, data={}).status_code in (400, 403, 404)


def test_wishes_are_changed_with_a_new_home(
    client: FlaskClient, session: Session, world: worlds.QueueWorld, traveller: Any
) -> None:
    make.make_school(session, postcode="7290", lat=63.04, lon=10.29)
    sign_up(client, traveller, world)
    page = link(session, MAIL, "queue_confirm")
    press(client, page, f"{page}/bekreft")
    wishes = {"level": world.level.id, **ranked(world.evenings[1].id)}
    assert press(client, f"{page}/endre", home="7290", **wishes).status_code == 303
    session.expire_all()
    (pupil,) = session.scalars(select(Pupil)).all()
    assert (pupil.postcode, pupil.lat) == ("7290", 63.04)
    assert 'value="7290"' in client.get(f"{page}/endre").get_data(as_text=True)
    wrong = press(client, f"{page}/endre", friend_code="!", max_travel_minutes="mye", **wishes)
    assert wrong.status_code == 422
    assert press(client, f"{page}/endre", **wishes).status_code == 303
    session.expire_all()
    assert pupil.postcode is None
