"""History: what happened to a thing, who did it, and whether the trail holds."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.queries import coordination_audit
from api.web.asked import asked_text, asked_window
from api.web.coordinator.history_words import happened

pages = Blueprint("history", __name__)


@pages.get("/historikk")
@allowed(Action.SEE_AUDIT)
def everything() -> str:
    return _page(asked_text("kind"), asked_text("id"))


@pages.get("/historikk/<kind>/<object_id>")
@allowed(Action.SEE_AUDIT)
def of_object(kind: str, object_id: str) -> str:
    return _page(kind, object_id)


def _page(kind: str, object_id: str) -> str:
    asked = asked_window(("sequence",))
    if not request.args.get("sort"):
        asked = replace(asked, descending=True)
    session = read_session()
    return render_template(
        "coordinator/history.html",
        page=coordination_audit.entries(session, asked, object_kind=kind, object_id=object_id),
        chain=coordination_audit.chain(session),
        kind=kind,
        object_id=object_id,
        happened=happened,
    )
