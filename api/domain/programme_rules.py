"""The settings of a programme's rule version, read into frozen objects; unknown names and bad values are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from api.errors import ConfigurationError

Placement = Literal["most_served", "queue_first"]
RulesT = TypeVar("RulesT", "VisitRules", "GroupRules")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRules:
    """What a programme of school visits says.

    detour (≥ 1) and kmh (> 0) give travel minutes. confirmed_months: how old a profile's confirmation may be.
    first_visit_months: how far back a visit counts. lead_school_days: school days between a plan and the visit of a
    request outside windows; lead_after_window: the same for a request that came in by a booking window.
    max_*: the most engagements and lessons, whatever a role model offers; None for what they say.
    """

    detour: float = 1.3
    kmh: float = 50
    confirmed_months: int = 12
    first_visit_months: int = 12
    lead_school_days: int = 15
    lead_after_window: int = 5
    max_lessons: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    max_per_term: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRules:
    """What a programme of study groups says.

    classes: how many priority groups, at least 1. placement: the choice rule. max_ratio: the most pupils a mentor may
    have, whatever a session says. min_mentors, min_pupils: what every open session needs at least.
    """

    detour: float = 1.3
    kmh: float = 50
    classes: int = 3
    placement: Placement = "most_served"
    max_ratio: int | None = None
    min_mentors: int = 2
    min_pupils: int = 0


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "detour": (lambda value: _is_number(value) and value >= 1, "a number of at least 1"),
    "kmh": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "classes": (lambda value: _is_count(value) and value >= 1, "a whole number of at least 1"),
    "placement": (lambda value: value in ("most_served", "queue_first"), "most_served or queue_first"),
}
_MAY_BE_NONE = frozenset({"max_lessons", "max_per_day", "max_per_week", "max_per_term", "max_ratio"})


def visit_rules(settings: Mapping[str, Any]) -> VisitRules:
    """The rules of a school_visit programme. Raises ConfigurationError naming the setting and the remedy."""
    return _read(VisitRules, settings)


def group_rules(settings: Mapping[str, Any]) -> GroupRules:
    """The rules of a study_group programme. Raises ConfigurationError naming the setting and the remedy."""
    return _read(GroupRules, settings)


def _read(kind: type[RulesT], settings: Mapping[str, Any]) -> RulesT:
    known = {item.name for item in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise ConfigurationError(
                "is not a setting of this programme.", field=name, remedy=f"Use one of {', '.join(sorted(known))}."
            )
        if value is None and name in _MAY_BE_NONE:
            continue
        fits, right = _CHECKS.get(name, (_is_count, "a whole number of at least 0"))
        if not fits(value):
            raise ConfigurationError(f"is {value!r}.", field=name, remedy=f"Give {right}.")
    return kind(**settings)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
