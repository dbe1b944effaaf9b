"""Profiles are asked once a year whether they still hold, and new ones are reminded once. Silence costs nothing but
being asked: a profile that is not confirmed is not matched.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from api import clock
from api.domain.enums import ProfileState, ProgrammeKind
from api.domain.programme_rules import visit_rules
from api.domain.school_days import months_before
from api.models.programmes import Programme, ProgrammeRuleVersion
from api.models.role_models import RoleModel
from api.services.profiles import letters

REMINDED_AFTER = timedelta(days=7)


def due_reconfirmations(session: Session, now: datetime) -> list[str]:
    """Active profiles that are too old to be matched and have not been asked since; unconfirmed ones, once."""
    return sorted(session.scalars(_due(session, now)))


def do_reconfirm(session: Session, role_model_id: str, now: datetime) -> None:
    """Asks one, unless that has been done meanwhile."""
    due = _due(session, now).where(RoleModel.id == role_model_id)
    role_model = session.scalar(select(RoleModel).where(RoleModel.id.in_(due)).with_for_update())
    if role_model is None:
        return
    role_model.confirm_asked_at = now
    session.flush()
    kind = "profile_confirm" if role_model.state is ProfileState.ACTIVE else "profile_reminder"
    letters.tell(session, kind, role_model, now)


def is_stale(session: Session, role_model: RoleModel, now: datetime) -> bool:
    """Whether the profile's confirmation is too old for it to be matched."""
    return role_model.confirmed_at is None or role_model.confirmed_at < stale_before(session, now)


def stale_before(session: Session, now: datetime) -> datetime:
    """Confirmations from before then are too old."""
    return _since(session, now)


def _since(session: Session, now: datetime) -> datetime:
    return clock.at_local(months_before(clock.to_oslo(now).date(), _months(session)), datetime.min.time())


def _due(session: Session, now: datetime) -> Select[str]:
    since = _since(session, now)
    old = and_(
        RoleModel.state == ProfileState.ACTIVE,
        or_(RoleModel.confirmed_at.is_(None), RoleModel.confirmed_at < since),
        or_(RoleModel.confirm_asked_at.is_(None), RoleModel.confirm_asked_at < RoleModel.confirmed_at),
    )
    new = and_(
        RoleModel.state == ProfileState.UNCONFIRMED,
        RoleModel.created_at <= now - REMINDED_AFTER,
        RoleModel.confirm_asked_at.is_(None),
    )
    return select(RoleModel.id).where(or_(old, new))


def _months(session: Session) -> int:
    """The months that a confirmation lasts, by the newest rules; the shortest where there are several programmes."""
    newer = aliased(ProgrammeRuleVersion)
    newest = (
        select(func.max(newer.number))
        .where(newer.programme_id == ProgrammeRuleVersion.programme_id)
        .correlate(ProgrammeRuleVersion)
        .scalar_subquery()
    )
    settings = session.scalars(
        select(ProgrammeRuleVersion.settings)
        .join(Programme, ProgrammeRuleVersion.programme_id == Programme.id)
        .where(Programme.kind == ProgrammeKind.SCHOOL_VISIT, ProgrammeRuleVersion.number == newest)
    )
    return min((visit_rules(one).confirmed_months for one in settings), default=visit_rules({}).confirmed_months)
