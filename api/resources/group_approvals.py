"""Approving group plans over REST: at all sites, or at a leader's own."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select

from api.db import transaction
from api.domain.enums import RunKind
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, version_of
from api.edge.session import read_session
from api.models.follow_up import PlanApproval
from api.models.planning import Plan
from api.schemas.entries import GroupApprovalSchema, NewGroupApprovalSchema
from api.services.queue import approval as services


class OneApproval(ResourceBlueprint):
    """One approval: undone by POST under If-Match."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_group_approvals", __name__, description="Approvals of group plans")
one_approval = OneApproval("api_group_approval", __name__, description="Approvals of group plans")


@blueprint.get("/group-approvals")
@blueprint.etag
@blueprint.response(200, GroupApprovalSchema(many=True))
@allowed(Action.APPROVE_GROUPS)
def list_group_approvals() -> Any:
    """Approvals in reach, newest first"""
    where = reach(current_actor(), Action.APPROVE_GROUPS)
    rows = read_session().scalars(
        select(PlanApproval)
        .join(Plan, PlanApproval.plan_id == Plan.id)
        .where(Plan.kind == RunKind.GROUP)
        .order_by(PlanApproval.created_at.desc(), PlanApproval.id)
    )
    return [row for row in rows if all(where.covers(site) for site in row.items)]


@blueprint.post("/group-plans/<uuid:plan_id>/approvals")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewGroupApprovalSchema)
@blueprint.response(201, GroupApprovalSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.APPROVE_GROUPS)
def approve_group_plan(headers: dict[str, Any], given: dict[str, Any], plan_id: UUID) -> Any:
    """Approve a group plan at these sites"""
    with transaction() as session:

        def make() -> Any:
            made = services.approve(session, current_actor(), str(plan_id), given["sites"])
            return answered(
                201, f"/api/v1/group-approvals/{made.id}", version_of(made), GroupApprovalSchema().dump(made)
            )

        return once_for_key(session, blueprint, headers, {**given, "plan": str(plan_id)}, make)


@one_approval.get("/group-approvals/<uuid:approval_id>")
@one_approval.etag
@one_approval.response(200, GroupApprovalSchema)
@allowed(Action.APPROVE_GROUPS)
def get_group_approval(approval_id: UUID) -> Any:
    """One approval, with the seats that no longer held"""
    found = services.approval_in_reach(read_session(), current_actor(), str(approval_id))
    one_approval.set_etag(version_of(found))
    return found


@one_approval.post("/group-approvals/<uuid:approval_id>/undo")
@one_approval.etag
@one_approval.response(200, GroupApprovalSchema)
@allowed(Action.APPROVE_GROUPS)
def undo_group_approval(approval_id: UUID) -> Any:
    """Undo an approval before it is sent"""
    with transaction() as session:
        found = services.approval_in_reach(session, current_actor(), str(approval_id))
        one_approval.check_etag(version_of(found))
        services.undo(session, current_actor(), found.id)
        one_approval.set_etag(version_of(found))
        return found
