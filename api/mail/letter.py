"""What a message says, apart from how it is shown: text, HTML and SMS are made from the same letter.

A theme's module in api/mail/letters has one function for each kind of letter, from the values of the outbox row to a
`Letter` in the current locale, and names them all in its LETTERS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Button:
    """A link to press. link: the name under which the message's links hold its address."""

    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """subject: one line. lines, closing: paragraphs before the facts and after the buttons. facts: (label, value).

    topic: what a receiver may unsubscribe from; None for what is essential. sms: at most 160 characters, for where the
    message goes to a phone; None when it never does. why: why the receiver gets it, where that is not plain.
    """

    subject: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    closing: tuple[str, ...] = ()
    topic: str | None = None
    sms: str | None = None
    why: str | None = None


Writer = Callable[[Values], Letter]
