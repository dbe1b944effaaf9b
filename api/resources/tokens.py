"""One's own tokens for programs. A token makes none that may do more than itself."""

from typing import Any
from uuid import UUID

from flask import current_app

from api.db import transaction
from api.edge.access import current_actor, signed_in, themes
from api.edge.login import current_program
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.models.access import ApiToken
from api.schemas.tokens import MadeTokenSchema, NewTokenSchema, TokenSchema
from api.services.accounts import tokens

blueprint = ResourceBlueprint("api_tokens", __name__, description="One's own tokens for programs")


@blueprint.get("/tokens")
@blueprint.response(200, TokenSchema(many=True))
@signed_in
def list_tokens() -> list[ApiToken]:
    """One's own tokens"""
    return tokens.own(read_session(), _user_id())


@blueprint.post("/tokens")
@blueprint.arguments(NewTokenSchema)
@blueprint.response(201, MadeTokenSchema)
@signed_in
def make_token(given: dict[str, Any]) -> dict[str, Any]:
    """Make a token

    Its secret is in this answer only.
    """
    program = current_program()
    with transaction() as session:
        row, secret = tokens.make(
            session, _user_id(), **given, themes=themes(current_app), within=program.scopes if program else None
        )
        return {name: getattr(row, name) for name in TokenSchema().fields} | {"token": secret}


@blueprint.delete("/tokens/<uuid:token_id>")
@blueprint.response(204)
@signed_in
def revoke_token(token_id: UUID) -> None:
    """Revoke a token"""
    with transaction() as session:
        tokens.revoke(session, _user_id(), str(token_id))


def _user_id() -> str:
    return str(current_actor().user_id)
