"""Where a plan's visits are, and why each is as it is or is not at all."""

from marshmallow import fields

from api.schemas.fields import PublicId, StrictSchema
from api.schemas.paging import PageQuery, list_schema, sort_field
from api.schemas.runs import ReasonSchema


class PlanMunicipalitySchema(StrictSchema):
    """A municipality with requests. lat, lon: the middle of its schools. classes: of the visits."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    visits = fields.Integer(required=True)
    classes = fields.Integer(required=True)
    unserved = fields.Integer(required=True)


class PlanMunicipalityQuery(PageQuery):
    sort = sort_field("name", "visits", "classes", "unserved")


class WhySchema(StrictSchema):
    """What speaks for a visit. rank: place by travel time among those who could come, 0 when digital."""

    reserved = fields.Boolean(required=True)
    first_visit = fields.Boolean(required=True)
    priority = fields.Boolean(required=True)
    fixed = fields.Boolean(required=True)
    mode_wished = fields.Boolean(required=True)
    wishes_met = fields.Integer(required=True)
    wishes = fields.Integer(required=True)
    rank = fields.Integer(required=True)
    could_come = fields.Integer(required=True, attribute="of")


class VisitStorySchema(StrictSchema):
    """`alternatives` are the nearest others who could have come, at most ten; None without the right to names."""

    visit = PublicId(required=True)
    request = PublicId(required=True)
    why = fields.Nested(WhySchema, required=True)
    alternatives = fields.List(fields.Dict(), required=True, allow_none=True)


class UnservedChoiceSchema(StrictSchema):
    """A session that a pupil would come to, what became of the wish, and the last place in the queue with a seat."""

    session = PublicId(required=True)
    code = fields.String(required=True)
    last_position = fields.Function(
        lambda choice: None if choice["last_position"] is None else choice["last_position"] + 1,
        metadata={"type": ["integer", "null"], "description": "from 1; null when nobody got a seat"},
    )


class UnservedStorySchema(StrictSchema):
    """A request that no one comes to, or a pupil without a place; what belongs to the other kind is not in the answer.

    The lists of people are None without the right to names. position: in the queue from 1, when the plan was made.
    """

    request = PublicId()
    pupil = PublicId()
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    alternatives = fields.List(fields.Dict(), allow_none=True)
    nearest_misses = fields.List(fields.Dict(), allow_none=True)
    position = fields.Integer()
    ahead = fields.Integer(metadata={"description": "those in front who also wait for one of the choices"})
    choices = fields.List(fields.Nested(UnservedChoiceSchema))
    smallest_change = fields.Dict(allow_none=True)


PlanMunicipalityList = list_schema(PlanMunicipalitySchema)
