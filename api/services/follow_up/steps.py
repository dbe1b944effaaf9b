"""After the yes: the role model calls, both say that they are ready, both hear the day before, both say it was held.

Each thing is asked once, and the visit's row keeps when. What nobody answers becomes a line on the list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.deadlines import after_working_days, school_days_before
from api.domain.enums import Side, VisitState
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Evaluation, ExceptionItem, Invitation
from api.models.visits import Visit, VisitRoleModel
from api.queries import follow_up as reads
from api.services import audit
from api.services.change import SYSTEM, By, move
from api.services.follow_up import exceptions, messages, turn

MORNING, NOON = time(8), time(12)
ASKED_AGAIN_AFTER = 1  # working days from the reminder to the line on the list
HELD_BY_ITSELF_AFTER = 5  # working days in which nobody says otherwise
QUESTIONS = {
    Side.SCHOOL: ("useful", "engaging", "prepared", "again"),
    Side.ROLE_MODEL: ("welcome", "engaged", "prepared", "again"),
}
LOWEST, HIGHEST = 1, 5
ROOM_FOR_QUESTIONS = 2_000

IsDue = Callable[[Session, Visit, datetime], bool]


def called(session: Session, visit_id: str, role_model_id: str, who: By, now: datetime | None = None) -> None:
    """The role model has called the school. Again changes nothing. Raises NotFound, Conflict when it is not settled."""
    visit, member = _settled(session, visit_id, role_model_id)
    assert member is not None
    if member.called_at is None:
        member.called_at = now or clock.now()
        session.flush()
        audit.record(session, "visit.called", "visit", visit.id, actor_id=who.user_id)
    if all(one.called_at for one in visit.role_models):
        exceptions.resolve_lines(session, visit.id, "not_called", now=now)


def ready(
    session: Session, visit_id: str, who: By, now: datetime | None = None, *, role_model_id: str | None = None
) -> None:
    """A side is ready: the school, or one of the role models. Raises NotFound, Conflict when it is not settled."""
    visit, member = _settled(session, visit_id, role_model_id)
    row, name = (member, "ready_at") if member is not None else (visit, "school_ready_at")
    if getattr(row, name) is None:
        setattr(row, name, now or clock.now())
        session.flush()
        audit.record(session, "visit.ready", "visit", visit.id, actor_id=who.user_id)
    if is_ready(visit):
        exceptions.resolve_lines(session, visit.id, "not_ready", now=now)


def not_called(session: Session, visit_id: str) -> None:
    """The school has heard from nobody: somebody calls the role model. Again changes nothing, and so does a call that
    has been made. Raises NotFound, Conflict when the visit is not settled.
    """
    visit, _member = _settled(session, visit_id, None)
    silent = _silent(visit, "called_at")
    if silent and not _has_line(session, "not_called", visit):
        _raise(session, "not_called", visit, silent[0])


def is_ready(visit: Visit) -> bool:
    """Whether both sides have ticked it."""
    return visit.school_ready_at is not None and all(one.ready_at for one in visit.role_models)


def ask_questions(session: Session, visit_id: str, text: str, who: By) -> None:
    """What the class would like to hear about, without names. Raises InvalidInput when it is too long."""
    visit, _member = _settled(session, visit_id, None)
    if len(text) > ROOM_FOR_QUESTIONS:
        raise InvalidInput(
            _("There is room for %(count)s characters.", count=ROOM_FOR_QUESTIONS),
            field="questions",
            remedy=_("Keep the most important questions."),
        )
    visit.questions = text.strip() or None
    session.flush()
    audit.record(session, "visit.questions", "visit", visit.id, actor_id=who.user_id)


def evaluate(
    session: Session, visit_id: str, side: Side, answers: Mapping[str, Any], *, role_model_id: str | None = None
) -> Evaluation:
    """One side's minute; given once, and changed by giving it again.

    answers: a number from 1 to 5 for each of the side's QUESTIONS. Raises NotFound, Conflict before the visit was
    held, InvalidInput naming the question.
    """
    visit = reads.visit(session, visit_id)
    members = [] if visit is None else [one.role_model_id for one in visit.role_models]
    if visit is None or (side is Side.ROLE_MODEL and role_model_id not in members):
        raise NotFound(_("There is no such visit."))
    if visit.state is not VisitState.HELD:
        raise Conflict(_("The visit has not been held yet."), remedy=_("Come back after it."))
    for question in QUESTIONS[side]:
        if answers.get(question) not in range(LOWEST, HIGHEST + 1):
            raise InvalidInput(_("Choose one of the answers."), field=question)
    given = {question: answers[question] for question in QUESTIONS[side]}
    found = session.scalar(
        select(Evaluation).where(
            Evaluation.visit_id == visit.id, Evaluation.side == side, Evaluation.role_model_id == role_model_id
        )
    )
    if found is None:
        found = Evaluation(visit_id=visit.id, side=side, role_model_id=role_model_id, answers=given)
        session.add(found)
    else:
        found.answers = given
    session.flush()
    return found


def due_calls(session: Session, now: datetime) -> list[str]:
    """Settled visits to come whose role model should have called, and has not been asked again or is still silent."""
    return [one.id for one in _to_come(session, now) if _call_is_due(session, one, now)]


def do_call(session: Session, visit_id: str, now: datetime) -> None:
    """Asks those who have not called; a working day later somebody calls them."""
    visit = _still(session, visit_id, now, _call_is_due)
    if visit is None:
        return
    silent = _silent(visit, "called_at")
    if _was_asked(session, visit):
        _raise(session, "not_called", visit, silent[0])
        return
    visit.call_asked_at = now
    for invitation in _of(session, visit, silent):
        messages.tell_role_model(session, "visit_call_school", invitation, more=messages.contact_values(visit.request))


def due_ready(session: Session, now: datetime) -> list[str]:
    """Settled visits that are so close that both sides should say that they are ready."""
    return [one.id for one in _to_come(session, now) if _ready_is_due(session, one, now)]


def do_ready(session: Session, visit_id: str, now: datetime) -> None:
    """Asks the sides that have not ticked; a working day later somebody calls them."""
    visit = _still(session, visit_id, now, _ready_is_due)
    if visit is None:
        return
    silent = _silent(visit, "ready_at")
    if visit.ready_asked_at is not None:
        _raise(session, "not_ready", visit, silent[0] if silent else None)
        return
    visit.ready_asked_at = now
    _tell(session, visit, "visit_ready", silent, school=visit.school_ready_at is None)


def due_day_before(session: Session, now: datetime) -> list[str]:
    """Settled visits of tomorrow whose people have not been told yet."""
    return [one.id for one in _to_come(session, now) if _day_before_is_due(session, one, now)]


def do_day_before(session: Session, visit_id: str, now: datetime) -> None:
    """Tells both sides where and when they meet, and whom to call."""
    visit = _still(session, visit_id, now, _day_before_is_due)
    if visit is not None:
        visit.day_before_told_at = now
        _tell(session, visit, "visit_tomorrow", [one.role_model_id for one in visit.role_models], school=True)


def due_held(session: Session, now: datetime) -> list[str]:
    """Visits that are over: both are asked the next morning; held by itself when nobody says otherwise."""
    states = (VisitState.CONFIRMED, VisitState.HELD)
    over = select(Visit).where(Visit.state.in_(states), Visit.ends_at <= now).order_by(Visit.ends_at, Visit.id)
    days_off = reads.holidays(session)
    return [one.id for one in session.scalars(over) if _held_is_due(one, now, days_off)]


def do_held(session: Session, visit_id: str, now: datetime) -> None:
    """Asks both sides whether it was held and how; later, with nobody saying otherwise, it counts as held."""
    turn.take(session)
    visit = session.get_one(Visit, visit_id)
    if visit_id not in due_held(session, now):
        return
    if visit.held_asked_at is None:
        visit.held_asked_at = now
        _tell(session, visit, "visit_over", [one.role_model_id for one in visit.role_models], school=True)
        return
    move(session, visit, "hold", SYSTEM, detail={"why": "nobody said otherwise"})
    exceptions.resolve_lines(session, visit.id, now=now)


def _settled(session: Session, visit_id: str, role_model_id: str | None) -> tuple[Visit, VisitRoleModel | None]:
    visit = reads.visit(session, visit_id)
    member = None if visit is None or role_model_id is None else session.get(VisitRoleModel, (visit.id, role_model_id))
    if visit is None or (role_model_id is not None and member is None):
        raise NotFound(_("There is no such visit."))
    if visit.state not in (VisitState.CONFIRMED, VisitState.HELD):
        raise Conflict(_("The visit is not settled."), remedy=_("Load the page again to see how it stands."))
    return visit, member


def _to_come(session: Session, now: datetime) -> list[Visit]:
    to_come = select(Visit).where(Visit.state == VisitState.CONFIRMED, Visit.starts_at > now, ~reads.is_waiting())
    return list(session.scalars(to_come.order_by(Visit.starts_at, Visit.id)))


def _still(session: Session, visit_id: str, now: datetime, is_due: IsDue) -> Visit | None:
    """The visit, when the step is due on it once nobody else changes it."""
    turn.take(session)
    visit = session.get_one(Visit, visit_id)
    sure = visit.state is VisitState.CONFIRMED and visit.starts_at > now
    sure = sure and reads.waiting_approval(session, visit.id) is None
    return visit if sure and is_due(session, visit, now) else None


def _call_is_due(session: Session, visit: Visit, now: datetime) -> bool:
    silent = _silent(visit, "called_at")
    if not silent or _has_line(session, "not_called", visit):
        return False
    since = visit.call_asked_at if _was_asked(session, visit) else _settled_at(session, visit)
    if since is None:
        return False
    rules = reads.rules_of(session, visit.request.programme_id)
    days = ASKED_AGAIN_AFTER if _was_asked(session, visit) else rules.call_working_days
    return after_working_days(since, days, reads.holidays(session)) <= now


def call_by(session: Session, visit: Visit) -> datetime | None:
    """By when the role model is to have called the school; None while nobody has been told of the visit."""
    since = _settled_at(session, visit)
    rules = reads.rules_of(session, visit.request.programme_id)
    return since and after_working_days(since, rules.call_working_days, reads.holidays(session))


def _was_asked(session: Session, visit: Visit) -> bool:
    """Whether those who are silent have been asked again: a new role model has not."""
    settled = _settled_at(session, visit)
    return visit.call_asked_at is not None and settled is not None and visit.call_asked_at >= settled


def _settled_at(session: Session, visit: Visit) -> datetime | None:
    """When the visit was confirmed, and people could reach each other: the last of them said yes, or was told."""
    everyone = reads.live_invitations(session, visit.id)
    return max((one.answered_at or one.sent_at or one.created_at for one in everyone), default=None)


def _ready_is_due(session: Session, visit: Visit, now: datetime) -> bool:
    if is_ready(visit) or _has_line(session, "not_ready", visit):
        return False
    days_off = reads.holidays(session)
    if visit.ready_asked_at is not None:
        return after_working_days(visit.ready_asked_at, ASKED_AGAIN_AFTER, days_off) <= now
    before = reads.rules_of(session, visit.request.programme_id).ready_school_days
    return clock.at_local(school_days_before(_day(visit), before, days_off), MORNING) <= now


def _day_before_is_due(_session: Session, visit: Visit, now: datetime) -> bool:
    return visit.day_before_told_at is None and clock.at_local(_day(visit) - timedelta(days=1), NOON) <= now


def _held_is_due(visit: Visit, now: datetime, days_off: frozenset[date]) -> bool:
    if visit.held_asked_at is None:
        return clock.at_local(clock.to_oslo(visit.ends_at).date() + timedelta(days=1), MORNING) <= now
    is_silent = visit.state is VisitState.CONFIRMED
    return is_silent and after_working_days(visit.held_asked_at, HELD_BY_ITSELF_AFTER, days_off) <= now


def _silent(visit: Visit, step: str) -> list[str]:
    return sorted(one.role_model_id for one in visit.role_models if getattr(one, step) is None)


def _day(visit: Visit) -> date:
    return clock.to_oslo(visit.starts_at).date()


def _tell(session: Session, visit: Visit, kind: str, role_models: list[str], *, school: bool) -> None:
    more = {"questions": visit.questions or ""}
    session.flush()
    for invitation in _of(session, visit, role_models):
        told = more | messages.contact_values(visit.request)
        messages.tell_role_model(session, f"{kind}_role_model", invitation, more=told)
    if school:
        people = messages.people_values(session, visit)
        messages.tell_school(session, f"{kind}_school", visit.request, visit=visit, more=more | people)


def _of(session: Session, visit: Visit, role_models: Collection[str]) -> list[Invitation]:
    return [one for one in reads.live_invitations(session, visit.id) if one.role_model_id in role_models]


def _raise(session: Session, kind: str, visit: Visit, role_model_id: str | None) -> None:
    invited = [] if role_model_id is None else _of(session, visit, [role_model_id])
    exceptions.raise_line(
        session,
        kind,
        visit.id,
        reason={"code": kind, "side": "role_model" if invited else "school"},
        remedy={"code": "call_invited_person" if invited else "call_school"},
        person_id=invited[0].role_model.person_id if invited else visit.request.contact_id,
        season_id=visit.request.season_id,
        due_on=_day(visit),
    )


def _has_line(session: Session, kind: str, visit: Visit) -> bool:
    """Whether it was raised before: once is enough, open or dealt with."""
    raised = exists().where(ExceptionItem.kind == kind, ExceptionItem.object_id == visit.id)
    return bool(session.scalar(select(raised)))
