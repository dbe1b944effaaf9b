"""Letters as they leave: text and HTML from one source, in the receiver's language; or the few words of an SMS.

Nothing in a mail is loaded from elsewhere: no pictures, no fonts, no counting of who has read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.i18n import current_locale, gettext
from api.mail import calendar
from api.mail.calendar import CalendarEvent
from api.mail.letter import Letter

UNSUBSCRIBE = "unsubscribe"  # the name of the link that ends a topic


class BadAddress(ValueError):
    """No mail can be sent to what stands as the address."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message needs besides its letter.

    to: address or phone number. sender: as in From. message_id: without brackets. at: aware. site: the public address,
    without a slash at the end. links: whole addresses by the names that the letter's buttons use.
    """

    to: str
    sender: str
    message_id: str
    at: datetime
    site: str
    links: Mapping[str, str] = field(default_factory=dict)
    event: CalendarEvent | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """A message to a phone. message_id: the same at every attempt, so that a gateway can tell a repetition."""

    to: str
    text: str
    message_id: str


def mail(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The mail of a letter in the current locale. Raises BadAddress, and KeyError for a button without its link."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line(letter.subject)
    message["From"] = envelope.sender
    message["To"] = _address(envelope.to)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    unsubscribe = envelope.links.get(UNSUBSCRIBE) if letter.topic else None
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text_of(letter, envelope))
    message.add_alternative(html_of(letter, envelope), subtype="html")
    if envelope.event:
        _attach(message, letter, envelope, envelope.event)
    message["Content-Language"] = current_locale()  # last: setting content takes such headers away
    return message


def sms(letter: Letter, envelope: Envelope) -> Sms:
    """The SMS of a letter, with the address of its first button. Raises ValueError for a letter that has none."""
    if letter.sms is None:
        raise ValueError(f"{letter.subject!r} has no words for a phone")
    links = [envelope.links[button.link] for button in letter.buttons[:1]]
    return Sms(envelope.to, " ".join([letter.sms, *links]), envelope.message_id)


def text_of(letter: Letter, envelope: Envelope) -> str:
    """The plain text of a letter."""
    return _rendered("letter.txt", letter, envelope)


def html_of(letter: Letter, envelope: Envelope) -> str:
    """The HTML of a letter, whole and without anything to load."""
    return _rendered("letter.html", letter, envelope)


def _rendered(template: str, letter: Letter, envelope: Envelope) -> str:
    missing = {button.link for button in letter.buttons} - envelope.links.keys()
    if missing:
        raise KeyError(f"no link for {', '.join(sorted(missing))}")
    return (
        _templates()
        .get_template(template)
        .render(
            letter=letter,
            links=envelope.links,
            locale=current_locale(),
            privacy=f"{envelope.site}/personvern",
            unsubscribe=envelope.links.get(UNSUBSCRIBE) if letter.topic else None,
            why=letter.why or gettext("You get this because you are part of a visit or a study group in Treffpunkt."),
            texts={"privacy": gettext("Privacy"), "unsubscribe": gettext("Do not send me such messages")},
        )
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("api.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _attach(message: EmailMessage, letter: Letter, envelope: Envelope, event: CalendarEvent) -> None:
    whole = calendar.invitation(
        event,
        title=_one_line(letter.subject),
        organizer=parseaddr(envelope.sender)[1],
        attendee=envelope.to,
        at=envelope.at,
    )
    message.add_attachment(
        whole,
        maintype="text",
        subtype="calendar",
        filename="treffpunkt.ics",
        params={"method": calendar.method_of(event), "charset": "utf-8"},
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _address(given: str) -> Address:
    """The receiver, without a display name: a name could hold anything."""
    try:
        return Address(addr_spec=given)
    except (ValueError, IndexError) as error:
        raise BadAddress("the address is not one that mail can be sent to") from error
