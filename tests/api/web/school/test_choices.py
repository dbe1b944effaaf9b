"""What else a school does by its link: choose an alternative, change, order again, get a new link, name somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationKind, LinkPurpose, RequestState
from api.domain.permissions import Role
from api.models.drafts import OrderDraft
from api.models.follow_up import Alternative, Invitation
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit
from api.services import links
from api.services.change import SYSTEM
from api.services.follow_up import messages
from api.services.schools import alternatives, order
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.forms import fields_of
from tests.api.services.follow_up.live import approved_season, noon_of
from tests.api.web.reading import csrf, page, text
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> Iterator[World]:
    made, _actor = approved_season(session)
    with time_machine.travel(noon_of(made) + timedelta(hours=1), tick=False):
        yield made


@pytest.fixture
def open_order(session: Session, world: World) -> Request:
    """Open, on a day of the season four weeks after the first."""
    start = clock.at_local(world.monday + timedelta(days=31), clock.to_local(make.MORNING).time())
    return make.make_request(
        session,
        starts=(start,),
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        school_id=make.make_school(session, name="Fjellvik skole", municipality_id=world.oslo.id).id,
        contact_id=make.make_person(session, name="Rådgiver", email="adviser@example.org").id,
    )


def address(session: Session, order_: Request) -> str:
    return links.address_of(messages.request_link(session, order_))


def post(client: FlaskClient, at: str, to: str, **fields: str) -> tuple[int, str]:
    token = csrf(page(client, at))
    answer = client.post(to, data={"csrf_token": token, **fields})
    return answer.status_code, answer.location or answer.get_data(as_text=True)


def kinds(session: Session, order_: Request) -> list[str]:
    return list(session.scalars(select(OutboxMessage.kind).where(OutboxMessage.about_id == order_.id)))


def offered(session: Session, order_: Request) -> list[Alternative]:
    return alternatives.offer_alternatives(session, order_, SYSTEM, clock.now())


def test_alternative_is_chosen_on_the_page_and_twice_is_once(
    client: FlaskClient, session: Session, open_order: Request
) -> None:
    held, link = offered(session, open_order), address(session, open_order)
    said = page(client, link)
    assert "Vi fant ingen til" in text(said)
    assert said.count("/alternativ/") == len(held) > 0
    for _ in range(2):
        assert post(client, link, f"{link}/alternativ/{held[-1].id}")[0] == 303
    session.refresh(open_order)
    assert open_order.state is RequestState.VISIT
    assert len(session.scalars(select(Visit).where(Visit.request_id == open_order.id)).all()) == 1


def test_alternative_that_was_just_taken_says_how_many_are_left(
    client: FlaskClient, session: Session, world: World, open_order: Request
) -> None:
    held, link = offered(session, open_order), address(session, open_order)
    session.get_one(RoleModel, held[0].role_model_id).away_until = world.season.ends_on
    session.flush()
    assert post(client, link, f"{link}/alternativ/{held[0].id}")[0] == 303
    assert "Den ble nettopp tatt." in text(page(client, link))
    assert open_order.state is RequestState.DECLINED


def test_alternative_of_another_school_is_not_there(
    client: FlaskClient, session: Session, world: World, open_order: Request
) -> None:
    held = offered(session, open_order)
    link = address(session, world.unserved[0])
    assert post(client, link, f"{link}/alternativ/{held[0].id}")[0] == 404
    assert open_order.state is RequestState.DECLINED


def test_open_order_is_changed_and_its_times_stay(client: FlaskClient, session: Session, open_order: Request) -> None:
    link, option = address(session, open_order), open_order.options[0].id
    day = clock.to_oslo(open_order.options[0].lessons[0].starts_at)
    fields = {
        "grades": "7", "meeting": "one", "mode": "either", "days": day.date().isoformat(),
        "starts": f"{clock.to_local(open_order.options[0].lessons[0].starts_at):%H:%M}",
    }  # fmt: skip
    shown = page(client, f"{link}/endre")
    assert re.search(f'value="{fields["days"]}"[^>]* checked', shown)
    status, said = post(client, link, f"{link}/endre", **fields)
    assert status == 303, text(said)
    session.refresh(open_order)
    assert (open_order.grade, open_order.mode.value, open_order.options[0].id) == (7, "either", option)
    status, said = post(client, link, f"{link}/endre", **(fields | {"grades": "14"}))
    assert (status, "Feil:" in said) == (422, True)
    offered(session, open_order)
    assert client.get(f"{link}/endre").status_code == 409


def test_order_again_is_filled_in_on_the_days_a_year_on(
    client: FlaskClient, session: Session, open_order: Request
) -> None:
    was = clock.to_oslo(open_order.options[0].lessons[0].starts_at).date()
    later = was + timedelta(weeks=52)
    make.make_season(session, starts_on=was + timedelta(weeks=40), ends_on=was + timedelta(weeks=60))
    link = address(session, open_order)
    assert post(client, link, f"{link}/igjen") == (303, "/bestill")
    shown = page(client, "/bestill")
    assert re.search(f'value="{later.isoformat()}"[^>]* checked', shown)
    assert "Fjellvik skole" in text(shown)
    kept = session.scalars(select(OrderDraft)).one()
    assert (kept.values["previous"], kept.values["email"]) == (open_order.id, "adviser@example.org")


def test_new_link_goes_to_the_address_of_the_order_also_from_an_old_one(
    app: Flask, client: FlaskClient, session: Session, open_order: Request
) -> None:
    link = address(session, open_order)
    token = session.scalars(select(LinkToken).where(LinkToken.object_id == open_order.id)).one()
    token.expires_at = clock.now()
    session.flush()
    over = client.get(link)
    assert over.status_code == 410
    assert "ny lenke" in text(over.get_data(as_text=True))
    sent = fields_of(app, "order-link") | {"csrf_token": csrf(over.get_data(as_text=True))}
    assert client.post(f"{link}/lenke", data=sent).status_code == 303
    assert kinds(session, open_order).count("order_link") == 1


def test_lost_link_is_answered_alike_whoever_asks(
    app: Flask, client: FlaskClient, session: Session, open_order: Request
) -> None:
    at = "/bestilling/mistet-lenke"
    token = csrf(page(client, at))
    answers = [
        client.post(at, data=fields_of(app, "lost-order") | {"csrf_token": token, "email": mail})
        for mail in ("ADVISER@example.org", "nobody@example.org")
    ]
    assert [one.status_code for one in answers] == [303, 303], text(answers[0].get_data(as_text=True))
    assert [one.location for one in answers] == [f"{at}/sendt"] * 2
    assert kinds(session, open_order).count("order_link") == 1
    assert "Se i e-posten" in text(page(client, f"{at}/sendt"))


def test_signed_in_school_sees_its_own_orders_and_no_others(
    client: FlaskClient, session: Session, world: World, open_order: Request, signed_in: SignIn
) -> None:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=open_order.school_id)
    browser = signed_in(user)
    said = text(page(browser, "/bestillinger"))
    assert open_order.reference in said
    assert world.served[0].reference not in said
    status, target = post(browser, "/bestillinger", f"/bestillinger/{open_order.id}")
    assert status == 303
    assert open_order.reference in text(page(browser, target))
    assert post(browser, "/bestillinger", f"/bestillinger/{world.served[0].id}")[0] == 404


def test_many_orders_come_in_pages_the_newest_first(
    session: Session, world: World, open_order: Request, signed_in: SignIn
) -> None:
    for day in range(25):
        make.make_request(
            session,
            season_id=world.season.id,
            programme_id=open_order.programme_id,
            school_id=open_order.school_id,
            submitted_at=datetime(2027, 12, 1 + day, 9, tzinfo=UTC),
        )
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=open_order.school_id)
    browser = signed_in(user)
    assert open_order.reference not in text(page(browser, "/bestillinger"))
    assert open_order.reference in text(page(browser, "/bestillinger?page=2"))


def test_catalogue_shows_no_name_and_filters(client: FlaskClient, session: Session, world: World) -> None:
    topic = make.make_topic(session, code="sea", name_nb="hav")
    person = make.make_person(session, name="Hemmelig Navn")
    shown = make.make_role_model(
        session, person_id=person.id, title="havforsker", place="Bodø", digital=True, topics=[topic]
    )
    make.make_role_model(session, title="borteboer", away_until=world.season.ends_on)
    said = page(client, "/rollemodeller?tema=sea&sted=Bodø&digitalt=1")
    assert "havforsker" in said
    assert "ingeniør" not in text(said)
    assert "Hemmelig" not in said
    assert person.id not in said
    assert f"/bestill?rollemodell={shown.id}" in said
    assert "borteboer" not in page(client, "/rollemodeller")
    assert "havforsker" in text(page(client, f"/bestill?rollemodell={shown.id}"))
    assert "Ingen passer" in text(page(client, "/rollemodeller?sted=Nirgendwo"))


@pytest.mark.parametrize("can_come", [True, False])
def test_named_role_model_is_asked_once_the_school_has_confirmed(
    session: Session, world: World, open_order: Request, *, can_come: bool
) -> None:
    named = make.make_role_model(
        session, title="havforsker", **({} if can_come else {"away_until": world.season.ends_on})
    )
    start = open_order.options[0].lessons[0].starts_at
    given = {
        "season": world.season.id,
        "school": open_order.school_id,
        "grade": 9,
        "options": [{"lessons": [{"starts_at": start, "ends_at": start + timedelta(minutes=45)}]}],
        "contact": {"name": "Rådgiver", "email": "adviser@example.org", "phone": None},
    }
    made = order.order(session, given, invited_id=named.id)
    assert session.scalars(select(Invitation).where(Invitation.role_model_id == named.id)).all() == []
    token = session.scalars(
        select(LinkToken).where(LinkToken.object_id == made.id, LinkToken.purpose == LinkPurpose.CONFIRM_REQUEST)
    ).one()
    order.confirm(session, token)
    asked = session.scalars(select(Invitation).where(Invitation.role_model_id == named.id)).all()
    assert [one.kind for one in asked] == [InvitationKind.DIRECT] * can_come
    assert made.state is (RequestState.VISIT if can_come else RequestState.OPEN)
    assert ("named_cannot_come" in kinds(session, made)) is not can_come


def test_unconfirmed_order_is_reminded_of_once_before_it_lapses(
    session: Session, world: World, open_order: Request
) -> None:
    start = open_order.options[0].lessons[0].starts_at
    given = {
        "season": world.season.id,
        "school": open_order.school_id,
        "grade": 9,
        "options": [{"lessons": [{"starts_at": start, "ends_at": start + timedelta(minutes=45)}]}],
        "contact": {"name": "Rådgiver", "email": "adviser@example.org", "phone": None},
    }
    made = order.order(session, given)
    now = clock.now()
    assert order.due_reminders(session, now + timedelta(days=6)) == []
    later = now + timedelta(days=7)
    assert order.due_reminders(session, later) == [made.id]
    for _ in range(2):
        order.do_reminder(session, made.id, later)
    assert order.due_reminders(session, later) == []
    assert kinds(session, made) == ["order_to_confirm", "order_reminder"]
