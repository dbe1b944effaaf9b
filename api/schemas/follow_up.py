"""Approvals, invitations and live visits."""

from marshmallow import fields

from api.domain.enums import InvitationKind, InvitationState, Mode, RefusalScope, VisitState
from api.schemas.approvals import ApprovalSchema
from api.schemas.fields import Moment, PublicId, StrictSchema, Word, YesNo
from api.schemas.paging import PageQuery, list_schema, sort_field


class ApprovalQuery(PageQuery):
    sort = sort_field("created_at", "state")


class InvitationSchema(StrictSchema):
    """`turn`: 1 for the first person asked for the place. `answer_by`: when silence counts as no, or objecting ends."""

    id = PublicId(required=True)
    version = fields.Integer(required=True)
    visit = PublicId(required=True, attribute="visit_id")
    role_model = PublicId(required=True, attribute="role_model_id")
    kind = Word(InvitationKind, required=True)
    state = Word(InvitationState, required=True)
    turn = fields.Integer(required=True)
    sent_at = Moment(required=True, allow_none=True)
    answer_by = Moment(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    reminders = fields.Integer(required=True)
    decline_scope = Word(RefusalScope, required=True, allow_none=True)


class InvitationQuery(PageQuery):
    sort = sort_field("starts_at", "answer_by", "state")
    visit = PublicId()
    role_model = PublicId()
    state = Word(InvitationState)


class DeclineSchema(StrictSchema):
    """What the no is to: this time, this request or this school."""

    scope = Word(RefusalScope, load_default=RefusalScope.TIME.value)


class MemberSchema(StrictSchema):
    role_model = PublicId(required=True)
    name = fields.String(required=True, allow_none=True)
    travel_minutes = fields.Integer(required=True)
    called_at = Moment(required=True, allow_none=True)
    ready_at = Moment(required=True, allow_none=True)
    held_at = Moment(required=True, allow_none=True)


class LiveVisitSchema(StrictSchema):
    id = PublicId(required=True)
    version = fields.Integer(required=True)
    request = PublicId(required=True)
    reference = fields.String(required=True)
    school = PublicId(required=True)
    plan = PublicId(required=True, allow_none=True)
    state = Word(VisitState, required=True)
    mode = Word(Mode, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    school_ready_at = Moment(required=True, allow_none=True)
    school_held_at = Moment(required=True, allow_none=True)
    role_models = fields.List(fields.Nested(MemberSchema), required=True)


class LiveVisitQuery(PageQuery):
    sort = sort_field("starts_at", "state")
    season = PublicId()
    school = PublicId()
    state = Word(VisitState)


class CancelSchema(StrictSchema):
    """`reopen`: the request can be planned again; for the coordination only."""

    reopen = YesNo(load_default=False)


ApprovalList = list_schema(ApprovalSchema)
InvitationList = list_schema(InvitationSchema)
LiveVisitList = list_schema(LiveVisitSchema)
