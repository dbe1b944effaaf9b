"""Accounts at Feide, or another OpenID Connect service: known by issuer and `sub`, never by mail address.

An identity is tied to an account by somebody who is signed in to that account; else it gets an account of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.i18n import gettext
from api.models.access import User
from api.models.people import Person
from api.models.sign_in import ExternalIdentity
from api.services import audit
from api.services.accounts import verification
from api.services.accounts.login_links import free_login

# What Feide calls people who work at a school; pupils have an identity there too.
WORKING = frozenset({"employee", "faculty", "staff"})
STRONG = frozenset({"mfa", "otp", "hwk", "sc", "urn:mace:feide.no:auth:level:fad08:3"})
_ORGNR_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Identity:
    """What a service says of somebody who has signed in there. orgnrs: of the schools or owners they work for."""

    issuer: str
    subject: str
    name: str = ""
    email: str | None = None
    strong: bool = False
    orgnrs: frozenset[str] = field(default=frozenset())


def identity_of(claims: Mapping[str, Any]) -> Identity:
    """The identity in the claims of a checked ID token and its user info."""
    acr, amr = claims.get("acr"), claims.get("amr")
    shown = {str(acr), *(str(one) for one in amr if isinstance(amr, list | tuple))} if amr else {str(acr)}
    works = bool(WORKING & {str(one).lower() for one in _values_of(claims, "affiliation")})
    numbers = {"".join(filter(str.isdigit, str(one))) for one in _values_of(claims, "orgnin", "orgnr")}
    email = claims.get("email")
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=str(claims.get("name") or "")[:200],
        email=email[:254] if isinstance(email, str) and "@" in email else None,
        strong=bool(shown & STRONG),
        orgnrs=frozenset(one for one in numbers if len(one) == _ORGNR_DIGITS) if works else frozenset(),
    )


def sign_in(session: Session, identity: Identity) -> str | None:
    """The id of the identity's account, made where there is none; None where the account is closed."""
    user = session.scalar(_user_of(identity))
    if user is None:
        try:
            with session.begin_nested():
                user = _new_account(session, identity)
        except IntegrityError:  # another request was faster
            user = session.scalars(_user_of(identity)).one()
    if not user.is_active:
        return None
    verification.verify_by_feide(session, user.person_id, identity.orgnrs)
    return user.id


def link(session: Session, user_id: str, identity: Identity) -> None:
    """Lets somebody who is signed in come by this identity too. Raises Conflict where it belongs to another account."""
    owner = session.scalar(_user_of(identity))
    if owner is not None and owner.id != user_id:
        raise Conflict(gettext("Another account signs in with this identity."), code="identity_taken")
    if owner is None:
        _tie(session, user_id, identity)
    verification.verify_by_feide(
        session, session.scalars(select(User.person_id).where(User.id == user_id)).one(), identity.orgnrs
    )


def own(session: Session, user_id: str) -> list[ExternalIdentity]:
    """The identities that a user can sign in with."""
    return list(session.scalars(select(ExternalIdentity).where(ExternalIdentity.user_id == user_id)))


def _new_account(session: Session, identity: Identity) -> User:
    person = Person(name=identity.name.strip() or gettext("New user"), email=identity.email)
    session.add(person)
    session.flush()
    user = User(person_id=person.id, login=free_login(session, person))
    session.add(user)
    session.flush()
    _tie(session, user.id, identity)
    return user


def _tie(session: Session, user_id: str, identity: Identity) -> None:
    row = ExternalIdentity(user_id=user_id, issuer=identity.issuer, subject=identity.subject)
    session.add(row)
    session.flush()
    audit.record(session, "external_identity.link", "external_identity", row.id, actor_id=user_id)


def _user_of(identity: Identity) -> Select[User]:
    return (
        select(User)
        .join(ExternalIdentity)
        .where(ExternalIdentity.issuer == identity.issuer, ExternalIdentity.subject == identity.subject)
    )


def _values_of(claims: Any, *names: str) -> Iterator[Any]:
    """The values of all keys that end in one of these names, however deep: services differ in where they put them."""
    if isinstance(claims, Mapping):
        for key, value in claims.items():
            if str(key).lower().replace("_", "").endswith(names):
                yield from value if isinstance(value, list | tuple) else [value]
            else:
                yield from _values_of(value, *names)
    elif isinstance(claims, list | tuple):
        for one in claims:
            yield from _values_of(one, *names)
