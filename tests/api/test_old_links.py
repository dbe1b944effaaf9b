"""A link whose time is over: each page and each button under it has a page of its own for that, and none fails."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, update

from api import clock, db
from api.domain.link_paths import LINK_PATHS
from api.edge import csrf
from api.models.links import LinkToken
from tests.api.test_role_matrix import routes
from tests.api.two_sides import two_sides, word_of

TYPED = {"answer": "yes"}  # what is looked at before the link
# endpoint and method: what is answered in place of 410.
OTHERWISE = {
    ("order_status.new_link", "POST"): 303,
    ("profile.new_link", "POST"): 200,
    ("role_model_invitation.ask_again", "POST"): 303,
    ("role_model_invitation.away", "POST"): 422,
    ("surveys.send", "POST"): 303,
    ("calendars.feed", "GET"): 404,
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_old_link_has_a_page_of_its_own_behind_every_address(
    app: Flask, own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csrf.csrf, "protect", lambda: None)
    with db.transaction() as session:
        ours, _theirs = two_sides(session)
        session.execute(update(LinkToken).values(expires_at=clock.now() - timedelta(days=1)))
    answers = {}
    for rule, method in routes(app):
        purpose = next((one for one, path in LINK_PATHS.items() if rule.rule.startswith(f"{path}/<")), None)
        if purpose is None or "secret" not in rule.arguments:
            continue
        ids = ours.ids | {"secret": ours.links[purpose]}
        values = {name: word_of(rule, name) or ids[name] for name in rule.arguments}
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
        data = TYPED if method == "POST" else None
        answers[rule.endpoint, method] = app.test_client().open(address, method=method, data=data).status_code
    assert len(answers) > 40
    assert answers == dict.fromkeys(answers, 410) | OTHERWISE
