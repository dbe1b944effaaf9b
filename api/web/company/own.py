"""A company's own pages: its promise and what came of it, people, times set aside. Coordination sees all of them."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import ProfileState
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import mark
from api.models.companies import Company
from api.models.programmes import Season
from api.queries import companies as reads
from api.queries.paging import Window
from api.queries.profiles import place_at
from api.queries.season_now import shown_season
from api.services.companies import access, agreements, people
from api.services.profiles import own
from api.services.role_models import create_role_model
from api.web import form_values as given

pages = Blueprint("company", __name__)
ACTS = "any(avtale,settav,taav,rollemodell,slutt)"
MOST_BYTES = 200_000
PAGE = 100
STATES = {
    ProfileState.UNCONFIRMED: mark("waits for the person's yes"),
    ProfileState.ACTIVE: mark("active"),
    ProfileState.PAUSED: mark("rests"),
    ProfileState.LEFT: mark("has left"),
}
CHANGE, SEE = Action.CHANGE_COMPANIES, Action.SEE_COMPANIES


@pages.get("/bedrift")
@allowed(SEE)
def overview() -> Response | str:
    """One's own company, or the list where there are several."""
    found = reads.companies(read_session(), current_actor(), Window(max(1, _page_number()), PAGE, "name", False))
    if found.total == 1 and not reach(current_actor(), SEE).everywhere:
        return redirect(url_for("company.one", company_id=found.items[0].id))
    return render_template("company/list.html", page=found)


@pages.get("/bedrift/<uuid:company_id>")
@allowed(SEE)
def one(company_id: UUID) -> str:
    return _page(company_id)


@pages.post(f"/bedrift/<uuid:company_id>/<{ACTS}:act>")
@allowed(CHANGE)
def act(company_id: UUID, act: str) -> Response | tuple[str, int]:
    """avtale: the agreement. settav, taav: a time set aside, taken back. rollemodell: somebody new. slutt: leaves."""
    try:
        with transaction() as session:
            _do(session, access.company(session, current_actor(), str(company_id), CHANGE), act)
    except NotFound:
        raise
    except AppError as error:
        return _page(company_id, act, error), 422
    return redirect(url_for("company.one", company_id=company_id), 303)


@pages.post("/bedrift/<uuid:company_id>/regneark")
@allowed(CHANGE)
def look_at_sheet(company_id: UUID) -> Response | str | tuple[str, int]:
    """Says what the sheet would do; nothing is stored. The page sends the same sheet once more to take it in."""
    sent = request.files.get("sheet")
    content = sent.read(MOST_BYTES + 1) if sent else b""
    name = (sent.filename or "") if sent else ""
    return _sheet(company_id, name, content)


@pages.post("/bedrift/<uuid:company_id>/regneark/leggInn")
@allowed(CHANGE)
def take_sheet_in(company_id: UUID) -> Response | str | tuple[str, int]:
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error:
        content = b""
    return _sheet(company_id, given.text("name"), content, take=True)


def _do(session: Session, company: Company, act: str) -> None:
    actor, who = current_actor(), access.acting(current_actor())
    season = _season(session)
    if act == "avtale":
        asked = {
            "pledged_people": given.whole("pledged_people") or 0,
            "municipalities": request.form.getlist("municipalities"),
            "visit_weeks": request.form.getlist("visit_weeks"),
            "role_models": request.form.getlist("role_models"),
        }
        agreements.set_agreement(session, company, season.id, asked, who)
    elif act == "settav":
        agreement = access.agreement(session, company, season.id)
        if agreement is None:
            raise InvalidInput(_("Save the agreement first."), field="day")
        person = access.own_role_model(session, company, given.text("role_model"))
        starts, ends = given.clock_time("starts"), given.clock_time("ends")
        if starts is None or ends is None:
            raise InvalidInput(_("Give both times."), field="ends" if starts else "starts")
        agreements.pledge(session, agreement, person, given.needed_day("day"), starts, ends, who)
    elif act == "taav":
        agreements.take_back(session, company, given.text("slot"), who)
    elif act == "slutt":
        person = access.own_role_model(session, company, given.text("role_model"))
        own.leave(session, person, own.acting_for(actor, person))
    else:
        create_role_model(session, actor, _new_person(session, company))


def _new_person(session: Session, company: Company) -> dict[str, object]:
    name, email, place = given.text("name"), given.text("email"), given.text("place")
    if not name or "@" not in email[1:-1]:
        raise InvalidInput(_("Give name and e-mail address."), field="email" if name else "name")
    at = place_at(session, place)
    if at is None:
        raise InvalidInput(_("Write the name of a municipality, or of a school near you."), field="place")
    return {
        "company": company.id,
        "person": {"name": name, "email": email},
        "title": given.text("title"),
        "place": place,
        "lat": at[0],
        "lon": at[1],
        "max_travel_minutes": 45,
        "grades": (8, 13),
    }


def _sheet(company_id: UUID, name: str, content: bytes, *, take: bool = False) -> str | Response | tuple[str, int]:
    actor = current_actor()
    work = people.take_in if take else people.preview
    try:
        if not content or len(content) > MOST_BYTES:
            raise InvalidInput(_("Choose a spreadsheet of at most 200 kB."), field="sheet")
        with transaction() as session:
            company = access.company(session, actor, str(company_id), CHANGE)
            looked = work(session, actor, company, name, content)
    except NotFound:
        raise
    except AppError as error:
        return _page(company_id, "regneark", error), 422
    if take:
        return redirect(url_for("company.one", company_id=company_id), 303)
    kept = base64.b64encode(content).decode()
    return render_template("company/sheet.html", company_id=company_id, looked=looked, name=name, content=kept)


def _page(company_id: UUID, act: str = "", error: AppError | None = None) -> str:
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    season = _season(session)
    agreement = access.agreement(session, company, season.id)
    weeks = reads.weeks_of_season(session, season.id)
    return render_template(
        "company/own.html",
        company=company,
        season=season,
        agreement=agreement,
        weeks=weeks,
        towns=sorted({week.municipality for week in weeks}, key=lambda town: (town.name, town.id)),
        people=reads.role_models_of(session, company.id),
        in_agreement={one.id for one in agreements.people_of(session, agreement)} if agreement else set(),
        slots=reads.slots(session, agreement.id) if agreement else [],
        figures=reads.figures(session, agreement) if agreement else None,
        may_change=reach(current_actor(), CHANGE).covers(company.id),
        today=clock.today(),
        states=STATES,
        failed=act,
        error=error,
    )


def _season(session: Session) -> Season:
    found = shown_season(session)
    if found is None:
        raise NotFound(_("There is no season yet."))
    return found


def _page_number() -> int:
    asked = request.args.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
