"""Accounts, their roles, and contacts of schools: what comes in and what goes out."""

from marshmallow import fields, validate

from api.domain.enums import Locale, VerifiedBy
from api.domain.permissions import Role
from api.schemas.fields import PublicId, StrictSchema, Text, Word, YesNo
from api.schemas.paging import PageQuery, list_schema, sort_field


class NewGrantSchema(StrictSchema):
    """scope: the site, school or company of a role that has one."""

    role = Word(Role, required=True)
    scope = PublicId(allow_none=True, load_default=None)


class GrantSchema(StrictSchema):
    id = PublicId(required=True)
    role = Word(Role, required=True)
    scope = PublicId(required=True, allow_none=True)
    scope_name = fields.String(required=True)


class NewUserSchema(StrictSchema):
    """login: a mail address, to which a link to sign in is sent."""

    login = fields.Email(required=True, validate=validate.Length(max=254))
    name = Text(required=True, shortest=1)
    locale = Word(Locale, load_default=Locale.NB.value)
    grants = fields.List(fields.Nested(NewGrantSchema), load_default=list, validate=validate.Length(max=20))


class UserChangeSchema(StrictSchema):
    """active false: signed out everywhere, and unable to come back until it is true again."""

    active = YesNo(required=True)


class UserSchema(StrictSchema):
    id = PublicId(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    last_sign_in_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    second_factor = fields.Boolean(required=True)
    grants = fields.List(fields.Nested(GrantSchema), required=True)


class UserQuery(PageQuery):
    sort = sort_field("login", "name", "last_sign_in_at")
    text = Text(longest=100, metadata={"description": "part of login or name"})
    role = Word(Role)
    active = fields.Boolean()


UserList = list_schema(UserSchema)


class SchoolContactSchema(StrictSchema):
    """Somebody who says that they answer for a school."""

    id = PublicId(required=True)
    school = PublicId(required=True, attribute="school_id")
    school_name = fields.String(required=True, attribute="school.name")
    name = fields.String(required=True, attribute="person.name")
    email = fields.String(required=True, allow_none=True, attribute="person.email")
    verified_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    verified_by = Word(VerifiedBy, required=True, allow_none=True)


class MailDomainSchema(StrictSchema):
    """A mail domain that vouches for a school, or for all schools of an owner."""

    id = PublicId(required=True)
    domain = fields.String(required=True)
    school = PublicId(required=True, allow_none=True, attribute="school_id")
    owner = PublicId(required=True, allow_none=True, attribute="owner_id")


class NewMailDomainSchema(StrictSchema):
    """Exactly one of school and owner."""

    domain = Text(required=True, shortest=3)
    school = PublicId(allow_none=True, load_default=None)
    owner = PublicId(allow_none=True, load_default=None)
