"""The worker: claims runs, has them solved elsewhere, writes the plans. It holds no transaction while it waits."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from api import clock
from api.db import reading, refresh_statistics, transaction
from api.domain.enums import RunKind
from api.errors import AppError
from api.i18n import mark
from api.models import registry
from api.process import beat
from api.queries.silences import silences
from api.queries.snapshot import Snapshot, order_of_run, take_snapshot
from api.services import planning
from api.services.executor import Crashed, Executor, Improved, Invalid, Job, Refused, Restarted, Solved, Solving
from api.services.planning import Claim, LostRun, Wish
from api.services.write_back import write_plan
from matcher.check import check
from matcher.fields import InvalidProblem
from matcher.plan import GroupPlan, Plan, load_plan
from matcher.price import Price, prices
from matcher.problem import GroupProblem, Problem, problem_sha256, to_json

LEASE = timedelta(seconds=60)
BEAT_SECONDS = 1.0
IDLE_SECONDS = 1.0
DEFAULT_SECONDS = 60.0
MOST_EVENTS = 500
MOST_PRICED = 20_000
USABLE = ("optimal", "feasible")
WRITE_ATTEMPTS = 3
INVALID = mark("The season's data contradict each other, so there is nothing to solve. Correct what is listed.")
REFUSED = mark("The plan broke rules and was thrown away. The earlier plan stands.")
CRASHED = mark("The solver ended without a plan. The earlier plan stands. Order the run again.")
BROKEN = mark("The run failed for a reason that the log holds. The earlier plan stands.")

assert registry.THEMES, "rows of all tables are known"
_log = structlog.get_logger("treffpunkt.worker")


class _Ended(Exception):
    """The run ends here with this outcome, without a plan."""

    def __init__(self, code: str, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.text = "\n".join((sentence, *details))


@dataclass(slots=True)
class Worker:
    """One worker. `run_next` does one run; `run_until` does all there are until told to go.

    lease: how long a run stays this worker's without a heartbeat. beat_seconds: between two heartbeats.
    """

    executor: Executor
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}")
    lease: timedelta = LEASE
    beat_seconds: float = BEAT_SECONDS
    leaving: threading.Event = field(default_factory=threading.Event)

    def run_until(self, done: Callable[[], bool] = lambda: False) -> None:
        """Do runs as they come, until `done` says so between two of them, or `leaving` is set."""
        _log.info("worker_started", worker=self.name)
        while not self.leaving.is_set() and not done():
            beat()
            try:
                if not self.run_next():
                    self.leaving.wait(IDLE_SECONDS)
            except DBAPIError as error:
                _log.error("database_unreachable", worker=self.name, exc_info=error)
                self.leaving.wait(IDLE_SECONDS)
        _log.info("worker_left", worker=self.name)

    def run_next(self) -> bool:
        """Claim one run and bring it to an end. False when there was none to claim."""
        mine = self._claim()
        if mine is None:
            return False
        log = _log.bind(worker=self.name, run=mine.run_id, kind=mine.kind.value, attempt=mine.attempt)
        log.info("run_claimed")
        started = time.monotonic()
        try:
            outcome = self._solve(mine)
        except LostRun:
            outcome = "lost"
        except _Ended as end:
            outcome = end.code
            self._close(mine, end)
        except Exception as error:
            log.error("run_broke", exc_info=error)
            outcome = "broken"
            self._close(mine, _Ended("broken", BROKEN))
        log.info("run_ended", outcome=outcome, seconds=round(time.monotonic() - started, 2))
        return True

    def _claim(self) -> Claim | None:
        with reading() as session:
            candidate = planning.next_candidate(session, clock.now())
        with transaction() as session:
            planning.settle_lapsed(session, clock.now())
            if candidate is None:
                return None
            return planning.claim(session, candidate, self.name, clock.now(), self.lease)

    def _solve(self, mine: Claim) -> str:
        taken = self._snapshot(mine)
        text = json.dumps(to_json(taken.problem), ensure_ascii=False, separators=(",", ":"))
        with transaction() as session:
            planning.keep_problem(session, mine, text, problem_sha256(taken.problem))
        settings = dict(mine.settings)
        seconds = float(settings.pop("seconds", None) or DEFAULT_SECONDS)
        job = Job(problem=text, seconds=seconds, seed=mine.seed, settings=settings, silence=self._silence(mine))
        solving = self.executor.start(job)
        try:
            end = self._watch(mine, solving)
        finally:
            solving.kill()
        if isinstance(end, Wish):
            return self._leave(mine, end)
        return self._take(mine, taken, end)

    def _snapshot(self, mine: Claim) -> Snapshot:
        try:
            with reading() as session:
                return take_snapshot(session, order_of_run(session, mine.run_id, clock.today()))
        except InvalidProblem as error:
            raise _Ended("invalid", INVALID, error.errors) from error
        except AppError as error:
            raise _Ended("invalid", INVALID, (str(error),)) from error

    def _silence(self, mine: Claim) -> dict[str, float]:
        if mine.kind is not RunKind.VISIT:
            return {}
        with reading() as session:
            return silences(session)

    def _watch(self, mine: Claim, solving: Solving) -> Solved | Wish:
        """Progress into the run's row, at most once a beat, until there is a plan or a reason to leave."""
        heard: list[dict[str, Any]] = []
        stopped = False
        next_beat = time.monotonic()
        while True:
            event = solving.next(max(0.0, next_beat - time.monotonic()))
            match event:
                case Improved():
                    heard = _remember(heard, event)
                case Restarted():
                    heard = []
                case Solved():
                    wish = self._beat(mine, heard)
                    return wish if wish in (Wish.LOST, Wish.CANCEL) else event
                case Invalid(errors):
                    raise _Ended("invalid", INVALID, errors)
                case Refused(codes):
                    raise _Ended("refused", REFUSED, codes)
                case Crashed(reason):
                    raise _Ended("crashed", CRASHED, (reason,))
            if self.leaving.is_set():
                return Wish.GO_ON
            if time.monotonic() < next_beat:
                continue
            next_beat = time.monotonic() + self.beat_seconds
            wish = self._beat(mine, heard)
            if wish in (Wish.LOST, Wish.CANCEL):
                return wish
            if wish is Wish.STOP and not stopped:
                stopped = True
                solving.stop()

    def _beat(self, mine: Claim, heard: list[dict[str, Any]] | None) -> Wish:
        beat()
        with transaction() as session:
            return planning.heartbeat(session, mine, clock.now(), self.lease, heard)

    @contextmanager
    def _kept_alive(self, mine: Claim) -> Iterator[None]:
        """Prolongs the lease from a thread while this one is busy; whether the run is lost, the write will see."""
        done = threading.Event()

        def prolong() -> None:
            while not done.wait(self.beat_seconds):
                try:
                    if self._beat(mine, None) is Wish.LOST:
                        return
                except DBAPIError as error:
                    _log.warning("heartbeat_missed", run=mine.run_id, exc_info=error)

        thread = threading.Thread(target=prolong)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _leave(self, mine: Claim, wish: Wish) -> str:
        """Cancelled: nothing is kept. Lost: it is another's. Otherwise this worker has to go: the run waits again."""
        if wish is Wish.LOST:
            return "lost"
        with transaction() as session:
            if wish is Wish.CANCEL:
                planning.cancel(session, mine, clock.now())
                return "cancelled"
            planning.give_back(session, mine)
            return "given_back"

    def _take(self, mine: Claim, taken: Snapshot, end: Solved) -> str:
        """Judge the plan once more, on this side, and write it."""
        plan = load_plan(end.plan)
        with self._kept_alive(mine):
            broken = check(taken.problem, plan)
            placements = () if broken else placements_of(taken.problem, plan)
        if broken:
            raise _Ended("refused", REFUSED, tuple(sorted({code for code, _ in broken})))
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                with transaction() as session:
                    write_plan(
                        session,
                        mine,
                        taken,
                        plan,
                        now=clock.now(),
                        today=clock.today(),
                        peak_mb=end.peak_mb,
                        placements=placements,
                        stand_ins=end.stand_ins,
                    )
                break
            except DBAPIError:
                if attempt == WRITE_ATTEMPTS:
                    raise
            except LostRun:
                with transaction() as session:
                    planning.cancel(session, mine, clock.now())
                return "cancelled"
        try:
            with transaction() as session:
                refresh_statistics(session)
        except DBAPIError as error:
            _log.warning("statistics_not_refreshed", run=mine.run_id, exc_info=error)
        return str(plan.status)

    def _close(self, mine: Claim, end: _Ended) -> None:
        try:
            with transaction() as session:
                planning.fail(session, mine, clock.now(), end.code, end.text)
        except LostRun:
            _log.info("run_lost", run=mine.run_id)


def placements_of(problem: Problem, plan: Plan) -> tuple[Price, ...]:
    """Both placement rules side by side, for the plans of a size at which that takes seconds."""
    if not isinstance(problem, GroupProblem) or not isinstance(plan, GroupPlan) or plan.status not in USABLE:
        return ()
    return prices(problem, plan) if len(problem.pupils) <= MOST_PRICED else ()


def _remember(heard: list[dict[str, Any]], event: Improved) -> list[dict[str, Any]]:
    """The events so far and this one; when they are too many, every other one of the older half goes."""
    heard = [
        *heard,
        {"goal": event.goal, "value": event.value, "bound": event.bound, "seconds": event.seconds},
    ]
    if len(heard) > MOST_EVENTS:
        half = len(heard) // 2
        heard = heard[:half:2] + heard[half:]
    return heard
