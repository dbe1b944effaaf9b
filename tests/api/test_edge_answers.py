"""Headers, error answers, languages, limits and logs of every answer."""

import io
import json
import re
from pathlib import Path

import pytest
import structlog
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import db
from api.app import MAX_BODY_BYTES, create_app
from api.edge.access import public
from api.logs import configure_logging
from api.models.rates import RateBucket
from api.services import rates
from tests import factories as make
from tests.api.conftest import SignIn, settings_for_tests

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = ["/logg-inn", "/personvern", "/tilgjengelighet", "/api/docs", "/not-there"]


@pytest.fixture
def production(tmp_path: Path) -> Flask:
    before = db.use_sessions(None)
    app = create_app(settings_for_tests(tmp_path, env="production"))
    db.use_sessions(before)
    return app


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/api/v1/schools", "/static/css/treffpunkt.css"])
def test_every_answer_has_the_strict_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == POLICY
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_script_style_or_foreign_host(client: FlaskClient, path: str) -> None:
    page = client.get(path).get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert re.findall(r'(?:src|href|action)="(?!/|#)[^"]*"', page) == []


def test_hsts_is_sent_behind_https_only(client: FlaskClient) -> None:
    answer = client.get("/healthz", base_url="https://treffpunkt.example.org")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_cookie_is_host_only_and_secure_in_production(production: Flask) -> None:
    cookie = production.test_client().get("/logg-inn", base_url="https://x.example.org").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_versioned_file_is_kept_and_plain_one_checked(client: FlaskClient) -> None:
    with client.get("/static/icon.svg?v=1") as versioned, client.get("/static/icon.svg") as plain:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert plain.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/not-there", 404),
        ("PUT", "/personvern", 405),
        ("POST", "/logg-inn", 400),
        ("GET", "/static/../api/config.py", 404),
        ("GET", "/static/%2e%2e/%2e%2e/config.py", 404),
    ],
)
def test_error_outside_the_api_is_a_page(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert page.count("<h1") == 1
    assert 'href="/"' in page


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/schools")
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/broken", "/api/v1/broken"])
def test_failure_is_told_without_what_was_typed(
    production: Flask, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @public
    def broken() -> str:
        raise ValueError("secret 4711")

    production.add_url_rule(path, "broken", broken)
    answer = production.test_client().get(f"{path}?mail=canary@example.org", headers={"User-Agent": "canary"})
    written = capsys.readouterr().err
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.get_data(as_text=True)
    assert "4711" not in answer.get_data(as_text=True)
    assert "ValueError" in written
    assert [word for word in ("4711", "canary", "mail=") if word in written] == []


def test_request_is_logged_by_its_pattern(
    client: FlaskClient, session: Session, signed_in: SignIn, capsys: pytest.CaptureFixture[str]
) -> None:
    user = make.make_user(session)
    signed_in(user).get(f"/api/v1/requests/{user.id}?q=canary")
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert {name: line[name] for name in ("event", "method", "route", "status")} == {
        "event": "request",
        "method": "GET",
        "route": "/api/v1/requests/<uuid:request_id>",
        "status": 404,
    }
    assert set(line) == {"event", "level", "method", "milliseconds", "request_id", "route", "status", "timestamp"}


def test_logs_of_any_kind_lose_the_words_of_an_exception(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        raise KeyError("canary")
    except KeyError:
        structlog.get_logger().exception("worker")
    assert "canary" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 10_000 + b"]" * 10_000, "application/json", 422),
        (b'{"grade": ' + b"9" * 5_000 + b"}", "application/json", 422),
        (b'{"grade": NaN}', "application/json", 422),
        (b'{"grade": 1e999}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b"grade=9", "application/x-www-form-urlencoded", 422),
        (b"x" * (MAX_BODY_BYTES + 1), "application/json", 413),
    ],
)
def test_bad_body_is_refused(coordinator: FlaskClient, body: bytes, kind: str, status: int) -> None:
    for address in ("/api/v1/requests", "/api/v1/role-models", "/api/v1/runs"):
        answer = coordinator.post(address, data=body, content_type=kind)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), address


def test_body_of_a_hundred_megabytes_is_not_read(coordinator: FlaskClient) -> None:
    body = io.BytesIO(b"x")
    length = {"CONTENT_LENGTH": str(100 * 10**6)}
    answer = coordinator.post(
        "/api/v1/runs", input_stream=body, content_type="application/json", environ_overrides=length
    )
    assert answer.status_code == 413
    assert body.tell() == 0


@pytest.mark.parametrize("key", ["", "x" * 201, "æ", "a b"])
def test_bad_key_is_refused(coordinator: FlaskClient, key: str) -> None:
    answer = coordinator.post("/api/v1/runs", json={}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "headers", "locale"),
    [
        ("/personvern", {}, "nb"),
        ("/personvern", {"Accept-Language": "fr"}, "nb"),
        ("/personvern", {"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ("/personvern", {"Accept-Language": "no, en;q=0.5"}, "nb"),
        ("/personvern", {"Accept-Language": "nn, en;q=0.5"}, "nn"),
        ("/personvern?lang=en", {"Accept-Language": "nb"}, "en"),
        ("/personvern?lang=xx", {"Accept-Language": "en"}, "en"),
    ],
)
def test_language_of_a_page(client: FlaskClient, path: str, headers: dict[str, str], locale: str) -> None:
    answer = client.get(path, headers=headers)
    assert f'<html lang="{locale}">' in answer.get_data(as_text=True)
    assert answer.headers["Content-Language"] == locale


def test_chosen_language_is_remembered(client: FlaskClient) -> None:
    client.get("/personvern?lang=en")
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "nb"}).get_data(as_text=True)


def test_problem_speaks_the_reader_s_language(client: FlaskClient) -> None:
    titles = [
        (client.get("/api/v1/none", headers={"Accept-Language": locale}).json or {})["title"] for locale in ("nb", "en")
    ]
    assert titles == ["Dette finnes ikke her", "There is no such thing here"]


def test_not_ready_without_the_database(production: Flask) -> None:
    before = db.use_sessions(db.sessions_of(db.make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")))
    answer = production.test_client().get("/readyz")
    healthy = production.test_client().get("/healthz")
    page = production.test_client().get("/tilgjengelighet")
    db.use_sessions(before)
    assert (answer.status_code, answer.json) == (503, {"status": "unreachable"})
    assert (healthy.status_code, page.status_code) == (200, 200)


def test_not_ready_before_migrations(production: Flask, tmp_path: Path) -> None:
    engine = db.make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    before = db.use_sessions(db.sessions_of(engine))
    answer = production.test_client().get("/readyz")
    db.use_sessions(before)
    engine.dispose()
    assert (answer.status_code, (answer.json or {})["status"]) == (503, "not_migrated")


def test_hits_are_counted_in_windows_and_keys_kept_as_hashes(session: Session) -> None:
    with time_machine.travel("2027-01-10T08:00:00+00:00", tick=False) as clock:
        counts = [rates.count(session, "a" * 64, seconds=60) for _ in range(3)]
        clock.shift(59)
        counts.append(rates.count(session, "a" * 64, seconds=60))
        clock.shift(1)
        counts.append(rates.count(session, "a" * 64, seconds=60))
        assert counts == [1, 2, 3, 4, 1]
        assert rates.counted(session, "b" * 64)[0] == 0
        assert session.scalar(select(func.count()).select_from(RateBucket)) == 1
        clock.shift(60)
        rates.count(session, "b" * 64, seconds=60)
        assert session.scalars(select(RateBucket.key_hash)).all() == ["b" * 64]


def test_limited_address_is_kept_as_a_hash(client: FlaskClient, session: Session) -> None:
    client.post("/logg-inn", data={"login": "canary@example.org", "password": "x", "csrf_token": _csrf(client)})
    keys = session.scalars(select(RateBucket.key_hash)).all()
    assert len(keys) == 2
    assert all(re.fullmatch(r"[0-9a-f]{64}", key) for key in keys)


def _csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/logg-inn").get_data(as_text=True))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("locale", "wanted"),
    [
        ("nb", {"kind": "Feltet må fylles ut.", "seconds": "Må være fra 1 til 3600.", "strange": "Ukjent felt."}),
        (
            "en",
            {
                "kind": "Missing data for required field.",
                "seconds": "Must be greater than or equal to 1 and less than or equal to 3600.",
                "strange": "Unknown field.",
            },
        ),
    ],
)
def test_field_faults_speak_one_language(coordinator: FlaskClient, locale: str, wanted: dict[str, str]) -> None:
    order = {"season": "00000000-0000-7000-8000-000000000000", "seconds": 0, "strange": 1}
    answer = coordinator.post("/api/v1/runs", json=order, headers={"Accept-Language": locale}).json
    assert answer is not None
    assert answer["errors"]["json"] == {name: [sentence] for name, sentence in wanted.items()}


@pytest.mark.parametrize(("method", "path"), [("get", "/api/v1/none"), ("delete", "/api/v1/schools")])
def test_problem_of_the_api_does_not_speak_of_pages(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method.upper(), headers={"Accept-Language": "en"}).json
    assert answer is not None
    assert not {"page", "button"} & set(f"{answer['title']} {answer['detail']}".lower().replace(",", "").split())
