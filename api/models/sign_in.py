"""Further ways to show who one is: sessions that can be ended, a second factor, Feide, and a school that vouches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.enums import VerifiedBy
from api.models.access import User
from api.models.base import Base, Created, Identified, JsonList, ref
from api.models.companies import Company
from api.models.people import Person
from api.models.personal import Retention, tag
from api.models.places import School, SchoolOwner

_SIGN_IN = tag("sign in", Retention.ACCOUNT)
_SESSION = tag("end a session for good", Retention.TOKEN)
_VERIFIED = tag("show names to schools only", Retention.CONTACT)


class SignInSession(Identified, Created, Base):
    """A signed-in browser. ended_at: signed out, or ended elsewhere. second_factor_at: when the code was right."""

    __tablename__ = "sign_in_session"

    user_id: Mapped[str] = ref(User.id, owned=True, info=_SESSION)
    seen_at: Mapped[datetime] = mapped_column(info=_SESSION)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=_SESSION)
    second_factor_at: Mapped[datetime | None] = mapped_column(info=_SESSION)
    ended_at: Mapped[datetime | None] = mapped_column(info=_SESSION)


class Totp(Created, Base):
    """A second factor. secret: encrypted with the service's key. last_step: the time step last used, never again.

    recovery_hashes: SHA-256 of codes that work once.
    """

    __tablename__ = "totp"

    user_id: Mapped[str] = ref(User.id, owned=True, primary_key=True, info=_SIGN_IN)
    secret: Mapped[str] = mapped_column(String(400), info=_SIGN_IN)
    confirmed_at: Mapped[datetime | None] = mapped_column(info=_SIGN_IN)
    last_step: Mapped[int] = mapped_column(default=0, info=_SIGN_IN)
    recovery_hashes: Mapped[JsonList] = mapped_column(default=list, info=_SIGN_IN)


class ExternalIdentity(Identified, Created, Base):
    """An account at another service (Feide): its issuer and `sub`; no national id, and no match on mail alone."""

    __tablename__ = "external_identity"

    user_id: Mapped[str] = ref(User.id, owned=True, info=_SIGN_IN)
    issuer: Mapped[str] = mapped_column(info=_SIGN_IN)
    subject: Mapped[str] = mapped_column(info=_SIGN_IN)

    __table_args__ = (UniqueConstraint("issuer", "subject"),)


class Contact(Identified, Created, Base):
    """A person who answers for a school or a company. verified_at: since when we know; names are shown only then."""

    __tablename__ = "contact"

    person_id: Mapped[str] = ref(Person.id, owned=True, index=False, info=_VERIFIED)
    school_id: Mapped[str | None] = ref(School.id, owned=True, info=_VERIFIED)
    company_id: Mapped[str | None] = ref(Company.id, owned=True, info=_VERIFIED)
    verified_at: Mapped[datetime | None] = mapped_column(info=_VERIFIED)
    verified_by: Mapped[VerifiedBy | None] = mapped_column(info=_VERIFIED)
    verified_by_user_id: Mapped[str | None] = ref(User.id, info=_VERIFIED)

    person: Mapped[Person] = relationship()
    school: Mapped[School | None] = relationship()

    __table_args__ = (
        UniqueConstraint("person_id", "school_id"),
        UniqueConstraint("person_id", "company_id"),
        CheckConstraint("(school_id IS NULL) <> (company_id IS NULL)", name="one_thing"),
        CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified"),
    )


class MailDomain(Identified, Created, Base):
    """A mail domain that vouches for a school, or for all schools of an owner."""

    __tablename__ = "mail_domain"

    domain: Mapped[str]
    school_id: Mapped[str | None] = ref(School.id, owned=True)
    owner_id: Mapped[str | None] = ref(SchoolOwner.id, owned=True)

    school: Mapped[School | None] = relationship()
    owner: Mapped[SchoolOwner | None] = relationship()

    __table_args__ = (
        UniqueConstraint("domain", "school_id"),
        UniqueConstraint("domain", "owner_id"),
        CheckConstraint("(school_id IS NULL) <> (owner_id IS NULL)", name="one_thing"),
    )
