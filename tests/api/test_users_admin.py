"""Accounts in the hands of an administrator, and tokens in their owner's, through REST and pages."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.db import reading, transaction
from api.domain.permissions import Actor, Grant, Role
from api.errors import Conflict
from api.models.access import ApiToken, User
from api.models.outbox import OutboxMessage
from api.models.records import AuditEntry
from api.models.rights import RoleGrant
from api.services import audit, users
from api.services.accounts import administration, verification
from tests import factories as make
from tests.api.conftest import SignIn, token_client
from tests.api.web.reading import csrf, page, row_names

NEW = {"login": "Leader@example.org", "name": "Leader of a campus"}


@pytest.fixture
def admin(session: Session, by_token: SignIn) -> FlaskClient:
    return by_token(make.make_user(session, Role.ADMIN))


def post(client: FlaskClient, address: str, **given: str) -> tuple[int, str]:
    token = csrf(client.get("/konto").get_data(as_text=True))
    answer = client.post(address, data={"csrf_token": token, **given})
    return answer.status_code, answer.get_data(as_text=True)


def test_account_is_opened_and_its_holder_gets_a_link(admin: FlaskClient, session: Session) -> None:
    site = make.make_site(session)
    given = NEW | {"grants": [{"role": "site_leader", "scope": site.id}]}
    made = admin.post("/api/v1/users", json=given)
    assert made.status_code == 201
    assert made.json is not None
    assert (made.json["login"], made.json["active"]) == ("leader@example.org", True)
    assert [(one["role"], one["scope_name"]) for one in made.json["grants"]] == [("site_leader", site.name)]
    assert admin.get(made.headers["Location"]).json == made.json
    message = session.scalars(select(OutboxMessage)).one()
    assert (message.kind, message.address) == ("account_opened", "leader@example.org")
    audit.write_pending(session)
    assert "user_account.open" in session.scalars(select(AuditEntry.action)).all()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"login": "nobody"}, "login"),
        ({"name": ""}, "name"),
        ({"grants": [{"role": "king"}]}, "grants"),
        ({"grants": [{"role": "site_leader"}]}, "scope"),
    ],
)
def test_bad_account_is_refused_by_field(admin: FlaskClient, given: dict[str, object], field: str) -> None:
    answer = admin.post("/api/v1/users", json=NEW | given)
    assert (answer.status_code, field in str(answer.json and answer.json["errors"])) == (422, True)


def test_roles_are_given_and_taken_away(admin: FlaskClient, session: Session) -> None:
    user = make.make_user(session)
    given = admin.post(f"/api/v1/users/{user.id}/grants", json={"role": "assistant"})
    assert given.status_code == 201
    assert given.json is not None
    address = f"/api/v1/users/{user.id}/grants/{given.json['id']}"
    assert [admin.delete(address).status_code for _ in range(2)] == [204, 404]
    assert session.scalars(select(RoleGrant).where(RoleGrant.user_id == user.id)).all() == []


def test_closed_account_is_signed_out_and_opened_again(admin: FlaskClient, session: Session, signed_in: SignIn) -> None:
    user = make.make_user(session)
    browser = signed_in(user)
    address = f"/api/v1/users/{user.id}"

    def change(active: bool) -> int:
        tag = admin.get(address).headers["ETag"]
        return admin.patch(address, json={"active": active}, headers={"If-Match": tag}).status_code

    assert admin.patch(address, json={"active": False}).status_code == 428
    assert change(False) == 200
    assert browser.get("/konto").status_code == 302
    assert admin.post(f"{address}/login-link").status_code == 409
    assert change(True) == 200
    assert browser.get("/konto").status_code == 302
    assert admin.post(f"{address}/login-link").status_code == 204


def test_last_admin_stays(admin: FlaskClient, session: Session) -> None:
    grant = session.scalars(select(RoleGrant)).one()
    assert admin.delete(f"/api/v1/users/{grant.user_id}/grants/{grant.id}").status_code == 409
    address = f"/api/v1/users/{grant.user_id}"
    tag = admin.get(address).headers["ETag"]
    assert admin.patch(address, json={"active": False}, headers={"If-Match": tag}).status_code == 409
    make.make_user(session, Role.ADMIN)
    assert admin.delete(f"/api/v1/users/{grant.user_id}/grants/{grant.id}").status_code == 204


@pytest.mark.parametrize("guarded", [True, False])
def test_two_admins_cannot_take_each_other_away(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        monkeypatch.setattr(administration, "_keep_an_admin", lambda *_, **__: None)
    with transaction() as session:
        grants = [make.make_grant(session, role=Role.ADMIN) for _ in range(2)]
    together = Barrier(2)

    def take(number: int) -> bool:
        other = grants[1 - number]
        actor = Actor(grants[number].user_id, frozenset({Grant(Role.ADMIN)}))
        together.wait()
        try:
            with transaction() as session:
                administration.take_away(session, actor, other.user_id, other.id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        taken = sorted(pool.map(take, range(2)))
    with reading() as session:
        left = session.scalar(select(func.count()).select_from(RoleGrant))
    assert (taken, left) == (([False, True], 1) if guarded else ([True, True], 0))


def test_admin_s_pages(session: Session, signed_in: SignIn) -> None:
    browser = signed_in(make.make_user(session, Role.ADMIN))
    assert post(browser, "/brukere", login="nobody", name="Somebody", role="assistant")[0] == 422
    assert post(browser, "/brukere", **NEW, role="assistant")[0] == 303
    user = session.scalars(select(User).where(User.login == "leader@example.org")).one()
    assert row_names(page(browser, "/brukere?role=assistant")) == [NEW["name"]]
    address = f"/brukere/{user.id}"
    assert post(browser, f"{address}/roller", role="site_leader")[0] == 422
    assert post(browser, f"{address}/roller", role="deputy")[0] == 303
    assert "Stedfortreder" in page(browser, address)
    grant = session.scalars(select(RoleGrant).where(RoleGrant.role == Role.DEPUTY)).one()
    assert post(browser, f"{address}/roller/{grant.id}/ta-bort")[0] == 303
    assert post(browser, f"{address}/steng")[0] == 303
    assert post(browser, f"{address}/lenke")[0] == 409
    assert post(browser, f"{address}/aapne")[0] == 303
    assert post(browser, f"{address}/lenke")[0] == 303
    own = session.scalars(select(RoleGrant).where(RoleGrant.role == Role.ADMIN)).one()
    assert post(browser, f"/brukere/{own.user_id}/steng")[0] == 409


def test_assistant_verifies_a_school_by_a_call(session: Session, signed_in: SignIn) -> None:
    school = make.make_school(session)
    known, unknown = (verification.contact_of(session, make.make_person(session).id, school.id) for _ in range(2))
    browser = signed_in(make.make_user(session, Role.ASSISTANT))
    assert len(row_names(page(browser, "/skolekontakter"))) == 2
    assert post(browser, f"/skolekontakter/{known.id}/bekreft")[0] == 303
    assert post(browser, f"/skolekontakter/{known.id}/bekreft")[0] == 409
    assert post(browser, f"/skolekontakter/{unknown.id}/avvis")[0] == 303
    assert verification.is_verified(session, known.person_id, school.id)
    assert row_names(page(browser, "/skolekontakter")) == []
    assert post(browser, "/skolekontakter/domener", domain="x", school=school.id)[0] == 422
    assert post(browser, "/skolekontakter/domener", domain="school.example.org", school=school.id)[0] == 303
    assert "school.example.org" in page(browser, "/skolekontakter")


def test_token_is_kept_to_its_themes(app: Flask, session: Session) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    token = users.create_token(session, user_id=user.id, name="runs only", scopes=("read", "runs"))
    program = token_client(app, token)
    assert program.get("/api/v1/runs").status_code == 200
    assert program.get("/api/v1/requests").status_code == 404
    assert program.get("/api/v1/schools").status_code == 404


@pytest.mark.parametrize(
    ("own", "wanted", "status"),
    [
        (("read", "write"), ["read", "write"], 201),
        (("read", "write"), ["read", "requests"], 201),
        (("read", "write", "tokens"), ["read", "tokens"], 201),
        (("read", "write", "tokens"), ["read"], 422),
        (("read", "write", "tokens"), ["read", "tokens", "runs"], 422),
        (("read", "tokens"), ["read", "write", "tokens"], 422),
        (("read", "write"), ["read", "no_such_theme"], 422),
        (("read", "write"), ["requests"], 422),
    ],
)
def test_token_makes_no_token_beyond_itself(
    app: Flask, session: Session, own: tuple[str, ...], wanted: list[str], status: int
) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    program = token_client(app, users.create_token(session, user_id=user.id, name="own", scopes=own))
    assert program.post("/api/v1/tokens", json={"name": "made", "scopes": wanted}).status_code == status


def test_own_tokens_by_page(app: Flask, session: Session, signed_in: SignIn) -> None:
    browser = signed_in(make.make_user(session, Role.COORDINATOR))
    assert post(browser, "/konto/nokler", name="", days="30")[0] == 422
    status, shown = post(browser, "/konto/nokler", name="Map of the week", theme="runs", days="30")
    found = re.search(r"tp_[A-Za-z0-9_-]{43}", shown)
    assert status == 200
    assert found is not None
    program = token_client(app, found[0])
    assert program.get("/api/v1/runs").status_code == 200
    listed = page(browser, "/konto/nokler")
    assert (row_names(listed), found[0] in listed) == (["Map of the week"], False)
    row = session.scalars(select(ApiToken)).one()
    stranger = signed_in(make.make_user(session, Role.COORDINATOR))
    assert post(stranger, f"/konto/nokler/{row.id}/trekk")[0] == 404
    assert post(browser, f"/konto/nokler/{row.id}/trekk")[0] == 303
    assert program.get("/api/v1/runs").status_code == 401
