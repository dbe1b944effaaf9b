"""Schools, municipalities and sites as the API gives them: nothing about persons."""

from marshmallow import fields

from api.domain.enums import Ownership, SchoolStatus
from api.schemas.fields import PublicId, StrictSchema, Text, Word
from api.schemas.paging import PageQuery, list_schema, sort_field


class MunicipalitySchema(StrictSchema):
    id = PublicId(required=True)
    name = fields.String(required=True)


class SchoolSchema(StrictSchema):
    """A school. Grades are 1 to 13; None where the register names none."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    municipality = fields.Nested(MunicipalitySchema, required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    lowest_grade = fields.Integer(required=True, allow_none=True)
    highest_grade = fields.Integer(required=True, allow_none=True)
    pupils = fields.Integer(required=True, allow_none=True)
    ownership = Word(Ownership, required=True)
    status = Word(SchoolStatus, required=True)


class SchoolQuery(PageQuery):
    sort = sort_field("name", "municipality", "pupils")
    municipality = PublicId(metadata={"description": "id of a municipality"})
    status = Word(SchoolStatus)
    text = Text(longest=100, metadata={"description": "part of the school's or the municipality's name"})


class SiteSchema(StrictSchema):
    id = PublicId(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    institution = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    digital = fields.Boolean(required=True)
    is_active = fields.Boolean(required=True)


class SiteQuery(PageQuery):
    sort = sort_field("name", "institution")


SchoolList = list_schema(SchoolSchema)
SiteList = list_schema(SiteSchema)
