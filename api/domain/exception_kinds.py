"""Every kind of line on the list of exceptions: when it is raised, what may be proposed, and when it goes by itself.

The list is for what the system cannot solve by itself. A kind that is not in the table cannot be raised.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """about: the table of the object. raised, closes: one sentence each. remedies: codes, of which a line has one."""

    about: str
    raised: str
    remedies: tuple[str, ...]
    closes: str


KINDS: dict[str, ExceptionKind] = {
    "nobody_found": ExceptionKind(
        about="request",
        raised="The repair found nobody for a visit that was promised, at none of the request's times.",
        remedies=("digital", "another_date", "call_school"),
        closes="The request has a visit again, or is past.",
    ),
    "asked_in_vain": ExceptionKind(
        about="request",
        raised="So many people in a row as the rules say were silent or said no; the next is asked meanwhile.",
        remedies=("call_invited", "call_school"),
        closes="The visit is confirmed, or the request is past.",
    ),
    "not_confirmed": ExceptionKind(
        about="visit",
        raised="The visit is so close that everyone should have said yes, and somebody has not.",
        remedies=("call_invited", "call_school"),
        closes="Everyone has said yes, or the visit is not to be.",
    ),
    "promise_missed": ExceptionKind(
        about="request",
        raised="The promise date has come without a yes or a no; the school is told the same day.",
        remedies=("call_invited", "plan_again", "call_school"),
        closes="The school has its answer.",
    ),
}
