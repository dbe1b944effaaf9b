"""Signing in with OpenID Connect, against a provider of its own in the same process."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import db
from api.app import create_app
from api.config import OidcProvider
from api.domain.enums import IdentifierScheme
from api.domain.permissions import Role
from api.models.access import User
from api.models.places import SchoolIdentifier
from api.models.sign_in import ExternalIdentity
from api.services.accounts import identities, sessions, verification
from tests import factories as make
from tests.api.conftest import settings_for_tests
from tests.api.web.reading import csrf, page

SUBJECT = "a-subject-of-the-provider"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def federated(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Flask:
    """The application with a provider set up."""
    before = db.use_sessions(None)
    oidc = OidcProvider(provider, "treffpunkt", "a secret of the client")
    made = create_app(settings_for_tests(tmp_path_factory.mktemp("federated"), oidc=oidc, second_factor=True))
    db.use_sessions(before)
    return made


@pytest.fixture
def visitor(federated: Flask, session: Session) -> FlaskClient:
    return federated.test_client()


def claims(provider: str, subject: str = SUBJECT, **given: object) -> None:
    """What the provider knows of a subject."""
    body = {"email": "teacher@example.org", "name": "Teacher", **given}
    requests.put(f"{provider}/users/{subject}", json=body, timeout=5).raise_for_status()


def there_and_back(client: FlaskClient, subject: str = SUBJECT, begin: str = "/logg-inn/feide") -> tuple[int, str]:
    """Through the provider's page; (status, where to)."""
    away = client.get(begin)
    asked = parse_qs(urlsplit(away.headers["Location"]).query)
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["code_challenge_method"] == ["S256"]
    signed = requests.post(away.headers["Location"], data={"sub": subject}, allow_redirects=False, timeout=5)
    back = urlsplit(signed.headers["Location"])
    answer = client.get(f"{back.path}?{back.query}")
    return answer.status_code, answer.headers.get("Location", "")


def test_button_and_routes_are_there_only_where_it_is_set_up(visitor: FlaskClient, client: FlaskClient) -> None:
    assert "/logg-inn/feide" in page(visitor, "/logg-inn")
    assert "/logg-inn/feide" not in page(client, "/logg-inn")
    assert client.get("/logg-inn/feide").status_code == 404


def test_newcomer_gets_an_account_of_their_own(visitor: FlaskClient, provider: str, session: Session) -> None:
    claims(provider)
    assert there_and_back(visitor, begin="/logg-inn/feide?next=/konto") == (302, "/konto")
    identity = session.scalars(select(ExternalIdentity)).one()
    assert (identity.issuer, identity.subject) == (provider, SUBJECT)
    assert "Teacher" in page(visitor, "/konto")
    assert there_and_back(visitor)[0] == 302
    assert len(session.scalars(select(User)).all()) == 1


def test_same_mail_is_not_the_same_account(visitor: FlaskClient, provider: str, session: Session) -> None:
    person = make.make_person(session, email="teacher@example.org")
    owner = make.make_user(session, Role.ADMIN, person_id=person.id, login="teacher@example.org")
    claims(provider)
    there_and_back(visitor)
    assert session.scalars(select(ExternalIdentity.user_id)).one() != owner.id
    assert visitor.get("/brukere").status_code == 404


def test_signed_in_user_ties_an_identity_to_the_account(visitor: FlaskClient, provider: str, session: Session) -> None:
    user = make.make_user(session, Role.ROLE_MODEL)
    with visitor.session_transaction() as cookie:
        cookie["_user_id"] = sessions.start(session, user.id)
    claims(provider)
    token = csrf(page(visitor, "/konto"))
    asked = visitor.post("/konto/feide", data={"csrf_token": token})
    assert re.search(r'href="/logg-inn/feide"', asked.get_data(as_text=True))
    assert there_and_back(visitor) == (302, "/konto")
    assert session.scalars(select(ExternalIdentity.user_id)).all() == [user.id]
    stranger = visitor.application.test_client()
    there_and_back(stranger)
    assert session.scalars(select(User.id)).all() == [user.id]


def test_forged_return_is_refused(visitor: FlaskClient, session: Session) -> None:
    assert visitor.get("/logg-inn/feide/retur?code=x&state=forged").status_code == 409
    assert visitor.get("/logg-inn/feide/retur").status_code == 409
    assert session.scalars(select(User)).all() == []


@pytest.mark.parametrize(("amr", "asked"), [(["pwd"], True), (["pwd", "mfa"], False)])
def test_second_factor_of_the_provider_counts(
    visitor: FlaskClient, provider: str, session: Session, amr: list[str], asked: bool
) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    session.add(ExternalIdentity(user_id=user.id, issuer=provider, subject=SUBJECT))
    session.flush()
    claims(provider, amr=amr)
    there_and_back(visitor)
    assert (visitor.get("/konto").status_code == 302) is asked


def test_closed_account_does_not_open(visitor: FlaskClient, provider: str, session: Session) -> None:
    user = make.make_user(session, is_active=False)
    session.add(ExternalIdentity(user_id=user.id, issuer=provider, subject=SUBJECT))
    session.flush()
    claims(provider)
    assert there_and_back(visitor) == (302, "/logg-inn")


@pytest.mark.parametrize(("affiliation", "verified"), [(["employee"], True), (["student"], False)])
def test_employee_s_school_is_verified_by_its_number(session: Session, affiliation: list[str], verified: bool) -> None:
    school = make.make_school(session)
    session.add(SchoolIdentifier(scheme=IdentifierScheme.ORGNR, value="999999999", school_id=school.id))
    session.flush()
    found = {
        "iss": "https://feide.example.org",
        "sub": SUBJECT,
        "eduPersonAffiliation": affiliation,
        "eduPersonOrgDN": {"norEduOrgNIN": "NO999999999"},
    }
    user_id = identities.sign_in(session, identities.identity_of(found))
    person_id = session.scalars(select(User.person_id).where(User.id == user_id)).one()
    assert verification.is_verified(session, person_id, school.id) is verified
