"""Role models: read, registered and changed, each within the asker's reach; names only with the right to them."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor, signed_in
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import role_models as reads
from api.schemas.role_models import (
    NewRoleModelSchema,
    ProfileStepSchema,
    RoleModelChangeSchema,
    RoleModelList,
    RoleModelQuery,
    RoleModelSchema,
)
from api.services import role_models as services
from api.services.profiles import own

blueprint = ResourceBlueprint("api_role_models", __name__, description="People from working life who visit classes")


@blueprint.get("/role-models")
@blueprint.etag
@blueprint.arguments(RoleModelQuery, location="query")
@blueprint.response(200, RoleModelList)
@allowed(Action.SEE_ROLE_MODELS)
def list_role_models(query: dict[str, Any]) -> dict[str, Any]:
    """Role models"""
    return listed(reads.role_models(read_session(), current_actor(), window_of(query), **query))


@blueprint.post("/role-models")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewRoleModelSchema)
@blueprint.response(201, RoleModelSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.CHANGE_ROLE_MODELS)
def create_role_model(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Register a role model"""
    actor = current_actor()

    with transaction() as session:

        def make() -> Any:
            made = reads.role_model(session, actor, services.create_role_model(session, actor, given).id)
            location = url_for("api_role_models.get_role_model", role_model_id=made.id)
            return answered(201, location, version_of(made), RoleModelSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/role-models/<uuid:role_model_id>")
@blueprint.etag
@blueprint.response(200, RoleModelSchema)
@signed_in
def get_role_model(role_model_id: UUID) -> Any:
    """One role model"""
    found = reads.role_model(read_session(), current_actor(), str(role_model_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/role-models/<uuid:role_model_id>")
@blueprint.etag
@blueprint.arguments(RoleModelChangeSchema)
@blueprint.response(200, RoleModelSchema)
@signed_in
def change_role_model(given: dict[str, Any], role_model_id: UUID) -> Any:
    """Change or confirm a profile"""
    actor = current_actor()
    with transaction() as session:
        found = services.editable_role_model(session, actor, str(role_model_id))
        blueprint.check_etag(version_of(found))
        services.change_role_model(session, found, given)
        changed = reads.role_model(session, actor, found.id)
        blueprint.set_etag(version_of(changed))
        return changed


@blueprint.post("/role-models/<uuid:role_model_id>/steps")
@blueprint.arguments(ProfileStepSchema)
@blueprint.response(200, RoleModelSchema)
@signed_in
def take_step(given: dict[str, Any], role_model_id: UUID) -> Any:
    """Confirm, resume, pause or leave"""
    actor = current_actor()
    with transaction() as session:
        found = services.editable_role_model(session, actor, str(role_model_id))
        steps = {"confirm": own.confirm, "resume": own.resume, "pause": own.pause, "leave": own.leave}
        steps[given["event"]](session, found, own.acting_for(actor, found))
        return reads.role_model(session, actor, found.id)
