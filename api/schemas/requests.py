"""Requests of schools: one schema for what comes in, one for what goes out."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.domain.enums import Fallback, Mode, Purpose, RequestMode, RequestState, TopicUse
from api.i18n import gettext
from api.schemas.fields import Moment, PublicId, StrictSchema, Text, Whole, Word
from api.schemas.paging import PageQuery, list_schema, sort_field

MOST_OPTIONS = 20
MOST_LESSONS = 6


class LessonSchema(StrictSchema):
    start = Moment(required=True, attribute="starts_at", data_key="start")
    end = Moment(required=True, attribute="ends_at", data_key="end")


class OptionSchema(StrictSchema):
    """One date: lessons in order, on one day in Norway, not overlapping."""

    lessons = fields.List(fields.Nested(LessonSchema), required=True, validate=validate.Length(min=1, max=MOST_LESSONS))


class ContactSchema(StrictSchema):
    """Who to reach at the school."""

    name = Text(required=True, shortest=1)
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    phone = Text(longest=32, allow_none=True)


class RequestFields(StrictSchema):
    """What may be said when a request is made, and changed later."""

    grade = Whole(least=1, most=13)
    classes = Whole(least=1, most=50)
    pupils = Whole(least=0, most=5000, allow_none=True, metadata={"description": "head-count, never names"})
    mode = Word(RequestMode)
    prefers = Word(Mode)
    role_models = Whole(least=1, most=3)
    language = fields.String(validate=validate.Regexp(r"^[a-z]{2,3}\Z"), allow_none=True)
    purpose = Word(Purpose)
    fallback = Word(Fallback)
    curriculum = Text()
    topics = fields.List(
        Text(longest=40), validate=validate.Length(max=30), metadata={"description": "codes; one shared is enough"}
    )
    wishes = fields.List(
        Text(longest=40), validate=validate.Length(max=30), metadata={"description": "codes that would be nice"}
    )
    options = fields.List(fields.Nested(OptionSchema), validate=validate.Length(min=1, max=MOST_OPTIONS))
    contact = fields.Nested(ContactSchema)


class NewRequestSchema(RequestFields):
    season = PublicId(required=True)
    school = PublicId(required=True)
    programme = Text(longest=40, metadata={"description": "code; the programme of school visits if left out"})
    grade = Whole(least=1, most=13, required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True, validate=validate.Length(min=1, max=MOST_OPTIONS))


class RequestChangeSchema(RequestFields):
    """At least one field. `state` can only become cancelled."""

    state = Word((RequestState.CANCELLED.value,))

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(gettext("Give at least one field to change."))


class RequestSchema(StrictSchema):
    id = PublicId(required=True)
    reference = fields.String(required=True)
    season = PublicId(required=True, attribute="season_id")
    school = PublicId(required=True, attribute="school_id")
    state = Word(RequestState, required=True)
    submitted_at = Moment(required=True)
    answer_on = fields.Date(required=True, metadata={"description": "the promise date"})
    grade = fields.Integer(required=True)
    classes = fields.Integer(required=True)
    pupils = fields.Integer(required=True, allow_none=True)
    mode = Word(RequestMode, required=True)
    prefers = Word(Mode, required=True)
    role_models = fields.Integer(required=True)
    language = fields.String(required=True, allow_none=True)
    purpose = Word(Purpose, required=True)
    fallback = Word(Fallback, required=True)
    curriculum = fields.String(required=True)
    priority = fields.Boolean(required=True)
    topics = fields.Function(
        lambda row: _codes(row, TopicUse.NEEDED), metadata={"type": "array", "items": {"type": "string"}}
    )
    wishes = fields.Function(
        lambda row: _codes(row, TopicUse.WISHED), metadata={"type": "array", "items": {"type": "string"}}
    )
    options = fields.List(fields.Nested(OptionSchema), required=True)
    contact = fields.Nested(ContactSchema, required=True, allow_none=True)


class RequestQuery(PageQuery):
    sort = sort_field("submitted_at", "answer_on", "school", "grade")
    season = PublicId()
    school = PublicId()
    state = Word(RequestState)


def _codes(row: Any, use: TopicUse) -> list[str]:
    return sorted(wish.topic.code for wish in row.topics if wish.use is use)


RequestList = list_schema(RequestSchema)
