"""Rules of programmes, versioned."""

from marshmallow import fields

from api.domain.enums import ProgrammeKind
from api.schemas.fields import Moment, PublicId, StrictSchema, Word


class RuleVersionSchema(StrictSchema):
    number = fields.Integer(required=True)
    created_at = Moment(required=True)
    changed = fields.Dict(required=True, metadata={"description": "by rule: [old, new]"})
    runs = fields.Integer(required=True, metadata={"description": "runs that used it"})


class ProgrammeRulesSchema(StrictSchema):
    """settings: every rule with its value. number: 0 where the programme has only the usual values."""

    programme = PublicId(required=True)
    code = fields.String(required=True)
    kind = Word(ProgrammeKind, required=True)
    number = fields.Integer(required=True)
    settings = fields.Dict(required=True)
    history = fields.List(fields.Nested(RuleVersionSchema), required=True)


class RuleSettingsSchema(StrictSchema):
    """All rules of the programme; those left out take their usual value."""

    settings = fields.Dict(keys=fields.String(), required=True)


class ProgrammeRow(StrictSchema):
    programme = PublicId(required=True)
    code = fields.String(required=True)
    kind = Word(ProgrammeKind, required=True)
    number = fields.Integer(required=True)


class ProgrammeRowsSchema(StrictSchema):
    items = fields.List(fields.Nested(ProgrammeRow), required=True)
