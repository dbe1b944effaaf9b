"""The contact list of a municipality: schools that have not ordered, whom to reach there, and what came of asking."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api.db import transaction
from api.domain.enums import AskingState
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import Conflict, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import mark
from api.models.programmes import Season
from api.queries import municipality, school_reach
from api.queries import schools_to_ask as reads
from api.queries.paging import Window
from api.queries.schools_to_ask import ToAsk
from api.services.coordination import asking
from api.services.exports import MOST_ROWS, Cell
from api.web.asked import asked_text, asked_window
from api.web.coordinator.ledger import asked_season
from api.web.coordinator.municipality import kind_word
from api.web.downloads import sheet

pages = Blueprint("contacts", __name__)
SORTS = ("last", "name")
# word: what it says, sign, colour
STATES: dict[AskingState, tuple[str, str, str]] = {
    AskingState.ASKED: (mark("Asked"), "clock", "info"),
    AskingState.NO_ANSWER: (mark("Did not answer"), "phone", "warning"),
    AskingState.WILL_ORDER: (mark("Will order"), "check", "success"),
    AskingState.NOT_NOW: (mark("Not this season"), "cross", "neutral"),
    AskingState.NOT_ASKED: (mark("Not asked"), "circle", "neutral"),
}
OUTCOMES = tuple((state.value, words[0]) for state, words in STATES.items())


@pages.get("/kontaktliste")
@allowed(Action.VERIFY_SCHOOLS)
def overview() -> str:
    session = read_session()
    season = _season(session)
    return render_template("coordinator/contacts.html", season=season, towns=school_reach.towns(session, season))


@pages.get("/kontaktliste/<uuid:municipality_id>")
@allowed(Action.VERIFY_SCHOOLS)
def of_town(municipality_id: UUID) -> str:
    session = read_session()
    season, town = _season(session), _town(session, municipality_id)
    only = asked_text("only")
    return render_template(
        "coordinator/contacts_town.html",
        season=season,
        town=town,
        town_id=str(municipality_id),
        counts=reads.counts(session, season, str(municipality_id)),
        page=reads.schools_to_ask(session, season, str(municipality_id), asked_window(SORTS), only=only),
        only=only,
        states=STATES,
        outcomes=OUTCOMES,
        kind_word=kind_word,
    )


@pages.get("/kontaktliste/<uuid:municipality_id>/skoler.<suffix>")
@allowed(Action.VERIFY_SCHOOLS)
def download(municipality_id: UUID, suffix: str) -> Response:
    session = read_session()
    season, town = _season(session), _town(session, municipality_id)
    asked = Window(1, MOST_ROWS, "last")
    rows = reads.schools_to_ask(session, season, str(municipality_id), asked, only=asked_text("only")).items
    headings = [_("School"), _("Address"), _("Organisation number"), _("Kind of school"), _("Last visited")]
    headings += [_("Contact"), _("E-mail"), _("Phone"), _("Status"), _("Noted")]
    return sheet(f"kontaktliste-{town}", suffix, headings, [_cells(row) for row in rows])


@pages.post("/kontaktliste/<uuid:municipality_id>/<uuid:school_id>/spurt")
@allowed(Action.VERIFY_SCHOOLS)
def note(municipality_id: UUID, school_id: UUID) -> Response:
    """Notes what came of asking the school, and goes back to the line it was pressed on."""
    form = request.form
    outcome, seen = form.get("outcome", "").replace("\x00", "")[:20], form.get("seen", 0, int)
    season_id = form.get("season", "").replace("\x00", "")[:36]
    try:
        with transaction() as session:
            asking.note(session, current_actor(), season_id, str(school_id), outcome, seen=seen)
    except (Conflict, InvalidInput) as refused:
        flash(" ".join(filter(None, (refused.sentence, refused.remedy))), "warning")
    else:
        flash(_("It is noted."), "success")
    page, only = form.get("page", 1, int), form.get("only", "")[:20]
    back = url_for(
        "contacts.of_town",
        municipality_id=municipality_id,
        season=season_id,
        page=page if page > 1 else None,
        only=only or None,
        _anchor=f"skole-{school_id}",
    )
    return redirect(back, code=303)


def _cells(row: ToAsk) -> list[Cell]:
    one = row.contacts[0] if row.contacts else None
    return [
        row.name,
        row.address,
        row.orgnr,
        kind_word(row),
        row.last.date() if row.last else None,
        one.name if one else None,
        one.email if one else None,
        one.phone if one else None,
        _(STATES[row.state][0]) if row.state else None,
        row.asked_at,
    ]


def _season(session: Session) -> Season:
    found = asked_season(session)
    if found is None:
        raise NotFound(_("There is no season yet."))
    return found


def _town(session: Session, municipality_id: UUID) -> str:
    found = municipality.name_of(session, str(municipality_id))
    if found is None:
        raise NotFound(_("There is no such municipality."))
    return found
