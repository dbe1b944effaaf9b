"""Schemathesis against our own OpenAPI document, in the same process, on an SQLite database of its own."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import literal, select

from api import db
from api.app import create_app
from api.domain.enums import OutboxState, ProgrammeKind, RunKind, RunState
from api.domain.permissions import Role
from api.models.base import Base
from api.models.groups import GroupSession, Site
from api.models.outbox import OutboxMessage
from api.models.places import School
from api.models.plan_rows import PlanUnserved, PlanVisit
from api.models.planning import Plan, Run
from api.models.programmes import Season
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.queries.season_now import shown_season
from api.services import outbox, users
from tests import factories as make
from tests.api.conftest import settings_for_tests
from tests.seasons import planned_season

# A valid document cannot say that a time lies in the season or that an id exists: such answers of 422 are right.
NOT_OURS = [positive_data_acceptance]
ROWS: dict[str, type[Base]] = {
    "season_id": Season,
    "school_id": School,
    "site_id": Site,
    "session_id": GroupSession,
    "request_id": Request,
    "visit_id": PlanVisit,
    "role_model_id": RoleModel,
    "message_id": OutboxMessage,
}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """An application with one row of everything, and a coordinator's token."""
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    url = f"sqlite:///{folder / 'fuzzed.db'}"
    db.upgrade(url)
    before = db.use_sessions(None)
    app = create_app(settings_for_tests(folder, database_url=url))
    with db.transaction() as session:
        programme = make.make_programme(session, kind=ProgrammeKind.SCHOOL_VISIT)
        make.make_rule_version(session, programme_id=programme.id)
        season = make.make_season(session, starts_on=date(2026, 1, 1), ends_on=date(2099, 12, 31))
        make.make_request(session, season_id=season.id)
        make.make_role_model(session)
        make.make_group_session(session)
        planned_season(session)
        make.make_run(session, state=RunState.RUNNING, lease_until=datetime(2099, 1, 1, tzinfo=UTC))
        user = make.make_user(session, Role.COORDINATOR)
        told = {"day": "2027-02-02", "needs_you": [["exceptions", 1]], "happened": []}
        message = outbox.write(session, "digest", make.make_person(session), told, about=("person", user.person_id))
        assert message is not None
        message.state = OutboxState.FAILED
        token = users.create_token(session, user_id=user.id, name="fuzzer", scopes=("read", "write"))
    yield app, token
    db.use_sessions(before)


def fitting_values(operation: Any) -> dict[str, Any]:
    """Rows that exist and bodies that fit them: no document can say which do."""
    with db.reading() as session:
        group = operation.path.endswith(("/seats", "/sessions", "/sites", "/queue"))
        wanted = {
            "plan_id": select(Plan.id).where(Plan.kind == (RunKind.GROUP if group else RunKind.VISIT)),
            "run_id": select(Run.id).where(Run.state == RunState.RUNNING),
            **{name: select(kind.id) for name, kind in ROWS.items()},
        }
        if "/unserved/" in operation.path:
            wanted["item_id"] = select(PlanUnserved.request_id).where(PlanUnserved.request_id.is_not(None))
        if "/feeds/" in operation.path:
            wanted |= {"kind": select(literal("season")), "object_id": select(Season.id)}
        names = [parameter.name for parameter in operation.path_parameters]
        values: dict[str, Any] = {}
        if set(names) <= wanted.keys():  # what has no row here is asked for in vain, and counts as not reached
            values["path_parameters"] = {name: session.scalar(wanted[name]) for name in names}
        season = session.scalars(
            select(Season).join(Request, Request.season_id == Season.id).order_by(Season.ends_on.desc())
        ).first()
        school = session.scalar(wanted["school_id"])
        shown = shown_season(session)
    assert season is not None
    assert shown is not None
    if operation.method == "patch" or operation.path.endswith(("/stop", "/cancel")):
        values["headers"] = {"If-Match": "*"}
    if operation.label == "POST /api/v1/runs":
        values["body"] = {"kind": "visit", "season": season.id}
    if operation.label == "POST /api/v1/feeds":
        values["body"] = {"kind": "season", "id": shown.id}
    if operation.label == "POST /api/v1/requests":
        morning = f"{season.ends_on}T08:30:00+01:00"
        lesson = {"start": morning, "end": morning.replace("08:30", "09:15")}
        values["body"] = {"season": season.id, "school": school, "grade": 9, "options": [{"lessons": [lesson]}]}
    return values


def cases(operation: Any) -> Any:
    """Fitting and unfitting cases, with and without rows that exist."""
    ours, any_values = operation.as_strategy(**fitting_values(operation)), operation.as_strategy()
    return st.one_of(ours, any_values, operation.as_strategy(GenerationMode.NEGATIVE))


def fuzz(app: Flask, token: str, examples: int, subtests: pytest.Subtests) -> Counter[str]:
    """Runs every operation with so many cases; returns how many answers of 2xx each has got."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    reached: Counter[str] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        reached[operation.label] = 0

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=HealthCheck
        )
        @given(case=cases(operation))
        def holds(case: schemathesis.Case) -> None:
            answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=NOT_OURS)
            reached[case.operation.label] += answer.status_code < 300

        with subtests.test(operation.label):
            holds()
    return reached


def assert_reached(reached: Counter[str]) -> None:
    """At least 95 % of operations have given an answer of 2xx."""
    missed = [label for label, count in reached.items() if count == 0]
    assert len(reached) >= 25
    assert len(missed) <= 0.05 * len(reached), missed


def test_answers_are_as_documented(fuzzed: tuple[Flask, str], subtests: pytest.Subtests) -> None:
    reached = fuzz(*fuzzed, examples=10, subtests=subtests)
    assert_reached(reached)


@pytest.mark.long
def test_answers_are_as_documented_at_length(fuzzed: tuple[Flask, str], subtests: pytest.Subtests) -> None:
    reached = fuzz(*fuzzed, examples=1000, subtests=subtests)
    assert_reached(reached)


def test_document_is_openapi_3_1_and_its_page_asks_no_other_host(fuzzed: tuple[Flask, str]) -> None:
    client = fuzzed[0].test_client()
    document = client.get("/api/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                assert "application/problem+json" in str(document["components"]["responses"]["DEFAULT_ERROR"])
                assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}, path
    for verb in ("stop", "cancel"):
        asked = document["paths"][f"/api/v1/runs/{{run_id}}/{verb}"]["post"]
        assert {"202", "404", "409", "412", "428"} <= asked["responses"].keys()
        assert {"$ref": "#/components/parameters/IF_MATCH"} in asked["parameters"]
    page = client.get("/api/docs").get_data(as_text=True)
    assert "//" not in page.replace("<!doctype html>", "")
    assert "<script>" not in page
    assert " style=" not in page
