"""Locks: what the next runs of a season must leave as it is. Kept with who decided it and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from api import clock
from api.domain.enums import EntryState, LockKind, Mode, RequestState, SessionState, VisitState
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, NotFound
from api.i18n import gettext, short_datetime
from api.models.bookings import Booking
from api.models.groups import GroupSession, Mentor
from api.models.places import School
from api.models.plan_rows import Lock, PlanVisit, lock_role_model
from api.models.pupils import Entry, EntryChoice, Membership
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request, RequestOption, Visit
from api.queries.names import by_name
from api.services import audit

LIVE = (VisitState.PLANNED, VisitState.CONFIRMED)


def lock_proposed_visit(session: Session, actor: Actor, plan_visit_id: str, *, reason: str = "") -> Lock:
    """The next runs keep this visit of a plan: time, mode and people. Raises NotFound, and Conflict naming why not."""
    proposed = session.scalar(
        select(PlanVisit).where(PlanVisit.id == plan_visit_id).options(selectinload(PlanVisit.role_models))
    )
    if proposed is None or not reach(actor, Action.QUEUE_RUNS):
        raise NotFound(gettext("There is no such visit."))
    people = [part.role_model_id for part in proposed.role_models]
    return lock_visit(session, actor, proposed.request_id, proposed.option_id, proposed.mode, people, reason=reason)


def lock_live_visit(session: Session, actor: Actor, visit_id: str, *, reason: str = "") -> Lock:
    """The request keeps this visit even when a person of it falls out later: the next runs plan it so again."""
    live = session.scalar(
        select(Visit).where(Visit.id == visit_id, Visit.state.in_(LIVE)).options(selectinload(Visit.role_models))
    )
    if live is None or not reach(actor, Action.QUEUE_RUNS):
        raise NotFound(gettext("There is no such visit."))
    people = [part.role_model_id for part in live.role_models]
    return lock_visit(session, actor, live.request_id, live.option_id, live.mode, people, reason=reason)


def lock_visit(
    session: Session,
    actor: Actor,
    request_id: str,
    option_id: str,
    mode: Mode,
    role_models: Collection[str],
    *,
    reason: str = "",
    replaces: bool = False,
) -> Lock:
    """Locks a request to an option, a mode and people, and writes it into the trail.

    replaces: a lock of the request that is there gives way. Raises NotFound without the right, and Conflict that names
    what contradicts: a lock or a visit of the request, a person who is taken or locked elsewhere at that time.
    """
    request = session.get(Request, request_id)
    if request is None or not reach(actor, Action.QUEUE_RUNS):
        raise NotFound(gettext("There is no such request."))
    if request.state not in (RequestState.OPEN, RequestState.VISIT):
        raise Conflict(gettext("The request is no longer waiting for a visit."), code="request_past")
    known = session.scalar(select(Lock).where(Lock.request_id == request_id))
    if known is not None and not replaces:
        raise Conflict(
            gettext("This visit is locked already."), code="locked_already", remedy=gettext("Unlock it first.")
        )
    people = sorted(set(role_models))
    starts_at, ends_at = _time_of(session, option_id)
    _refuse_past(starts_at)
    _refuse_other_visit(session, request, option_id, mode, people)
    _refuse_other_locks(session, request_id, people, starts_at, ends_at)
    _refuse_taken(session, request_id, people, starts_at, ends_at)
    if known is not None:
        _remove(session, actor, known)
    lock = Lock(
        season_id=request.season_id,
        kind=LockKind.VISIT,
        request_id=request_id,
        option_id=option_id,
        mode=mode,
        role_models=list(session.scalars(select(RoleModel).where(RoleModel.id.in_(people)))),
        created_by_id=actor.user_id,
        reason=reason,
    )
    return _keep(session, actor, lock, {"request": request_id, "option": option_id, "role_models": people})


def lock_mentor(session: Session, actor: Actor, mentor_id: str, session_id: str, *, reason: str = "") -> Lock:
    """A mentor stays in a session in the next runs. Raises NotFound out of reach, and Conflict naming why not."""
    place = _session_in_reach(session, actor, session_id)
    mentor = session.scalar(select(Mentor).where(Mentor.id == mentor_id).options(selectinload(Mentor.sessions)))
    if mentor is None or not mentor.is_active:
        raise NotFound(gettext("There is no such mentor."))
    if place.id not in {one.id for one in mentor.sessions}:
        raise Conflict(gettext("The mentor has not said to be free at that time."), code="mentor_session")
    others = session.scalars(
        select(GroupSession)
        .join(Lock, Lock.session_id == GroupSession.id)
        .where(Lock.mentor_id == mentor_id, Lock.season_id == place.season_id)
        .options(selectinload(GroupSession.site))
    ).all()
    if place.id in {one.id for one in others}:
        raise Conflict(gettext("The mentor is locked there already."), code="locked_already")
    for other in others:
        if other.weekday == place.weekday and other.starts < place.ends and place.starts < other.ends:
            raise Conflict(
                gettext("The mentor is locked to %(site)s at the same time.", site=other.site.name),
                code="mentor_overlap",
                remedy=gettext("Unlock it first."),
            )
    if len(others) >= mentor.max_sessions:
        raise Conflict(gettext("The mentor is locked to as many evenings as agreed."), code="mentor_max")
    lock = Lock(
        season_id=place.season_id,
        kind=LockKind.MENTOR,
        mentor_id=mentor_id,
        session_id=place.id,
        created_by_id=actor.user_id,
        reason=reason,
    )
    return _keep(session, actor, lock, {"mentor": mentor_id, "session": place.id})


def lock_pupil(session: Session, actor: Actor, entry_id: str, session_id: str, *, reason: str = "") -> Lock:
    """A pupil's seat in the next runs. Raises NotFound out of reach, and Conflict naming why not."""
    place = _session_in_reach(session, actor, session_id)
    entry = session.get(Entry, entry_id)
    if entry is None or entry.season_id != place.season_id:
        raise NotFound(gettext("There is no such pupil in the queue."))
    if entry.state not in (EntryState.WAITING, EntryState.PLACED):
        raise Conflict(gettext("The pupil is no longer in the queue."), code="entry_past")
    known = session.scalar(select(Lock).where(Lock.entry_id == entry_id))
    if known is not None:
        raise Conflict(
            gettext("The pupil's seat is locked already."), code="locked_already", remedy=gettext("Unlock it first.")
        )
    seated = session.scalar(
        select(Membership.session_id).where(Membership.entry_id == entry_id, Membership.to_date.is_(None))
    )
    if seated is not None and seated != place.id:
        raise Conflict(gettext("The pupil has a seat in another session."), code="seated_elsewhere")
    if seated is None and place.id not in _choices(session, entry_id):
        raise Conflict(gettext("The pupil has not chosen that session."), code="choice")
    if seated is None and _taken_seats(session, place.id) >= place.seats:
        raise Conflict(gettext("Every seat there is taken or locked."), code="seats")
    lock = Lock(
        season_id=place.season_id,
        kind=LockKind.PUPIL,
        entry_id=entry_id,
        session_id=place.id,
        created_by_id=actor.user_id,
        reason=reason,
    )
    return _keep(session, actor, lock, {"entry": entry_id, "session": place.id})


def unlock(session: Session, actor: Actor, lock_id: str) -> None:
    """The next runs may change it again. Raises NotFound, also out of reach."""
    lock = session.get(Lock, lock_id)
    if lock is None or not _may_change(session, actor, lock):
        raise NotFound(gettext("There is no such lock."))
    _remove(session, actor, lock)


def unlock_request(session: Session, actor: Actor, request_id: str) -> None:
    """Unlocks the visit of a request. Raises NotFound where it is not locked."""
    lock_id = session.scalar(select(Lock.id).where(Lock.request_id == request_id))
    unlock(session, actor, lock_id or "")


def _session_in_reach(session: Session, actor: Actor, session_id: str) -> GroupSession:
    place = session.get(GroupSession, session_id)
    if place is None or not reach(actor, Action.MANAGE_GROUPS).covers(place.site_id):
        raise NotFound(gettext("There is no such session."))
    if place.state is not SessionState.ACTIVE:
        raise Conflict(gettext("The session is cancelled."), code="session_cancelled")
    return place


def _may_change(session: Session, actor: Actor, lock: Lock) -> bool:
    if lock.kind is LockKind.VISIT:
        return bool(reach(actor, Action.QUEUE_RUNS))
    site = session.scalar(select(GroupSession.site_id).where(GroupSession.id == lock.session_id))
    return reach(actor, Action.MANAGE_GROUPS).covers(site)


def _keep(session: Session, actor: Actor, lock: Lock, detail: dict[str, Any]) -> Lock:
    session.add(lock)
    session.flush()
    audit.record(
        session, "lock.set", "lock", lock.id, actor_id=actor.user_id, detail={"kind": lock.kind.value, **detail}
    )
    return lock


def _remove(session: Session, actor: Actor, lock: Lock) -> None:
    about = {"request": lock.request_id, "mentor": lock.mentor_id, "entry": lock.entry_id, "session": lock.session_id}
    detail = {"kind": lock.kind.value, **{name: value for name, value in about.items() if value}}
    audit.record(session, "lock.lift", "lock", lock.id, actor_id=actor.user_id, detail=detail)
    session.delete(lock)
    session.flush()


def _time_of(session: Session, option_id: str) -> tuple[datetime, datetime]:
    starts_at, ends_at = session.execute(
        select(func.min(Lesson.starts_at), func.max(Lesson.ends_at)).where(Lesson.option_id == option_id)
    ).one()
    if starts_at is None or ends_at is None:
        raise NotFound(gettext("The request has no such time."))
    return starts_at, ends_at


def _refuse_past(starts_at: datetime) -> None:
    if starts_at <= clock.now():
        raise Conflict(gettext("This time has gone."), code="time_past")


def _refuse_other_visit(session: Session, request: Request, option_id: str, mode: Mode, people: Sequence[str]) -> None:
    live = session.scalar(
        select(Visit)
        .where(Visit.request_id == request.id, Visit.state.in_(LIVE))
        .options(selectinload(Visit.role_models))
    )
    if live is None:
        return
    held = sorted(part.role_model_id for part in live.role_models)
    if (live.option_id, live.mode, held) != (option_id, mode, list(people)):
        raise Conflict(
            gettext("The school has a visit already, %(when)s.", when=short_datetime(live.starts_at)),
            code="other_visit",
            remedy=gettext("Lock that one, or cancel it first."),
        )


def _refuse_other_locks(
    session: Session, request_id: str, people: Sequence[str], starts_at: datetime, ends_at: datetime
) -> None:
    first, last = func.min(Lesson.starts_at), func.max(Lesson.ends_at)
    other = session.execute(
        select(School.name, first.label("starts_at"))
        .select_from(Lock)
        .join(lock_role_model, lock_role_model.c.lock_id == Lock.id)
        .join(RequestOption, RequestOption.id == Lock.option_id)
        .join(Lesson, Lesson.option_id == RequestOption.id)
        .join(Request, Request.id == Lock.request_id)
        .join(School, School.id == Request.school_id)
        .where(lock_role_model.c.role_model_id.in_(people), Lock.request_id != request_id)
        .group_by(Lock.id, School.name)
        .having(first < ends_at, last > starts_at)
        .order_by(first, by_name(School.name))
        .limit(1)
    ).first()
    if other is not None:
        raise Conflict(
            gettext(
                "The same person is locked to %(school)s, %(when)s.",
                school=other.name,
                when=short_datetime(other.starts_at),
            ),
            code="lock_overlap",
            remedy=gettext("Unlock one of the two."),
        )


def _refuse_taken(
    session: Session, request_id: str, people: Sequence[str], starts_at: datetime, ends_at: datetime
) -> None:
    """The person's time is given away, to another visit than that of this request, or to a meeting."""
    taken = session.execute(
        select(School.name, Booking.starts_at)
        .select_from(Booking)
        .join(RoleModel, RoleModel.person_id == Booking.person_id)
        .outerjoin(Visit, Visit.id == Booking.visit_id)
        .outerjoin(Request, Request.id == Visit.request_id)
        .outerjoin(School, School.id == Request.school_id)
        .where(
            RoleModel.id.in_(people),
            Booking.released_at.is_(None),
            Booking.starts_at < ends_at,
            Booking.ends_at > starts_at,
            func.coalesce(Visit.request_id, "") != request_id,
        )
        .order_by(Booking.starts_at)
        .limit(1)
    ).first()
    if taken is None:
        return
    when = short_datetime(taken.starts_at)
    sentence = gettext("The person is taken then: %(school)s, %(when)s.", school=taken.name, when=when)
    if taken.name is None:
        sentence = gettext("The person is taken then, %(when)s.", when=when)
    raise Conflict(sentence, code="person_taken", remedy=gettext("Choose another person or another time."))


def _choices(session: Session, entry_id: str) -> set[str]:
    return set(session.scalars(select(EntryChoice.session_id).where(EntryChoice.entry_id == entry_id)))


def _taken_seats(session: Session, session_id: str) -> int:
    """Seats held by members, and those that others are locked to."""
    seated = select(Membership.entry_id).where(Membership.session_id == session_id, Membership.to_date.is_(None))
    locked = select(Lock.entry_id).where(Lock.session_id == session_id, Lock.kind == LockKind.PUPIL)
    return len({*session.scalars(seated), *session.scalars(locked)})
