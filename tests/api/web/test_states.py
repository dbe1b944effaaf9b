"""Pages that say what went wrong: one way back, in each language; what was written is not lost."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import api
from api.domain.permissions import Role
from tests.api.web.conftest import AsRole
from tests.api.web.reading import csrf, page, text

WRITTEN = 'Vi håper på besøk fra noen som jobber med "havvind" & <batterier>'


@pytest.mark.parametrize(
    ("locale", "heading", "way_back"),
    [
        ("nb", "Vi finner ikke siden", "Til forsiden"),
        ("nn", "Vi finn ikkje den sida", "Til framsida"),
        ("en", "We cannot find that page", "To the front page"),
    ],
)
def test_missing_page_leads_to_the_front(client: FlaskClient, locale: str, heading: str, way_back: str) -> None:
    answer = client.get(f"/nowhere?lang={locale}")
    assert answer.status_code == 404
    assert heading in text(answer.text)
    assert way_back in text(answer.text)


def test_what_is_too_large_says_so(client: FlaskClient) -> None:
    assert client.post("/logg-inn", data={"login": "x" * 1_100_000}).status_code == 413


@pytest.mark.parametrize("token", ["", "too-old"])
def test_form_whose_time_is_over_gives_back_what_was_written(client: FlaskClient, token: str) -> None:
    sent = {"csrf_token": token, "note": WRITTEN, "password": "p" * 50, "login": "kort"}
    answer = client.post("/logg-inn", data=sent, headers={"Referer": "http://localhost/bedrift/ny?fra=brev"})
    assert answer.status_code == 400
    shown = text(answer.text)
    assert "Det du hadde skrevet" in shown
    assert WRITTEN in shown
    assert "ppp" not in shown
    assert "<batterier>" not in answer.text
    assert 'href="/bedrift/ny?fra=brev"' in answer.text
    assert "Last siden på nytt" in shown


@pytest.mark.parametrize("referrer", ["", "https://elsewhere.example/logg-inn", "http://localhost//elsewhere.example"])
def test_way_back_never_leaves_the_service(client: FlaskClient, referrer: str) -> None:
    answer = client.post("/logg-inn", data={"note": "kort"}, headers={"Referer": referrer})
    assert answer.status_code == 400
    assert "elsewhere.example" not in answer.text
    assert "Det du hadde skrevet" not in text(answer.text)
    assert "Til forsiden" in text(answer.text)


def test_form_works_after_the_page_is_loaded_again(client: FlaskClient, session: Session) -> None:
    sent = {"login": "nobody@example.org", "password": "wrong password"}
    back = {"Referer": "http://localhost/logg-inn"}
    assert client.post("/logg-inn", data=sent, headers=back).status_code == 400
    again = client.post("/logg-inn", data={"csrf_token": csrf(page(client, "/logg-inn")), **sent}, headers=back)
    assert again.status_code in (401, 422)
    assert 'value="nobody@example.org"' in again.text


def test_role_that_may_not_see_a_page_learns_no_more_than_that(signed_in_as: AsRole) -> None:
    answer = signed_in_as(Role.PUPIL).get("/brukere")
    assert answer.status_code == 404
    assert "Vi finner ikke siden" in text(answer.text)


def test_no_page_gives_the_shell_s_own_names_another_meaning(app: Flask) -> None:
    with app.test_request_context("/"):
        given: dict[str, object] = {}
        app.update_template_context(given)
        ours = {*given, *app.jinja_env.globals} - {"words"}
    taken = [(path, line, name) for path, line, name in _names_given_to_templates() if name in ours]
    assert taken == [], "call it something else: base.html and macros read the shell's"


def _names_given_to_templates() -> Iterator[tuple[str, int, str]]:
    folder = Path(api.__file__).parent / "web"
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "render_template":
                for given in node.keywords:
                    yield str(path.relative_to(folder)), node.lineno, given.arg or ""
