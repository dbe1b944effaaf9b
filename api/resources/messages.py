"""Messages: how each stands, and trying a failed one again. Calendars of one's own: made and ended."""

from typing import Any
from uuid import UUID

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor, signed_in
from api.edge.rest import ResourceBlueprint, listed, window_of
from api.edge.session import read_session
from api.queries import outbox as reads
from api.schemas.messages import FeedSchema, FeedsSchema, MessageList, MessageQuery, MessageSchema, NewFeedSchema
from api.services import feeds, outbox

blueprint = ResourceBlueprint("api_messages", __name__, description="Messages and calendars")


@blueprint.get("/messages")
@blueprint.etag
@blueprint.arguments(MessageQuery, location="query")
@blueprint.response(200, MessageList)
@allowed(Action.SEE_MESSAGES)
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """Messages, without what they say"""
    return listed(reads.messages(read_session(), window_of(query), **query))


@blueprint.get("/messages/<uuid:message_id>")
@blueprint.etag
@blueprint.response(200, MessageSchema)
@allowed(Action.SEE_MESSAGES)
def get_message(message_id: UUID) -> Any:
    """One message, without what it says"""
    return reads.message(read_session(), str(message_id))


@blueprint.post("/messages/<uuid:message_id>/retry")
@blueprint.response(200, MessageSchema)
@allowed(Action.SEE_MESSAGES)
def retry_message(message_id: UUID) -> Any:
    """Send a failed message again, to the address that the person has now"""
    with transaction() as session:
        return outbox.retry(session, current_actor(), str(message_id))


@blueprint.get("/feeds")
@blueprint.response(200, FeedsSchema)
@signed_in
def list_feeds() -> dict[str, Any]:
    """Calendars that you have or may have"""
    return {"items": feeds.feeds_of(read_session(), current_actor())}


@blueprint.post("/feeds")
@blueprint.arguments(NewFeedSchema)
@blueprint.response(201, FeedSchema)
@signed_in
def make_feed(given: dict[str, Any]) -> Any:
    """Make the address of a calendar, or get the one there is"""
    with transaction() as session:
        return feeds.make(session, current_actor(), given["kind"], given["id"])


@blueprint.delete("/feeds/<string:kind>/<uuid:object_id>")
@blueprint.response(204)
@signed_in
def end_feed(kind: str, object_id: UUID) -> None:
    """End the address of a calendar"""
    with transaction() as session:
        feeds.end(session, current_actor(), kind, str(object_id))
