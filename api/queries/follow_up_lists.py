"""Approvals, invitations and live visits as lists, each narrowed to what the asker may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from api.domain.enums import InvitationState, Mode, RunKind, VisitState
from api.domain.permissions import Action, Actor, may, reach
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.follow_up import Invitation, PlanApproval
from api.models.planning import Plan
from api.models.role_models import RoleModel
from api.models.visits import Request, Visit, VisitRoleModel
from api.queries.paging import Page, Window, page_of


@dataclass(frozen=True, slots=True)
class Member:
    """A role model in a visit. name: None for those who may not see names."""

    role_model: str
    name: str | None
    travel_minutes: int
    called_at: datetime | None
    ready_at: datetime | None
    held_at: datetime | None


@dataclass(frozen=True, slots=True)
class VisitView:
    """A live visit, or one that was."""

    id: str
    version: int
    request: str
    reference: str
    school: str
    plan: str | None
    state: VisitState
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    school_ready_at: datetime | None
    school_held_at: datetime | None
    role_models: list[Member]


def approvals(session: Session, window: Window, *, plan: str) -> Page[PlanApproval]:
    """Approvals of a plan of visits. Sorts: created_at, state."""
    columns = {
        "created_at": (PlanApproval.created_at, PlanApproval.id),
        "state": (PlanApproval.state, PlanApproval.created_at, PlanApproval.id),
    }
    statement = (
        select(PlanApproval)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.VISIT, PlanApproval.plan_id == plan)
    )
    return page_of(session, statement, window, columns)


def invitations(
    session: Session,
    actor: Actor,
    window: Window,
    *,
    visit: str | None = None,
    role_model: str | None = None,
    state: InvitationState | str | None = None,
) -> Page[Invitation]:
    """All for the coordination, a role model's own otherwise. Sorts: starts_at, answer_by, state."""
    statement = _invitations(actor).join(Visit, Invitation.visit_id == Visit.id)
    for column, value in (
        (Invitation.visit_id, visit),
        (Invitation.role_model_id, role_model),
        (Invitation.state, state),
    ):
        if value is not None:
            statement = statement.where(column == value)
    columns = {
        "starts_at": (Visit.starts_at, Invitation.id),
        "answer_by": (Invitation.answer_by, Invitation.id),
        "state": (Invitation.state, Visit.starts_at, Invitation.id),
    }
    return page_of(session, statement, window, columns)


def invitation(session: Session, actor: Actor, invitation_id: str) -> Invitation:
    """One invitation. Raises NotFound, also for others'."""
    statement = _invitations(actor).where(Invitation.id == invitation_id)
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is no such invitation."))
    return found


def _invitations(actor: Actor) -> Select[Any]:
    """Role models do not see what has not been sent to them."""
    statement = select(Invitation).options(joinedload(Invitation.visit).joinedload(Visit.request))
    if may(actor, Action.SEE_EXCEPTIONS) and reach(actor, Action.SEE_ROLE_MODELS).everywhere:
        return statement
    own = select(RoleModel.id).where(RoleModel.person_id == actor.person_id)
    return statement.where(Invitation.role_model_id.in_(own), Invitation.sent_at.is_not(None))


def visits(
    session: Session,
    actor: Actor,
    window: Window,
    *,
    season: str | None = None,
    school: str | None = None,
    state: VisitState | str | None = None,
) -> Page[VisitView]:
    """Visits of the schools in reach. Sorts: starts_at, state."""
    statement = _visits(actor)
    for column, value in ((Request.season_id, season), (Request.school_id, school), (Visit.state, state)):
        if value is not None:
            statement = statement.where(column == value)
    columns = {
        "starts_at": (Visit.starts_at, Visit.id),
        "state": (Visit.state, Visit.starts_at, Visit.id),
    }
    names = may(actor, Action.SEE_NAMES)
    return page_of(session, statement, window, columns).map(lambda row: _view(row, names))


def visit(session: Session, actor: Actor, visit_id: str) -> VisitView:
    """One visit. Raises NotFound, also where it is out of reach."""
    found = session.scalar(_visits(actor).where(Visit.id == visit_id).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is no such visit."))
    return _view(found, may(actor, Action.SEE_NAMES))


def _visits(actor: Actor) -> Select[Any]:
    """School contacts do not see what can still be undone."""
    where = reach(actor, Action.SEE_REQUESTS)
    statement = (
        select(Visit)
        .join(Request, Visit.request_id == Request.id)
        .options(
            joinedload(Visit.request),
            selectinload(Visit.role_models).joinedload(VisitRoleModel.role_model).joinedload(RoleModel.person),
        )
    )
    if where.everywhere:
        return statement
    waiting = (
        select(Invitation.visit_id)
        .join(PlanApproval, Invitation.approval_id == PlanApproval.id)
        .where(PlanApproval.state.in_(("approved", "undone")))
    )
    return statement.where(Request.school_id.in_(where.scopes), or_(Visit.plan_id.is_(None), Visit.id.not_in(waiting)))


def _view(row: Visit, names: bool) -> VisitView:
    return VisitView(
        id=row.id,
        version=row.version,
        request=row.request_id,
        reference=row.request.reference,
        school=row.request.school_id,
        plan=row.plan_id,
        state=row.state,
        mode=row.mode,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        school_ready_at=row.school_ready_at,
        school_held_at=row.school_held_at,
        role_models=[
            Member(
                one.role_model_id,
                one.role_model.person.name if names else None,
                one.travel_minutes,
                one.called_at,
                one.ready_at,
                one.held_at,
            )
            for one in sorted(row.role_models, key=lambda one: one.role_model_id)
        ],
    )
