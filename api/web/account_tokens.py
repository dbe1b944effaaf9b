"""One's own tokens for programs: make one, see when it was last used, revoke it."""

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.edge.access import current_actor, signed_in, themes
from api.edge.session import read_session
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.services.accounts import tokens

pages = Blueprint("own_tokens", __name__)
DAYS = (30, 90, 365)


@pages.get("/konto/nokler", endpoint="page")
@signed_in
def show_tokens() -> str:
    return _page()


@pages.post("/konto/nokler", endpoint="make")
@signed_in
def make_token() -> Response | tuple[str, int]:
    """The secret stands in the answer and nowhere else, so there is no redirect."""
    form = request.form
    try:
        with transaction() as session:
            _row, secret = tokens.make(
                session,
                str(current_actor().user_id),
                name=form.get("name", "")[:200],
                scopes=["read", *(["write"] if form.get("write") else []), *form.getlist("theme")],
                days=form.get("days", DAYS[0], int),
                themes=themes(current_app),
            )
    except InvalidInput as problem:
        return _page(problem=problem), 422
    shown_once = make_response(_page(secret=secret))
    shown_once.headers["Cache-Control"] = "no-store"
    return shown_once


@pages.post("/konto/nokler/<uuid:token_id>/trekk", endpoint="revoke")
@signed_in
def revoke_token(token_id: object) -> Response:
    with transaction() as session:
        tokens.revoke(session, str(current_actor().user_id), str(token_id))
    flash(_("The token no longer works."), "success")
    return redirect(url_for("own_tokens.page"), 303)


def _page(*, secret: str | None = None, problem: InvalidInput | None = None) -> str:
    return render_template(
        "account/tokens.html",
        tokens=tokens.own(read_session(), str(current_actor().user_id)),
        themes=sorted(themes(current_app)),
        days=DAYS,
        secret=secret,
        problem=problem,
    )
