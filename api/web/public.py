"""Pages for everyone: the front page, privacy, accessibility, and what a watchdog asks."""

from flask import Blueprint, Response, jsonify, render_template

from api.edge.access import public
from api.edge.session import read_session
from api.queries import health, overview
from api.web.season_page import verdict_of

pages = Blueprint("public", __name__)


@pages.get("/")
@public
def front() -> str:
    now = overview.overview(read_session())
    visits = verdict_of(now.visit_plan) if now else None
    return render_template(
        "public/front.html",
        now=now,
        visit_verdict=visits,
        group_verdict=verdict_of(now.group_plan) if now else None,
        visit_goals={goal.name: goal.value for goal in visits.goals} if visits else {},
    )


@pages.get("/personvern")
@public
def privacy() -> str:
    return render_template("public/privacy.html")


@pages.get("/tilgjengelighet")
@public
def accessibility() -> str:
    return render_template("public/accessibility.html")


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
