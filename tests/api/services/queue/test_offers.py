"""Seats go to the next in line; each answer, and silence, has one consequence that was told beforehand."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import EntryState, OfferReason, OfferState, OutboxState
from api.domain.transitions import IllegalStep, Party
from api.models.group_life import QueueEvent, SeatOffer
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry, Membership
from api.services import change
from api.services.queue import due, leave, members, offers, seats
from tests.api.services.follow_up.live import mails_leave
from tests.api.services.queue import worlds

PUPIL, SITE = change.by(Party.PUPIL), change.by(Party.SITE)


def offer_first(session: Session, world: worlds.QueueWorld, evening: int = 0) -> SeatOffer:
    made = offers.offer_next(session, world.evenings[evening], clock.now())
    assert made is not None
    return made


def seat_now(
    session: Session, world: worlds.QueueWorld, entry: Entry, evening: int, *, stay: bool = False
) -> Membership:
    offer = offer_first(session, world, evening)
    assert offer.entry_id == entry.id
    return offers.accept(session, offer, PUPIL, stay=stay)


@time_machine.travel(worlds.RUNNING, tick=False)
def test_first_in_line_is_offered_the_seat(session: Session) -> None:
    world = worlds.queue_world(session)
    first, second = world.join(session, 0), world.join(session, 0)
    offer = offer_first(session, world)
    assert (offer.entry_id, offer.seat, offer.reason) == (first.id, 1, OfferReason.QUEUE)
    assert offer.mentor_id == world.mentors[0].id
    assert offer.expires_at == worlds.RUNNING + timedelta(hours=24)
    assert worlds.letters_to(session, first) == ["queue_offer"]
    assert offers.offer_next(session, world.evenings[0], clock.now()) is None
    assert worlds.letters_to(session, second) == []


@time_machine.travel(worlds.RUNNING, tick=False)
def test_accepting_seats_the_pupil(session: Session) -> None:
    world = worlds.queue_world(session)
    entry = world.join(session, 0)
    member = offers.accept(session, offer_first(session, world), PUPIL)
    assert (member.seat, member.session_id, member.mentor_id) == (1, world.evenings[0].id, world.mentors[0].id)
    assert entry.state is EntryState.PLACED
    assert worlds.letters_to(session, entry) == ["queue_accepted", "queue_offer"]
    assert worlds.moves_of(session, entry) == [("offered", "queue"), ("accepted", "accepted")]
    assert worlds.broken_rules(session, world) == set()


@time_machine.travel(worlds.RUNNING, tick=False)
def test_pupil_whom_no_mentor_can_teach_is_passed_over_with_the_reason(session: Session) -> None:
    world = worlds.queue_world(session)
    physicist, second = world.join(session, 0, level_id=world.other.id), world.join(session, 0)
    offer = offer_first(session, world)
    assert offer.entry_id == second.id
    skipped = session.scalars(select(QueueEvent).where(QueueEvent.entry_id == physicist.id)).one()
    assert (skipped.move, skipped.rule, skipped.detail["offer"]) == ("skipped", "level", offer.id)


@time_machine.travel(worlds.RUNNING, tick=False)
def test_swap_comes_before_newcomers_and_frees_the_old_seat(session: Session) -> None:
    world = worlds.queue_world(session)
    sitting, waiting = world.join(session, 0), world.join(session, 1, 0)
    seat_now(session, world, sitting, 0)
    seat = offer_first(session, world, 1)
    assert seat.entry_id == waiting.id
    offers.decline(session, seat, PUPIL)
    seats_of_mine = members.active_seat(session, sitting.id)
    assert seats_of_mine is not None
    patient = world.join(session, 0, 1)
    member = offers.accept(session, offer_first(session, world, 1), PUPIL, stay=True)
    assert (member.entry_id, patient.stays_in_line) == (patient.id, True)
    newcomer = world.join(session, 1, 0, priority_class=0)
    leave.leave(session, sitting, PUPIL)
    (swap,) = worlds.open_offers(session)
    assert (swap.entry_id, swap.reason, swap.session_id) == (patient.id, OfferReason.SWAP, world.evenings[0].id)
    moved = offers.accept(session, swap, PUPIL)
    assert moved.session_id == world.evenings[0].id
    assert not patient.stays_in_line
    (next_one,) = worlds.open_offers(session)
    assert (next_one.entry_id, next_one.session_id) == (newcomer.id, world.evenings[1].id)
    assert worlds.broken_rules(session, world) == set()


@time_machine.travel(worlds.RUNNING, tick=False)
def test_saying_no_keeps_the_place_for_other_evenings(session: Session) -> None:
    world = worlds.queue_world(session)
    first, second = world.join(session, 0, 1), world.join(session, 0)
    place = (first.priority_class, first.joined_on, first.lottery_number)
    offers.decline(session, offer_first(session, world), PUPIL)
    assert (first.priority_class, first.joined_on, first.lottery_number) == place
    assert [choice.session_id for choice in first.choices] == [world.evenings[1].id]
    assert [offer.entry_id for offer in worlds.open_offers(session)] == [second.id]
    assert offer_first(session, world, 1).entry_id == first.id


def test_silence_moves_to_the_end_of_the_group_once(session: Session) -> None:
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        world = worlds.queue_world(session)
        silent, second = world.join(session, 0), world.join(session, 0)
        offer = offer_first(session, world)
        traveller.shift(timedelta(hours=23))
        assert due.due_expiries(session, clock.now()) == []
        traveller.shift(timedelta(hours=1))
        assert due.due_expiries(session, clock.now()) == []  # the letter has not left
        mails_leave(session)
        assert due.due_expiries(session, clock.now()) == [offer.id]
        due.do_expiry(session, offer.id, clock.now())
        due.do_expiry(session, offer.id, clock.now())
        assert (offer.state, silent.silences) == (OfferState.EXPIRED, 1)
        assert worlds.moves_of(session, silent)[1:] == [("expired", "silence"), ("moved_back", "silence")]
        (following,) = worlds.open_offers(session)
        assert following.entry_id == second.id
        offers.decline(session, following, PUPIL)
        (again,) = worlds.open_offers(session)
        assert again.entry_id == silent.id
        traveller.shift(timedelta(hours=24))
        mails_leave(session)
        due.do_expiry(session, again.id, clock.now())
        assert worlds.moves_of(session, silent)[-1] == ("expired", "silence_again")
        assert (silent.choices, worlds.open_offers(session)) == ([], [])


def test_answer_after_the_deadline_is_too_late(session: Session) -> None:
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        world = worlds.queue_world(session)
        world.join(session, 0)
        offer = offer_first(session, world)
        traveller.shift(timedelta(hours=24))
        with pytest.raises(IllegalStep):
            offers.accept(session, offer, PUPIL)
        with pytest.raises(IllegalStep):
            offers.decline(session, offer, PUPIL)
        assert offer.state is OfferState.OPEN


@time_machine.travel(worlds.RUNNING, tick=False)
def test_release_after_absences_frees_the_seat_for_the_next(session: Session) -> None:
    world = worlds.queue_world(session)
    away, second = world.join(session, 0), world.join(session, 0)
    member = seat_now(session, world, away, 0)
    offer = seats.release(session, member, SITE, seats.ABSENCE)
    assert offer is not None
    assert offer.entry_id == second.id
    assert away.state is EntryState.WAITING
    assert worlds.moves_of(session, away)[-2:] == [("released", "absence"), ("moved_back", "absence")]


@time_machine.travel(worlds.RUNNING, tick=False)
def test_contact_mentors_change_rather_than_pass_somebody_over(session: Session) -> None:
    world = worlds.queue_world(session, seats=2, evenings=1, settings={"max_ratio": 1})
    wide = world.mentors[0]
    wide.levels.append(world.other)
    narrow = worlds.make.make_mentor(session, site_id=wide.site_id, levels=[world.level], sessions=[world.evenings[0]])
    worlds.make.make_assignment(session, session_id=world.evenings[0].id, mentor_id=narrow.id)
    first = world.join(session, 0)
    member = seat_now(session, world, first, 0)
    member.mentor_id = wide.id
    session.flush()
    physicist = world.join(session, 0, level_id=world.other.id)
    offer = offer_first(session, world)
    assert (offer.entry_id, offer.mentor_id) == (physicist.id, wide.id)
    session.refresh(member)
    assert member.mentor_id == narrow.id


@time_machine.travel(worlds.RUNNING, tick=False)
def test_nothing_is_offered_before_the_plan_is_sent(session: Session) -> None:
    world = worlds.queue_world(session)
    world.join(session, 0)
    before_term = clock.now() - timedelta(weeks=8)
    assert offers.offer_next(session, world.evenings[0], before_term) is None
    assert due.due_next(session, clock.now()) == [world.evenings[0].id]
    due.do_next(session, world.evenings[0].id, clock.now())
    assert due.due_next(session, clock.now()) == []


def test_an_offer_whose_letter_left_late_stands_as_long_from_then(session: Session) -> None:
    with time_machine.travel(worlds.RUNNING, tick=False) as traveller:
        world = worlds.queue_world(session)
        world.join(session, 0)
        offer = offer_first(session, world)
        traveller.shift(timedelta(hours=30))
        due.do_expiry(session, offer.id, clock.now())
        assert offer.state is OfferState.OPEN
        letter = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "queue_offer")).one()
        letter.state, letter.sent_at = OutboxState.SENT, clock.now()
        session.flush()
        assert due.due_expiries(session, clock.now()) == []
        assert due.due_late(session, clock.now()) == [offer.id]
        due.do_late(session, offer.id, clock.now())
        due.do_late(session, offer.id, clock.now())
        assert due.due_late(session, clock.now()) == []
        assert (offer.offered_at, offer.expires_at) == (clock.now(), clock.now() + timedelta(hours=24))
        link = session.scalars(select(LinkToken).where(LinkToken.object_id == offer.id)).one()
        session.refresh(link)
        assert link.expires_at == offer.expires_at
        traveller.shift(timedelta(hours=24))
        assert due.due_expiries(session, clock.now()) == [offer.id]
