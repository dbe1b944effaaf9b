"""The overview of the day: who gets it, when, and what it counts."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import InvitationState, Locale, VisitState
from api.domain.permissions import Role
from api.domain.transitions import Party
from api.i18n import use_mail_locale
from api.mail.letters.staff import digest as letter
from api.models.follow_up import Invitation
from api.models.outbox import OutboxMessage
from api.models.places import Holiday
from api.services import audit, digest
from api.services.change import By, move
from api.services.follow_up.exceptions import raise_line
from api.services.unsubscribing import unsubscribe, way_out
from tests import factories as make

TUESDAY = datetime(2027, 2, 2, 6, tzinfo=UTC)  # 07:00 in Norway
MONDAY_NOON = TUESDAY - timedelta(hours=18)


def run(session: Session, now: datetime) -> list[OutboxMessage]:
    """Today's job, as the scheduler does it."""
    with time_machine.travel(now, tick=False):
        for person in digest.due_digest(session, now):
            digest.do_digest(session, person, now)
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.not_before, OutboxMessage.id)))


def told(message: OutboxMessage) -> tuple[dict[str, int], dict[str, int]]:
    assert message.values is not None
    return dict(message.values["needs_you"]), dict(message.values["happened"])


def line(session: Session, site_id: str | None = None) -> None:
    raise_line(
        session,
        "mail_failed",
        make.make_person(session).id,
        site_id=site_id,
        reason={"code": "refused"},
        remedy={"code": "call_and_correct_address"},
    )


def test_coordinator_hears_what_waits_and_what_happened_once_a_day(session: Session) -> None:
    coordinator = make.make_user(session, Role.COORDINATOR)
    line(session)
    line(session, make.make_site(session).id)
    make.make_request(session, submitted_at=MONDAY_NOON, answer_on=date(2027, 2, 16))
    make.make_request(session, submitted_at=TUESDAY - timedelta(days=5), answer_on=date(2027, 2, 3))
    (message,) = run(session, TUESDAY)
    assert message.person_id == coordinator.person_id
    assert told(message) == ({"exceptions": 1, "promises": 1}, {"requests": 1})
    assert len(run(session, TUESDAY + timedelta(minutes=5))) == 1
    assert len(run(session, TUESDAY + timedelta(days=1))) == 2


def test_a_monday_tells_of_the_weekend(session: Session) -> None:
    make.make_user(session, Role.COORDINATOR)
    friday_noon = datetime(2027, 1, 29, 11, tzinfo=UTC)
    make.make_request(session, submitted_at=friday_noon, answer_on=date(2027, 3, 1))
    (message,) = run(session, datetime(2027, 2, 1, 6, tzinfo=UTC))
    assert told(message) == ({}, {"requests": 1})


@pytest.mark.parametrize("day", [datetime(2027, 2, 6, 6, tzinfo=UTC), datetime(2027, 5, 17, 5, tzinfo=UTC)])
def test_nobody_gets_it_on_a_day_off(session: Session, day: datetime) -> None:
    make.make_user(session, Role.COORDINATOR)
    line(session)
    session.merge(Holiday(day=date(2027, 5, 17), name="17. mai"))
    session.flush()
    assert run(session, day) == []


def test_an_empty_one_is_not_sent(session: Session) -> None:
    make.make_user(session, Role.COORDINATOR)
    make.make_user(session, Role.ASSISTANT)
    assert run(session, TUESDAY) == []


def test_who_has_ended_it_gets_none(session: Session) -> None:
    coordinator = make.make_user(session, Role.COORDINATOR)
    line(session)
    unsubscribe(session, way_out(session, coordinator.person_id, "digest"))
    assert run(session, TUESDAY) == []


def test_site_leader_hears_of_the_own_site_only(session: Session) -> None:
    leader, group, other = make.make_user(session), make.make_group_session(session), make.make_group_session(session)
    make.make_grant(session, user_id=leader.id, role=Role.SITE_LEADER, site_id=group.site_id)
    for place in (group, other):
        line(session, place.site_id)
        entry = make.make_entry(session, place, created_at=MONDAY_NOON)
        with time_machine.travel(MONDAY_NOON, tick=False):
            seat = make.make_membership(session, entry_id=entry.id, session_id=place.id)
            move(session, seat, "end", By(Party.PUPIL), values={"to_date": date(2027, 2, 1)})
            audit.write_pending(session)
    (message,) = run(session, TUESDAY)
    assert message.person_id == leader.person_id
    assert told(message) == ({"exceptions": 1}, {"joined": 1, "released": 1})


def test_company_hears_of_its_own_people_only(session: Session) -> None:
    contact, company = make.make_user(session), make.make_company(session)
    make.make_grant(session, user_id=contact.id, role=Role.COMPANY_CONTACT, company_id=company.id)
    for owner in (company, make.make_company(session)):
        role_model = make.make_role_model(session, company_id=owner.id)
        visit = make.make_visit(session, role_model, state=VisitState.CONFIRMED)
        accepted = {"state": InvitationState.ACCEPTED, "answered_at": MONDAY_NOON}
        session.add(Invitation(visit_id=visit.id, role_model_id=role_model.id, **accepted))
        with time_machine.travel(MONDAY_NOON, tick=False):
            move(session, visit, "fall_through", By(Party.ROLE_MODEL))
            audit.write_pending(session)
        waits = {"state": InvitationState.SENT, "sent_at": MONDAY_NOON, "answer_by": TUESDAY + timedelta(days=3)}
        other = make.make_visit(session, role_model)
        session.add(Invitation(visit_id=other.id, role_model_id=role_model.id, **waits))
    session.flush()
    (message,) = run(session, TUESDAY)
    assert message.person_id == contact.person_id
    assert told(message) == ({"invitations": 1}, {"accepted": 1, "fell_through": 1})


@pytest.mark.parametrize(
    ("locale", "subject"),
    [
        (Locale.NB, "3 ting trenger deg i dag"),
        (Locale.NN, "3 ting treng deg i dag"),
        (Locale.EN, "3 things need you today"),
    ],
)
def test_it_is_in_the_readers_language(locale: Locale, subject: str) -> None:
    with use_mail_locale(locale):
        made = letter({"day": "2027-02-02", "needs_you": [["exceptions", 2], ["promises", 1]], "happened": []})
        quiet = letter({"day": "2027-02-02", "needs_you": [], "happened": [["held", 4]]})
    assert (made.subject, made.topic, [value for _label, value in made.facts]) == (subject, "digest", ["2", "1"])
    assert quiet.subject != subject
