"""Signing in by a link in a mail: once, for ten minutes, and without telling who is known here."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.enums import LinkPurpose, OutboxState
from api.domain.permissions import Role
from api.models.access import User
from api.models.group_life import GuardianLink
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.rights import RoleGrant
from api.models.sign_in import MailDomain, SignInSession
from api.services import links
from api.services.accounts import login_links, sessions, verification
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.forms import fields_of
from tests.api.web.reading import csrf, text

START = "2027-01-10T08:00:00+00:00"
MAIL = "volunteer@example.org"


@pytest.fixture
def still(session: Session) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def ask(app: Flask, client: FlaskClient, address: str) -> tuple[int, str, str]:
    token = csrf(client.get("/logg-inn").get_data(as_text=True))
    answer = client.post("/logg-inn/lenke", data={"email": address, "csrf_token": token} | fields_of(app, "login"))
    return answer.status_code, answer.headers.get("Location", ""), text(answer.get_data(as_text=True))


def link_in_mail(session: Session) -> str:
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert message is not None
    assert (message.kind, message.state) == ("login_link", OutboxState.WAITING)
    assert message.values is not None
    purpose, token_id = message.values["links"]["login"]
    assert purpose == LinkPurpose.LOGIN.value
    return links.address_of(session.get_one(LinkToken, token_id))


def press(client: FlaskClient, address: str, **given: str) -> tuple[int, str]:
    token = csrf(client.get("/logg-inn").get_data(as_text=True))
    answer = client.post(address, data={"csrf_token": token, **given})
    return answer.status_code, text(answer.get_data(as_text=True))


def test_a_person_without_account_signs_in_by_link(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    person = make.make_role_model(session, person_id=make.make_person(session, email=MAIL, name="Engineer").id).person
    assert ask(app, client, " Volunteer@Example.org")[:2] == (303, "/logg-inn/lenke")
    address = link_in_mail(session)
    for _ in range(50):
        assert "Du logger inn som Engineer." in text(app.test_client().get(address).get_data(as_text=True))
    assert press(client, address)[0] == 303
    assert "Engineer" in client.get("/konto").get_data(as_text=True)
    user = session.scalars(select(User).where(User.person_id == person.id)).one()
    assert (user.login, user.password_hash) == (MAIL, None)
    assert session.scalars(select(RoleGrant.role).where(RoleGrant.user_id == user.id)).all() == [Role.ROLE_MODEL]
    status, page = press(app.test_client(), address)
    assert (status, "Be om ny lenke" in page) == (410, True)


def test_answer_and_cost_are_the_same_for_a_known_and_an_unknown_address(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    make.make_role_model(session, person_id=make.make_person(session, email=MAIL).id)
    ask(app, client, "warming-up@example.org")
    answers, statements = [], []
    for address in (MAIL, "nobody@example.org"):
        with count_queries(session) as counted:
            answers.append(ask(app, client, address))
        statements.append(counted.total)
    assert answers[0] == answers[1]
    assert abs(statements[0] - statements[1]) <= 2  # nobody's message is taken back: a savepoint and its end
    messages = session.scalars(select(OutboxMessage.address)).all()
    assert messages == [MAIL]


@pytest.mark.parametrize("address", ["", "no address", "x" * 300 + "@example.org", "a\x00@example.org"])
def test_what_is_no_address_is_said_so(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller, address: str
) -> None:
    status, _where, page = ask(app, client, address)
    assert (status, "Skriv e-postadressen vi kjenner deg med." in page) == (422, True)


def test_flooding_an_address_is_slowed_down_whoever_has_it(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    make.make_role_model(session, person_id=make.make_person(session, email=MAIL).id)
    for address in (MAIL, "nobody@example.org"):
        assert [ask(app, client, address)[0] for _ in range(6)] == [303] * 5 + [429]


def test_link_is_over_after_ten_minutes(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    make.make_role_model(session, person_id=make.make_person(session, email=MAIL).id)
    ask(app, client, MAIL)
    address = link_in_mail(session)
    still.shift(600)
    assert client.get(address).status_code == 410
    assert press(client, address)[0] == 410
    assert client.get(address[:-64] + "0" * 64).status_code == 404


def test_those_who_share_an_address_choose_who_they_are(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    parent = make.make_person(session, email=MAIL, name="Guardian at home")
    child = make.make_pupil(session, person_id=make.make_person(session, email=MAIL, name="Older child").id)
    hidden = make.make_pupil(
        session, person_id=make.make_person(session, email=MAIL, name="Protected child").id, protected=True
    )
    session.add(GuardianLink(pupil_id=child.id, person_id=parent.id))
    session.flush()
    ask(app, client, MAIL)
    address = link_in_mail(session)
    page = text(client.get(address).get_data(as_text=True))
    assert "Guardian at home" in page
    assert "Protected child" not in page
    assert press(client, address)[0] == 422
    assert press(client, address, person=make.make_person(session).id)[0] == 422
    assert press(client, address, person=child.person_id)[0] == 303
    assert "Older child" in client.get("/konto").get_data(as_text=True)
    still.shift(1)
    ask(app, client, MAIL)
    assert press(client, link_in_mail(session), person=hidden.person_id)[0] == 303
    logins = session.scalars(select(User.login).order_by(User.id)).all()
    assert logins == [MAIL, hidden.person_id]


def test_closed_account_gets_no_link(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    person = make.make_role_model(session, person_id=make.make_person(session, email=MAIL).id).person
    make.make_user(session, person_id=person.id, is_active=False)
    assert ask(app, client, MAIL)[0] == 303
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_roles_follow_from_what_a_person_is(session: Session) -> None:
    site, school = make.make_site(session), make.make_school(session)
    person = make.make_person(session, email="everything@example.org")
    make.make_mentor(session, person_id=person.id, site_id=site.id)
    company = make.make_company(session, contact_id=person.id)
    verification.contact_of(session, person.id, school.id)
    user_id = login_links.account_for(session, person.id)
    sessions.start(session, user_id)
    granted = {(row.role, row.scope) for row in session.scalars(select(RoleGrant).where(RoleGrant.user_id == user_id))}
    assert granted == {(Role.MENTOR, site.id), (Role.COMPANY_CONTACT, company.id)}


def test_signing_in_by_link_verifies_the_school_of_the_domain(
    app: Flask, client: FlaskClient, session: Session, still: time_machine.Traveller
) -> None:
    school = make.make_school(session)
    session.add(MailDomain(domain="school.example.org", school_id=school.id))
    person = make.make_person(session, email="teacher@school.example.org")
    verification.contact_of(session, person.id, school.id)
    ask(app, client, "teacher@school.example.org")
    assert not verification.is_verified(session, person.id, school.id)
    assert press(client, link_in_mail(session))[0] == 303
    assert verification.is_verified(session, person.id, school.id)


@pytest.mark.long_on_postgres
@pytest.mark.parametrize("guarded", [True, False])
def test_one_of_a_hundred_redemptions_signs_in(
    app: Flask, own_database: Engine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    with transaction() as session:
        person = make.make_role_model(session, person_id=make.make_person(session, email=MAIL).id).person
        login_links.send(session, MAIL)
        address = link_in_mail(session)
        login_links.account_for(session, person.id)
    if not guarded:
        monkeypatch.setattr(links, "use", lambda session, token: None)

    def redeem(_: int) -> int:
        return press(app.test_client(), address)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(redeem, range(100)))
    with reading() as session:
        signed_in = session.scalar(select(func.count()).select_from(SignInSession))
        assert session.scalar(select(func.count()).select_from(Person)) == 1
    assert (answers.count(303), signed_in) == ((1, 1) if guarded else (100, 100))
    assert set(answers) <= {303, 410}
