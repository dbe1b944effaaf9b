"""A company's own pages: its promise and what came of it, the visit week, its agreement, its visits."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.name_order import name_key
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.models.companies import Company
from api.models.programmes import Season, VisitWeek
from api.queries import companies as reads
from api.queries import company_page
from api.queries.season_now import shown_season
from api.services.companies import access, agreements
from api.services.profiles import reconfirm
from api.web import form_values as given
from api.web.asked import asked_window
from api.web.company import shown

pages = Blueprint("company", __name__)
shown.init(pages)
ACTS = "any(settav,taav)"
PAGE, FIRST_PEOPLE = 50, 6
CHANGE, SEE = Action.CHANGE_COMPANIES, Action.SEE_COMPANIES


@pages.get("/bedrift")
@allowed(SEE)
def overview() -> Response | str:
    """One's own company, or the list where there are several."""
    found = reads.companies(read_session(), current_actor(), asked_window(["name"], size=PAGE))
    if found.total == 1 and not reach(current_actor(), SEE).everywhere:
        return redirect(url_for("company.one", company_id=found.items[0].id))
    return render_template("company/list.html", page=found)


@pages.get("/bedrift/<uuid:company_id>")
@allowed(SEE)
def one(company_id: UUID) -> str:
    """?uke: the visit week that is shown. ?hvem: for whom the next time is set aside."""
    return _page(company_id)


@pages.post(f"/bedrift/<uuid:company_id>/<{ACTS}:act>")
@allowed(CHANGE)
def act(company_id: UUID, act: str) -> Response | tuple[str, int]:
    """settav: a time set aside. taav: given back."""
    try:
        with transaction() as session:
            said = _do(session, access.company(session, current_actor(), str(company_id), CHANGE), act)
    except NotFound:
        raise
    except AppError as error:
        return _page(company_id, act, error), 422
    flash(said, "success")
    week, who = (given.text(name)[:36] or None for name in ("uke", "role_model"))
    return redirect(url_for("company.one", company_id=company_id, uke=week, hvem=who, _anchor="week"), 303)


@pages.get("/bedrift/<uuid:company_id>/avtale")
@allowed(SEE)
def agreement(company_id: UUID) -> str:
    return _agreement(company_id, None)


@pages.post("/bedrift/<uuid:company_id>/avtale")
@allowed(CHANGE)
def save_agreement(company_id: UUID) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            company = access.company(session, current_actor(), str(company_id), CHANGE)
            asked = {name: request.form.getlist(name) for name in ("municipalities", "visit_weeks", "role_models")}
            people = {"pledged_people": given.whole("pledged_people") or 0}
            who = access.acting(current_actor())
            agreements.set_agreement(session, company, _season(session).id, people | asked, who)
    except NotFound:
        raise
    except AppError as error:
        return _agreement(company_id, error), 422
    flash(_("The agreement is saved."), "success")
    return redirect(url_for("company.agreement", company_id=company_id), 303)


@pages.get("/bedrift/<uuid:company_id>/besok")
@allowed(SEE)
def visits(company_id: UUID) -> str:
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    season = _season(session)
    page = company_page.visits(session, company.id, season.id, asked_window(["-when", "when"], size=PAGE))
    return render_template("company/visits.html", company=company, season=season, page=page)


def _do(session: Session, company: Company, act: str) -> str:
    who = access.acting(current_actor())
    if act == "taav":
        agreements.take_back(session, company, given.text("slot"), who)
        return _("The time is given back.")
    agreement = access.agreement(session, company, _season(session).id)
    if agreement is None:
        raise InvalidInput(_("Save the agreement first."), field="day")
    person = access.own_role_model(session, company, given.text("role_model"))
    day, starts, ends = _asked_time()
    agreements.pledge(session, agreement, person, day, starts, ends, who)
    return _("The time is set aside.")


def _asked_time() -> tuple[date, time, time]:
    """The time of the button in the grid, or of the three fields."""
    if given.text("cell"):
        try:
            day, starts, ends = given.text("cell").split(" ")
            return date.fromisoformat(day), time.fromisoformat(starts), time.fromisoformat(ends)
        except ValueError:
            raise InvalidInput(_("This is no time of day."), field="day") from None
    begins, finishes = given.clock_time("starts"), given.clock_time("ends")
    if begins is None or finishes is None:
        raise InvalidInput(_("Give both times."), field="ends" if begins else "starts")
    return given.needed_day("day"), begins, finishes


def _page(company_id: UUID, act: str = "", error: AppError | None = None) -> str:
    session, today = read_session(), clock.today()
    company = access.company(session, current_actor(), str(company_id))
    season = _season(session)
    agreement = access.agreement(session, company, season.id)
    weeks = company_page.own_weeks(agreement) if agreement else []
    week = _asked_week(weeks, today)
    slots = reads.slots(session, agreement.id) if agreement else []
    return render_template(
        "company/own.html",
        company=company,
        season=season,
        agreement=agreement,
        weeks=weeks,
        grid=company_page.grid(week, slots, today) if week else None,
        free_ahead=sum(not one.used and one.slot.day > today for one in slots),
        everyone=[one for one in reads.role_models_of(session, company.id) if one.state.value != "left"],
        people=company_page.people(
            session,
            company.id,
            season.id,
            reconfirm.stale_before(session, clock.now()),
            today,
            asked_window(["name"], size=FIRST_PEOPLE),
        ),
        figures=reads.figures(session, agreement) if agreement else None,
        pupils=company_page.pupils_met(session, agreement) if agreement else 0,
        who=request.form.get("role_model") or request.args.get("hvem", ""),
        may_change=reach(current_actor(), CHANGE).covers(company.id),
        form=shown.Form.of_request(act, error),
    )


def _asked_week(weeks: list[VisitWeek], today: date) -> VisitWeek | None:
    asked = request.form.get("uke") or request.args.get("uke")
    return next((one for one in weeks if one.id == asked), None) or company_page.newest_week(weeks, today)


def _agreement(company_id: UUID, error: AppError | None) -> str:
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    season = _season(session)
    agreement = access.agreement(session, company, season.id)
    weeks = reads.weeks_of_season(session, season.id)
    people = [one for one in reads.role_models_of(session, company.id) if one.state.value != "left"]
    stored: dict[str, set[str]] = {
        "municipalities": {one.id for one in agreement.municipalities} if agreement else set(),
        "visit_weeks": {one.id for one in agreement.visit_weeks} if agreement else set(),
        "role_models": {one.id for one in agreements.people_of(session, agreement)} if agreement else set(),
    }
    form = shown.Form.of_request("avtale", error)
    form.stored = {"pledged_people": str(agreement.pledged_people)} if agreement else {}
    return render_template(
        "company/agreement.html",
        company=company,
        season=season,
        agreement=agreement,
        weeks=weeks,
        towns=sorted({week.municipality for week in weeks}, key=lambda town: (name_key(town.name), town.id)),
        people=people,
        figures=reads.figures(session, agreement) if agreement else None,
        chosen={name: set(request.form.getlist(name)) if error else ids for name, ids in stored.items()},
        may_change=reach(current_actor(), CHANGE).covers(company.id),
        form=form,
    )


def _season(session: Session) -> Season:
    found = shown_season(session)
    if found is None:
        raise NotFound(_("There is no season yet."))
    return found
