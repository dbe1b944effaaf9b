"""Over REST: what schools do to their orders, the alternatives of a no, and the catalogue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RequestState, VisitState
from api.domain.permissions import Role
from api.models.follow_up import Alternative
from api.models.role_models import RoleModelBlocked
from api.models.visits import Request
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.services.follow_up import live
from tests.seasons import World


def address(request: Request, step: str) -> str:
    return f"/api/v1/requests/{request.id}/{step}"


def settled(session: Session) -> Request:
    """A request whose visit is sure, on a Monday morning."""
    request = make.make_request(session, contact_id=make.make_person(session).id, state=RequestState.VISIT)
    make.make_visit(session, make.make_role_model(session), request=request, state=VisitState.CONFIRMED)
    return request


def open_request(session: Session, world: World) -> Request:
    start = clock.at_local(world.monday + timedelta(days=31), clock.to_local(make.MORNING).time())
    return make.make_request(
        session,
        starts=(start,),
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        school_id=make.make_school(session, municipality_id=world.oslo.id).id,
        contact_id=make.make_person(session).id,
    )


def contact_of(session: Session, request: Request, by_token: SignIn) -> FlaskClient:
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=request.school_id)
    return by_token(user)


def test_a_school_takes_each_step_and_no_other_school_does(session: Session, by_token: SignIn) -> None:
    request, other = settled(session), settled(session)
    mine, stranger = contact_of(session, request, by_token), contact_of(session, other, by_token)
    answers: dict[str, Any] = dict.fromkeys(("useful", "engaging", "prepared", "again"), 5)
    with live.at(make.MORNING - timedelta(days=3)):
        assert mine.post(address(request, "ready")).status_code == 200
        asked = mine.post(address(request, "questions"), json={"text": "What is a flood?"})
        assert asked.status_code == 200
        assert mine.post(address(request, "held")).status_code == 409
        assert mine.post(address(request, "evaluation"), json=answers).status_code == 409
        for step, body in (("ready", None), ("questions", {"text": ""}), ("held", None), ("evaluation", answers)):
            assert stranger.post(address(request, step), json=body).status_code == 404
    with live.at(make.MORNING + timedelta(days=1)):
        assert mine.post(address(request, "held")).json["state"] == "held"
        assert mine.post(address(request, "evaluation"), json=answers).json == answers
        assert mine.post(address(request, "evaluation"), json=answers | {"useful": 6}).status_code == 422


def test_an_order_is_repeated_with_new_times(session: Session, coordinator: FlaskClient) -> None:
    request = settled(session)
    with live.at(make.MORNING - timedelta(days=30)):
        lesson = {"start": make.MORNING.isoformat(), "end": (make.MORNING + timedelta(minutes=45)).isoformat()}
        body = {"season": request.season_id, "options": [{"lessons": [lesson]}], "classes": 3}
        answer = coordinator.post(address(request, "again"), json=body, headers={"Idempotency-Key": "one"})
        again = coordinator.post(address(request, "again"), json=body, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, again.json["id"]) == (201, answer.json["id"])
    made = session.get_one(Request, answer.json["id"])
    assert (made.previous_id, made.classes, made.grade) == (request.id, 3, request.grade)
    assert made.contact_id == request.contact_id


def test_a_no_has_alternatives_of_which_the_school_takes_one(session: Session, by_token: SignIn) -> None:
    world, _actor = live.approved_season(session)
    request = open_request(session, world)
    school = contact_of(session, request, by_token)
    boss = by_token(make.make_user(session, Role.COORDINATOR))
    with live.at(live.noon_of(world) + timedelta(hours=1)):
        assert school.post(address(request, "decline")).status_code == 404
        offered = boss.post(address(request, "decline")).json["items"]
        assert boss.post(address(request, "decline")).status_code == 409
        assert school.get(address(request, "alternatives")).json["items"] == offered
        assert len(offered) > 1
        lost, wanted = offered[0]["id"], offered[-1]["id"]
        _lose(session, lost)
        gone = school.post(f"/api/v1/alternatives/{lost}/choose")
        assert (gone.status_code, gone.json["code"]) == (409, "just_taken")
        assert lost not in str(school.get(address(request, "alternatives")).json)
        taken = school.post(f"/api/v1/alternatives/{wanted}/choose")
        assert (taken.status_code, taken.json["request"]) == (200, request.id)
        stranger = contact_of(session, world.served[0], by_token)
        assert stranger.post(f"/api/v1/alternatives/{wanted}/choose").status_code == 404


def _lose(session: Session, alternative_id: str) -> None:
    one = session.get_one(Alternative, alternative_id)
    day = clock.to_oslo(one.starts_at).date()
    session.add(RoleModelBlocked(role_model_id=one.role_model_id, from_date=day, to_date=day))
    session.flush()


def test_the_catalogue_is_public_and_has_no_names(session: Session, client: FlaskClient) -> None:
    person = make.make_person(session, name="Hemmelig Navn")
    shown = make.make_role_model(session, person_id=person.id, title="havforsker", digital=True)
    with live.at(make.MORNING):
        answer = client.get("/api/v1/catalogue?mode=digital")
        assert answer.status_code == 200, answer.json
    assert [one["id"] for one in answer.json["items"]] == [shown.id]
    assert "Hemmelig" not in answer.get_data(as_text=True)
    assert {"lat", "lon", "name", "person"}.isdisjoint(answer.json["items"][0])
