"""Signing in and out, and how long a session lasts."""

import re
import threading

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import Locale
from api.domain.permissions import Grant, Role
from api.errors import TooManyRequests
from api.services import users
from tests import factories as make
from tests.api.conftest import SignIn

PASSWORD = "correct horse battery"
MAIL = "coordinator@example.org"


def csrf(client: FlaskClient, path: str = "/logg-inn") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def post_login(client: FlaskClient, login: str, password: str, target: str = "") -> tuple[int, str, str]:
    """(status, where to, page)"""
    given = {"login": login, "password": password, "csrf_token": csrf(client)}
    answer = client.post(f"/logg-inn?next={target}", data=given)
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


def test_passwords_are_hashed_at_full_strength() -> None:
    made = PasswordHasher.from_parameters(users.STRENGTH).hash("x")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.fixture
def user_id(session: Session) -> str:
    grants = [Grant(Role.COORDINATOR)]
    user = users.create_user(session, login=MAIL, password=PASSWORD, name="Coordinator", grants=grants)
    return user.id


def test_right_password_signs_in(client: FlaskClient, user_id: str) -> None:
    assert post_login(client, "Coordinator@Example.org ", PASSWORD, "/personvern")[:2] == (303, "/personvern")
    assert "Coordinator" in client.get("/").get_data(as_text=True)
    assert client.get("/api/v1/runs").status_code == 200


def test_session_is_new_after_login(client: FlaskClient, user_id: str) -> None:
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    post_login(client, MAIL, PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"]


def test_wrong_password_and_unknown_account_get_the_same_answer(client: FlaskClient, user_id: str) -> None:
    tokens = re.compile(r'content="[^"]+"|value="[^"]*"')
    wrong = post_login(client, MAIL, "not the password")
    unknown = post_login(client, "nobody@example.org", "not the password")
    assert wrong[:2] == unknown[:2] == (422, "")
    assert tokens.sub("", wrong[2]) == tokens.sub("", unknown[2])


def test_foreign_target_is_not_followed(client: FlaskClient, user_id: str) -> None:
    assert post_login(client, MAIL, PASSWORD, "/%5Cevil.example")[:2] == (303, "/hjem")


@pytest.mark.parametrize("login", ["\x00", "a" * 10_000, "' OR 1=1 --@example.org", "æøå@example.org"])
def test_strange_login_is_only_wrong(client: FlaskClient, login: str) -> None:
    assert post_login(client, login, "x" * 5_000)[0] == 422


def test_closed_account_cannot_sign_in(client: FlaskClient, session: Session) -> None:
    user = users.create_user(session, login="gone@example.org", password=PASSWORD, name="Gone")
    user.is_active = False
    session.flush()
    assert post_login(client, "gone@example.org", PASSWORD)[0] == 422


def test_signing_out_ends_the_session(client: FlaskClient, user_id: str) -> None:
    post_login(client, MAIL, PASSWORD)
    assert client.post("/logg-ut", data={"csrf_token": csrf(client, "/")}).status_code == 303
    assert client.get("/api/v1/runs").status_code == 401


def test_session_ends_after_three_idle_hours(session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    with time_machine.travel("2027-01-10T08:00:00+00:00", tick=False) as clock:
        client = signed_in(user)
        clock.shift(3 * 3600)
        assert client.get("/api/v1/runs").status_code == 200
        clock.shift(3 * 3600 + 1)
        assert client.get("/api/v1/runs").status_code == 401


def test_session_ends_after_twelve_hours_of_work(session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    with time_machine.travel("2027-01-10T08:00:00+00:00", tick=False) as clock:
        client = signed_in(user)
        answers = []
        for _ in range(7):
            clock.shift(2 * 3600)
            answers.append(client.get("/api/v1/runs").status_code)
    assert answers == [200] * 6 + [401]


def test_new_password_ends_other_sessions(session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    client = signed_in(user)
    assert client.get("/api/v1/runs").status_code == 200
    users.set_password(session, user.login, PASSWORD)
    assert client.get("/api/v1/runs").status_code == 401


def test_person_s_language_is_used(session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session, person_id=make.make_person(session, locale=Locale.EN).id)
    assert '<html lang="en">' in signed_in(user).get("/", headers={"Accept-Language": "nb"}).get_data(as_text=True)


def test_too_many_wrong_passwords_for_one_account_are_slowed_down(client: FlaskClient, user_id: str) -> None:
    statuses = [post_login(client, "guessed@example.org", "wrong password")[0] for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert post_login(client, MAIL, PASSWORD)[0] == 303


def test_verifications_at_once_are_capped(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "VERIFICATION_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(users, "_verifications", threading.BoundedSemaphore(1))
    users._verifications.acquire()
    with pytest.raises(TooManyRequests):
        users.check_password(session, MAIL, PASSWORD)
    users._verifications.release()
    assert users.check_password(session, MAIL, PASSWORD) is None


def test_token_works_until_revoked(app: Flask, session: Session, by_token: SignIn) -> None:
    from sqlalchemy import update

    from api.clock import now
    from api.models.access import ApiToken

    program = by_token(make.make_user(session, Role.COORDINATOR))
    assert program.get("/api/v1/runs").status_code == 200
    session.execute(update(ApiToken).values(revoked_at=now()))
    assert program.get("/api/v1/runs").status_code == 401


def test_reading_token_cannot_write(app: Flask, session: Session) -> None:
    from tests.api.conftest import token_client

    user = make.make_user(session, Role.COORDINATOR)
    program = token_client(app, users.create_token(session, user_id=user.id, name="reader"))
    assert program.get("/api/v1/runs").status_code == 200
    assert program.post("/api/v1/runs", json={}).status_code == 404


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer tp_wrong", "Basic YTpi", "x", "Bearer \xff"])
def test_bad_authorization_is_401(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/v1/schools", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
