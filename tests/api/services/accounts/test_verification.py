"""Who answers for a school: by mail domain, by Feide, by a call; and nobody else sees names."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import IdentifierScheme, VerifiedBy
from api.domain.permissions import Actor, Grant, Role
from api.errors import Conflict, InvalidInput, NotFound
from api.models.places import School, SchoolIdentifier
from api.models.rights import RoleGrant
from api.models.sign_in import Contact
from api.services.accounts import verification
from tests import factories as make

ADMIN = Actor("someone", frozenset({Grant(Role.ADMIN)}))


def coordination(session: Session, role: Role = Role.ASSISTANT) -> Actor:
    return Actor(make.make_user(session, role).id, frozenset({Grant(role)}))


def teacher(session: Session, school: School, email: str = "teacher@school.example.org") -> Contact:
    return verification.contact_of(session, make.make_person(session, email=email).id, school.id)


def test_contact_is_unverified_and_one(session: Session) -> None:
    contact = teacher(session, make.make_school(session))
    assert contact.school_id is not None
    assert verification.contact_of(session, contact.person_id, contact.school_id) is contact
    assert not verification.is_verified(session, contact.person_id, contact.school_id)
    assert not verification.is_verified(session, None, contact.school_id)


def test_own_domain_verifies_this_school_only(session: Session) -> None:
    school, other = make.make_school(session), make.make_school(session)
    verification.add_domain(session, coordination(session), "School.example.org", school_id=school.id)
    contact = teacher(session, school)
    verification.contact_of(session, contact.person_id, other.id)
    assert verification.verify_by_mail(session, contact.person_id) == [school.id]
    assert contact.verified_by is VerifiedBy.MAIL_DOMAIN
    assert verification.is_verified(session, contact.person_id, school.id)
    assert not verification.is_verified(session, contact.person_id, other.id)


@pytest.mark.parametrize("email", ["x@pupils.school.example.org", "x@example.org", "x@evilschool.example.org", None])
def test_other_domains_verify_nothing(session: Session, email: str) -> None:
    school = make.make_school(session)
    verification.add_domain(session, coordination(session), "school.example.org", school_id=school.id)
    assert verification.verify_by_mail(session, teacher(session, school, email).person_id) == []


def test_domain_of_several_schools_needs_their_owner(session: Session) -> None:
    owner, admin = make.make_owner(session), coordination(session)
    school, sister = make.make_school(session, owner_id=owner.id), make.make_school(session, owner_id=owner.id)
    for one in (school, sister):
        verification.add_domain(session, admin, "school.example.org", school_id=one.id)
    contact = teacher(session, school)
    assert verification.verify_by_mail(session, contact.person_id) == []
    verification.add_domain(session, admin, "school.example.org", owner_id=owner.id)
    assert verification.verify_by_mail(session, contact.person_id) == [school.id]


def test_owner_s_domain_is_nothing_to_another_owner_s_school(session: Session) -> None:
    owner, foreign = make.make_owner(session), make.make_school(session, owner_id=make.make_owner(session).id)
    verification.add_domain(session, coordination(session), "school.example.org", owner_id=owner.id)
    assert verification.verify_by_mail(session, teacher(session, foreign).person_id) == []


def test_call_verifies_and_gives_the_account_its_role(session: Session) -> None:
    school, assistant = make.make_school(session), coordination(session)
    contact = teacher(session, school)
    user = make.make_user(session, person_id=contact.person_id)
    verification.verify_by_call(session, assistant, contact.id)
    assert (contact.verified_by, contact.verified_by_user_id) == (VerifiedBy.CALL_BACK, assistant.user_id)
    granted = session.scalars(select(RoleGrant).where(RoleGrant.user_id == user.id)).one()
    assert (granted.role, granted.school_id) == (Role.SCHOOL_CONTACT, school.id)
    with pytest.raises(Conflict):
        verification.verify_by_call(session, assistant, contact.id)


@pytest.mark.parametrize("role", [Role.SITE_LEADER, Role.SCHOOL_CONTACT, Role.ROLE_MODEL])
def test_others_verify_nobody(session: Session, role: Role) -> None:
    school = make.make_school(session)
    contact = teacher(session, school)
    stranger = Actor("someone", frozenset({Grant(role, school.id)}))
    with pytest.raises(NotFound):
        verification.verify_by_call(session, stranger, contact.id)
    with pytest.raises(NotFound):
        verification.add_domain(session, stranger, "school.example.org", school_id=school.id)


def test_feide_verifies_the_school_of_the_number(session: Session) -> None:
    school, other = make.make_school(session), make.make_school(session)
    session.add(SchoolIdentifier(scheme=IdentifierScheme.ORGNR, value="999999999", school_id=school.id))
    person = make.make_person(session)
    verification.contact_of(session, person.id, other.id)
    assert verification.verify_by_feide(session, person.id, frozenset({"999999999"})) == [school.id]
    assert not verification.is_verified(session, person.id, other.id)


def test_feide_number_of_an_owner_verifies_a_claimed_school_only(session: Session) -> None:
    owner = make.make_owner(session, orgnr="888888888")
    claimed, unclaimed = make.make_school(session, owner_id=owner.id), make.make_school(session, owner_id=owner.id)
    contact = teacher(session, claimed)
    assert verification.verify_by_feide(session, contact.person_id, frozenset({"888888888"})) == [claimed.id]
    assert not verification.is_verified(session, contact.person_id, unclaimed.id)


def test_turned_down_contact_is_gone(session: Session) -> None:
    contact = teacher(session, make.make_school(session))
    verification.turn_down(session, coordination(session), contact.id)
    assert session.get(Contact, contact.id) is None


@pytest.mark.parametrize("domain", ["", "example", "gmail.com", "a b.example.org", "x" * 300 + ".no", "æ\x00.no"])
def test_bad_domain_is_refused(session: Session, domain: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        verification.add_domain(session, ADMIN, domain, school_id=make.make_school(session).id)
    assert refused.value.field == "domain"


def test_domain_is_listed_once(session: Session) -> None:
    admin, school = coordination(session), make.make_school(session)
    row = verification.add_domain(session, admin, "school.example.org", school_id=school.id)
    with pytest.raises(Conflict):
        verification.add_domain(session, admin, "@school.example.org", school_id=school.id)
    verification.remove_domain(session, admin, row.id)
    assert verification.verify_by_mail(session, teacher(session, school).person_id) == []
