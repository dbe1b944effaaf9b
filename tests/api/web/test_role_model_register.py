"""Somebody without a company becomes a role model: the form, the letter, the own yes."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import LinkPurpose, ProfileState
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel
from api.services import links
from tests import factories as make
from tests.api.forms import fields_of
from tests.api.web.reading import csrf

NEW = {"name": "Rollemodell Æ", "email": "ae@example.org", "place": "Byen", "title": "Elektriker"}


@pytest.fixture(autouse=True)
def town(session: Session) -> None:
    make.make_school(session, municipality_id=make.make_municipality(session, name="Byen").id)
    session.commit()


def register(app: Flask, client: FlaskClient, **typed: str) -> tuple[int, str]:
    token = csrf(client.get("/rollemodell/ny").get_data(as_text=True))
    sent = fields_of(app, "role_model") | {"csrf_token": token} | NEW | typed
    answer = client.post("/rollemodell/ny", data=sent)
    return answer.status_code, answer.get_data(as_text=True)


def written(session: Session) -> list[str]:
    return list(session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.created_at, OutboxMessage.id)))


def test_registered_is_active_by_the_own_yes_only(app: Flask, client: FlaskClient, session: Session) -> None:
    assert register(app, client)[0] == 303
    made = session.scalars(select(RoleModel)).one()
    assert (made.state, made.company_id, made.person.name) == (ProfileState.UNCONFIRMED, None, "Rollemodell Æ")
    assert written(session) == ["profile_registered"]
    token = session.scalars(select(LinkToken).where(LinkToken.purpose == LinkPurpose.PROFILE)).one()
    assert client.get(links.address_of(token)).status_code == 200
    assert made.state is ProfileState.UNCONFIRMED
    assert client.post(f"{links.address_of(token)}/bekreft").status_code == 303
    session.refresh(made)
    assert made.state is ProfileState.ACTIVE


def test_known_address_gets_its_link_and_the_same_answer(app: Flask, client: FlaskClient, session: Session) -> None:
    first = register(app, client)
    assert register(app, client, email="AE@example.org", name="Somebody else") == first
    assert session.scalar(select(func.count()).select_from(RoleModel)) == 1
    assert written(session) == ["profile_registered", "profile_link"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"name": ""}, "name"), ({"email": "ae at example"}, "email"), ({"place": "Ingensteds"}, "place")],
)
def test_fault_is_named_at_its_field_and_nothing_is_lost_or_made(
    app: Flask, client: FlaskClient, session: Session, typed: dict[str, str], field: str
) -> None:
    status, page = register(app, client, **typed)
    assert status == 422
    assert f'id="{field}-fault"' in page
    assert 'value="Elektriker"' in page
    assert session.scalars(select(RoleModel)).all() == []
    assert written(session) == []
