"""Coverage: which schools have had a visit, and who never got one; by school, and by municipality."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from api.domain.permissions import Action
from api.edge.access import allowed
from api.edge.session import read_session
from api.i18n import gettext as _
from api.i18n import mark
from api.queries import school_reach as reads
from api.queries import season_now
from api.queries.paging import Window
from api.queries.school_reach import Filter
from api.services.exports import MOST_ROWS, Cell
from api.web.asked import asked_text, asked_window
from api.web.coordinator.municipality import kind_word
from api.web.downloads import sheet

pages = Blueprint("coverage", __name__)
SCHOOL_SORTS = ("last", "name", "municipality", "recent")
TOWN_SORTS = ("name", "schools", "recent", "never")
VISITS = (
    ("", mark("All")),
    ("never", mark("Never a visit")),
    ("not_recent", mark("Not in the last 12 months")),
    ("recent", mark("In the last 12 months")),
)


@pages.get("/dekning")
@allowed(Action.SEE_VISIT_PLANS)
def schools() -> str:
    session, wanted = read_session(), asked_filter()
    season = season_now.shown_season(session)
    return render_template(
        "coordinator/coverage.html",
        page=reads.schools(session, asked_window(SCHOOL_SORTS), wanted, season.id if season else ""),
        wanted=wanted,
        coverage=reads.coverage(session, wanted),
        municipalities=reads.municipalities(session),
        visits=VISITS,
        kind_word=kind_word,
    )


@pages.get("/dekning.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download(suffix: str) -> Response:
    session = read_session()
    season = season_now.shown_season(session)
    asked = asked_window(SCHOOL_SORTS)
    whole = Window(1, MOST_ROWS, asked.sort, asked.descending)
    rows = reads.schools(session, whole, asked_filter(), season.id if season else "").items
    headings = [_("School"), _("Municipality"), _("Kind of school"), _("Last visited")]
    headings += [_("Visits in 12 months"), _("Next visit"), _("Has ordered")]
    cells: list[list[Cell]] = [
        [
            row.name,
            row.municipality,
            kind_word(row),
            row.last.date() if row.last else None,
            row.recent,
            row.next,
            row.ordered,
        ]
        for row in rows
    ]
    return sheet("dekning", suffix, headings, cells)


@pages.get("/dekning/kommuner")
@allowed(Action.SEE_VISIT_PLANS)
def towns() -> str:
    session = read_session()
    return render_template(
        "coordinator/coverage_towns.html",
        page=reads.town_coverage(session, asked_window(TOWN_SORTS)),
        coverage=reads.coverage(session, Filter()),
    )


@pages.get("/dekning/kommuner.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download_towns(suffix: str) -> Response:
    asked = asked_window(TOWN_SORTS)
    rows = reads.town_coverage(read_session(), Window(1, MOST_ROWS, asked.sort, asked.descending)).items
    headings = [_("Municipality"), _("Schools"), _("With a visit in 12 months"), _("With a visit ever")]
    headings += [_("Never a visit")]
    cells: list[list[Cell]] = [[row.name, row.schools, row.recent, row.ever, row.never] for row in rows]
    return sheet("dekning-kommuner", suffix, headings, cells)


def asked_filter() -> Filter:
    """What the form above the list asks for."""
    visits = asked_text("visits")
    known = {value for value, _word in VISITS}
    return Filter(asked_text("municipality"), visits if visits in known else "", asked_text("q"))
