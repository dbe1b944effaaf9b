"""A letter, a mail server and transports for tests of what leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from api.config import SmtpServer
from api.mail import registry
from api.mail.letter import Button, Letter, Values
from api.mail.transports import Sendable

KIND = "letter_of_tests"


def letter(values: Values) -> Letter:
    """Says what it is told to. values: text, topic, button."""
    return Letter(
        subject=str(values.get("text", "Hello")),
        lines=("A line.",),
        buttons=(Button("Answer", values["button"]),) if "button" in values else (),
        topic=values.get("topic"),
        sms="A line.",
    )


registry.LETTERS[KIND] = letter


class Kept:
    """A transport that remembers, and fails as it is told: `failures` are raised first, in their order."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.sent: list[Sendable] = []
        self.closed = 0

    def send(self, message: Sendable) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    def close(self) -> None:
        self.closed += 1

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]).strip("<>") for message in self.sent]  # type: ignore[index]


class Inbox:
    """A mail server's side. answers: what it says to a receiver, by address, in place of "250 OK"."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.received: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        answer = self.answers.get(address.split("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert envelope.content is not None
        self.received.append(bytes(envelope.original_content or b""))
        return "250 OK"

    @property
    def ids(self) -> list[str]:
        found = []
        for message in self.received:
            line = next(line for line in message.splitlines() if line.lower().startswith(b"message-id:"))
            found.append(line.split(b":", 1)[1].strip().strip(b"<>").decode())
        return found


class AnyPort(Controller):
    """Listens where the system has a port free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(inbox: Inbox) -> Iterator[SmtpServer]:
    """The inbox behind SMTP on a port of its own."""
    controller = AnyPort(inbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield SmtpServer("smtp", "127.0.0.1", controller.port)
    finally:
        controller.stop()
