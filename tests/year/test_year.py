"""A year in fast time: random people do random things through their doors, and what must hold holds at every step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session

from api import clock, db
from api.db import reading
from api.domain.enums import RunKind
from tests import invariants
from tests.conftest import Backend, PostgresBackend, SqliteBackend, quick_engine
from tests.year.doors import Doors
from tests.year.town import END, START, Town, build

NUMBERS = st.integers(0, 20)
MONDAYS = [date(2027, 1, 11) + timedelta(weeks=number) for number in range(8)]
HOURS = (1, 6, 24, 24, 49, 120, 24 * 14)
ANSWERS = (None, None, None, "time", "request", "school")
Act = Callable[[Doors, int, int, int], None]


def a_school_orders(doors: Doors, pick: int, other: int, third: int) -> None:
    day = MONDAYS[other % 8] + timedelta(days=third % 5)
    doors.order(pick % 4, day, 9 + pick % 4, 2 if third > 17 else 1)


def visits_are_planned_and_approved(doors: Doors, *_: int) -> None:
    doors.plan(RunKind.VISIT)
    doors.approve_visits()


def groups_are_planned_and_approved(doors: Doors, *_: int) -> None:
    doors.plan(RunKind.GROUP)
    doors.approve_groups()


def a_pupil_joins_and_confirms(doors: Doors, pick: int, other: int, third: int) -> None:
    first = other % 2
    doors.join(pick, [first, 1 - first] if third % 2 else [first], 2011 if third > 17 else 2008)
    doors.confirm(pick)


def time_passes(doors: Doors, pick: int, *_: int) -> None:
    if clock.now() < END:
        doors.pass_time(timedelta(hours=HOURS[pick % len(HOURS)]))


# All in one rule, since Hypothesis leaves out whole rules in a year. What happens often stands here often.
ACTS: tuple[Act, ...] = (
    *(time_passes,) * 8,
    *(a_school_orders,) * 4,
    *(a_pupil_joins_and_confirms,) * 4,
    *(visits_are_planned_and_approved,) * 2,
    groups_are_planned_and_approved,
    lambda doors, pick, *_: doors.undo(pick),
    *(lambda doors, pick, other, _: doors.answer(pick, ANSWERS[other % len(ANSWERS)]),) * 5,
    lambda doors, pick, *_: doors.object_to(pick),
    *(lambda doors, pick, other, _: doors.take_step(pick, ("ringt", "klar", "holdt", "kanikke")[other % 4]),) * 2,
    *(lambda doors, pick, other, _: doors.answer_offer(pick, ("yes", "yes", "stay", "no")[other % 4]),) * 4,
    lambda doors, pick, *_: doors.cancel_request(pick),
    lambda doors, pick, *_: doors.guardian_says_yes(pick),
    lambda doors, pick, *_: doors.leave(pick),
    *(lambda doors, pick, other, _: doors.mark_attendance(pick, other > 5),) * 2,
    lambda doors, pick, *_: doors.mentor_is_away(pick),
)


@pytest.fixture(scope="module")
def built(backend: Backend) -> Iterator[tuple[URL, Town]]:
    """The season before anything happens; each year lives in a copy of it."""
    url = backend.new_database()
    engine = db.make_engine(url)
    with Session(engine) as session, session.begin():
        town = build(session)
    engine.dispose()  # the last connection to an SQLite file writes its log into it
    yield url, town
    backend.drop(url)


def copy_of(backend: Backend, url: URL) -> URL:
    if isinstance(backend, PostgresBackend):
        return backend.create(str(url.database))
    assert isinstance(backend, SqliteBackend)
    copied = backend.new_database()
    shutil.copyfile(str(url.database), str(copied.database))
    return make_url(copied)


def live_through(backend: Backend, app: Flask, built: tuple[URL, Town], *, years: int, steps: int) -> None:
    """So many years of at most so many steps each; the same ones every time."""
    template, town = built

    class Year(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.traveller = time_machine.travel(START, tick=False)
            self.travel = self.traveller.start()
            self.url = copy_of(backend, template)
            self.engine = quick_engine(self.url)
            self.before = db.use_sessions(db.sessions_of(self.engine))
            self.doors = Doors(app, town, self.travel.move_to)

        def teardown(self) -> None:
            if hasattr(self, "engine"):
                db.use_sessions(self.before)
                self.engine.dispose()
                backend.drop(self.url)
                self.traveller.stop()

        @rule(act=st.sampled_from(ACTS), pick=NUMBERS, other=NUMBERS, third=NUMBERS)
        def something_happens(self, act: Act, pick: int, other: int, third: int) -> None:
            act(self.doors, pick, other, third)

        @invariant()
        def what_must_hold_holds(self) -> None:
            if not hasattr(self, "engine"):
                return
            with reading() as session:
                assert invariants.broken(session) == []
                assert invariants.acknowledged(session, self.doors.references) == []
                assert invariants.arrived(session, self.doors.mails.ids, sender_kills=0) == []

    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=years,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


@pytest.mark.long_on_postgres
def test_a_year_keeps_its_promises(backend: Backend, app: Flask, built: tuple[URL, Town]) -> None:
    live_through(backend, app, built, years=5, steps=50)


@pytest.mark.long
def test_many_years_keep_their_promises(backend: Backend, app: Flask, built: tuple[URL, Town]) -> None:
    live_through(backend, app, built, years=100, steps=50)
