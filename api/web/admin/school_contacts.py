"""Who answers for a school: a call to the school's public number, and the mail domains that vouch by themselves."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.permissions import Action
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, Conflict, InvalidInput
from api.i18n import gettext as _
from api.queries import users as reads
from api.services.accounts import verification

pages = Blueprint("school_contacts", __name__)


@pages.get("/skolekontakter", endpoint="table")
@allowed(Action.VERIFY_SCHOOLS)
def show_contacts() -> str:
    return _page()


@pages.post("/skolekontakter/<uuid:contact_id>/bekreft", endpoint="verify")
@allowed(Action.VERIFY_SCHOOLS)
def verify(contact_id: object) -> Response:
    with transaction() as session:
        verification.verify_by_call(session, current_actor(), str(contact_id))
    return _done(_("The contact is verified, and sees names from now on."))


@pages.post("/skolekontakter/<uuid:contact_id>/avvis", endpoint="turn_down")
@allowed(Action.VERIFY_SCHOOLS)
def turn_down(contact_id: object) -> Response:
    with transaction() as session:
        verification.turn_down(session, current_actor(), str(contact_id))
    return _done(_("The contact is taken off the list."))


@pages.post("/skolekontakter/domener", endpoint="add_domain")
@allowed(Action.VERIFY_SCHOOLS)
def add_domain() -> Response | tuple[str, int]:
    form = request.form
    try:
        with transaction() as session:
            verification.add_domain(
                session,
                current_actor(),
                form.get("domain", ""),
                school_id=form.get("school", "").strip() or None,
                owner_id=form.get("owner", "").strip() or None,
            )
    except (InvalidInput, Conflict) as problem:
        return _page(problem), 422
    return _done(_("The domain vouches from now on."))


@pages.post("/skolekontakter/domener/<uuid:domain_id>/ta-bort", endpoint="remove_domain")
@allowed(Action.VERIFY_SCHOOLS)
def remove_domain(domain_id: object) -> Response:
    with transaction() as session:
        verification.remove_domain(session, current_actor(), str(domain_id))
    return _done(_("The domain vouches no longer."))


def _done(words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("school_contacts.table"), 303)


def _page(problem: AppError | None = None) -> str:
    reader = read_session()
    return render_template(
        "admin/school_contacts.html",
        contacts=reads.unverified_contacts(reader),
        domains=reads.mail_domains(reader),
        problem=problem,
    )
