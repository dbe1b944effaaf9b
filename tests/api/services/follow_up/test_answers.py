"""Yes, no, objections and "cannot come after all", and what follows from each."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    ExceptionState,
    Fallback,
    InvitationKind,
    InvitationState,
    Mode,
    ProfileState,
    RefusalScope,
    RequestMode,
    RequestState,
    VisitState,
)
from api.errors import Conflict
from api.models.follow_up import ExceptionItem, Invitation
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel, RoleModelFreeTime
from api.models.sign_in import Contact
from api.models.visits import Refusal, Visit
from api.services.follow_up import invitations, outcome, repair, sending, visits
from tests import factories as make
from tests.api.services.follow_up import live
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> World:
    made, _actor = live.approved_season(session)
    return made


def lines(session: Session) -> dict[str, str]:
    """Open lines of the list of exceptions: kind and remedy."""
    rows = session.scalars(select(ExceptionItem).where(ExceptionItem.state == ExceptionState.OPEN))
    return {row.kind: row.remedy["code"] for row in rows}


def message(session: Session, kind: str) -> OutboxMessage:
    found = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind == kind)
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
        .limit(1)
    ).first()
    assert found is not None
    return found


def test_last_yes_confirms_and_tells_both_sides(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[1])
    first, second = live.invitations(session, visit)
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, first.id, live.ROLE_MODEL)
        assert visit.state is VisitState.PLANNED
        assert "visit_confirmed_role_model" not in live.letters(session)
        invitations.accept(session, second.id, live.ROLE_MODEL)
    assert visit.state is VisitState.CONFIRMED
    assert world.served[1].answered_at == live.morning_of(world, 1)
    assert live.letters(session).count("visit_confirmed_role_model") == 2
    told = message(session, "visit_confirmed_school")
    assert told.about_id == visit.id
    assert told.values is not None
    assert told.values["calendar"]["uid"] == f"visit-{visit.id}@treffpunkt"


def test_names_go_to_verified_schools_only(session: Session, world: World) -> None:
    request = world.served[2]
    visit = live.visit_of(session, request)
    person = live.open_invitation(session, visit).role_model.person
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, live.open_invitation(session, visit).id, live.ROLE_MODEL)
    assert person.name not in str(message(session, "visit_confirmed_school").values)
    now = live.morning_of(world, 1)
    session.add(
        Contact(person_id=request.contact_id, school_id=request.school_id, verified_at=now, verified_by="feide")
    )
    session.flush()
    with live.at(live.morning_of(world, 2)) as later:
        outcome.tell_confirmed(session, visit, later)
    assert person.name in str(message(session, "visit_confirmed_school").values)


def test_a_second_yes_changes_nothing(session: Session, world: World) -> None:
    invitation = live.open_invitation(session, live.visit_of(session, world.served[2]))
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, invitation.id, live.ROLE_MODEL)
        sent = live.letters(session)
        assert invitations.accept(session, invitation.id, live.ROLE_MODEL).state is InvitationState.ACCEPTED
    assert live.letters(session) == sent


def test_yes_after_the_time_is_over_is_a_kind_conflict(session: Session, world: World) -> None:
    invitation = live.open_invitation(session, live.visit_of(session, world.served[2]))
    assert invitation.answer_by is not None
    with live.at(invitation.answer_by), pytest.raises(invitations.TooLate) as late:
        invitations.accept(session, invitation.id, live.ROLE_MODEL)
    assert "quite all right" in late.value.sentence or "helt i orden" in late.value.sentence


@pytest.mark.parametrize("scope", RefusalScope)
def test_a_no_is_kept_and_the_next_best_is_asked(session: Session, world: World, scope: RefusalScope) -> None:
    spare = live.spare_role_model(session)
    request = world.served[1]
    visit = live.visit_of(session, request)
    first, second = live.invitations(session, visit)
    now = live.morning_of(world, 1)
    with live.at(now):
        invitations.accept(session, second.id, live.ROLE_MODEL)
        invitations.decline(session, first.id, scope, live.ROLE_MODEL)
    refusal = session.scalars(select(Refusal)).one()
    assert (refusal.role_model_id, refusal.scope) == (first.role_model_id, scope)
    new = live.open_invitation(session, visit)
    assert (new.role_model_id, new.turn, new.sent_at) == (spare.id, 2, now)
    assert {one.role_model_id for one in visit.role_models} == {second.role_model_id, spare.id}
    assert session.get_one(Invitation, second.id).state is InvitationState.ACCEPTED
    assert message(session, "visit_asking_school").values["changed"] == "person"  # type: ignore[index]
    assert lines(session) == {}
    assert live.verdict(session, world, now) == []


def test_an_objection_in_time_is_heard_and_later_it_is_not(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[0])
    [notice] = live.invitations(session, visit)
    assert notice.answer_by is not None
    with live.at(notice.answer_by), pytest.raises(invitations.TooLate):
        invitations.object_to(session, notice.id, live.ROLE_MODEL)
    assert visit.state is VisitState.CONFIRMED
    with live.at(notice.answer_by - timedelta(minutes=1)):
        invitations.object_to(session, notice.id, live.ROLE_MODEL)
    assert notice.state is InvitationState.DECLINED
    asked = live.open_invitation(session, visit)
    assert (visit.state, asked.kind, asked.turn) == (VisitState.PLANNED, InvitationKind.ASK, 2)
    assert live.verdict(session, world, live.morning_of(world, 2)) == []


def test_cannot_come_after_all_finds_another_and_counts_nothing(session: Session, world: World) -> None:
    spare = live.spare_role_model(session)
    visit = live.visit_of(session, world.served[2])
    invitation = live.open_invitation(session, visit)
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, invitation.id, live.ROLE_MODEL)
        assert visit.state is VisitState.CONFIRMED
        invitations.cannot_come(session, invitation.id, live.ROLE_MODEL)
        assert visit.state is VisitState.PLANNED
        invitations.accept(session, live.open_invitation(session, visit).id, live.ROLE_MODEL)
    assert (visit.state, invitation.state) == (VisitState.CONFIRMED, InvitationState.FELL_THROUGH)
    assert [one.role_model_id for one in visit.role_models] == [spare.id] or spare.id not in {
        one.role_model_id for one in live.invitations(session, visit)
    }
    assert lines(session) == {}


def test_two_in_a_row_raise_a_line_and_the_yes_closes_it(session: Session, world: World) -> None:
    for _ in range(3):
        live.spare_role_model(session)
    request = world.served[2]
    visit = live.visit_of(session, request)
    now = live.morning_of(world, 1)
    with live.at(now):
        invitations.decline(session, live.open_invitation(session, visit).id, RefusalScope.REQUEST, live.ROLE_MODEL)
        assert lines(session) == {}
        invitations.decline(session, live.open_invitation(session, visit).id, RefusalScope.REQUEST, live.ROLE_MODEL)
        assert lines(session) == {"asked_in_vain": "call_invited"}
        asked = live.open_invitation(session, visit)
        line = session.scalars(select(ExceptionItem)).one()
        assert (line.object_id, line.person_id, line.reason["people"]) == (request.id, asked.role_model.person_id, 2)
        invitations.accept(session, asked.id, live.ROLE_MODEL)
    assert lines(session) == {}


def everyone_declines(session: Session, world: World, request_number: int) -> Visit:
    visit = live.visit_of(session, world.served[request_number])
    with live.at(live.morning_of(world, 1)):
        while any(one.state is InvitationState.SENT for one in live.invitations(session, visit)):
            invitation = live.open_invitation(session, visit)
            invitations.decline(session, invitation.id, RefusalScope.REQUEST, live.ROLE_MODEL)
    return visit


def test_nobody_left_falls_through_with_priority_and_one_remedy(session: Session, world: World) -> None:
    visit = everyone_declines(session, world, 2)
    request = world.served[2]
    assert visit.state is VisitState.FELL_THROUGH
    assert (request.state, request.priority) == (RequestState.OPEN, True)
    assert set(lines(session)) == {"nobody_found"}
    assert live.letters(session).count("visit_fell_through_school") == 1
    assert repair.repair_visit(session, visit.id, live.morning_of(world, 1)) is repair.Repaired.NOTHING_TO_DO


def test_another_date_is_proposed_where_the_school_chose_that(session: Session, world: World) -> None:
    """Everyone has said no to the request, so somebody new has to be free on the other date only."""
    request = world.served[2]
    request.fallback = Fallback.ANOTHER_DATE
    visit = live.visit_of(session, request)
    new = make.make_role_model(session, digital=True, free_times=[])
    new.free_times = [RoleModelFreeTime(weekday=5, starts=time(8), ends=time(16))]
    session.flush()
    everyone_declines(session, world, 2)
    line = session.scalars(select(ExceptionItem).where(ExceptionItem.kind == "nobody_found")).one()
    assert line.remedy["code"] == "another_date"
    proposed = clock.to_oslo(datetime.fromisoformat(line.remedy["starts_at"]))
    assert (proposed.isoweekday(), proposed.time()) == (5, clock.to_local(visit.starts_at).time())


def test_dropping_ends_the_request_without_a_line(session: Session, world: World) -> None:
    world.served[2].fallback = Fallback.DROP
    session.flush()
    everyone_declines(session, world, 2)
    assert (world.served[2].state, lines(session)) == (RequestState.DECLINED, {})
    assert world.served[2].answered_at is not None


def test_digital_when_the_school_chose_that(session: Session, world: World) -> None:
    """The one who is left can only be reached on the screen."""
    request = world.served[0]
    request.fallback = Fallback.DIGITAL
    visit = live.visit_of(session, request)
    for physical in session.scalars(select(Invitation.role_model_id)).all():
        session.add(Refusal(role_model_id=physical, scope=RefusalScope.REQUEST, request_id=request.id))
    far = make.make_role_model(session, digital=True, lat=69.6, lon=18.9)
    with live.at(live.morning_of(world, 1)):
        [notice] = live.invitations(session, visit)
        invitations.object_to(session, notice.id, live.ROLE_MODEL)
    assert request.mode is RequestMode.PHYSICAL
    assert (visit.mode, live.open_invitation(session, visit).role_model_id) == (Mode.DIGITAL, far.id)
    assert message(session, "visit_asking_school").values["changed"] == "digital"  # type: ignore[index]


def test_of_several_those_who_come_go_on(session: Session, world: World) -> None:
    request = world.served[1]
    visit = live.visit_of(session, request)
    first, second = live.invitations(session, visit)
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, second.id, live.ROLE_MODEL)
        invitations.decline(session, first.id, RefusalScope.REQUEST, live.ROLE_MODEL)
        for invitation in live.invitations(session, visit):
            if invitation.state is InvitationState.SENT:
                invitations.decline(session, invitation.id, RefusalScope.REQUEST, live.ROLE_MODEL)
    assert (visit.state, [one.role_model_id for one in visit.role_models]) == (
        VisitState.CONFIRMED,
        [second.role_model_id],
    )
    assert "nobody_found" in lines(session)
    assert message(session, "visit_confirmed_school").values["changed"] == "fewer"  # type: ignore[index]


def test_cancelling_takes_everything_back_and_frees_people(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[2])
    person = live.open_invitation(session, visit).role_model
    with live.at(live.morning_of(world, 1)):
        invitations.accept(session, live.open_invitation(session, visit).id, live.ROLE_MODEL)
        visits.cancel_visit(session, visit.id, live.SCHOOL)
    assert (visit.state, world.served[2].state) == (VisitState.CANCELLED, RequestState.CANCELLED)
    assert live.taken(session) == 3
    told = message(session, "invitation_withdrawn")
    assert told.person_id == person.person_id
    assert told.values is not None
    assert told.values["calendar"]["cancelled"] is True


def test_a_freed_person_goes_on_to_the_next_request_in_fair_order(session: Session, world: World) -> None:
    common = {"season_id": world.season.id, "programme_id": world.visit_rules.programme_id}
    visit = live.visit_of(session, world.served[2])
    starts = (visit.starts_at,)
    late = make.make_request(session, starts=starts, mode=RequestMode.DIGITAL, prefers=Mode.DIGITAL, **common)
    first = make.make_request(
        session, starts=starts, mode=RequestMode.DIGITAL, prefers=Mode.DIGITAL, priority=True, **common
    )
    with live.at(live.morning_of(world, 1)):
        person = live.open_invitation(session, visit).role_model_id
        visits.cancel_visit(session, visit.id, live.SCHOOL)
    served = live.visit_of(session, first)
    assert [one.role_model_id for one in served.role_models] == [person]
    assert (first.state, late.state) == (RequestState.VISIT, RequestState.OPEN)
    assert live.verdict(session, world, live.morning_of(world, 1)) == []


def test_no_more_invitations_at_a_time_than_the_rules_say(session: Session, world: World) -> None:
    person = make.make_role_model(session, digital=True, max_per_week=9, max_per_term=9)
    with live.at(live.morning_of(world, 1)) as now:
        made = []
        for day in range(5):
            request = make.make_request(
                session,
                season_id=world.season.id,
                programme_id=world.visit_rules.programme_id,
                starts=(make.MORNING + timedelta(days=day, weeks=2),),
            )
            made.append(invitations.invite_directly(session, request, person.id, live.SCHOOL))
        assert [one.state.value for one in made] == ["sent", "sent", "sent", "queued", "queued"]
        assert sending.due_turns(session, now) == []
        invitations.accept(session, made[1].id, live.ROLE_MODEL)
        assert made[3].state is InvitationState.SENT
        assert made[4].state is InvitationState.QUEUED


def test_a_named_role_model_who_cannot_come_is_a_conflict(session: Session, world: World) -> None:
    person = make.make_role_model(session, lowest_grade=13)
    request = make.make_request(
        session, season_id=world.season.id, programme_id=world.visit_rules.programme_id, starts=(make.MORNING,)
    )
    with live.at(live.morning_of(world, 1)), pytest.raises(Conflict) as refused:
        invitations.invite_directly(session, request, person.id, live.SCHOOL)
    assert refused.value.code == "cannot_come"
    assert request.state is RequestState.OPEN


def test_who_leaves_is_replaced_in_every_visit_to_be(session: Session, world: World) -> None:
    spare = live.spare_role_model(session)
    visit = live.visit_of(session, world.served[1])
    leaving = live.invitations(session, visit)[0].role_model_id
    session.get_one(RoleModel, leaving).state = ProfileState.LEFT
    session.flush()
    with live.at(live.morning_of(world, 1)):
        repair.role_model_leaves(session, leaving)
    assert leaving not in {one.role_model_id for one in visit.role_models}
    assert spare.id in {one.role_model_id for one in visit.role_models}


def test_held_once_whoever_says_it_first(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[0])
    [notice] = live.invitations(session, visit)
    after = visit.ends_at + timedelta(hours=1)
    with live.at(after):
        visits.mark_held(session, visit.id, live.ROLE_MODEL, role_model_id=notice.role_model_id)
        visits.mark_held(session, visit.id, live.SCHOOL)
    assert (visit.state, visit.school_held_at, visit.role_models[0].held_at) == (VisitState.HELD, after, after)
