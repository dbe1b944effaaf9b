"""Tokens of programs: what comes in and what goes out."""

from marshmallow import fields, validate

from api.schemas.fields import PublicId, StrictSchema, Text, Whole
from api.services.users import TOKEN_DAYS


class NewTokenSchema(StrictSchema):
    """scopes: read or write, and beside them the themes that it is kept to, the first words of REST's addresses."""

    name = Text(required=True, shortest=1)
    scopes = fields.List(
        fields.String(validate=validate.Regexp(r"^[a-z][a-z_]{1,39}\Z")),
        required=True,
        validate=validate.Length(min=1, max=50),
    )
    days = Whole(least=1, most=TOKEN_DAYS, load_default=90)


class TokenSchema(StrictSchema):
    id = PublicId(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    expires_at = fields.AwareDateTime(format="iso", required=True)
    last_used_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class MadeTokenSchema(TokenSchema):
    """The token itself is in this answer only."""

    token = fields.String(required=True)
