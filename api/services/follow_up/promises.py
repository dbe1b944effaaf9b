"""Days that were promised: a school's answer, and everyone confirmed some time before the visit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import promise_told_at, school_days_before
from api.domain.enums import ExceptionState, RequestState, VisitState
from api.models.follow_up import ExceptionItem
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.services.change import SYSTEM
from api.services.follow_up import arrange, exceptions, messages, turn
from api.services.schools import alternatives


def due_promises(session: Session, now: datetime) -> list[str]:
    """Requests whose promise date has come without a yes or a no, and whose schools have not been told that."""
    rows = session.scalars(
        select(Request)
        .where(
            Request.state.in_((RequestState.OPEN, RequestState.VISIT)),
            Request.answered_at.is_(None),
            Request.late_told_at.is_(None),
            Request.answer_on <= clock.to_oslo(now).date(),
        )
        .order_by(Request.answer_on, Request.id)
    )
    return [row.id for row in rows if _is_late(session, row, now)]


def do_promise(session: Session, request_id: str, now: datetime) -> None:
    """On the day: a no with alternatives where the plan left the request out and nobody can come.

    Else it says that the promise is not kept, and raises it; nothing when the answer came meanwhile.
    """
    turn.take(session)
    request = session.get_one(Request, request_id)
    waits = request.state in (RequestState.OPEN, RequestState.VISIT) and request.answered_at is None
    if not waits or request.late_told_at is not None or not _is_late(session, request, now):
        return
    if alternatives.is_out_of_reach(session, request, now):
        alternatives.offer_alternatives(session, request, SYSTEM, now)
        return
    request.late_told_at = now
    session.flush()
    visit = reads.live_visit(session, request.id)
    pending = [] if visit is None else [o for o in reads.live_invitations(session, visit.id) if arrange.is_pending(o)]
    due = messages.hear_by(pending)
    messages.tell_school(
        session,
        "promise_late_school",
        request,
        more={"hear_by": due.isoformat() if due else None, "asking": bool(pending)},
    )
    first = pending[0] if pending else None
    exceptions.raise_line(
        session,
        "promise_missed",
        request.id,
        reason={"code": "no_answer_yet", "answer_on": request.answer_on.isoformat()},
        remedy={"code": "call_invited" if first else "plan_again"},
        person_id=first.role_model.person_id if first else request.contact_id,
        season_id=request.season_id,
        due_on=request.answer_on,
    )


def _is_late(session: Session, request: Request, now: datetime) -> bool:
    return promise_told_at(request.answer_on, reads.rules_of(session, request.programme_id)) <= now


def due_confirmations(session: Session, now: datetime) -> list[str]:
    """Visits that are so close that everyone should have said yes, and have no line about it yet."""
    has_line = exists().where(
        ExceptionItem.kind == "not_confirmed",
        ExceptionItem.object_id == Visit.id,
        (ExceptionItem.state == ExceptionState.OPEN) | (ExceptionItem.resolution != exceptions.WENT_AWAY),
    )
    rows = session.scalars(
        select(Visit)
        .where(Visit.state == VisitState.PLANNED, Visit.starts_at > now, ~has_line)
        .order_by(Visit.starts_at, Visit.id)
    )
    return [row.id for row in rows if _is_close(session, row, now)]


def do_confirmation(session: Session, visit_id: str, now: datetime) -> None:
    """Raises a visit that is close and not confirmed, with the number of whoever has not answered."""
    turn.take(session)
    if visit_id not in due_confirmations(session, now):
        return
    visit = session.get_one(Visit, visit_id)
    pending = [one for one in reads.live_invitations(session, visit.id) if arrange.is_pending(one)]
    first = pending[0] if pending else None
    exceptions.raise_line(
        session,
        "not_confirmed",
        visit.id,
        reason={"code": "no_yes_yet", "people": len(pending)},
        remedy={"code": "call_invited" if first else "call_school"},
        person_id=first.role_model.person_id if first else visit.request.contact_id,
        season_id=visit.request.season_id,
        due_on=clock.to_oslo(visit.starts_at).date(),
    )


def _is_close(session: Session, visit: Visit, now: datetime) -> bool:
    rules = reads.rules_of(session, visit.request.programme_id)
    day = clock.to_oslo(visit.starts_at).date()
    return clock.to_oslo(now).date() >= school_days_before(day, rules.confirm_school_days, reads.holidays(session))
