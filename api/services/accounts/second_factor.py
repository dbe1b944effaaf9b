"""The second factor of staff: six digits that change every half minute, and codes for the day the phone is lost.

The secret is kept encrypted under a key made from the service's; a code works once, and few may be tried.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.config import settings
from api.domain.permissions import STAFF_ROLES, Action, Actor, may
from api.errors import Conflict, NotFound
from api.i18n import gettext
from api.models.access import User
from api.models.rights import RoleGrant
from api.models.sign_in import Totp
from api.services import audit, rates

ISSUER = "Treffpunkt"
STEP_SECONDS = 30
RECOVERY_CODES = 10
ATTEMPTS = rates.Bucket(5, 180)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given. picture: the QR code as a data address of an SVG. secret: to type instead."""

    picture: str
    secret: str


def is_set_up(session: Session, user_id: str) -> bool:
    """Whether the user has confirmed a second factor."""
    confirmed = select(Totp.user_id).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    return session.scalar(confirmed) is not None


def begin(session: Session, user_id: str, *, again: bool = False) -> None:
    """A new secret for a member of staff, to be confirmed by a code.

    again: in place of the one that is confirmed, for somebody who has just shown it. Raises NotFound for those who need
    none, and Conflict where there is one already.
    """
    staff = select(RoleGrant.id).where(RoleGrant.user_id == user_id, RoleGrant.role.in_(STAFF_ROLES))
    if session.scalar(staff.limit(1)) is None:
        raise NotFound(gettext("Your account needs no second factor."))
    row = session.get(Totp, user_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None and not again:
        raise Conflict(gettext("Your account has a second factor already."), code="second_factor_set_up")
    if row is not None:
        session.delete(row)
        session.flush()
    session.add(Totp(user_id=user_id, secret=_cipher().encrypt(pyotp.random_base32().encode()).decode()))
    session.flush()


def enrolment(session: Session, user_id: str) -> Enrolment | None:
    """What to show to somebody who has begun and not yet confirmed, else None."""
    row = session.get(Totp, user_id)
    secret = _secret_of(row) if row is not None and row.confirmed_at is None else None
    if secret is None:
        return None
    login = session.scalars(select(User.login).where(User.id == user_id)).one()
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2)
    return Enrolment(picture, " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)))


def confirm(session: Session, user_id: str, code: str) -> list[str]:
    """Sets the second factor up by its first right code. Returns the recovery codes, seen this once; [] when wrong.

    Raises TooManyRequests after several wrong ones.
    """
    _count_attempt(session, user_id)
    row = session.get(Totp, user_id, with_for_update=True)
    if row is None or row.confirmed_at is not None or not _take_step(row, code):
        return []
    codes = ["-".join(secrets.token_hex(4) for _ in range(2)) for _ in range(RECOVERY_CODES)]
    row.confirmed_at = clock.now()
    row.recovery_hashes = [_hash(one) for one in codes]
    session.flush()
    audit.record(session, "second_factor.set_up", "user_account", user_id, actor_id=user_id)
    return codes


def check(session: Session, user_id: str, code: str) -> bool:
    """Whether this is the code of now, or a recovery code that was not used before; it is used up by the answer.

    The row is locked meanwhile, so of several at once one is right. Raises TooManyRequests after several wrong ones.
    """
    _count_attempt(session, user_id)
    row = session.get(Totp, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        return False
    if _take_step(row, code):
        session.flush()
        return True
    given = _hash(code.strip().lower())
    if given not in row.recovery_hashes:
        return False
    row.recovery_hashes = [known for known in row.recovery_hashes if known != given]
    session.flush()
    left = len(row.recovery_hashes)
    audit.record(session, "second_factor.recover", "user_account", user_id, actor_id=user_id, detail={"left": left})
    return True


def take_away(session: Session, actor: Actor, user_id: str) -> None:
    """For somebody who has lost phone and codes: a new one is asked for at the next sign-in. Raises NotFound."""
    row = session.get(Totp, user_id, with_for_update=True)
    if row is None or not may(actor, Action.MANAGE_USERS):
        raise NotFound(gettext("This account has no second factor."))
    session.delete(row)
    session.flush()
    audit.record(session, "second_factor.take_away", "user_account", user_id, actor_id=actor.user_id)


def _take_step(row: Totp, code: str) -> bool:
    """Whether the code is that of now, or of half a minute before or after, and of a later step than the last one."""
    secret, given = _secret_of(row), "".join(code.split())
    if secret is None or not (given.isascii() and given.isdigit()):
        return False
    step = int(clock.now().timestamp()) // STEP_SECONDS
    for candidate in (step, step - 1, step + 1):
        expected = pyotp.TOTP(secret).at(candidate * STEP_SECONDS)
        if candidate > row.last_step and secrets.compare_digest(expected, given):
            row.last_step = candidate
            return True
    return False


def _count_attempt(session: Session, user_id: str) -> None:
    rates.demand(session, _hash(f"second factor:{user_id}"), ATTEMPTS)


def _secret_of(row: Totp) -> str | None:
    """None where the service's key has changed since: the second factor has to be set up anew."""
    try:
        return _cipher().decrypt(row.secret.encode()).decode()
    except InvalidToken:
        return None


def _cipher() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"treffpunkt second factor").derive(settings().secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
