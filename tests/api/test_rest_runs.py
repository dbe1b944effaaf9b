"""Runs over REST: ordered once, watched, stopped, cancelled."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.domain.enums import ProgrammeKind, RunState
from api.domain.permissions import Role
from api.models.access import User
from api.models.planning import Run
from tests import factories as make
from tests.api.conftest import SignIn

ADDRESS = "/api/v1/runs"
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def order(session: Session) -> dict[str, Any]:
    programme = make.make_programme(session, kind=ProgrammeKind.SCHOOL_VISIT)
    make.make_rule_version(session, programme_id=programme.id, number=1)
    make.make_rule_version(session, programme_id=programme.id, number=2)
    return {"kind": "visit", "season": make.make_season(session).id, "seconds": 30, "seed": 7}


def test_order_is_queued_with_the_newest_rules(session: Session, by_token: SignIn, order: dict[str, Any]) -> None:
    user = make.make_user(session, Role.COORDINATOR)
    program = by_token(user)
    answer = program.post(ADDRESS, json=order)
    assert answer.status_code == 202
    assert program.get(answer.headers["Location"]).headers["ETag"] == answer.headers["ETag"]
    assert answer.json is not None
    assert answer.headers["Location"] == f"{ADDRESS}/{answer.json['id']}"
    row = session.get(Run, answer.json["id"])
    assert row is not None
    assert (row.state, row.seed, row.requested_by_id) == (RunState.QUEUED, 7, user.id)
    assert (row.settings, row.rule_version.number) == ({"seconds": 30, "workers": 2}, 2)


def test_same_key_orders_one_run(coordinator: FlaskClient, session: Session, order: dict[str, Any]) -> None:
    answers = [coordinator.post(ADDRESS, json=order, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(session.scalars(select(Run)).all()) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "party"}, 422),
        ({"seconds": 0}, 422),
        ({"seconds": 3601}, 422),
        ({"workers": 65}, 422),
        ({"seed": -1}, 422),
        ({"season": "00000000-0000-7000-8000-000000000000"}, 404),
        ({"kind": "group"}, 404),
        ({"programme": "none"}, 404),
    ],
)
def test_bad_order_is_refused(
    coordinator: FlaskClient, order: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    assert coordinator.post(ADDRESS, json=order | change).status_code == status


def test_queued_run_is_cancelled_at_once(coordinator: FlaskClient, order: dict[str, Any]) -> None:
    made = coordinator.post(ADDRESS, json=order)
    place = made.headers["Location"]
    answer = coordinator.post(f"{place}/cancel", headers={"If-Match": made.headers["ETag"]})
    assert (answer.status_code, answer.json and answer.json["state"]) == (202, "cancelled")
    now = {"If-Match": answer.headers["ETag"]}
    assert coordinator.post(f"{place}/cancel", headers=now).status_code == 409
    assert coordinator.post(f"{place}/stop", headers=now).status_code == 409


@pytest.mark.parametrize("verb", ["stop", "cancel"])
def test_change_of_a_run_says_which_state_it_saw(coordinator: FlaskClient, session: Session, verb: str) -> None:
    run = make.make_run(session, state=RunState.RUNNING, lease_until=LATER)
    place = f"{ADDRESS}/{run.id}"
    seen = coordinator.get(place).headers["ETag"]
    assert coordinator.post(f"{place}/{verb}").status_code == 428
    assert coordinator.post(f"{place}/{verb}", headers={"If-Match": '"old"'}).status_code == 412
    session.execute(update(Run).where(Run.id == run.id).values(heartbeat_at=LATER, progress=[], attempt=1))
    answer = coordinator.post(f"{place}/{verb}", headers={"If-Match": seen})
    assert answer.status_code == 202
    assert answer.headers["ETag"] != seen
    assert coordinator.get(place).headers["ETag"] == answer.headers["ETag"]
    assert coordinator.post(f"{place}/{verb}", headers={"If-Match": seen}).status_code == 412


@pytest.mark.parametrize("verb", ["stop", "cancel"])
def test_missing_run_cannot_be_changed(coordinator: FlaskClient, verb: str) -> None:
    place = f"{ADDRESS}/00000000-0000-7000-8000-000000000000/{verb}"
    assert coordinator.post(place, headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize(("verb", "field"), [("stop", "stop_requested"), ("cancel", "cancel_requested")])
def test_run_under_way_is_asked(coordinator: FlaskClient, session: Session, verb: str, field: str) -> None:
    run = make.make_run(session, state=RunState.RUNNING, lease_until=LATER)
    answer = coordinator.post(f"{ADDRESS}/{run.id}/{verb}", headers={"If-Match": "*"})
    assert answer.status_code == 202
    assert answer.json is not None
    assert (answer.json["state"], answer.json[field]) == ("running", True)


def test_progress_is_shown_to_those_who_know_the_state(coordinator: FlaskClient, session: Session) -> None:
    run = make.make_run(session, state=RunState.RUNNING, lease_until=LATER)
    before = coordinator.get(f"{ADDRESS}/{run.id}")
    progress = [{"goal": "schools", "value": 39, "bound": 40, "seconds": 1.5}]
    session.execute(update(Run).where(Run.id == run.id).values(progress=progress))  # as a heartbeat does
    after = coordinator.get(f"{ADDRESS}/{run.id}", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json is not None
    assert after.json["progress"] == progress


def test_error_speaks_the_reader_s_language(coordinator: FlaskClient, session: Session) -> None:
    sentence = "The plan broke rules and was thrown away. The earlier plan stands."
    ended = {"state": RunState.FAILED, "finished_at": LATER, "error_code": "refused"}
    run = make.make_run(session, error=f"{sentence}\ncount", **ended)
    shown = [
        (coordinator.get(f"{ADDRESS}/{run.id}", headers={"Accept-Language": locale}).json or {})["error"]
        for locale in ("en", "nb")
    ]
    assert shown == [f"{sentence}\ncount", "Planen brøt regler og ble kastet. Den forrige planen står.\ncount"]


def test_runs_are_filtered(coordinator: FlaskClient, session: Session) -> None:
    run = make.make_run(session)
    make.make_run(session)
    answer = coordinator.get(f"{ADDRESS}?season={run.season_id}&state=queued").json
    assert answer is not None
    assert [item["id"] for item in answer["items"]] == [run.id]


def test_browser_session_needs_the_csrf_token(session: Session, signed_in: SignIn, order: dict[str, Any]) -> None:
    import re

    browser = signed_in(make.make_user(session, Role.COORDINATOR))
    refused = browser.post(ADDRESS, json=order)
    assert (refused.status_code, refused.json and refused.json["code"]) == (400, "csrf")
    page = browser.get("/personvern").get_data(as_text=True)
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    assert browser.post(ADDRESS, json=order, headers={"X-CSRFToken": token[1]}).status_code == 202


def test_right_taken_away_holds_at_once(session: Session, by_token: SignIn, order: dict[str, Any]) -> None:
    from sqlalchemy import delete

    from api.models.rights import RoleGrant

    user: User = make.make_user(session, Role.COORDINATOR)
    program = by_token(user)
    assert program.get(ADDRESS).status_code == 200
    session.execute(delete(RoleGrant).where(RoleGrant.user_id == user.id))
    assert program.get(ADDRESS).status_code == 404
