"""Forms that anyone may send: slowed down and confirmed by mail, never blocked for sharing an address with a school.

A template puts `{{ public_form_fields("order") }}` (public_form.html) into the form; its view calls `check("order", …)`
first. `check` says whether to show the form again, and whether what was asked for must wait for a link in a mail.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from api import clock
from api.db import transaction
from api.edge.limits import hashed
from api.i18n import gettext as _
from api.services import rates

LEAST_TIME = timedelta(seconds=2)
MOST_SECONDS = 24 * 3600
STAMP_FIELD = "form_stamp"
HONEYPOT_FIELD = "website"
# (at once, seconds until one more): a school class fills in its forms in one lesson, and many schools in one morning.
PER_ADDRESS = rates.Bucket(60, 10)
PER_FORM = rates.Bucket(2_000, 1)
PER_MAIL = rates.Bucket(5, 180)


@dataclass(frozen=True, slots=True)
class Checked:
    """again: a sentence to show above the form, with what was typed kept; None when the form may go on.

    by_mail: what would otherwise be done at once has to wait for a link in a mail.
    """

    again: str | None = None
    by_mail: bool = False


def stamp(form: str) -> str:
    """When this form was shown, signed."""
    return _serializer().dumps(form)


def check(form: str, *, mail: str | None = None) -> Checked:
    """Looks at a posted form. Raises TooManyRequests where one mail address is written to again and again.

    form: the name that its template gave. mail: the address that a message would go to.
    """
    if request.form.get(HONEYPOT_FIELD) or not _shown_long_enough(form):
        return Checked(again=_("Look over what you have written, and send it once more."), by_mail=True)
    with transaction() as session:
        if mail:
            rates.demand(session, hashed(f"{form}:mail:{mail.strip().lower()}"), PER_MAIL)
        few = [
            rates.take(session, hashed(f"{form}:address:{request.remote_addr}"), PER_ADDRESS) == 0,
            rates.take(session, hashed(f"{form}:form"), PER_FORM) == 0,
        ]
    return Checked(by_mail=not all(few))


def asked_address(form: str) -> tuple[str, str | None]:
    """The mail address that a posted form asks to write to, and a sentence to show the form again with, or None."""
    address = request.form.get("email", "").strip()[:254]
    again = check(form, mail=address).again
    return address, again or (None if "@" in address and address.isprintable() else _("Write your e-mail address."))


def _shown_long_enough(form: str) -> bool:
    try:
        shown, at = _serializer().loads(request.form.get(STAMP_FIELD, ""), max_age=MOST_SECONDS, return_timestamp=True)
    except BadData:
        return False
    return bool(shown == form and clock.now() - at >= LEAST_TIME)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="public form")
