"""Approving a group plan, at the sites of the reader: what it means, one button, and the time to undo it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import ApprovalState
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict
from api.i18n import gettext as _
from api.queries import queue_approval
from api.services.queue import approval as services

pages = Blueprint("group_approval", __name__)


@pages.get("/grupper/godkjenn/<uuid:plan_id>")
@allowed(Action.APPROVE_GROUPS)
def preview(plan_id: str) -> str:
    return _page(str(plan_id), None)


@pages.post("/grupper/godkjenn/<uuid:plan_id>")
@allowed(Action.APPROVE_GROUPS)
def approve(plan_id: str) -> Response | tuple[str, int]:
    """Approves the ticked sites; what stands against it is shown with the page as it is now."""
    try:
        with transaction() as session:
            made = services.approve(session, current_actor(), str(plan_id), request.form.getlist("site")).id
    except Conflict as refused:
        return _page(str(plan_id), refused), 409
    return redirect(url_for("group_approval.approved", approval_id=made), 303)


@pages.get("/grupper/godkjent/<uuid:approval_id>")
@allowed(Action.APPROVE_GROUPS)
def approved(approval_id: str) -> str:
    session = read_session()
    found = services.approval_in_reach(session, current_actor(), str(approval_id))
    waiting = found.state is ApprovalState.APPROVED and found.send_at > clock.now()
    names = queue_approval.site_names(session, found.items)
    return render_template("site/approved_groups.html", approval=found, waiting=waiting, names=names)


@pages.post("/grupper/godkjent/<uuid:approval_id>/angre")
@allowed(Action.APPROVE_GROUPS)
def undo(approval_id: str) -> Response:
    try:
        with transaction() as session:
            services.undo(session, current_actor(), str(approval_id))
    except Conflict as late:
        flash(" ".join(filter(None, (late.sentence, late.remedy))), "warning")
    else:
        flash(_("Undone. Nothing was sent, and nobody has heard of it."), "success")
    return redirect(url_for("group_approval.approved", approval_id=approval_id), 303)


def _page(plan_id: str, refused: Conflict | None) -> str:
    found = queue_approval.plan_parts(read_session(), plan_id, reach(current_actor(), Action.APPROVE_GROUPS))
    return render_template("site/approve_groups.html", found=found, refused=refused)
