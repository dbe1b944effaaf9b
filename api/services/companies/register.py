"""A company registers: its contact confirms by a link in a mail, and is known as its contact from then on.

Whoever asks gets the same answer whether the company is there already. One that has a contact, people or an agreement
is nobody's to take over: its contact hears of the attempt, and coordination can name another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import LinkPurpose, Locale, VerifiedBy
from api.domain.orgnr import is_orgnr
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.companies import Agreement, Company
from api.models.links import LinkToken
from api.models.people import Person
from api.models.role_models import RoleModel
from api.models.sign_in import Contact
from api.services import audit, links, outbox
from api.services.accounts import grants
from api.services.change import By

LINK_LASTS = timedelta(days=14)


def register(session: Session, given: Mapping[str, Any], *, locale: str) -> None:
    """Registers a company, or tells its contact that somebody has tried.

    given: name, orgnr (nine digits or None), contact_name, contact_email. Raises InvalidInput for a wrong orgnr.
    """
    _check_orgnr(given.get("orgnr"))
    known = _known(session, given["name"], given.get("orgnr"))
    if known is not None and _is_taken(session, known):
        _tell_contact(session, known)
        return
    company = known or Company(name=given["name"], orgnr=given.get("orgnr"))
    person = Person(name=given["contact_name"], email=given["contact_email"], locale=Locale(locale))
    session.add_all([company, person])
    session.flush()
    if known is None:
        audit.record(session, "company.register", "company", company.id)
    ask_to_confirm(session, company, person)


def ask_to_confirm(session: Session, company: Company, person: Person) -> None:
    """A contact who is not verified, and the letter with the link that verifies."""
    same = select(Contact.id).where(Contact.company_id == company.id, Contact.person_id == person.id)
    if session.scalar(same) is None:
        session.add(Contact(company_id=company.id, person_id=person.id))
        session.flush()
    ends = clock.now() + LINK_LASTS
    about = ("company", company.id)
    token = links.issue(session, LinkPurpose.COMPANY, *about, expires_at=ends, person_id=person.id)
    outbox.write(
        session, "company_to_confirm", person, {"company": company.name}, about=about, links={"company": token}
    )


def confirm(session: Session, token: LinkToken) -> Company:
    """Verifies the contact whom a link was sent to. Raises LinkExpired when used or too late, Conflict when another
    has confirmed the company before.
    """
    links.use(session, token)
    company = session.scalar(select(Company).where(Company.id == token.object_id).with_for_update())
    contact = session.scalar(
        select(Contact).where(Contact.company_id == token.object_id, Contact.person_id == token.person_id)
    )
    if company is None or contact is None:
        raise NotFound(_("This link is not known."))
    if company.contact_id is not None and company.contact_id != contact.person_id:
        raise Conflict(_("Somebody else has confirmed this company."), remedy=_("Call us, and we find out together."))
    contact.verified_at, contact.verified_by = clock.now(), VerifiedBy.MAIL_LINK
    company.contact_id = contact.person_id
    session.flush()
    audit.record(session, "company.confirm", "company", company.id)
    grants.derive(session, contact.person_id)
    return company


def create(session: Session, actor: Actor, given: Mapping[str, Any]) -> Company:
    """Coordination puts a company in; its contact, where named, confirms by a link.

    given: name, orgnr, quota, contact_name and contact_email. Raises NotFound without the right everywhere, Conflict
    for a name or number that is there, InvalidInput for a wrong number or half a contact.
    """
    if not reach(actor, Action.CHANGE_COMPANIES).everywhere:
        raise NotFound(_("There is no such company."))
    _check_orgnr(given.get("orgnr"))
    _refuse_known(session, given["name"], given.get("orgnr"))
    company = Company(name=given["name"], orgnr=given.get("orgnr"), quota=given.get("quota"))
    session.add(company)
    session.flush()
    audit.record(session, "company.create", "company", company.id, actor_id=actor.user_id)
    _name_contact(session, company, given)
    return company


def change(session: Session, company: Company, given: Mapping[str, Any], who: By, *, everywhere: bool) -> None:
    """Changes name, number and quota, or names a new contact. everywhere: whether coordination does it, who alone
    names contacts and sets the quota.
    """
    for name in ("quota", "contact_name", "contact_email"):
        if name in given and not everywhere:
            raise InvalidInput(_("Only the coordinator can change this."), field=name)
    _check_orgnr(given.get("orgnr"))
    _refuse_known(session, given.get("name", company.name), given.get("orgnr", company.orgnr), but=company.id)
    for name in ("name", "orgnr", "quota"):
        if name in given:
            setattr(company, name, given[name])
    if given.get("contact_email"):
        company.contact_id = None
    session.flush()
    audit.record(
        session, "company.change", "company", company.id, actor_id=who.user_id, detail={"fields": sorted(given)}
    )
    _name_contact(session, company, given)


def _name_contact(session: Session, company: Company, given: Mapping[str, Any]) -> None:
    name, email = given.get("contact_name"), given.get("contact_email")
    if bool(name) != bool(email):
        raise InvalidInput(
            _("Give both name and e-mail of the contact."), field="contact_email" if name else "contact_name"
        )
    if name:
        person = Person(name=name, email=email)
        session.add(person)
        session.flush()
        ask_to_confirm(session, company, person)


def _check_orgnr(orgnr: str | None) -> None:
    if orgnr and not is_orgnr(orgnr):
        raise InvalidInput(
            _("This is no organisation number."), field="orgnr", remedy=_("Write its nine digits, or leave it empty.")
        )


def _known(session: Session, name: str, orgnr: str | None) -> Company | None:
    same = func.lower(Company.name) == name.lower()
    if orgnr:
        same = or_(same, Company.orgnr == orgnr)
    return session.scalars(select(Company).where(same).order_by(Company.created_at, Company.id).limit(1)).first()


def _refuse_known(session: Session, name: str, orgnr: str | None, but: str | None = None) -> None:
    same = [Company.name == name, *([Company.orgnr == orgnr] if orgnr else [])]
    statement = select(Company.id).where(or_(*same))
    if session.scalars(statement.where(Company.id != but) if but else statement).first() is not None:
        raise Conflict(_("A company with this name or number is there already."), field="name")


def _is_taken(session: Session, company: Company) -> bool:
    """Whether the company is somebody's: it has a contact, people, or an agreement."""
    if company.contact_id is not None:
        return True
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(RoleModel.company_id == company.id),
                    exists().where(Agreement.company_id == company.id),
                    exists().where(Contact.company_id == company.id, Contact.verified_at.is_not(None)),
                )
            )
        )
    )


def _tell_contact(session: Session, company: Company) -> None:
    if company.contact is not None:
        outbox.write(
            session,
            "company_is_known",
            company.contact,
            {"company": company.name},
            about=("company", company.id),
            dedupe=f"company_is_known:{company.id}:{clock.today()}",
        )
