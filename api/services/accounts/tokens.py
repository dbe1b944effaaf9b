"""A user's own tokens for programs: made, listed, revoked. Their checking is in api.services.users."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.errors import InvalidInput, NotFound
from api.i18n import gettext
from api.models.access import ApiToken
from api.services import audit, users


def make(
    session: Session,
    user_id: str,
    *,
    name: str,
    scopes: Iterable[str],
    days: int,
    themes: Collection[str],
    within: Collection[str] | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is seen this once.

    themes: every theme that REST has. within: the scopes of the token that asks, which a new one cannot exceed.
    Raises InvalidInput naming name, scopes or days.
    """
    wanted = set(scopes)
    if within is not None and not is_within(wanted, within):
        raise InvalidInput(gettext("A token makes no token that may do more than itself."), field="scopes")
    unknown = sorted(wanted - users.TOKEN_SCOPES - set(themes))
    if unknown:
        known = ", ".join(sorted({*users.TOKEN_SCOPES, *themes}))
        raise InvalidInput(gettext("Scopes are of these: %(known)s.", known=known), field="scopes")
    if not name.strip():
        raise InvalidInput(gettext("Say what the token is for."), field="name")
    secret = users.create_token(session, user_id=user_id, name=name, scopes=wanted, days=days)
    row = session.scalars(select(ApiToken).where(ApiToken.token_hash == users.token_hash(secret))).one()
    audit.record(session, "api_token.make", "api_token", row.id, actor_id=user_id, detail={"scopes": sorted(wanted)})
    return row, secret


def is_within(wanted: Collection[str], within: Collection[str]) -> bool:
    """Whether scopes reach no further than others: no writing where those only read, and no theme beyond theirs."""
    themes, limit = set(wanted) - users.TOKEN_SCOPES, set(within) - users.TOKEN_SCOPES
    may_write = "write" in within or "write" not in wanted
    return may_write and (not limit or (bool(themes) and themes <= limit))


def own(session: Session, user_id: str) -> list[ApiToken]:
    """A user's tokens that have not ended, the newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > clock.now())
            .order_by(ApiToken.created_at.desc(), ApiToken.id)
        )
    )


def revoke(session: Session, user_id: str, token_id: str) -> None:
    """Ends one of the user's own tokens. Raises NotFound for any other."""
    row = session.scalar(
        select(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .with_for_update()
    )
    if row is None:
        raise NotFound(gettext("There is no such token."))
    row.revoked_at = clock.now()
    session.flush()
    audit.record(session, "api_token.revoke", "api_token", row.id, actor_id=user_id)
