"""A time that a company set aside: free then, and for the agreement's municipalities only, as the next plan sees it."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.models.follow_up import PledgeSlot
from api.models.places import Municipality
from api.models.programmes import Season
from api.models.role_models import RoleModel, RoleModelBlocked
from api.models.visits import Request
from api.queries.snapshot import Order, take_snapshot
from matcher.check import check
from matcher.problem import VisitProblem
from matcher.solve import solve
from tests import factories as make

TODAY = date(2026, 11, 16)
NEXT_DAY = make.MORNING + timedelta(days=1)


class World:
    """A season with an agreement for one town, whose one person has no weekly time at all."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.season: Season = make.make_season(session)
        self.programme = make.make_programme(session)
        self.town: Municipality = make.make_municipality(session)
        self.agreement = make.make_agreement(session, season_id=self.season.id)
        self.agreement.municipalities = [self.town]
        self.person: RoleModel = make.make_role_model(session, company_id=self.agreement.company_id, free_times=[])
        self.person.agreements = [self.agreement]

    def ask(self, town: Municipality, **given: object) -> Request:
        school = make.make_school(self.session, municipality_id=town.id)
        return make.make_request(
            self.session, season_id=self.season.id, programme_id=self.programme.id, school_id=school.id, **given
        )

    def pledge(self, starts: time, ends: time, day: date = make.MONDAY) -> None:
        ids = {"agreement_id": self.agreement.id, "role_model_id": self.person.id}
        self.session.add(PledgeSlot(**ids, day=day, starts=starts, ends=ends))

    def problem(self) -> VisitProblem:
        self.session.flush()
        self.session.expire_all()
        season, programme = self.season, self.programme
        order = Order(RunKind.VISIT, season.id, programme.id, {}, season.starts_on, season.ends_on, TODAY)
        problem = take_snapshot(self.session, order).problem
        assert isinstance(problem, VisitProblem)
        return problem


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def test_pledged_time_serves_the_agreements_town_and_no_other(world: World) -> None:
    ours = world.ask(world.town)
    world.ask(make.make_municipality(world.session), submitted_at=make.MORNING - timedelta(days=100))
    assert solve(world.problem()).visits == ()
    world.pledge(time(8), time(10))
    problem = world.problem()
    plan = solve(problem)
    [visit] = plan.visits
    assert (visit.request, [one.id for one in visit.role_models]) == (ours.id, [world.person.id])
    assert check(problem, plan) == []


def test_pledged_time_is_free_on_that_day_at_that_time_only(world: World) -> None:
    world.pledge(time(8), time(10))
    [person] = world.problem().role_models
    assert [(one.start.isoformat(), one.end.isoformat()) for one in person.free] == [
        ("2027-01-18T08:00:00", "2027-01-18T10:00:00")
    ]
    [reserved] = person.reserved
    assert (reserved.from_, reserved.to, reserved.municipalities) == (make.MONDAY, make.MONDAY, (world.town.id,))
    world.ask(world.town, starts=(NEXT_DAY,))
    assert solve(world.problem()).visits == ()


def test_pledged_time_and_weekly_time_are_one(world: World) -> None:
    free = make.make_role_model(world.session, company_id=world.agreement.company_id)
    ids = {"agreement_id": world.agreement.id, "role_model_id": free.id}
    world.session.add(PledgeSlot(**ids, day=make.MONDAY, starts=time(7, 30), ends=time(9)))
    people = {one.id: one for one in world.problem().role_models}
    on_monday = [one for one in people[free.id].free if one.start.date() == make.MONDAY]
    assert [(one.start.time(), one.end.time()) for one in on_monday] == [(time(7, 30), time(16))]


def test_a_day_that_the_person_has_blocked_stays_blocked(world: World) -> None:
    world.pledge(time(8), time(10))
    world.person.blocked = [RoleModelBlocked(from_date=make.MONDAY, to_date=make.MONDAY)]
    [person] = world.problem().role_models
    assert person.free == ()
