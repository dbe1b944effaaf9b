"""Approvals of plans of visits: what they would do, and how they stand."""

from marshmallow import fields, validate

from api.domain.enums import ApprovalState, Mode
from api.schemas.fields import Moment, PublicId, StrictSchema, Word


class SomeoneSchema(StrictSchema):
    role_model = PublicId(required=True, attribute="role_model_id")
    is_told = fields.Boolean(
        required=True, attribute="reserved", metadata={"description": "told by an agreement, not asked"}
    )


class ApprovedVisitSchema(StrictSchema):
    request = PublicId(required=True, attribute="request_id")
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    mode = Word(Mode, required=True)
    people = fields.List(fields.Nested(SomeoneSchema), required=True)


class FaultSchema(StrictSchema):
    field = fields.String(required=True)
    sentence = fields.String(required=True)


class PreviewSchema(StrictSchema):
    """overtaken: what stands against approving. messages: how many would leave in all."""

    visits = fields.List(fields.Nested(ApprovedVisitSchema), required=True)
    dropped = fields.List(fields.Dict(), required=True)
    standing = fields.List(PublicId(), required=True)
    overtaken = fields.List(fields.Nested(FaultSchema), required=True)
    send_at = Moment(required=True)
    messages = fields.Integer(required=True)


class NewApprovalSchema(StrictSchema):
    """requests: whose visits are approved; all of the plan's when left out."""

    requests = fields.List(PublicId(), validate=validate.Length(min=1, max=5000))


class ApprovalSchema(StrictSchema):
    id = PublicId(required=True)
    plan = PublicId(required=True, attribute="plan_id")
    state = Word(ApprovalState, required=True)
    created_at = Moment(required=True)
    send_at = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    undone_at = Moment(required=True, allow_none=True)
    requests = fields.List(fields.String(), required=True, attribute="items")
    dropped = fields.List(fields.Dict(), required=True)
