"""The web application for tests; its rows are those of the test's `session`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import db
from api.app import create_app
from api.config import Settings
from api.domain.permissions import Role
from api.edge.login import SESSION_ID
from api.models.access import User
from api.services import users
from api.services.accounts import sessions
from tests import factories as make
from tests.conftest import SECRET


def settings_for_tests(folder: Path, **given: Any) -> Settings:
    values = {
        "env": "development",
        "data": folder,
        "database_url": f"sqlite:///{folder / 'never-opened.db'}",
        "secret": SECRET,
    }
    return Settings(**(values | given))


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """argon2id at its cheapest; that the service uses it at full strength is a test of its own."""
    patch = pytest.MonkeyPatch()
    patch.setattr(users, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application; the databases of `session` and `own_database` take the place of its own."""
    before = db.use_sessions(None)
    made = create_app(settings_for_tests(tmp_path_factory.mktemp("web")))
    db.use_sessions(before)
    return made


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    """Nobody in particular, with the rows of `session`."""
    return app.test_client()


SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def signed_in(app: Flask, session: Session) -> SignIn:
    """A browser with a session of this user."""

    def sign_in(user: User) -> FlaskClient:
        client = app.test_client()
        started = sessions.start(session, user.id)
        with client.session_transaction() as cookie:
            cookie[SESSION_ID] = started
        return client

    return sign_in


@pytest.fixture
def by_token(app: Flask, session: Session) -> SignIn:
    """A program with a token of this user for reading and writing."""

    def use_token(user: User) -> FlaskClient:
        return token_client(app, users.create_token(session, user_id=user.id, name="test", scopes=("read", "write")))

    return use_token


@pytest.fixture
def coordinator(session: Session, by_token: SignIn) -> FlaskClient:
    """A program of a coordinator."""
    return by_token(make.make_user(session, Role.COORDINATOR))


def token_client(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
