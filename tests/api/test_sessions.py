"""Signed-in browsers: seen and ended by their owner, over for good when ended."""

import re
from pathlib import Path

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.app import create_app
from api.domain.permissions import Role
from api.models.sign_in import SignInSession
from api.services import users
from tests import factories as make
from tests.api.conftest import SignIn, settings_for_tests
from tests.api.counting import count_queries
from tests.api.web.reading import csrf, page

PASSWORD = "correct horse battery"


def ends(source: str) -> list[str]:
    """The addresses that end a session, as the page of the account has them."""
    return re.findall(r'action="(/konto/okter/[^"]+)"', source)


def post(client: FlaskClient, address: str, **given: str) -> int:
    token = csrf(client.get("/konto").get_data(as_text=True))
    return client.post(address, data={"csrf_token": token, **given}).status_code


def test_stolen_cookie_dies_with_the_sign_out(app: Flask, session: Session, signed_in: SignIn) -> None:
    client = signed_in(make.make_user(session, Role.COORDINATOR))
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/api/v1/runs").status_code == 200
    assert post(client, "/logg-ut") == 303
    assert thief.get("/api/v1/runs").status_code == 401


def test_own_sessions_are_listed_and_ended(session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    here, there = signed_in(user), signed_in(user)
    (other,) = ends(page(here, "/konto"))
    assert post(here, other) == 303
    assert there.get("/konto").status_code == 302
    assert ends(page(here, "/konto")) == []
    assert post(here, other) == 404


def test_session_of_somebody_else_cannot_be_ended(session: Session, signed_in: SignIn) -> None:
    victim = make.make_user(session)
    kept, _second = signed_in(victim), signed_in(victim)
    (foreign,) = ends(page(kept, "/konto"))
    assert post(signed_in(make.make_user(session)), foreign) == 404


def test_new_password_ends_the_other_sessions_only(session: Session, signed_in: SignIn) -> None:
    user = users.create_user(session, login="leader@example.org", password=PASSWORD, name="Leader")
    here, there = signed_in(user), signed_in(user)
    assert post(here, "/konto/passord", old="not this one", new="another fine password") == 422
    assert post(here, "/konto/passord", old=PASSWORD, new="short") == 422
    assert there.get("/konto").status_code == 200
    assert post(here, "/konto/passord", old=PASSWORD, new="another fine password") == 303
    assert [here.get("/konto").status_code, there.get("/konto").status_code] == [200, 302]
    session.expire_all()
    assert users.check_password(session, user.login, "another fine password") == user.id


def test_use_is_noted_once_a_minute(session: Session, signed_in: SignIn) -> None:
    with time_machine.travel("2027-01-10T08:00:00+00:00", tick=False) as clock:
        client = signed_in(make.make_user(session, Role.COORDINATOR))
        seen = select(SignInSession.seen_at)
        statements = []
        for seconds in (30, 30, 1, 1):
            clock.shift(seconds)
            with count_queries(session) as counted:
                client.get("/api/v1/runs")
            statements.append(counted.total)
        session.expire_all()
        assert session.scalars(seen).one().isoformat() == "2027-01-10T08:01:01+00:00"
    assert statements[0] == statements[1] == statements[3] < statements[2]


def test_signing_in_again_ends_the_session_before(client: FlaskClient, session: Session) -> None:
    user = users.create_user(session, login="leader@example.org", password=PASSWORD, name="Leader")
    for _ in range(2):
        token = csrf(client.get("/logg-inn").get_data(as_text=True))
        given = {"login": user.login, "password": PASSWORD, "csrf_token": token}
        assert client.post("/logg-inn", data=given).status_code == 303
    live = select(SignInSession).where(SignInSession.ended_at.is_(None))
    assert len(session.scalars(live).all()) == 1


def test_cookie_of_production_is_bound_to_the_host(tmp_path: Path, session: Session) -> None:
    client = create_app(settings_for_tests(tmp_path, env="production")).test_client()
    cookie = client.get("/logg-inn", base_url="https://treffpunkt.example.org").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain=" not in cookie
