"""Accounts, passwords and tokens of programs."""

import hashlib
import re
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
from sqlalchemy.orm import Session, contains_eager, joinedload

from api.clock import now
from api.domain.enums import Locale
from api.domain.permissions import SCOPED_ROLES, Actor, Grant
from api.errors import Conflict, InvalidInput, NotFound, TooManyRequests
from api.i18n import gettext
from api.models.access import ApiToken, User
from api.models.people import Person
from api.models.rights import RoleGrant
from api.models.sign_in import SignInSession
from api.services import audit
from api.services.accounts.grants import grant_row

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
TOKEN_SCOPES = frozenset({"read", "write"})
_SCOPE = re.compile(r"[a-z][a-z_]{1,39}")
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
    """A user as the edge needs it."""

    actor: Actor
    name: str
    locale: str


def create_user(
    session: Session,
    *,
    login: str,
    password: str | None,
    name: str,
    grants: Iterable[Grant] = (),
    locale: Locale = Locale.NB,
) -> User:
    """A new account with its person and roles. `login` is a mail address; letter case does not matter.

    password: None for somebody who comes by link or by Feide.

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
    password_hash = None if password is None else _hasher.hash(password)
    user = User(person_id=person.id, login=login, password_hash=password_hash)
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
    row = grant_row(user_id, grant)
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
    end_sessions(session, user.id)
    session.flush()


def change_password(session: Session, user_id: str, *, old: str, new: str, keep: str | None) -> None:
    """A new password by its owner, who must know the old one where there is one. keep: the session that goes on.

    Raises InvalidInput naming `old` or `password`.
    """
    user = session.get_one(User, user_id, with_for_update=True)
    if user.password_hash and check_password(session, user.login, old) != user_id:
        raise InvalidInput(gettext("The password until now is not right."), field="old")
    _check_password(new)
    user.password_hash = _hasher.hash(new)
    end_sessions(session, user_id, but=keep)
    audit.record(session, "user_account.change_password", "user_account", user_id, actor_id=user_id)
    session.flush()


def has_password(session: Session, user_id: str) -> bool:
    """Whether the user signs in with a password; others come by link or by Feide."""
    return session.scalar(select(User.password_hash).where(User.id == user_id)) is not None


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
    return account_of(session, user) if user else None


def account_of(session: Session, user: User) -> Account:
    """An account from its row; its person is loaded with it."""
    return Account(actor_of(session, user), user.person.name, user.person.locale.value)


def user_id_of(session: Session, login: str) -> str:
    """The id of the active account with this login. Raises NotFound."""
    user_id = session.scalar(select(User.id).where(User.login == login.strip().lower(), User.is_active))
    if user_id is None:
        raise NotFound(gettext("There is no account with this e-mail."), field="login")
    return user_id


def create_token(
    session: Session, *, user_id: str, name: str, scopes: Iterable[str] = ("read",), days: int = TOKEN_DAYS
) -> str:
    """A token for a program that acts for a user, seen this once. Raises InvalidInput for bad scopes or days.

    scopes: read or write, and beside them themes of REST such as requests; without themes it reaches all of them.
    """
    wanted = sorted(set(scopes))
    if not TOKEN_SCOPES & set(wanted) or not all(_SCOPE.fullmatch(scope) for scope in wanted):
        sentence = gettext("A token's scopes are read or write, and beside them the themes it is kept to.")
        raise InvalidInput(sentence, field="scopes")
    if not 1 <= days <= TOKEN_DAYS:
        raise InvalidInput(gettext("A token lasts from 1 to %(days)s days.", days=TOKEN_DAYS), field="days")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            user_id=user_id,
            name=name.strip() or "API",
            token_hash=token_hash(token),
            scopes=wanted,
            expires_at=now() + timedelta(days=days),
        )
    )
    session.flush()
    return token


@dataclass(frozen=True, slots=True)
class Program:
    """Who a valid token acts for, and what it is kept to. themes: of REST; none named means all of them."""

    actor: Actor
    token_id: str
    scopes: frozenset[str]
    last_used_at: datetime | None

    @property
    def themes(self) -> frozenset[str]:
        return self.scopes - TOKEN_SCOPES


def program_of_token(session: Session, token: str) -> Program | None:
    """What a valid token stands for; None for anything else."""
    row = session.scalar(
        select(ApiToken)
        .join(ApiToken.user)
        .options(contains_eager(ApiToken.user))
        .where(
            ApiToken.token_hash == token_hash(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now(),
            User.is_active,
        )
    )
    if row is None:
        return None
    actor = actor_of(session, row.user, read_only="write" not in row.scopes)
    return Program(actor, row.id, frozenset(row.scopes), row.last_used_at)


def is_stale(last_used_at: datetime | None) -> bool:
    """Whether a token's last use was noted so long ago that it should be noted again (once an hour)."""
    return last_used_at is None or last_used_at < now() - TOUCH_AFTER


def touch_token(session: Session, token_id: str) -> None:
    """Notes that a token is in use."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now()))


def end_sessions(session: Session, user_id: str, *, but: str | None = None) -> None:
    """Signs a user out everywhere, or everywhere but in one session."""
    ended = update(SignInSession).where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
    if but is not None:
        ended = ended.where(SignInSession.id != but)
    session.execute(ended.values(ended_at=now()))


@cache
def _hash_of_nobody() -> str:
    """The hash of a password nobody knows: an unknown account takes as long to refuse as a known one."""
    return _hasher.hash(secrets.token_urlsafe(32))


def actor_of(session: Session, user: User, *, read_only: bool = False) -> Actor:
    """Who a user is to the services."""
    rows = session.scalars(select(RoleGrant).where(RoleGrant.user_id == user.id)).all()
    return Actor(user.id, frozenset(Grant(row.role, row.scope) for row in rows), read_only, user.person_id)


def _check_new(login: str, password: str | None, name: str) -> None:
    if "@" not in login or not login.isprintable() or " " in login or len(login) > 254:
        raise InvalidInput(gettext("Give the e-mail address that the person signs in with."), field="login")
    if not name or not name.isprintable() or len(name) > 200:
        raise InvalidInput(gettext("Give a name or a role of at most 200 characters."), field="name")
    if password is not None:
        _check_password(password)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(
            gettext("The password must have at least %(count)s characters.", count=SHORTEST_PASSWORD), field="password"
        )


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
