"""Who is asking: a session cookie (Flask-Login) or, under /api, a Bearer token, which wins where both are sent.

The cookie names a row of sign_in_session, which ends 12 hours after sign-in, after 3 hours without a request, at
sign-out, and when the password changes. Staff who have not shown a second factor reach only the pages that ask for it.
"""

from typing import Any

from flask import Flask, abort, current_app, flash, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user

from api.db import transaction
from api.domain.permissions import ANONYMOUS, STAFF_ROLES, Actor
from api.edge import locale
from api.edge.session import read_session
from api.i18n import gettext as _
from api.services import users
from api.services.accounts import sessions

WITHOUT_ACTOR = frozenset({"static", "public.healthz", "public.readyz", "metrics.metrics"})
SESSION_ID = "_user_id"  # Flask-Login's name for what its user loader gets


class Browser(UserMixin):
    """Flask-Login's user: a signed-in browser, named in the cookie by its session."""

    def __init__(self, session_id: str, live: sessions.Live | None = None) -> None:
        self.id = session_id
        self.live = live


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


def sign_in(user_id: str, *, second_factor: bool = False) -> None:
    """Starts a fresh session for a user: nothing of the one before stays, so no planted cookie survives.

    second_factor: it has been shown as well.
    """
    before = current_session()
    with transaction() as changes:
        started = sessions.start(
            changes, user_id, second_factor=second_factor, instead_of=before.id if before else None
        )
    session.clear()
    login_user(Browser(started))


def sign_out() -> None:
    """Ends the session in the database too: a copy of the cookie is worth nothing from then on."""
    live = current_session()
    if live:
        with transaction() as changes:
            sessions.end(changes, str(live.account.actor.user_id), live.id)
    session.clear()


def current_session() -> sessions.Live | None:
    """The live session of this browser, whether or not a second factor is still to come."""
    live: sessions.Live | None = g.get("live")
    return live


def uses_token() -> bool:
    """Whether this request is vouched for by a Bearer token."""
    return current_program() is not None


def current_program() -> users.Program | None:
    """The program that asks by a token, None for a browser."""
    program: users.Program | None = g.get("program")
    return program


def current_name() -> str:
    """The name of whoever is signed in, "" for others."""
    live = current_session()
    return live.account.name if live else ""


def _identify() -> None:
    g.actor, g.live, g.program = ANONYMOUS, None, None
    if request.endpoint in WITHOUT_ACTOR:
        return
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        _identify_by_token()
        return
    if SESSION_ID not in session:
        return
    if not current_user.is_authenticated:
        session.clear()
        flash(_("You have been signed out. Sign in again to go on."), "info")
        return
    g.live = current_user.live
    g.actor = _actor_of(g.live)
    locale.prefer(g.live.account.locale)
    if g.live.is_stale:
        with transaction() as changes:
            sessions.note_seen(changes, g.live.id)


def _actor_of(live: sessions.Live) -> Actor:
    actor = live.account.actor
    is_staff = any(grant.role in STAFF_ROLES for grant in actor.grants)
    if is_staff and live.second_factor_at is None and current_app.config["SECOND_FACTOR"]:
        return Actor(actor.user_id, awaits_second_factor=True)
    return actor


def _identify_by_token() -> None:
    given = request.authorization
    found = (
        users.program_of_token(read_session(), given.token)
        if given and given.type == "bearer" and given.token
        else None
    )
    if found is None:
        abort(401)
    g.program, g.actor = found, found.actor
    if users.is_stale(found.last_used_at):
        with transaction() as changes:
            users.touch_token(changes, found.token_id)


def _load(session_id: str) -> Browser | None:
    live = sessions.current(read_session(), session_id)
    return Browser(session_id, live) if live else None
