"""Roles that follow from what a person is: role model, mentor, pupil, guardian, contact of a school or a company.

They are given when a person signs in or is verified, and an administrator can take them away
(api.services.accounts.administration), who alone gives the roles of staff.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.permissions import Grant, Role
from api.models.access import User
from api.models.companies import Company
from api.models.group_life import GuardianLink
from api.models.groups import Mentor
from api.models.pupils import Pupil
from api.models.rights import RoleGrant
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.services import audit

SCOPE_COLUMN = {
    Role.SITE_LEADER: "site_id",
    Role.MENTOR: "site_id",
    Role.SCHOOL_CONTACT: "school_id",
    Role.COMPANY_CONTACT: "company_id",
}


def derived(session: Session, person_id: str) -> set[Grant]:
    """The roles that a person's rows give. A school counts when it is verified, a company when its row names them."""
    found: set[Grant] = set()
    for model, role in ((RoleModel, Role.ROLE_MODEL), (Pupil, Role.PUPIL), (GuardianLink, Role.GUARDIAN)):
        if session.scalar(select(model.id).where(model.person_id == person_id).limit(1)):
            found.add(Grant(role))
    for site_id in session.scalars(select(Mentor.site_id).where(Mentor.person_id == person_id)):
        found.add(Grant(Role.MENTOR, site_id))
    contacts = select(Contact.school_id, Contact.company_id).where(
        Contact.person_id == person_id, Contact.verified_at.is_not(None)
    )
    for school_id, company_id in session.execute(contacts):
        found.add(Grant(Role.SCHOOL_CONTACT, school_id) if school_id else Grant(Role.COMPANY_CONTACT, company_id))
    for company_id in session.scalars(select(Company.id).where(Company.contact_id == person_id)):
        found.add(Grant(Role.COMPANY_CONTACT, company_id))
    return found


def derive(session: Session, person_id: str) -> None:
    """Gives the person's account, if there is one, the roles that follow from the person's rows."""
    user_id = session.scalar(select(User.id).where(User.person_id == person_id).with_for_update())
    if user_id is None:
        return
    rows = session.scalars(select(RoleGrant).where(RoleGrant.user_id == user_id)).all()
    held = {Grant(row.role, row.scope) for row in rows}
    for grant in sorted(derived(session, person_id) - held, key=lambda one: (one.role, one.scope or "")):
        row = grant_row(user_id, grant)
        session.add(row)
        session.flush()
        told = {"role": grant.role.value, "scope": grant.scope, "user": user_id}
        audit.record(session, "role_grant.derive", "role_grant", row.id, detail=told)


def grant_row(user_id: str, grant: Grant) -> RoleGrant:
    """The row of a grant, not yet added."""
    where = {SCOPE_COLUMN[grant.role]: grant.scope} if grant.scope else {}
    return RoleGrant(user_id=user_id, role=grant.role, **where)
