"""Whom to keep in reserve for a plan of visits: a list by date, for those who approve it."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from api import clock
from api.domain.enums import RunKind
from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.queries.paging import Page
from api.queries.stand_ins import stand_ins
from api.services.exports import Cell
from api.web.asked import asked_window
from api.web.coordinator.visits import plan_head
from api.web.downloads import sheet
from api.web.season_page import shown_plan

pages = Blueprint("stand_ins", __name__)
ROWS = 25


@pages.get("/besok/reserver")
@allowed(Action.APPROVE_PLANS)
def page() -> str:
    shown = shown_plan(RunKind.VISIT)
    if shown is None:
        return render_template("coordinator/no_plan.html", title=_("Visit plan"))
    found = stand_ins(read_session(), shown.plan.id)
    reserves = found.reserves if found else ()
    number = asked_window(("day",), size=ROWS).number
    part = reserves[(number - 1) * ROWS : number * ROWS]
    listed = Page(part, len(reserves), number, ROWS, "", False)
    return render_template("coordinator/stand_ins.html", found=found, page=listed, **plan_head(shown))


@pages.get("/besok/reserver.<suffix>")
@allowed(Action.APPROVE_PLANS)
def download(suffix: str) -> Response:
    shown = shown_plan(RunKind.VISIT)
    found = stand_ins(read_session(), shown.plan.id) if shown else None
    if found is None:
        raise NotFound(_("There is no such plan."))
    headings = [_("Day"), _("Stands by"), _("From"), _("School"), _("Begins"), _("Ends")]
    rows: list[list[Cell]] = [
        [
            one.day,
            one.person.name,
            one.person.company or _("Independent"),
            visit.school,
            clock.to_local(visit.starts_at),
            clock.to_local(visit.ends_at),
        ]
        for one in found.reserves
        for visit in one.visits
    ]
    return sheet("reserver", suffix, headings, rows)
