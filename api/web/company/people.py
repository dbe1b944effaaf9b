"""A company's people: all of them, one, a new one, and many at once out of a spreadsheet that is looked at first."""

from __future__ import annotations

import base64
import binascii
import re
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import Mode
from api.domain.permissions import Action, reach
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, InvalidInput, NotFound
from api.i18n import gettext as _
from api.i18n import ngettext
from api.models.companies import Company
from api.queries import company_page, people_and_topics
from api.queries.profiles import place_at
from api.queries.season_now import shown_season
from api.services.companies import access
from api.services.companies import people as service
from api.services.profiles import own, reconfirm
from api.services.role_models import create_role_model
from api.web import form_values as given
from api.web.asked import asked_window
from api.web.company import sheet_words, shown

pages = Blueprint("company_people", __name__)
shown.init(pages)
MOST_BYTES = 200_000
PAGE = 50
CHANGE, SEE = Action.CHANGE_COMPANIES, Action.SEE_COMPANIES
BASE = "/bedrift/<uuid:company_id>"
_CELL = re.compile(r"c-(\d{1,6})-([a-z_]+)")


@pages.get(f"{BASE}/rollemodeller")
@allowed(SEE)
def table(company_id: UUID) -> str:
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    season = shown_season(session)
    page = company_page.people(
        session,
        company.id,
        season.id if season else "",
        reconfirm.stale_before(session, clock.now()),
        clock.today(),
        asked_window(["name"], size=PAGE),
    )
    return render_template("company/people.html", company=company, page=page, may_change=_may_change(company))


@pages.get(f"{BASE}/rollemodeller/<uuid:role_model_id>")
@allowed(SEE)
def one(company_id: UUID, role_model_id: UUID) -> str:
    session = read_session()
    company = access.company(session, current_actor(), str(company_id))
    person = access.own_role_model(session, company, str(role_model_id))
    names = people_and_topics.topic_names(session)
    stale = reconfirm.stale_before(session, clock.now())
    waits = company_page.waits(person, stale, clock.today())
    return render_template(
        "company/person.html",
        company=company,
        person=person,
        shown=company_page.OwnPerson(person, 0, len(person.films), waits),
        topics=[names[topic.id] for topic in person.topics],
        may_change=_may_change(company),
    )


@pages.post(f"{BASE}/rollemodeller/<uuid:role_model_id>/<any(purre,slutt):act>")
@allowed(CHANGE)
def act(company_id: UUID, role_model_id: UUID, act: str) -> Response:
    """purre: writes to the person about what the profile waits for. slutt: the person has left."""

    def do(session: Session) -> str:
        company = access.company(session, current_actor(), str(company_id), CHANGE)
        person = access.own_role_model(session, company, str(role_model_id))
        if act == "slutt":
            own.leave(session, person, own.acting_for(current_actor(), person))
            return _("We have noted that the person has left.")
        sent = service.remind(session, person)
        return _("The mail is on its way.") if sent else _("A mail has been sent today already.")

    return given.told(do, str, url_for("company_people.table", company_id=company_id))


@pages.get(f"{BASE}/rollemodell")
@allowed(CHANGE)
def new(company_id: UUID) -> str:
    return _new(company_id, None)


@pages.post(f"{BASE}/rollemodell")
@allowed(CHANGE)
def create(company_id: UUID) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            company = access.company(session, current_actor(), str(company_id), CHANGE)
            create_role_model(session, current_actor(), _new_person(session, company))
    except NotFound:
        raise
    except AppError as error:
        return _new(company_id, error), 422
    flash(_("The question is on its way to %(name)s.", name=given.text("name")), "success")
    return redirect(url_for("company_people.table", company_id=company_id), 303)


@pages.get(f"{BASE}/regneark")
@allowed(CHANGE)
def upload(company_id: UUID) -> str:
    return _upload(company_id, None)


@pages.get(f"{BASE}/regneark/mal.<any(xlsx,csv):kind>")
@allowed(CHANGE)
def template(company_id: UUID, kind: str) -> Response:
    session = read_session()
    access.company(session, current_actor(), str(company_id), CHANGE)
    return _file(service.empty_sheet(session, f".{kind}"), f"rollemodeller.{kind}")


@pages.post(f"{BASE}/regneark")
@allowed(CHANGE)
def look_at_sheet(company_id: UUID) -> str | tuple[str, int]:
    """Says what the sheet would do; nothing is stored."""
    sent = request.files.get("sheet")
    content = sent.read(MOST_BYTES + 1) if sent else b""
    name = (sent.filename or "")[:120] if sent else ""
    try:
        return _preview(company_id, name, _rows(name, content))
    except NotFound:
        raise
    except AppError as error:
        return _upload(company_id, error), 422


@pages.post(f"{BASE}/regneark/<any(sjekk,leggInn,hoppet):act>")
@allowed(CHANGE)
def go_on(company_id: UUID, act: str) -> Response | str | tuple[str, int]:
    """sjekk: looks once more at the rows as they were put right. leggInn: takes in what is right. hoppet: the rest."""
    name = given.text("name")
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error:
        content = b""
    try:
        rows = _rows("sheet.csv", content)
        service.cells_with(rows, _typed())
        if act == "sjekk":
            return _preview(company_id, name, rows)
        with transaction() as session:
            company = access.company(session, current_actor(), str(company_id), CHANGE)
            if act == "hoppet":
                looked = service.preview(session, current_actor(), company, rows)
                return _file(service.as_file(rows, looked.faulty), "hoppet-over.csv")
            looked = service.take_in(session, current_actor(), company, rows)
    except NotFound:
        raise
    except AppError as error:
        return _upload(company_id, error), 422
    flash(ngettext("%(num)s row is taken in.", "%(num)s rows are taken in.", looked.right, num=looked.right), "success")
    return redirect(url_for("company_people.table", company_id=company_id), 303)


def _rows(name: str, content: bytes) -> list[service.Row]:
    if not content or len(content) > MOST_BYTES:
        raise InvalidInput(_("Choose a spreadsheet of at most 200 kB."), field="sheet")
    if not name.lower().endswith((".xlsx", ".csv")):
        raise InvalidInput(_("Choose a file that ends in .xlsx or .csv."), field="sheet")
    return service.read(name, content)


def _typed() -> dict[tuple[int, str], str]:
    found = ((_CELL.fullmatch(name), name) for name in request.form)
    return {(int(cell[1]), cell[2]): given.text(name) for cell, name in found if cell}


def _preview(company_id: UUID, name: str, rows: list[service.Row]) -> str:
    with transaction() as session:
        company = access.company(session, current_actor(), str(company_id), CHANGE)
        looked = service.preview(session, current_actor(), company, rows)
        company_name, topics = company.name, list(people_and_topics.topic_names(session).values())
    faults = {
        f"c-{row.number}-{column}": sheet_words.fault(column, row.cells.get(column, ""), topics)
        for row in looked.faulty
        for column in sorted(row.faulty)
    }
    return render_template(
        "company/sheet.html",
        company_id=company_id,
        company_name=company_name,
        looked=looked,
        name=name,
        content=base64.b64encode(service.as_file(rows)).decode(),
        faults=faults,
        columns=[column for column in service.TEMPLATE if column.name in sheet_words.SHOWN],
        headings=sheet_words.headings(),
        numbers={row.number: row for row in rows},
    )


def _new(company_id: UUID, error: AppError | None) -> str:
    company = access.company(read_session(), current_actor(), str(company_id), CHANGE)
    return render_template("company/new_person.html", company=company, form=shown.Form.of_request("ny", error))


def _upload(company_id: UUID, error: AppError | None) -> str:
    company = access.company(read_session(), current_actor(), str(company_id), CHANGE)
    form = shown.Form.of_request("regneark", error)
    if error is not None and not error.field:
        form.faults, form.again = {"sheet": form.again}, ""
    return render_template("company/upload.html", company=company, form=form, errors=error.errors if error else ())


def _new_person(session: Session, company: Company) -> dict[str, object]:
    name, email, place = given.text("name"), given.text("email"), given.text("place")
    if not name:
        raise InvalidInput(_("Write the name."), field="name")
    if "@" not in email[1:-1] or " " in email:
        raise InvalidInput(_("Write an e-mail address such as name@example.org."), field="email")
    at = place_at(session, place)
    if at is None:
        raise InvalidInput(_("Write the name of a municipality, a postcode, or a school near you."), field="place")
    return {
        "company": company.id,
        "person": {"name": name, "email": email},
        "title": given.text("title"),
        "place": place,
        "lat": at[0],
        "lon": at[1],
        "max_travel_minutes": 45,
        "grades": (8, 13),
        "modes": (Mode.PHYSICAL,),
    }


def _may_change(company: Company) -> bool:
    return reach(current_actor(), CHANGE).covers(company.id)


def _file(content: bytes, name: str) -> Response:
    response = make_response(content)
    is_csv = name.endswith(".csv")
    response.content_type = (
        "text/csv; charset=utf-8" if is_csv else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
