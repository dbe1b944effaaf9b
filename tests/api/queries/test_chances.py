"""What a draft is told comes from the newest plan and the season before, is prepared once, and is quick."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from api.domain.enums import RequestMode, RunKind
from api.queries import chances
from api.queries.chances import Order, Past, SeatChance, VisitChance
from tests import factories as make
from tests.api.counting import count_queries
from tests.seasons import World, lessons_on, plan_now, planned_season


@pytest.fixture
def world(session: Session) -> World:
    return planned_season(session)


def order_of(session: Session, world: World, day: int = 0, **given: object) -> Order:
    """One lesson in a school of Oslo that has never asked, on a day of the first week."""
    start = lessons_on(world, day)
    order = Order(
        season=world.season,
        programme_id=world.visit_rules.programme_id,
        school=make.make_school(session, municipality_id=world.oslo.id),
        grades=(9,),
        options=(((start, start + make.LESSON),),),
    )
    return replace(order, **given)  # type: ignore[arg-type]  # fields of an order


def test_order_hears_what_the_plan_leaves(session: Session, world: World) -> None:
    assert chances.visit_chance(session, order_of(session, world, 4)) == VisitChance("at_once", None)
    far = make.make_school(session, municipality_id=world.oslo.id, lat=70.0, lon=30.0)
    assert chances.visit_chance(session, order_of(session, world, school=far)).now == "no"
    digital = order_of(session, world, 4, school=far, mode=RequestMode.DIGITAL)
    assert chances.visit_chance(session, digital).now == "at_once"
    assert chances.visit_chance(session, replace(digital, language="se")).now == "no"
    assert chances.visit_chance(session, replace(digital, topics=("unknown",))).now == "at_once"


def test_season_without_a_plan_has_nothing_to_say(session: Session, world: World) -> None:
    later = make.make_season(session, starts_on=date(2027, 8, 20), ends_on=date(2027, 12, 20))
    assert chances.visit_chance(session, order_of(session, world, season=later)) == VisitChance(None, None)


def test_second_draft_asks_for_no_plan_again(session: Session, world: World) -> None:
    order = order_of(session, world, 4)
    chances.visit_chance(session, order)
    with count_queries(session) as counted:
        chances.visit_chance(session, replace(order, role_models=2))
    assert counted.total <= 4


def test_before_the_draw_the_season_before_speaks(session: Session, world: World) -> None:
    """Twenty-four wanted twelve seats; the same site, a term later, before there is a plan."""
    evening = world.evenings[0]
    evening.seats = evening.ratio = 12
    level = make.make_level(session)
    mentor = make.make_mentor(session, site_id=evening.site_id, levels=[level], sessions=[evening], max_sessions=1)
    assert mentor.id
    for _ in range(24):
        make.make_entry(session, evening, level_id=level.id, priority_class=2)
    plan_now(session, world, RunKind.GROUP)
    starts = world.season.ends_on + timedelta(days=30)
    later = make.make_season(session, starts_on=starts, ends_on=starts + timedelta(weeks=16))
    asked = {"level": level.id, "class_": 2, "joined": starts, "evenings": {"new": evening.site_id}}
    programme = world.group_rules.programme_id
    told = chances.seat_chances(session, later, programme, **asked, drawn_later=True)["new"]
    assert told == SeatChance(None, 0, Past(world.season.name, 24, told.past.share if told.past else 0))
    assert told.past is not None
    assert 0.3 < told.past.share < 0.6
    assert chances.seat_chances(session, later, programme, **asked, drawn_later=False)["new"] == told
    nobody = chances.seat_chances(session, later, programme, **{**asked, "class_": 0}, drawn_later=True)["new"]
    assert nobody == SeatChance(None, 0, None)
