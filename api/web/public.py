"""Pages for everyone: the front page, privacy, accessibility, and what a watchdog asks."""

from datetime import date

from flask import Blueprint, Response, jsonify, render_template

from api import clock
from api.edge.access import public
from api.edge.session import read_session
from api.queries import health, overview, promises
from api.web import privacy_words

pages = Blueprint("public", __name__)
STATEMENT_OF = date(2026, 11, 22)  # when the statement on accessibility was last gone through


@pages.get("/")
@public
def front() -> str:
    session = read_session()
    return render_template(
        "public/front.html",
        now=overview.overview(session),
        sites=overview.campuses(session),
        answer_on=promises.answer_on(session, None, clock.now()),
    )


@pages.get("/rettferdig")
@public
def fairness() -> str:
    return render_template("public/fairness.html")


@pages.get("/personvern")
@public
def privacy() -> str:
    return render_template(
        "public/privacy.html",
        programmes=overview.programmes(read_session()),
        kinds=privacy_words.kinds(),
        seen=privacy_words.seen(),
    )


@pages.get("/tilgjengelighet")
@public
def accessibility() -> str:
    return render_template("public/accessibility.html", written_on=STATEMENT_OF)


@pages.get("/healthz")
@public
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@pages.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """503 when the database is not reached or not migrated. Ages of heartbeats and of each job's last success."""
    state = health.readiness(read_session)
    return jsonify(state), 200 if state["status"] in ("ready", "degraded") else 503
