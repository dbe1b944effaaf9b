"""Accounts, passwords and tokens of programs."""

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import Parameters, PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from api.clock import now
from api.domain.enums import Locale
from api.domain.permissions import SCOPED_ROLES, Actor, Grant, Role
from api.errors import Conflict, InvalidInput, NotFound, TooManyRequests
from api.i18n import gettext
from api.models.access import ApiToken, User
from api.models.people import Person
from api.models.rights import RoleGrant

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
TOKEN_SCOPES = frozenset({"read", "write"})
TOKEN_PREFIX = "tp_"  # noqa: S105 (what a token starts with, so that scanners of leaked secrets know ours)
TOKEN_DAYS = 365
TOUCH_AFTER = timedelta(hours=1)
VERIFICATIONS_AT_ONCE = 4
VERIFICATION_WAIT_SECONDS = 5.0

# OWASP's and our own figure: 64 MiB, 3 passes, 4 lanes.
STRENGTH = Parameters(
    type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=3, memory_cost=64 * 1024, parallelism=4
)
_hasher = PasswordHasher.from_parameters(STRENGTH)
_verifications = threading.BoundedSemaphore(VERIFICATIONS_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the edge needs it. `stamp` changes with the password: sessions from before it end."""

    actor: Actor
    name: str
    locale: str
    stamp: str


def create_user(
    session: Session,
    *,
    login: str,
    password: str,
    name: str,
    grants: Iterable[Grant] = (),
    locale: Locale = Locale.NB,
) -> User:
    """A new account with its person and roles. `login` is a mail address; letter case does not matter.

    Raises InvalidInput for a login without @, a password outside 12 to 1,000 characters, an empty name, or a scope that
    does not fit its role; Conflict when the login is taken.
    """
    login, name = login.strip().lower(), name.strip()
    _check_new(login, password, name)
    if session.scalar(select(User.id).where(User.login == login)):
        raise Conflict(gettext("There is an account with this e-mail already."), code="login_taken", field="login")
    person = Person(name=name, email=login, locale=locale)
    session.add(person)
    session.flush()
    user = User(person_id=person.id, login=login, password_hash=_hasher.hash(password))
    session.add(user)
    session.flush()
    for grant in grants:
        add_grant(session, user.id, grant)
    return user


def add_grant(session: Session, user_id: str, grant: Grant) -> RoleGrant:
    """Gives a user a role. Raises InvalidInput where the scope is missing, unknown or more than the role can have."""
    if (grant.scope is not None) != (grant.role in SCOPED_ROLES):
        needs = grant.role in SCOPED_ROLES
        sentence = (
            gettext("The role %(role)s needs a site, school or company.", role=grant.role.value)
            if needs
            else gettext("The role %(role)s holds for the whole country.", role=grant.role.value)
        )
        raise InvalidInput(sentence, field="scope")
    row = RoleGrant(user_id=user_id, role=grant.role, **{_scope_column(grant.role): grant.scope} if grant.scope else {})
    session.add(row)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise InvalidInput(gettext("No such scope, or the role is given already."), field="scope") from error
    return row


def set_password(session: Session, login: str, password: str) -> None:
    """A new password for an account; everyone signed in with the old one is signed out."""
    user = session.scalar(select(User).where(User.login == login.strip().lower()))
    if user is None:
        raise NotFound(gettext("There is no account with this e-mail."), field="login")
    _check_password(password)
    user.password_hash = _hasher.hash(password)
    session.flush()


def check_password(session: Session, login: str, password: str) -> str | None:
    """The id of the user with this login and password, else None; as slow for an unknown account as for a known one.

    At most four verifications (64 MiB each) run at once in a process; TooManyRequests after five seconds in line.
    """
    user = session.scalar(select(User).where(User.login == login.strip().lower(), User.is_active))
    known = user.password_hash if user else None
    if not _verifications.acquire(timeout=VERIFICATION_WAIT_SECONDS):
        raise TooManyRequests(gettext("Many people are signing in just now."), retry_after=30)
    try:
        fits: bool = _hasher.verify(known or _hash_of_nobody(), password[:LONGEST_PASSWORD])
    except (Argon2Error, InvalidHashError):
        fits = False
    finally:
        _verifications.release()
    return user.id if fits and user is not None and known else None


def note_sign_in(session: Session, user_id: str) -> None:
    """Remembers the moment of a sign-in; inactive accounts are deleted by it."""
    session.execute(update(User).where(User.id == user_id).values(last_sign_in_at=now(), version=User.version + 1))


def account(session: Session, user_id: str) -> Account | None:
    """The active account with this id."""
    user = session.scalar(select(User).options(joinedload(User.person)).where(User.id == user_id, User.is_active))
    if user is None:
        return None
    stamp = hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:16]
    return Account(_actor(session, user_id), user.person.name, user.person.locale.value, stamp)


def user_id_of(session: Session, login: str) -> str:
    """The id of the active account with this login. Raises NotFound."""
    user_id = session.scalar(select(User.id).where(User.login == login.strip().lower(), User.is_active))
    if user_id is None:
        raise NotFound(gettext("There is no account with this e-mail."), field="login")
    return user_id


def create_token(
    session: Session, *, user_id: str, name: str, scopes: Iterable[str] = ("read",), days: int = TOKEN_DAYS
) -> str:
    """A token for a program that acts for a user, seen this once. Raises InvalidInput for unknown scopes or days."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= TOKEN_SCOPES:
        raise InvalidInput(gettext("A token's scopes are read and write."), field="scopes")
    if not 1 <= days <= TOKEN_DAYS:
        raise InvalidInput(gettext("A token lasts from 1 to %(days)s days.", days=TOKEN_DAYS), field="days")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            user_id=user_id,
            name=name.strip() or "API",
            token_hash=_token_hash(token),
            scopes=wanted,
            expires_at=now() + timedelta(days=days),
        )
    )
    session.flush()
    return token


def actor_of_token(session: Session, token: str) -> tuple[Actor, str, datetime | None] | None:
    """Who a valid token acts for, the token's id and when it was last used; None for anything else."""
    row = session.scalar(
        select(ApiToken)
        .join(User)
        .where(
            ApiToken.token_hash == _token_hash(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now(),
            User.is_active,
        )
    )
    if row is None:
        return None
    return _actor(session, row.user_id, read_only="write" not in row.scopes), row.id, row.last_used_at


def is_stale(last_used_at: datetime | None) -> bool:
    """Whether a token's last use was noted so long ago that it should be noted again (once an hour)."""
    return last_used_at is None or last_used_at < now() - TOUCH_AFTER


def touch_token(session: Session, token_id: str) -> None:
    """Notes that a token is in use."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now()))


@cache
def _hash_of_nobody() -> str:
    """The hash of a password nobody knows: an unknown account takes as long to refuse as a known one."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _actor(session: Session, user_id: str, *, read_only: bool = False) -> Actor:
    grants = session.scalars(select(RoleGrant).where(RoleGrant.user_id == user_id)).all()
    person_id = session.scalar(select(User.person_id).where(User.id == user_id))
    return Actor(user_id, frozenset(Grant(grant.role, grant.scope) for grant in grants), read_only, person_id)


def _scope_column(role: Role) -> str:
    return {Role.SCHOOL_CONTACT: "school_id", Role.COMPANY_CONTACT: "company_id"}.get(role, "site_id")


def _check_new(login: str, password: str, name: str) -> None:
    if "@" not in login or not login.isprintable() or " " in login or len(login) > 254:
        raise InvalidInput(gettext("Give the e-mail address that the person signs in with."), field="login")
    if not name or not name.isprintable() or len(name) > 200:
        raise InvalidInput(gettext("Give a name or a role of at most 200 characters."), field="name")
    _check_password(password)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(
            gettext("The password must have at least %(count)s characters.", count=SHORTEST_PASSWORD), field="password"
        )


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
