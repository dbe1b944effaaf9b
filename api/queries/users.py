"""Accounts as an administrator sees them, and contacts of schools who wait to be verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from api.domain.permissions import Role
from api.errors import NotFound
from api.i18n import gettext
from api.models.access import User
from api.models.companies import Company
from api.models.groups import Site
from api.models.people import Person
from api.models.places import School
from api.models.rights import RoleGrant
from api.models.sign_in import Contact, MailDomain, Totp
from api.queries.paging import Page, SortColumns, Window, page_of

SORTS: SortColumns = {
    "login": (User.login, User.id),
    "name": (Person.name, User.id),
    "last_sign_in_at": (User.last_sign_in_at, User.id),
}


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role of an account. scope: id of a site, school or company; scope_name: what it is called, "" for none."""

    id: str
    role: Role
    scope: str | None
    scope_name: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its roles."""

    id: str
    version: int
    login: str
    name: str
    active: bool
    last_sign_in_at: datetime | None
    second_factor: bool
    grants: list[GrantRow]


def accounts(
    session: Session,
    window: Window,
    *,
    text: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
) -> Page[AccountRow]:
    """Accounts by login or name. text: part of either."""
    found = select(User.id).join(User.person)
    if text:
        part = f"%{text.lower().replace('%', '').replace('_', '')}%"
        found = found.where(or_(User.login.like(part), func.lower(Person.name).like(part)))
    if role is not None:
        found = found.where(select(RoleGrant.id).where(RoleGrant.user_id == User.id, RoleGrant.role == role).exists())
    if active is not None:
        found = found.where(User.is_active == active)
    page = page_of(session, found, window, SORTS)
    rows = {row.id: row for row in _rows(session, list(page.items))}
    return page.map(lambda user_id: rows[user_id])


def account(session: Session, user_id: str) -> AccountRow:
    """One account. Raises NotFound."""
    found = _rows(session, [user_id])
    if not found:
        raise NotFound(gettext("There is no such account."))
    return found[0]


def unverified_contacts(session: Session) -> list[Contact]:
    """Contacts of schools whom nobody has vouched for, the longest waiting first."""
    return list(
        session.scalars(
            select(Contact)
            .join(Contact.person)
            .options(contains_eager(Contact.person), joinedload(Contact.school))
            .where(Contact.verified_at.is_(None), Contact.school_id.is_not(None))
            .order_by(Contact.created_at, Contact.id)
        )
    )


def mail_domains(session: Session) -> list[MailDomain]:
    """Domains that vouch for a school or for an owner's schools."""
    return list(
        session.scalars(
            select(MailDomain)
            .options(joinedload(MailDomain.school), joinedload(MailDomain.owner))
            .order_by(MailDomain.domain, MailDomain.id)
        )
    )


def _rows(session: Session, ids: list[str]) -> list[AccountRow]:
    found = session.scalars(
        select(User).join(User.person).options(contains_eager(User.person)).where(User.id.in_(ids))
    ).all()
    grants: dict[str, list[GrantRow]] = {}
    held = session.execute(
        select(RoleGrant, func.coalesce(Site.name, School.name, Company.name, ""))
        .outerjoin(Site, RoleGrant.site_id == Site.id)
        .outerjoin(School, RoleGrant.school_id == School.id)
        .outerjoin(Company, RoleGrant.company_id == Company.id)
        .where(RoleGrant.user_id.in_(ids))
        .order_by(RoleGrant.id)
    )
    for row, scope_name in held:
        grants.setdefault(row.user_id, []).append(GrantRow(row.id, row.role, row.scope, scope_name))
    protected = set(session.scalars(select(Totp.user_id).where(Totp.user_id.in_(ids), Totp.confirmed_at.is_not(None))))
    return [
        AccountRow(
            user.id,
            user.version,
            user.login,
            user.person.name,
            user.is_active,
            user.last_sign_in_at,
            user.id in protected,
            grants.get(user.id, []),
        )
        for user in found
    ]
