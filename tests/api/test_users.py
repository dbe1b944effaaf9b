"""Accounts, roles and tokens as `treffpunkt user create` makes them."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.permissions import Actor, Grant, Role
from api.errors import AppError, Conflict, InvalidInput, NotFound
from api.models.access import ApiToken, User
from api.services import users
from tests import factories as make

GIVEN: dict[str, Any] = {"login": "Admin@Example.org", "password": "twelve letters", "name": "Administrator"}


def test_created_user_can_be_found_with_roles(session: Session) -> None:
    site = make.make_site(session).id
    grants = {Grant(Role.ADMIN), Grant(Role.SITE_LEADER, site)}
    user = users.create_user(session, **GIVEN, grants=grants)
    account = users.account(session, user.id)
    assert account is not None
    assert (account.actor, account.name) == (
        Actor(user.id, frozenset(grants), person_id=user.person_id),
        "Administrator",
    )
    assert user.login == "admin@example.org"
    assert users.check_password(session, "ADMIN@example.org", "twelve letters") == user.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": "nobody"}, "login"),
        ({"login": "a b@example.org"}, "login"),
        ({"login": "\x00@example.org"}, "login"),
        ({"login": "a" * 250 + "@example.org"}, "login"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"name": " "}, "name"),
        ({"grants": [Grant(Role.SITE_LEADER)]}, "scope"),
        ({"grants": [Grant(Role.ADMIN, "somewhere")]}, "scope"),
        ({"grants": [Grant(Role.SITE_LEADER, "no such site")]}, "scope"),
        ({"grants": [Grant(Role.ADMIN), Grant(Role.ADMIN)]}, "scope"),
    ],
)
def test_bad_account_is_refused_by_field(session: Session, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        users.create_user(session, **(GIVEN | change))
    assert refused.value.field == field


def test_taken_login_is_a_conflict(session: Session) -> None:
    users.create_user(session, **GIVEN)
    with pytest.raises(Conflict):
        users.create_user(session, **(GIVEN | {"login": "ADMIN@example.org"}))


def test_password_of_nobody_cannot_be_set(session: Session) -> None:
    with pytest.raises(NotFound):
        users.set_password(session, "nobody@example.org", "twelve letters")


def test_token_is_256_bits_and_kept_as_a_hash(session: Session) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    token = users.create_token(session, user_id=user.id, name="reports")
    assert re.fullmatch(r"tp_[A-Za-z0-9_-]{43}", token)
    row = session.scalars(select(ApiToken)).one()
    assert token not in (row.token_hash, row.name)
    found = users.program_of_token(session, token)
    assert found is not None
    assert (found.actor.user_id, found.actor.read_only, found.token_id) == (user.id, True, row.id)


@pytest.mark.parametrize(
    "values", [{"scopes": ("admin",)}, {"scopes": ("read", "No Scope")}, {"scopes": ()}, {"days": 0}, {"days": 366}]
)
def test_bad_token_is_refused(session: Session, values: dict[str, Any]) -> None:
    user: User = make.make_user(session)
    with pytest.raises(AppError):
        users.create_token(session, user_id=user.id, name="x", **values)


def test_token_of_a_closed_account_is_nobody(session: Session) -> None:
    user = make.make_user(session)
    token = users.create_token(session, user_id=user.id, name="x")
    user.is_active = False
    session.flush()
    assert users.program_of_token(session, token) is None
