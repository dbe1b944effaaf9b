"""The plan of the night: a run for each season that has changed since its last plan.

Nobody gets a mail for it: the coordinators' digest names new plans.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.clock import to_oslo
from api.domain.enums import EntryState, ProgrammeKind, RequestState, RunKind, RunState
from api.errors import AppError
from api.models.groups import GroupSession
from api.models.planning import Run
from api.models.programmes import Programme, ProgrammeRuleVersion, Season
from api.models.pupils import Entry
from api.models.visits import Request
from api.queries.snapshot import order_of_run, take_snapshot
from api.services.runs import newest_rules
from matcher.fields import InvalidProblem
from matcher.problem import problem_sha256

SETTINGS = {"seconds": 60, "workers": 2}
OPEN = (RunState.QUEUED, RunState.RUNNING)
KIND_OF_RUN = {ProgrammeKind.SCHOOL_VISIT: RunKind.VISIT, ProgrammeKind.STUDY_GROUP: RunKind.GROUP}


def due_plans(session: Session, now: datetime) -> list[str]:
    """`season:programme` for each season under way or ahead in which somebody waits to be planned."""
    today = to_oslo(now).date()
    waits = exists().where(
        Request.season_id == Season.id, Request.programme_id == Programme.id, Request.state == RequestState.OPEN
    ) | (
        exists().where(
            Entry.season_id == Season.id, Entry.programme_id == Programme.id, Entry.state == EntryState.WAITING
        )
        & exists().where(GroupSession.season_id == Season.id, GroupSession.programme_id == Programme.id)
    )
    rules = exists().where(ProgrammeRuleVersion.programme_id == Programme.id)
    rows = session.execute(
        select(Season.id, Programme.id)
        .join(Programme, Programme.kind.in_(KIND_OF_RUN))
        .where(Season.ends_on >= today, waits, rules)
        .order_by(Season.starts_on, Programme.code)
    )
    return [f"{season}:{programme}" for season, programme in rows]


def queue_plan(session: Session, item: str, now: datetime) -> None:
    """Orders a run unless one is open, or the last one solved the same problem by the same rules."""
    season_id, programme_id = item.split(":")
    programme = session.get_one(Programme, programme_id)
    kind = KIND_OF_RUN[programme.kind]
    runs = (
        select(Run)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(Run.kind == kind, Run.season_id == season_id, ProgrammeRuleVersion.programme_id == programme_id)
    )
    if session.scalars(runs.where(Run.state.in_(OPEN)).limit(1)).first() is not None:
        return
    rules = newest_rules(session, kind, programme.code)
    last = session.scalars(runs.where(Run.state == RunState.DONE).order_by(Run.finished_at.desc()).limit(1)).first()
    if last is not None and last.rule_version_id == rules and not _has_changed(session, last):
        return
    session.add(Run(kind=kind, season_id=season_id, rule_version_id=rules, settings=dict(SETTINGS)))
    session.flush()


def _has_changed(session: Session, last: Run) -> bool:
    """Whether the rows make another problem than the last run solved, as of that run's day: a new day is no change."""
    if last.started_at is None or last.problem_sha256 is None:
        return True
    order = order_of_run(session, last.id, to_oslo(last.started_at).date())
    try:
        return problem_sha256(take_snapshot(session, order).problem) != last.problem_sha256
    except (InvalidProblem, AppError):
        return True  # the run will say what is wrong
