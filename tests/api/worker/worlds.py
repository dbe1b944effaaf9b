"""Small seasons that are committed, executors that need no process, and looks at what a run left behind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from api import clock
from api.db import reading, transaction
from api.domain.enums import PlanStatus, ProgrammeKind, RequestState, RunKind, RunState
from api.models.plan_rows import PlanSeat, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan, Run
from api.services.executor import Event, Job, Solved
from matcher.control import Settings, Stop
from matcher.plan import to_json
from matcher.problem import load_problem
from matcher.solve import solve
from tests import factories as make

DEADLINE_SECONDS = 60.0
TUESDAY = make.MORNING + timedelta(days=1)


@dataclass
class Ids:
    """A season with two requests, two role models who can take them, and a queued run with an earlier plan."""

    season: str
    run: str
    old_plan: str
    requests: list[str]
    role_models: list[str]


def visit_season(*, options: int = 1) -> Ids:
    """One request on Monday and one on Tuesday; each role model can take both, and each takes one a term."""
    with transaction() as session:
        season = make.make_season(session)
        rules = make.make_rule_version(session, settings={"lead_school_days": 0})
        days = (make.MORNING, TUESDAY)
        requests = [
            make.make_request(
                session,
                season_id=season.id,
                programme_id=rules.programme_id,
                starts=tuple(day + timedelta(weeks=n) for n in range(options)),
            )
            for day in days
        ]
        company = make.make_company(session)
        people = [make.make_role_model(session, max_per_term=1, company_id=company.id) for _ in days]
        old = make.make_run(session, season_id=season.id, rule_version_id=rules.id)
        old.state, old.finished_at = RunState.DONE, clock.now()
        plan = make.make_plan(session, run=old)
        run = make.make_run(session, season_id=season.id, rule_version_id=rules.id, settings={"seconds": 20})
        return Ids(season.id, run.id, plan.id, [row.id for row in requests], [row.id for row in people])


@dataclass
class GroupIds:
    season: str
    run: str
    sessions: list[str]
    mentors: list[str]
    entries: list[str]


def group_season() -> GroupIds:
    """Two sessions with two mentors each; three pupils want the first, three the second."""
    with transaction() as session:
        season = make.make_season(session)
        programme = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
        rules = make.make_rule_version(session, programme_id=programme.id, settings={"min_mentors": 0})
        level = make.make_level(session)
        rooms = [
            make.make_group_session(
                session,
                season_id=season.id,
                programme_id=programme.id,
                weekday=weekday,
                min_mentors=1,
                min_pupils=1,
                seats=3,
            )
            for weekday in (1, 2)
        ]
        mentors = [
            make.make_mentor(session, levels=[level], sessions=[room], max_sessions=1) for room in rooms for _ in "ab"
        ]
        entries = [
            make.make_entry(session, room, level_id=level.id, priority_class=1) for room in rooms for _ in range(3)
        ]
        run = make.make_run(session, season_id=season.id, rule_version_id=rules.id, kind=RunKind.GROUP)
        return GroupIds(
            season.id,
            run.id,
            [row.id for row in rooms],
            [row.id for row in mentors],
            [row.id for row in entries],
        )


@dataclass
class Scripted:
    """An executor whose jobs say what the script says. A step may be a function of the solving: it makes the event."""

    steps: Iterable[Event | Callable[[Scripted], Event | None] | None]
    job: Job | None = None
    stopped: bool = False
    killed: bool = False
    _left: list[Any] = field(default_factory=list)

    def start(self, job: Job) -> Scripted:
        self.job = job
        self._left = list(self.steps)
        return self

    def next(self, timeout: float) -> Event | None:
        step = self._left.pop(0)
        event: Event | None = step(self) if callable(step) else step
        return event

    def stop(self) -> None:
        self.stopped = True

    def kill(self) -> None:
        self.killed = True

    def solve(self) -> Solved:
        """The real plan of the job."""
        assert self.job is not None
        return solved(self.job)


def solved(job: Job) -> Solved:
    """What the real solver makes of a job, in this process."""
    settings = Settings(workers=1)
    plan = solve(load_problem(job.problem), stop=Stop(job.seconds), seed=job.seed, settings=settings)
    return Solved(json.dumps(to_json(plan)), 1)


def really(*before: Callable[[], object]) -> Scripted:
    """Solves for real, after something else has happened in the world."""

    def step(solving: Scripted) -> Event:
        for change in before:
            change()
        return solving.solve()

    return Scripted([step])


def state(run_id: str) -> Run:
    """The run as it is now."""
    with reading() as session:
        return session.scalars(select(Run).where(Run.id == run_id)).one()


def plan_of(run_id: str) -> Plan | None:
    """The plan that the run left, if any."""
    with reading() as session:
        return session.scalar(select(Plan).where(Plan.run_id == run_id))


def planned(run_id: str) -> dict[str, list[str]]:
    """Role models by request in the run's plan."""
    with reading() as session:
        found: dict[str, list[str]] = {}
        for request, person in session.execute(
            select(PlanVisit.request_id, PlanVisitRoleModel.role_model_id)
            .join(PlanVisitRoleModel, PlanVisitRoleModel.plan_visit_id == PlanVisit.id)
            .join(Plan, PlanVisit.plan_id == Plan.id)
            .where(Plan.run_id == run_id)
        ):
            found.setdefault(request, []).append(person)
        return found


def seats(run_id: str) -> dict[str, str]:
    """Session by entry in the run's plan."""
    with reading() as session:
        rows = session.execute(
            select(PlanSeat.entry_id, PlanSeat.session_id)
            .join(Plan, PlanSeat.plan_id == Plan.id)
            .where(Plan.run_id == run_id)
        )
        return dict(rows.all())


def unserved(run_id: str) -> dict[str, list[str]]:
    """Reason codes by request or entry that the run's plan leaves out."""
    with reading() as session:
        rows = session.execute(
            select(PlanUnserved.request_id, PlanUnserved.entry_id, PlanUnserved.reasons)
            .join(Plan, PlanUnserved.plan_id == Plan.id)
            .where(Plan.run_id == run_id)
        )
        return {request or entry: [reason["code"] for reason in reasons] for request, entry, reasons in rows}


def old_plan_stands(ids: Ids) -> bool:
    """Whether the season's earlier plan is there, as it was, and the failed run left nothing half-written."""
    with reading() as session:
        status = session.scalar(select(Plan.status).where(Plan.id == ids.old_plan))
        heads = session.scalar(select(func.count()).select_from(Plan))
        visits = session.scalar(select(func.count()).select_from(PlanVisit))
    return status is PlanStatus.OPTIMAL and heads == 1 and visits == 0


def change(model: Any, key: str, **values: Any) -> Callable[[], None]:
    """A committed change of one row, done when called."""

    def do() -> None:
        with transaction() as session:
            session.execute(update(model).where(model.id == key).values(**values))

    return do


def cancel_request(key: str) -> Callable[[], None]:
    from api.models.visits import Request

    return change(Request, key, state=RequestState.CANCELLED)


def let_lease_lapse(run_id: str) -> None:
    """As if the lease's time had passed."""
    change(Run, run_id, lease_until=clock.now() - timedelta(seconds=1))()


def wait_for(what: Callable[[], Any]) -> Any:
    """The first true answer of `what`; fails when there is none before the deadline."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        if answer := what():
            return answer
        os.sched_yield()
    raise AssertionError("nothing happened before the deadline")
