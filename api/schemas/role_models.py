"""Role models: what comes in and what goes out. Names and addresses go only to those with the right."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.domain.enums import Locale, Mode, ProfileState
from api.i18n import gettext
from api.schemas.fields import Clock, Day, Degrees, PublicId, StrictSchema, Text, Whole, Word, YesNo
from api.schemas.paging import PageQuery, list_schema, sort_field


class FreeTimeSchema(StrictSchema):
    """A weekly time, Norwegian wall clock. weekday: 1 Monday to 7."""

    weekday = Whole(least=1, most=7, required=True)
    starts = Clock(required=True)
    ends = Clock(required=True)

    @validates_schema
    def _order(self, data: dict[str, Any], **_: Any) -> None:
        if data["starts"] >= data["ends"]:
            raise ValidationError(gettext("The end must come after the start."), "ends")


class BlockedSchema(StrictSchema):
    """Days, both included, on which the weekly times do not hold."""

    from_date = Day(required=True)
    to_date = Day(required=True)

    @validates_schema
    def _order(self, data: dict[str, Any], **_: Any) -> None:
        if data["from_date"] > data["to_date"]:
            raise ValidationError(gettext("The last day must not come before the first."), "to_date")


class PersonSchema(StrictSchema):
    """How to address and reach someone."""

    name = Text(required=True, shortest=1)
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    phone = Text(longest=32, allow_none=True)
    locale = Word(Locale)


class PersonChangeSchema(StrictSchema):
    """What changes about how to address and reach someone."""

    name = Text(shortest=1)
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    phone = Text(longest=32, allow_none=True)
    locale = Word(Locale)


class RoleModelFields(StrictSchema):
    """What may be said when a role model is registered, and changed later. grades: lowest and highest, 1 to 13."""

    title = Text()
    place = Text()
    lat = Degrees(limit=90)
    lon = Degrees(limit=180)
    max_travel_minutes = Whole(most=1440)
    grades = fields.List(Whole(least=1, most=13), validate=validate.Length(equal=2))
    modes = fields.List(Word(Mode), validate=validate.Length(min=1, max=2))
    max_lessons = Whole(most=20)
    max_per_day = Whole(most=20)
    max_per_week = Whole(most=50)
    max_per_term = Whole(most=200)
    topics = fields.List(Text(longest=40), validate=validate.Length(max=50), metadata={"description": "codes"})
    languages = fields.List(fields.String(validate=validate.Regexp(r"^[a-z]{2,3}\Z")), validate=validate.Length(max=20))
    free_times = fields.List(fields.Nested(FreeTimeSchema), validate=validate.Length(max=100))
    blocked = fields.List(fields.Nested(BlockedSchema), validate=validate.Length(max=100))
    trained_on = Day(allow_none=True)
    away_until = Day(allow_none=True)

    @validates_schema
    def _grades(self, data: dict[str, Any], **_: Any) -> None:
        if "grades" in data and data["grades"][0] > data["grades"][1]:
            raise ValidationError(gettext("Give the lowest grade first."), "grades")


class NewRoleModelSchema(RoleModelFields):
    company = PublicId(allow_none=True)
    person = fields.Nested(PersonSchema, required=True)
    lat = Degrees(limit=90, required=True)
    lon = Degrees(limit=180, required=True)
    max_travel_minutes = Whole(most=1440, required=True)
    grades = fields.List(Whole(least=1, most=13), required=True, validate=validate.Length(equal=2))


class RoleModelChangeSchema(RoleModelFields):
    """At least one field. `confirmed` true: the profile is right as it stands."""

    confirmed = YesNo(validate=validate.Equal(True))
    person = fields.Nested(PersonChangeSchema)

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(gettext("Give at least one field to change."))


class ProfileStepSchema(StrictSchema):
    """confirm: the role model's own yes. resume: ends a rest. pause: coordination only. leave: ends the profile."""

    event = fields.String(required=True, validate=validate.OneOf(("confirm", "resume", "pause", "leave")))


class RoleModelSchema(StrictSchema):
    """For those who may not see names, `person`, `free_times` and `blocked` are None and the position is rounded."""

    id = PublicId(required=True)
    state = Word(ProfileState, required=True)
    company = PublicId(required=True, allow_none=True, attribute="company_id")
    person = fields.Nested(PersonSchema, required=True, allow_none=True)
    title = fields.String(required=True)
    place = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    max_travel_minutes = fields.Integer(required=True)
    grades = fields.List(fields.Integer(), required=True)
    modes = fields.List(Word(Mode), required=True)
    max_lessons = fields.Integer(required=True)
    max_per_day = fields.Integer(required=True)
    max_per_week = fields.Integer(required=True)
    max_per_term = fields.Integer(required=True)
    topics = fields.List(fields.String(), required=True)
    languages = fields.List(fields.String(), required=True)
    free_times = fields.List(fields.Nested(FreeTimeSchema), required=True, allow_none=True)
    blocked = fields.List(fields.Nested(BlockedSchema), required=True, allow_none=True)
    trained_on = fields.Date(required=True, allow_none=True)
    confirmed_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    away_until = fields.Date(required=True, allow_none=True)
    paused_until = fields.Date(required=True, allow_none=True)


class RoleModelQuery(PageQuery):
    sort = sort_field("place", "max_travel_minutes")
    company = PublicId()
    topic = Text(longest=40, metadata={"description": "code"})


RoleModelList = list_schema(RoleModelSchema)
