"""Calendars to subscribe to: the page where a person makes and ends them, and what a calendar program fetches."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.edge.access import current_actor, public, signed_in
from api.edge.session import read_session
from api.services import feeds

pages = Blueprint("calendars", __name__, url_prefix="/kalender")
FETCHED_AGAIN_AFTER = 15 * 60  # seconds


@pages.get("", endpoint="own")
@signed_in
def show_own() -> str:
    found = feeds.feeds_of(read_session(), current_actor())
    return render_template("mail/calendars.html", feeds=found, host=request.host_url.rstrip("/"))


@pages.post("", endpoint="change")
@signed_in
def change_own() -> Response:
    """Makes a calendar, or ends it where the form says so."""
    kind, object_id = request.form.get("kind", "")[:40], request.form.get("id", "")[:36]
    with transaction() as session:
        act = feeds.end if request.form.get("end") == "1" else feeds.make
        act(session, current_actor(), kind, object_id)
    return redirect(url_for("calendars.own"), 303)


@pages.get("/<secret>.ics", endpoint="feed")
@public
def fetch(secret: str) -> Response:
    """The calendar; unchanged ones are not sent twice."""
    response = make_response(feeds.calendar_at(read_session(), secret))
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = "inline; filename=treffpunkt.ics"
    response.headers["Cache-Control"] = f"private, max-age={FETCHED_AGAIN_AFTER}"
    response.add_etag()
    return response.make_conditional(request)
