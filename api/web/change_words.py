"""The smallest change that would give a pupil a place or a request a visit, in the matcher's words and our names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api import clock
from api.i18n import clock_time, current_locale, short_datetime
from api.queries import group_plan
from api.queries.group_plan import Choice, WaitingRow
from api.web import words
from matcher.words import change_for_pupil, change_for_request


class _Names:
    def __init__(self, places: Mapping[str, Choice]) -> None:
        self._places = places

    def session(self, identifier: str) -> str:
        one = self._places[identifier]
        return f"{one.site}, {words.weekday(one.weekday)} {clock_time(one.starts)}"

    def moment(self, start: str) -> str:
        return short_datetime(clock.from_local(datetime.fromisoformat(start)))


def smallest_changes(session: Session, rows: Sequence[WaitingRow]) -> dict[str, str]:
    """A sentence by entry, for those for whom the plan knows a change that can still be made. One query."""
    changes = {row.entry_id: row.smallest_change for row in rows if row.smallest_change}
    named = {change["session"] for change in changes.values() if "session" in change}
    names = _Names(places := group_plan.session_places(session, named))
    return {
        entry: change_for_pupil(change, current_locale(), names)
        for entry, change in changes.items()
        if change.get("session") is None or change["session"] in places
    }


def request_change(change: dict[str, Any]) -> str:
    """The sentence for a request's change of the plan."""
    return change_for_request(change, current_locale(), _Names({}))
