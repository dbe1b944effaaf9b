"""Ending messages of one kind by the link in each of them; mail programs may press the button themselves (RFC 8058)."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import LinkPurpose
from api.edge.access import public
from api.edge.session import read_session
from api.mail.topics import name_of
from api.services import links, unsubscribing

pages = Blueprint("unsubscribe", __name__)
ONE_CLICK = "One-Click"


@pages.errorhandler(links.LinkExpired)
def too_late(_error: Exception) -> tuple[str, int]:
    return render_template("mail/unsubscribe_over.html"), 410


@pages.get("/meldinger/<secret>", endpoint="look")
@public
def look_at_link(secret: str) -> str:
    """Changes nothing: mail scanners follow links."""
    return _page(secret)


@pages.post("/meldinger/<secret>", endpoint="act")
@public
def use_link(secret: str) -> Response | str:
    """Ends the topic, or takes that back. A mail program gets its answer at once: it follows no redirect."""
    with transaction() as session:
        token = links.find(session, secret, LinkPurpose.UNSUBSCRIBE)
        if request.form.get("again") == "1":
            unsubscribing.subscribe_again(session, token)
        else:
            unsubscribing.unsubscribe(session, token)
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return _page(secret)
    return redirect(url_for("unsubscribe.look", secret=secret), 303)


def _page(secret: str) -> str:
    session = read_session()
    token = links.find(session, secret, LinkPurpose.UNSUBSCRIBE)
    ended = token.person_id is not None and unsubscribing.is_unwanted(session, token.person_id, token.object_id)
    return render_template("mail/unsubscribe.html", secret=secret, ended=ended, topic=name_of(token.object_id))
