"""The plan of the night: where somebody waits and something has changed, and never beside an open run."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import Engine, select

from api.db import reading, transaction
from api.domain.enums import RequestState, RunKind, RunState
from api.models.planning import Run
from api.models.programmes import ProgrammeRuleVersion
from api.models.visits import Request
from api.services.nightly import due_plans, queue_plan
from api.worker import Worker
from scheduler.jobs import job_named
from scheduler.when import Daily
from tests import factories as make
from tests.api.worker.worlds import Ids, change, group_season, really, visit_season

NIGHT = datetime(2026, 12, 1, 3, tzinfo=UTC)


def night(now: datetime = NIGHT) -> list[Run]:
    """What the job does at that moment; returns the runs that wait then."""
    with time_machine.travel(now, tick=False):
        with reading() as session:
            items = due_plans(session, now)
        for item in items:
            with transaction() as session:
                queue_plan(session, item, now)
    with reading() as session:
        return list(session.scalars(select(Run).where(Run.state == RunState.QUEUED)))


def solve_all(moment: datetime = NIGHT - timedelta(hours=5)) -> None:
    with time_machine.travel(moment, tick=False):
        while Worker(really(), name="here").run_next():
            pass


@pytest.fixture
def season(own_database: Engine) -> Ids:
    """A season with two requests that are planned already."""
    with time_machine.travel(NIGHT - timedelta(hours=6), tick=False):
        ids = visit_season()
    solve_all()
    return ids


def test_season_that_has_not_changed_is_not_planned_again(season: Ids) -> None:
    assert night() == []
    assert night(NIGHT + timedelta(days=1)) == []


def test_changed_season_is_planned_once(season: Ids) -> None:
    with transaction() as session:
        old = session.get_one(Request, season.requests[0])
        make.make_request(session, season_id=season.season, programme_id=old.programme_id)
    (run,) = night()
    assert (run.kind, run.season_id, run.requested_by_id, run.settings["seconds"]) == (
        RunKind.VISIT,
        season.season,
        None,
        60,
    )
    assert [one.id for one in night(NIGHT + timedelta(days=1))] == [run.id]
    solve_all(NIGHT + timedelta(days=1, minutes=1))
    assert night(NIGHT + timedelta(days=2)) == []


def test_new_rules_are_a_change(season: Ids) -> None:
    with transaction() as session:
        old = session.scalars(select(ProgrammeRuleVersion)).one()
        make.make_rule_version(session, programme_id=old.programme_id, number=2, settings=old.settings)
    assert len(night()) == 1


def test_season_where_nobody_waits_is_left_alone(season: Ids) -> None:
    for request in season.requests:
        change(Request, request, state=RequestState.CANCELLED)()
    assert night() == []


def test_season_that_is_over_is_left_alone(season: Ids) -> None:
    change(Request, season.requests[0], role_models=2)()
    assert night(datetime(2029, 1, 1, 3, tzinfo=UTC)) == []


def test_group_season_is_planned_too(own_database: Engine) -> None:
    ids = group_season()
    change(Run, ids.run, state=RunState.CANCELLED, finished_at=NIGHT)()
    (run,) = night()
    assert (run.kind, run.season_id) == (RunKind.GROUP, ids.season)


def test_it_happens_at_four_in_the_morning() -> None:
    job = job_named("nightly-plan")
    assert job is not None
    assert job.when == Daily(time(4))
