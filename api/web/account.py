"""Signing in with a password, and out."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from api.domain.permissions import Action, may, reach
from api.edge import limits, login
from api.edge.access import current_actor, half_signed_in, own_path, public, signed_in
from api.edge.session import read_session
from api.i18n import gettext as _
from api.services import users

pages = Blueprint("account", __name__)


@pages.get("/logg-inn", endpoint="login")
@public
def show_login() -> str:
    return login_page(own_path(request.args.get("next")))


@pages.post("/logg-inn")
@limits.limiter.limit(limits.LOGIN_PER_ADDRESS)
@limits.limiter.limit(
    limits.LOGIN_PER_ACCOUNT, key_func=limits.account_asked_for, deduct_when=lambda answer: answer.status_code != 303
)
@public
def try_login() -> Response | tuple[str, int]:
    """One answer for wrong password, unknown address and closed account; only failures count against an account."""
    target = own_path(request.args.get("next"))
    given, password = request.form.get("login", "")[:254], request.form.get("password", "")
    user_id = users.check_password(read_session(), given, password) if given.isprintable() else None
    if user_id is None:
        error = _("The e-mail and the password do not belong together. Check both and try again.")
        return login_page(target, login=given, error=error), 422
    login.sign_in(user_id)
    return redirect(target or url_for("account.home"), 303)


@pages.get("/hjem", endpoint="home")
@signed_in
def go_home() -> Response:
    """Where work begins: the list of today for the coordination, the week for site leaders, the front page for all."""
    actor = current_actor()
    if reach(actor, Action.SEE_EXCEPTIONS).everywhere:
        return redirect(url_for("today.overview"), 303)
    if may(actor, Action.MANAGE_GROUPS):
        return redirect(url_for("campus.sites"), 303)
    return redirect(url_for("public.front"), 303)


@pages.post("/logg-ut")
@half_signed_in
def logout() -> Response:
    login.sign_out()
    return redirect(url_for("public.front"), 303)


def login_page(target: str | None, *, login: str = "", error: str | None = None, again: str | None = None) -> str:
    """The page with every way to sign in. again: what to say above the form that asks for a link."""
    return render_template(
        "account/login.html",
        next=target,
        login=login,
        error=error,
        again=again,
        by_feide=current_app.config["OIDC"] is not None,
    )
