"""The quick count of open orders in reach, against the plain one: everybody's orders, one by one, by the matcher."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, RefusalScope, RequestMode, TopicUse
from api.models.programmes import Programme
from api.models.role_models import RoleModel, RoleModelBlocked, RoleModelFreeTime, RoleModelLanguage
from api.models.visits import Refusal, Request, RequestTopic
from api.queries.reach import MOST, STEP, reach_of
from api.services.follow_up.candidates import Standing
from matcher.eligibility import Engagement, RoleModelFacts, eligible
from tests import factories as make
from tests.api.counting import count_queries

GRADES = (5, 8, 9, 10, 12)


def monday() -> datetime:
    first = clock.today() + timedelta(days=28)
    return clock.at_local(first - timedelta(days=first.weekday()), time(8))


@pytest.fixture
def season(session: Session) -> str:
    today = clock.today()
    season = make.make_season(session, starts_on=today - timedelta(days=10), ends_on=today + timedelta(days=200))
    return str(season.id)


def someone(session: Session, luck: random.Random) -> RoleModel:
    topics = [make.make_topic(session) for _ in range(3)]
    person = make.make_role_model(
        session,
        lat=59.9,
        lon=10.7,
        lowest_grade=8,
        highest_grade=10,
        digital=luck.random() < 0.5,
        max_lessons=2,
        max_travel_minutes=60,
        trained_on=clock.today(),
        confirmed_at=clock.now(),
    )
    person.topics = topics[:2]
    person.languages = [RoleModelLanguage(language="nb"), RoleModelLanguage(language="en")]
    person.free_times.clear()
    session.flush()
    person.free_times = [RoleModelFreeTime(weekday=day, starts=time(8), ends=time(12)) for day in (1, 2, 4)]
    person.blocked = [
        RoleModelBlocked(from_date=monday().date() + timedelta(1), to_date=monday().date() + timedelta(1))
    ]
    session.flush()
    return person


def orders(session: Session, season: str, person: RoleModel, luck: random.Random, count: int) -> list[Request]:
    """Orders of all kinds, near and far, in all states of suiting."""
    made = []
    programme = session.scalars(select(Programme)).first() or make.make_programme(session)
    other = make.make_topic(session)
    for _ in range(count):
        school = make.make_school(session, lat=59.9 + luck.uniform(-1.2, 1.2), lon=10.7 + luck.uniform(-2.4, 2.4))
        at = monday() + timedelta(days=luck.choice((0, 1, 2, 3)), hours=luck.choice((0, 1, 3, 5)))
        request = make.make_request(
            session,
            season_id=season,
            programme_id=programme.id,
            school_id=school.id,
            grade=luck.choice(GRADES),
            mode=luck.choice(list(RequestMode)),
            language=luck.choice((None, None, "nn", "en", "pl")),
            starts=tuple(at + timedelta(hours=n) for n in range(luck.choice((1, 1, 3)))),
        )
        for use in luck.sample(list(TopicUse), luck.choice((0, 1, 1))):
            topic = luck.choice([*person.topics, other])
            session.add(RequestTopic(request_id=request.id, topic_id=topic.id, use=use))
        if luck.random() < 0.1:
            session.add(
                Refusal(role_model_id=person.id, scope=RefusalScope.REQUEST, request_id=request.id)
                if luck.random() < 0.5
                else Refusal(role_model_id=person.id, scope=RefusalScope.SCHOOL, school_id=school.id)
            )
        made.append(request)
    session.flush()
    session.expire_all()
    return made


def plainly(session: Session, person: RoleModel, orders: list[Request], minutes: int) -> set[str]:
    """The orders to which the matcher lets the person come at one of their times, travelling so far."""
    person.max_travel_minutes = minutes
    session.flush()
    standing = Standing.read(session, orders[0].season_id, orders[0].programme_id)
    facts = RoleModelFacts(standing.problem)
    where = facts.ids.index(person.id)
    return {
        asked.id
        for asked in standing.problem.requests
        for option in asked.options
        for mode in Mode
        if asked.mode in (mode.value, "either") and eligible(facts, Engagement(asked, option, mode.value))[where]
    }


def test_the_quick_count_is_the_plain_one(session: Session, season: str) -> None:
    luck = random.Random(7)
    person = someone(session, luck)
    made = orders(session, season, person, luck, 60)
    quick = {at: {one.request_id for one in reach_of(session, person, at).within} for at in (20, 60, MOST)}
    for minutes, found in quick.items():
        assert found == plainly(session, person, made, minutes)
    assert quick[20] <= quick[60] <= quick[MOST]
    assert quick[20] < quick[MOST]


def test_bars_gain_and_next_step_say_the_same(session: Session, season: str) -> None:
    luck = random.Random(11)
    person = someone(session, luck)
    orders(session, season, person, luck, 60)
    reaches = [reach_of(session, person, minutes) for minutes in range(0, MOST + 1, STEP)]
    for less, more in pairwise(reaches):
        assert sum(bar.within for bar in less.bars) == len(less.within)
        assert sum(bar.count for bar in less.bars) == len(less.suiting)
        if less.next_step == more.minutes:
            assert {one.request_id for one in less.gained} == {one.request_id for one in more.within} - {
                one.request_id for one in less.within
            }
        waits = [one.waited for one in less.gained]
        assert waits == sorted(waits, reverse=True)
    assert reaches[-1].next_step is None


def test_the_number_of_queries_does_not_grow(session: Session, season: str) -> None:
    luck = random.Random(3)
    person = someone(session, luck)
    counts = []
    for _ in range(2):
        orders(session, season, person, luck, 3)
        session.refresh(person)
        _ = person.free_times, person.blocked, person.languages
        with count_queries(session) as counted:
            reach_of(session, person)
        counts.append(counted.total)
    assert counts[0] == counts[1] <= 10
