"""Approving plans of visits: what it would do, doing it, undoing it, and sending it at once."""

from typing import Any, ClassVar
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import follow_up_lists as reads
from api.schemas.approvals import ApprovalSchema, NewApprovalSchema, PreviewSchema
from api.schemas.follow_up import ApprovalList, ApprovalQuery
from api.services.follow_up import approval as services


class ApprovalBlueprint(ResourceBlueprint):
    """One approval: changed by POST under If-Match."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_approvals", __name__, description="Approvals of visit plans")
one_approval = ApprovalBlueprint("api_approval", __name__, description="One approval: undone until it is sent")


@blueprint.get("/plans/<uuid:plan_id>/approvals")
@blueprint.etag
@blueprint.arguments(ApprovalQuery, location="query")
@blueprint.response(200, ApprovalList)
@allowed(Action.APPROVE_PLANS)
def list_approvals(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """A plan's approvals"""
    return listed(reads.approvals(read_session(), window_of(query), plan=str(plan_id)))


@blueprint.get("/plans/<uuid:plan_id>/approvals/preview")
@blueprint.etag
@blueprint.response(200, PreviewSchema)
@allowed(Action.APPROVE_PLANS)
def preview(plan_id: UUID) -> Any:
    """What approving the whole plan would do now"""
    return services.preview(read_session(), current_actor(), str(plan_id))


@blueprint.post("/plans/<uuid:plan_id>/approvals")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewApprovalSchema)
@blueprint.response(201, ApprovalSchema, headers={"Location": {"schema": {"type": "string"}}})
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.APPROVE_PLANS)
def approve(headers: dict[str, Any], given: dict[str, Any], plan_id: UUID) -> Any:
    """Approve a plan, or a part of it

    409 when requests or people of it have got other visits since: `errors` names them.
    """
    with transaction() as session:

        def make() -> Any:
            made = services.approve(session, current_actor(), str(plan_id), given.get("requests"))
            location = url_for("api_approval.get_approval", approval_id=made.id)
            return answered(201, location, version_of(made), ApprovalSchema().dump(made))

        return once_for_key(session, blueprint, headers, {**given, "plan": str(plan_id)}, make)


@one_approval.get("/approvals/<uuid:approval_id>")
@one_approval.etag
@one_approval.response(200, ApprovalSchema)
@allowed(Action.APPROVE_PLANS)
def get_approval(approval_id: UUID) -> Any:
    """One approval"""
    found = services.reachable_approval(read_session(), current_actor(), str(approval_id))
    one_approval.set_etag(version_of(found))
    return found


@one_approval.post("/approvals/<uuid:approval_id>/undo")
@one_approval.etag
@one_approval.response(200, ApprovalSchema)
@one_approval.alt_response(409, "CONFLICT")
@allowed(Action.APPROVE_PLANS)
def undo(approval_id: UUID) -> Any:
    """Undo an approval that has not been sent"""
    return _done(services.undo, approval_id)


@one_approval.post("/approvals/<uuid:approval_id>/send")
@one_approval.etag
@one_approval.response(200, ApprovalSchema)
@one_approval.alt_response(409, "CONFLICT")
@allowed(Action.APPROVE_PLANS)
def send(approval_id: UUID) -> Any:
    """Send an approval now"""
    return _done(services.send_now, approval_id)


def _done(act: Any, approval_id: UUID) -> Any:
    with transaction() as session:
        found = services.reachable_approval(session, current_actor(), str(approval_id))
        one_approval.check_etag(version_of(found))
        changed = act(session, current_actor(), found.id)
        one_approval.set_etag(version_of(changed))
        return changed
