"""Friends come together after placement, and nobody else loses by it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.models.group_life import FriendCode
from api.models.plan_rows import PlanMentor, PlanSeat, PlanSession
from api.models.pupils import Entry
from api.services.queue import friends
from tests import factories as make
from tests.api.services.queue import worlds

CODE = "MATTE1"


@dataclass
class Planned:
    """Two evenings of a plan: `lone`, of the code, in the first; `friend`, of the code, and others in the second."""

    world: worlds.QueueWorld
    plan_id: str
    lone: Entry
    friend: Entry
    others: list[Entry]

    def together(self, session: Session) -> dict[str, str]:
        session.flush()
        return friends.together(session, self.plan_id, [self.world.evenings[0].site_id])


@pytest.fixture
def planned(session: Session) -> Planned:
    world = worlds.queue_world(session, seats=4)
    run = make.make_run(session, kind=RunKind.GROUP, season_id=world.season.id)
    plan = make.make_plan(session, run=run)
    lone, friend = world.join(session, 0, 1), world.join(session, 1)
    others = [world.join(session, 0), world.join(session, 1)]
    for held, mentor in zip(world.evenings, world.mentors, strict=True):
        session.add(PlanSession(plan_id=plan.id, session_id=held.id))
        session.flush()
        session.add(PlanMentor(plan_id=plan.id, session_id=held.id, mentor_id=mentor.id))
    session.flush()
    for entry, evening in ((lone, 0), (others[0], 0), (friend, 1), (others[1], 1)):
        seat(session, plan.id, world, entry, evening)
    for position, entry in enumerate((lone, friend), start=1):
        session.add(FriendCode(entry_id=entry.id, code=CODE, position=position))
    return Planned(world, plan.id, lone, friend, others)


def seat(session: Session, plan_id: str, world: worlds.QueueWorld, entry: Entry, evening: int) -> None:
    held, mentor = world.evenings[evening], world.mentors[evening]
    session.add(PlanSeat(plan_id=plan_id, entry_id=entry.id, session_id=held.id, mentor_id=mentor.id, choice=0))
    session.flush()


def test_friend_moves_to_a_seat_that_nobody_asks_for(session: Session, planned: Planned) -> None:
    assert planned.together(session) == {planned.lone.id: planned.world.evenings[1].id}


def test_nobody_moves_to_an_evening_they_did_not_choose(session: Session, planned: Planned) -> None:
    planned.lone.choices.pop()
    assert planned.together(session) == {}


def test_who_waits_for_the_seat_comes_before_friends(session: Session, planned: Planned) -> None:
    planned.world.join(session, 1)
    assert planned.together(session) == {}


def test_full_room_takes_no_friend(session: Session, planned: Planned) -> None:
    planned.world.evenings[1].seats = 2
    assert planned.together(session) == {}


def test_evening_that_needs_its_pupils_lets_none_go(session: Session, planned: Planned) -> None:
    planned.world.evenings[0].min_pupils = 2
    assert planned.together(session) == {}


def test_mentors_must_be_able_to_teach_the_friend_and_those_who_are_there(session: Session, planned: Planned) -> None:
    planned.world.evenings[1].ratio = 2
    assert planned.together(session) == {}, "the mentor has as many as there may be"
    planned.world.evenings[1].ratio = 3
    assert planned.together(session) == {planned.lone.id: planned.world.evenings[1].id}
    planned.lone.level_id = planned.world.other.id
    assert planned.together(session) == {}, "nobody there teaches the subject"


def test_another_site_is_left_alone(session: Session, planned: Planned) -> None:
    session.flush()
    assert friends.together(session, planned.plan_id, [make.make_site(session).id]) == {}
