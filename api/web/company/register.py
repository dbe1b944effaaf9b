"""A company registers without an account: the form, the same receipt for everyone, and the link in the mail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.enums import LinkPurpose
from api.domain.orgnr import is_orgnr
from api.edge import public_forms
from api.edge.access import public
from api.edge.limits import hashed
from api.edge.session import read_session
from api.errors import NotFound
from api.i18n import current_locale
from api.i18n import gettext as _
from api.models.companies import Company
from api.services import links, rates
from api.services.companies import enhetsregisteret, register
from api.web import form_values
from api.web.company.shown import Form

pages = Blueprint("company_register", __name__)
FORM = "company"
FIELDS = ("name", "orgnr", "contact_name", "contact_email")
EXPIRED = "company/link_over.html"
PER_ADDRESS = rates.Bucket(20, 30)  # look-ups at once, seconds until one more


@pages.get("/bedrift/ny")
@public
def show() -> str:
    return _form(Form())


@pages.post("/bedrift/ny/opplysninger")
@public
def look_up() -> str:
    """Fetches the name of an organisation number; whatever comes of it, the form can be sent."""
    form = Form(typed={name: form_values.text(name) for name in FIELDS})
    orgnr = "".join(form.typed["orgnr"].split())
    note, found = "", None
    if not is_orgnr(orgnr):
        form.faults["orgnr"] = (
            f"{_('This is no organisation number.')} {_('Write its nine digits, or leave it empty.')}"
        )
        return _form(form)
    with transaction() as session:
        few = rates.take(session, hashed(f"lookup:{request.remote_addr}"), PER_ADDRESS) == 0
    try:
        found = enhetsregisteret.look_up(orgnr) if few else None
        note = _("The register has no such company. Write the name yourself.")
    except enhetsregisteret.Unreachable:
        note = _("The register does not answer just now. Write the name yourself.")
    if found is not None:
        form.typed["name"] = found.name
    return _form(form, found=found, note=note)


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
        return _form(Form(typed=typed, faults=faults)), 422
    checked = public_forms.check(FORM, mail=typed["contact_email"])
    if checked.again:
        return _form(Form(typed=typed, again=checked.again)), 422
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


def _form(form: Form, found: enhetsregisteret.Entity | None = None, note: str = "") -> str:
    lookup = enhetsregisteret.is_set_up()
    return render_template("company/register.html", form=form, lookup=lookup, found=found, note=note)
