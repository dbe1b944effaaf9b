"""A no with alternatives: each differs in one thing, is held for one school, and one of them can be chosen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import AlternativeKind, AlternativeState, InvitationState, RequestMode, RequestState, TopicUse
from api.domain.permissions import ANONYMOUS
from api.domain.transitions import IllegalStep
from api.errors import Conflict, NotFound
from api.models.bookings import Booking
from api.models.follow_up import Alternative, ExceptionItem, Invitation
from api.models.role_models import RoleModel
from api.models.visits import Request, RequestTopic
from api.services.change import SYSTEM
from api.services.follow_up import promises
from api.services.follow_up.visits import cancel_request
from api.services.schools import alternatives
from tests import factories as make
from tests.api.services.follow_up.live import SCHOOL, approved_season, at, coordinator, letters, noon_of, taken
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> World:
    return approved_season(session)[0]


def hour_after(world: World) -> datetime:
    return noon_of(world) + timedelta(hours=1)


def lonely(session: Session, world: World, **given: object) -> Request:
    """An open request whose own day nobody can hold: everyone is away on it."""
    start = clock.at_local(world.monday + timedelta(days=31), clock.to_local(make.MORNING).time())
    topic = make.make_topic(session)
    request = make.make_request(
        session,
        starts=(start,),
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        school_id=make.make_school(session, municipality_id=world.oslo.id).id,
        contact_id=make.make_person(session).id,
        **given,
    )
    request.topics = [RequestTopic(topic_id=topic.id, use=TopicUse.NEEDED)]
    session.flush()
    return request


def able(session: Session, request: Request) -> RoleModel:
    """Somebody who could come on other days, for this topic."""
    return make.make_role_model(session, topics=[request.topics[0].topic], title="geolog")


def offered(session: Session, world: World, request: Request) -> list[Alternative]:
    with at(hour_after(world)) as moment:
        return alternatives.offer_alternatives(session, request, SYSTEM, moment)


def test_each_differs_in_one_thing_and_its_hour_is_held(session: Session, world: World) -> None:
    request, before = lonely(session, world), taken(session)
    held = offered(session, world, request)
    assert request.state is RequestState.DECLINED
    assert request.answered_at == hour_after(world)
    assert held
    assert len(held) <= alternatives.MOST
    assert taken(session) == before + len(held)
    own = request.options[0].lessons[0].starts_at
    for one in held:
        assert (one.starts_at == own) == (one.kind is not AlternativeKind.DATE)
        assert (one.mode.value == "physical") == (one.kind is not AlternativeKind.MODE)
    assert letters(session).count("alternatives_offered") == 1


def test_nearest_days_come_first_and_each_hour_is_one_schools(session: Session, world: World) -> None:
    first, second = lonely(session, world), lonely(session, world)
    second.topics[0].topic_id = first.topics[0].topic_id
    session.flush()
    session.expire_all()
    person = able(session, first)
    person.max_per_term = 20
    block_own_day(session, person, first)
    mine, other = (
        [one for one in offered(session, world, each) if one.role_model_id == person.id] for each in (first, second)
    )
    assert mine
    assert not {one.starts_at for one in mine} & {one.starts_at for one in other}
    own = first.options[0].lessons[0].starts_at
    distances = [abs(one.starts_at - own) for one in mine]
    assert distances == sorted(distances)


def block_own_day(session: Session, person: RoleModel, request: Request) -> None:
    lesson = request.options[0].lessons[0]
    make.make_booking(session, person_id=person.person_id, starts_at=lesson.starts_at, ends_at=lesson.ends_at)
    session.expire_all()


def test_choosing_makes_the_visit_and_lets_the_others_go(session: Session, world: World) -> None:
    request, before = lonely(session, world), taken(session)
    block_own_day(session, able(session, request), request)
    before += 1
    held = offered(session, world, request)
    wanted = next(one for one in held if one.kind is AlternativeKind.DATE)
    with at(hour_after(world)) as moment:
        visit = alternatives.choose(session, wanted.id, SCHOOL, moment)
        again = alternatives.choose(session, wanted.id, SCHOOL, moment)
        assert visit is not None
        assert again is not None
        assert again.id == visit.id
        assert (visit.starts_at, request.state) == (wanted.starts_at, RequestState.VISIT)
        assert taken(session) == before + 1
        asked = session.scalars(select(Invitation).where(Invitation.visit_id == visit.id)).one()
        assert asked.state in (InvitationState.SENT, InvitationState.QUEUED)
        for other in held:
            session.refresh(other)
            if other is not wanted:
                assert other.state is AlternativeState.LAPSED
                with pytest.raises(Conflict):
                    alternatives.choose(session, other.id, SCHOOL, moment)


def test_another_form_or_topic_is_what_the_request_then_asks_for(session: Session, world: World) -> None:
    for wanted in (AlternativeKind.MODE, AlternativeKind.TOPIC):
        request = lonely(session, world)
        if wanted is AlternativeKind.MODE:
            make.make_role_model(session, topics=[request.topics[0].topic], digital=True, physical=False)
        session.expire_all()
        one = next(one for one in offered(session, world, request) if one.kind is wanted)
        with at(hour_after(world)) as moment:
            visit = alternatives.choose(session, one.id, SCHOOL, moment)
        assert visit is not None
        if wanted is AlternativeKind.MODE:
            assert request.mode is RequestMode.DIGITAL
        else:
            assert {row.use for row in request.topics} == {TopicUse.WISHED}


def test_one_that_is_lost_meanwhile_is_said_and_the_rest_stay(session: Session, world: World) -> None:
    request = lonely(session, world)
    block_own_day(session, able(session, request), request)
    held = offered(session, world, request)
    lost = held[0]
    session.get_one(RoleModel, lost.role_model_id).away_until = world.season.ends_on
    session.flush()
    with at(hour_after(world)) as moment:
        assert alternatives.choose(session, lost.id, SCHOOL, moment) is None
    session.refresh(lost)
    assert lost.state is AlternativeState.TAKEN
    assert request.state is RequestState.DECLINED
    assert [one.id for one in alternatives.open_alternatives(session, request.id)] == [one.id for one in held[1:]]
    holding = select(func.count()).select_from(Booking).where(Booking.id == lost.booking_id)
    assert session.scalar(holding.where(Booking.released_at.is_(None))) == 0


def test_time_is_given_back_when_nobody_chooses(session: Session, world: World) -> None:
    request, before = lonely(session, world), taken(session)
    held = offered(session, world, request)
    soon, over = held[0].held_until - timedelta(minutes=1), held[0].held_until
    assert alternatives.due_lapses(session, soon) == []
    due = alternatives.due_lapses(session, over)
    assert sorted(due) == sorted(one.id for one in held)
    with at(over):
        for key in [*due, *due]:
            alternatives.do_lapse(session, key, over)
        assert alternatives.choose(session, held[0].id, SCHOOL, over) is None
    assert taken(session) == before
    assert letters(session).count("alternatives_over") == 1


def test_what_is_open_of_a_request_that_was_withdrawn_is_given_back(session: Session, world: World) -> None:

    request, before = lonely(session, world), taken(session)
    held = offered(session, world, request)
    with at(hour_after(world)) as moment:
        cancel_request(session, request, SCHOOL, moment)
        for key in alternatives.due_lapses(session, moment):
            alternatives.do_lapse(session, key, moment)
    assert held
    assert taken(session) == before
    assert "alternatives_over" not in letters(session)


def test_promise_date_brings_the_no_of_a_request_that_the_plan_left_out(session: Session, world: World) -> None:
    request = world.unserved[0]
    due = clock.at_local(request.answer_on, clock.to_local(make.MORNING).time()) + timedelta(hours=8)
    with at(due):
        assert request.id in promises.due_promises(session, due)
        promises.do_promise(session, request.id, due)
        promises.do_promise(session, request.id, due)
    assert request.state is RequestState.DECLINED
    assert request.answered_at == due
    assert request.late_told_at is None
    lines = select(func.count()).select_from(ExceptionItem).where(ExceptionItem.object_id == request.id)
    assert session.scalar(lines) == 0


def test_only_the_coordination_says_no_and_only_once(session: Session, world: World) -> None:

    request = lonely(session, world)
    with at(hour_after(world)) as moment:
        with pytest.raises(NotFound):
            alternatives.decline_request(session, ANONYMOUS, request.id, moment)
        actor = coordinator(session)
        alternatives.decline_request(session, actor, request.id, moment)
        with pytest.raises(IllegalStep):
            alternatives.decline_request(session, actor, request.id, moment)
