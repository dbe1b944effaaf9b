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
from api.web.asked import asked_text

pages = Blueprint("doubles", __name__)
KINDS = {"request": mark("Requests"), "person": mark("People"), "company": mark("Companies")}
MOVED = {
    "request": mark("requests"),
    "contact": mark("schools or companies they answer for"),
    "role_model": mark("profiles of role models"),
    "user_account": mark("accounts"),
    "company": mark("companies they answer for"),
    "agreement": mark("agreements"),
    "outbox_message": mark("messages"),
    "booking": mark("visits and meetings"),
    "pupil": mark("pupils"),
    "mentor": mark("mentors"),
}
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


@pages.get("/dobbelt/par")
@allowed(Action.MERGE_DOUBLES)
def look() -> str:
    """What merging a pair would do, before anything is done."""
    kind, keep, gone = (asked_text(name) for name in ("kind", "keep", "gone"))
    found = doubles.foreseen(read_session(), current_actor(), kind, keep, gone)
    return render_template(
        "coordinator/doubles_look.html", found=found, keep=keep, gone=gone, kinds=KINDS, moved=moved_words(found.moved)
    )


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


def moved_words(moved: dict[str, int]) -> list[tuple[str, int]]:
    """What would name the kept one, in words, with counts; the rest together at the end."""
    known = [(_(MOVED[table]), count) for table, count in moved.items() if table in MOVED]
    others = sum(count for table, count in moved.items() if table not in MOVED)
    return [*known, (_("other rows"), others)] if others else known
