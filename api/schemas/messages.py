"""Messages as the API tells of them, without what they say; and calendars to subscribe to."""

from marshmallow import fields, validate

from api.domain.enums import Channel, OutboxState
from api.schemas.fields import Moment, PublicId, StrictSchema, Word
from api.schemas.paging import PageQuery, list_schema, sort_field

FEED_KINDS = ("school", "role_model", "company", "mentor", "site", "season")


class MessageSchema(StrictSchema):
    """How a message stands. about: table and id of what it is about. error: a code, null where all is well."""

    id = PublicId(required=True)
    kind = fields.String(required=True, metadata={"description": "which letter"})
    channel = Word(Channel, required=True)
    person = PublicId(required=True, attribute="person_id", allow_none=True)
    about_kind = fields.String(required=True)
    about = fields.String(required=True, attribute="about_id")
    state = Word(OutboxState, required=True)
    attempts = fields.Integer(required=True)
    created_at = Moment(required=True)
    not_before = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class MessageQuery(PageQuery):
    sort = sort_field("created_at", "state", "kind")
    state = Word(OutboxState)


MessageList = list_schema(MessageSchema)


class NewFeedSchema(StrictSchema):
    kind = fields.String(required=True, validate=validate.OneOf(FEED_KINDS))
    id = PublicId(required=True)


class FeedSchema(StrictSchema):
    """A calendar that you may have. path: of its address, null until it is made."""

    kind = fields.String(required=True, attribute="subject.kind")
    id = PublicId(required=True, attribute="subject.id")
    name = fields.String(required=True, attribute="subject.name")
    path = fields.String(required=True, allow_none=True)


class FeedsSchema(StrictSchema):
    items = fields.List(fields.Nested(FeedSchema), required=True)
