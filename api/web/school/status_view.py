"""How an order stands, in the words of its page: the heading, the one next thing, and the timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import after_working_days, school_days_before
from api.domain.enums import Mode, RequestState, Side, VisitState
from api.i18n import clock_time, day_and_month, long_date, ngettext
from api.i18n import gettext as _
from api.models.follow_up import Alternative, Evaluation
from api.models.visits import Request, Visit
from api.queries import follow_up as reads
from api.queries import school_story, season_now
from api.queries.school_story import Guest, WhyNo
from api.services.schools import alternatives
from api.web import words
from api.web.school import order_words


class Next(StrEnum):
    """The one thing that the school does next; none while it waits."""

    CONFIRM = "confirm"
    READY = "ready"
    HELD = "held"
    EVALUATE = "evaluate"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline. when: the day it was done, or by when. note: a quiet line."""

    label: str
    when: str = ""
    note: str = ""
    is_done: bool = False
    is_current: bool = False
    may_tell: bool = False


@dataclass(frozen=True)
class Status:
    """All that the page shows. tag: word, sign, colour. facts: time, classes and place on one line."""

    order: Request
    visit: Visit | None
    heading: str
    lead: str
    tag: tuple[str, str, str]
    facts: str
    next: Next
    steps: list[Step]
    guests: list[Guest] = field(default_factory=list)
    verified: bool = False
    begun: bool = False
    ready_by: date | None = None
    role_models_ready: bool = False
    evaluation: Evaluation | None = None
    alternatives: list[Alternative] = field(default_factory=list)
    why: WhyNo | None = None
    is_proven: bool = False

    @property
    def is_settled(self) -> bool:
        return self.visit is not None and self.visit.state in (VisitState.CONFIRMED, VisitState.HELD)

    @property
    def meet_at(self) -> datetime | None:
        """When the role model comes to the door."""
        return None if self.visit is None else self.visit.starts_at - order_words.COMES_BEFORE


def status_of(session: Session, order: Request) -> Status:
    """An order as its school may know it."""
    visit = reads.told_visit(session, order.id)
    now = clock.now()
    begun = visit is not None and visit.starts_at <= now
    settled = visit is not None and visit.state in (VisitState.CONFIRMED, VisitState.HELD)
    verified = reads.is_verified(session, order)
    evaluation = _evaluation(session, visit)
    ready_by = _ready_by(session, order, visit) if visit is not None else None
    declined = order.state is RequestState.DECLINED
    plan = school_story.plan_without(session, order) if declined else None
    return Status(
        order=order,
        visit=visit,
        heading=_heading(order, visit),
        lead=_lead(order, visit),
        tag=_tag(order, visit),
        facts=_facts(order, visit),
        next=_next(order, visit, evaluation, begun=begun),
        steps=_steps(session, order, visit, evaluation, ready_by) if order.state in _FOLLOWED else [],
        guests=school_story.guests(session, visit, verified=verified) if visit is not None and settled else [],
        verified=verified,
        begun=begun,
        ready_by=ready_by,
        role_models_ready=visit is not None and all(one.ready_at for one in visit.role_models),
        evaluation=evaluation,
        alternatives=alternatives.open_alternatives(session, order.id) if declined else [],
        why=school_story.why_no(session, order) if declined else None,
        is_proven=plan is not None
        and words.verdict(
            plan.goals, locks=season_now.locks(session, plan), changed=len(plan.changed_since), detailed=False
        ).proven,
    )


_FOLLOWED = (RequestState.OPEN, RequestState.VISIT)


def _heading(order: Request, visit: Visit | None) -> str:
    if order.state is RequestState.CANCELLED:
        return _("The order is cancelled.")
    if visit is not None:
        day = long_date(visit.starts_at)
        if visit.state is VisitState.HELD:
            return _("You had a visit on %(day)s", day=day)
        if visit.state is VisitState.CONFIRMED:
            return _("You get a visit on %(day)s", day=day)
        return _("We are asking a role model for %(day)s", day=day)
    if order.state is RequestState.DECLINED:
        return _("We found nobody for %(days)s", days=order_words.days_of(_days(order), weekdays=False))
    if order.state is RequestState.UNCONFIRMED:
        return _("Confirm the order")
    return _("We are finding a role model")


def _lead(order: Request, visit: Visit | None) -> str:
    if order.state is RequestState.UNCONFIRMED:
        return _("Open the link in the mail we sent you. We start to look when you have confirmed.")
    if order.state is RequestState.CANCELLED:
        return _("You are welcome to order once more.")
    if order.state in _FOLLOWED and (visit is None or visit.state is VisitState.PLANNED) and not order.answered_at:
        if order.answer_on < clock.today():
            return _promise(order)
        return _("You hear by %(day)s.", day=long_date(order.answer_on))
    return ""


def _tag(order: Request, visit: Visit | None) -> tuple[str, str, str]:
    if order.state is RequestState.CANCELLED:
        return _("Cancelled"), "cross", "neutral"
    if visit is not None and visit.state is VisitState.HELD:
        return _("Held"), "check", "success"
    if visit is not None and visit.state is VisitState.CONFIRMED:
        return _("Confirmed"), "check", "success"
    if visit is not None:
        return _("Being asked"), "clock", "info"
    if order.state is RequestState.DECLINED:
        return _("No, with alternatives"), "info", "warning"
    if order.state is RequestState.UNCONFIRMED:
        return _("Waits for you"), "clock", "warning"
    return _("Being planned"), "clock", "info"


def _facts(order: Request, visit: Visit | None) -> str:
    parts = []
    if visit is not None:
        span = f"{clock_time(visit.starts_at)}–{clock_time(visit.ends_at)}"
        parts.append(_("At %(time)s", time=span))
    names = order_words.listed([one["name"] for one in order.class_list])
    grades = order_words.grades_of((order.grade, *order.more_grades))
    classes = ngettext("%(num)s class", "%(num)s classes", order.classes, num=order.classes)
    parts.append(names or f"{grades}, {classes}")
    mode = visit.mode if visit is not None else order.mode
    if mode.value in (Mode.PHYSICAL.value, Mode.DIGITAL.value):
        parts.append(_("at the school") if mode.value == Mode.PHYSICAL.value else _("digitally"))
    return " · ".join(parts)


def _next(order: Request, visit: Visit | None, evaluation: Evaluation | None, *, begun: bool) -> Next:
    if order.state is RequestState.UNCONFIRMED:
        return Next.CONFIRM
    if visit is None or visit.state is VisitState.PLANNED:
        return Next.NOTHING
    if not begun:
        return Next.READY if visit.school_ready_at is None else Next.NOTHING
    if visit.school_held_at is None:
        return Next.HELD
    return Next.EVALUATE if evaluation is None else Next.NOTHING


def _steps(
    session: Session, order: Request, visit: Visit | None, evaluation: Evaluation | None, ready_by: date | None
) -> list[Step]:
    """Seven steps, the first one that is not done marked as current."""
    agreed = school_story.agreed_at(session, visit) if visit is not None else None
    settled = visit is not None and visit.state in (VisitState.CONFIRMED, VisitState.HELD)
    answered = order.answered_at is not None
    promised = _("by %(day)s", day=day_and_month(order.answer_on))
    steps = [
        Step(_("Ordered"), day_and_month(order.submitted_at), is_done=True),
        Step(
            _("Answer given") if answered else _("Answer"),
            day_and_month(order.answered_at) if order.answered_at else promised,
            _promise(order) if answered or order.answer_on < clock.today() else "",
            is_done=answered,
        ),
        Step(
            _("The role model is confirmed"),
            day_and_month(agreed) if settled and agreed else "",
            _("We have asked, and wait for the answer.") if visit is not None and not settled else "",
            is_done=settled,
        ),
        *_after_the_yes(session, order, visit, evaluation, ready_by, agreed),
    ]
    current = next((number for number, step in enumerate(steps) if not step.is_done), None)
    return [
        Step(one.label, one.when, one.note, one.is_done, number == current, one.may_tell and number == current)
        for number, one in enumerate(steps)
    ]


def _after_the_yes(
    session: Session,
    order: Request,
    visit: Visit | None,
    evaluation: Evaluation | None,
    ready_by: date | None,
    agreed: datetime | None,
) -> list[Step]:
    if visit is None:
        later = (_("The role model calls you"), _("Both say that they are ready"), _("The visit"))
        return [*(Step(label) for label in later), _evaluate_step(evaluation)]
    called = [one.called_at for one in visit.role_models if one.called_at]
    ready = [one.ready_at for one in visit.role_models if one.ready_at]
    both = bool(visit.school_ready_at and ready and len(ready) == len(visit.role_models))
    over = visit.state is VisitState.HELD
    call_by = _call_by(session, order, agreed) if agreed is not None else None
    return [
        Step(
            _("The role model has called") if called else _("The role model calls you"),
            day_and_month(min(called)) if called else _("by %(day)s", day=day_and_month(call_by)) if call_by else "",
            is_done=bool(called) or over,
            may_tell=not called and visit.state is VisitState.CONFIRMED,
        ),
        Step(
            _("Both are ready") if both else _("Both say that they are ready"),
            "" if both or ready_by is None else _("by %(day)s", day=day_and_month(ready_by)),
            is_done=both or over,
        ),
        Step(_("The visit"), long_date(visit.starts_at), is_done=over),
        _evaluate_step(evaluation),
    ]


def _evaluate_step(evaluation: Evaluation | None) -> Step:
    return Step(
        _("Tell how it went"), _("after the visit"), _("Four questions. It takes a minute."), evaluation is not None
    )


def _promise(order: Request) -> str:
    said = day_and_month(order.answer_on)
    if order.late_told_at or (order.answered_at is None and order.answer_on < clock.today()):
        return _("Promised by %(day)s. Not kept.", day=said)
    return _("Promised by %(day)s. Kept.", day=said)


def _call_by(session: Session, order: Request, agreed: datetime) -> date:
    days = reads.rules_of(session, order.programme_id).call_working_days
    return clock.to_oslo(after_working_days(agreed, days, reads.holidays(session))).date()


def _ready_by(session: Session, order: Request, visit: Visit) -> date:
    days = reads.rules_of(session, order.programme_id).ready_school_days
    return school_days_before(clock.to_oslo(visit.starts_at).date(), days, reads.holidays(session))


def _days(order: Request) -> list[date]:
    return sorted({clock.to_oslo(option.lessons[0].starts_at).date() for option in order.options})


def _evaluation(session: Session, visit: Visit | None) -> Evaluation | None:
    if visit is None:
        return None
    return session.scalar(select(Evaluation).where(Evaluation.visit_id == visit.id, Evaluation.side == Side.SCHOOL))
