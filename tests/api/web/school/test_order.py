"""A school orders without an account: form, look over, receipt, link."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import IdentifierScheme, LinkPurpose, RequestState
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.places import School, SchoolIdentifier
from api.models.visits import Request
from api.services import links
from api.services.schools import order
from tests import factories as make
from tests.api.web.reading import csrf, page, text

TODAY = "2026-12-01T08:00:00+00:00"
STAMP = 'name="form_stamp" value="'


@pytest.fixture(autouse=True)
def moved() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TODAY, tick=False) as moved:
        yield moved


@pytest.fixture
def school(session: Session) -> School:
    make.make_season(session)
    make.make_rule_version(session)
    make.make_topic(session, code="energy")
    return make.make_school(session, name="Fjellvik skole")


def typed(**changed: str) -> dict[str, str]:
    filled = {
        "key": "0199b000-0000-7000-8000-000000000001",
        "search": "Fjellvik", "grade": "9", "classes": "2", "day1": "2027-01-18", "starts": "08:30",
        "topics": "energy", "name": "Adviser", "email": "adviser@example.org",
    }  # fmt: skip
    return filled | changed


def send(client: FlaskClient, moved: time_machine.Traveller, fields: dict[str, str]) -> str:
    """Looks over what was typed, waits as long as a person does, and sends it. The receipt's words."""
    token = csrf(page(client, "/bestill"))
    looked = client.post("/bestill", data=fields | {"csrf_token": token, "step": "check"}).get_data(as_text=True)
    stamp, chosen = (looked.split(start)[1].split('"')[0] for start in (STAMP, 'name="school" value="'))
    moved.shift(timedelta(seconds=30))
    sent = fields | {"csrf_token": token, "step": "send", "form_stamp": stamp, "school": chosen}
    answer = client.post("/bestill", data=sent)
    assert answer.status_code == 303, text(answer.get_data(as_text=True))
    return text(page(client, answer.location))


def the_link(session: Session, purpose: LinkPurpose) -> str:
    token = session.scalars(select(LinkToken).where(LinkToken.purpose == purpose)).one()
    return links.address_of(token)


def test_order_waits_for_the_link_and_is_open_from_then_on(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    said = send(client, moved, typed())
    ordered = session.scalars(select(Request)).one()
    assert ordered.state is RequestState.UNCONFIRMED
    assert (ordered.school_id, ordered.submitted_at) == (school.id, clock.now())
    assert ordered.reference in said
    assert len(ordered.options[0].lessons) == 2
    link = the_link(session, LinkPurpose.CONFIRM_REQUEST)
    shown = page(client, link)
    session.refresh(ordered)
    assert ordered.state is RequestState.UNCONFIRMED, "opening a link changes nothing"
    moved.shift(timedelta(days=1))
    answer = client.post(link, data={"csrf_token": csrf(shown)})
    session.refresh(ordered)
    assert (answer.status_code, ordered.state) == (303, RequestState.OPEN)
    assert answer.location.startswith("/bestilling/status/")
    assert ordered.submitted_at < clock.now()
    kinds = set(session.scalars(select(OutboxMessage.kind)))
    assert kinds == {"order_to_confirm", "order_received"}
    again = client.post(link, data={"csrf_token": csrf(shown)})
    assert again.status_code == 410


def test_second_click_shows_the_same_receipt_and_orders_once(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    assert send(client, moved, typed()) == send(client, moved, typed())
    assert session.scalar(select(func.count()).select_from(Request)) == 1


def test_faults_are_named_and_what_was_typed_is_kept(client: FlaskClient, session: Session, school: School) -> None:
    make.make_school(session, name="Fjellvik ungdomsskole")
    token = csrf(page(client, "/bestill"))
    given = typed(day1="", email="no address", classes="4") | {"csrf_token": token, "step": "check"}
    answer = client.post("/bestill", data=given)
    source = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert [f'href="#{name}"' in source for name in ("day1", "classes", "search", "email")] == [True] * 4
    assert 'value="no address"' in source
    assert source.count('name="school"') == 2


def test_school_is_found_by_its_number(client: FlaskClient, session: Session, school: School) -> None:
    session.add(SchoolIdentifier(scheme=IdentifierScheme.ORGNR, value="974558386", school_id=school.id))
    session.flush()
    token = csrf(page(client, "/bestill"))
    fields = typed(search="974 558 386") | {"csrf_token": token, "step": "check"}
    assert "Fjellvik skole" in text(client.post("/bestill", data=fields).get_data(as_text=True))


def test_unconfirmed_order_lapses_and_its_link_ends(
    client: FlaskClient, session: Session, school: School, moved: time_machine.Traveller
) -> None:
    send(client, moved, typed())
    ordered = session.scalars(select(Request)).one()
    assert order.due_lapses(session, clock.now() + timedelta(days=13)) == []
    later = clock.now() + timedelta(days=14)
    assert order.due_lapses(session, later) == [ordered.id]
    order.do_lapse(session, ordered.id, later)
    order.do_lapse(session, ordered.id, later)
    assert ordered.state is RequestState.CANCELLED
    assert client.get(the_link(session, LinkPurpose.CONFIRM_REQUEST)).status_code == 404
