"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api.edge import limits, login
from api.edge.access import own_path, public, signed_in
from api.edge.session import read_session
from api.i18n import gettext as _
from api.services import users

pages = Blueprint("account", __name__)


@pages.get("/logg-inn", endpoint="login")
@public
def show_login() -> str:
    return render_template("account/login.html", next=own_path(request.args.get("next")), login="", error=None)


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
        return render_template("account/login.html", next=target, login=given, error=error), 422
    login.sign_in(user_id)
    return redirect(target or url_for("public.front"), 303)


@pages.post("/logg-ut")
@signed_in
def logout() -> Response:
    login.sign_out()
    return redirect(url_for("public.front"), 303)
