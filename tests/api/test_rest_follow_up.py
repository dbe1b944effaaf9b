"""Approvals, invitations and live visits over REST."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, RunKind
from api.domain.permissions import Role
from api.models.follow_up import PlanApproval
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.services.follow_up import live
from tests.seasons import World, planned_season


@pytest.fixture
def world(session: Session) -> World:
    made = planned_season(session)
    live.with_contacts(session, made)
    return made


def act(client: FlaskClient, address: str, event: str, **body: Any) -> Any:
    """POST of an event under the ETag of what it changes."""
    tag = client.get(address).headers["ETag"]
    return client.post(f"{address}/{event}", json=body or None, headers={"If-Match": tag})


def test_a_plan_is_previewed_approved_once_undone_and_sent(
    coordinator: FlaskClient, session: Session, world: World
) -> None:
    plan = f"/api/v1/plans/{world.plans[RunKind.VISIT]}/approvals"
    with live.at(live.morning_of(world)):
        seen = coordinator.get(f"{plan}/preview").json
        assert (len(seen["visits"]), seen["messages"], seen["overtaken"]) == (3, 7, [])
        answers = [coordinator.post(plan, json={}, headers={"Idempotency-Key": "once"}) for _ in range(2)]
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].json == answers[1].json
        address = answers[0].headers["Location"]
        again = coordinator.post(plan, json={})
        assert (again.status_code, again.json["code"]) == (409, "overtaken")
        assert all(row.reference in str(again.json["errors"]) for row in world.served)
        assert act(coordinator, address, "undo").json["state"] == "undone"
        second = coordinator.post(plan, json={"requests": [world.served[2].id]})
        stale = coordinator.get(second.headers["Location"]).headers["ETag"]
        assert coordinator.post(f"{second.headers['Location']}/send", headers={"If-Match": '"old"'}).status_code == 412
        assert coordinator.post(f"{second.headers['Location']}/send").status_code == 428
        sent = coordinator.post(f"{second.headers['Location']}/send", headers={"If-Match": stale})
        assert (sent.status_code, sent.json["state"]) == (200, "sent")
    assert coordinator.get(plan).json["total"] == 2
    assert session.scalar(select(func.count()).select_from(PlanApproval)) == 2


def test_a_role_model_answers_only_own_invitations(session: Session, by_token: SignIn) -> None:
    world, _actor = live.approved_season(session)
    visit = live.visit_of(session, world.served[2])
    invitation = live.open_invitation(session, visit)
    me = by_token(make.make_user(session, Role.ROLE_MODEL, person_id=invitation.role_model.person_id))
    other = by_token(make.make_user(session, Role.ROLE_MODEL))
    address = f"/api/v1/invitations/{invitation.id}"
    with live.at(live.morning_of(world, 1)):
        assert other.get(address).status_code == 404
        assert other.get("/api/v1/invitations").json["total"] == 0
        assert {one["role_model"] for one in me.get("/api/v1/invitations").json["items"]} == {invitation.role_model_id}
        assert other.post(f"{address}/accept", headers={"If-Match": '"x"'}).status_code == 404
        yes = act(me, address, "accept")
        assert (yes.status_code, yes.json["state"]) == (200, "accepted")
        no = act(me, address, "decline", scope="request")
        assert (no.status_code, no.json["code"]) == (409, "invitation_over")
        assert act(me, address, "cannot-come").json["state"] == "fell_through"


def test_the_coordination_answers_for_somebody_on_the_phone(coordinator: FlaskClient, session: Session) -> None:
    world, _actor = live.approved_season(session)
    invitation = live.open_invitation(session, live.visit_of(session, world.served[2]))
    with live.at(live.morning_of(world, 1)):
        listed = coordinator.get("/api/v1/invitations?state=sent").json
        assert listed["total"] == 3
        answer = act(coordinator, f"/api/v1/invitations/{invitation.id}", "decline", scope="school")
    assert (answer.json["state"], answer.json["decline_scope"]) == ("declined", "school")
    session.expire_all()
    assert session.get_one(type(invitation), invitation.id).state is InvitationState.DECLINED


def test_a_school_sees_and_cancels_its_own_visits(session: Session, by_token: SignIn) -> None:
    world, _actor = live.approved_season(session)
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=world.served[0].school_id)
    school = by_token(user)
    own, foreign = (live.visit_of(session, world.served[n]) for n in (0, 1))
    with live.at(live.morning_of(world, 1)):
        assert [one["id"] for one in school.get("/api/v1/visits").json["items"]] == [own.id]
        assert school.get(f"/api/v1/visits/{foreign.id}").status_code == 404
        answer = act(school, f"/api/v1/visits/{own.id}", "cancel", reopen=False)
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
        assert act(school, f"/api/v1/visits/{own.id}", "held").status_code == 409
