"""Every route, as every role, with what is one's own, what is somebody else's, and what is not there.

The table is the URL map itself. Somebody else's answers as what is not there does, whatever the method, and nothing
answers with a failure of ours. A new route is covered by itself when tests/api/two_sides.py knows its parameters; one
that cannot be stands in NOT_COVERED with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from api.domain.enums import LinkPurpose
from api.domain.link_paths import LINK_PATHS
from api.domain.permissions import ANONYMOUS, RIGHTS, Action, Actor, Role
from api.edge import csrf
from api.edge.access import rule_for
from api.edge.login import SESSION_ID
from api.services import users
from api.services.accounts import sessions
from tests.api.two_sides import SHARED, Side, missing, named_in, two_sides, word_of
from tests.api.web.conftest import for_now

NATIONAL = frozenset({Role.ADMIN, Role.COORDINATOR, Role.DEPUTY, Role.ASSISTANT})
SAME_AS_ADMIN = frozenset({Role.COORDINATOR, Role.DEPUTY})  # but for the accounts; the test says so
# endpoint: why its rows cannot be in the world of two sides.
NOT_COVERED: dict[str, str] = {
    "static": "files, not rows",
    "account.logout": "ends the session that asks",
    "mailbox.message": "development only",
    "api_entries.confirm_entry": "checks an ETag on POST, for which its blueprint has no leave yet",
    "api_offers.accept_offer": "as confirm_entry",
    "api_offers.decline_offer": "as confirm_entry",
    "mailbox.html": "development only",
}
# Parameters that only national roles can use, or that belong to one user: covered by the tests of their theme.
ELSEWHERE = {
    "grant_id": "test_users_admin: below a user whom only an administrator names",
    "token_id": "test_users_admin: a stranger's token answers 404",
    "lock_id": "national roles only",
    "approval_id": "needs an approved plan",
    "survey_id": "national roles only",
}


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule of the URL map with each of its methods."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def known(side: Side) -> set[str]:
    return {*side.ids, *ELSEWHERE, "secret"}


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    return two_sides(session)


class Asker:
    """Asks the application as one user, or as nobody, and leaves no trace in the rows."""

    def __init__(self, app: Flask, session: Session, user_id: str | None) -> None:
        self.app, self.session = app, session
        self.actor = ANONYMOUS
        self.cookie: str | None = None
        if user_id is not None:
            account = users.account(session, user_id)
            assert account is not None
            self.actor: Actor = account.actor
            self.cookie = self._signed_in(sessions.start(session, user_id))

    def ask(self, rule: Rule, method: str, values: dict[str, str]) -> int:
        client = self.app.test_client()
        if self.cookie:
            client.set_cookie("session", self.cookie)
        with self.app.test_request_context():
            address = self.app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
        given: dict[str, object] = {}
        if method != "GET":
            given = {"json": {}} if address.startswith("/api/") else {"data": {}}
        with for_now(self.session):
            return client.open(address, method=method, headers={"If-Match": "*"}, **given).status_code

    def may(self, rule: Rule, method: str) -> bool:
        found = rule_for(self.app, rule.endpoint, method)
        assert found is not None
        return found(self.actor)

    def _signed_in(self, started: str) -> str:
        client: FlaskClient = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie[SESSION_ID] = started
        found = client.get_cookie("session")
        assert found is not None
        return found.value


@pytest.fixture(autouse=True)
def without_csrf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing token would refuse what this file asks about."""
    monkeypatch.setattr(csrf.csrf, "protect", lambda: None)


def test_every_route_is_covered_or_listed_with_a_reason(app: Flask, sides: tuple[Side, Side]) -> None:
    unknown = {
        rule.endpoint: sorted(named_in(rule) - known(sides[0]))
        for rule, _method in routes(app)
        if rule.endpoint not in NOT_COVERED and named_in(rule) - known(sides[0])
    }
    assert unknown == {}, "add the parameter to tests/api/two_sides.py, or the endpoint to NOT_COVERED with its reason"
    assert {name for name in NOT_COVERED if name not in app.view_functions} == set()


@pytest.mark.long_on_postgres
def test_foreign_looks_like_missing_and_nothing_fails(
    app: Flask, session: Session, sides: tuple[Side, Side], subtests: pytest.Subtests
) -> None:
    ours, theirs = sides
    assert RIGHTS[Role.DEPUTY] == RIGHTS[Role.COORDINATOR] == RIGHTS[Role.ADMIN] - {Action.MANAGE_USERS}
    for role in [None, *(role for role in Role if role not in SAME_AS_ADMIN)]:
        asker = Asker(app, session, ours.users[role].id if role else None)
        with subtests.test(role.value if role else "nobody"):
            asked, faults = _faults(asker, role, ours, theirs)
            assert faults == []
            assert asked > 10


def _faults(asker: Asker, role: Role | None, ours: Side, theirs: Side) -> tuple[int, list[str]]:
    """How many routes the role was let into, and what they answered that they must not."""
    faults: list[str] = []
    asked = 0
    for rule, method in routes(asker.app):
        if not _is_asked(rule) or not asker.may(rule, method):
            continue
        asked += 1
        foreign = bool(named_in(rule) - SHARED) and role not in NATIONAL
        asked_for = {"own": ours.ids} | ({"missing": missing(ours.ids)} if named_in(rule) else {})
        asked_for |= {"foreign": theirs.ids} if foreign else {}
        answers = {name: asker.ask(rule, method, _values(rule, ids)) for name, ids in asked_for.items()}
        seen = foreign and (answers["foreign"] != answers["missing"] or (method == "GET" and answers["foreign"] == 200))
        if seen or any(status >= 500 for status in answers.values()):
            faults.append(f"{method} {rule.rule} as {role or 'nobody'}: {answers}")
    return asked, faults


def test_link_opens_its_own_object_and_nothing_else(app: Flask, session: Session, sides: tuple[Side, Side]) -> None:
    ours, _theirs = sides
    asker = Asker(app, session, None)
    by_link = [one for one in routes(app) if "secret" in one[0].arguments]
    for purpose, path in LINK_PATHS.items():
        other = next(one for one in LinkPurpose if one is not purpose)
        for rule, method in by_link:
            if not rule.rule.startswith(f"{path}/"):
                continue
            words = _values(rule, ours.ids | {"secret": ""})
            own, wrong, unknown = (
                asker.ask(rule, method, words | {"secret": secret})
                for secret in (ours.links[purpose], ours.links[other], uuid4().hex * 2)
            )
            assert own < 500, (method, rule.rule)
            assert wrong == unknown, (method, rule.rule)
            assert unknown in (404, 422), (method, rule.rule)


def _is_asked(rule: Rule) -> bool:
    """Routes with rows of the two sides, and those without parameters; links have a test of their own."""
    return rule.endpoint not in NOT_COVERED and not rule.arguments & {"secret", *ELSEWHERE}


def _values(rule: Rule, ids: dict[str, str]) -> dict[str, str]:
    return {name: word_of(rule, name) or ids[name] for name in rule.arguments}
