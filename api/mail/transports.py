"""Ways for a message to leave: SMTP, an SMS gateway, and in development the mailbox page.

A transport returns when the other side has taken the message, and raises otherwise: `Refused`, `NotNow`, `Unreachable`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Protocol

import requests

from api.config import Settings, SmtpServer
from api.domain.enums import Channel
from api.errors import ConfigurationError
from api.mail.render import Sms

TIMEOUT_SECONDS = 20  # of each step of a conversation, of which a mail has four
NOT_THE_MESSAGE = frozenset({401, 403, 404, 408, 429})  # answers of a gateway that are about us, not about the number

Sendable = EmailMessage | Sms


class NotNow(Exception):
    """The other side does not take this message now; it may later."""

    code = "not_now"


class Unreachable(NotNow):
    """The other side takes nothing at all now."""

    code = "unreachable"


class Refused(Exception):
    """The other side will never take a message to this address."""

    code = "refused"


class Transport(Protocol):
    """One channel."""

    def send(self, message: Sendable) -> None:
        """Returns when the message is the other side's. Raises Refused, NotNow or Unreachable."""

    def close(self) -> None:
        """Ends what is open; may be called again and again."""


class SmtpTransport:
    """Mail through one connection, opened at the first message and opened anew when the server has closed it."""

    def __init__(self, server: SmtpServer, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.server = server
        self.timeout = timeout
        self._open: smtplib.SMTP | None = None

    def send(self, message: Sendable) -> None:
        assert isinstance(message, EmailMessage)
        connection = self._connection()
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max((code for code, _answer in error.recipients.values()), default=450)
            raise (Refused if code >= 500 else NotNow)(f"SMTP {code}") from error
        except smtplib.SMTPDataError as error:
            raise NotNow(f"SMTP {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            self.close()
            raise Refused(type(error).__name__) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unreachable(type(error).__name__) from error

    def close(self) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _connection(self) -> smtplib.SMTP:
        """A connection that lives: asked before each message, since many servers end one after some time or number."""
        if self._open is not None and not _lives(self._open):
            self.close()
        if self._open is None:
            try:
                self._open = self._connect()
            except (smtplib.SMTPException, OSError) as error:
                raise Unreachable(type(error).__name__) from error
        return self._open

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        connection: smtplib.SMTP
        if server.scheme == "smtps":
            connection = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self.timeout, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self.timeout)
        try:
            if server.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection


class SmsGateway:
    """SMS by `POST` of JSON: {"to", "text", "id"}; the id is the same at every attempt. A 2xx answer has taken it."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self.timeout = timeout

    def send(self, message: Sendable) -> None:
        assert isinstance(message, Sms)
        told = {"to": message.to, "text": message.text, "id": message.message_id}
        try:
            answer = requests.post(self.url, json=told, timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise Unreachable(type(error).__name__) from error
        if 200 <= answer.status_code < 300:
            return
        if 400 <= answer.status_code < 500 and answer.status_code not in NOT_THE_MESSAGE:
            raise Refused(f"HTTP {answer.status_code}")
        raise Unreachable(f"HTTP {answer.status_code}")

    def close(self) -> None:
        """Nothing is kept open."""


class Mailbox:
    """Development without a server: a message counts as sent, and the page /dev/mail shows it from its row."""

    def send(self, message: Sendable) -> None:
        """Takes everything."""

    def close(self) -> None:
        """Nothing is kept open."""


Transports = Mapping[Channel, Transport]


def transports_of(settings: Settings) -> Transports:
    """What this installation sends with. Raises ConfigurationError where production has no mail server."""
    made: dict[Channel, Transport] = {}
    if settings.smtp is not None:
        made[Channel.MAIL] = SmtpTransport(settings.smtp)
    elif settings.development:
        made[Channel.MAIL] = Mailbox()
    else:
        raise ConfigurationError(
            "TREFFPUNKT_SMTP_URL is missing: no mail can be sent.",
            field="TREFFPUNKT_SMTP_URL",
            remedy="Set it, for example to smtp+starttls://user:password@mail.example.org:587.",
        )
    if settings.sms_url is not None:
        made[Channel.SMS] = SmsGateway(settings.sms_url)
    elif settings.development:
        made[Channel.SMS] = Mailbox()
    assert settings.public_url
    assert settings.sender  # both say what is missing, before anything is claimed
    return made


def has_sms(settings: Settings) -> bool:
    """Whether an SMS can leave, so that it makes sense to write one."""
    return settings.sms_url is not None or settings.development


def _lives(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False
