"""Reminders, silence as no, silent weeks and paused profiles, and promises that are late."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import (
    ExceptionState,
    InvitationState,
    LinkPurpose,
    OutboxState,
    ProfileState,
    RefusalScope,
    VisitState,
)
from api.models.follow_up import ExceptionItem, Invitation, SilenceEpisode
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.places import Holiday
from api.models.role_models import RoleModel
from api.models.visits import Refusal
from api.services.follow_up import invitations, promises, silence
from tests import factories as make
from tests.api.services.follow_up import live
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> World:
    made, _actor = live.approved_season(session)
    return made


def remind(session: Session, moment: datetime) -> int:
    live.mails_leave(session)
    with live.at(moment):
        due = silence.due_reminders(session, moment)
        for key in due:
            silence.do_reminder(session, key, moment)
            silence.do_reminder(session, key, moment)
    return len(due)


def be_silent(session: Session, moment: datetime) -> int:
    live.mails_leave(session)
    with live.at(moment):
        due = silence.due_silences(session, moment)
        for key in due:
            silence.do_silence(session, key, moment)
            silence.do_silence(session, key, moment)
    return len(due)


def test_reminds_after_two_days_and_on_the_fourth(session: Session, world: World) -> None:
    noon = live.noon_of(world)
    waits = len(session.scalars(select(Invitation).where(Invitation.state == InvitationState.SENT)).all())
    assert waits == 3
    assert remind(session, noon + timedelta(days=2) - timedelta(seconds=1)) == 0
    assert remind(session, noon + timedelta(days=2)) == waits
    assert remind(session, noon + timedelta(days=3)) == 0
    assert remind(session, noon + timedelta(days=4)) == waits
    assert remind(session, noon + timedelta(days=5)) == 0
    assert live.letters(session).count("invitation_reminder") == 2 * waits


def test_after_a_stop_of_days_one_reminder_is_enough(session: Session, world: World) -> None:
    assert remind(session, live.noon_of(world) + timedelta(days=4, hours=3)) == 3
    assert live.letters(session).count("invitation_reminder") == 3
    assert set(session.scalars(select(Invitation.reminders).where(Invitation.state == InvitationState.SENT))) == {2}


def test_silence_on_the_fifth_working_day_is_a_no_and_the_next_is_asked(session: Session, world: World) -> None:
    spare = live.spare_role_model(session)
    visit = live.visit_of(session, world.served[2])
    silent = live.open_invitation(session, visit)
    over = live.noon_of(world) + timedelta(days=7)
    assert be_silent(session, over - timedelta(seconds=1)) == 0
    with live.at(over - timedelta(hours=1)):
        for one in live.invitations(session, live.visit_of(session, world.served[1])):
            invitations.accept(session, one.id, live.ROLE_MODEL)
    assert be_silent(session, over) == 1
    assert silent.state is InvitationState.EXPIRED
    asked = live.open_invitation(session, visit)
    assert (asked.turn, asked.sent_at) == (2, over)
    assert asked.role_model_id in (spare.id, *session.scalars(select(RoleModel.id)))
    refusal = session.scalars(select(Refusal)).one()
    assert (refusal.role_model_id, refusal.scope) == (silent.role_model_id, RefusalScope.REQUEST)
    assert live.letters(session).count("invitation_expired") == 1
    assert [one.week for one in session.scalars(select(SilenceEpisode))] == [
        over.date() - timedelta(days=over.weekday())
    ]
    assert live.verdict(session, world, over) == []


def test_no_silent_week_in_holidays(session: Session, world: World) -> None:
    over = live.noon_of(world) + timedelta(days=7)
    session.add(Holiday(day=clock.to_oslo(over).date(), name="Fridag"))
    session.flush()
    assert be_silent(session, over) == 3
    assert session.scalars(select(SilenceEpisode)).all() == []


def test_no_silent_week_while_away(session: Session, world: World) -> None:
    for person in session.scalars(select(RoleModel)):
        person.away_until = world.today + timedelta(days=3)
    session.flush()
    be_silent(session, live.noon_of(world) + timedelta(days=7))
    assert session.scalars(select(SilenceEpisode)).all() == []


def test_two_silent_weeks_pause_the_profile_and_a_new_start_counts_from_nothing(session: Session, world: World) -> None:
    person = live.open_invitation(session, live.visit_of(session, world.served[2])).role_model
    first = live.noon_of(world) + timedelta(days=7)
    be_silent(session, first)
    assert person.state is ProfileState.ACTIVE
    with live.at(first):
        request = make.make_request(
            session,
            season_id=world.season.id,
            programme_id=world.visit_rules.programme_id,
            starts=(make.MORNING + timedelta(weeks=3),),
        )
        invitations.invite_directly(session, request, person.id, live.SCHOOL)
    be_silent(session, first + timedelta(days=7))
    assert person.state is ProfileState.PAUSED
    assert "profile_paused" in live.letters(session)


def test_a_queue_that_never_moved_ends_with_the_visit_day(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[2])
    stuck = live.open_invitation(session, visit)
    stuck.state, stuck.sent_at, stuck.answer_by = InvitationState.QUEUED, None, None
    session.flush()
    assert stuck.id in silence.due_silences(session, visit.starts_at)
    be_silent(session, visit.starts_at)
    assert stuck.state is InvitationState.WITHDRAWN
    assert visit.state is VisitState.FELL_THROUGH


def test_a_promise_that_is_not_kept_is_said_on_the_day_once(session: Session, world: World) -> None:
    request = make.make_request(  # came after the plan, so nobody can say that it is out of reach
        session,
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        school_id=world.served[0].school_id,
        contact_id=make.make_person(session).id,
        answer_on=date(2026, 12, 1),
    )
    for row in (*world.served, *world.unserved):
        row.answer_on = date(2027, 1, 1)
    session.flush()
    noon = datetime(2026, 12, 1, 11, tzinfo=clock.now().tzinfo)
    assert promises.due_promises(session, noon - timedelta(seconds=1)) == []
    for _ in range(2):
        with live.at(noon):
            for key in promises.due_promises(session, noon):
                promises.do_promise(session, key, noon)
            promises.do_promise(session, request.id, noon)
    assert live.letters(session).count("promise_late_school") == 1
    line = session.scalars(select(ExceptionItem).where(ExceptionItem.kind == "promise_missed")).one()
    assert (line.object_id, line.remedy["code"], line.due_on) == (request.id, "plan_again", date(2026, 12, 1))


def test_a_close_visit_without_all_answers_is_raised_until_it_is_confirmed(session: Session, world: World) -> None:
    visit = live.visit_of(session, world.served[2])
    invitation = live.open_invitation(session, visit)
    ten_before = clock.at_local(date(2027, 1, 6), datetime.min.time())
    assert visit.id not in promises.due_confirmations(session, ten_before - timedelta(seconds=1))
    assert visit.id in promises.due_confirmations(session, ten_before)
    invitation.answer_by = ten_before + timedelta(days=1)
    session.flush()
    with live.at(ten_before):
        for _ in range(2):
            promises.do_confirmation(session, visit.id, ten_before)
        line = session.scalars(select(ExceptionItem)).one()
        assert (line.kind, line.person_id) == ("not_confirmed", invitation.role_model.person_id)
        assert visit.id not in promises.due_confirmations(session, ten_before)
        invitations.accept(session, invitation.id, live.ROLE_MODEL)
    assert line.state is ExceptionState.RESOLVED


@pytest.mark.parametrize("state", [OutboxState.WAITING, OutboxState.FAILED])
def test_nobody_is_silent_about_a_mail_that_has_not_left(session: Session, world: World, state: OutboxState) -> None:
    invitation = live.open_invitation(session, live.visit_of(session, world.served[2]))
    asked = OutboxMessage.about_id == invitation.id, OutboxMessage.kind == "invitation_asked"
    letter = session.scalars(select(OutboxMessage).where(*asked)).one()
    letter.state = state
    session.flush()
    late = live.noon_of(world) + timedelta(days=8)
    with live.at(late):
        assert invitation.id not in silence.due_silences(session, late)
        assert invitation.id not in silence.due_reminders(session, late)
        assert silence.due_late(session, late) == []
        letter.state, letter.sent_at = OutboxState.SENT, late
        session.flush()
        assert invitation.id not in silence.due_silences(session, late)
        assert silence.due_late(session, late) == [invitation.id]
        silence.do_late(session, invitation.id, late)
        silence.do_late(session, invitation.id, late)
        assert silence.due_late(session, late) == []
    assert invitation.sent_at == late
    assert invitation.answer_by is not None
    assert invitation.answer_by > late + timedelta(days=1)
    link = LinkToken.object_id == invitation.id, LinkToken.purpose == LinkPurpose.INVITATION
    session.expire_all()
    assert session.scalars(select(LinkToken.expires_at).where(*link)).all() == [invitation.answer_by]
    with live.at(invitation.answer_by - timedelta(seconds=1)):
        assert invitation.id not in silence.due_silences(session, clock.now())
    assert invitation.id in silence.due_silences(session, invitation.answer_by)
    assert session.scalars(select(SilenceEpisode)).all() == []


def test_an_invitation_that_never_left_is_over_when_the_visit_begins(session: Session, world: World) -> None:
    invitation = live.open_invitation(session, live.visit_of(session, world.served[2]))
    begins = invitation.visit.starts_at
    with live.at(begins):
        assert invitation.id in silence.due_silences(session, begins)
        silence.do_silence(session, invitation.id, begins)
    assert invitation.state is InvitationState.EXPIRED
    assert session.scalars(select(SilenceEpisode)).all() == []
