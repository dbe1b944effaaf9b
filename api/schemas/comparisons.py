"""Two plans side by side."""

from marshmallow import fields, validate

from api.domain.enums import Mode, RunKind, Sense
from api.queries.paging import MAX_SIZE
from api.schemas.fields import Moment, PublicId, StrictSchema, Word
from api.schemas.paging import FARTHEST_PAGE


class ComparisonQuery(StrictSchema):
    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=FARTHEST_PAGE))
    size = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MAX_SIZE))


class GoalPairSchema(StrictSchema):
    name = fields.String(required=True)
    sense = Word(Sense, required=True)
    before = fields.Integer(required=True, allow_none=True)
    before_bound = fields.Integer(required=True, allow_none=True)
    after = fields.Integer(required=True, allow_none=True)
    after_bound = fields.Integer(required=True, allow_none=True)
    is_better = fields.Boolean(required=True, allow_none=True)


class HeldSchema(StrictSchema):
    starts_at = Moment(required=True)
    mode = Word(Mode, required=True)
    role_models = fields.List(PublicId(), required=True)


class VisitChangeSchema(StrictSchema):
    change = Word(("lost", "gained", "moved", "people"), required=True)
    request = PublicId(required=True)
    reference = fields.String(required=True)
    school = fields.String(required=True)
    before = fields.Nested(HeldSchema, required=True, allow_none=True)
    after = fields.Nested(HeldSchema, required=True, allow_none=True)


class ChangePageSchema(StrictSchema):
    items = fields.List(fields.Nested(VisitChangeSchema), required=True)
    total = fields.Integer(required=True)
    page = fields.Integer(required=True, attribute="number")
    size = fields.Integer(required=True)
    pages = fields.Integer(required=True)


class SiteChangeSchema(StrictSchema):
    """Entries (pupils in the queue) that a site gains, loses, or moves to another evening."""

    site = PublicId(required=True)
    name = fields.String(required=True)
    gained = fields.List(PublicId(), required=True)
    lost = fields.List(PublicId(), required=True)
    moved = fields.List(PublicId(), required=True)


class ComparisonSchema(StrictSchema):
    """counts: requests or pupils by kind of change. visits: for visit plans; sites: for group plans, those in reach."""

    kind = Word(RunKind, required=True)
    before = PublicId(required=True, attribute="before.id")
    after = PublicId(required=True, attribute="after.id")
    goals = fields.List(fields.Nested(GoalPairSchema), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    visits = fields.Nested(ChangePageSchema, required=True, allow_none=True)
    sites = fields.List(fields.Nested(SiteChangeSchema), required=True, allow_none=True)
