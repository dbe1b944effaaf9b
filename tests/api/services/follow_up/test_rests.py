"""Who pauses or is away is asked nothing, and what waited for the answer goes to somebody else; a yes stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationKind, InvitationState, ProfileState, RunKind, VisitState
from api.domain.transitions import Party
from api.models.follow_up import Invitation
from api.models.visits import Visit
from api.services.change import By
from api.services.follow_up import approval, invitations, repair, sending
from api.services.profiles import own
from tests.api.services.follow_up import live
from tests.seasons import World

SELF, COORDINATION = By(Party.ROLE_MODEL), By(Party.COORDINATION)


@pytest.fixture
def world(session: Session) -> World:
    made, _actor = live.approved_season(session)
    return made


@pytest.fixture
def sent(session: Session, world: World) -> Invitation:
    """An invitation that waits for an answer, and somebody else who could come."""
    live.spare_role_model(session)
    return live.open_invitation(session, live.visit_of(session, world.served[2]))


def rest(session: Session, invitation: Invitation, how: str, world: World, *, days_after: int = 0) -> None:
    day = clock.to_oslo(invitation.visit.starts_at).date() + timedelta(days=days_after)
    with live.at(live.noon_of(world) + timedelta(hours=1)):
        if how == "pause":
            own.pause(session, invitation.role_model, COORDINATION)
        else:
            own.set_away(session, invitation.role_model, day, SELF)
        session.flush()


def asked_now(session: Session, visit: Visit) -> list[tuple[str, InvitationState]]:
    return [(one.role_model_id, one.state) for one in live.invitations(session, visit)]


@pytest.mark.parametrize("how", ["pause", "away"])
def test_an_unanswered_invitation_goes_to_the_next(session: Session, world: World, sent: Invitation, how: str) -> None:
    visit, person = sent.visit, sent.role_model_id
    rest(session, sent, how, world)
    assert sent.state is InvitationState.WITHDRAWN
    following = live.open_invitation(session, visit)
    assert (following.role_model_id != person, following.turn) == (True, sent.turn + 1)
    assert live.verdict(session, world, live.noon_of(world) + timedelta(hours=1)) == []


def test_away_before_the_visit_keeps_the_question(session: Session, world: World, sent: Invitation) -> None:
    rest(session, sent, "away", world, days_after=-1)
    assert sent.state is InvitationState.SENT
    with live.at(live.noon_of(world) + timedelta(hours=2)):
        invitations.accept(session, sent.id, SELF)
    assert sent.visit.state is VisitState.CONFIRMED


@pytest.mark.parametrize("how", ["pause", "away"])
def test_a_yes_stays(session: Session, world: World, sent: Invitation, how: str) -> None:
    with live.at(live.noon_of(world)):
        invitations.accept(session, sent.id, SELF)
    rest(session, sent, how, world)
    assert sent.state is InvitationState.ACCEPTED
    assert sent.visit.state is VisitState.CONFIRMED


@pytest.mark.parametrize("how", ["pause", "away"])
def test_a_queued_invitation_never_leaves_and_is_passed_on(
    session: Session, world: World, sent: Invitation, how: str
) -> None:
    """Also where the profile's row was changed without the invitations, as an import may do."""
    person, now = sent.role_model, live.noon_of(world) + timedelta(hours=1)
    sent.state, sent.sent_at, sent.answer_by = InvitationState.QUEUED, None, None
    if how == "pause":
        person.state = ProfileState.PAUSED
    else:
        person.away_until = clock.to_oslo(sent.visit.starts_at).date()
    session.flush()
    with live.at(now):
        assert sending.send_turns(session, person.id, now) == 0
        assert sent.state is InvitationState.QUEUED
        assert person.id not in sending.due_turns(session, now)
        assert repair.due_rests(session, now) == [person.id]
        repair.do_rest(session, person.id, now)
        assert repair.due_rests(session, now) == []
    assert sent.state is InvitationState.WITHDRAWN
    following = live.open_invitation(session, sent.visit)
    assert (following.role_model_id != person.id, following.turn) == (True, sent.turn)


def test_an_agreement_visit_nobody_has_heard_of_is_no_yes(session: Session) -> None:
    world = live.planned_season(session)
    live.with_contacts(session, world)
    live.spare_role_model(session)
    with live.at(live.morning_of(world)):
        approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
        [notice] = live.invitations(session, live.visit_of(session, world.served[0]))
        assert notice.kind is InvitationKind.NOTICE
        own.pause(session, notice.role_model, COORDINATION)
    assert notice.state is InvitationState.WITHDRAWN
    live.send_due(session, live.noon_of(world))
    assert notice.sent_at is None
