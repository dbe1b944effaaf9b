"""Booking windows whose plan is late: the school weeks come nearer, and nobody has approved who goes where."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import ApprovalState, ExceptionState, RequestState, RunKind, WindowKind
from api.models.follow_up import ExceptionItem, PlanApproval
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion, VisitWeek, Window
from api.models.visits import Request
from api.queries import follow_up as reads
from api.services.follow_up import exceptions, turn

KIND = "plan_overdue"
_OPEN = ExceptionItem.state == ExceptionState.OPEN


def due_windows(session: Session, now: datetime) -> list[str]:
    """Windows that should have a line about a late plan and have none, or have one that they should not."""
    by_hand = ExceptionItem.resolution != exceptions.WENT_AWAY
    rows = session.execute(
        select(Window, _first_monday(), _has_line(_OPEN), _has_line(_OPEN | by_hand))
        .where(Window.kind == WindowKind.REQUEST, Window.closes_at <= now)
        .order_by(Window.closes_at, Window.id)
    )
    return [
        window.id
        for window, monday, is_open, is_known in rows
        if (not is_known if _is_overdue(session, window, monday, now) else is_open)
    ]


def do_window(session: Session, window_id: str, now: datetime) -> None:
    """Raises the window's line, or closes it when the plan is approved, nobody waits or the weeks have come."""
    turn.take(session)
    if window_id not in due_windows(session, now):
        return
    window = session.get_one(Window, window_id)
    monday = session.scalar(select(_first_monday()).where(Window.id == window_id))
    if monday is None or not _is_overdue(session, window, monday, now):
        exceptions.resolve_lines(session, window_id, KIND, now=now)
        return
    waiting = select(func.count()).where(_waits(window))
    exceptions.raise_line(
        session,
        KIND,
        window_id,
        reason={
            "code": "not_approved",
            "closed_on": clock.to_oslo(window.closes_at).date().isoformat(),
            "monday": monday.isoformat(),
            "requests": session.scalar(waiting) or 0,
        },
        remedy={"code": "approve_plan"},
        season_id=window.season_id,
        due_on=_approve_by(session, window, monday),
    )


def settle_windows(session: Session, run: Run, programme_id: str, now: datetime) -> None:
    """A plan of this run is approved: the windows that had closed when the run began have theirs."""
    closed = select(Window.id).where(
        Window.season_id == run.season_id, Window.programme_id == programme_id, Window.closes_at <= run.started_at
    )
    for window_id in session.scalars(closed):
        exceptions.resolve_lines(session, window_id, KIND, now=now)


def newest_plan(session: Session, window: Window) -> str | None:
    """The newest usable plan of the window's programme that was made after the window closed."""
    statement = (
        _plans_since(window)
        .where(Plan.status.in_(("optimal", "feasible")))
        .order_by(Plan.created_at.desc(), Plan.id.desc())
    )
    return session.scalar(statement.limit(1))


def _is_overdue(session: Session, window: Window, monday: date | None, now: datetime) -> bool:
    today = clock.to_oslo(now).date()
    if monday is None or monday <= today or today <= _approve_by(session, window, monday):
        return False
    approved = _plans_since(window).where(
        exists().where(
            PlanApproval.plan_id == Plan.id, PlanApproval.state.in_((ApprovalState.APPROVED, ApprovalState.SENT))
        )
    )
    waits = session.scalar(select(exists().where(_waits(window))))
    return bool(waits) and session.scalar(approved.limit(1)) is None


def _approve_by(session: Session, window: Window, monday: date) -> date:
    """The last day on which the plan is approved in time."""
    rules = reads.rules_of(session, window.programme_id)
    return monday - timedelta(weeks=rules.plan_approved_weeks)


def _plans_since(window: Window) -> Select[str]:
    return (
        select(Plan.id)
        .join(Run, Plan.run_id == Run.id)
        .join(ProgrammeRuleVersion, Run.rule_version_id == ProgrammeRuleVersion.id)
        .where(
            Plan.kind == RunKind.VISIT,
            Plan.season_id == window.season_id,
            ProgrammeRuleVersion.programme_id == window.programme_id,
            Run.started_at >= window.closes_at,
        )
    )


def _waits(window: Window) -> ColumnElement[bool]:
    """Requests of the window without an answer and without a visit."""
    waiting: ColumnElement[bool] = (Request.window_id == window.id) & (Request.state == RequestState.OPEN)
    return waiting & Request.answered_at.is_(None)


def _first_monday() -> ScalarSelect[date]:
    return (
        select(func.min(VisitWeek.monday)).where(VisitWeek.window_id == Window.id).correlate(Window).scalar_subquery()
    )


def _has_line(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ExceptionItem.kind == KIND, ExceptionItem.object_id == Window.id, which).correlate(Window)
