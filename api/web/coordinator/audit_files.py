"""The files with which anyone can judge a plan without this service, and the words that do it."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from api.db import transaction
from api.domain.enums import RunKind
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.services.coordination import audit_files as services

pages = Blueprint("audit_files", __name__)


@pages.get("/planer/<plan_id>/etterprov")
@allowed(Action.APPROVE_PLANS)
def page(plan_id: str) -> str:
    found = services.files_of(read_session(), plan_id)
    return render_template(
        "coordinator/audit_files.html",
        found=found,
        plan=found.plan,
        back="visits.table" if found.plan.kind is RunKind.VISIT else "groups.table",
        is_queue=found.plan.kind is RunKind.GROUP,
    )


@pages.post("/planer/<plan_id>/etterprov/<any(problem, plan, draw):name>")
@allowed(Action.APPROVE_PLANS)
def take(plan_id: str, name: str) -> Response:
    with transaction() as session:
        text = services.take_file(session, current_actor(), plan_id, name)
    made = Response(text, content_type="application/json; charset=utf-8")
    made.headers.set("Content-Disposition", "attachment", filename=f"{name}.json")
    made.headers["Cache-Control"] = "no-store"
    return made
