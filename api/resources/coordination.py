"""What coordinators do by hand: a message to all of a week, an order for somebody on the phone."""

from typing import Any

from flask import url_for

from api.db import transaction
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, version_of
from api.queries import requests as request_reads
from api.schemas.coordination import WeekMessageSchema, WrittenSchema
from api.schemas.requests import NewRequestSchema, RequestSchema
from api.services.coordination import phone_orders, week_messages
from api.services.coordination.week_messages import WeekMessage

blueprint = ResourceBlueprint("api_coordination", __name__, description="What coordinators do by hand")


@blueprint.post("/week-messages")
@blueprint.arguments(WeekMessageSchema)
@blueprint.response(202, WrittenSchema)
@allowed(Action.MESSAGE_PEOPLE)
def send_week_message(given: dict[str, Any]) -> Any:
    """Write to all who have a visit in a week

    The same message twice reaches nobody twice.
    """
    with transaction() as session:
        message = WeekMessage(given["monday"], frozenset(given["to"]), given["subject"], given["text"].strip())
        return {"messages": week_messages.send(session, current_actor(), message)}


@blueprint.post("/requests/by-phone")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewRequestSchema)
@blueprint.response(201, RequestSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.CHANGE_REQUESTS)
def order_by_phone(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Make a request for somebody on the phone; they get a confirmation"""
    actor = current_actor()
    with transaction() as session:

        def make() -> Any:
            request_id = phone_orders.order_for_caller(session, actor, given).id
            made = request_reads.request(session, reach(actor, Action.SEE_REQUESTS), request_id)
            location = url_for("api_requests.get_request", request_id=made.id)
            return answered(201, location, version_of(made), RequestSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)
