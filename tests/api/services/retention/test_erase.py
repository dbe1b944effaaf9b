"""Nothing in any table says who a forgotten person was; what is counted is still there, and the trail holds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.audit import first_broken
from api.domain.enums import EntryState, InvitationState, MembershipState, OfferState, ProfileState, VisitState
from api.models.access import User
from api.models.bookings import Booking
from api.models.follow_up import Invitation
from api.models.group_life import QueueEvent, SeatOffer
from api.models.jobs import ErasureLog
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.models.pupils import Entry, Membership
from api.models.records import AuditEntry
from api.models.visits import Visit
from api.services import audit
from api.services.retention.erase import NAMELESS, erase_person, is_erased, replay
from tests import factories as make
from tests.api.services.retention import canaries
from tests.api.services.retention.canaries import places_of


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_role_model_is_nowhere_afterwards(session: Session) -> None:
    row = canaries.role_model(session)
    assert len(places_of(session)) >= 18
    erase_person(session, row.person_id, "own_wish")
    assert places_of(session) == set()


def test_visits_that_were_held_are_still_counted_and_those_to_come_go_on_without_the_person(session: Session) -> None:
    row = canaries.role_model(session)
    to_come = session.scalars(select(Visit)).one()
    request = make.make_request(session, starts=(clock.now() - timedelta(days=20),), state="visit")
    held = make.make_visit(session, row, request=request, state="held")
    accepted = Invitation(visit_id=held.id, role_model_id=row.id, state="accepted")
    session.add(accepted)
    erase_person(session, row.person_id, "own_wish")
    session.refresh(row)
    assert (row.state, row.title, (row.lat, row.lon) == (59.91, 10.75)) == (ProfileState.LEFT, "", False)
    assert (held.state, [one.role_model_id for one in held.role_models]) == (VisitState.HELD, [row.id])
    assert (accepted.state, to_come.state) == (InvitationState.ACCEPTED, VisitState.FELL_THROUGH)
    asked = session.scalars(select(Invitation).where(Invitation.visit_id == to_come.id)).one()
    assert asked.state is InvitationState.WITHDRAWN
    assert [one.released_at is None for one in session.scalars(select(Booking))] == [False]
    assert canaries.places_of(session) == set()


def test_pupil_and_guardian_are_nowhere_afterwards_and_the_queue_keeps_its_numbers(session: Session) -> None:
    pupil, entry = canaries.pupil(session)
    session.add(QueueEvent(entry_id=entry.id, number=1, move="joined", rule="registration"))
    number = entry.lottery_number
    assert len(places_of(session)) >= 7
    erase_person(session, pupil.person_id, "own_wish")
    assert places_of(session) == set()
    session.refresh(pupil)
    assert [pupil.gender, pupil.birth_year, pupil.lat, pupil.school_id] == [None] * 4
    (kept,) = session.scalars(select(Entry)).all()
    assert (kept.state, kept.lottery_number, kept.max_travel_minutes) == (EntryState.LEFT, number, None)
    assert [one.state for one in session.scalars(select(SeatOffer))] == [OfferState.WITHDRAWN]
    assert [one.state for one in session.scalars(select(Membership))] == [MembershipState.ENDED]
    assert count(session, QueueEvent) >= 1
    assert set(session.scalars(select(Person.name).join(ErasureLog, ErasureLog.object_id == Person.id))) == {NAMELESS}
    assert count(session, ErasureLog) == 2


def test_guardian_who_answers_for_another_pupil_stays(session: Session) -> None:
    pupil, _ = canaries.pupil(session)
    other = make.make_pupil(session)
    guardian = session.scalars(select(Person).where(Person.name == "Kanari Foresatt")).one()
    session.add(canaries.GuardianLink(pupil_id=other.id, person_id=guardian.id))
    erase_person(session, pupil.person_id, "own_wish")
    assert places_of(session) == {"person.name", "person.email", "person.phone"}


def test_mentor_is_nowhere_afterwards(session: Session) -> None:
    row = canaries.mentor(session)
    assert len(places_of(session)) >= 7
    erase_person(session, row.person_id, "own_wish")
    assert places_of(session) == set()
    session.refresh(row)
    assert (row.is_active, row.levels, row.sessions) == (False, [], [])


def test_trail_names_the_account_and_holds_when_its_holder_is_forgotten(session: Session) -> None:
    person = canaries.person(session)
    user = canaries.account(session, person.id)
    audit.record(session, "run.cancel", "run", "0" * 36, actor_id=user.id)
    audit.write_pending(session)
    erase_person(session, person.id, "account")
    audit.write_pending(session)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert first_broken(entries) is None
    assert [(entry.action, entry.object_id) for entry in entries][-1] == ("person.erase", person.id)
    session.refresh(user)
    assert (user.login, user.is_active, user.password_hash) == (f"erased:{user.id}", False, None)
    assert count(session, User) == 1


def test_others_with_the_same_words_inside_theirs_keep_their_messages(session: Session) -> None:
    ola = make.make_person(session, name="Ola", email="ola@example.org")
    olav = make.make_person(session, name="Olav", email="nicola@example.org")
    canaries.messages(session, olav.id, "1" * 36)
    for message in session.scalars(select(OutboxMessage)):
        message.values = {"name": "Olav", "mail": "nicola@example.org"}
    erase_person(session, ola.id, "own_wish")
    assert [row.values for row in session.scalars(select(OutboxMessage))] == [
        {"name": "Olav", "mail": "nicola@example.org"}
    ] * 3


def test_a_sibling_with_the_same_address_still_gets_what_was_on_its_way(session: Session) -> None:
    leaves = make.make_person(session, name="Kanari Elev", email="hjemme@example.org")
    stays = make.make_person(session, name="Fugl Elev", email="Hjemme@example.org")
    canaries.messages(session, stays.id, "1" * 36)
    for message in session.scalars(select(OutboxMessage)):
        message.address, message.values = "hjemme@example.org", {"name": "Fugl Elev"}
    session.flush()
    before = count(session, OutboxMessage)
    assert before >= 3
    erase_person(session, leaves.id, "own_wish")
    assert count(session, OutboxMessage) == before
    assert {row.address for row in session.scalars(select(OutboxMessage))} == {"hjemme@example.org"}


def test_forgetting_twice_is_forgetting_once(session: Session) -> None:
    row = canaries.role_model(session)
    erase_person(session, row.person_id, "own_wish")
    erase_person(session, row.person_id, "own_wish")
    erase_person(session, "0" * 36, "own_wish")
    assert count(session, ErasureLog) == 1


def test_erasures_are_done_again_after_an_older_copy_was_restored(session: Session) -> None:
    row = canaries.role_model(session)
    with session.begin_nested() as later:
        erase_person(session, row.person_id, "own_wish")
        log = [(one.object_id, one.erased_at, one.rule) for one in session.scalars(select(ErasureLog))]
        later.rollback()
    session.expire_all()
    assert places_of(session)
    assert not is_erased(session, row.person_id)
    unknown = ("0" * 36, log[0][1], "contact")
    assert replay(session, [*log, unknown]) == 1
    assert places_of(session) == set()
    assert replay(session, [*log, unknown]) == 0
    assert count(session, ErasureLog) == 2
