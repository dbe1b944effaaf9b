"""Doubles: pairs that look alike, each with a button that merges them into the older one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput
from api.i18n import gettext as _
from api.i18n import mark
from api.services.coordination import doubles

pages = Blueprint("doubles", __name__)
KINDS = {"request": mark("Requests"), "person": mark("People"), "company": mark("Companies")}
WHY = {
    "times": mark("Same school and grade, and a time in common"),
    "mail": mark("Same name and e-mail"),
    "phone": mark("Same name and phone"),
    "name": mark("Same name"),
}


@pages.get("/dobbelt")
@allowed(Action.MERGE_DOUBLES)
def overview() -> str:
    found = doubles.proposed(read_session(), current_actor())
    return render_template("coordinator/doubles.html", found=found, kinds=KINDS, why=WHY)


@pages.post("/dobbelt")
@allowed(Action.MERGE_DOUBLES)
def merge() -> Response:
    kind, keep, gone = (request.form.get(name, "")[:40] for name in ("kind", "keep", "gone"))
    try:
        with transaction() as session:
            doubles.merge(session, current_actor(), kind, keep, gone)
    except (Conflict, InvalidInput) as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        flash(_("Merged into the older one."), "success")
    return redirect(url_for("doubles.overview"), code=303)
