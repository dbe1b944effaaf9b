"""Accounts and their roles, for administrators."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.db import transaction
from api.domain.enums import Locale
from api.domain.permissions import Action, Grant, Role
from api.edge.access import allowed, current_actor
from api.edge.repeats import KeySchema, answered, once_for_key
from api.edge.rest import ResourceBlueprint, listed, version_of, window_of
from api.edge.session import read_session
from api.queries import users as reads
from api.schemas.users import (
    GrantSchema,
    NewGrantSchema,
    NewUserSchema,
    UserChangeSchema,
    UserList,
    UserQuery,
    UserSchema,
)
from api.services.accounts import administration, second_factor

blueprint = ResourceBlueprint("api_users", __name__, description="Accounts and their roles")


@blueprint.get("/users")
@blueprint.etag
@blueprint.arguments(UserQuery, location="query")
@blueprint.response(200, UserList)
@allowed(Action.MANAGE_USERS)
def list_users(query: dict[str, Any]) -> dict[str, Any]:
    """Accounts"""
    role = query.pop("role", None)
    return listed(reads.accounts(read_session(), window_of(query), role=Role(role) if role else None, **query))


@blueprint.post("/users")
@blueprint.etag
@blueprint.arguments(KeySchema, location="headers")
@blueprint.arguments(NewUserSchema)
@blueprint.response(201, UserSchema, headers={"Location": {"schema": {"type": "string"}}})
@allowed(Action.MANAGE_USERS)
def open_account(headers: dict[str, Any], given: dict[str, Any]) -> Any:
    """Open an account; its holder gets a link by mail"""
    with transaction() as session:

        def make() -> Any:
            user = administration.open_account(
                session,
                current_actor(),
                login=given["login"],
                name=given["name"],
                locale=Locale(given["locale"]),
                grants=[Grant(Role(one["role"]), one["scope"]) for one in given["grants"]],
            )
            made = reads.account(session, user.id)
            location = url_for("api_users.get_account", user_id=made.id)
            return answered(201, location, version_of(made), UserSchema().dump(made))

        return once_for_key(session, blueprint, headers, given, make)


@blueprint.get("/users/<uuid:user_id>")
@blueprint.etag
@blueprint.response(200, UserSchema)
@allowed(Action.MANAGE_USERS)
def get_account(user_id: UUID) -> Any:
    """One account"""
    found = reads.account(read_session(), str(user_id))
    blueprint.set_etag(version_of(found))
    return found


@blueprint.patch("/users/<uuid:user_id>")
@blueprint.etag
@blueprint.arguments(UserChangeSchema)
@blueprint.response(200, UserSchema)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.MANAGE_USERS)
def change_account(given: dict[str, Any], user_id: UUID) -> Any:
    """Close an account, or open it again; the last administrator's stays open"""
    with transaction() as session:
        user = administration.account(session, current_actor(), str(user_id))
        blueprint.check_etag(version_of(user))
        administration.set_active(session, current_actor(), user, given["active"])
        changed = reads.account(session, user.id)
        blueprint.set_etag(version_of(changed))
        return changed


@blueprint.post("/users/<uuid:user_id>/grants")
@blueprint.arguments(NewGrantSchema)
@blueprint.response(201, GrantSchema)
@allowed(Action.MANAGE_USERS)
def give_role(given: dict[str, Any], user_id: UUID) -> Any:
    """Give a role"""
    with transaction() as session:
        grant = Grant(Role(given["role"]), given["scope"])
        row = administration.give(session, current_actor(), str(user_id), grant)
        held = reads.account(session, str(user_id)).grants
        return next(one for one in held if one.id == row.id)


@blueprint.delete("/users/<uuid:user_id>/grants/<uuid:grant_id>")
@blueprint.response(204)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.MANAGE_USERS)
def take_role_away(user_id: UUID, grant_id: UUID) -> None:
    """Take a role away; not that of the last administrator"""
    with transaction() as session:
        administration.take_away(session, current_actor(), str(user_id), str(grant_id))


@blueprint.post("/users/<uuid:user_id>/login-link")
@blueprint.response(204)
@blueprint.alt_response(409, "CONFLICT")
@allowed(Action.MANAGE_USERS)
def send_link(user_id: UUID) -> None:
    """Send a new link to sign in"""
    with transaction() as session:
        administration.send_link(session, current_actor(), str(user_id))


@blueprint.delete("/users/<uuid:user_id>/second-factor")
@blueprint.response(204)
@allowed(Action.MANAGE_USERS)
def take_second_factor_away(user_id: UUID) -> None:
    """For a lost phone: the second factor is set up anew at the next sign-in"""
    with transaction() as session:
        second_factor.take_away(session, current_actor(), str(user_id))
