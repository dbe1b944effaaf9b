"""How a visit stands for one role model, in the words of its page: heading, the one next thing, and the timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import school_days_before
from api.domain.enums import VisitState
from api.i18n import day_and_month, long_date
from api.i18n import gettext as _
from api.models.follow_up import Evaluation
from api.models.visits import Visit, VisitRoleModel
from api.queries import follow_up as reads
from api.services.follow_up import steps


class Next(StrEnum):
    """The one thing that the role model does next; none while others have to answer or the day is near."""

    CALL = "call"
    READY = "ready"
    HELD = "held"
    EVALUATE = "evaluate"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline. when: the day it was done, or by when."""

    label: str
    when: str = ""
    is_done: bool = False
    is_current: bool = False


@dataclass(frozen=True)
class Standing:
    """All that the page says beside the facts. tag: word, sign, colour. call_by, ready_by: the deadlines, if any."""

    heading: str
    tag: tuple[str, str, str]
    next: Next
    steps: list[Step]
    begun: bool
    is_off: bool
    call_by: datetime | None
    ready_by: date


def standing(session: Session, visit: Visit, member: VisitRoleModel | None, evaluation: Evaluation | None) -> Standing:
    """The visit as one of its role models may know it. member: the person's part in it, None when it is lost."""
    begun = visit.starts_at <= clock.now()
    is_off = member is None or visit.state in (VisitState.CANCELLED, VisitState.FELL_THROUGH)
    call_by = steps.call_by(session, visit) if visit.state is VisitState.CONFIRMED else None
    before = reads.rules_of(session, visit.request.programme_id).ready_school_days
    ready_by = school_days_before(clock.to_oslo(visit.starts_at).date(), before, reads.holidays(session))
    return Standing(
        heading=_heading(visit, is_off=is_off),
        tag=_tag(visit, is_off=is_off),
        next=Next.NOTHING if member is None or is_off else _next(visit, member, evaluation, begun=begun),
        steps=[] if member is None or is_off else _steps(visit, member, evaluation, call_by, ready_by),
        begun=begun,
        is_off=is_off,
        call_by=call_by,
        ready_by=ready_by,
    )


def _heading(visit: Visit, *, is_off: bool) -> str:
    school, day = visit.request.school.name, long_date(visit.starts_at)
    if is_off:
        return _("You are not going to %(school)s", school=school)
    if visit.state is VisitState.HELD:
        return _("You visited %(school)s on %(day)s", school=school, day=day)
    if visit.state is VisitState.PLANNED:
        return _("We wait for the others before %(school)s on %(day)s", school=school, day=day)
    return _("You are visiting %(school)s on %(day)s", school=school, day=day)


def _tag(visit: Visit, *, is_off: bool) -> tuple[str, str, str]:
    if is_off:
        return _("Not taking place"), "cross", "neutral"
    if visit.state is VisitState.HELD:
        return _("The visit was held"), "check", "success"
    if visit.state is VisitState.CONFIRMED:
        return _("Confirmed"), "check", "success"
    return _("Not settled yet"), "clock", "info"


def _next(visit: Visit, member: VisitRoleModel, evaluation: Evaluation | None, *, begun: bool) -> Next:
    if visit.state is VisitState.PLANNED:
        return Next.NOTHING
    if begun:
        if visit.state is not VisitState.HELD or member.held_at is None:
            return Next.HELD
        return Next.EVALUATE if evaluation is None else Next.NOTHING
    if member.called_at is None:
        return Next.CALL
    return Next.READY if member.ready_at is None else Next.NOTHING


def _steps(
    visit: Visit,
    member: VisitRoleModel,
    evaluation: Evaluation | None,
    call_by: datetime | None,
    ready_by: date,
) -> list[Step]:
    """Six steps, the first one that is not done marked as current."""
    over = visit.state is VisitState.HELD
    settled = over or visit.state is VisitState.CONFIRMED
    found = [
        Step(_("You have said yes"), is_done=True),
        Step(_("The visit is settled"), is_done=settled),
        Step(_("You call the teacher"), _done_or_by(member.called_at, call_by), bool(member.called_at) or over),
        Step(_("You say that you are ready"), _done_or_by(member.ready_at, ready_by), bool(member.ready_at) or over),
        Step(_("The visit"), long_date(visit.starts_at), over),
        Step(_("Tell how it went"), _("after the visit"), evaluation is not None),
    ]
    current = next((number for number, one in enumerate(found) if not one.is_done), None)
    return [replace(one, is_current=number == current) for number, one in enumerate(found)]


def _done_or_by(done: datetime | None, by: date | None) -> str:
    """The day it was done, else by when it is to be, else nothing."""
    if done is not None:
        return day_and_month(done)
    return _("by %(day)s", day=day_and_month(by)) if by is not None else ""
