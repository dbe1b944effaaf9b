"""Words of the pupils' pages: evenings, programmes, levels, and the reasons of the queue."""

from __future__ import annotations

from typing import Any

from api.i18n import clock_time, current_locale, mark
from api.i18n import gettext as _
from api.models.groups import GroupSession
from api.web import words

_WHY = {
    "mine": mark("It was offered to you."),
    "in_front": mark("Stands in front of you by the rules."),
    "swap": mark("Had a lower choice and stayed in line: that goes before newcomers."),
    "level": mark("You were passed over: no mentor there could take one more in your subject."),
    "distance": mark("You were passed over: it is farther away than you have said."),
    "open_offer": mark("You had another offer to answer."),
    "seated": mark("You had a place at that time."),
    "plan": mark("Was placed by the plan in which most get a place, which the judge has checked."),
}


def evening(held: GroupSession) -> str:
    """ "Tuesday 17.00–19.00"."""
    return f"{words.weekday(held.weekday).capitalize()} {clock_time(held.starts)}–{clock_time(held.ends)}"


def named(row: Any) -> str:
    """The name of a programme or a level in the reader's language."""
    return str(getattr(row, f"name_{current_locale()}"))


def why(code: str) -> str:
    """Why somebody got a seat that I wished for."""
    return _(_WHY[code]) if code in _WHY else _("No reason is stored. Tell us: this must not happen.")


def grade(value: int) -> str:
    """ "10. trinn", "Vg1"."""
    return words.grade(value)


def group(number: int) -> str:
    """Which priority group, in words."""
    return words.priority_class(number)
