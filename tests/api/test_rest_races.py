"""The same order sent at once by several connections: made once; and the control without a key, made each time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from api import db
from api.domain.enums import ProgrammeKind
from api.domain.permissions import Role
from api.models.planning import Run
from api.services import users
from tests import factories as make
from tests.api.conftest import token_client

CLICKS = 4


@pytest.mark.parametrize(("keyed", "made"), [(True, 1), (False, CLICKS)])
def test_clicks_at_once_with_one_key_make_one_run(app: Flask, own_database: Engine, keyed: bool, made: int) -> None:
    with db.transaction() as session:
        programme = make.make_programme(session, kind=ProgrammeKind.SCHOOL_VISIT)
        make.make_rule_version(session, programme_id=programme.id)
        order = {"kind": "visit", "season": make.make_season(session).id}
        user = make.make_user(session, Role.COORDINATOR)
        token = users.create_token(session, user_id=user.id, name="double click", scopes=("read", "write"))
    together = Barrier(CLICKS)
    headers = {"Idempotency-Key": "one"} if keyed else {}

    def click(_: int) -> tuple[int, str | None]:
        client = token_client(app, token)
        together.wait()
        answer = client.post("/api/v1/runs", json=order, headers=headers)
        return answer.status_code, answer.headers.get("Location")

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(pool.map(click, range(CLICKS)))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == made
    assert {status for status, _ in answers} <= {202, 409}
    assert len({place for status, place in answers if status == 202}) == made
