"""Development only: everyone's mailbox, made from the rows of the outbox. In production these pages are not there."""

from dataclasses import dataclass, replace
from email.message import EmailMessage

from flask import Blueprint, Response, abort, current_app, make_response, render_template

from api.edge.access import public
from api.edge.session import read_session
from api.i18n import use_mail_locale
from api.mail.render import BadAddress, Sms
from api.models.outbox import OutboxMessage
from api.queries import outbox as reads
from api.services.outbox_envelopes import letter_of, to_send
from api.web.asked import asked_text, asked_window

pages = Blueprint("mailbox", __name__, url_prefix="/dev/mail")
# The mail brings its styles in itself, as mails must; nothing is loaded and nothing runs.
LETTER_POLICY = {"default-src": "'none'", "style-src": "'unsafe-inline'", "frame-ancestors": "'none'", "sandbox": ""}


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a mail program shows it; the subject says so where retention has emptied the row."""

    row: OutboxMessage
    subject: str | None
    text: str | None = None
    html: str | None = None
    calendar: str | None = None


@pages.before_request
def only_in_development() -> None:
    if not current_app.config["DEVELOPMENT"]:
        abort(404)


@pages.get("", endpoint="messages")
@public
def show_messages() -> str:
    session, address = read_session(), asked_text("to")
    newest_first = replace(asked_window(("created_at",), size=50), descending=True)
    found = reads.messages(session, newest_first, address=address or None)
    return render_template(
        "mail/mailbox.html", page=found.map(_headed), receivers=reads.receivers(session), address=address
    )


@pages.get("/<message_id>", endpoint="message")
@public
def show_message(message_id: str) -> str:
    return render_template("mail/message.html", shown=_opened(reads.message(read_session(), message_id)))


@pages.get("/<message_id>/html", endpoint="html")
@public
def show_html(message_id: str) -> Response:
    html = _opened(reads.message(read_session(), message_id)).html
    if html is None:
        abort(404)
    return make_response(html)


setattr(show_html, "talisman_view_options", {"content_security_policy": LETTER_POLICY})  # noqa: B010 (as flask_talisman's own decorator does)


def _headed(row: OutboxMessage) -> Shown:
    if row.values is None:
        return Shown(row, None)
    with use_mail_locale(row.locale):
        return Shown(row, letter_of(row).subject)


def _opened(row: OutboxMessage) -> Shown:
    if row.values is None:
        return Shown(row, None)
    with use_mail_locale(row.locale):
        subject = letter_of(row).subject
        try:
            made = to_send(row)
        except BadAddress:
            return Shown(row, subject)
    if isinstance(made, Sms):
        return Shown(row, subject, made.text)
    return Shown(row, subject, *(_part(made, kind) for kind in ("text/plain", "text/html", "text/calendar")))


def _part(message: EmailMessage, kind: str) -> str | None:
    """The text of the first part of this kind."""
    for part in message.walk():
        if part.get_content_type() == kind:
            content = part.get_content()
            return content.decode() if isinstance(content, bytes) else str(content)
    return None
