"""The number on each day of the order form is what the slow way, one candidate at a time, finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import Mode, RefusalScope, RequestMode, RunKind, TopicUse, VisitState
from api.domain.programme_rules import VisitRules
from api.models.follow_up import PledgeSlot
from api.models.places import Holiday
from api.models.programmes import Season
from api.models.role_models import RoleModel, RoleModelBlocked, RoleModelFreeTime, RoleModelLanguage
from api.models.visits import Refusal, Request, RequestTopic
from api.queries import follow_up as reads
from api.queries.snapshot import Order, take_snapshot
from api.queries.supply import Supply, Wish, supply
from api.services.follow_up.candidates import Around, candidates_for
from matcher.problem import VisitProblem
from tests import factories as make
from tests.api.counting import count_queries

MONDAY = date(2027, 2, 1)
DAYS = [MONDAY + timedelta(days=number) for number in (0, 1, 2, 3, 4, 7, 8)]
START, END = time(9), time(9, 45)


@pytest.fixture(autouse=True)
def moved() -> Iterator[None]:
    with time_machine.travel("2027-01-04T08:00:00+00:00", tick=False):
        yield


@pytest.fixture
def request_(session: Session) -> Request:
    """An open request in a town of all kinds of role models."""
    season, topic = make.make_season(session), make.make_topic(session, code="energy")
    rules = make.make_rule_version(session, settings={"lead_school_days": 0})
    town = make.make_municipality(session)
    school = make.make_school(session, municipality_id=town.id)
    _people(session, season, school.id, town.id, topic)
    session.add(Holiday(day=DAYS[6], name="Fridag"))
    row = make.make_request(
        session,
        starts=(clock.at_local(DAYS[0], START),),
        season_id=season.id,
        programme_id=rules.programme_id,
        school_id=school.id,
    )
    row.topics = [RequestTopic(topic_id=topic.id, use=TopicUse.NEEDED)]
    session.flush()
    return row


def _people(session: Session, season: Season, school_id: str, town_id: str, topic: object) -> None:
    knows = {"topics": [topic]}
    make.make_role_model(session, **knows)
    make.make_role_model(session)
    make.make_role_model(session, lat=69.65, lon=18.95, **knows)
    make.make_role_model(session, lat=69.65, lon=18.95, digital=True, **knows)
    make.make_role_model(session, lowest_grade=11, **knows)
    make.make_role_model(session, away_until=DAYS[2], **knows)
    make.make_role_model(session, trained_on=None, **knows)
    make.make_role_model(session, languages=[RoleModelLanguage(language="en")], **knows)
    touching = [RoleModelFreeTime(weekday=1, starts=time(8), ends=time(9, 15)),
                RoleModelFreeTime(weekday=1, starts=time(9, 15), ends=time(12))]  # fmt: skip
    make.make_role_model(session, free_times=touching, **knows)
    blocked = make.make_role_model(session, **knows)
    blocked.blocked = [RoleModelBlocked(from_date=DAYS[1], to_date=DAYS[3])]
    busy = make.make_role_model(session, **knows)
    booked = clock.at_local(DAYS[1], time(9, 30))
    make.make_booking(session, person_id=busy.person_id, starts_at=booked, ends_at=booked + timedelta(hours=1))
    said_no = make.make_role_model(session, **knows)
    session.add(Refusal(role_model_id=said_no.id, scope=RefusalScope.SCHOOL, school_id=school_id))
    _engaged(session, season, make.make_role_model(session, max_per_week=1, **knows).id, DAYS[1])
    _engaged(session, season, make.make_role_model(session, max_per_term=1, **knows).id, DAYS[5])
    other = make.make_municipality(session)
    for named in (town_id, other.id):
        agreement = make.make_agreement(session, season_id=season.id)
        person = make.make_role_model(session, agreements=[agreement], free_times=[], **knows)
        week = make.make_visit_week(session, season_id=season.id, municipality_id=named, monday=MONDAY)
        agreement.visit_weeks.append(week)
        agreement.municipalities.append(week.municipality)
        for day in DAYS[:2]:
            session.add(
                PledgeSlot(agreement_id=agreement.id, role_model_id=person.id, day=day, starts=time(8), ends=time(12))
            )
    session.flush()


def _engaged(session: Session, season: Season, role_model_id: str, day: date) -> None:
    """A confirmed visit of the season elsewhere, in the afternoon."""
    person = session.get_one(RoleModel, role_model_id)
    starts = clock.at_local(day, time(13))
    other = make.make_request(session, starts=(starts,), season_id=season.id, state="visit")
    make.make_visit(session, person, request=other, state=VisitState.CONFIRMED)
    make.make_booking(session, person_id=person.person_id, starts_at=starts, ends_at=starts + timedelta(minutes=45))


def quickly(session: Session, row: Request, rules: VisitRules) -> Supply:
    wish = Wish(
        school=row.school,
        starts=START,
        ends=END,
        grades=(row.grade, *row.more_grades),
        topics=tuple(one.topic.code for one in row.topics),
        modes={"physical": (Mode.PHYSICAL,), "digital": (Mode.DIGITAL,)}.get(row.mode.value, tuple(Mode)),
        language=row.language,
    )
    return supply(session, session.get_one(Season, row.season_id), rules, wish, DAYS)


def slowly(session: Session, row: Request) -> dict[date, frozenset[str]]:
    around = Around.read(session, row)
    found = {}
    for day in DAYS:
        lesson = (clock.at_local(day, START), clock.at_local(day, END))
        people = candidates_for(session, row, times=[(lesson,)], around=around)
        found[day] = frozenset(one.people[0].role_model_id for one in people)
    return found


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"mode": RequestMode.EITHER},
        {"mode": RequestMode.DIGITAL},
        {"topics": []},
        {"language": "en"},
        {"grade": 8, "more_grades": [11]},
    ],
    ids=["as it is", "either", "digital", "any topic", "language", "grades"],
)
def test_numbers_are_those_of_the_slow_count(session: Session, request_: Request, asked: dict[str, object]) -> None:
    for name, value in asked.items():
        setattr(request_, name, value)
    session.flush()
    rules = reads.rules_of(session, request_.programme_id)
    quick, slow = quickly(session, request_, rules), slowly(session, request_)
    open_days = [day for day in DAYS if day != DAYS[6]]
    assert {day: quick.free[day] for day in open_days} == {day: slow[day] for day in open_days}
    assert any(slow.values())
    assert quick.on_any(DAYS[:2]) == len(slow[DAYS[0]] | slow[DAYS[1]])
    assert quick.near >= quick.able >= frozenset().union(*slow.values())


def test_everything_is_asked_once_however_many_people_and_days(session: Session, request_: Request) -> None:
    rules = reads.rules_of(session, request_.programme_id)
    asked = []
    for _more in range(2):
        session.expire_all()
        row = session.get_one(Request, request_.id)
        assert row.school
        assert [one.topic for one in row.topics]
        with count_queries(session) as counted:
            quickly(session, row, rules)
        asked.append(counted.total)
        make.make_role_model(session)
    assert asked[0] == asked[1] <= 16


def test_nobody_can_come_where_nobody_is(session: Session) -> None:
    school = make.make_school(session)
    wish = Wish(school=school, starts=START, ends=END)
    found = supply(session, make.make_season(session), VisitRules(), wish, DAYS)
    assert (found.near, found.on_any(DAYS)) == (frozenset(), 0)


def test_engine_asks_nobody_who_does_not_take_all_the_grades(session: Session, request_: Request) -> None:
    settings = reads.settings_of(session, request_.programme_id)
    season = session.get_one(Season, request_.season_id)
    request_.more_grades = [12]
    makes_do = make.make_role_model(session, lowest_grade=8, highest_grade=10)
    session.flush()
    order = Order(
        RunKind.VISIT, season.id, request_.programme_id, settings, season.starts_on, season.ends_on, clock.today()
    )
    taken = take_snapshot(session, order)
    assert taken.by_grades == {request_.id: 1}
    assert isinstance(taken.problem, VisitProblem)
    assert (makes_do.id, request_.id) in {(one.role_model, one.request) for one in taken.problem.refused}
