"""What watchdogs are told: /readyz for everybody, /metrics for those with the token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import db
from api.app import create_app
from api.domain.enums import JobState, OutboxState
from api.models.follow_up import ExceptionItem
from api.models.jobs import JobRun
from api.models.outbox import OutboxMessage
from tests import factories as make
from tests.api.conftest import settings_for_tests

NOW = datetime(2027, 1, 10, 8, 0, tzinfo=UTC)
TOKEN = "a token of the tests alone"


def ran(session: Session, job: str, ago: timedelta, every: timedelta, state: JobState = JobState.DONE) -> None:
    at = NOW - ago
    session.add(JobRun(job=job, due_at=at, started_at=at, finished_at=at, next_due_at=at + every, state=state, items=1))
    session.flush()


def ready(client: FlaskClient) -> tuple[int, dict[str, object]]:
    with time_machine.travel(NOW, tick=False):
        answer = client.get("/readyz")
    return answer.status_code, answer.json or {}


def test_service_at_work_is_ready(client: FlaskClient, session: Session) -> None:
    make.make_run(session, heartbeat_at=NOW - timedelta(seconds=42))
    ran(session, "outbox", timedelta(seconds=7), timedelta(seconds=10))
    ran(session, "nightly", timedelta(hours=4), timedelta(days=1))
    assert ready(client) == (
        200,
        {
            "status": "ready",
            "worker_heartbeat_seconds": 42,
            "scheduler_heartbeat_seconds": 7,
            "jobs": {"nightly": 14400, "outbox": 7},
            "late_jobs": [],
        },
    )


def test_service_without_a_scheduler_is_degraded_and_answers(client: FlaskClient, session: Session) -> None:
    code, told = ready(client)
    assert (code, told["status"], told["scheduler_heartbeat_seconds"]) == (200, "degraded", None)
    ran(session, "outbox", timedelta(minutes=3), timedelta(seconds=10))
    code, told = ready(client)
    assert (code, told["status"], told["scheduler_heartbeat_seconds"]) == (200, "degraded", 180)


def test_job_that_fails_is_late_though_the_scheduler_lives(client: FlaskClient, session: Session) -> None:
    ran(session, "outbox", timedelta(seconds=7), timedelta(seconds=10))
    ran(session, "nightly", timedelta(hours=25), timedelta(days=1))
    ran(session, "nightly", timedelta(hours=1), timedelta(days=1), JobState.FAILED)
    code, told = ready(client)
    assert (code, told["status"], told["late_jobs"]) == (200, "degraded", ["nightly"])


def metrics(client: FlaskClient, token: str | None = None, address: str = "127.0.0.1") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with time_machine.travel(NOW, tick=False):
        answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.text


def test_figures_are_those_of_the_database(client: FlaskClient, session: Session) -> None:
    ran(session, "outbox", timedelta(seconds=7), timedelta(seconds=10))
    make.make_run(session, heartbeat_at=NOW - timedelta(seconds=42))
    person = make.make_person(session)
    for number, state in enumerate((OutboxState.WAITING, OutboxState.WAITING, OutboxState.FAILED)):
        session.add(
            OutboxMessage(
                kind="k",
                person_id=person.id,
                address="kanari@example.org",
                locale="nb",
                about_kind="visit",
                about_id="1",
                message_id=str(number),
                not_before=NOW - timedelta(seconds=90),
                state=state,
            )
        )
    session.add(ExceptionItem(kind="silence", object_kind="visit", object_id="1", reason={}, remedy={}))
    session.flush()
    code, text = metrics(client)
    lines = set(text.splitlines())
    assert code == 200
    assert {
        'treffpunkt_outbox_messages{state="waiting"} 2.0',
        'treffpunkt_outbox_messages{state="failed"} 1.0',
        "treffpunkt_outbox_oldest_seconds 90.0",
        'treffpunkt_runs{state="queued"} 1.0',
        'treffpunkt_runs{state="done"} 0.0',
        "treffpunkt_open_exceptions 1.0",
        'treffpunkt_job_last_success_seconds{job="outbox"} 7.0',
        "treffpunkt_worker_heartbeat_seconds 42.0",
        "treffpunkt_scheduler_heartbeat_seconds 7.0",
    } <= lines
    assert "kanari" not in text


def test_requests_are_counted_by_route_and_never_by_path(client: FlaskClient, session: Session) -> None:
    client.get("/api/v1/requests/01a20109-e3b9-7a38-b0bd-96e3e6143875?name=kanari")
    client.get("/kanari")
    _, text = metrics(client)
    counted = [line for line in text.splitlines() if line.startswith("treffpunkt_request_seconds_count")]
    assert any('route="/api/v1/requests/<uuid:request_id>"' in line for line in counted)
    assert any('method="GET",route="none",status="404"' in line for line in counted)
    assert "kanari" not in text


def test_metrics_are_not_there_for_others(client: FlaskClient, session: Session) -> None:
    assert metrics(client, address="192.0.2.7")[0] == 404
    assert metrics(client, address="127.0.0.1")[0] == 200


@pytest.fixture
def production(tmp_path: Path, session: Session) -> Flask:
    before = db.use_sessions(None)
    app = create_app(settings_for_tests(tmp_path, env="production", metrics_token=TOKEN))
    db.use_sessions(before)
    return app


@pytest.mark.parametrize(
    ("token", "code"), [(TOKEN, 200), (f"{TOKEN}!", 404), ("", 404), ("kanarifugl å", 404), (None, 404)]
)
def test_token_opens_the_metrics_in_production(production: Flask, token: str | None, code: int) -> None:
    assert metrics(production.test_client(), token)[0] == code


def test_production_without_a_token_has_no_metrics(tmp_path: Path, session: Session) -> None:
    before = db.use_sessions(None)
    app = create_app(settings_for_tests(tmp_path, env="production"))
    db.use_sessions(before)
    assert [metrics(app.test_client(), token)[0] for token in (None, "None", "")] == [404, 404, 404]
