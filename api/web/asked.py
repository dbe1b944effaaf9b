"""What a reader's address asks for: numbers, days and switches in a query string, never an error."""

from collections.abc import Sequence
from datetime import date

from flask import request

from api.queries.paging import Window, window

TEXT_MOST = 100


def asked_window(sorts: Sequence[str], *, size: int = 25) -> Window:
    """The page and the order asked for; what cannot be read becomes page 1 in the first order."""
    return window(request.args.get("page", 1, int), size, request.args.get("sort"), sorts)


def asked_text(name: str) -> str:
    """A text without the characters no row can hold, at most 100 long."""
    return request.args.get(name, "").replace("\x00", "").strip()[:TEXT_MOST]


def asked_day(name: str) -> date | None:
    """A day as YYYY-MM-DD, None when it is none."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def asked_switch(name: str) -> bool:
    """Whether a checkbox of a GET form is on."""
    return request.args.get(name) == "1"
