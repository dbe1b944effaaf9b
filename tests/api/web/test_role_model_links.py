"""A role model on a phone: the invitation and the visit by the links in mails. Opening answers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationKind, InvitationState, LinkPurpose, RefusalScope, VisitState
from api.domain.transitions import Party
from api.models.follow_up import Evaluation, Invitation
from api.models.links import LinkToken
from api.models.visits import Refusal, Visit, VisitRoleModel
from api.services import links
from api.services.change import by
from api.services.follow_up import invitations, messages
from tests.api.services.follow_up.live import approved_season, noon_of
from tests.seasons import World

SAMI = "Öystein «Æ» & <b>"


@pytest.fixture
def world(session: Session) -> Iterator[World]:
    """Approved and sent; the clock stands an hour later."""
    made, _actor = approved_season(session)
    with time_machine.travel(noon_of(made) + timedelta(hours=1), tick=False):
        yield made


def asked(session: Session, kind: InvitationKind = InvitationKind.ASK) -> Invitation:
    statement = select(Invitation).where(Invitation.kind == kind).order_by(Invitation.id)
    return next(
        one for one in session.scalars(statement) if kind is InvitationKind.NOTICE or one.state is InvitationState.SENT
    )


def path(session: Session, invitation: Invitation) -> str:
    """The newest link to it that was written into a mail."""
    token = session.scalars(
        select(LinkToken)
        .where(LinkToken.object_id == invitation.id, LinkToken.purpose == LinkPurpose.INVITATION)
        .order_by(LinkToken.id.desc())
    ).first()
    assert token is not None
    return links.address_of(token)


def visit_path(session: Session, invitation: Invitation) -> str:
    return links.address_of(messages.visit_link(session, invitation.visit, invitation.role_model.person_id))


def settled(session: Session) -> Invitation:
    """An invitation to a visit all of whose people have said yes."""
    found = asked(session)
    for one in session.scalars(select(Invitation).where(Invitation.visit_id == found.visit_id)).all():
        if one.state in (InvitationState.SENT, InvitationState.QUEUED):
            invitations.accept(session, one.id, by(Party.ROLE_MODEL))
    assert found.visit.state is VisitState.CONFIRMED
    return found


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_opening_the_link_answers_nothing(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session)
    for _ in range(50):
        assert "Vil du møte" in page(client, path(session, found))
    session.refresh(found)
    assert found.state is InvitationState.SENT


def test_yes_is_a_post_and_twice_is_once(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session)
    address = path(session, found)
    for _ in range(2):
        assert client.post(f"{address}/ja").status_code == 303
    session.refresh(found)
    assert found.state is InvitationState.ACCEPTED
    assert "Du har sagt ja" in page(client, address)


@pytest.mark.parametrize("scope", list(RefusalScope))
def test_no_keeps_its_scope(client: FlaskClient, session: Session, world: World, scope: RefusalScope) -> None:
    found = asked(session)
    address = path(session, found)
    assert "Bare denne dagen" in page(client, f"{address}/nei")
    assert client.post(f"{address}/nei", data={"scope": scope.value}).status_code == 303
    session.refresh(found)
    assert found.state is InvitationState.DECLINED
    kept = session.scalars(select(Refusal).where(Refusal.role_model_id == found.role_model_id)).all()
    assert scope in {row.scope for row in kept}


def test_unknown_scope_is_refused_and_nothing_is_answered(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session)
    assert client.post(f"{path(session, found)}/nei", data={"scope": "for ever"}).status_code == 422
    session.refresh(found)
    assert found.state is InvitationState.SENT


def test_agreement_person_is_told_and_may_object(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session, InvitationKind.NOTICE)
    address = path(session, found)
    assert "satte av" in page(client, address)
    assert client.post(f"{address}/nei").status_code == 303
    session.refresh(found)
    assert found.state is InvitationState.DECLINED


def test_old_link_is_kindly_over(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session)
    address = path(session, found)
    assert found.answer_by is not None
    with time_machine.travel(found.answer_by + timedelta(minutes=1), tick=False):
        shown, posted = client.get(address), client.post(f"{address}/ja")
    assert (shown.status_code, posted.status_code) == (410, 410)
    assert "helt i orden" in shown.get_data(as_text=True)
    session.refresh(found)
    assert found.state is InvitationState.SENT


@pytest.mark.parametrize("address", ["/invitasjon/x", "/invitasjon/" + "0" * 64, "/besok/ditt/x"])
def test_unknown_link_is_not_there(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/ja").status_code in (400, 404, 405)


def test_link_of_an_invitation_opens_no_visit(client: FlaskClient, session: Session, world: World) -> None:
    secret = path(session, asked(session)).rsplit("/", 1)[1]
    assert client.get(f"/besok/ditt/{secret}").status_code == 404


def test_contact_is_shown_after_the_yes_only(client: FlaskClient, session: Session, world: World) -> None:
    found = asked(session)
    contact = found.visit.request.contact
    assert contact is not None
    assert contact.email is not None
    assert contact.email not in page(client, path(session, found))
    settled(session)
    assert contact.email in page(client, visit_path(session, found))


def test_steps_after_the_yes(client: FlaskClient, session: Session, world: World) -> None:
    found = settled(session)
    address = visit_path(session, found)
    member = session.get_one(VisitRoleModel, (found.visit_id, found.role_model_id))
    for step, next_thing in (("ringt", "Neste: ring læreren innen"), ("klar", "Neste: si fra at du er klar")):
        assert next_thing in page(client, address)
        assert client.post(f"{address}/{step}").status_code == 303
    assert "Alt er klart" in page(client, address)
    session.refresh(member)
    assert member.called_at is not None
    assert member.ready_at is not None
    assert client.post(f"{address}/holdt").status_code == 409
    with time_machine.travel(found.visit.ends_at + timedelta(hours=1), tick=False):
        assert "Neste: si fra at besøket ble holdt" in page(client, address)
        assert client.post(f"{address}/holdt").status_code == 303
        assert "Neste: fortell hvordan det gikk" in page(client, address)
        four = {"welcome": "5", "engaged": "4", "prepared": "3", "again": "5"}
        assert client.post(f"{address}/evaluering", data={**four, "again": "6"}).status_code == 422
        assert client.post(f"{address}/evaluering", data=four).status_code == 303
        assert client.post(f"{address}/evaluering", data={**four, "again": "1"}).status_code == 303
        assert "checked" in page(client, address)
    session.expire_all()
    assert member.held_at is not None
    assert session.get_one(Visit, found.visit_id).state is VisitState.HELD
    [given] = session.scalars(select(Evaluation)).all()
    assert given.answers == {"welcome": 5, "engaged": 4, "prepared": 3, "again": 1}


def test_cannot_come_after_all_frees_the_time(client: FlaskClient, session: Session, world: World) -> None:
    found = settled(session)
    address = visit_path(session, found)
    assert "Én gang går fint" in page(client, f"{address}/kanikke")
    assert client.post(f"{address}/kanikke").status_code == 303
    session.refresh(found)
    assert found.state is InvitationState.FELL_THROUGH
    assert "Tiden din er ledig igjen" in page(client, address)


def test_what_the_class_wonders_is_shown_as_text(client: FlaskClient, session: Session, world: World) -> None:
    found = settled(session)
    found.visit.questions = SAMI
    session.flush()
    shown = page(client, visit_path(session, found))
    assert "&lt;b&gt;" in shown
    assert SAMI not in shown
    assert clock.now() < found.visit.starts_at
