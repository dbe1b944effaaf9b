"""How often: flask-limiter on counters in the database, shared by every web process.

A key holds an address or a mail; only its hash is kept.
"""

import hashlib

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy.exc import SQLAlchemyError

from api.db import transaction
from api.domain.link_paths import purpose_of_path
from api.services import rates

LOGIN_PER_ADDRESS = "30 per minute"  # a whole school may share one address
LOGIN_PER_ACCOUNT = "10 per 15 minutes"
LINKS_PER_ADDRESS = rates.Bucket(300, 0.5)


class DatabaseStorage(Storage):
    """Fixed windows of flask-limiter as rows."""

    STORAGE_SCHEME = ["treffpunkt"]  # noqa: RUF012 (the library's own attribute)

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with transaction() as session:
            return rates.count(session, hashed(key), seconds=expiry, amount=amount)

    def get(self, key: str) -> int:
        with transaction() as session:
            return rates.counted(session, hashed(key))[0]

    def get_expiry(self, key: str) -> float:
        with transaction() as session:
            return rates.counted(session, hashed(key))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with transaction() as session:
            return rates.forget(session)

    def clear(self, key: str) -> None:
        with transaction() as session:
            rates.forget(session, hashed(key))


limiter = Limiter(key_func=get_remote_address, storage_uri="treffpunkt://", strategy="fixed-window")


def init_app(app: Flask) -> None:
    limiter.init_app(app)
    app.before_request(_slow_down_links)


def account_asked_for() -> str:
    """The account a sign-in names: guessing one account's password from many addresses is slow too."""
    return "login:" + request.form.get("login", "").strip().lower()[:254]


def _slow_down_links() -> None:
    """Nobody guesses 256 bits; but whoever tries keeps the database busy."""
    if request.method == "POST" and purpose_of_path(request.path):
        with transaction() as session:
            rates.demand(session, hashed(f"link:address:{request.remote_addr}"), LINKS_PER_ADDRESS)


def hashed(key: str) -> str:
    """What a key is counted under."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
