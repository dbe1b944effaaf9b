"""One's own account: where one is signed in, the password, and further ways to sign in."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.permissions import STAFF_ROLES
from api.edge import limits, login
from api.edge.access import current_actor, signed_in
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.services import users
from api.services.accounts import identities, second_factor, sessions

pages = Blueprint("own_account", __name__)


@pages.get("/konto", endpoint="page")
@signed_in
def show_account() -> str:
    return _page()


@pages.post("/konto/okter/<uuid:session_id>/avslutt", endpoint="end_session")
@signed_in
def end_session(session_id: object) -> Response:
    with transaction() as session:
        sessions.end_own(session, _user_id(), str(session_id))
    flash(_("That session has ended."), "success")
    return redirect(url_for("own_account.page"), 303)


@pages.post("/konto/passord", endpoint="password")
@limits.limiter.limit(limits.LOGIN_PER_ACCOUNT, key_func=lambda: f"password:{current_actor().user_id}")
@signed_in
def change_password() -> Response | tuple[str, int]:
    """Asks for the old one where there is one: an open browser is not enough to take an account over."""
    live = login.current_session()
    try:
        with transaction() as session:
            users.change_password(
                session,
                _user_id(),
                old=request.form.get("old", ""),
                new=request.form.get("new", ""),
                keep=live.id if live else None,
            )
    except InvalidInput as problem:
        return _page(problem), 422
    flash(_("The new password is in use. You are signed out everywhere else."), "success")
    return redirect(url_for("own_account.page"), 303)


def _page(problem: InvalidInput | None = None) -> str:
    reader, live = read_session(), login.current_session()
    return render_template(
        "account/own.html",
        sessions=sessions.own(reader, _user_id()),
        current_id=live.id if live else None,
        has_password=users.has_password(reader, _user_id()),
        is_staff=any(grant.role in STAFF_ROLES for grant in current_actor().grants),
        has_second_factor=second_factor.is_set_up(reader, _user_id()),
        identities=identities.own(reader, _user_id()),
        by_feide=current_app.config["OIDC"] is not None,
        problem=problem,
    )


def _user_id() -> str:
    return str(current_actor().user_id)
