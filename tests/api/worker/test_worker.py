"""What a worker makes of a run, whatever the solver and the world do meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from api import worker as worker_module
from api.domain.enums import PlanStatus, RequestState, RunState
from api.models.planning import Run
from api.services.executor import Crashed, Event, Improved, Invalid, Refused, Solved
from api.worker import MOST_EVENTS, Worker
from tests import factories as make
from tests.api.worker.worlds import (
    Scripted,
    change,
    let_lease_lapse,
    old_plan_stands,
    plan_of,
    planned,
    really,
    state,
    unserved,
    visit_season,
    wait_for,
)

Step = Callable[[Scripted], Event | None]


def do(executor: Scripted) -> Worker:
    worker = Worker(executor, name="here", beat_seconds=0.0)
    assert worker.run_next()
    return worker


def test_worker_without_runs_has_nothing_to_do(own_database: Engine) -> None:
    assert not Worker(Scripted([])).run_next()


def test_run_ends_with_a_judged_plan_and_its_problem_beside_it(own_database: Engine) -> None:
    ids = visit_season()
    do(really())
    run, plan = state(ids.run), plan_of(ids.run)
    assert plan is not None
    assert (run.state, run.error, run.attempt) == (RunState.DONE, None, 1)
    assert (plan.status, plan.certificate["judge"], plan.changed_since) == (PlanStatus.OPTIMAL, "ok", [])
    assert plan.problem_sha256 == run.problem_sha256
    assert plan.certificate["peak_mb"] == 1
    visits = planned(ids.run)
    assert sorted(visits) == sorted(ids.requests)
    assert sorted(person for people in visits.values() for person in people) == sorted(ids.role_models)
    assert unserved(ids.run) == {}


def test_postgres_plans_its_queries_with_the_new_rows_at_once(own_database: Engine) -> None:
    ids = visit_season()
    do(really())
    assert state(ids.run).state is RunState.DONE
    if own_database.dialect.name == "postgresql":  # SQLite keeps no such count
        with own_database.connect() as connection:
            known = connection.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'plan_visit'"))
        assert known == 2


def test_progress_is_kept_in_the_row(own_database: Engine) -> None:
    ids = visit_season()
    heard: list[list[object]] = []

    def look(_: Scripted) -> None:
        heard.append(state(ids.run).progress)

    do(Scripted([Improved("schools", None, 5, 0.1), look, Improved("schools", 2, 2, 0.2), Scripted.solve]))
    first = {"goal": "schools", "value": None, "bound": 5, "seconds": 0.1}
    assert heard == [[first]]
    assert state(ids.run).progress == [first, {"goal": "schools", "value": 2, "bound": 2, "seconds": 0.2}]


def test_long_progress_is_thinned_and_keeps_the_newest(own_database: Engine) -> None:
    ids = visit_season()
    many = [Improved("schools", n, 9999, float(n)) for n in range(2 * MOST_EVENTS)]
    assert Worker(Scripted([*many, Scripted.solve]), beat_seconds=3600.0).run_next()
    kept = state(ids.run).progress
    assert len(kept) <= MOST_EVENTS
    assert kept[-1]["value"] == 2 * MOST_EVENTS - 1
    assert [event["value"] for event in kept] == sorted(event["value"] for event in kept)


def test_cancelled_run_keeps_nothing_and_the_solver_is_ended(own_database: Engine) -> None:
    ids = visit_season()
    executor = Scripted([lambda _: change(Run, ids.run, cancel_requested=True)(), None])
    do(executor)
    run = state(ids.run)
    assert run.state is RunState.CANCELLED
    assert run.finished_at is not None
    assert executor.killed
    assert old_plan_stands(ids)


def test_run_cancelled_when_the_plan_is_there_already_keeps_nothing(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = visit_season()
    judged = worker_module.check

    def cancel_then_check(*given: object) -> object:
        change(Run, ids.run, cancel_requested=True)()
        return judged(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(worker_module, "check", cancel_then_check)
    do(really())
    assert state(ids.run).state is RunState.CANCELLED
    assert old_plan_stands(ids)


def test_stop_takes_the_best_plan_there_is(own_database: Engine) -> None:
    ids = visit_season()

    def until_stopped(solving: Scripted) -> Event | None:
        return solving.solve() if solving.stopped else None

    executor = Scripted([lambda _: change(Run, ids.run, stop_requested=True)(), None, until_stopped])
    do(executor)
    assert executor.stopped
    assert state(ids.run).state is RunState.DONE
    assert plan_of(ids.run) is not None


def test_worker_that_must_go_puts_the_run_back(own_database: Engine) -> None:
    ids = visit_season()
    worker = Worker(Scripted([lambda _: worker.leaving.set()]), beat_seconds=0.0)
    assert worker.run_next()
    run = state(ids.run)
    assert (run.state, run.attempt) == (RunState.QUEUED, 0)
    assert old_plan_stands(ids)


def test_run_that_another_worker_took_is_let_go(own_database: Engine) -> None:
    ids = visit_season()

    def lose(_: Scripted) -> None:
        let_lease_lapse(ids.run)
        assert Worker(really(), name="other").run_next()

    slow = Scripted([lose, None])
    do(slow)
    assert slow.killed
    run = state(ids.run)
    assert (run.state, run.worker, run.attempt) == (RunState.DONE, "other", 2)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (Invalid(("requests[0].grade: is 99",)), "invalid"),
        (Refused(("travel",)), "refused"),
        (Crashed("The solver ended without a plan (exit code -9)."), "crashed"),
    ],
)
def test_end_without_a_plan_fails_the_run_with_a_sentence_and_details(
    own_database: Engine, end: Event, code: str
) -> None:
    ids = visit_season()
    do(Scripted([end]))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, code)
    assert run.error is not None
    sentence, *details = run.error.splitlines()
    assert sentence.endswith(".")
    assert len(details) == 1
    assert old_plan_stands(ids)


def test_plan_that_the_judge_refuses_is_never_kept(own_database: Engine) -> None:
    ids = visit_season()

    def tamper(solving: Scripted) -> Event:
        plan = json.loads(solving.solve().plan)
        plan["goals"][2]["value"] += 1
        plan["goals"][2]["bound"] += 1
        return Solved(json.dumps(plan), 1)

    do(Scripted([tamper]))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, "refused")
    assert old_plan_stands(ids)


def test_unknown_outcome_is_told_apart(own_database: Engine) -> None:
    ids = visit_season()

    def give_up(solving: Scripted) -> Event:
        plan = json.loads(solving.solve().plan)
        plan |= {"status": "unknown", "visits": [], "goals": [], "unserved": []}
        plan["certificate"]["bound_source"] = {}
        return Solved(json.dumps(plan), 1)

    do(Scripted([give_up]))
    run, plan = state(ids.run), plan_of(ids.run)
    assert plan is not None
    assert (run.state, run.error_code, plan.status) == (RunState.DONE, "unknown", PlanStatus.UNKNOWN)
    assert run.error


def test_infeasible_outcome_names_what_stands_against_what(own_database: Engine) -> None:
    from api.db import transaction
    from api.models.role_models import RoleModel
    from api.models.visits import Request

    ids = visit_season()
    with transaction() as session:
        person = session.get_one(RoleModel, ids.role_models[0])
        first = session.get_one(Request, ids.requests[0])
        same = {"season_id": ids.season, "programme_id": first.programme_id}
        for start in (make.MORNING, make.MORNING + timedelta(minutes=30)):
            request = make.make_request(session, starts=(start,), state=RequestState.VISIT, **same)
            make.make_visit(session, person, request=request)
    do(really())
    run, plan = state(ids.run), plan_of(ids.run)
    assert plan is not None
    assert (run.state, run.error_code, plan.status) == (RunState.DONE, "infeasible", PlanStatus.INFEASIBLE)
    assert plan.conflicts
    assert planned(ids.run) == {}


def test_settings_that_cannot_be_used_end_as_invalid(own_database: Engine) -> None:
    ids = visit_season()
    from api.db import transaction

    with transaction() as session:
        rules = make.make_rule_version(session, settings={"speed": 9})
    change(Run, ids.run, rule_version_id=rules.id)()
    do(Scripted([]))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, "invalid")
    assert "speed" in (run.error or "")


def test_surprise_fails_the_run_and_the_worker_lives(own_database: Engine) -> None:
    ids = visit_season()

    def surprise(_: Scripted) -> Event:
        raise RuntimeError("nobody expected this")

    worker = do(Scripted([surprise]))
    run = state(ids.run)
    assert (run.state, run.error_code) == (RunState.FAILED, "broken")
    assert "nobody" not in (run.error or "")
    assert not worker.run_next()
    assert old_plan_stands(ids)


def test_lease_does_not_lapse_while_the_judge_takes_its_time(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = visit_season()
    judge = worker_module.check

    def slow_check(*given: Any) -> Any:
        lease = state(ids.run).lease_until
        assert lease is not None
        wait_for(lambda: (state(ids.run).lease_until or lease) > lease)
        return judge(*given)

    monkeypatch.setattr(worker_module, "check", slow_check)
    assert Worker(really(), name="here", beat_seconds=0.01).run_next()
    assert state(ids.run).state is RunState.DONE


def test_run_that_is_lost_while_the_judge_is_busy_is_not_written(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = visit_season()
    judge = worker_module.check

    def lose_then_check(*given: Any) -> Any:
        change(Run, ids.run, worker="another", attempt=2)()
        return judge(*given)

    monkeypatch.setattr(worker_module, "check", lose_then_check)
    assert Worker(really(), name="here", beat_seconds=0.01).run_next()
    assert (state(ids.run).state, state(ids.run).worker) == (RunState.RUNNING, "another")
    assert old_plan_stands(ids)


def test_two_workers_share_two_runs(own_database: Engine) -> None:
    runs = {visit_season().run for _ in range(2)}
    both_solve = threading.Barrier(2, timeout=60)
    workers = [Worker(really(both_solve.wait), name=name) for name in ("one", "two")]
    threads = [threading.Thread(target=wait_for, args=(worker.run_next,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {state(run).state for run in runs} == {RunState.DONE}
    assert {state(run).worker for run in runs} == {"one", "two"}
    assert {state(run).attempt for run in runs} == {1}
