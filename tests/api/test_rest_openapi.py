"""Schemathesis against our own OpenAPI document, in the same process, on an SQLite database of its own."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import time_machine
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from api import db
from api.app import create_app
from api.domain.permissions import Role
from tests import factories as make
from tests.api.conftest import settings_for_tests
from tests.api.fuzzing import Asked, fit, make_world
from tests.api.two_sides import Side

# A valid document cannot say that a time lies in the season or that an id exists: such answers of 422 are right.
NOT_OURS = [positive_data_acceptance]
QUICK = (Phase.explicit, Phase.generate)
# Eight weeks before the first visits of the rows.
TODAY = make.MORNING - timedelta(weeks=8)


@dataclass
class Fuzzed:
    """An application on a database of its own, with our side of it and a token for each role."""

    app: Flask
    engine: Engine
    side: Side
    tokens: dict[Role, str]

    @contextmanager
    def operation(self, label: str) -> Iterator[Asked]:
        """The rows as they were made, with what `label` needs; what is written is gone afterwards."""
        with self.engine.connect() as connection:
            outer = connection.begin()
            writer = sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
            reader = sessionmaker(connection, join_transaction_mode="rollback_only", expire_on_commit=False)
            before = db.use_sessions(db.Sessions(write=writer, read=reader))
            with writer() as session:
                asked = fit(session, self.side, label)
                session.commit()
            yield asked
            db.use_sessions(before)
            outer.rollback()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    url = f"sqlite:///{folder / 'fuzzed.db'}"
    db.upgrade(url)
    before = db.use_sessions(None)
    with time_machine.travel(TODAY, tick=True):
        app = create_app(settings_for_tests(folder, database_url=url))
        with db.transaction() as session:
            side, tokens = make_world(session)
        engine = db.make_engine(url)
        yield Fuzzed(app, engine, side, tokens)
    engine.dispose()
    db.use_sessions(before)


def fitting(operation: Any, asked: Asked) -> Any:
    """Cases with rows that exist and the body that fits them; the rest as the document has it."""
    names = [parameter.name for parameter in operation.path_parameters]
    values: dict[str, Any] = {"query": asked.query}
    if set(names) <= asked.ids.keys():  # what has no row here is asked for in vain, and counts as not reached
        values["path_parameters"] = {name: asked.ids[name] for name in names}
    if any(parameter.name == "If-Match" for parameter in operation.headers):
        values["headers"] = {"If-Match": "*"}
    if asked.body is not None:
        values["body"] = asked.body
    return operation.as_strategy(**values)


def fuzz(fuzzed: Fuzzed, examples: int, subtests: pytest.Subtests, **hypothesis: Any) -> Counter[str]:
    """Runs every operation with so many cases of each sort; returns how many answers of 2xx each has got."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", fuzzed.app)
    quiet = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
    reached: Counter[str] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        reached[operation.label] = 0

        def call(case: schemathesis.Case, role: Role) -> None:
            headers = {"Authorization": f"Bearer {fuzzed.tokens[role]}"}
            answer = case.call_and_validate(headers=headers, excluded_checks=NOT_OURS)
            reached[case.operation.label] += answer.status_code < 300

        with subtests.test(operation.label), fuzzed.operation(operation.label) as asked:
            anything, wrong = operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)
            for cases in (fitting(operation, asked), anything, wrong):
                run = given(case=cases)(lambda case: call(case, asked.role))
                # where nothing can be wrong, such as a list without a query, there is no wrong case
                with suppress(Unsatisfiable):
                    settings(max_examples=examples, **quiet, **hypothesis)(run)()
    return reached


def assert_reached(reached: Counter[str]) -> None:
    """At least 95 % of operations have given an answer of 2xx."""
    missed = [label for label, count in reached.items() if count == 0]
    assert len(reached) >= 130
    assert len(missed) <= 0.05 * len(reached), missed


def test_answers_are_as_documented(fuzzed: Fuzzed, subtests: pytest.Subtests) -> None:
    reached = fuzz(fuzzed, 1, subtests, phases=QUICK)
    assert_reached(reached)


@pytest.mark.long
def test_answers_are_as_documented_at_length(fuzzed: Fuzzed, subtests: pytest.Subtests) -> None:
    reached = fuzz(fuzzed, 300, subtests)
    assert_reached(reached)


def test_document_is_openapi_3_1_and_its_page_asks_no_other_host(fuzzed: Fuzzed) -> None:
    client = fuzzed.app.test_client()
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
