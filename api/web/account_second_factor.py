"""The second factor of staff: asked for at sign-in, set up on the first one."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.edge import login
from api.edge.access import current_actor, half_signed_in, own_path, signed_in
from api.edge.session import read_session
from api.i18n import gettext as _
from api.services.accounts import second_factor

pages = Blueprint("second_factor", __name__)


@pages.get("/logg-inn/kode", endpoint="ask")
@half_signed_in
def ask() -> Response | str:
    target = own_path(request.args.get("next"))
    if current_actor().is_known:
        return redirect(target or url_for("account.home"))
    if not second_factor.is_set_up(read_session(), _user_id()):
        return redirect(url_for("second_factor.enrol", next=target))
    return render_template("account/code.html", next=target, error=None)


@pages.post("/logg-inn/kode")
@half_signed_in
def answer() -> Response | tuple[str, int]:
    target = own_path(request.args.get("next"))
    with transaction() as session:
        right = second_factor.check(session, _user_id(), request.form.get("code", "")[:40])
    if not right:
        error = _("That is not the code of now. Wait for the next one, or use a recovery code.")
        return render_template("account/code.html", next=target, error=error), 422
    login.sign_in(_user_id(), second_factor=True)
    return redirect(target or url_for("account.home"), 303)


@pages.get("/konto/to-trinn", endpoint="enrol")
@half_signed_in
def enrol() -> Response | str:
    """The picture to scan; nothing of it is shown once the second factor is set up."""
    target = own_path(request.args.get("next"))
    if second_factor.is_set_up(read_session(), _user_id()):
        return redirect(url_for("second_factor.ask" if not current_actor().is_known else "own_account.page"))
    return _enrolment(target)


@pages.post("/konto/to-trinn/start", endpoint="start")
@half_signed_in
def start() -> Response:
    with transaction() as session:
        second_factor.begin(session, _user_id())
    return redirect(url_for("second_factor.enrol", next=own_path(request.args.get("next"))), 303)


@pages.post("/konto/to-trinn/bytt", endpoint="replace")
@signed_in
def replace() -> Response:
    """A new phone, for somebody who has shown a code of the old one in this session."""
    live = login.current_session()
    with transaction() as session:
        second_factor.begin(session, _user_id(), again=bool(live and live.second_factor_at))
    return redirect(url_for("second_factor.enrol"), 303)


@pages.post("/konto/to-trinn", endpoint="confirm")
@half_signed_in
def confirm() -> Response | tuple[str, int]:
    target = own_path(request.args.get("next"))
    with transaction() as session:
        codes = second_factor.confirm(session, _user_id(), request.form.get("code", "")[:40])
    if not codes:
        return _enrolment(target, _("That is not the code of now. Wait for the next one and try again.")), 422
    login.sign_in(_user_id(), second_factor=True)
    page = render_template("account/recovery_codes.html", codes=codes, next=target or url_for("account.home"))
    shown_once = make_response(page)
    shown_once.headers["Cache-Control"] = "no-store"
    return shown_once


def _enrolment(target: str | None, error: str | None = None) -> str:
    begun = second_factor.enrolment(read_session(), _user_id())
    return render_template("account/enrol.html", next=target, enrolment=begun, error=error)


def _user_id() -> str:
    return str(current_actor().user_id)
