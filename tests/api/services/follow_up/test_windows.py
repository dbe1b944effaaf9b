"""A booking window whose plan is late gets a line, which goes when the plan is approved."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ExceptionState, RunKind
from api.models.follow_up import ExceptionItem
from api.models.programmes import Window
from api.services.coordination import calls
from api.services.follow_up import approval, windows
from tests import factories as make
from tests.api.services.follow_up import live
from tests.seasons import World


@pytest.fixture
def world(session: Session) -> World:
    made = live.planned_season(session)
    live.with_contacts(session, made)
    return made


@pytest.fixture
def window(session: Session, world: World) -> Window:
    """Closed the week before the plan was made; its visit week is that of the season's visits."""
    closed = clock.at_local(world.today - timedelta(weeks=1), time(12))
    made = make.make_window(
        session,
        season_id=world.season.id,
        programme_id=world.visit_rules.programme_id,
        opens_at=closed - timedelta(weeks=6),
        closes_at=closed,
    )
    town = make.make_municipality(session)
    make.make_visit_week(
        session, season_id=world.season.id, municipality_id=town.id, monday=world.monday, window_id=made.id
    )
    for request in world.served:
        request.window_id = made.id
    session.flush()
    return made


def last_day(world: World) -> datetime:
    """The morning of the last day on which the plan is approved in time."""
    return clock.at_local(world.monday - timedelta(weeks=5), time(9))


def do_due(session: Session, moment: datetime) -> None:
    """What the job does."""
    with live.at(moment):
        for window_id in windows.due_windows(session, moment):
            windows.do_window(session, window_id, moment)


def lines(session: Session) -> list[ExceptionItem]:
    return list(session.scalars(select(ExceptionItem).where(ExceptionItem.kind == windows.KIND)))


def test_line_comes_the_day_after_the_last_and_once(session: Session, world: World, window: Window) -> None:
    do_due(session, last_day(world))
    assert lines(session) == []
    for _ in range(2):
        do_due(session, last_day(world) + timedelta(days=1))
    [line] = lines(session)
    assert (line.object_id, line.due_on) == (window.id, world.monday - timedelta(weeks=5))
    assert line.reason["requests"] == 3
    assert line.remedy == {"code": "approve_plan"}


def test_remedy_leads_to_the_approval_of_the_newest_plan(session: Session, world: World, window: Window) -> None:
    do_due(session, last_day(world) + timedelta(days=1))
    [line] = lines(session)
    actor = live.coordinator(session)
    assert calls.use_remedy(session, actor, line.id).page == f"/godkjenn/{world.plans[RunKind.VISIT]}"
    window.closes_at = clock.at_local(world.today + timedelta(weeks=1), time(12))
    session.flush()
    assert calls.use_remedy(session, actor, line.id).page == "/kjoringer"
    assert line.state is ExceptionState.OPEN


def test_approving_settles_it_and_undoing_brings_it_back(session: Session, world: World, window: Window) -> None:
    late = last_day(world) + timedelta(days=1)
    do_due(session, late)
    with live.at(late):
        made = approval.approve(session, live.coordinator(session), world.plans[RunKind.VISIT])
    assert [line.state for line in lines(session)] == [ExceptionState.RESOLVED]
    do_due(session, late + timedelta(hours=1))
    assert [line.state for line in lines(session)] == [ExceptionState.RESOLVED]
    with live.at(late):
        approval.undo(session, live.coordinator(session), made.id)
    do_due(session, late + timedelta(hours=1))
    assert [line.state for line in lines(session)].count(ExceptionState.OPEN) == 1


def test_no_line_without_anybody_who_waits_and_none_after_the_weeks(
    session: Session, world: World, window: Window
) -> None:
    do_due(session, last_day(world) + timedelta(days=1))
    do_due(session, clock.at_local(world.monday, time(9)))
    assert [line.state for line in lines(session)] == [ExceptionState.RESOLVED]
    for request in world.served:
        request.window_id = None
    session.flush()
    assert windows.due_windows(session, last_day(world) + timedelta(days=1)) == []


def test_what_a_person_has_closed_stays_closed(session: Session, world: World, window: Window) -> None:
    late = last_day(world) + timedelta(days=1)
    do_due(session, late)
    [line] = lines(session)
    with live.at(late):
        calls.close(session, live.coordinator(session), line.id, "elsewhere")
    assert windows.due_windows(session, late + timedelta(days=1)) == []
    assert windows.due_windows(session, clock.at_local(world.monday, time(9))) == []
