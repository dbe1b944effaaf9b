"""Locks as those who plan see them, and who of a group plan could be locked where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased, selectinload

from api.domain.enums import LockKind, Mode
from api.domain.permissions import Action, Actor, reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.groups import GroupSession, Mentor, Site
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import Lock, PlanMentor, PlanSeat, PlanSession, lock_role_model
from api.models.pupils import Entry
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request
from api.queries.names import by_name
from api.queries.paging import Page, Window, page_of

Statement: TypeAlias = Any  # a select of several columns


@dataclass(slots=True)
class LockRow:
    """A lock. For a visit: reference, school, mode and people; for a mentor or a pupil: who, and the session.

    number: the pupil's lottery number, None where none is drawn. names, mentor: None without the right to names.
    """

    id: str
    kind: LockKind
    created_at: datetime
    reason: str
    request: str | None
    reference: str | None
    school: str | None
    mode: Mode | None
    starts_at: datetime | None
    session: GroupSession | None
    mentor_id: str | None
    mentor: str | None
    entry: str | None
    number: int | None
    role_models: list[str] = field(default_factory=list)
    names: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A mentor or a pupil that a plan puts in a session. label: a name, or a pupil's lottery number as text."""

    id: str
    label: str
    lock_id: str | None


@dataclass(frozen=True, slots=True)
class Evening:
    """A session of a group plan with those it proposes there."""

    session: GroupSession
    mentors: Sequence[Proposed]
    pupils: Sequence[Proposed]


def locks(session: Session, actor: Actor, season_id: str, window: Window) -> Page[LockRow]:
    """Locks within reach, newest last; at most four queries. Sorts: created_at, kind."""
    statement = _seen(actor).where(Lock.season_id == season_id)
    columns = {"created_at": (Lock.created_at, Lock.id), "kind": (Lock.kind, Lock.created_at, Lock.id)}
    page = page_of(session, statement, window, columns)
    rows = _rows(session, actor, page.items)
    return Page(rows, page.total, page.number, page.size, page.sort, page.descending)


def one_lock(session: Session, actor: Actor, lock: Lock) -> LockRow | None:
    """One lock; None out of reach."""
    found = session.execute(_seen(actor).where(Lock.id == lock.id)).all()
    return next(iter(_rows(session, actor, found)), None)


def _seen(actor: Actor) -> Statement:
    return (
        select(
            Lock,
            Request.reference,
            School.name.label("school"),
            Person.name.label("mentor"),
            GroupSession.site_id,
            Entry.lottery_number,
            _first_lesson().label("starts_at"),
        )
        .outerjoin(Request, Request.id == Lock.request_id)
        .outerjoin(School, School.id == Request.school_id)
        .outerjoin(Mentor, Mentor.id == Lock.mentor_id)
        .outerjoin(Person, Person.id == Mentor.person_id)
        .outerjoin(GroupSession, GroupSession.id == Lock.session_id)
        .outerjoin(Entry, Entry.id == Lock.entry_id)
        .where(_in_reach(actor))
    )


def _rows(session: Session, actor: Actor, found: Sequence[Any]) -> list[LockRow]:
    places = _sessions(session, [row.Lock.session_id for row in found if row.Lock.session_id])
    names = reach(actor, Action.SEE_NAMES)
    rows = [
        LockRow(
            row.Lock.id,
            row.Lock.kind,
            row.Lock.created_at,
            row.Lock.reason,
            row.Lock.request_id,
            row.reference,
            row.school,
            row.Lock.mode,
            row.starts_at,
            places.get(row.Lock.session_id),
            row.Lock.mentor_id,
            row.mentor if names.covers(row.site_id) else None,
            row.Lock.entry_id,
            row.lottery_number,
        )
        for row in found
    ]
    _add_people(session, rows, names=names.everywhere)
    return rows


def evening(session: Session, actor: Actor, plan_id: str, session_id: str) -> Evening:
    """Who a group plan puts in a session, with their locks, in at most five queries. Raises NotFound out of reach."""
    place = session.scalar(
        select(GroupSession)
        .join(PlanSession, PlanSession.session_id == GroupSession.id)
        .where(GroupSession.id == session_id, PlanSession.plan_id == plan_id)
        .options(selectinload(GroupSession.site))
    )
    if place is None or not reach(actor, Action.MANAGE_GROUPS).covers(place.site_id):
        raise NotFound(gettext("There is no such session."))
    of_mentor, of_pupil = aliased(Lock), aliased(Lock)
    mentors = session.execute(
        select(Mentor.id, Person.name, of_mentor.id.label("lock"))
        .join(PlanMentor, PlanMentor.mentor_id == Mentor.id)
        .join(Person, Person.id == Mentor.person_id)
        .outerjoin(of_mentor, and_(of_mentor.mentor_id == Mentor.id, of_mentor.session_id == session_id))
        .where(PlanMentor.plan_id == plan_id, PlanMentor.session_id == session_id)
        .order_by(by_name(Person.name), Mentor.id)
    )
    pupils = session.execute(
        select(Entry.id, Entry.lottery_number, of_pupil.id.label("lock"))
        .join(PlanSeat, PlanSeat.entry_id == Entry.id)
        .outerjoin(of_pupil, of_pupil.entry_id == Entry.id)
        .where(PlanSeat.plan_id == plan_id, PlanSeat.session_id == session_id)
        .order_by(Entry.lottery_number, Entry.id)
    )
    return Evening(
        place,
        [Proposed(row.id, row.name, row.lock) for row in mentors],
        [Proposed(row.id, str(row.lottery_number or "–"), row.lock) for row in pupils],
    )


def evenings(session: Session, actor: Actor, plan_id: str) -> list[GroupSession]:
    """The sessions of a group plan within reach, by site and time; two queries."""
    where = reach(actor, Action.MANAGE_GROUPS)
    statement = (
        select(GroupSession)
        .join(PlanSession, PlanSession.session_id == GroupSession.id)
        .join(Site, Site.id == GroupSession.site_id)
        .where(PlanSession.plan_id == plan_id)
        .options(selectinload(GroupSession.site))
        .order_by(by_name(Site.name), GroupSession.weekday, GroupSession.starts, GroupSession.id)
    )
    if not where.everywhere:
        statement = statement.where(GroupSession.site_id.in_(where.scopes))
    return list(session.scalars(statement))


def _in_reach(actor: Actor) -> ColumnElement[bool]:
    of_visits = true() if reach(actor, Action.SEE_VISIT_PLANS) else false()
    where = reach(actor, Action.MANAGE_GROUPS)
    of_groups = true() if where.everywhere else GroupSession.site_id.in_(where.scopes)
    return or_(and_(Lock.kind == LockKind.VISIT, of_visits), and_(Lock.kind != LockKind.VISIT, of_groups))


def _first_lesson() -> ColumnElement[datetime]:
    found: ColumnElement[datetime] = (
        select(func.min(Lesson.starts_at)).where(Lesson.option_id == Lock.option_id).correlate(Lock).scalar_subquery()
    )
    return found


def _sessions(session: Session, ids: Sequence[str]) -> dict[str | None, GroupSession]:
    if not ids:
        return {}
    rows = select(GroupSession).where(GroupSession.id.in_(ids)).options(selectinload(GroupSession.site))
    return {row.id: row for row in session.scalars(rows)}


def _add_people(session: Session, rows: Sequence[LockRow], *, names: bool) -> None:
    by_id = {row.id: row for row in rows if row.kind is LockKind.VISIT}
    if not by_id:
        return
    people = session.execute(
        select(lock_role_model.c.lock_id, RoleModel.id, Person.name)
        .join(RoleModel, RoleModel.id == lock_role_model.c.role_model_id)
        .join(Person, Person.id == RoleModel.person_id)
        .where(lock_role_model.c.lock_id.in_(by_id))
        .order_by(RoleModel.id)
    )
    for lock_id, role_model_id, name in people:
        row = by_id[lock_id]
        row.role_models.append(role_model_id)
        if names:
            row.names = [*(row.names or ()), name]
