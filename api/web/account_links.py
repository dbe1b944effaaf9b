"""Signing in by a link in a mail: ask for it, look at it, press the button."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import LinkPurpose
from api.edge import login, public_forms
from api.edge.access import own_path, public
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.services import links
from api.services.accounts import login_links
from api.web.account import login_page

pages = Blueprint("login_links", __name__)
FORM = "login"


@pages.post("/logg-inn/lenke", endpoint="ask")
@public
def ask_for_link() -> Response | tuple[str, int]:
    """The same answer whether or not anybody has the address."""
    target = own_path(request.args.get("next"))
    address = request.form.get("email", "").strip()
    if not 3 <= len(address) <= 254 or "@" not in address or not address.isprintable():
        return login_page(target, login=address[:254], again=_("Give the e-mail address that you are known by.")), 422
    checked = public_forms.check(FORM, mail=address)
    if checked.again:
        return login_page(target, login=address, again=checked.again), 422
    with transaction() as session:
        login_links.send(session, address)
    return redirect(url_for("login_links.sent"), 303)


@pages.get("/logg-inn/lenke", endpoint="sent")
@public
def show_sent() -> str:
    return render_template("account/link_sent.html")


@pages.get("/logg-inn/lenke/<secret>", endpoint="look")
@public
def look_at_link(secret: str) -> str | tuple[str, int]:
    """Changes nothing: mail scanners follow links."""
    try:
        token = links.find(read_session(), secret, LinkPurpose.LOGIN)
    except links.LinkExpired:
        return _expired()
    return _choice(secret, login_links.candidates(read_session(), token))


@pages.post("/logg-inn/lenke/<secret>", endpoint="use")
@public
def use_link(secret: str) -> Response | str | tuple[str, int]:
    try:
        with transaction() as session:
            token = links.find(session, secret, LinkPurpose.LOGIN)
            user_id = login_links.redeem(session, token, request.form.get("person"))
    except links.LinkExpired:
        return _expired()
    except InvalidInput as problem:
        token = links.find(read_session(), secret, LinkPurpose.LOGIN)
        return _choice(secret, login_links.candidates(read_session(), token), problem.sentence), 422
    login.sign_in(user_id)
    return redirect(url_for("account.home"), 303)


def _choice(secret: str, people: list[login_links.Candidate], error: str | None = None) -> str:
    return render_template("account/link.html", secret=secret, people=people, error=error)


def _expired() -> tuple[str, int]:
    return render_template("account/link_expired.html"), 410
