"""The list of exceptions: lines, calls, remedies."""

from marshmallow import fields

from api.domain.enums import CallOutcome, ExceptionState
from api.schemas.fields import Moment, PublicId, StrictSchema, Text, Word
from api.schemas.paging import PageQuery, list_schema, sort_field
from api.services.coordination.calls import NOTE_MOST, RESOLUTIONS


class CallSchema(StrictSchema):
    at = Moment(required=True)
    outcome = Word(CallOutcome, required=True)
    note = fields.String(required=True)


class LineSchema(StrictSchema):
    """What needs a person. about: table and id of the object; what: its school, site or person. name, phone: whom to
    call, null for those who may not handle it.
    """

    id = PublicId(required=True, attribute="item.id")
    kind = fields.String(required=True, attribute="item.kind")
    state = Word(ExceptionState, required=True, attribute="item.state")
    created_at = Moment(required=True, attribute="item.created_at")
    due_on = fields.Date(required=True, allow_none=True, attribute="item.due_on")
    object_kind = fields.String(required=True, attribute="item.object_kind")
    object_id = fields.String(required=True, attribute="item.object_id")
    site = PublicId(required=True, allow_none=True, attribute="item.site_id")
    what = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    reason = fields.Dict(required=True, attribute="item.reason")
    remedy = fields.Dict(required=True, attribute="item.remedy")
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    calls = fields.List(fields.Nested(CallSchema), required=True, attribute="item.calls")
    resolution = fields.String(required=True, allow_none=True, attribute="item.resolution")


class LineQuery(PageQuery):
    sort = sort_field("severity", "due_on", "created_at")
    state = Word(ExceptionState, load_default=ExceptionState.OPEN.value)


class NewCallSchema(StrictSchema):
    outcome = Word(CallOutcome, required=True)
    note = Text(longest=NOTE_MOST, load_default="")


class RemedyUseSchema(StrictSchema):
    """What the remedy asks for: the answer of an invited person, an address, a day and a time."""

    answer = Word(("yes", "no"))
    address = Text(longest=254)
    day = Text(longest=10)
    starts = Text(longest=5)


class DoneSchema(StrictSchema):
    """said: what was done, in the reader's language. page: where it is finished, null when it is."""

    said = fields.String(required=True)
    page = fields.String(required=True, allow_none=True)


class ResolveSchema(StrictSchema):
    resolution = Word(RESOLUTIONS, required=True)


LineList = list_schema(LineSchema)
