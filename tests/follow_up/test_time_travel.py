"""Two years of the scheduler in fast time: what is due is done once, whatever the clocks do, and however long it stood.

Nobody answers anything in this season but one role model, so that something is due at every kind of job.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from api import clock, db
from api.db import transaction
from api.domain.enums import JobState, LinkPurpose, OfferState, RunKind
from api.models.follow_up import ExceptionItem, Invitation
from api.models.group_life import SeatOffer
from api.models.jobs import JobRun
from api.models.outbox import OutboxMessage
from api.models.pupils import Entry
from api.models.visits import Request
from scheduler.jobs import JOBS, Job
from scheduler.runner import run_due
from scheduler.when import Daily
from tests import invariants
from tests.conftest import Backend
from tests.follow_up.post_office import PostOffice
from tests.follow_up.test_pupil_journeys import approve_groups, join
from tests.follow_up.visits import invitation, order, phone_order, role_models, send_order
from tests.year.test_year import copy_of
from tests.year.town import START, build

BEGIN = date(2026, 12, 8)  # everything is under way
AT_FIRST = clock.at_local(BEGIN, time(12, 1))
LAST_DAY = date(2028, 12, 8)
# Until the silent have been asked again; then the visit of 19 January, before and after.
BUSY = ((BEGIN, date(2026, 12, 18)), (date(2027, 1, 7), date(2027, 1, 9)), (date(2027, 1, 18), date(2027, 1, 21)))
NIGHTS = [date(2027, 3, 28), date(2027, 10, 31), date(2028, 3, 26), date(2028, 10, 29)]
WEEK_53 = {date(2026, 12, 28) + timedelta(days=number) for number in range(7)}
OUTAGE = timedelta(hours=48)
DAILY = {job.name for job in JOBS if isinstance(job.when, Daily)}
# What is told once about one thing.
ONCE = {
    "invitation_expired",
    "order_reminder",
    "queue_guardian_reminder",
    "queue_offer_reminder",
    "visit_call_school",
    "visit_ready_role_model",
    "visit_ready_school",
    "visit_tomorrow_role_model",
    "visit_tomorrow_school",
    "visit_over_role_model",
    "visit_over_school",
}


@pytest.fixture(scope="module")
def begun(backend: Backend, app: Flask) -> Iterator[URL]:
    """A season in which everybody has been asked something, on the morning of BEGIN."""
    url = backend.new_database()
    engine = db.make_engine(url)
    before = db.use_sessions(db.sessions_of(engine))
    with time_machine.travel(START, tick=False) as traveller:
        with transaction() as session:
            town = build(session)
        _begin(PostOffice(app, town, traveller.move_to))
    db.use_sessions(before)
    engine.dispose()  # the last connection to an SQLite file writes its log into it
    yield url
    backend.drop(url)


def _begin(office: PostOffice) -> None:
    office.tick()
    for pupil in range(4):
        join(office, pupil)
    office.at(date(2026, 12, 1), 12)
    order(office, date(2027, 1, 19))
    office.approve(office.plan(RunKind.VISIT))
    office.at(date(2026, 12, 2), 12)
    (asked,) = office.asked(role_models(office))
    office.pressed(invitation(office, asked), "/ja")
    for school, day in enumerate((date(2027, 1, 20), date(2027, 2, 10), date(2027, 1, 28))):
        phone_order(office, day, school=school)
    office.at(date(2026, 12, 7), 9)
    office.approve(office.plan(RunKind.VISIT))
    approve_groups(office)
    send_order(office, date(2027, 2, 2), school=3, address="nobody@example.org")
    join(office, 7, born="2011")  # a guardian who never answers
    office.at(date(2026, 12, 7), 12)
    phone_order(office, date(2027, 2, 3), school=1)
    office.link("nobody@example.org", "order_to_confirm", LinkPurpose.CONFIRM_REQUEST)


class Season:
    """A copy of the season that has begun, and every run that the scheduler has made of a job in it."""

    def __init__(self, backend: Backend, template: URL, traveller: time_machine.Traveller) -> None:
        self.backend, self.traveller = backend, traveller
        self.url = copy_of(backend, template)
        self.engine = db.make_engine(self.url)
        self.ran: Counter[tuple[str, datetime]] = Counter()
        self.items: Counter[str] = Counter()

    def at(self, moment: datetime, jobs: tuple[Job, ...] = JOBS) -> None:
        """What the scheduler does at this moment, of these jobs. Mails are written and left to lie."""
        self.traveller.move_to(moment)
        before = db.use_sessions(db.sessions_of(self.engine))
        began, nobody_stops = clock.now(), threading.Event()
        for job in jobs:
            outcome = None if job.name == "outbox" else run_due(job, began, nobody_stops)
            if outcome is not None:
                assert outcome.error is None, f"{job.name}: {outcome.error}"
                self.ran[job.name, job.when.last_due(moment)] += 1
                self.items[job.name] += outcome.items
        db.use_sessions(before)

    def stands(self) -> dict[str, Counter[Any]]:
        """What does not depend on the hour: how rows stand, and who has been written to about what."""
        with Session(self.engine) as session:
            assert invariants.broken(session) == []
            states = {
                str(kind.__tablename__): Counter(map(tuple, session.execute(select(kind.id, kind.state))))
                for kind in (Request, Entry)
            }
            asked = select(Invitation.id, Invitation.state).where(Invitation.created_at < AT_FIRST)
            offers = select(SeatOffer.id, SeatOffer.state).where(SeatOffer.created_at < AT_FIRST)
            lines = select(ExceptionItem.kind, ExceptionItem.object_id)
            told = select(OutboxMessage.kind, OutboxMessage.address).where(OutboxMessage.kind != "digest").distinct()
            queries = {"invitation": asked, "seat_offer": offers, "exception_item": lines, "told": told}
            return states | {name: Counter(map(tuple, session.execute(one))) for name, one in queries.items()}

    def close(self) -> None:
        self.engine.dispose()
        self.backend.drop(self.url)


MakeSeason = Callable[[], Season]


@pytest.fixture
def make_season(backend: Backend, begun: URL) -> Iterator[MakeSeason]:
    """Copies of the season, and the clock at BEGIN."""
    made: list[Season] = []
    with time_machine.travel(AT_FIRST, tick=False) as traveller:

        def make() -> Season:
            made.append(Season(backend, begun, traveller))
            return made[-1]

        yield make
        for one in made:
            one.close()


def everybody_is_told_once(season: Season) -> None:
    """No message twice, about anything; to be asked before retention has deleted the season."""
    with Session(season.engine) as session:
        assert invariants.broken(session) == []
        told = session.execute(
            select(OutboxMessage.kind, OutboxMessage.about_id, OutboxMessage.address, func.count())
            .where(OutboxMessage.kind.in_(ONCE))
            .group_by(OutboxMessage.kind, OutboxMessage.about_id, OutboxMessage.address)
        ).all()
        assert {kind for kind, *_ in told} == ONCE, "each has been due"
        assert [row for row in told if row[-1] > 1] == []
        silent = select(func.count()).select_from(SeatOffer).where(SeatOffer.state == OfferState.EXPIRED)
        expired = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == "queue_expired")
        assert session.scalar(silent) == session.scalar(expired) > 0
        reminded = dict(session.execute(select(Invitation.id, Invitation.reminders)).all())
        sent = Counter(
            session.scalars(select(OutboxMessage.about_id).where(OutboxMessage.kind == "invitation_reminder"))
        )
        assert {one: count for one, count in reminded.items() if count} == sent
        assert overviews_a_day(session) == {1}


def overviews_a_day(session: Session) -> set[int]:
    """How many overviews somebody has been sent on one day."""
    digests = select(OutboxMessage.address, OutboxMessage.created_at).where(OutboxMessage.kind == "digest")
    return set(Counter((address, clock.to_oslo(at).date()) for address, at in session.execute(digests)).values())


def every_run_is_made_once(season: Season) -> None:
    """No run twice, no daily job twice on a day, or in the hour that one night has twice and another not at all."""
    assert set(season.ran.values()) == {1}
    daily = [(name, clock.to_oslo(due)) for name, due in season.ran if name in DAILY]
    assert not [due for _, due in daily if due.hour == 2]
    assert max(Counter((name, due.date()) for name, due in daily).values()) == 1
    with Session(season.engine) as session:
        assert invariants.broken(session) == []
        assert set(session.scalars(select(JobRun.state))) == {JobState.DONE}
        assert overviews_a_day(session) <= {1}, "retention may have deleted them all"


def daily_jobs_ran_every_day(season: Season, days: Iterable[date]) -> None:
    wanted = {(name, day) for name in DAILY for day in days}
    ran = {(name, clock.to_oslo(due).date()) for name, due in season.ran}
    assert wanted - ran == set()


def around_the_clocks() -> Iterator[datetime]:
    """Every hour of the nights in which the clocks change, the doubled and the missing one too."""
    for night in NIGHTS:
        midnight = clock.at_local(night, time(0))
        yield from (midnight + timedelta(minutes=30 * number) for number in range(1, 18, 2))


def every_day(first: date, last: date) -> Iterator[datetime]:
    for number in range((last - first).days):
        yield clock.at_local(first + timedelta(days=number), time(12, 1))


@pytest.mark.long_on_postgres
def test_days_in_which_something_is_due_and_the_nights_in_which_clocks_change(make_season: MakeSeason) -> None:
    """All jobs on the days on which the season has work; those that run once a day around the nights and week 53."""
    season = make_season()
    busy = {moment for first, last in BUSY for moment in every_day(first, last)}
    quiet = {*around_the_clocks(), *every_day(BEGIN, date(2027, 1, 11))}
    for night in NIGHTS:
        quiet |= set(every_day(night - timedelta(days=2), night + timedelta(days=3)))
    once_a_day = tuple(job for job in JOBS if job.name in DAILY)
    for moment in sorted(busy | quiet):
        season.at(moment, JOBS if moment in busy else once_a_day)
        if moment == max(busy):
            everybody_is_told_once(season)
    every_run_is_made_once(season)
    daily_jobs_ran_every_day(season, {*WEEK_53, *NIGHTS})


@pytest.mark.long
def test_two_years_of_all_jobs(make_season: MakeSeason) -> None:
    season = make_season()
    for moment in sorted({*every_day(BEGIN, LAST_DAY), *around_the_clocks()}):
        season.at(moment)
        if moment == clock.at_local(date(2027, 2, 28), time(12, 1)):
            everybody_is_told_once(season)
    every_run_is_made_once(season)
    daily_jobs_ran_every_day(season, [BEGIN + timedelta(days=number) for number in range((LAST_DAY - BEGIN).days)])


@pytest.mark.long_on_postgres
@pytest.mark.parametrize("hours", [3, pytest.param(1, marks=pytest.mark.long)])
def test_outage_of_two_days_heals_in_one_tick(make_season: MakeSeason, hours: int) -> None:
    """Two of the same season: one lived through by ticks, the other stood still. Then one tick, and they agree."""
    steady, stood = make_season(), make_season()
    up = AT_FIRST + OUTAGE
    moment = AT_FIRST
    while moment < up:
        steady.at(moment)
        moment += timedelta(hours=hours)
    for season in (steady, stood):
        season.at(up)
    assert stood.stands() == steady.stands()
    assert sum(steady.items.values()) > 5, "something was due in those two days"
