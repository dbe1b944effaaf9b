"""Who is asking: a session cookie (Flask-Login) or, under /api, a Bearer token, which wins where both are sent.

A session ends 12 hours after sign-in, after 3 hours without a request, at sign-out, and when the password changes.
"""

import secrets
import time
from typing import Any

from flask import Flask, abort, flash, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from api.db import transaction
from api.domain.permissions import ANONYMOUS
from api.edge import locale
from api.edge.session import read_session
from api.i18n import gettext as _
from api.services import users

ABSOLUTE_SECONDS = 12 * 3600
IDLE_SECONDS = 3 * 3600
SEEN_EVERY_SECONDS = 60
WITHOUT_ACTOR = frozenset({"static", "public.healthz", "public.readyz"})


class SignedIn(UserMixin):
    """Flask-Login's user: an account, named in the cookie together with the stamp of its password."""

    def __init__(self, account: users.Account) -> None:
        self.account = account

    def get_id(self) -> str:
        return f"{self.account.actor.user_id}:{self.account.stamp}"


def cookie_config(*, production: bool) -> dict[str, Any]:
    """Settings of the session cookie: `__Host-` and Secure in production, plain over http in development."""
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if production else "session",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
    }


def init_app(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # "strong" signs people out behind changing addresses
    manager.user_loader(_load)
    app.before_request(_identify)


def sign_in(user_id: str) -> None:
    """Starts a fresh session for a user: nothing of the one before stays, so no planted cookie survives."""
    account = users.account(read_session(), user_id)
    if account is None:
        abort(401)
    session.clear()
    moment = int(time.time())
    session.update(id=secrets.token_urlsafe(16), since=moment, seen=moment)
    login_user(SignedIn(account))
    with transaction() as changes:
        users.note_sign_in(changes, user_id)


def sign_out() -> None:
    logout_user()
    session.clear()


def uses_token() -> bool:
    """Whether this request is vouched for by a Bearer token."""
    return bool(g.get("by_token", False))


def current_name() -> str:
    """The name of whoever is signed in, "" for others."""
    account: users.Account | None = g.get("account")
    return account.name if account else ""


def _identify() -> None:
    g.actor, g.account, g.by_token = ANONYMOUS, None, False
    if request.endpoint in WITHOUT_ACTOR:
        return
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        _identify_by_token()
        return
    if "_user_id" not in session:
        return
    if _is_over():
        sign_out()
        flash(_("You have been signed out because you were away for a while."), "info")
        return
    if current_user.is_authenticated:
        g.account = current_user.account
        g.actor = g.account.actor
        locale.prefer(g.account.locale)


def _identify_by_token() -> None:
    given = request.authorization
    found = (
        users.actor_of_token(read_session(), given.token) if given and given.type == "bearer" and given.token else None
    )
    if found is None:
        abort(401)
    g.by_token = True
    g.actor, token_id, last_used_at = found
    if users.is_stale(last_used_at):
        with transaction() as changes:
            users.touch_token(changes, token_id)


def _is_over() -> bool:
    """Both limits of a session; keeps the time of the last request, to the minute."""
    moment = int(time.time())
    if moment - session.get("since", 0) > ABSOLUTE_SECONDS or moment - session.get("seen", 0) > IDLE_SECONDS:
        return True
    if moment - session["seen"] > SEEN_EVERY_SECONDS:
        session["seen"] = moment
    return False


def _load(cookie_id: str) -> SignedIn | None:
    user_id, _separator, stamp = cookie_id.partition(":")
    account = users.account(read_session(), user_id)
    return SignedIn(account) if account and secrets.compare_digest(account.stamp, stamp) else None
