"""Signing in with Feide, where it is set up; and letting an account be reached that way."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from werkzeug import Response

from api.db import transaction
from api.edge import login, oidc
from api.edge.access import current_actor, own_path, public, signed_in
from api.i18n import gettext as _
from api.services.accounts import identities

pages = Blueprint("feide", __name__)
TARGET, LINK_FOR = "feide_target", "feide_link_for"


@pages.before_request
def only_where_set_up() -> None:
    if current_app.config["OIDC"] is None:
        abort(404)


@pages.get("/logg-inn/feide", endpoint="begin")
@public
def begin() -> Response:
    session[TARGET] = own_path(request.args.get("next"))
    return oidc.send_away()


@pages.post("/konto/feide", endpoint="ask_to_link")
@signed_in
def ask_to_link() -> str:
    """Remembers what is wanted; the way to Feide is a link, since a form may send nobody to another site."""
    session[LINK_FOR] = current_actor().user_id
    return render_template("account/feide_link.html")


@pages.get("/logg-inn/feide/retur", endpoint="back")
@public
def back() -> Response:
    """Vouched for by the state that Authlib keeps in the session and takes out again."""
    target, link_for = session.pop(TARGET, None), session.pop(LINK_FOR, None)
    identity = oidc.come_back()
    actor = current_actor()
    if link_for is not None and link_for == actor.user_id and actor.is_known:
        with transaction() as changes:
            identities.link(changes, link_for, identity)
        flash(_("From now on you can sign in with Feide."), "success")
        return redirect(url_for("own_account.page"))
    with transaction() as changes:
        user_id = identities.sign_in(changes, identity)
    if user_id is None:
        flash(_("This account is closed. Ask those who run the service."), "warning")
        return redirect(url_for("account.login"))
    login.sign_in(user_id, second_factor=identity.strong)
    return redirect(own_path(target) or url_for("account.home"))
