"""Plans: heads for everyone, goals for those who plan, rows narrowed to what the reader may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased, joinedload, load_only, selectinload

from api.domain.enums import Mode, PlanStatus, RunKind, Sense
from api.domain.permissions import Action, Actor, Reach, reach
from api.errors import NotFound
from api.i18n import gettext
from api.models.groups import GroupSession
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import PlanSeat, PlanUnserved, PlanVisit, PlanVisitRoleModel
from api.models.planning import Plan
from api.models.pupils import Entry, EntryChoice, Pupil
from api.models.role_models import RoleModel
from api.models.visits import Request
from api.queries.paging import Page, Window, page_of

_HEAD = load_only(Plan.id, Plan.kind, Plan.season_id, Plan.status, Plan.created_at, Plan.changed_since)


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What everyone may know of a plan. changed: items dropped since its snapshot."""

    id: str
    kind: RunKind
    season_id: str
    status: PlanStatus
    created_at: datetime
    changed: int

    @property
    def proven(self) -> bool:
        """No better plan exists: every goal has reached its bound, and all of the plan still stands."""
        return self.status is PlanStatus.OPTIMAL and not self.changed


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal's value and proven bound."""

    name: str
    sense: Sense
    value: int
    bound: int

    @property
    def gap(self) -> int:
        return abs(self.bound - self.value)


@dataclass(frozen=True, slots=True)
class Check:
    """What the judge and the bounds say of a plan."""

    id: str
    status: PlanStatus
    problem_sha256: str
    goals: tuple[Goal, ...]
    certificate: dict[str, Any]
    conflicts: list[Any]
    changed_since: list[Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A role model in a proposed visit; no name and no way from home without the right to names."""

    role_model: str
    name: str | None
    travel_minutes: int | None


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A proposed visit with its school."""

    id: str
    request: str
    reference: str
    school: str
    school_name: str
    grade: int
    classes: int
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    role_models: tuple[Visitor, ...]


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A proposed seat; no name without the right, and never a protected pupil's."""

    pupil: str
    name: str | None
    session: str
    mentor: str
    choice: int | None


def plans(
    session: Session, window: Window, *, season: str | None = None, kind: RunKind | str | None = None
) -> Page[PlanHead]:
    """Heads of plans. Sorts: created_at, kind."""
    statement = select(Plan).options(_HEAD)
    for column, value in ((Plan.season_id, season), (Plan.kind, kind)):
        if value is not None:
            statement = statement.where(column == value)
    columns = {"created_at": (Plan.created_at, Plan.id), "kind": (Plan.kind, Plan.created_at, Plan.id)}
    return page_of(session, statement, window, columns).map(_head)


def plan(session: Session, plan_id: str, kind: RunKind | None = None) -> PlanHead:
    """The head of one plan. Raises NotFound, also where it is of another kind than asked for."""
    statement = select(Plan).options(_HEAD).where(Plan.id == plan_id)
    found = session.scalars(statement if kind is None else statement.where(Plan.kind == kind)).one_or_none()
    if found is None:
        raise NotFound(gettext("There is no such plan."))
    return _head(found)


def check(session: Session, actor: Actor, plan_id: str) -> Check:
    """Goals, bounds and certificate. Raises NotFound, also where its goals are not the actor's to see.

    Whoever sees some sites only sees what changed at those, and no conflicts, which may lie anywhere.
    """
    found = session.scalar(select(Plan).options(selectinload(Plan.goals)).where(Plan.id == plan_id))
    where = reach(actor, rows_right(found.kind)) if found else None
    if found is None or not where or not reach(actor, Action.SEE_GOALS):
        raise NotFound(gettext("There is no such plan."))
    goals = tuple(Goal(goal.name, goal.sense, goal.value, goal.bound) for goal in found.goals)
    return Check(
        found.id,
        found.status,
        found.problem_sha256,
        goals,
        found.certificate,
        found.conflicts if where.everywhere else [],
        _changed(session, found, where),
    )


def _changed(session: Session, found: Plan, where: Reach) -> list[Any]:
    """What changed since the plan's snapshot, as far as it touches sessions in reach."""
    if where.everywhere:
        return found.changed_since
    own = set(session.scalars(select(GroupSession.id).where(GroupSession.site_id.in_(where.scopes))))
    return [item for item in found.changed_since if item.get("session") in own]


def rows_right(kind: RunKind) -> Action:
    """The right that a kind of plan's rows ask for."""
    return Action.SEE_VISIT_PLANS if kind is RunKind.VISIT else Action.SEE_GROUP_PLANS


def visits(
    session: Session, actor: Actor, plan_id: str, window: Window, *, mode: Mode | str | None = None
) -> Page[VisitRow]:
    """The visits of a plan. Sorts: starts_at, school, grade. Raises NotFound for another kind of plan."""
    plan(session, plan_id, RunKind.VISIT)
    statement = (
        select(PlanVisit)
        .join(PlanVisit.request)
        .join(Request.school)
        .options(
            joinedload(PlanVisit.request).joinedload(Request.school),
            selectinload(PlanVisit.role_models).joinedload(PlanVisitRoleModel.role_model).joinedload(RoleModel.person),
        )
        .where(PlanVisit.plan_id == plan_id)
    )
    if mode is not None:
        statement = statement.where(PlanVisit.mode == mode)
    columns = {
        "starts_at": (PlanVisit.starts_at, PlanVisit.id),
        "school": (School.name, PlanVisit.id),
        "grade": (Request.grade, PlanVisit.id),
    }
    names = reach(actor, Action.SEE_NAMES).everywhere
    return page_of(session, statement, window, columns).map(lambda row: _visit(row, names))


def seats(
    session: Session, actor: Actor, plan_id: str, window: Window, *, group_session: str | None = None
) -> Page[SeatRow]:
    """The seats of a plan, at the actor's sites. Sorts: pupil, session, choice."""
    plan(session, plan_id, RunKind.GROUP)
    statement = (
        select(
            PlanSeat.entry_id,
            PlanSeat.session_id,
            PlanSeat.mentor_id,
            PlanSeat.choice,
            GroupSession.site_id,
            Pupil.protected,
            Person.name,
        )
        .join(GroupSession, PlanSeat.session_id == GroupSession.id)
        .join(Entry, PlanSeat.entry_id == Entry.id)
        .join(Pupil, Entry.pupil_id == Pupil.id)
        .join(Person, Pupil.person_id == Person.id)
        .where(PlanSeat.plan_id == plan_id, _at_sites(GroupSession.site_id, reach(actor, Action.SEE_GROUP_PLANS)))
    )
    if group_session is not None:
        statement = statement.where(PlanSeat.session_id == group_session)
    columns = {
        "pupil": (PlanSeat.entry_id,),
        "session": (PlanSeat.session_id, PlanSeat.entry_id),
        "choice": (PlanSeat.choice, PlanSeat.entry_id),
    }
    names = reach(actor, Action.SEE_NAMES)
    return page_of(session, statement, window, columns).map(lambda row: _seat(row, names))


def unserved(session: Session, actor: Actor, plan_id: str, window: Window) -> Page[PlanUnserved]:
    """What a plan leaves out. Of pupils, those with a choice at the actor's sites. Sorts: id, ahead."""
    statement = _unserved(actor, plan(session, plan_id))
    columns = {"id": (PlanUnserved.id,), "ahead": (PlanUnserved.ahead, PlanUnserved.id)}
    return page_of(session, statement, window, columns)


def unserved_pupil(session: Session, actor: Actor, plan_id: str, entry_id: str) -> PlanUnserved:
    """One of the pupils in the list of what a group plan leaves out. Raises NotFound."""
    statement = _unserved(actor, plan(session, plan_id, RunKind.GROUP)).where(PlanUnserved.entry_id == entry_id)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound(gettext("There is no such pupil without a place."))
    return found


def _unserved(actor: Actor, head: PlanHead) -> Select[PlanUnserved]:
    where = reach(actor, rows_right(head.kind))
    if not where:
        raise NotFound(gettext("There is no such plan."))
    statement = select(PlanUnserved).where(PlanUnserved.plan_id == head.id)
    if head.kind is RunKind.VISIT or where.everywhere:
        return statement
    chosen = aliased(GroupSession)
    return statement.where(
        exists()
        .where(EntryChoice.entry_id == PlanUnserved.entry_id)
        .where(EntryChoice.session_id == chosen.id)
        .where(chosen.site_id.in_(where.scopes))
    )


def _head(row: Plan) -> PlanHead:
    return PlanHead(row.id, row.kind, row.season_id, row.status, row.created_at, len(row.changed_since))


def _visit(row: PlanVisit, names: bool) -> VisitRow:
    request = row.request
    visitors = (
        Visitor(part.role_model_id, part.role_model.person.name, part.travel_minutes)
        if names
        else Visitor(part.role_model_id, None, None)
        for part in sorted(row.role_models, key=lambda part: part.role_model_id)
    )
    return VisitRow(
        id=row.id,
        request=request.id,
        reference=request.reference,
        school=request.school_id,
        school_name=request.school.name,
        grade=request.grade,
        classes=request.classes,
        mode=row.mode,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        role_models=tuple(visitors),
    )


def _seat(row: Any, names: Reach) -> SeatRow:
    shown = names.covers(row.site_id) and not row.protected
    return SeatRow(row.entry_id, row.name if shown else None, row.session_id, row.mentor_id, row.choice)


def _at_sites(site_id: Any, where: Reach) -> ColumnElement[bool]:
    return site_id.in_(where.scopes) if not where.everywhere else site_id.is_not(None)
