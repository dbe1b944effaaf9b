"""Which companies somebody may see and change: a contact the own one, coordination all. Others look like missing."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.permissions import Action, Actor, reach
from api.domain.transitions import Party
from api.errors import NotFound
from api.i18n import gettext as _
from api.models.companies import Agreement, Company
from api.models.role_models import RoleModel
from api.services.change import By, by


def company(session: Session, actor: Actor, company_id: str, action: Action = Action.SEE_COMPANIES) -> Company:
    """A company. Raises NotFound, also outside the actor's reach for `action`."""
    found = session.get(Company, company_id)
    if found is None or not reach(actor, action).covers(found.id):
        raise NotFound(_("There is no such company."))
    return found


def agreement(session: Session, owner: Company, season_id: str) -> Agreement | None:
    """The company's agreement of a season, None before there is one."""
    return session.scalar(select(Agreement).where(Agreement.company_id == owner.id, Agreement.season_id == season_id))


def own_role_model(session: Session, owner: Company, role_model_id: str) -> RoleModel:
    """A role model of this company. Raises NotFound."""
    found = session.get(RoleModel, role_model_id)
    if found is None or found.company_id != owner.id:
        raise NotFound(_("There is no such role model."))
    return found


def acting(actor: Actor) -> By:
    """As whom somebody acts on a company: the company itself, or coordination."""
    everywhere = reach(actor, Action.CHANGE_COMPANIES).everywhere
    return by(Party.COORDINATION if everywhere else Party.COMPANY, actor)
