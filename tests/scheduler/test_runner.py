"""Each due run happens once, its items one by one, and what a stop left undone is done at one go."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import Engine

from api import clock
from api.db import reading, transaction
from api.domain.enums import JobState
from api.models.jobs import Switch
from api.queries.jobs import last_beat, last_runs, last_successes
from api.services import jobs as services
from scheduler.jobs import Job
from scheduler.runner import due_now, run_at, run_due, tick
from scheduler.when import daily, every
from tests.scheduler.worlds import POISON, TAKEN, job, leave_work, ledger, work_left

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)
BEFORE = NOON - timedelta(days=1)


def test_items_are_done_and_counted(own_database: Engine) -> None:
    leave_work("a", "b", "c")
    outcome = run_due(job(daily("04:00")), clock.now(), threading.Event())
    assert outcome is not None
    assert (outcome.items, outcome.error, work_left()) == (3, None, [])
    (row,) = ledger()
    assert (row.job, row.state, row.items, row.error) == ("tidy", JobState.DONE, 3, None)


def test_due_run_happens_once(own_database: Engine) -> None:
    with time_machine.travel(NOON, tick=False):
        first = run_due(job(daily("04:00")), BEFORE, threading.Event())
        leave_work("later")
        second = run_due(job(daily("04:00")), BEFORE, threading.Event())
    assert (first is None, second is None, work_left()) == (False, True, ["later"])


def test_two_schedulers_at_the_same_moment_do_a_due_run_once(own_database: Engine) -> None:
    one = job(every(minutes=1))
    for _ in range(5):
        barrier = threading.Barrier(3)
        due_at, won = clock.now(), []

        def race(barrier: threading.Barrier = barrier, due_at: datetime = due_at, won: list[object] = won) -> None:
            barrier.wait()
            won.append(run_at(one, due_at, due_at, threading.Event()))

        threads = [threading.Thread(target=race) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [outcome is None for outcome in won].count(False) == 1


def test_failing_item_is_taken_back_and_counted_and_stops_no_other(
    own_database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_work("a", POISON, TAKEN, "z")
    outcome = run_due(job(daily("04:00")), clock.now(), threading.Event())
    assert outcome is not None
    assert (outcome.items, outcome.passed, work_left()) == (2, 1, [POISON, TAKEN])
    (row,) = ledger()
    assert (row.state, row.items, row.error) == (
        JobState.FAILED,
        2,
        "1 failed: ZeroDivisionError 1. The log says where.",
    )


def test_job_that_fails_as_a_whole_is_in_the_ledger_and_runs_again(own_database: Engine) -> None:
    answers = iter([OSError("no network"), 7])

    def run(now: datetime) -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    whole = Job("whole", daily("04:00"), "Does all of it.", run=run)
    with time_machine.travel(NOON, tick=False):
        assert tick([whole])["whole"].error == "1 failed: OSError 1. The log says where."
        assert [row.state for row in ledger()] == [JobState.FAILED]
        assert tick([whole])["whole"].items == 7
        assert tick([whole]) == {}
    assert [(row.state, row.items) for row in ledger()] == [(JobState.DONE, 7)]


def test_outage_of_two_days_is_healed_by_one_tick(own_database: Engine) -> None:
    jobs = [job(daily("04:00"), "nightly"), job(every(minutes=1), "frequent")]
    with time_machine.travel(NOON, tick=False) as time:
        tick(jobs)
        assert due_now(jobs) == []
        time.shift(timedelta(hours=48))
        leave_work("friday", "saturday", "sunday")
        outcomes = tick(jobs)
        assert work_left() == []
        assert (outcomes["nightly"].items, outcomes["frequent"].items) == (3, 0)
        assert tick(jobs) == {}
    nightly = [clock.to_oslo(row.due_at) for row in ledger() if row.job == "nightly"]
    assert [(moment.day, moment.hour) for moment in nightly] == [(1, 4), (3, 4)]


def test_run_of_a_dead_scheduler_is_begun_again_by_the_next_leader_only(own_database: Engine) -> None:
    one = job(daily("04:00"))
    with time_machine.travel(NOON, tick=False) as time:
        due_at = one.when.last_due(NOON)
        with transaction() as session:
            services.claim(session, "tidy", due_at, next_due_at=NOON, now=NOON, leader_since=BEFORE)
        leave_work("a")
        assert run_due(one, BEFORE, threading.Event()) is None
        time.shift(5)
        outcome = run_due(one, clock.now(), threading.Event())
    assert outcome is not None
    assert (outcome.items, work_left()) == (1, [])
    assert [row.state for row in ledger()] == [JobState.DONE]


def test_asked_to_leave_no_further_item_is_begun_and_the_run_is_not_done(own_database: Engine) -> None:
    leave_work("a", "b", "c")
    leaving = threading.Event()
    one = job(daily("04:00"))
    do = one.do
    assert do is not None

    def do_and_be_asked(session: object, item: str, now: datetime) -> None:
        do(session, item, now)  # type: ignore[arg-type]
        leaving.set()

    outcome = run_due(Job("tidy", one.when, one.what, one.due, do_and_be_asked), clock.now(), leaving)
    assert outcome is not None
    assert (outcome.items, work_left()) == (1, ["b", "c"])
    assert [row.state for row in ledger()] == [JobState.FAILED]
    assert due_now([one]) == [one]


def test_frequent_jobs_keep_their_last_success_and_their_failures(own_database: Engine) -> None:
    one = job(every(minutes=1))
    with time_machine.travel(NOON, tick=False) as time:
        for name in ("a", POISON, "b", "c"):
            leave_work(name)
            tick([one])
            if name == POISON:
                with transaction() as session:
                    session.delete(session.get_one(Switch, POISON))
            time.shift(60)
    assert [(row.state, row.due_at.minute) for row in ledger()] == [(JobState.FAILED, 1), (JobState.DONE, 3)]


def test_old_runs_are_forgotten_but_the_newest_success_is_kept(own_database: Engine) -> None:
    one = job(daily("04:00"))
    with time_machine.travel(NOON, tick=False) as time:
        for _ in range(3):
            tick([one])
            time.shift(timedelta(days=1))
        time.shift(services.KEEP_LEDGER)
        with transaction() as session:
            assert services.prune(session, clock.now()) == 2
    assert [row.due_at.day for row in ledger()] == [3]


def test_ledger_tells_the_last_run_the_last_success_and_the_last_sign_of_life(own_database: Engine) -> None:
    one = job(daily("04:00"))
    with time_machine.travel(NOON, tick=False) as time:
        tick([one])
        time.shift(timedelta(days=1))
        leave_work(POISON)
        tick([one])
        beat = clock.now()
    with reading() as session:
        assert last_runs(session)["tidy"].state is JobState.FAILED
        assert last_successes(session)["tidy"].finished_at == NOON
        assert last_beat(session) == beat


def test_ledger_holds_no_word_that_a_person_typed(own_database: Engine) -> None:
    leave_work(POISON)
    tick([job(daily("04:00"))])
    assert ["typed" in (row.error or "") for row in ledger()] == [False]


def test_job_without_work_is_refused() -> None:
    with pytest.raises(ValueError, match="give `due` and `do`, or `run`"):
        Job("nothing", daily("04:00"), "Does nothing.")
