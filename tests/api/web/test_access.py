"""A page opens for exactly those for whom REST opens the same rows."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.models.plan_rows import PlanVisit
from tests import factories as make
from tests.api.conftest import SignIn
from tests.seasons import World

ANSWERS = {200: "opens", 302: "asks who", 401: "asks who", 404: "is not there"}
READERS = (
    None, Role.PUPIL, Role.MENTOR, Role.SCHOOL_CONTACT, Role.SITE_LEADER, Role.ASSISTANT, Role.COORDINATOR,
)  # fmt: skip
PUBLIC = ("/", "/kart", "/kart/grupper", "/kart/punkter.json", "/grupper/steder", "/grupper/uten", "/grupper/blindern")


@pytest.fixture
def same_rows(session: Session, world: World) -> dict[str, str]:
    """Pages with the address in REST where the same rows are read."""
    plan = {kind: f"/api/v1/plans/{world.plans[kind]}" for kind in RunKind}
    visit = session.scalars(select(PlanVisit.id).where(PlanVisit.plan_id == world.plans[RunKind.VISIT])).first()
    assert world.blindern is not None
    visits, unserved = f"{plan[RunKind.VISIT]}/visits", f"{plan[RunKind.VISIT]}/unserved"
    return {
        "/besok": visits,
        f"/besok/{visit}": f"{visits}/{visit}",
        f"/kart?municipality={world.oslo.id}": visits,
        f"/kart/punkter.json?municipality={world.oslo.id}": visits,
        "/besok/uten": unserved,
        f"/besok/uten/{world.unserved[0].id}": f"{unserved}/{world.unserved[0].id}",
        "/grupper": f"{plan[RunKind.GROUP]}/sessions",
        "/grupper/blindern/venteliste": f"{plan[RunKind.GROUP]}/queue?site={world.blindern.id}",
        "/kjoringer": "/api/v1/runs",
    }


@pytest.mark.parametrize("role", READERS)
def test_pages_open_where_rest_does(
    role: Role | None, client: FlaskClient, session: Session, world: World, signed_in: SignIn, same_rows: dict[str, str]
) -> None:
    reader = client
    if role is not None:
        user, school = make.make_user(session), world.served[0].school_id
        scope = {
            Role.SCHOOL_CONTACT: {"school_id": school},
            Role.SITE_LEADER: {"site_id": world.blindern.id if world.blindern else None},
            Role.MENTOR: {"site_id": world.blindern.id if world.blindern else None},
        }
        make.make_grant(session, user_id=user.id, role=role, **scope.get(role, {}))
        reader = signed_in(user)
    pages = {address: ANSWERS[reader.get(address).status_code] for address in same_rows}
    rest = {address: ANSWERS[reader.get(rows).status_code] for address, rows in same_rows.items()}
    assert pages == rest
    shown_to_all = (f"/api/v1/plans/{world.plans[RunKind.GROUP]}/sites", f"/api/v1/seasons/{world.season.id}/figures")
    assert {reader.get(address).status_code for address in (*PUBLIC, *shown_to_all)} == {200}


def test_unknown_readers_are_sent_to_sign_in_and_back(client: FlaskClient, same_rows: dict[str, str]) -> None:
    for address in same_rows:
        answer = client.get(address)
        assert answer.status_code == 302
        assert urlsplit(answer.location).path == "/logg-inn"
        assert parse_qs(urlsplit(answer.location).query) == {"next": [address]}
