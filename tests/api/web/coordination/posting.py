"""Forms as a browser sends them."""

from collections.abc import Iterable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from api.models.plan_rows import PlanVisit
from api.models.visits import Request
from tests.api.web.reading import csrf, page


def post(client: FlaskClient, address: str, /, *, seen: str = "/besok", **fields: Any) -> TestResponse:
    """Sends a form with the token of a page that was seen before."""
    return client.post(address, data={"csrf_token": csrf(page(client, seen)), **fields})


def lock_visits(session: Session, client: FlaskClient, requests: Iterable[Request]) -> None:
    """Locks the visits that the only plan has for these requests: of plans as good, the next may choose others."""
    ids = [request.id for request in requests]
    for visit in session.scalars(select(PlanVisit.id).where(PlanVisit.request_id.in_(ids))).all():
        assert post(client, f"/besok/{visit}/las").status_code == 303
