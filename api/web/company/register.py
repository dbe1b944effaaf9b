"""A company registers without an account: the form, the same receipt for everyone, and the link in the mail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import LinkPurpose
from api.domain.orgnr import is_orgnr
from api.edge import public_forms
from api.edge.access import public
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.companies import Company
from api.services import links
from api.services.companies import register
from api.web import form_values

pages = Blueprint("company_register", __name__)
FORM = "company"
FIELDS = ("name", "orgnr", "contact_name", "contact_email")
EXPIRED = "company/link_over.html"


@pages.get("/bedrift/ny")
@public
def show() -> str:
    return _form({}, {})


@pages.post("/bedrift/ny")
@public
def send() -> Response | tuple[str, int]:
    typed = {name: form_values.text(name) for name in FIELDS}
    orgnr = "".join(typed["orgnr"].split())
    faults = {name: _("This is needed.") for name in ("name", "contact_name") if not typed[name]}
    if "@" not in typed["contact_email"][1:-1] or " " in typed["contact_email"]:
        faults["contact_email"] = _("Write an e-mail address such as name@example.org.")
    if orgnr and not is_orgnr(orgnr):
        faults["orgnr"] = f"{_('This is no organisation number.')} {_('Write its nine digits, or leave it empty.')}"
    if faults:
        return _form(typed, faults), 422
    checked = public_forms.check(FORM, mail=typed["contact_email"])
    if checked.again:
        return _form(typed, {}, checked.again), 422
    with transaction() as session:
        register.register(session, typed | {"orgnr": orgnr or None}, locale=current_locale())
    return redirect(url_for("company_register.receipt"), 303)


@pages.get("/bedrift/ny/takk")
@public
def receipt() -> str:
    return render_template("company/receipt.html")


@pages.get("/bedrift/lenke/<secret>")
@public
def look(secret: str) -> str | tuple[str, int]:
    """Changes nothing: mail scanners follow links."""
    session = read_session()
    try:
        token = links.find(session, secret, LinkPurpose.COMPANY)
    except links.LinkExpired:
        return render_template(EXPIRED), 410
    company = session.get(Company, token.object_id)
    if company is None:
        raise NotFound(_("There is no such company."))
    return render_template("company/confirm.html", secret=secret, company=company)


@pages.post("/bedrift/lenke/<secret>")
@public
def confirm(secret: str) -> Response | tuple[str, int]:
    with transaction() as session:
        try:
            register.confirm(session, links.find(session, secret, LinkPurpose.COMPANY))
        except links.LinkExpired:
            return render_template(EXPIRED), 410
    flash(_("The company is confirmed. Sign in with your e-mail address."), "success")
    return redirect(url_for("account.login", next=url_for("company.overview")), 303)


def _form(typed: dict[str, str], faults: dict[str, str], again: str | None = None) -> str:
    return render_template("company/register.html", form={"typed": typed, "faults": faults}, again=again)
