"""What is wrong with a cell of a company's sheet, said beside it: what was written, and what to write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from api.i18n import gettext as _

SHOWN = ("name", "email", "place", "postcode", "topics")


def headings() -> dict[str, str]:
    """What the columns are called on the screen."""
    return {
        "name": _("Name"),
        "email": _("E-mail"),
        "phone": _("Mobile"),
        "title": _("Title"),
        "place": _("Travels from"),
        "postcode": _("Postcode"),
        "topics": _("Topics"),
        "languages": _("Languages"),
        "grades": _("Years"),
        "max_travel_minutes": _("Longest travel"),
        "modes": _("How?"),
    }


def fault(column: str, value: str, topics: Sequence[str]) -> str:
    """One sentence or two about a cell. topics: the names of those there are."""
    if column == "topics" and value:
        return _topic(value, topics)
    if not value:
        return _empty(column)
    told = value[:40]
    match column:
        case "email":
            return _("The address is wrong, or stands in an earlier row. Write it as name@example.org, once.")
        case "postcode" if value.isdigit() and len(value) != 4:
            return _("«%(value)s» has %(count)s digits. Write four, such as 7030.", value=told, count=len(value))
        case "postcode":
            return _("We do not find the postcode «%(value)s». Write four digits, such as 7030.", value=told)
        case "place":
            return _("We do not find «%(value)s». Write a municipality, or a postcode.", value=told)
        case "grades":
            return _("«%(value)s» is no span of years. Write 8-10, or 8-Vg3.", value=told)
        case "max_travel_minutes":
            return _("«%(value)s» is no number of minutes. Write a whole number, such as 45.", value=told)
        case "languages":
            return _("We do not know the language «%(name)s».", name=told)
    return _("«%(value)s» cannot be used here. Put it right, or empty it.", value=told)


def _topic(value: str, topics: Sequence[str]) -> str:
    known = {name.casefold(): name for name in topics}
    for one in (part.strip() for part in re.split(r"[,;|]", value)):
        if one and one.casefold() not in known:
            near = get_close_matches(one.casefold(), list(known), 1, 0.4)
            nearest = known[near[0]] if near else ", ".join(sorted(topics)[:4])
            return _("We do not have «%(value)s». Nearest is %(name)s.", value=one[:40], name=nearest)
    return _("«%(value)s» cannot be used here. Put it right, or empty it.", value=value[:40])


def _empty(column: str) -> str:
    if column in ("place", "postcode"):
        return _("It is missing. Write the place or the postcode that the person travels from.")
    return _("It is missing.")
