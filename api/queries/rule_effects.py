"""What a change of a programme's rules would touch today, counted in the rows before anything is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import InvitationState, ProfileState, RequestState, SchoolStatus, VisitState
from api.domain.school_days import after_school_days, months_before
from api.models.follow_up import Invitation
from api.models.places import School
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request, RequestOption, Visit
from api.queries import follow_up


@dataclass(frozen=True, slots=True)
class Effect:
    """A rule that would change. code: which sentence says what it means, "" for none. count: how many it touches.

    so_far: how many it touches as it is now, where that says something; None elsewhere.
    """

    name: str
    before: Any
    after: Any
    code: str = ""
    count: int = 0
    so_far: int | None = None


def effects(session: Session, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Effect]:
    """The rules that differ, in their order, each with what it touches; at most two queries a rule."""
    found = []
    for name, value in after.items():
        if value == before.get(name):
            continue
        look = _LOOKS.get(name)
        old = before.get(name)
        found.append(look(session, name, old, value) if look else Effect(name, old, value))
    return found


def _without_visit(session: Session, name: str, old: int, new: int) -> Effect:
    def count(months: int) -> int:
        since = clock.at_local(months_before(clock.today(), months), datetime.min.time())
        held = (
            select(Request.school_id)
            .join(Visit, Visit.request_id == Request.id)
            .where(Visit.state == VisitState.HELD, Visit.starts_at >= since)
        )
        active = School.status == SchoolStatus.ACTIVE
        return session.scalar(select(func.count(School.id)).where(active, School.id.not_in(held))) or 0

    return Effect(name, old, new, "first", count(new), count(old))


def _too_near(session: Session, name: str, old: int, new: int) -> Effect:
    """Requests outside windows whose last time is nearer than the notice."""
    holidays = follow_up.holidays(session)
    last = (
        select(func.max(Lesson.starts_at))
        .join(RequestOption, Lesson.option_id == RequestOption.id)
        .where(RequestOption.request_id == Request.id)
        .correlate(Request)
        .scalar_subquery()
    )

    def count(days: int) -> int:
        first = clock.at_local(after_school_days(clock.today(), days, holidays), datetime.min.time())
        waits = (Request.state == RequestState.OPEN, Request.window_id.is_(None), last > clock.now(), last < first)
        return session.scalar(select(func.count(Request.id)).where(*waits)) or 0

    return Effect(name, old, new, "too_near", count(new), count(old))


def _unconfirmed(session: Session, name: str, old: int, new: int) -> Effect:
    def count(months: int) -> int:
        since = clock.at_local(months_before(clock.today(), months), datetime.min.time())
        old_ones = (RoleModel.state == ProfileState.ACTIVE, RoleModel.confirmed_at < since)
        return session.scalar(select(func.count(RoleModel.id)).where(*old_ones)) or 0

    return Effect(name, old, new, "unconfirmed", count(new), count(old))


def _more_open(session: Session, name: str, old: int, new: int) -> Effect:
    many = (
        select(Invitation.role_model_id)
        .where(Invitation.state == InvitationState.SENT)
        .group_by(Invitation.role_model_id)
        .having(func.count() > new)
        .subquery()
    )
    return Effect(name, old, new, "more_open", session.scalar(select(func.count()).select_from(many)) or 0)


def _open_invitations(session: Session, name: str, old: int, new: int) -> Effect:
    count = session.scalar(select(func.count(Invitation.id)).where(Invitation.state == InvitationState.SENT))
    return Effect(name, old, new, "keep_deadline", count or 0)


def _promised(session: Session, name: str, old: int, new: int) -> Effect:
    count = session.scalar(select(func.count(Request.id)).where(Request.state == RequestState.OPEN))
    return Effect(name, old, new, "keep_promise", count or 0)


def _offers_more(session: Session, name: str, old: int | None, new: int | None) -> Effect:
    if new is None:
        return Effect(name, old, new)
    column = getattr(RoleModel, name)
    more = (RoleModel.state == ProfileState.ACTIVE, column > new)
    return Effect(name, old, new, "offer_more", session.scalar(select(func.count(RoleModel.id)).where(*more)) or 0)


_LOOKS: dict[str, Callable[[Session, str, Any, Any], Effect]] = {
    "first_visit_months": _without_visit,
    "lead_school_days": _too_near,
    "confirmed_months": _unconfirmed,
    "open_invitations": _more_open,
    "silence_working_days": _open_invitations,
    "near_silence_hours": _open_invitations,
    "promise_working_days": _promised,
    "max_lessons": _offers_more,
    "max_per_day": _offers_more,
    "max_per_week": _offers_more,
    "max_per_term": _offers_more,
}
