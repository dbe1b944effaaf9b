"""A group plan over REST as its pages show it: sites for everyone, evenings and the queue within reach."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.models.groups import Site
from api.models.people import Person
from api.models.planning import Plan
from api.services import write_back
from api.services.recheck import StandingGroups
from matcher.plan import GroupPlan
from matcher.problem import GroupProblem
from tests import factories as make
from tests.api.conftest import SignIn
from tests.seasons import World, plan_now, planned_season, small_season


@pytest.fixture
def world(session: Session) -> World:
    return planned_season(session)


@pytest.fixture
def address(world: World) -> str:
    return f"/api/v1/plans/{world.plans[RunKind.GROUP]}"


def items(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return answer.json["items"]  # type: ignore[no-any-return]


def leader_at(session: Session, by_token: SignIn, site: Site | None) -> FlaskClient:
    assert site is not None
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SITE_LEADER, site_id=site.id)
    return by_token(user)


def test_everyone_reads_the_sites_of_the_newest_plan(client: FlaskClient, address: str) -> None:
    counts = ("name", "pupils", "waiting", "sessions", "mentors")
    shown = [tuple(row[name] for name in counts) for row in items(client, f"{address}/sites")]
    assert shown == [("Blindern", 2, 2, 1, 1), ("Nygård", 1, 0, 1, 1)]
    assert [row["name"] for row in items(client, f"{address}/sites?sort=waiting")] == ["Nygård", "Blindern"]
    second = client.get(f"{address}/sites?size=1&page=2").json
    assert second is not None
    assert ([row["name"] for row in second["items"]], second["total"], second["pages"]) == (["Nygård"], 2, 2)


def test_sites_of_an_older_plan_are_for_those_who_see_runs(
    session: Session, client: FlaskClient, coordinator: FlaskClient, world: World, address: str
) -> None:
    later = session.get_one(Plan, world.plans[RunKind.GROUP]).created_at + timedelta(days=1)
    again = make.make_run(session, kind=RunKind.GROUP, season_id=world.season.id)
    make.make_plan(session, run=again, created_at=later)
    assert client.get(f"{address}/sites").status_code == 404
    assert len(items(coordinator, f"{address}/sites")) == 2
    assert client.get(f"/api/v1/plans/{world.plans[RunKind.VISIT]}/sites").status_code == 404


def test_sessions_are_held_or_say_why_not(
    session: Session, coordinator: FlaskClient, by_token: SignIn, world: World, address: str
) -> None:
    full, closed, open_ = (evening.id for evening in world.evenings)
    rows = {row["session"]: row for row in items(coordinator, f"{address}/sessions")}
    told = ("open", "pupils", "free", "waiting", "closed_because")
    assert {one: tuple(row[name] for name in told) for one, row in rows.items()} == {
        full: (True, 2, 0, 2, None),
        closed: (False, 0, 0, 0, "min_pupils"),
        open_: (True, 1, 1, 0, None),
    }
    assert len(rows[full]["levels"]) == 1
    assert (rows[full]["starts"], rows[full]["site"]) == ("17:00", world.evenings[0].site_id)
    leader = leader_at(session, by_token, world.nygard)
    assert [row["session"] for row in items(leader, f"{address}/sessions")] == [open_]


def test_queue_is_for_those_who_lead_the_site(
    session: Session, client: FlaskClient, coordinator: FlaskClient, by_token: SignIn, world: World, address: str
) -> None:
    assert world.blindern is not None
    here = f"{address}/queue?site={world.blindern.id}"
    rows = items(coordinator, f"{address}/queue")
    assert [(row["position"], row["ahead"], row["priority_reason"]) for row in rows] == [
        (3, 0, "grade_10"),
        (4, 1, "grade_10"),
    ]
    assert [choice["session"] for choice in rows[0]["choices"]] == [world.evenings[0].id]
    own, other = (leader_at(session, by_token, site) for site in (world.blindern, world.nygard))
    assert items(own, here) == items(coordinator, here) == rows
    assert [one.get(here).status_code for one in (client, other)] == [401, 404]
    assert own.get(f"{address}/queue").status_code == 404


def test_story_of_a_pupil_says_what_became_of_each_choice(
    session: Session, client: FlaskClient, coordinator: FlaskClient, by_token: SignIn, world: World, address: str
) -> None:
    for person in session.query(Person).all():
        person.name = "Canary"
    session.flush()
    first, second = items(coordinator, f"{address}/queue")
    answer = coordinator.get(f"{address}/unserved/{second['pupil']}")
    assert answer.json == {
        "pupil": second["pupil"],
        "position": second["position"],
        "ahead": 1,
        "reasons": [{"code": "seats", "count": 1}],
        "choices": [{"session": world.evenings[0].id, "code": "seats", "last_position": 2}],
        "smallest_change": answer.json and answer.json["smallest_change"],
    }
    assert "Canary" not in answer.get_data(as_text=True)
    own, other = (leader_at(session, by_token, site) for site in (world.blindern, world.nygard))
    place = f"{address}/unserved/{first['pupil']}"
    assistant = by_token(make.make_user(session, Role.ASSISTANT))
    assert [one.get(place).status_code for one in (own, other, assistant, client)] == [200, 404, 404, 401]
    assert coordinator.get(f"{address}/unserved/{uuid4()}").status_code == 404
    visits = f"/api/v1/plans/{world.plans[RunKind.VISIT]}/unserved/{world.unserved[0].id}"
    assert own.get(visits).status_code == 404


def test_what_was_left_out_since_things_changed_says_so(
    session: Session, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_the_first(before: GroupProblem, now: GroupProblem, plan: GroupPlan) -> StandingGroups:
        first, *others = plan.sessions
        return StandingGroups(tuple(others), ({"code": "min_pupils", "session": first.session},))

    monkeypatch.setattr(write_back, "standing_groups", without_the_first)
    world = small_season(session)
    first = min(plan_now(session, world, RunKind.GROUP).sessions, key=lambda held: held.session)
    address = f"/api/v1/plans/{world.plans[RunKind.GROUP]}"
    rows = {row["session"]: row for row in items(coordinator, f"{address}/sessions")}
    assert (rows[first.session]["open"], rows[first.session]["closed_because"]) == (False, "changed")
    told = coordinator.get(f"{address}/unserved/{first.mentors[0].pupils[0]}").json
    assert told is not None
    assert {choice["code"] for choice in told["choices"]} == {"changed"}
