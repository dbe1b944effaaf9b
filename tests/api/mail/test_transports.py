"""What the other side says, and what becomes of it."""

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
import responses

from api.config import Settings, SmtpServer
from api.domain.enums import Channel
from api.errors import ConfigurationError
from api.mail import render
from api.mail.letter import Letter
from api.mail.render import Sms
from api.mail.transports import (
    Mailbox,
    NotNow,
    Refused,
    SmsGateway,
    SmtpTransport,
    Unreachable,
    transports_of,
)
from tests.api.conftest import settings_for_tests
from tests.api.mail.post import Inbox, mail_server
from tests.api.mail.test_render import envelope

GATEWAY = "https://sms.example.org/send"
SMS = Sms("+4700000000", "Hei", "an-id@treffpunkt")


def to(name: str) -> EmailMessage:
    return render.mail(Letter("Emne æøå", ("Hei.",)), envelope(to=f"{name}@example.org"))


def test_messages_share_a_connection_and_arrive_whole() -> None:
    inbox = Inbox()
    with mail_server(inbox) as server:
        transport = SmtpTransport(server)
        for name in ("one", "two"):
            transport.send(to(name))
        first = transport._open
        transport.send(to("three"))
        assert transport._open is first
        transport.close()
        transport.close()
    assert len(inbox.received) == 3
    assert b"Message-ID: <0190-id@treffpunkt>" in inbox.received[0]


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [("550 no such user", Refused, "refused"), ("451 greylisted", NotNow, "not_now")],
)
def test_answer_about_one_address_leaves_the_others_alone(answer: str, error: type[Exception], code: str) -> None:
    inbox = Inbox(bad=answer)
    with mail_server(inbox) as server:
        transport = SmtpTransport(server)
        with pytest.raises(error) as caught:
            transport.send(to("bad"))
        assert type(caught.value) is error
        assert caught.value.code == code  # type: ignore[attr-defined]
        transport.send(to("good"))
        transport.close()
    assert len(inbox.received) == 1


def test_what_says_why_holds_no_address() -> None:
    with mail_server(Inbox(bad="550 bad@example.org is unknown")) as server:
        transport = SmtpTransport(server)
        with pytest.raises(Refused) as caught:
            transport.send(to("bad"))
        transport.close()
    assert "@" not in str(caught.value)


def test_a_connection_that_the_server_closed_is_opened_anew() -> None:
    inbox = Inbox()
    with mail_server(inbox) as server:
        transport = SmtpTransport(server)
        transport.send(to("one"))
        assert transport._open is not None
        transport._open.sock.close()
        transport.send(to("two"))
        transport.close()
    assert len(inbox.received) == 2


def test_no_server_and_no_login_are_not_the_messages_fault() -> None:
    with mail_server(Inbox()) as server:
        pass
    with pytest.raises(Unreachable):
        SmtpTransport(server).send(to("one"))
    with mail_server(Inbox()) as server:
        locked = SmtpServer(server.scheme, server.host, server.port, "user", "password")
        with pytest.raises(Unreachable):
            SmtpTransport(locked).send(to("one"))
        unsecured = SmtpServer("smtp+starttls", server.host, server.port)
        with pytest.raises(Unreachable):
            SmtpTransport(unsecured).send(to("one"))


@responses.activate
def test_an_sms_is_posted_with_the_same_id_at_every_attempt() -> None:
    responses.add(responses.POST, GATEWAY, status=202)
    SmsGateway(GATEWAY).send(SMS)
    body = responses.calls[0].request.body
    assert body is not None
    assert json.loads(body) == {"to": "+4700000000", "text": "Hei", "id": "an-id@treffpunkt"}


@responses.activate
@pytest.mark.parametrize(
    ("status", "error"), [(400, Refused), (422, Refused), (401, Unreachable), (429, Unreachable), (503, Unreachable)]
)
def test_answers_of_the_gateway(status: int, error: type[Exception]) -> None:
    responses.add(responses.POST, GATEWAY, status=status)
    with pytest.raises(error):
        SmsGateway(GATEWAY).send(SMS)


@responses.activate
def test_a_gateway_that_does_not_answer_is_tried_again() -> None:
    responses.add(responses.POST, GATEWAY, body=requests.ConnectionError("no"))
    with pytest.raises(Unreachable):
        SmsGateway(GATEWAY).send(SMS)


def test_development_sends_nothing_anywhere(tmp_path: Path) -> None:
    made = transports_of(settings_for_tests(tmp_path))
    assert {channel: type(way) for channel, way in made.items()} == {Channel.MAIL: Mailbox, Channel.SMS: Mailbox}


def production(folder: Path, **given: object) -> Settings:
    values = {"smtp": SmtpServer("smtp", "host", 25), "url": "https://host", "mail_from": "a@example.org"}
    return settings_for_tests(folder, env="production", **(values | given))


def test_production_has_what_is_set_up(tmp_path: Path) -> None:
    assert list(transports_of(production(tmp_path))) == [Channel.MAIL]
    assert list(transports_of(production(tmp_path, sms_url=GATEWAY))) == [Channel.MAIL, Channel.SMS]


@pytest.mark.parametrize(
    ("missing", "variable"),
    [("smtp", "TREFFPUNKT_SMTP_URL"), ("url", "TREFFPUNKT_URL"), ("mail_from", "TREFFPUNKT_MAIL_FROM")],
)
def test_production_without_mail_refuses_to_send(tmp_path: Path, missing: str, variable: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        transports_of(production(tmp_path, **{missing: None}))
    assert caught.value.field == variable


def test_moment_of_a_mail_is_told_with_its_zone() -> None:
    assert envelope().at == datetime(2027, 2, 1, 9, tzinfo=UTC)
    assert render.mail(Letter("S", ("l",)), envelope())["Date"] == "Mon, 01 Feb 2027 09:00:00 +0000"
