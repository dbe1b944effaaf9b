"""What the follow-up leaves in the rows, as the next plan sees it."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, ProfileState, RefusalScope, RequestState, RunKind, VisitState
from api.models.role_models import RoleModel
from api.models.visits import Refusal
from api.queries.snapshot import Order, take_snapshot
from api.services.follow_up import invitations
from matcher.problem import VisitProblem
from tests import factories as make
from tests.api.services.follow_up import live
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> World:
    made, _actor = live.approved_season(session)
    return made


def problem_of(session: Session, world: World, *, anew: str | None = None) -> VisitProblem:
    season = world.season
    order = Order(
        RunKind.VISIT,
        season.id,
        world.visit_rules.programme_id,
        world.visit_rules.settings,
        season.starts_on,
        season.ends_on,
        today=world.today + timedelta(days=1),
    )
    problem = take_snapshot(session, order, anew=anew).problem
    assert isinstance(problem, VisitProblem)
    return problem


def test_live_visits_are_fixed_whoever_has_answered(session: Session, world: World) -> None:
    fixed = {one.request: set(one.role_models) for one in problem_of(session, world).fixed}
    assert fixed == {
        row.id: {one.role_model_id for one in live.visit_of(session, row).role_models} for row in world.served
    }


def test_a_visit_that_goes_on_with_fewer_wants_no_more(session: Session, world: World) -> None:
    request = world.served[1]
    visit = live.visit_of(session, request)
    with live.at(live.morning_of(world, 1)):
        stays = live.invitations(session, visit)[0]
        invitations.accept(session, stays.id, live.ROLE_MODEL)
        for _ in range(6):
            others = [one for one in live.invitations(session, visit) if one.state == "sent"]
            for other in others:
                invitations.decline(session, other.id, RefusalScope.REQUEST, live.ROLE_MODEL)
    assert visit.state is VisitState.CONFIRMED
    asked = next(one for one in problem_of(session, world).requests if one.id == request.id)
    assert (request.role_models, asked.role_models) == (2, 1)


@pytest.mark.parametrize("state", [ProfileState.PAUSED, ProfileState.LEFT, ProfileState.UNCONFIRMED])
def test_only_active_profiles_are_matched(session: Session, world: World, state: ProfileState) -> None:
    idle = make.make_role_model(session, state=state)
    busy = live.visit_of(session, world.served[1]).role_models[0].role_model
    busy.state = state
    session.flush()
    people = {one.id: one for one in problem_of(session, world).role_models}
    assert idle.id not in people
    assert people[busy.id].free == ()


@pytest.mark.parametrize("state", [RequestState.UNCONFIRMED, RequestState.DECLINED, RequestState.CANCELLED])
def test_only_open_requests_are_planned(session: Session, world: World, state: RequestState) -> None:
    world.unserved[0].state = state
    session.flush()
    assert world.unserved[0].id not in {one.id for one in problem_of(session, world).requests}


def test_a_held_alternative_takes_the_person_s_time(session: Session, world: World) -> None:
    person = make.make_role_model(session)
    starts = clock.at_local(world.monday, time(8))
    make.make_booking(session, person_id=person.person_id, starts_at=starts, ends_at=starts + timedelta(hours=8))
    found = next(one for one in problem_of(session, world).role_models if one.id == person.id)
    assert world.monday not in {span.start.date() for span in found.free}


def test_silence_and_no_are_refusals(session: Session, world: World) -> None:
    person = session.scalars(select(RoleModel).order_by(RoleModel.id)).first()
    assert person is not None
    request = world.unserved[0]
    session.add(Refusal(role_model_id=person.id, scope=RefusalScope.REQUEST, request_id=request.id))
    session.flush()
    assert [(one.role_model, one.request) for one in problem_of(session, world).refused] == [(person.id, request.id)]


def test_a_request_taken_anew_is_open_and_its_people_are_free(session: Session, world: World) -> None:
    request = world.served[2]
    visit = live.visit_of(session, request)
    person = visit.role_models[0].role_model_id
    problem = problem_of(session, world, anew=request.id)
    assert request.id not in {one.request for one in problem.fixed}
    assert request.id in {one.id for one in problem.requests}
    found = next(one for one in problem.role_models if one.id == person)
    start, end = clock.to_local(visit.starts_at), clock.to_local(visit.ends_at)
    assert any(span.start <= start and end <= span.end for span in found.free)
    assert visit.mode is Mode.DIGITAL
