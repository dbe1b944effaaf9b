"""Requests of schools: read, made, changed and withdrawn, each within the asker's reach."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import requests as reads
from api.schemas.requests import NewRequestSchema, RequestChangeSchema, RequestList, RequestQuery, RequestSchema
from api.services import requests as services

blueprint = ResourceBlueprint("api_requests", __name__, description="Schools' requests for visits")


@blueprint.get("/requests")
@blueprint.etag
@blueprint.arguments(RequestQuery, location="query")
@blueprint.response(200, RequestList)
@allowed(Action.SEE_REQUESTS)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    """Requests"""
    where = reach(current_actor(), Action.SEE_REQUESTS)
    found = reads.requests(read_session(), where, window_of(query), **query)
    reads.shown(read_session(), where, *found.items)
    return listed(found)


@blueprint.post("/requests")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewRequestSchema)
@blueprint.response(201, RequestSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.CHANGE_REQUESTS)
def create_request(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Make a request"""
    actor = current_actor()
    where = reach(actor, Action.SEE_REQUESTS)

    with transaction() as session:

        def make() -> Any:
            made = reads.request(session, where, services.create_request(session, actor, given).id)
            location = url_for("api_requests.get_request", request_id=made.id)
            return answered(201, location, version_of(made), RequestSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/requests/<uuid:request_id>")
@blueprint.etag
@blueprint.response(200, RequestSchema)
@allowed(Action.SEE_REQUESTS)
def get_request(request_id: UUID) -> Any:
    """One request"""
    where = reach(current_actor(), Action.SEE_REQUESTS)
    found = reads.request(read_session(), where, str(request_id))
    reads.shown(read_session(), where, found)
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/requests/<uuid:request_id>")
@blueprint.etag
@blueprint.arguments(RequestChangeSchema)
@blueprint.response(200, RequestSchema)
@allowed(Action.CHANGE_REQUESTS)
def change_request(given: dict[str, Any], request_id: UUID) -> Any:
    """Change or withdraw a request"""
    actor = current_actor()
    with transaction() as session:
        found = services.editable_request(session, actor, str(request_id))
        blueprint.check_etag(version_of(found))
        services.change_request(session, actor, found, given)
        changed = reads.request(session, reach(actor, Action.SEE_REQUESTS), found.id)
        blueprint.set_etag(version_of(changed))
        return changed
