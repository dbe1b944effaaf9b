"""Whether a person answers for a school: names of role models are shown to no one else.

Known by the mail's domain, by Feide, or by a call to the school's public number. A domain of one school vouches for
that school; a domain of an owner for the owner's schools; a domain that stands with several schools for none of them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from api import clock
from api.domain.enums import IdentifierScheme, VerifiedBy
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext
from api.models.people import Person
from api.models.places import School, SchoolIdentifier, SchoolOwner
from api.models.sign_in import Contact, MailDomain
from api.services import audit
from api.services.accounts import grants

# Anyone may have an address there, so it vouches for no school.
OPEN_DOMAINS = frozenset(
    {"gmail.com", "googlemail.com", "hotmail.com", "hotmail.no", "icloud.com", "live.no", "msn.com", "online.no"}
    | {"outlook.com", "proton.me", "protonmail.com", "yahoo.com", "yahoo.no", "epost.no"}
)


def is_verified(session: Session, person_id: str | None, school_id: str) -> bool:
    """Whether names may be shown to this person on behalf of this school."""
    return bool(session.scalar(select(verified_contact(person_id, school_id))))


def verified_contact(
    person_id: ColumnElement[str] | str | None, school_id: ColumnElement[str] | str
) -> ColumnElement[bool]:
    """The same as a condition for queries; each of the two is a value or a column of the outer query."""
    contact = aliased(Contact)
    return exists().where(
        contact.person_id == person_id, contact.school_id == school_id, contact.verified_at.is_not(None)
    )


def contact_of(session: Session, person_id: str, school_id: str) -> Contact:
    """The contact row of a person and a school, made unverified where there is none."""
    wanted = select(Contact).where(Contact.person_id == person_id, Contact.school_id == school_id)
    found = session.scalar(wanted)
    if found is None:
        found = Contact(person_id=person_id, school_id=school_id)
        session.add(found)
        session.flush()
    return found


def verify_by_mail(session: Session, person_id: str) -> list[str]:
    """Verifies a person's schools whose mail domain theirs is. Returns the ids of the newly verified schools.

    Only for a person who has just followed a link sent to the address: anyone can type one.
    """
    person = session.get_one(Person, person_id)
    domain = domain_of(person.email or "")
    verified = []
    for contact in _unverified_of(session, person_id):
        assert contact.school_id is not None
        if domain and domain_vouches(session, domain, contact.school_id):
            _verify(session, contact, VerifiedBy.MAIL_DOMAIN, None)
            verified.append(contact.school_id)
    return verified


def verify_by_feide(session: Session, person_id: str, orgnrs: frozenset[str]) -> list[str]:
    """Verifies the schools that Feide says the person works at. orgnrs: nine digits each, of schools or owners.

    A school's own number makes the contact where there is none; an owner's number vouches for a contact that is there.
    Returns the ids of the newly verified schools.
    """
    at_schools = select(SchoolIdentifier.school_id).where(
        SchoolIdentifier.scheme == IdentifierScheme.ORGNR, SchoolIdentifier.value.in_(orgnrs)
    )
    for school_id in session.scalars(at_schools):
        contact_of(session, person_id, school_id)
    owned = select(School.id).join(SchoolOwner).where(SchoolOwner.orgnr.in_(orgnrs))
    vouched = set(session.scalars(at_schools)) | set(session.scalars(owned))
    verified = []
    for contact in _unverified_of(session, person_id):
        if contact.school_id in vouched:
            _verify(session, contact, VerifiedBy.FEIDE, None)
            verified.append(contact.school_id)
    return verified


def verify_by_call(session: Session, actor: Actor, contact_id: str) -> Contact:
    """Notes that the school, called on its public number, knows the person. Raises NotFound, or Conflict when known."""
    contact = _school_contact(session, actor, contact_id)
    if contact.verified_at is not None:
        raise Conflict(gettext("This contact has been verified already."), code="already_verified")
    _verify(session, contact, VerifiedBy.CALL_BACK, actor.user_id)
    return contact


def turn_down(session: Session, actor: Actor, contact_id: str) -> None:
    """Takes an unverified contact away: the school does not know them. Raises NotFound, or Conflict when verified."""
    contact = _school_contact(session, actor, contact_id)
    if contact.verified_at is not None:
        raise Conflict(gettext("This contact has been verified already."), code="already_verified")
    audit.record(session, "contact.turn_down", "contact", contact.id, actor_id=actor.user_id)
    session.delete(contact)
    session.flush()


def domain_of(address: str) -> str:
    """What stands after the @ of a mail address, in lower case; "" without one."""
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""


def domain_vouches(session: Session, domain: str, school_id: str) -> bool:
    """Whether an address of this domain is one of this school's, and of no other owner's."""
    if domain in OPEN_DOMAINS:
        return False
    owner = select(School.owner_id).where(School.id == school_id).scalar_subquery()
    if session.scalar(select(MailDomain.id).where(MailDomain.domain == domain, MailDomain.owner_id == owner)):
        return True
    schools = session.scalars(
        select(MailDomain.school_id).where(MailDomain.domain == domain, MailDomain.school_id.is_not(None))
    ).all()
    return list(schools) == [school_id]


def add_domain(
    session: Session, actor: Actor, domain: str, *, school_id: str | None = None, owner_id: str | None = None
) -> MailDomain:
    """Lets a mail domain vouch for a school, or for all schools of an owner; exactly one of the two.

    Raises InvalidInput for what is no domain, for one where anyone may have an address, and for an unknown school or
    owner; Conflict when it is there.
    """
    _demand(actor)
    domain = domain.strip().lower().lstrip("@")
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > 200 or not all(label.replace("-", "").isalnum() for label in labels):
        raise InvalidInput(gettext("Give a mail domain such as school.example.org."), field="domain")
    if domain in OPEN_DOMAINS:
        raise InvalidInput(gettext("Anyone can have an address there, so it vouches for no school."), field="domain")
    if (school_id is None) == (owner_id is None):
        raise InvalidInput(gettext("Give either a school or an owner of schools."), field="school")
    known = session.get(School, school_id) if school_id else session.get(SchoolOwner, owner_id)
    if known is None:
        raise InvalidInput(gettext("There is no such school or owner."), field="school" if school_id else "owner")
    same = select(MailDomain.id).where(
        MailDomain.domain == domain, MailDomain.school_id == school_id, MailDomain.owner_id == owner_id
    )
    if session.scalar(same):
        raise Conflict(gettext("The domain is on the list already."), field="domain")
    row = MailDomain(domain=domain, school_id=school_id, owner_id=owner_id)
    session.add(row)
    session.flush()
    audit.record(session, "mail_domain.add", "mail_domain", row.id, actor_id=actor.user_id, detail={"domain": domain})
    return row


def remove_domain(session: Session, actor: Actor, domain_id: str) -> None:
    """Takes a domain off the list; who was verified by it stays so. Raises NotFound."""
    _demand(actor)
    row = session.get(MailDomain, domain_id)
    if row is None:
        raise NotFound(gettext("There is no such mail domain."))
    audit.record(
        session, "mail_domain.remove", "mail_domain", row.id, actor_id=actor.user_id, detail={"domain": row.domain}
    )
    session.delete(row)
    session.flush()


def _verify(session: Session, contact: Contact, how: VerifiedBy, user_id: str | None) -> None:
    contact.verified_at, contact.verified_by, contact.verified_by_user_id = clock.now(), how, user_id
    session.flush()
    audit.record(
        session,
        "contact.verify",
        "contact",
        contact.id,
        actor_id=user_id,
        detail={"school": contact.school_id, "by": how.value},
    )
    grants.derive(session, contact.person_id)


def _unverified_of(session: Session, person_id: str) -> list[Contact]:
    return list(
        session.scalars(
            select(Contact)
            .where(Contact.person_id == person_id, Contact.school_id.is_not(None), Contact.verified_at.is_(None))
            .order_by(Contact.id)
        )
    )


def _school_contact(session: Session, actor: Actor, contact_id: str) -> Contact:
    contact = session.scalar(
        select(Contact).where(Contact.id == contact_id, Contact.school_id.is_not(None)).with_for_update()
    )
    if contact is None or not reach(actor, Action.VERIFY_SCHOOLS).everywhere:
        raise NotFound(gettext("There is no such contact."))
    return contact


def _demand(actor: Actor) -> None:
    if not reach(actor, Action.VERIFY_SCHOOLS).everywhere:
        raise NotFound(gettext("There is no such mail domain."))
