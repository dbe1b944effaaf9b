"""Companies, their agreements, times set aside, and what was promised and delivered."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.i18n import gettext
from api.schemas.fields import Clock, Day, PublicId, StrictSchema, Text, Whole
from api.schemas.paging import PageQuery, list_schema, sort_field
from api.schemas.role_models import NewRoleModelSchema


class CompanyFields(StrictSchema):
    """A company. orgnr: nine digits. quota: visits of its people in a term. A contact confirms by a link in a mail."""

    name = Text(shortest=1)
    orgnr = fields.String(validate=validate.Regexp(r"^[0-9]{9}\Z"), allow_none=True)
    quota = Whole(most=10_000, allow_none=True)
    contact_name = Text(shortest=1)
    contact_email = fields.Email(validate=validate.Length(max=254))


class NewCompanySchema(CompanyFields):
    name = Text(shortest=1, required=True)


class CompanyChangeSchema(CompanyFields):
    """At least one field. A new contact takes over when the link has been followed."""

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(gettext("Give at least one field to change."))


class CompanySchema(StrictSchema):
    id = PublicId(required=True)
    name = fields.String(required=True)
    orgnr = fields.String(required=True, allow_none=True)
    quota = fields.Integer(required=True, allow_none=True)
    has_contact = fields.Function(lambda row: row.contact_id is not None, metadata={"type": "boolean"})


class CompanyQuery(PageQuery):
    sort = sort_field("name")


CompanyList = list_schema(CompanySchema)


class SeasonQuery(StrictSchema):
    """season: unless given, the one under way or next to come."""

    season = PublicId()


def _ids(**kwargs: Any) -> fields.List:
    return fields.List(PublicId(), validate=validate.Length(max=200), **kwargs)


class AgreementChangeSchema(StrictSchema):
    """What the company promises for the season. Lists replace what is there."""

    pledged_people = Whole(most=10_000)
    municipalities = _ids()
    visit_weeks = _ids()
    role_models = _ids()


class AgreementSchema(StrictSchema):
    id = PublicId(required=True)
    season = PublicId(required=True, attribute="season_id")
    pledged_people = fields.Integer(required=True)
    municipalities = fields.List(PublicId(), required=True)
    visit_weeks = fields.List(PublicId(), required=True)


class PledgeSlotSchema(StrictSchema):
    """A time that one person sets aside, on one day, Norwegian wall clock."""

    id = PublicId(dump_only=True)
    role_model = PublicId(required=True, attribute="role_model_id")
    day = Day(required=True)
    starts = Clock(required=True)
    ends = Clock(required=True)


class SlotSchema(PledgeSlotSchema):
    """used: whether the person is booked in it."""

    used = fields.Boolean(required=True)


class SlotsSchema(StrictSchema):
    items = fields.List(fields.Nested(SlotSchema), required=True)


class WeekFiguresSchema(StrictSchema):
    monday = fields.Date(required=True)
    promised = fields.Integer(required=True)
    asked = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    held = fields.Integer(required=True)
    silent = fields.Integer(required=True)


class CompanyFiguresSchema(StrictSchema):
    """promised: one visit of each person pledged, or the times set aside where those are more; in `weeks` the times set
    aside. asked: persons asked or told, a visit each. silent: let the time to answer go by.
    """

    agreement = PublicId(required=True, attribute="agreement_id")
    pledged_people = fields.Integer(required=True)
    people = fields.Integer(required=True)
    promised = fields.Integer(required=True)
    asked = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    held = fields.Integer(required=True)
    silent = fields.Integer(required=True)
    weeks = fields.List(fields.Nested(WeekFiguresSchema), required=True)


class OwnRoleModelQuery(PageQuery):
    sort = sort_field("place", "max_travel_minutes")
    topic = Text(longest=40, metadata={"description": "code"})


class NewOwnRoleModelSchema(NewRoleModelSchema):
    """Somebody of this company, who gets a letter and says yes in person."""

    class Meta(NewRoleModelSchema.Meta):
        exclude = ("company",)
