"""Load by role model: who carries how much of the season, against what they offered."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import gettext as _
from api.i18n import mark
from api.models.programmes import Season
from api.queries import ledger
from api.queries import role_model_load as reads
from api.queries.paging import Page, Window
from api.queries.role_model_load import Filter, Load
from api.services.exports import MOST_ROWS
from api.web.asked import asked_text, asked_window
from api.web.coordinator.ledger import asked_season
from api.web.downloads import sheet

pages = Blueprint("load", __name__)
SORTS = ("engagements", "name", "company", "held", "asked", "silent")
WHOSE = (("", mark("All")), ("company", mark("From a company")), ("independent", mark("Independent")))
LOADS = (("", mark("All")), ("none", mark("No visits")), ("full", mark("As many as they offered")))


@pages.get("/belastning")
@allowed(Action.SEE_VISIT_PLANS)
def overview() -> str:
    session = read_session()
    season = _season(session)
    asked = asked_window(SORTS)
    if not asked_text("sort"):
        asked = Window(asked.number, asked.size, "engagements", descending=True)
    return render_template(
        "coordinator/load.html",
        season=season,
        seasons=ledger.seasons(session),
        page=_rows(session, season, asked),
        spread=reads.spread(session, season.id),
        wanted=_filter(),
        whose=WHOSE,
        loads=LOADS,
        names=_sees_names(),
    )


@pages.get("/belastning.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download(suffix: str) -> Response:
    session = read_session()
    season = _season(session)
    asked = asked_window(SORTS)
    rows = _rows(session, season, Window(1, MOST_ROWS, asked.sort, asked.descending)).items
    headings = [_("Role model")] if _sees_names() else []
    headings += [_("Title"), _("Place"), _("Company"), _("Visits"), _("Most a term"), _("Asked"), _("Yes said")]
    headings += [_("Silent"), _("Held so far")]
    return sheet(f"belastning-{season.name}", suffix, headings, [_cells(row) for row in rows])


def _rows(session: Session, season: Season, asked: Window) -> Page[Load]:
    most = reads.most_a_term(session)
    return reads.role_models(session, season.id, asked, _filter(), names=_sees_names(), most=most)


def _cells(row: Load) -> list[str | int | None]:
    named = [row.name] if _sees_names() else []
    figures = [row.engagements, row.limit, row.asked, row.accepted, row.silent, row.held]
    return [*named, row.title, row.place, row.company, *figures]


def _sees_names() -> bool:
    return reach(current_actor(), Action.SEE_NAMES).everywhere


def _filter() -> Filter:
    whose, load = asked_text("whose"), asked_text("load")
    return Filter(
        asked_text("q"),
        whose if whose in dict(WHOSE) else "",
        load if load in dict(LOADS) else "",
    )


def _season(session: Session) -> Season:
    found = asked_season(session)
    if found is None:
        raise NotFound(_("There is no season yet."))
    return found
