"""Whose run is it? Exactly one worker's, on both databases, and without the guard it would be two."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from api import clock
from api.db import reading, transaction
from api.domain.enums import RunState
from api.models.planning import Run
from api.services import planning
from api.services.planning import Claim, LostRun, Wish
from tests.api.worker.worlds import change, let_lease_lapse, state, visit_season

LEASE = timedelta(seconds=60)


def seen() -> planning.Candidate:
    with reading() as session:
        candidate = planning.next_candidate(session, clock.now())
    assert candidate is not None
    return candidate


def claimed(candidate: planning.Candidate, worker: str) -> Claim | None:
    with transaction() as session:
        return planning.claim(session, candidate, worker, clock.now(), LEASE)


def test_one_of_two_who_saw_the_run_gets_it(own_database: Engine) -> None:
    visit_season()
    first, second = seen(), seen()
    assert claimed(first, "one") is not None
    assert claimed(second, "two") is None


def test_both_would_get_it_without_the_guard(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_still_as_seen", lambda *_: ())
    visit_season()
    first, second = seen(), seen()
    assert claimed(first, "one") is not None
    assert claimed(second, "two") is not None


def test_workers_that_claim_at_the_same_moment_share_the_runs_without_a_double(own_database: Engine) -> None:
    runs = [visit_season().run for _ in range(5)]
    won: list[Any] = []
    for _ in runs:
        candidate = seen()
        barrier = threading.Barrier(3)

        def race(name: str, candidate: planning.Candidate = candidate, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            won.append(claimed(candidate, name))

        threads = [threading.Thread(target=race, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(mine.run_id for mine in won if mine) == sorted(runs)


def test_claim_begins_the_run_anew(own_database: Engine) -> None:
    ids = visit_season()
    mine = claimed(seen(), "one")
    assert mine is not None
    run = state(ids.run)
    assert (run.state, run.worker, run.attempt, run.progress) == (RunState.RUNNING, "one", 1, [])
    assert run.lease_until is not None
    assert run.lease_until > clock.now()


def test_run_under_a_lease_is_left_alone(own_database: Engine) -> None:
    visit_season()
    claimed(seen(), "one")
    with reading() as session:
        assert planning.next_candidate(session, clock.now()) is None


def test_run_whose_lease_lapsed_is_taken_up_by_another(own_database: Engine) -> None:
    ids = visit_season()
    first = claimed(seen(), "one")
    let_lease_lapse(ids.run)
    second = claimed(seen(), "two")
    assert first is not None
    assert second is not None
    assert second.attempt == 2
    with transaction() as session:
        assert planning.heartbeat(session, first, clock.now(), LEASE, []) is Wish.LOST
    with pytest.raises(LostRun), transaction() as session:
        planning.mark_done(session, first, clock.now(), "{}")
    assert state(ids.run).state is RunState.RUNNING


def test_third_lapse_ends_the_run(own_database: Engine) -> None:
    ids = visit_season()
    for _ in range(planning.MOST_ATTEMPTS):
        assert claimed(seen(), "one") is not None
        let_lease_lapse(ids.run)
    with reading() as session:
        assert planning.next_candidate(session, clock.now()) is None
    with transaction() as session:
        assert planning.settle_lapsed(session, clock.now()) == 1
    run = state(ids.run)
    assert (run.state, run.error_code, run.error) == (RunState.FAILED, "gave_up", planning.GAVE_UP)


def test_cancelled_run_of_a_dead_worker_ends_and_is_not_taken_up(own_database: Engine) -> None:
    ids = visit_season()
    claimed(seen(), "one")
    change(Run, ids.run, cancel_requested=True)()
    let_lease_lapse(ids.run)
    with reading() as session:
        assert planning.next_candidate(session, clock.now()) is None
    with transaction() as session:
        planning.settle_lapsed(session, clock.now())
    assert state(ids.run).state is RunState.CANCELLED


def test_heartbeat_prolongs_the_lease_and_keeps_progress_and_version(own_database: Engine) -> None:
    ids = visit_season()
    mine = claimed(seen(), "one")
    assert mine is not None
    before = state(ids.run)
    event = {"goal": "schools", "value": 1, "bound": 2, "seconds": 0.5}
    later = clock.now() + timedelta(seconds=30)
    with transaction() as session:
        assert planning.heartbeat(session, mine, later, LEASE, [event]) is Wish.GO_ON
    run = state(ids.run)
    assert (run.progress, run.lease_until, run.version) == ([event], later + LEASE, before.version)


def test_run_given_back_waits_again_without_counting_the_attempt(own_database: Engine) -> None:
    ids = visit_season()
    mine = claimed(seen(), "one")
    assert mine is not None
    with transaction() as session:
        planning.give_back(session, mine)
    run = state(ids.run)
    assert (run.state, run.attempt, run.worker) == (RunState.QUEUED, 0, None)
    assert seen().run_id == ids.run
