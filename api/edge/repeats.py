"""POSTs with an Idempotency-Key: sent twice, answered alike, done once."""

from collections.abc import Callable
from typing import Any

from flask import Response, json, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session

from api.edge.access import current_actor
from api.services.repeats import Answer, once


class KeySchema(Schema):
    """The header of a request that may be sent twice; kept for 24 hours."""

    class Meta:
        unknown = EXCLUDE

    key = fields.String(
        data_key="Idempotency-Key", validate=[validate.Length(min=1, max=200), validate.Regexp(r"[!-~]+\Z")]
    )


def answered(status: int, location: str, tagged: Any, body: Any) -> Answer:
    """An answer that can be given again. tagged: what its ETag is made of."""
    return Answer(status, {"Location": location, "tagged": json.dumps(tagged)}, json.dumps(body))


def once_for_key(
    session: Session, blueprint: Blueprint, headers: dict[str, Any], given: Any, make: Callable[[], Answer]
) -> Response:
    """The answer of `make`, or the first one to the same key of the same user, with its ETag."""
    owner = f"user:{current_actor().user_id}"
    answer = once(session, owner=owner, key=headers.get("key"), asked=[request.endpoint, given], make=make)
    blueprint.set_etag(json.loads(answer.headers["tagged"]))
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Location"] = answer.headers["Location"]
    return response
