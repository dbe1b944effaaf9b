"""The year in figures: a page to look at, a chapter to print, a file, and a page for everyone without small places."""

from __future__ import annotations

from typing import Literal

from babel import dates
from flask import Blueprint, render_template, request
from werkzeug import Response

from api import clock
from api.domain.enums import Audience, Measure
from api.domain.permissions import Action
from api.edge.access import allowed, public
from api.edge.session import read_session
from api.i18n import current_locale
from api.i18n import gettext as _
from api.queries.report import year as queries
from api.queries.report.year import Asked, Report
from api.services import yearly
from api.web.asked import asked_text
from api.web.downloads import sheet
from api.web.report import charts, rows, words

pages = Blueprint("year", __name__)
FIVE = (Measure.REGISTERED, Measure.OFFERED, Measure.SCHOOLS, Measure.VISITS, Measure.PUPILS_MET)
SITE, MUNICIPALITY = "site", "municipality"


@pages.get("/aret")
@allowed(Action.SEE_FIGURES)
def overview() -> str:
    """Filters by GET: year, season (a term), programme, place (`site:<id>` or `municipality:<id>`), all."""
    return _page("report/year.html", whole=False)


@pages.get("/aret/rapport")
@allowed(Action.SEE_FIGURES)
def chapter() -> str:
    """The same as a chapter of the annual report: every table open, nothing to press but the printer."""
    return _page("report/chapter.html", whole=True)


@pages.get("/aret/tall.<suffix>", endpoint="file")
@allowed(Action.SEE_FIGURES)
def download(suffix: str) -> Response:
    """What the page shows, as a file: hidden figures are hidden here, too."""
    report = _report()
    headings = (_("Part"), _("What"), _("Figure"), _("The year before"), _("Target"))
    name = _("The year %(year)s in figures", year=report.asked.year)
    return sheet(name, suffix, headings, rows.sheet(report, rows.names(read_session()), month_names("wide")))


@pages.get("/i-tall", endpoint="open")
@public
def for_everyone() -> str:
    """The last whole year of the whole country: no site, no municipality, no level."""
    session = read_session()
    known = queries.years(session)
    asked = request.args.get("year", type=int)
    over = [year for year in known if year < clock.today().year]
    year = asked if asked in over else queries.usual_year(over or known)
    report = queries.report(session, Asked(year), current_locale())
    said = yearly.said_and_done(session, [one.id for one in report.seasons])
    return render_template("report/open.html", years=over, said=said, **_parts(report))


def month_names(width: Literal["wide", "abbreviated"]) -> list[str]:
    """The twelve months in the reader's language. width: `wide` or `abbreviated`."""
    found = dates.get_month_names(width, context="stand-alone", locale=current_locale())
    return [found[month].rstrip(".") for month in range(1, 13)]


def _page(template: str, *, whole: bool) -> str:
    session = read_session()
    report, known = _report(), rows.names(session)
    every = asked_text("all")
    all_sites, all_places = rows.sites(report, known), rows.places(report, known)
    return render_template(
        template,
        years=queries.years(session),
        known=known,
        said=yearly.said_and_done(session, [one.id for one in report.seasons]),
        sites=all_sites if whole or every == "sites" else all_sites[: rows.FEW],
        site_count=len(all_sites),
        places=all_places if whole or every == "places" else all_places[: rows.FEW],
        place_count=len(all_places),
        levels=rows.levels(report, known),
        at_site=report.now.pupils.sites.get(report.asked.site or ""),
        in_place=all_places[0] if report.asked.municipality and all_places else None,
        counted_on=clock.today(),
        **_parts(report),
    )


def _report() -> Report:
    session = read_session()
    known = queries.years(session)
    year = request.args.get("year", type=int)
    place = asked_text("place").partition(":")
    asked = Asked(
        year=year if year in known else queries.usual_year(known),
        season=asked_text("season") or None,
        programme=asked_text("programme") or None,
        site=place[2] if place[0] == SITE else None,
        municipality=place[2] if place[0] == MUNICIPALITY else None,
    )
    return queries.report(session, asked, current_locale())


def _parts(report: Report) -> dict[str, object]:
    """What both pages draw."""
    before = report.before.visits.months if report.before else None
    return {
        "report": report,
        "asked": report.asked,
        "said_what": words,
        "sentence": words.sentence(report),
        "five": [report.line(measure) for measure in FIVE],
        "years_chart": charts.of_years(report.years, report.targets.get(Measure.OFFERED)),
        "months_chart": charts.of_months(
            report.now.visits.months, before, month_names("abbreviated"), report.visit_months
        ),
        "months": list(zip(month_names("wide"), report.now.visits.months, before or 12 * (None,), strict=True)),
        "gender": (rows.genders(report.now), rows.genders(report.before)),
        "genders_of_survey": rows.from_survey(report.now),
        "grade": (rows.grades(report.now), rows.grades(report.before)),
        "shares": rows.shares(report),
        "schools_said": rows.schools_said(report),
        "in_language": lambda row: yearly.in_language(row, current_locale()),
        "Audience": Audience,
        "Measure": Measure,
    }
