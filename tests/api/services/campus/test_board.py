"""What the board of a campus promises is what the queue then does."""

from __future__ import annotations

import random
from datetime import date

import pytest
import time_machine
from sqlalchemy.orm import Session

from api.domain.enums import EntryState
from api.models.group_life import MentorAssignment
from api.models.groups import Site
from api.services.campus import board
from api.services.queue import offers
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.services.queue import worlds
from tests.api.services.queue.worlds import QueueWorld

SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 60))]


def random_world(session: Session, seed: int) -> QueueWorld:
    """Three evenings with few seats, mentors of two levels, and more pupils than seats, some far away."""
    chance = random.Random(seed)
    world = worlds.queue_world(session, evenings=3)
    levels = [world.level, world.other]
    for evening in world.evenings:
        evening.seats, evening.ratio = chance.randint(1, 5), chance.randint(1, 3)
        for _ in range(chance.randint(0, 1)):
            more = make.make_mentor(
                session, site_id=evening.site_id, levels=chance.sample(levels, 1), sessions=[evening]
            )
            session.add(MentorAssignment(session_id=evening.id, mentor_id=more.id, from_date=date(2027, 1, 4)))
        make.make_mentor(
            session,
            site_id=evening.site_id,
            levels=chance.sample(levels, chance.randint(1, 2)),
            sessions=world.evenings,
        )
    for _ in range(chance.randint(2, 14)):
        chosen = chance.sample(range(3), chance.randint(1, 3))
        pupil = make.make_pupil(session, lat=60.0 + chance.random(), lon=10.7)
        most = chance.choice([None, 30, 90])
        level = chance.choice(levels)
        world.join(session, *chosen, pupil_id=pupil.id, max_travel_minutes=most, level_id=level.id)
    for evening in world.evenings[: chance.randint(0, 2)]:
        entry = make.make_entry(session, evening, level_id=world.level.id, state=EntryState.PLACED)
        make.make_membership(session, entry_id=entry.id, session_id=evening.id, mentor_id=None)
    session.flush()
    return world


def site_of(session: Session, world: QueueWorld) -> Site:
    return session.get_one(Site, world.evenings[0].site_id)


@pytest.mark.parametrize("seed", SEEDS)
@time_machine.travel(worlds.RUNNING, tick=False)
def test_numbers_are_what_sending_and_one_more_mentor_give(session: Session, seed: int) -> None:
    world = random_world(session, seed)
    found = board.board(session, site_of(session, world), world.evenings, worlds.RUNNING)
    sent = board.send_offers(session, world.evenings, worlds.RUNNING)
    assert found.offers == sent
    made = {(one.session_id, one.entry_id) for one in worlds.open_offers(session)}
    assert made == {(key, claim.id) for key, several in found.now.items() for claim in several}
    for evening in world.evenings:
        promised = found.more_in(evening.id)
        inside = session.begin_nested()
        if promised is not None and promised.helper is not None:
            mentor = promised.helper.mentor
        else:
            mentor = make.make_mentor(session, site_id=evening.site_id, levels=[world.level, world.other])
        session.add(MentorAssignment(session_id=evening.id, mentor_id=mentor.id, from_date=date(2027, 1, 4)))
        session.flush()
        more = offers.fill(session, evening, worlds.RUNNING)
        assert len(more) == (promised.pupils if promised else 0), evening.id
        inside.rollback()
        session.expire_all()


@time_machine.travel(worlds.RUNNING, tick=False)
def test_the_mentor_who_serves_most_is_named_and_says_whether_it_is_above_what_was_agreed(session: Session) -> None:
    world = worlds.queue_world(session, seats=9, evenings=2)
    for evening in world.evenings:
        evening.ratio = 1
    world.join(session, 0, level_id=world.other.id)
    world.join(session, 0, level_id=world.other.id)
    able = make.make_mentor(session, site_id=world.evenings[0].site_id, levels=[world.other], sessions=world.evenings)
    session.add(MentorAssignment(session_id=world.evenings[1].id, mentor_id=able.id, from_date=date(2027, 1, 4)))
    session.flush()
    (more,) = board.board(session, site_of(session, world), world.evenings, worlds.RUNNING).one_more
    assert more.helper is not None
    assert (more.pupils, more.serves[world.other.id], more.helper.mentor.id) == (1, 1, able.id)
    assert more.helper.above_agreed
    able.max_sessions = 1
    session.flush()
    (nobody,) = board.board(session, site_of(session, world), world.evenings, worlds.RUNNING).one_more
    assert (nobody.helper, nobody.pupils) == (None, 1)


@time_machine.travel(worlds.RUNNING, tick=False)
def test_before_the_plan_is_sent_nothing_is_promised(session: Session) -> None:
    world = worlds.queue_world(session, seats=3)
    world.season.starts_on = date(2027, 3, 1)
    world.join(session, 0)
    session.flush()
    found = board.board(session, site_of(session, world), world.evenings, worlds.RUNNING)
    assert (found.offers, found.until) == (0, None)


@time_machine.travel(worlds.RUNNING, tick=False)
def test_as_many_questions_for_three_evenings_as_for_one(session: Session) -> None:
    world = worlds.queue_world(session, seats=3, evenings=3)
    for number in range(3):
        world.join(session, number)
    site = site_of(session, world)
    with count_queries(session) as one:
        board.board(session, site, world.evenings[:1], worlds.RUNNING)
    with count_queries(session) as three:
        board.board(session, site, world.evenings, worlds.RUNNING)
    assert three.total == one.total < 16
