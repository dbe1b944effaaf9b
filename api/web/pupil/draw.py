"""The draw, for everyone: what was promised beforehand, what was shown after, and one's own number."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from api.edge.access import public
from api.edge.session import read_session
from api.queries import queue_draw
from api.web.asked import asked_text
from api.web.pupil import names

pages = Blueprint("draw", __name__)


@pages.get("/elev/trekning")
@public
def overview() -> str:
    return render_template("pupil/draws.html", draws=queue_draw.draws(read_session()), names=names)


@pages.get("/elev/trekning/<uuid:lottery_id>")
@public
def one(lottery_id: str) -> str:
    """One draw; with ?pamelding= the ticket and number of that registration, worked out from the seed."""
    session, asked = read_session(), asked_text("pamelding")
    found = queue_draw.draw(session, str(lottery_id))
    result = queue_draw.drawn(session, found)
    own = queue_draw.check(found, result, asked) if asked else None
    return render_template("pupil/draw.html", draw=found, result=result, asked=asked, own=own, names=names)


@pages.get("/elev/trekning/<uuid:lottery_id>/lodd.txt")
@public
def tickets(lottery_id: str) -> Response:
    """Every ticket, one a line, the first number first."""
    session = read_session()
    found = queue_draw.draw(session, str(lottery_id))
    lines = "".join(f"{ticket}\n" for ticket in queue_draw.tickets(found, queue_draw.drawn(session, found)))
    return Response(lines, content_type="text/plain; charset=utf-8")
