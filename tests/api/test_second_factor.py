"""The second factor of staff: asked for before anything else, used once, tried a few times only."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api import clock, db
from api.app import create_app
from api.db import transaction
from api.domain.permissions import STAFF_ROLES, Actor, Grant, Role
from api.edge.login import SESSION_ID
from api.errors import NotFound, TooManyRequests
from api.models.access import User
from api.models.sign_in import Totp
from api.services import users
from api.services.accounts import second_factor, sessions
from tests import factories as make
from tests.api.conftest import settings_for_tests, token_client
from tests.api.web.reading import csrf, page

START = "2027-01-10T08:00:00+00:00"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with the setting of production."""
    before = db.use_sessions(None)
    made = create_app(settings_for_tests(tmp_path_factory.mktemp("strict"), second_factor=True))
    db.use_sessions(before)
    return made


@pytest.fixture
def still(session: Session) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def browser(app: Flask, session: Session, user: User) -> FlaskClient:
    client = app.test_client()
    started = sessions.start(session, user.id)
    with client.session_transaction() as cookie:
        cookie[SESSION_ID] = started
    return client


def post(client: FlaskClient, address: str, **given: str) -> tuple[int, str]:
    token = csrf(client.get("/personvern").get_data(as_text=True))
    answer = client.post(address, data={"csrf_token": token, **given})
    return answer.status_code, answer.get_data(as_text=True)


def set_up(session: Session, user: User) -> tuple[pyotp.TOTP, list[str]]:
    """A confirmed second factor, its code of now used up, and its recovery codes."""
    second_factor.begin(session, user.id)
    begun = second_factor.enrolment(session, user.id)
    assert begun is not None
    app_on_phone = pyotp.TOTP(begun.secret.replace(" ", ""))
    return app_on_phone, second_factor.confirm(session, user.id, app_on_phone.now())


def staff(session: Session, role: Role = Role.COORDINATOR) -> User:
    user = make.make_user(session)
    site = make.make_site(session).id if role is Role.SITE_LEADER else None
    make.make_grant(session, user_id=user.id, role=role, site_id=site)
    return user


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_reach_nothing_but_the_enrolment(
    strict: Flask, session: Session, still: time_machine.Traveller, role: Role
) -> None:
    client = browser(strict, session, staff(session, role))
    for address in ("/konto", "/konto/nokler", "/grupper/blindern/venteliste", "/besok"):
        assert client.get(address).headers["Location"].startswith("/logg-inn/kode"), address
    assert client.get("/api/v1/requests").status_code == 401
    assert client.get("/logg-inn/kode").headers["Location"].startswith("/konto/to-trinn")
    assert client.get("/konto/to-trinn").status_code == 200
    assert post(client, "/logg-ut")[0] == 303


def test_others_are_not_asked(strict: Flask, session: Session, still: time_machine.Traveller) -> None:
    user = make.make_user(session, Role.ROLE_MODEL)
    client = browser(strict, session, user)
    assert client.get("/konto").status_code == 200
    assert post(client, "/konto/to-trinn/start")[0] == 404


def test_programs_are_not_asked(strict: Flask, session: Session, still: time_machine.Traveller) -> None:
    token = users.create_token(session, user_id=staff(session).id, name="program")
    assert token_client(strict, token).get("/api/v1/requests").status_code == 200


def test_staff_enrol_and_sign_in_with_it(strict: Flask, session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    client = browser(strict, session, user)
    assert post(client, "/konto/to-trinn/start")[0] == 303
    shown = page(client, "/konto/to-trinn")
    assert 'src="data:image/svg+xml' in shown
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)
    assert found is not None
    phone = pyotp.TOTP(found[1].replace(" ", ""))
    assert post(client, "/konto/to-trinn", code="000000")[0] == 422
    status, codes = post(client, "/konto/to-trinn", code=phone.now())
    assert (status, len(re.findall(r"<code>[0-9a-f]{8}-[0-9a-f]{8}</code>", codes))) == (200, 10)
    assert client.get("/konto").status_code == 200
    assert "<code>" not in page(client, "/konto")

    again = browser(strict, session, user)
    assert again.get("/konto/to-trinn").headers["Location"] == "/logg-inn/kode"
    assert post(again, "/konto/to-trinn/start")[0] == 409
    assert post(again, "/logg-inn/kode", code=phone.now())[0] == 422  # used when it was set up
    still.shift(30)
    assert post(again, "/logg-inn/kode?next=/konto", code=phone.now())[0] == 303
    assert again.get("/konto").status_code == 200


def test_session_is_new_after_the_second_factor(strict: Flask, session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    phone, _codes = set_up(session, user)
    client = browser(strict, session, user)
    before = client.get_cookie("session")
    assert before is not None
    still.shift(30)
    assert post(client, "/logg-inn/kode", code=phone.now())[0] == 303
    thief = strict.test_client()
    thief.set_cookie("session", before.value)
    assert thief.get("/konto").headers["Location"].startswith("/logg-inn?")


def test_secret_and_codes_are_not_in_the_database(session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    phone, codes = set_up(session, user)
    row = session.get_one(Totp, user.id)
    assert phone.secret not in row.secret
    assert not set(codes) & set(row.recovery_hashes)


@pytest.mark.parametrize("late", [-30, 0, 30])
def test_code_of_the_next_or_last_half_minute_is_right(
    session: Session, still: time_machine.Traveller, late: int
) -> None:
    user = staff(session)
    phone, _codes = set_up(session, user)
    still.shift(300)
    assert second_factor.check(session, user.id, phone.at(int(still_now()) + late))
    assert not second_factor.check(session, user.id, phone.at(int(still_now()) + late))


def still_now() -> float:
    return clock.now().timestamp()


def test_older_code_does_not_work_after_a_newer_one(session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    phone, _codes = set_up(session, user)
    still.shift(300)
    older = phone.now()
    still.shift(30)
    assert second_factor.check(session, user.id, phone.now())
    assert not second_factor.check(session, user.id, older)


def test_recovery_code_works_once(session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    _phone, codes = set_up(session, user)
    assert [second_factor.check(session, user.id, codes[3].upper()) for _ in range(2)] == [True, False]


def test_few_codes_may_be_tried(session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    phone, _codes = set_up(session, user)
    still.shift(1000)
    assert [second_factor.check(session, user.id, "123") for _ in range(5)] == [False] * 5
    with pytest.raises(TooManyRequests):
        second_factor.check(session, user.id, phone.now())
    still.shift(180)
    assert second_factor.check(session, user.id, phone.now())


def test_admin_takes_a_lost_one_away(session: Session, still: time_machine.Traveller) -> None:
    user = staff(session)
    set_up(session, user)
    admin = Actor(make.make_user(session, Role.ADMIN).id, frozenset({Grant(Role.ADMIN)}))
    with pytest.raises(NotFound):
        second_factor.take_away(session, Actor(user.id, frozenset({Grant(Role.COORDINATOR)})), user.id)
    second_factor.take_away(session, admin, user.id)
    assert not second_factor.is_set_up(session, user.id)


def test_one_code_at_once_signs_in_once(own_database: Engine) -> None:
    with transaction() as session:
        user = make.make_user(session, Role.COORDINATOR)
        _phone, codes = set_up(session, user)

    def check(_: int) -> bool:
        with transaction() as session:
            return second_factor.check(session, user.id, codes[0])

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(check, range(4))) == 1


def test_strict_application_needs_it(strict: Flask, app: Flask, session: Session) -> None:
    user = staff(session)
    assert browser(app, session, user).get("/konto").status_code == 200
    assert browser(strict, session, user).get("/konto").status_code == 302
    assert session.scalars(select(Totp)).all() == []
