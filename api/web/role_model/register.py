"""Somebody becomes a role model without a company: the form, and the same receipt for everyone."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

from api.db import transaction
from api.edge import public_forms
from api.edge.access import public
from api.errors import InvalidInput
from api.i18n import current_locale
from api.i18n import gettext as _
from api.services.profiles import register
from api.web import form_values
from api.web.company.shown import Form

pages = Blueprint("role_model_register", __name__)
FORM = "role_model"
FIELDS = ("name", "email", "title", "place")


@pages.get("/rollemodell/ny")
@public
def show() -> str:
    return _form(Form())


@pages.post("/rollemodell/ny")
@public
def send() -> Response | tuple[str, int]:
    typed = {name: form_values.text(name) for name in FIELDS}
    faults = {} if typed["name"] else {"name": _("Write the name.")}
    if "@" not in typed["email"][1:-1] or " " in typed["email"]:
        faults["email"] = _("Write an e-mail address such as name@example.org.")
    if faults:
        return _form(Form(typed=typed, faults=faults)), 422
    checked = public_forms.check(FORM, mail=typed["email"])
    if checked.again:
        return _form(Form(typed=typed, again=checked.again)), 422
    try:
        with transaction() as session:
            register.register(session, typed, locale=current_locale())
    except InvalidInput as error:
        return _form(Form(typed=typed, faults={"place": error.sentence})), 422
    return redirect(url_for("role_model_register.receipt"), 303)


@pages.get("/rollemodell/ny/takk")
@public
def receipt() -> str:
    return render_template("role_model/receipt.html")


def _form(form: Form) -> str:
    return render_template("role_model/register.html", form=form)
