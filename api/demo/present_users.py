"""One account of each role that signs in, all with the password of the demo."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.permissions import Grant, Role
from api.models.access import User
from api.models.companies import Company
from api.models.groups import Mentor, Site
from api.models.programmes import Level
from api.services.users import create_user, set_password

CAMPUS = "trondheim"
LOGINS = {
    Role.ADMIN: "administrator@example.org",
    Role.SITE_LEADER: "stedsleder@example.org",
    Role.MENTOR: "mentor@example.org",
    Role.COMPANY_CONTACT: "bedrift@example.org",
}
NAMES = {
    Role.ADMIN: "Administrator",
    Role.SITE_LEADER: "Stedsleder",
    Role.MENTOR: "Mentor",
    Role.COMPANY_CONTACT: "Bedriftskontakt",
}


def add_users(session: Session, password: str) -> None:
    """Accounts beside the coordinator's; the mentor is one of the campus that is lived in."""
    site = session.scalars(select(Site).where(Site.code == CAMPUS)).one()
    company = session.scalars(select(Company).order_by(Company.name).limit(1)).one()
    scopes = {Role.SITE_LEADER: site.id, Role.MENTOR: site.id, Role.COMPANY_CONTACT: company.id}
    for role, login in LOGINS.items():
        grants = [Grant(role, scopes.get(role))]
        user = create_user(session, login=login, password=password, name=NAMES[role], grants=grants)
        if role is Role.MENTOR:
            levels = list(session.scalars(select(Level)))
            trained = clock.today() - timedelta(days=60)
            mentor = Mentor(person_id=user.person_id, site_id=site.id, contracted=1, max_sessions=3, trained_on=trained)
            mentor.levels = levels
            session.add(mentor)
    session.flush()


def set_passwords(session: Session, password: str) -> None:
    """The accounts that are there get the password that is printed."""
    for login in session.scalars(select(User.login).where(User.login.in_(LOGINS.values()))):
        set_password(session, login, password)
