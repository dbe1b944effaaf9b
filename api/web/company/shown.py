"""What the company's pages share: forms that keep what was typed, and words for what a profile waits for."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, request

from api.errors import AppError
from api.i18n import gettext as _
from api.i18n import ngettext
from api.queries.company_page import FILMS, OwnPerson
from api.web import form_values, words


@dataclass
class Form:
    """A posted form with its fault, or an empty one. act: which of the page's forms was sent."""

    act: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    again: str = ""

    @classmethod
    def of_request(cls, act: str, error: AppError | None) -> Form:
        """What was typed and what is wrong with it, where something is; an empty form otherwise."""
        if error is None:
            return cls()
        sentence = " ".join(filter(None, (error.sentence, error.remedy)))
        typed = {name: form_values.text(name) for name in request.form}
        return cls(act, typed, {error.field: sentence} if error.field else {}, again="" if error.field else sentence)

    def of(self, name: str) -> str:
        """What was typed in a field, or what is stored."""
        return self.typed.get(name, self.stored.get(name, ""))


def init(pages: Blueprint) -> None:
    """Gives the words to every template of these pages."""
    shared = {"status_words": status_words, "next_words": next_words, "clock_span": words.clock_span}
    pages.context_processor(lambda: shared)


def status_words(one: OwnPerson) -> tuple[str, str, str]:
    """Word, sign and colour of how somebody's profile stands."""
    left = FILMS - min(one.films, FILMS)
    films = ngettext("%(num)s of 4 films is missing", "%(num)s of 4 films are missing", left, num=left)
    return {
        "left": (_("Has left"), "cross", "neutral"),
        "yes": (_("Waits for the yes"), "clock", "warning"),
        "rest": (_("Rests"), "pause", "neutral"),
        "stale": (_("Profile not confirmed"), "clock", "warning"),
        "films": (films, "film", "warning"),
        "away": (_("Away"), "pause", "neutral"),
    }.get(one.waits, (_("Ready"), "check", "success"))


def next_words(one: OwnPerson) -> str:
    """What the company can do about it; empty for nothing."""
    return {
        "yes": _("Send the question once more"),
        "rest": _("Ask whether the profile holds"),
        "stale": _("Ask whether the profile holds"),
        "films": _("Send the link to the training"),
    }.get(one.waits, "")
