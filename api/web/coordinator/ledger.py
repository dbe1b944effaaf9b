"""The agreement ledger: promised, asked, accepted, held, and the next step where one is due."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as asked_page
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api import clock
from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.i18n import long_date
from api.models.companies import Agreement
from api.models.programmes import Season
from api.queries import ledger as reads
from api.queries import school_reach, season_now
from api.queries.ledger import Account, Ledger
from api.queries.paging import Page
from api.services.coordination import ask_more
from api.services.exports import Cell
from api.web.asked import asked_text, asked_window
from api.web.coordinator import ledger_words
from api.web.downloads import sheet

pages = Blueprint("ledger", __name__)
SHOWN, REQUESTS_SHOWN = 25, 10


@pages.get("/avtaler")
@allowed(Action.SEE_VISIT_PLANS)
def overview() -> str:
    session = read_session()
    season = asked_season(session)
    if season is None:
        return render_template("coordinator/ledger_none.html")
    found = reads.ledger(session, season, asked_text("municipality"))
    shown = _filtered(found)
    return render_template(
        "coordinator/ledger.html",
        ledger=found,
        page=_page(shown),
        towns=school_reach.towns(session, season),
        places=reads.towns_of(session, season.id),
        seasons=reads.seasons(session),
        today=clock.today(),
        said=ledger_words,
    )


@pages.get("/avtaler.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download(suffix: str) -> Response:
    session = read_session()
    season = asked_season(session)
    if season is None:
        raise NotFound(_("There is no season yet."))
    rows = _filtered(reads.ledger(session, season, asked_text("municipality")))
    headings = [
        _("Company"),
        _("Municipalities"),
        _("People"),
        _("Promised"),
        _("Asked"),
        _("Yes said"),
        _("Held so far"),
    ]
    headings += [_("Not answered"), _("Said no"), _("Next step")]
    return sheet(f"avtaler-{season.name}", suffix, headings, [_cells(row, season) for row in rows])


@pages.get("/avtaler/kommuner.<suffix>")
@allowed(Action.SEE_VISIT_PLANS)
def download_towns(suffix: str) -> Response:
    session = read_session()
    season = asked_season(session)
    if season is None:
        raise NotFound(_("There is no season yet."))
    headings = [_("Municipality"), _("Visit weeks"), _("Schools"), _("Have ordered"), _("Have had a visit")]
    headings += [_("Never a visit")]
    rows: list[list[Cell]] = [
        [town.name, ledger_words.weeks(town.weeks), town.schools, town.ordered, town.visited, town.never]
        for town in school_reach.towns(session, season)
    ]
    return sheet(f"avtalekommuner-{season.name}", suffix, headings, rows)


@pages.get("/avtaler/<uuid:agreement_id>/spor")
@allowed(Action.APPROVE_PLANS)
def more(agreement_id: UUID) -> str:
    session = read_session()
    agreement = _agreement(session, agreement_id)
    season = session.get_one(Season, agreement.season_id)
    towns = [town.id for town in agreement.municipalities]
    found = reads.ledger(session, season)
    return render_template(
        "coordinator/ledger_ask.html",
        agreement=agreement,
        account=next(row for row in found.rows if row.id == agreement.id),
        page=reads.open_requests(session, season.id, towns, asked_window(("answer_on",), size=REQUESTS_SHOWN)),
        said=ledger_words,
    )


@pages.post("/avtaler/<uuid:agreement_id>/spor")
@allowed(Action.APPROVE_PLANS)
def ask(agreement_id: UUID) -> Response:
    """Somebody of the agreement is asked for the request that was pressed; why not is said on the page."""
    request_id = asked_page.form.get("request", "").replace("\x00", "")[:36]
    try:
        with transaction() as session:
            done = ask_more.ask(session, current_actor(), str(agreement_id), request_id)
            school, day = done.visit.request.school.name, long_date(done.visit.starts_at)
    except Conflict as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        words = _("%(school)s gets a visit on %(day)s. The role model is told and may object.", school=school, day=day)
        if not done.told:
            words = _("A role model is asked to visit %(school)s on %(day)s.", school=school, day=day)
        flash(words, "success")
    return redirect(url_for("ledger.more", agreement_id=agreement_id), code=303)


def asked_season(session: Session) -> Season | None:
    """The season that `?season=` names, else the one that is shown."""
    wanted = asked_text("season")
    return (session.get(Season, wanted) if wanted else None) or season_now.shown_season(session)


def _agreement(session: Session, agreement_id: UUID) -> Agreement:
    found = reads.agreement(session, str(agreement_id))
    if found is None:
        raise NotFound(_("There is no such agreement."))
    return found


def _filtered(found: Ledger) -> list[Account]:
    """Those with the step that `?step=due` asks for: something to do."""
    due = asked_text("step") == "due"
    return [row for row in found.rows if not due or row.step != "on_track"]


def _page(rows: list[Account]) -> Page[Account]:
    number = asked_window(("company",), size=SHOWN).number
    return Page(rows[(number - 1) * SHOWN : number * SHOWN], len(rows), number, SHOWN, "company", False)


def _cells(row: Account, season: Season) -> list[str | int]:
    towns = ", ".join(town.name for town in row.towns)
    figures = [row.people, row.promised, row.asked, row.accepted, row.held, row.unanswered, row.declined]
    step = ledger_words.step(row, season)
    return [row.company, towns, *figures, " ".join(filter(None, (step.word, step.line)))]
