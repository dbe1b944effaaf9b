"""What schools do to their orders, the alternatives of a no, and the catalogue without names."""

from marshmallow import fields, validate

from api.domain.enums import AlternativeKind, AlternativeState, Mode
from api.schemas.fields import Moment, PublicId, StrictSchema, Text, Whole, Word, YesNo
from api.schemas.paging import PageQuery, list_schema, sort_field
from api.schemas.requests import MOST_OPTIONS, OptionSchema, RequestFields
from api.services.follow_up.steps import HIGHEST, LOWEST, ROOM_FOR_QUESTIONS


class QuestionsSchema(StrictSchema):
    text = Text(
        longest=ROOM_FOR_QUESTIONS, required=True, metadata={"description": "of the class, without names; may be empty"}
    )


class EvaluationSchema(StrictSchema):
    """The school's minute after the visit; giving it again changes it."""

    useful = Whole(least=LOWEST, most=HIGHEST, required=True)
    engaging = Whole(least=LOWEST, most=HIGHEST, required=True)
    prepared = Whole(least=LOWEST, most=HIGHEST, required=True)
    again = Whole(least=LOWEST, most=HIGHEST, required=True)


class AgainSchema(RequestFields):
    """New times, and what is to be different; the rest is as it was."""

    season = PublicId(required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True, validate=validate.Length(min=1, max=MOST_OPTIONS))


class AlternativeSchema(StrictSchema):
    """Differs from what was asked for in one thing, its `kind`. The title and employer stand for the name."""

    id = PublicId(required=True)
    request = PublicId(required=True, attribute="request_id")
    rank = fields.Integer(required=True, metadata={"description": "1 is the nearest to what was asked for"})
    kind = Word(AlternativeKind, required=True)
    state = Word(AlternativeState, required=True)
    mode = Word(Mode, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    held_until = Moment(required=True)
    title = fields.String(required=True, attribute="role_model.title")
    company = fields.Function(
        lambda row: row.role_model.company.name if row.role_model.company else None,
        metadata={"type": ["string", "null"]},
    )


class OpenAlternativesSchema(StrictSchema):
    items = fields.List(fields.Nested(AlternativeSchema), required=True)


class CatalogueEntrySchema(StrictSchema):
    """Somebody who could be asked, without a name."""

    id = PublicId(required=True)
    title = fields.String(required=True)
    company = fields.String(required=True)
    place = fields.String(required=True)
    topics = fields.Function(
        lambda row: [topic.code for topic in row.topics], metadata={"type": "array", "items": {"type": "string"}}
    )
    languages = fields.List(fields.String(), required=True)
    physical = YesNo(required=True)
    digital = YesNo(required=True)


class CatalogueQuery(PageQuery):
    sort = sort_field("title", "place")
    topic = Text(longest=40, metadata={"description": "a code"})
    place = Text(longest=100)
    language = Text(longest=3)
    mode = Word(Mode)


Catalogue = list_schema(CatalogueEntrySchema)
