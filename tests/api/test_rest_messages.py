"""Messages and calendars over REST: how each stands, never what it says."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import OutboxState
from api.domain.permissions import Role
from api.models.outbox import OutboxMessage
from api.services import outbox, users
from tests import factories as make
from tests.api.conftest import SignIn, token_client
from tests.api.mail.post import KIND


@pytest.fixture
def failed(session: Session) -> OutboxMessage:
    person = make.make_person(session, email="canary@example.org")
    message = outbox.write(session, KIND, person, {"text": "Canary words"}, about=("request", "x"))
    assert message is not None
    message.state, message.error, message.attempts = OutboxState.FAILED, "refused", 3
    message.first_tried_at = datetime(2027, 1, 4, tzinfo=UTC)
    session.commit()
    return message


def test_messages_are_listed_without_words_and_addresses(
    coordinator: FlaskClient, session: Session, failed: OutboxMessage
) -> None:
    outbox.write(session, KIND, make.make_person(session), about=("request", "x"))
    session.commit()
    answer = coordinator.get("/api/v1/messages", query_string={"state": "failed"})
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json["items"]] == [failed.id]
    assert (answer.json["items"][0]["error"], answer.json["items"][0]["attempts"]) == ("refused", 3)
    assert "anary" not in answer.get_data(as_text=True)
    assert coordinator.get("/api/v1/messages").json["total"] == 2
    one = coordinator.get(f"/api/v1/messages/{failed.id}")
    assert (one.json["id"], "anary" in one.get_data(as_text=True)) == (failed.id, False)


def test_failed_message_waits_again_for_the_address_of_today(
    coordinator: FlaskClient, session: Session, failed: OutboxMessage
) -> None:
    assert failed.person is not None
    failed.person.email = "right@example.org"
    session.commit()
    answer = coordinator.post(f"/api/v1/messages/{failed.id}/retry")
    assert (answer.status_code, answer.json["state"], answer.json["attempts"]) == (200, "waiting", 0)
    session.expire_all()
    assert (failed.address, failed.error, failed.first_tried_at) == ("right@example.org", None, None)
    assert coordinator.post(f"/api/v1/messages/{failed.id}/retry").status_code == 409


def test_emptied_message_is_not_sent_again(coordinator: FlaskClient, session: Session, failed: OutboxMessage) -> None:
    failed.values = None
    session.commit()
    assert coordinator.post(f"/api/v1/messages/{failed.id}/retry").status_code == 409


def test_reading_token_tries_nothing_again(app, session: Session, failed: OutboxMessage) -> None:  # type: ignore[no-untyped-def]
    user = make.make_user(session, Role.COORDINATOR)
    reader = token_client(app, users.create_token(session, user_id=user.id, name="test", scopes=("read",)))
    assert reader.get("/api/v1/messages").status_code == 200
    assert reader.post(f"/api/v1/messages/{failed.id}/retry").status_code == 403


def test_others_see_no_messages(by_token: SignIn, session: Session, failed: OutboxMessage) -> None:
    stranger = by_token(make.make_user(session, Role.ASSISTANT))
    assert stranger.get("/api/v1/messages").status_code == 404
    assert stranger.get(f"/api/v1/messages/{failed.id}").status_code == 404
    assert stranger.post(f"/api/v1/messages/{failed.id}/retry").status_code == 404


def test_calendar_is_made_and_ended(by_token: SignIn, session: Session) -> None:
    season = make.make_season(session)
    mine = by_token(make.make_user(session, Role.COORDINATOR))
    stranger = by_token(make.make_user(session))
    listed = mine.get("/api/v1/feeds").json["items"]
    assert [(item["kind"], item["path"]) for item in listed] == [("season", None)]
    season_id = listed[0]["id"]
    assert season_id == season.id
    made = mine.post("/api/v1/feeds", json={"kind": "season", "id": season_id})
    assert made.status_code == 201
    assert mine.get(made.json["path"]).status_code == 200
    assert stranger.post("/api/v1/feeds", json={"kind": "season", "id": season_id}).status_code == 404
    assert stranger.delete(f"/api/v1/feeds/season/{season_id}").status_code == 204
    assert mine.get(made.json["path"]).status_code == 200
    assert mine.delete(f"/api/v1/feeds/season/{season_id}").status_code == 204
    assert mine.get(made.json["path"]).status_code == 404
