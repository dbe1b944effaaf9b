"""The audit trail."""

from marshmallow import fields

from api.schemas.fields import Moment, StrictSchema, Text
from api.schemas.paging import PageQuery, list_schema, sort_field


class AuditEntrySchema(StrictSchema):
    """A change of state. who: the user's name, null for the system and for holders of a link."""

    sequence = fields.Integer(required=True)
    at = Moment(required=True)
    action = fields.String(required=True)
    object_kind = fields.String(required=True)
    object_id = fields.String(required=True)
    who = fields.String(required=True, allow_none=True)
    detail = fields.Dict(required=True)
    hash = fields.String(required=True)


class AuditQuery(PageQuery):
    sort = sort_field("sequence")
    object_kind = Text(longest=40)
    object_id = Text(longest=36)


class ChainSchema(StrictSchema):
    """The newest entries, held against each other."""

    checked = fields.Integer(required=True)
    holds = fields.Boolean(required=True)
    broken_at = fields.Integer(required=True, allow_none=True)


AuditList = list_schema(AuditEntrySchema)
