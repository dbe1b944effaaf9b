"""Letters as they leave: what a mail program and a person's eyes get."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from api.i18n import use_mail_locale
from api.mail import render
from api.mail.letter import Button, Letter
from api.mail.render import BadAddress, Envelope

SITE = "https://treffpunkt.example.org"
LETTER = Letter(
    subject="Kan du besøke Skole 7?",
    lines=("Hei.", "Åtte elever <venter> & håper."),
    facts=(("Når", "to. 4. feb. kl. 10.15"), ("Hvor", "Sal «A»")),
    buttons=(Button("Svar", "answer"),),
    closing=("Hilsen oss",),
    topic="digest",
    sms="Svar innen fredag.",
)
LINKS = {"answer": f"{SITE}/invitasjon/abc", "unsubscribe": f"{SITE}/meldinger/def"}


def envelope(**given: object) -> Envelope:
    values = {
        "to": "person@example.org",
        "sender": "Treffpunkt <treffpunkt@example.org>",
        "message_id": "0190-id@treffpunkt",
        "at": datetime(2027, 2, 1, 9, tzinfo=UTC),
        "site": SITE,
        "links": LINKS,
    }
    return Envelope(**(values | given))  # type: ignore[arg-type]


def received(message: EmailMessage) -> EmailMessage:
    """What the other side reads from the wire."""
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def parts(message: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


class Loads(HTMLParser):
    """Everything that a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "link", "style", "iframe", "form", "object"):
            self.found.append(tag)
        self.found += [name for name, value in attrs if name in ("src", "background") or "url(" in (value or "")]
        self.links += [value for name, value in attrs if name == "href"]


def test_text_and_html_say_the_same() -> None:
    shown = parts(received(render.mail(LETTER, envelope())))
    assert list(shown) == ["text/plain", "text/html"]
    for words in (
        "Hei.",
        "Når",
        "to. 4. feb. kl. 10.15",
        "Sal «A»",
        "Svar",
        LINKS["answer"],
        "Hilsen oss",
        "Personvern",
    ):
        assert words in shown["text/plain"]
        assert words in shown["text/html"]
    assert "Åtte elever <venter> & håper." in shown["text/plain"]
    assert "Åtte elever &lt;venter&gt; &amp; håper." in shown["text/html"]


def test_html_loads_nothing_and_links_only_to_us() -> None:
    reader = Loads()
    reader.feed(render.html_of(LETTER, envelope()))
    assert reader.found == []
    assert reader.links == [LINKS["answer"], f"{SITE}/personvern", LINKS["unsubscribe"]]


def test_message_id_is_the_same_at_every_attempt() -> None:
    sent = [received(render.mail(LETTER, envelope(at=datetime(2027, 2, day, tzinfo=UTC)))) for day in (1, 2)]
    assert [message["Message-ID"] for message in sent] == ["<0190-id@treffpunkt>"] * 2
    assert sent[0]["Date"] != sent[1]["Date"]


@pytest.mark.parametrize(
    ("locale", "words"),
    [("nb", "Ikke send meg slike meldinger"), ("nn", "Ikkje send meg"), ("en", "Do not send me such messages")],
)
def test_footer_is_in_the_receivers_language(locale: str, words: str) -> None:
    with use_mail_locale(locale):
        message = received(render.mail(LETTER, envelope()))
    shown = parts(message)
    assert message["Content-Language"] == locale
    assert words in shown["text/plain"]
    assert f'<html lang="{locale}">' in shown["text/html"]


def test_what_can_be_unsubscribed_from_says_so_to_programs() -> None:
    message = received(render.mail(LETTER, envelope()))
    assert message["List-Unsubscribe"] == f"<{LINKS['unsubscribe']}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_essential_letters_offer_no_way_to_end_them() -> None:
    essential = Letter(subject="Svar", lines=("Nå",))
    message = received(render.mail(essential, envelope()))
    assert message["List-Unsubscribe"] is None
    assert LINKS["unsubscribe"] not in message.as_string()


def test_no_header_can_be_smuggled_in() -> None:
    evil = Letter(subject="Hei\r\nBcc: other@example.org\n\nText", lines=("x",))
    message = received(render.mail(evil, envelope()))
    assert message["Subject"] == "Hei Bcc: other@example.org Text"
    assert message["Bcc"] is None
    assert message["To"].addresses[0].addr_spec == "person@example.org"


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "",
        "a",
        "A <a@example.org>",
        "a b@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        render.mail(LETTER, envelope(to=address))


def test_a_button_without_its_link_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        render.mail(Letter("S", ("l",), buttons=(Button("Svar", "missing"),)), envelope())


def test_sms_is_its_words_and_the_first_link() -> None:
    made = render.sms(LETTER, envelope(to="+4700000000"))
    assert made.text == f"Svar innen fredag. {LINKS['answer']}"
    with pytest.raises(ValueError, match="phone"):
        render.sms(Letter("S", ("l",)), envelope())
