"""What is written to a role model about the profile, with the link to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose
from api.models.links import LinkToken
from api.models.outbox import OutboxMessage
from api.models.role_models import RoleModel
from api.services import links, outbox

LINK_LASTS = timedelta(days=60)


def profile_link(session: Session, role_model: RoleModel, now: datetime | None = None) -> LinkToken:
    """A role model's link to the own profile."""
    ends = (now or clock.now()) + LINK_LASTS
    about = ("role_model", role_model.id)
    return links.issue(session, LinkPurpose.PROFILE, *about, expires_at=ends, person_id=role_model.person_id)


def tell(
    session: Session, kind: str, role_model: RoleModel, now: datetime | None = None, *, dedupe: str | None = None
) -> OutboxMessage | None:
    """A letter of this kind about a profile, with its link."""
    values = {
        "name": role_model.person.name,
        "company": role_model.company.name if role_model.company else None,
        "confirmed_on": role_model.confirmed_at.isoformat() if role_model.confirmed_at else None,
    }
    return outbox.write(
        session,
        kind,
        role_model.person,
        values,
        about=("role_model", role_model.id),
        links={"profile": profile_link(session, role_model, now)},
        dedupe=dedupe,
    )
