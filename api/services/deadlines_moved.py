"""A deadline that begins anew because the letter left late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from api.domain.enums import LinkPurpose
from api.domain.transitions import IllegalStep
from api.i18n import gettext as _
from api.models.links import LinkToken
from api.services import audit


def begin_anew(session: Session, row: Any, values: Mapping[str, Any], state: StrEnum) -> None:
    """Gives an invitation or an offer new moments, as long as it is in this state. Raises IllegalStep when it
    is not.

    Effects, in order: the row, with its version raised; an audit entry.
    """
    table = type(row)
    session.flush()
    moved = session.execute(
        update(table)
        .where(table.id == row.id, table.state == state, table.version == row.version)
        .values(**values, version=table.version + 1),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(moved, CursorResult)
    if moved.rowcount != 1:
        raise IllegalStep(_("This has changed in the meantime."), remedy=_("Load the page again to see how it stands."))
    session.refresh(row)
    kind = row.__tablename__
    detail = {name: one.isoformat() for name, one in values.items() if isinstance(one, datetime)}
    audit.record(session, f"{kind}.begin_anew", kind, row.id, detail=detail)


def extend_links(
    session: Session, purpose: LinkPurpose, object_kind: str, object_id: str, expires_at: datetime
) -> None:
    """Lets the links of a purpose to an object last until then, where they would end sooner. expires_at: aware."""
    session.execute(
        update(LinkToken)
        .where(LinkToken.purpose == purpose, LinkToken.object_kind == object_kind, LinkToken.object_id == object_id)
        .where(LinkToken.expires_at < expires_at)
        .values(expires_at=expires_at),
        execution_options={"synchronize_session": "fetch"},
    )
