"""Links in mails: made, found and used. A GET finds, a POST uses: mail scanners follow links.

The secret is HMAC-SHA-256 of the token's id under the service's key (256 bits): whoever reads the database or the
outbox cannot make one, and a message that is tried again has the same link.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session, object_session

from api import clock
from api.config import settings
from api.domain.enums import LinkPurpose
from api.domain.ids import new_id
from api.domain.link_paths import path_of
from api.errors import Conflict, NotFound
from api.i18n import gettext
from api.models.links import LinkToken


class LinkExpired(Conflict):
    """The link was right, and its time is over; `token` says what it was about, so that a new one can be offered.

    The token belongs to no session any more: it can be read after the rollback that the error brings about.
    """

    default_code = "link_expired"

    def __init__(self, token: LinkToken) -> None:
        super().__init__(gettext("This link is no longer valid."), remedy=gettext("Ask for a new one."))
        if (holder := object_session(token)) is not None:
            holder.expunge(token)
        self.token = token


def issue(
    session: Session,
    purpose: LinkPurpose,
    object_kind: str,
    object_id: str,
    *,
    expires_at: datetime,
    person_id: str | None = None,
) -> LinkToken:
    """A new link for one purpose and one object. expires_at: aware. Flushed by the caller in a `no_autoflush` block."""
    token_id = new_id()
    token = LinkToken(
        id=token_id,
        purpose=purpose,
        person_id=person_id,
        object_kind=object_kind,
        object_id=object_id,
        expires_at=expires_at,
        token_hash=_hash(secret_of(token_id)),
    )
    session.add(token)
    if session.autoflush:
        session.flush()
    return token


def secret_of(token_id: str) -> str:
    """The secret of a token: 64 hexadecimal digits."""
    return hmac.new(settings().secret_key.encode(), f"link:{token_id}".encode(), hashlib.sha256).hexdigest()


def address_of(token: LinkToken) -> str:
    """The path of a link as it stands in the mail, without the host."""
    return path_of(token.purpose, secret_of(token.id))


def find(session: Session, secret: str, *purposes: LinkPurpose) -> LinkToken:
    """The token of a link, for showing a page. Raises NotFound, or LinkExpired for an old or a used one."""
    token = session.scalar(select(LinkToken).where(LinkToken.token_hash == _hash(secret)))
    if token is None or token.purpose not in purposes or token.revoked_at is not None:
        raise NotFound(
            gettext("This link is not known."), remedy=gettext("Open the newest mail, or ask for a new link.")
        )
    if token.used_at is not None or token.expires_at <= clock.now():
        raise LinkExpired(token)
    return token


def use(session: Session, token: LinkToken) -> None:
    """Uses up a link that works once. Raises LinkExpired when somebody was faster."""
    moment = clock.now()
    used = session.execute(
        update(LinkToken)
        .where(LinkToken.id == token.id, LinkToken.used_at.is_(None), LinkToken.revoked_at.is_(None))
        .where(LinkToken.expires_at > moment)
        .values(used_at=moment),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(used, CursorResult)
    if used.rowcount != 1:
        raise LinkExpired(token)


def revoke(session: Session, object_kind: str, object_id: str, *purposes: LinkPurpose) -> None:
    """Ends all links to an object, or those of some purposes."""
    statement = update(LinkToken).where(LinkToken.object_kind == object_kind, LinkToken.object_id == object_id)
    if purposes:
        statement = statement.where(LinkToken.purpose.in_(purposes))
    session.execute(
        statement.where(LinkToken.revoked_at.is_(None)).values(revoked_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
