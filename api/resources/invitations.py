"""Invitations: a role model's own, or all for the coordination; answered."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from api.db import transaction
from api.domain.enums import RefusalScope
from api.edge.access import current_actor, signed_in
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.models.follow_up import Invitation
from api.queries import follow_up_lists as reads
from api.schemas.follow_up import DeclineSchema, InvitationList, InvitationQuery, InvitationSchema
from api.services.change import By
from api.services.follow_up import invitations as services


class InvitationBlueprint(ResourceBlueprint):
    """One invitation: answered by POST under If-Match."""

    METHODS_NEEDING_CHECK_ETAG: ClassVar[list[str]] = ["POST"]


blueprint = ResourceBlueprint("api_invitations", __name__, description="Invitations to visits")
one_invitation = InvitationBlueprint("api_invitation", __name__, description="One invitation and its answer")


@blueprint.get("/invitations")
@blueprint.etag
@blueprint.arguments(InvitationQuery, location="query")
@blueprint.response(200, InvitationList)
@signed_in
def list_invitations(query: dict[str, Any]) -> dict[str, Any]:
    """Invitations: all for the coordination, a role model's own otherwise"""
    return listed(reads.invitations(read_session(), current_actor(), window_of(query), **query))


@one_invitation.get("/invitations/<uuid:invitation_id>")
@one_invitation.etag
@one_invitation.response(200, InvitationSchema)
@signed_in
def get_invitation(invitation_id: UUID) -> Any:
    """One invitation"""
    found = reads.invitation(read_session(), current_actor(), str(invitation_id))
    one_invitation.set_etag(version_of(found))
    return found


@one_invitation.post("/invitations/<uuid:invitation_id>/accept")
@one_invitation.etag
@one_invitation.response(200, InvitationSchema)
@one_invitation.alt_response(409, "CONFLICT")
@signed_in
def accept(invitation_id: UUID) -> Any:
    """Say yes"""
    return _answered(invitation_id, lambda session, found, who: services.accept(session, found.id, who))


@one_invitation.post("/invitations/<uuid:invitation_id>/decline")
@one_invitation.etag
@one_invitation.arguments(DeclineSchema)
@one_invitation.response(200, InvitationSchema)
@one_invitation.alt_response(409, "CONFLICT")
@signed_in
def decline(given: dict[str, Any], invitation_id: UUID) -> Any:
    """Say no, to this time, this request or this school"""
    scope = RefusalScope(given["scope"])
    return _answered(invitation_id, lambda session, found, who: services.decline(session, found.id, scope, who))


@one_invitation.post("/invitations/<uuid:invitation_id>/object")
@one_invitation.etag
@one_invitation.response(200, InvitationSchema)
@one_invitation.alt_response(409, "CONFLICT")
@signed_in
def object_to(invitation_id: UUID) -> Any:
    """Object to a visit that was set up by an agreement"""
    return _answered(invitation_id, lambda session, found, who: services.object_to(session, found.id, who))


@one_invitation.post("/invitations/<uuid:invitation_id>/cannot-come")
@one_invitation.etag
@one_invitation.response(200, InvitationSchema)
@one_invitation.alt_response(409, "CONFLICT")
@signed_in
def cannot_come(invitation_id: UUID) -> Any:
    """Take a yes back"""
    return _answered(invitation_id, lambda session, found, who: services.cannot_come(session, found.id, who))


def _answered(invitation_id: UUID, act: Callable[[Session, Invitation, By], Invitation]) -> Invitation:
    with transaction() as session:
        found, who = services.own_invitation(session, current_actor(), str(invitation_id))
        one_invitation.check_etag(version_of(found))
        changed = act(session, found, who)
        one_invitation.set_etag(version_of(changed))
        return changed
