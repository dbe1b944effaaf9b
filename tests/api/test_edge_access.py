"""Every route has an access rule, and the rule holds; a route without one is refused."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.permissions import ANONYMOUS, Action, Actor, Grant, Role, may, reach
from api.edge.access import own_path, rule_for
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.two_sides import word_of

NO_BODY = {"HEAD", "OPTIONS"}
STRANGER = Actor("someone", frozenset({Grant(Role.PUPIL)}))


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(method, endpoint, an address of it) of every route."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            values = {name: word_of(rule, name) or uuid4() for name in rule.arguments}
            for method in sorted((rule.methods or set()) - NO_BODY):
                yield method, rule.endpoint, adapter.build(rule.endpoint, values, method=method)


def test_every_route_has_a_rule(app: Flask) -> None:
    assert [found for found in routes(app) if rule_for(app, found[1], found[0]) is None] == []


def test_every_route_keeps_its_rule(app: Flask, client: FlaskClient, session: Session, by_token: SignIn) -> None:
    stranger = by_token(make.make_user(session, Role.PUPIL))
    closed = 0
    for method, endpoint, address in routes(app):
        rule = rule_for(app, endpoint, method)
        assert rule is not None
        if rule(ANONYMOUS):
            continue
        closed += 1
        answer = client.open(address, method=method)
        if address.startswith("/api/"):
            assert (answer.status_code, answer.content_type) == (401, "application/problem+json"), address
            if not rule(STRANGER):
                assert stranger.open(address, method=method).status_code == 404, address
        else:
            redirected = answer.status_code == 302 and answer.headers["Location"].startswith("/logg-inn")
            refused_before = method != "GET" and answer.status_code == 400  # without a CSRF token nothing is asked
            assert redirected or refused_before, address
    assert closed > 10


def test_route_without_rule_is_refused(session: Session, tmp_path: object) -> None:
    from pathlib import Path

    from api.app import create_app
    from tests.api.conftest import settings_for_tests

    assert isinstance(tmp_path, Path)
    app = create_app(settings_for_tests(tmp_path))
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert app.test_client().get("/forgotten").status_code == 404


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\x00",
        "javascript:alert(1)",
        "evil",
        "",
        None,
    ],
)
def test_foreign_target_is_no_own_path(target: str | None) -> None:
    assert own_path(target) is None


def test_own_path_is_kept() -> None:
    assert own_path("/plan/1?side=2") == "/plan/1?side=2"


def actor(role: Role, scope: str | None = None, *, read_only: bool = False) -> Actor:
    return Actor("u1", frozenset({Grant(role, scope)}), read_only)


def test_site_leader_reaches_own_site_only() -> None:
    where = reach(actor(Role.SITE_LEADER, "s1"), Action.SEE_GROUP_PLANS)
    assert (where.everywhere, where.covers("s1"), where.covers("s2")) == (False, True, False)


def test_scoped_role_without_scope_reaches_nothing() -> None:
    assert not may(actor(Role.SITE_LEADER), Action.SEE_GROUP_PLANS)


def test_read_only_token_may_not_write() -> None:
    reader = actor(Role.COORDINATOR, read_only=True)
    assert [may(reader, Action.SEE_REQUESTS), may(reader, Action.CHANGE_REQUESTS)] == [True, False]


def test_assistant_sees_no_names_and_queues_nothing() -> None:
    assistant = actor(Role.ASSISTANT)
    assert [may(assistant, Action.SEE_NAMES), may(assistant, Action.QUEUE_RUNS)] == [False, False]


def test_only_admin_manages_users() -> None:
    assert [
        role for role in Role if may(actor(role, "x"), Action.MANAGE_USERS) or may(actor(role), Action.MANAGE_USERS)
    ] == [Role.ADMIN]
