"""Why this and why not over REST: told of a plan that the solver made; people only to those with the right to names."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.models.plan_rows import PlanVisit
from tests import factories as make
from tests.api.conftest import SignIn
from tests.seasons import World, planned_season


@pytest.fixture
def world(session: Session) -> World:
    return planned_season(session)


def test_stories_hold_people_only_with_the_right(
    session: Session, world: World, coordinator: FlaskClient, by_token: SignIn, client: FlaskClient
) -> None:
    place = f"/api/v1/plans/{world.plans[RunKind.VISIT]}"
    visit = session.scalars(select(PlanVisit.id).where(PlanVisit.request_id == world.served[0].id)).one()
    told = coordinator.get(f"{place}/visits/{visit}").json
    left = coordinator.get(f"{place}/unserved/{world.unserved[0].id}").json
    assert told is not None
    assert left is not None
    assert (told["request"], told["why"]["reserved"]) == (world.served[0].id, True)
    assert isinstance(told["alternatives"], list)
    assert left["reasons"]
    assert left["nearest_misses"]
    assistant = by_token(make.make_user(session, Role.ASSISTANT))
    hidden = assistant.get(f"{place}/visits/{visit}").json
    unnamed = assistant.get(f"{place}/unserved/{world.unserved[0].id}").json
    assert hidden == {**told, "alternatives": None}
    assert unnamed == {**left, "alternatives": None, "nearest_misses": None}
    for path in (f"visits/{visit}", f"unserved/{world.unserved[0].id}", "municipalities"):
        assert client.get(f"{place}/{path}").status_code == 401


def test_municipalities_count_visits_and_those_left_out(world: World, coordinator: FlaskClient) -> None:
    shown = coordinator.get(f"/api/v1/plans/{world.plans[RunKind.VISIT]}/municipalities?sort=name").json
    assert shown is not None
    assert sum(row["visits"] for row in shown["items"]) == len(world.served)
    assert sum(row["unserved"] for row in shown["items"]) == len(world.unserved)
    assert coordinator.get(f"/api/v1/plans/{world.plans[RunKind.GROUP]}/municipalities").status_code == 404
