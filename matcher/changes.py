"""What has happened since a plan was made: the two files of changes, parsed and validated as problems are.

What a change means for a problem is in `changes_visits` and `changes_groups`.
"""

from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from matcher.fields import CONFIG, Count, DateTime, Id, parse_as
from matcher.problem import Pupil, Refusal, Request


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Unavailable:
    """A role model who has no time in the half-open interval [start, end) any more."""

    role_model: Id
    start: DateTime
    end: DateTime


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Limits:
    """New limits of one role model, or the new quota of one company; what is left out stays as it is."""

    role_model: Id | None = None
    company: Id | None = None
    max_travel_minutes: Count | None = None
    max_lessons: Count | None = None
    max_per_day: Count | None = None
    max_per_week: Count | None = None
    max_per_term: Count | None = None
    quota: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class VisitChanges:
    """`cancelled`: requests that their schools withdraw; `requests`: new ones; `refused` as in a problem."""

    format: Literal["treffpunkt.visit-changes/1"] = "treffpunkt.visit-changes/1"
    refused: tuple[Refusal, ...] = ()
    cancelled: tuple[Id, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    requests: tuple[Request, ...] = ()
    limits: tuple[Limits, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Absent:
    """A mentor who can no longer stand in `session`; None: in any."""

    mentor: Id
    session: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Seats:
    """A session's new number of seats."""

    session: Id
    seats: Count


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class GroupChanges:
    """`left`: pupils who are out of the queue or give up their seat; `pupils`: new ones."""

    format: Literal["treffpunkt.group-changes/1"] = "treffpunkt.group-changes/1"
    left: tuple[Id, ...] = ()
    pupils: tuple[Pupil, ...] = ()
    absent: tuple[Absent, ...] = ()
    cancelled_sessions: tuple[Id, ...] = ()
    seats: tuple[Seats, ...] = ()


Changes = VisitChanges | GroupChanges

_FORMATS: dict[str, TypeAdapter[Any]] = {
    "treffpunkt.visit-changes/1": TypeAdapter(VisitChanges),
    "treffpunkt.group-changes/1": TypeAdapter(GroupChanges),
}


def load_changes(text: str | bytes) -> Changes:
    """The changes of a JSON text; raises InvalidProblem with one line for each fault."""
    changes: Changes = parse_as(_FORMATS, text)
    return changes


def to_json(changes: Changes) -> dict[str, Any]:
    """The changes as JSON values, defaults filled in."""
    data: dict[str, Any] = _FORMATS[changes.format].dump_python(changes, mode="json", by_alias=True)
    return data
