"""Approving: at once, undone without a trace, sent once, never over what others have made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain.enums import ApprovalState, InvitationKind, InvitationState, RequestState, RunKind, VisitState
from api.domain.permissions import Actor, Grant, Role
from api.domain.transitions import IllegalStep
from api.errors import Conflict, InvalidInput, NotFound
from api.models.follow_up import Invitation, PlanApproval
from api.models.plan_rows import PlanVisit
from api.models.role_models import RoleModelBlocked
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services.follow_up import approval, sending, steps
from tests import factories as make
from tests.api.conftest import SignIn
from tests.api.services.follow_up import live
from tests.seasons import World, lessons_on, plan_now


@pytest.fixture
def world(session: Session) -> World:
    made = live.planned_season(session)
    live.with_contacts(session, made)
    return made


def test_preview_says_what_approving_would_do(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        found = approval.preview(session, live.coordinator(session), world.plans[RunKind.VISIT])
    assert [one.request_id for one in found.visits] == [row.id for row in world.served]
    assert (found.notices, found.asked, found.messages) == (1, 3, 7)
    assert found.send_at == live.noon_of(world)
    assert (found.dropped, found.standing, found.overtaken) == ((), (), ())
    assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_approving_makes_visits_and_tells_nobody_yet(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    agreed, asked, digital = (live.visit_of(session, row) for row in world.served)
    assert [one.state for one in (agreed, asked, digital)] == [
        VisitState.CONFIRMED,
        VisitState.PLANNED,
        VisitState.PLANNED,
    ]
    assert [(one.kind, one.state) for one in live.invitations(session, agreed)] == [
        (InvitationKind.NOTICE, InvitationState.ACCEPTED)
    ]
    assert {(one.kind, one.state) for one in live.invitations(session, asked)} == {
        (InvitationKind.ASK, InvitationState.QUEUED)
    }
    assert {row.state for row in world.served} == {RequestState.VISIT}
    assert live.taken(session) == 4
    assert live.letters(session) == []
    assert (sorted(made.items), made.dropped) == (sorted(row.id for row in world.served), [])
    assert live.verdict(session, world, live.morning_of(world)) == []


def test_a_part_can_be_approved_and_the_rest_later(session: Session, world: World) -> None:
    actor = live.coordinator(session)
    with live.at(live.morning_of(world)):
        approval.approve(session, actor, world.plans[RunKind.VISIT], [world.served[0].id])
        assert [row.state for row in world.served] == [RequestState.VISIT, RequestState.OPEN, RequestState.OPEN]
        approval.approve(session, actor, world.plans[RunKind.VISIT], [world.served[1].id, world.served[2].id])
    assert {row.state for row in world.served} == {RequestState.VISIT}
    assert live.verdict(session, world, live.morning_of(world)) == []


def test_items_outside_the_plan_are_refused_by_name(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)), pytest.raises(InvalidInput) as refused:
        approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT], [world.unserved[0].id])
    assert [one.field for one in refused.value.errors] == [f"items.{world.unserved[0].id}"]


def test_without_the_right_there_is_no_plan(session: Session, world: World) -> None:
    assistant = Actor(make.make_user(session).id, frozenset({Grant(Role.ASSISTANT)}))
    with pytest.raises(NotFound):
        approval.approve(session, assistant, world.plans[RunKind.VISIT])


def test_undoing_leaves_nothing_behind_and_the_plan_can_be_approved_again(session: Session, world: World) -> None:
    actor = live.coordinator(session)
    with live.at(live.morning_of(world)):
        made = approval.approve(session, actor, world.plans[RunKind.VISIT])
        approval.undo(session, actor, made.id)
        assert live.taken(session) == 0
        assert {row.state for row in world.served} == {RequestState.OPEN}
        assert not any(row.priority for row in world.served)
        assert set(session.scalars(select(Invitation.state))) == {InvitationState.WITHDRAWN}
        assert set(session.scalars(select(Visit.state))) == {VisitState.CANCELLED}
        with pytest.raises(IllegalStep):
            approval.send_now(session, actor, made.id)
        approval.approve(session, actor, world.plans[RunKind.VISIT])
    live.send_due(session, live.noon_of(world))
    assert live.taken(session) == 4
    assert sorted(live.letters(session)) == [
        "invitation_asked",
        "invitation_asked",
        "invitation_asked",
        "invitation_notice",
        "visit_asking_school",
        "visit_asking_school",
        "visit_confirmed_school",
    ]


def test_sending_happens_once_and_ends_the_undoing(session: Session, world: World) -> None:
    actor = live.coordinator(session)
    noon = live.noon_of(world)
    with live.at(live.morning_of(world)):
        made = approval.approve(session, actor, world.plans[RunKind.VISIT])
        assert sending.due_sends(session, noon - timedelta(seconds=1)) == []
    for _ in range(2):
        live.send_due(session, noon)
        sending.do_send(session, f"{made.id} {made.items[0]}", noon)
    assert len(live.letters(session)) == 7
    assert made.sent_items == made.items
    with pytest.raises(IllegalStep):
        approval.undo(session, actor, made.id)


def test_each_visit_is_sent_by_itself_and_the_unsent_stay_unheard(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    noon = live.noon_of(world)
    first, *rest = sending.due_sends(session, noon)
    with live.at(noon):
        sending.do_send(session, first, noon)
    assert made.state is ApprovalState.SENT
    assert sorted(live.letters(session)) == ["invitation_notice", "visit_confirmed_school"]
    assert sending.due_turns(session, noon) == []
    assert [reads.told_visit(session, row.id) is not None for row in world.served] == [True, False, False]
    with pytest.raises(IllegalStep):
        approval.undo(session, live.coordinator(session), made.id)
    assert sending.due_sends(session, noon) == rest
    live.send_due(session, noon)
    assert len(live.letters(session)) == 7
    assert sending.due_sends(session, noon) == []


def test_sending_now_does_not_wait_for_the_rest_of_the_day(session: Session, world: World) -> None:
    morning = live.morning_of(world)
    with live.at(morning):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
        approval.send_now(session, live.coordinator(session), made.id)
    assert made.sent_items == made.items[:1]
    assert len(live.letters(session)) == 2
    live.send_due(session, morning)
    assert len(live.letters(session)) == 7


def test_one_without_visits_cannot_be_sent_and_says_so(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
        made.items = []
        session.flush()
        with pytest.raises(Conflict) as refused:
            approval.send_now(session, live.coordinator(session), made.id)
    assert refused.value.code == "nothing_left"
    assert made.state is ApprovalState.APPROVED


def test_one_that_was_sent_whole_is_not_sent_again(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    live.send_due(session, live.noon_of(world))
    made.sent_items = []
    session.flush()
    assert sending.due_sends(session, live.noon_of(world)) == []
    assert reads.told_visit(session, world.served[0].id) is not None


def test_sending_gives_deadlines(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    noon = live.noon_of(world)
    live.send_due(session, noon)
    agreed, asked, _digital = (live.visit_of(session, row) for row in world.served)
    assert [one.answer_by for one in live.invitations(session, agreed)] == [noon + timedelta(days=2)]
    assert {one.answer_by for one in live.invitations(session, asked)} == {noon + timedelta(days=7)}
    assert world.served[0].answered_at == noon
    assert world.served[1].answered_at is None


def test_second_approval_of_the_same_is_refused_and_says_what_changed(session: Session, world: World) -> None:
    actor = live.coordinator(session)
    with live.at(live.morning_of(world)):
        approval.approve(session, actor, world.plans[RunKind.VISIT], [world.served[0].id])
        with pytest.raises(approval.Overtaken) as refused:
            approval.approve(session, actor, world.plans[RunKind.VISIT])
    assert [one.field for one in refused.value.errors] == [f"requests.{world.served[0].id}"]
    assert world.served[0].reference in refused.value.errors[0].sentence
    assert [row.state for row in world.served[1:]] == [RequestState.OPEN, RequestState.OPEN]
    assert session.scalar(select(func.count()).select_from(PlanApproval)) == 1


def test_a_person_who_got_another_visit_at_the_time_is_named(session: Session, world: World) -> None:
    actor = live.coordinator(session)
    plan_visit = session.scalars(select(PlanVisit).where(PlanVisit.request_id == world.served[0].id)).one()
    person = plan_visit.role_models[0].role_model
    other = make.make_request(
        session,
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        starts=(lessons_on(world, 0),),
        state=RequestState.VISIT,
    )
    visit = make.make_visit(session, person, request=other)
    make.make_booking(
        session, person_id=person.person_id, visit_id=visit.id, starts_at=visit.starts_at, ends_at=visit.ends_at
    )
    with live.at(live.morning_of(world)), pytest.raises(approval.Overtaken) as refused:
        approval.approve(session, actor, world.plans[RunKind.VISIT])
    assert [one.field for one in refused.value.errors] == [f"role_models.{person.id}"]
    assert other.reference in refused.value.errors[0].sentence


def test_pairs_whose_rows_changed_are_dropped_and_named(session: Session, world: World) -> None:
    plan_visit = session.scalars(select(PlanVisit).where(PlanVisit.request_id == world.served[0].id)).one()
    person = plan_visit.role_models[0].role_model
    person.blocked.append(RoleModelBlocked(from_date=world.monday, to_date=world.monday))
    session.flush()
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    assert [(one["code"], one["request"]) for one in made.dropped] == [("free", world.served[0].id)]
    assert [row.state for row in world.served] == [RequestState.OPEN, RequestState.VISIT, RequestState.VISIT]
    assert live.verdict(session, world, live.morning_of(world)) == []


def test_nothing_left_is_a_conflict(session: Session, world: World) -> None:
    world.served[0].state = RequestState.CANCELLED
    session.flush()
    with live.at(live.morning_of(world)), pytest.raises(Conflict) as refused:
        approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT], [world.served[0].id])
    assert refused.value.code == "nothing_left"


def test_live_visits_of_the_plan_are_left_as_they_are(session: Session) -> None:
    """A visit that was live when the plan was made is in the plan, and approving the plan does not touch it."""
    world = live.planned_season(session)
    actor = live.coordinator(session)
    with live.at(live.morning_of(world)):
        approval.approve(session, actor, world.plans[RunKind.VISIT], [world.served[0].id])
        before = live.visit_of(session, world.served[0])
        plan_now(session, world, RunKind.VISIT)
        made = approval.approve(session, actor, world.plans[RunKind.VISIT])
    after = live.visit_of(session, world.served[0])
    assert (after.id, after.version) == (before.id, before.version)
    assert world.served[0].id not in made.items
    assert {row.state for row in session.scalars(select(Request).where(Request.id.in_(made.items)))} == {
        RequestState.VISIT
    }


def test_no_step_after_the_yes_is_due_while_the_approval_can_be_undone(session: Session, world: World) -> None:
    with live.at(live.morning_of(world)):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    agreed = live.visit_of(session, world.served[0])
    late = agreed.starts_at - timedelta(hours=3)
    for due, do in ((steps.due_ready, steps.do_ready), (steps.due_day_before, steps.do_day_before)):
        assert agreed.id not in due(session, late)
        do(session, agreed.id, late)
    assert live.letters(session) == []
    live.send_due(session, live.noon_of(world))
    assert session.get_one(PlanApproval, made.id).sent_at is not None
    assert agreed.id in steps.due_day_before(session, late)


def test_school_sees_open_until_the_plan_is_sent(session: Session, world: World, by_token: SignIn) -> None:
    request = world.served[0]
    user = make.make_user(session)
    make.make_grant(session, user_id=user.id, role=Role.SCHOOL_CONTACT, school_id=request.school_id)
    boss = make.make_user(session)
    make.make_grant(session, user_id=boss.id, role=Role.COORDINATOR)
    school, coordination = by_token(user), by_token(boss)

    def states(client: FlaskClient, query: str = "") -> dict[str, str]:
        items = client.get(f"/api/v1/requests{query}").get_json()["items"]
        return {one["id"]: one["state"] for one in items}

    def one(client: FlaskClient) -> str:
        return str(client.get(f"/api/v1/requests/{request.id}").get_json()["state"])

    with live.at(live.morning_of(world)):
        approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
        assert (states(school)[request.id], one(school)) == ("open", "open")
        assert states(school, "?state=open")[request.id] == "open"
        assert request.id not in states(school, "?state=visit")
        assert states(coordination, "?state=visit")[request.id] == "visit"
        assert one(coordination) == "visit"
    live.send_due(session, live.noon_of(world))
    assert (states(school)[request.id], one(school)) == ("visit", "visit")
    assert request.id in states(school, "?state=visit")
