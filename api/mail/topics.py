"""What people may unsubscribe from, by the topic of a letter. Essential letters have none."""

from __future__ import annotations

from api.i18n import gettext, mark

DIGEST = "digest"

TOPICS: dict[str, str] = {
    DIGEST: mark("The overview of the day"),
    "evaluation": mark("Questions after a visit"),
    "survey": mark("The survey at the end of term"),
}


def name_of(topic: str) -> str:
    """The topic in the current locale."""
    return gettext(TOPICS[topic]) if topic in TOPICS else gettext("Messages of this kind")
