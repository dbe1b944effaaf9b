"""After the yes: each thing is asked once, what nobody answers becomes a line, and all of it heals after a stop."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ExceptionState, InvitationState, VisitState
from api.errors import Conflict, InvalidInput, NotFound
from api.models.follow_up import ExceptionItem, Invitation
from api.models.visits import Visit
from api.services.follow_up import invitations, steps
from tests.api.services.follow_up.live import ROLE_MODEL, SCHOOL, approved_season, letters, noon_of


@pytest.fixture
def visit(session: Session) -> Visit:
    """A settled visit, at its first moment; the clock is the test's to move."""
    world, _actor = approved_season(session)
    with time_machine.travel(noon_of(world) + timedelta(hours=1), tick=False):
        waiting = select(Invitation).where(Invitation.state.in_((InvitationState.SENT, InvitationState.QUEUED)))
        while found := session.scalars(waiting.order_by(Invitation.id)).first():
            invitations.accept(session, found.id, ROLE_MODEL)
    settled = session.scalars(select(Visit).where(Visit.state == VisitState.CONFIRMED).order_by(Visit.id))
    return next(one for one in settled if len(one.role_models) == 1)


JOBS = {
    "calls": (steps.due_calls, steps.do_call),
    "ready": (steps.due_ready, steps.do_ready),
    "day_before": (steps.due_day_before, steps.do_day_before),
    "held": (steps.due_held, steps.do_held),
}


def run(session: Session, job: str, moment: datetime, visit: Visit) -> int:
    """What the scheduler does with this visit at one turn. Returns whether it was due."""
    due, do = JOBS[job]
    with time_machine.travel(moment, tick=False):
        if visit.id not in due(session, moment):
            return 0
        do(session, visit.id, moment)
        session.flush()
    return 1


def lines(session: Session, visit: Visit) -> list[tuple[str, ExceptionState]]:
    found = session.scalars(select(ExceptionItem).where(ExceptionItem.object_id == visit.id))
    return [(one.kind, one.state) for one in found]


def days_before(visit: Visit, days: int, at_: time = time(13)) -> datetime:
    return clock.at_local(clock.to_oslo(visit.starts_at).date() - timedelta(days=days), at_)


def test_call_is_asked_for_once_and_then_somebody_calls(session: Session, visit: Visit) -> None:
    [member] = visit.role_models
    settled = session.scalars(select(Invitation).where(Invitation.visit_id == visit.id)).one()
    begun = settled.answered_at or settled.sent_at
    assert begun is not None
    assert run(session, "calls", begun + timedelta(days=2), visit) == 0
    assert run(session, "calls", begun + timedelta(days=3), visit) == 1
    assert letters(session).count("visit_call_school") == 1
    assert lines(session, visit) == []
    assert run(session, "calls", begun + timedelta(days=4), visit) == 1
    assert lines(session, visit) == [("not_called", ExceptionState.OPEN)]
    assert run(session, "calls", begun + timedelta(days=9), visit) == 0
    steps.called(session, visit.id, member.role_model_id, ROLE_MODEL)
    assert lines(session, visit) == [("not_called", ExceptionState.RESOLVED)]


def test_call_that_was_made_is_not_asked_for(session: Session, visit: Visit) -> None:
    [member] = visit.role_models
    steps.called(session, visit.id, member.role_model_id, ROLE_MODEL)
    assert run(session, "calls", days_before(visit, 20), visit) == 0


def test_both_are_asked_seven_school_days_before_and_silence_is_a_line(session: Session, visit: Visit) -> None:
    assert run(session, "ready", days_before(visit, 14), visit) == 0
    assert run(session, "ready", days_before(visit, 8), visit) == 1
    assert {"visit_ready_school", "visit_ready_role_model"} <= set(letters(session))
    steps.ready(session, visit.id, SCHOOL)
    assert run(session, "ready", days_before(visit, 5), visit) == 1
    assert lines(session, visit) == [("not_ready", ExceptionState.OPEN)]
    steps.ready(session, visit.id, ROLE_MODEL, role_model_id=visit.role_models[0].role_model_id)
    assert lines(session, visit) == [("not_ready", ExceptionState.RESOLVED)]
    assert run(session, "ready", days_before(visit, 2), visit) == 0


def test_the_day_before_is_told_once_even_after_a_stop(session: Session, visit: Visit) -> None:
    assert run(session, "day_before", days_before(visit, 1, time(11, 59)), visit) == 0
    assert run(session, "day_before", days_before(visit, 1, time(23)), visit) == 1
    assert run(session, "day_before", days_before(visit, 0, time(5)), visit) == 0
    told = [kind for kind in letters(session) if kind.startswith("visit_tomorrow")]
    assert sorted(told) == ["visit_tomorrow_role_model", "visit_tomorrow_school"]


def test_nothing_is_told_before_a_visit_that_has_begun(session: Session, visit: Visit) -> None:
    for job in ("calls", "ready", "day_before"):
        assert run(session, job, visit.starts_at + timedelta(minutes=1), visit) == 0


def test_held_is_asked_the_morning_after_and_silence_means_held(session: Session, visit: Visit) -> None:
    assert run(session, "held", visit.ends_at + timedelta(hours=1), visit) == 0
    assert run(session, "held", visit.ends_at + timedelta(days=1), visit) == 1
    assert visit.state is VisitState.CONFIRMED
    assert run(session, "held", visit.ends_at + timedelta(days=4), visit) == 0
    assert run(session, "held", visit.ends_at + timedelta(days=9), visit) == 1
    assert session.get_one(Visit, visit.id).state is VisitState.HELD
    assert run(session, "held", visit.ends_at + timedelta(days=90), visit) == 0


def test_steps_of_a_visit_that_is_not_there_or_not_settled(session: Session, visit: Visit) -> None:
    with pytest.raises(NotFound):
        steps.called(session, "nowhere", visit.role_models[0].role_model_id, ROLE_MODEL)
    with pytest.raises(NotFound):
        steps.ready(session, visit.id, ROLE_MODEL, role_model_id="nobody")
    with pytest.raises(InvalidInput, match="questions"):
        steps.ask_questions(session, visit.id, "x" * 2001, SCHOOL)
    with pytest.raises(Conflict):
        steps.evaluate(session, visit.id, steps.Side.SCHOOL, {})


def test_the_call_of_two_is_due_from_when_the_last_of_them_said_yes(session: Session) -> None:
    world, _actor = approved_season(session)
    [visit] = [one for one in session.scalars(select(Visit).order_by(Visit.id)) if len(one.role_models) == 2]
    first, last = session.scalars(
        select(Invitation).where(Invitation.visit_id == visit.id).order_by(Invitation.id)
    ).all()
    yes = noon_of(world) + timedelta(hours=1)
    for one, moment in ((first, yes), (last, yes + timedelta(days=2))):
        with time_machine.travel(moment, tick=False):
            invitations.accept(session, one.id, ROLE_MODEL)
    with time_machine.travel(yes + timedelta(days=2), tick=False):
        steps.called(session, visit.id, last.role_model_id, ROLE_MODEL)
    assert run(session, "calls", yes + timedelta(days=3), visit) == 0
    assert run(session, "calls", yes + timedelta(days=9), visit) == 1
